//! `onboard audit --trust`: who outside the organization can assume the roles of its accounts.

use std::io::{IsTerminal, Write};

use anyhow::{anyhow, ensure};

use super::audit_args::{AuditArgs, AuditFormat};
use super::common_args::Aws;
use super::config::{errors, text_and_files};
use super::exit::Exit;
use super::explained::explained_error;
use super::input::{input_name, read};
use super::output::warn;
use super::output_file::{ensure_can_write, write_report};
use super::selection_args::cannot_select;
use onboarding_core::account::{AccountId, Partition};
use onboarding_core::config::Config;
use onboarding_core::lines::{plain, render};
use onboarding_core::policy::OwnOrganization;
use onboarding_core::selection::{Scope, Selected, Selection, SkipReason};
use onboarding_core::suggestion::counted;
use onboarding_core::text::{escaped_json, printable};
use onboarding_core::trust_audit::{
    KnownAccount, KnownAccounts, TrustReport, TrustSeverity, read_community_file, trust_csv, trust_json, trust_lines,
};
use onboarding_engine::ports::{ListRoles, ManageAccounts, World};
use onboarding_engine::{Engine, organization_accounts, select_accounts};

/// How many warnings about a file are printed.
const SHOWN: usize = 10;

pub(super) async fn trust_audit<W: World<Session: ListRoles> + ManageAccounts>(
    arguments: AuditArgs,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let format = arguments.format();
    ensure!(format != AuditFormat::Html, "`--trust` has no HTML format; pass `--format text`, `json` or `csv`");
    arguments.out.as_deref().map_or(Ok(()), ensure_can_write)?;
    let (text, files) = text_and_files(&arguments.config)?;
    let config = Config::parse(&text, &files).map_err(errors)?;
    let catalogue = Config::catalogue(&text, &files).map_err(errors)?;
    let named = arguments.known_accounts.as_deref().map(known_accounts).transpose()?.unwrap_or_default();
    let selection = arguments.selection.selection()?.unwrap_or_else(Selection::all);
    let engine = Engine::new(connect(&arguments.aws).await?, config);
    let selected = select_accounts(&engine.world, &selection, &engine.config.excluded).await.map_err(cannot_select)?;
    if let Some(text) = unread_management(&selected) {
        warn(text);
    }
    let own = own_organization(&engine.world, &selection, &selected).await?;
    let known = KnownAccounts::new(&own.partition, &catalogue, named, Some(&engine.config));
    let total = selected.accounts.len();
    let is_terminal = std::io::stderr().is_terminal();
    // Errors are ignored: progress is not worth an abort.
    let progress = |read: usize| {
        if is_terminal {
            let end = if read == total { "\n" } else { "" };
            let _ = write!(std::io::stderr(), "\rRead the roles of {read} of {}{end}", counted(total, "account"));
        }
    };
    let concurrency = usize::from(arguments.concurrency);
    let report = engine.audit_trust(selected, own, &known, concurrency, progress).await;
    show(&report, format, &arguments)?;
    Ok(exit(&report, arguments.check))
}

/// The warning if the management account is selected: without it, a report without findings would look as if its roles had been read.
fn unread_management(selected: &Selected) -> Option<String> {
    let management = selected.skipped.iter().find(|account| account.reason == SkipReason::Management)?;
    let id = management.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    Some(format!(
        "the roles of the management account{id} are not read, because it has no access role; check in its IAM console who can assume them"
    ))
}

/// The names of a file of the user's.
fn known_accounts(file: &str) -> anyhow::Result<Vec<(AccountId, KnownAccount)>> {
    let name = input_name(file);
    let found = read_community_file(&read(file)?)
        .map_err(|error| anyhow!("{name} is not a list of known accounts: {error}"))?;
    for warning in found.warnings.iter().take(SHOWN) {
        warn(format_args!("{name}: {}", printable(warning)));
    }
    if let Some(more) = found.warnings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        warn(format_args!("{name}: and {more} more problems"));
    }
    Ok(found.accounts)
}

/// The organization: all of its accounts, even if some of them are selected only, and its ID.
async fn own_organization(
    world: &impl World,
    selection: &Selection,
    selected: &Selected,
) -> anyhow::Result<OwnOrganization> {
    let is_everything = selection.scope == Scope::All && selection.tags.is_empty();
    let accounts = match is_everything {
        true => {
            let skipped = selected.skipped.iter().filter_map(|account| account.id.clone());
            selected.accounts.iter().map(|account| account.id.clone()).chain(skipped).collect()
        }
        false => {
            let listed = organization_accounts(world).await;
            listed.map_err(|error| explained_error("cannot list the accounts of the organization", &error))?
        }
    };
    let first = selected.accounts.first();
    let id = selected.accounts.iter().find_map(|account| account.organization().map(str::to_owned));
    if id.is_none() && first.is_some() {
        warn(format_args!(
            "Organizations returned no path of an account, so the ID of the organization is unknown: conditions on `aws:PrincipalOrgID` cannot be \
             evaluated and count as access"
        ));
    }
    let partition = match first {
        Some(account) => account.partition.clone(),
        None => "aws".parse::<Partition>()?,
    };
    Ok(OwnOrganization { id, accounts: accounts.into_iter().collect(), partition })
}

fn show(report: &TrustReport, format: AuditFormat, arguments: &AuditArgs) -> anyhow::Result<()> {
    let Some(path) = &arguments.out else {
        match format {
            AuditFormat::Json => print_line!("{}", json(report)?),
            AuditFormat::Csv => print_text!("{}", trust_csv(report)),
            AuditFormat::Text | AuditFormat::Html => print_text!("{}", render(&trust_lines(report))),
        }
        return Ok(());
    };
    let text = match format {
        AuditFormat::Json => json(report)? + "\n",
        AuditFormat::Csv => trust_csv(report),
        AuditFormat::Text | AuditFormat::Html => plain(&trust_lines(report)),
    };
    let principals = counted(report.principals.len(), "principal");
    let severity = report.severity().as_str();
    write_report(path, &text, &format!("{principals} outside the organization, highest severity {severity}"))
}

fn json(report: &TrustReport) -> anyhow::Result<String> {
    Ok(escaped_json(&serde_json::to_string_pretty(&trust_json(report))?))
}

/// What could not be read may hide the worst, so that it is an error even without `--check`.
fn exit(report: &TrustReport, is_checked: bool) -> Exit {
    if is_checked && report.severity() >= TrustSeverity::High {
        Exit::Blocked
    } else if report.is_complete() {
        Exit::Done
    } else {
        Exit::Error
    }
}
