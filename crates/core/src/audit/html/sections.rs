//! The sections of the page that are not charts: the numbers, what needs attention, and the accounts that are skipped.

use super::super::account::AccountStatus;
use super::super::attention::groups;
use super::super::coverage::percent;
use super::super::departed::{DEPARTED, DepartedAccount, remedy};
use super::super::summary::Audit;
use super::escape::{escaped, with_code};
use crate::outcome::for_command_line;
use crate::selection::skipped_summary;
use crate::suggestion::{counted, thousands};

/// The numbers at the top.
pub(super) fn tiles(audit: &Audit) -> String {
    let total = audit.accounts.len();
    let converged = audit.count(AccountStatus::Converged);
    let attention = audit.accounts.iter().filter(|account| account.needs_attention()).count();
    let (open, _) = audit.handoffs();
    let tile = |number: String, label: &str, class: &str| {
        format!("<li class=\"{class}\"><b>{number}</b><span>{}</span></li>", escaped(label))
    };
    let alert = |count: usize| if count > 0 { "alert" } else { "" };
    let tiles = [
        tile(thousands(total), "accounts", ""),
        tile(percent(converged, total), &format!("{} converged", thousands(converged)), "good"),
        tile(thousands(attention), if attention == 1 { "needs attention" } else { "need attention" }, alert(attention)),
        tile(thousands(audit.outdated()), "with another configuration", alert(audit.outdated())),
        tile(thousands(open), "open hand-offs", if open > 0 { "todo" } else { "" }),
        tile(thousands(audit.skipped.len()), "skipped", ""),
    ];
    format!("<ul class=\"tiles\">{}</ul>", tiles.concat())
}

/// The accounts that need attention, grouped, each group with its remedy.
pub(super) fn attention_section(audit: &Audit) -> String {
    let groups = groups(audit);
    if groups.is_empty() {
        let text = match audit.count(AccountStatus::Converged) == audit.accounts.len() {
            true => "Nothing: every account is as configured.",
            false => "Nothing: accounts that are waiting are retried automatically.",
        };
        return format!("<section><h2>Needs attention</h2><p>{text}</p></section>");
    }
    let item = |(index, group): (usize, &super::super::attention::Group<'_>)| {
        let failing = match group.failing.is_empty() {
            true => String::new(),
            false => format!("<p class=\"faint\">{}</p>", escaped(&group.failing_list())),
        };
        format!(
            "<li><h3><i class=\"key {}\"></i>{} <button type=\"button\" class=\"link\" data-group=\"{index}\">{}</button></h3>\
             <p>{}</p>{failing}<p><b>Remedy:</b> {}</p></li>",
            group.status.as_str(),
            escaped(&group.heading()),
            counted(group.accounts.len(), "account"),
            with_code(&group.problem()),
            with_code(&for_command_line(group.remedy()))
        )
    };
    let items: String = groups.iter().enumerate().map(item).collect();
    format!("<section><h2>Needs attention</h2><ol class=\"groups\">{items}</ol></section>")
}

/// The accounts that are no longer in the organization.
pub(super) fn departed_section(audit: &Audit) -> String {
    if audit.departed.is_empty() {
        return String::new();
    }
    let row = |account: &DepartedAccount| {
        let last_run = account.last_run().unwrap_or_default();
        let cells = [account.name.as_str(), account.id.as_str(), &last_run, &account.registrations(), &account.roles()]
            .map(|cell| format!("<td>{}</td>", escaped(cell)));
        format!("<tr>{}</tr>", cells.concat())
    };
    let rows: String = audit.departed.iter().map(row).collect();
    format!(
        "<section><h2>No longer in the organization</h2><p>{}</p><p><b>Remedy:</b> {}</p><table><thead><tr><th>Account</th>\
         <th>ID</th><th>Last run</th><th>Registrations</th><th>Roles</th></tr></thead><tbody>{rows}</tbody></table></section>",
        escaped(DEPARTED),
        with_code(&remedy("ID"))
    )
}

/// The accounts that are not processed, folded away.
pub(super) fn skipped_section(audit: &Audit) -> String {
    if audit.skipped.is_empty() {
        return String::new();
    }
    let row = |skipped: &crate::selection::SkippedAccount| {
        let id = skipped.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = skipped.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let reason = skipped.reason.to_string();
        format!("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", escaped(&name), escaped(&id), escaped(&reason))
    };
    let rows: String = audit.skipped.iter().map(row).collect();
    format!(
        "<section><details><summary>{}</summary><table><thead><tr><th>Account</th><th>ID</th><th>Reason</th></tr></thead>\
         <tbody>{rows}</tbody></table></details></section>",
        escaped(&skipped_summary(&audit.skipped))
    )
}
