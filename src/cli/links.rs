//! `onboard links`: links that open the accounts in the AWS console.

use serde_json::{Value, json};

use super::access_args::Links;
use super::accounts::{self, Listed};
use super::common_args::{Aws, Format};
use super::exit::Exit;
use super::output::warn;
use onboarding_core::account::Account;
use onboarding_core::console::{ConsoleLink, LinkForm, account_links, has_switch_role_page};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::text::escaped_json;
use onboarding_engine::Engine;
use onboarding_engine::ports::World;

pub(super) async fn links<W: World>(
    arguments: Links,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let Links { account, all: _, roles, format, aws } = arguments;
    let config = accounts::configuration(&roles)?;
    let engine = Engine::new(connect(&aws).await?, config);
    let Engine { world, config, .. } = &engine;
    let listed = match &account {
        Some(id) => accounts::one(&engine, id).await?,
        None => accounts::list(world, config).await?,
    };
    let access_roles = accounts::access_roles(world, config, &listed.accounts, roles.access_role.as_ref()).await?;
    let found = listed.accounts.iter().zip(&access_roles);
    let found: Vec<_> = found.map(|(account, role)| (account, account_links(config, account, role))).collect();
    if let Some(problem) = problem(&found) {
        warn(problem);
    }
    match format {
        Format::Text => print_text!("{}", render(&to_lines(&found, &listed))),
        Format::Json => print_line!("{}", escaped_json(&serde_json::to_string_pretty(&to_json(&found, &listed))?)),
    }
    Ok(Exit::Done)
}

/// Why there is no link to switch to a role.
fn problem(found: &[(&Account, Vec<ConsoleLink>)]) -> Option<String> {
    let (account, _) = found.first()?;
    let switches = found.iter().flat_map(|(_, links)| links).any(|link| link.form == LinkForm::SwitchRole);
    if switches {
        None
    } else if has_switch_role_page(&account.partition) {
        Some(
            "the configuration grants no account, role or user access without an external ID, which the console cannot pass; \
             add `[[access-role.grant]]`"
                .to_owned(),
        )
    } else {
        Some(format!("the sign-in page of the partition `{}` is not known; use the access portal", account.partition))
    }
}

fn to_lines(found: &[(&Account, Vec<ConsoleLink>)], listed: &Listed) -> Vec<Line> {
    let mut lines = Vec::new();
    for (account, links) in found.iter().filter(|(_, links)| !links.is_empty()) {
        if !lines.is_empty() {
            lines.push(Line::blank());
        }
        lines.push(Line::heading(format!("{} ({})", account.name, account.id)));
        for link in links {
            let role = link.role.as_deref();
            let title = match link.form {
                LinkForm::SwitchRole => format!("{}, from {}", role.unwrap_or_default(), link.usable_by.join(", ")),
                LinkForm::AccessPortal => {
                    format!("{}, through the access portal", role.unwrap_or("any permission set"))
                }
            };
            lines.push(Line::verbatim(2).styled(Style::Faint, title));
            lines.push(Line::verbatim(2).text(&link.url));
        }
    }
    lines.extend(listed.skipped_lines());
    lines
}

fn to_json(found: &[(&Account, Vec<ConsoleLink>)], listed: &Listed) -> Value {
    let account = |(account, links): &(&Account, Vec<ConsoleLink>)| json!({ "account_id": account.id, "account_name": account.name, "links": links });
    json!({
        "version": 1,
        "accounts": found.iter().map(account).collect::<Vec<_>>(),
        "skipped": listed.skipped.iter().map(|skipped| skipped.to_json()).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;
