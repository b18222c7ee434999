//! `onboard prerequisites`: the policies and roles of the identity account and of the management account.

use super::exit::Exit;
use super::prerequisites_args::{Account, PolicyFormat, ShowPrerequisites};
use onboarding_core::lines::{Line, Style, render, widest};
use onboarding_core::prerequisites::{
    AccountKind, MfaRequirement, Prerequisite, Settings, cloudformation, json, terraform,
};

pub(super) fn list() -> anyhow::Result<Exit> {
    let name = widest(Prerequisite::ALL.map(Prerequisite::as_str));
    let account = widest(Prerequisite::ALL.map(|one| one.account().as_str()));
    let row = |style, cells: [&str; 3]| {
        let [first, second, third] = cells;
        Line::verbatim(0).column(style, first, name).column(style, second, account).styled(style, third)
    };
    let head = row(Style::Strong, ["NAME", "ACCOUNT", "PURPOSE"]);
    let rows = Prerequisite::ALL.map(|one| row(Style::Plain, [one.as_str(), one.account().as_str(), one.summary()]));
    print_text!("{}", render(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
    Ok(Exit::Done)
}

pub(super) fn show(args: &ShowPrerequisites) -> anyhow::Result<Exit> {
    let selected = selected(args)?;
    let settings = settings(args);
    match args.format {
        PolicyFormat::Json => {
            print_line!("{}", serde_json::to_string_pretty(&json(&selected, &settings)?)?);
        }
        PolicyFormat::Cloudformation => print_text!("{}", cloudformation(&selected, &settings)),
        PolicyFormat::Terraform => {
            let accounts: Vec<_> = selected.iter().map(|one| one.account()).collect();
            anyhow::ensure!(
                !(accounts.contains(&AccountKind::Identity) && accounts.contains(&AccountKind::Management)),
                "a Terraform configuration is for one account; pass `--for identity` or `--for management`"
            );
            print_text!("{}", terraform(&selected, &settings));
        }
    }
    Ok(Exit::Done)
}

/// The named prerequisites, or those of an account, or all, in their own order and each once.
fn selected(args: &ShowPrerequisites) -> anyhow::Result<Vec<Prerequisite>> {
    let account = args.account.map(Account::kind);
    for name in &args.names {
        anyhow::ensure!(
            account.is_none_or(|account| account == name.account()),
            "`{name}` belongs to the {} account; leave out `--for`",
            name.account().as_str()
        );
    }
    let is_selected = |one: &Prerequisite| {
        (args.names.is_empty() || args.names.contains(one)) && account.is_none_or(|account| account == one.account())
    };
    Ok(Prerequisite::ALL.into_iter().filter(is_selected).collect())
}

fn settings(args: &ShowPrerequisites) -> Settings {
    Settings {
        mfa: if args.require_mfa { MfaRequirement::Required } else { MfaRequirement::NotRequired },
        access_role: args.access_role.clone(),
        session_tag: args.session_tag.clone(),
        application_service: args.application_service.clone(),
        application_role: args.application_role.clone(),
        application_target: args.application_target.clone(),
        account_creation_role: args.account_creation_role.clone(),
        partition: args.partition.clone(),
        identity_account: args.identity_account.clone(),
        management_account: args.management_account.clone(),
    }
}
