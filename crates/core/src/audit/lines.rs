//! An audit as lines for a terminal: the summary, the coverage, then the accounts that need attention with what to do.

use super::account::{AccountStatus, AuditedAccount};
use super::attention::{Group, groups};
use super::coverage::{by_requirement, by_unit, percent};
use super::departed::{DEPARTED, remedy};
use super::summary::Audit;
use crate::lines::{Line, Style, widest};
use crate::outcome::for_command_line;
use crate::selection::skipped_summary;
use crate::suggestion::{counted, thousands};
use crate::time::to_policy_date;

/// How many accounts of a group are named.
const SHOWN_ACCOUNTS: usize = 10;

/// How many units are shown. Those with most to do come first.
const SHOWN_UNITS: usize = 20;

/// The audit as lines.
#[must_use]
pub fn audit_lines(audit: &Audit) -> Vec<Line> {
    let mut lines = summary(audit);
    lines.extend(requirements(audit));
    lines.extend(units(audit));
    lines.extend(handoffs(audit));
    for group in groups(audit) {
        lines.push(Line::blank());
        lines.extend(group_lines(audit, &group));
    }
    lines.extend(departed(audit));
    lines
}

/// The accounts that are no longer in the organization.
fn departed(audit: &Audit) -> Vec<Line> {
    if audit.departed.is_empty() {
        return Vec::new();
    }
    let count = counted(audit.departed.len(), "account");
    let title = Line::at(0).styled(Style::Warning, "No longer in the organization");
    let mut lines = vec![
        Line::blank(),
        title.styled(Style::Strong, format!(": {count}")),
        Line::at(2).text(DEPARTED),
        Line::at(2).styled(Style::Strong, "Remedy: ").text(remedy("ID")),
    ];
    let shown = || audit.departed.iter().take(SHOWN_ACCOUNTS);
    let name = widest(shown().map(|account| account.name.as_str()));
    for account in shown() {
        let last_run = account.last_run().map(|date| format!("last run {date}"));
        lines.push(
            Line::verbatim(4)
                .column(Style::Plain, &account.name, name)
                .column(Style::Plain, &account.id, 12)
                .styled(Style::Faint, last_run.unwrap_or_default()),
        );
        for (label, text) in [("registrations", account.registrations()), ("roles", account.roles())] {
            if !text.is_empty() {
                lines.push(Line::at(6).styled(Style::Faint, format!("{label}: {text}")));
            }
        }
    }
    if let Some(more) = audit.departed.len().checked_sub(SHOWN_ACCOUNTS).filter(|more| *more > 0) {
        lines.push(Line::at(4).styled(Style::Faint, format!("and {}", counted(more, "more account"))));
    }
    lines
}

fn summary(audit: &Audit) -> Vec<Line> {
    let made_at = to_policy_date(audit.made_at).unwrap_or_default();
    let configuration: String = audit.configuration.chars().take(12).collect();
    let mut lines = vec![
        Line::heading(format!(
            "Audit of {} {}",
            thousands(audit.accounts.len()),
            if audit.accounts.len() == 1 { "account" } else { "accounts" }
        )),
        Line::at(0).styled(Style::Faint, format!("{made_at}, {}; configuration {configuration}", audit.source.label())),
        Line::blank(),
    ];
    let total = audit.accounts.len();
    for status in AccountStatus::ALL.into_iter().rev() {
        let count = audit.count(status);
        if count > 0 {
            let line = Line::at(2).column(Style::Strong, format!("{:>6}", thousands(count)), 6);
            lines.push(line.column(style(status), status.label(), 10).styled(Style::Faint, percent(count, total)));
        }
    }
    if !audit.skipped.is_empty() {
        lines.push(Line::at(2).styled(Style::Faint, skipped_summary(&audit.skipped)));
    }
    let outdated = audit.outdated();
    if outdated > 0 {
        let text = format!(
            "{} last processed with another configuration, to which the statuses refer",
            if outdated == 1 { "1 account was".to_owned() } else { format!("{outdated} accounts were") }
        );
        lines.push(Line::at(2).styled(Style::Warning, text));
    }
    lines
}

fn requirements(audit: &Audit) -> Vec<Line> {
    let coverage = by_requirement(audit);
    let width = widest(coverage.iter().map(|one| one.title));
    let mut lines = vec![Line::blank(), Line::heading("Coverage by requirement")];
    for one in coverage {
        let others: Vec<_> = one
            .counts
            .iter()
            .filter(|(status, _)| !status.holds())
            .map(|(status, count)| format!("{count} {}", status.label()))
            .collect();
        lines.push(
            Line::verbatim(2)
                .column(Style::Plain, one.title, width)
                .column(Style::Strong, format!("{:>7}", percent(one.holds(), one.required())), 7)
                .column(Style::Faint, format!("{} of {}", thousands(one.holds()), thousands(one.required())), 14)
                .styled(Style::Warning, others.join(", ")),
        );
    }
    lines
}

fn units(audit: &Audit) -> Vec<Line> {
    let coverage = by_unit(audit);
    let width = widest(coverage.iter().take(SHOWN_UNITS).map(|one| one.unit));
    let mut lines = vec![Line::blank(), Line::heading("Coverage by unit")];
    for one in coverage.iter().take(SHOWN_UNITS) {
        let others = one.counts.iter().filter(|(status, _)| **status != AccountStatus::Converged);
        let others: Vec<_> = others.map(|(status, count)| format!("{count} {}", status.label())).collect();
        lines.push(
            Line::verbatim(2)
                .column(Style::Plain, one.unit, width)
                .column(Style::Strong, format!("{:>7}", percent(one.converged(), one.total())), 7)
                .column(Style::Faint, format!("{} of {}", thousands(one.converged()), thousands(one.total())), 14)
                .styled(Style::Warning, others.join(", ")),
        );
    }
    if let Some(more) = coverage.len().checked_sub(SHOWN_UNITS).filter(|more| *more > 0) {
        lines.push(Line::at(2).styled(Style::Faint, format!("and {}", counted(more, "more unit"))));
    }
    lines
}

fn handoffs(audit: &Audit) -> Vec<Line> {
    let (open, all) = audit.handoffs();
    if open == 0 {
        return Vec::new();
    }
    let text = format!("{open} of {} open", counted(all, "hand-off"));
    let line = Line::at(0).styled(Style::Warning, text).styled(Style::Faint, " (`onboard handoff --all`)");
    vec![Line::blank(), line]
}

fn group_lines(audit: &Audit, group: &Group<'_>) -> Vec<Line> {
    let mut lines = vec![
        Line::at(0)
            .styled(style(group.status), group.heading())
            .styled(Style::Strong, format!(": {}", counted(group.accounts.len(), "account"))),
        Line::at(2).text(group.problem()),
    ];
    if !group.failing.is_empty() {
        lines.push(Line::at(2).text(group.failing_list()));
    }
    lines.push(Line::at(2).styled(Style::Strong, "Remedy: ").text(for_command_line(group.remedy())));
    let accounts: Vec<_> = group.accounts.iter().filter_map(|index| audit.accounts.get(*index)).collect();
    let shown = || accounts.iter().take(SHOWN_ACCOUNTS);
    let name = widest(shown().map(|account| account.name.as_str()));
    let unit = widest(shown().map(|account| account.unit.as_str()));
    for account in shown() {
        lines.push(account_line(account, name, unit));
    }
    if let Some(more) = accounts.len().checked_sub(SHOWN_ACCOUNTS).filter(|more| *more > 0) {
        lines.push(Line::at(4).styled(Style::Faint, format!("and {}", counted(more, "more account"))));
    }
    lines
}

fn account_line(account: &AuditedAccount, name: usize, unit: usize) -> Line {
    let since = account.since().and_then(to_policy_date);
    let since = since.as_deref().and_then(|date| date.split('T').next()).map(|date| format!("since {date}"));
    Line::verbatim(4)
        .column(Style::Plain, &account.name, name)
        .column(Style::Plain, &account.id, 12)
        .column(Style::Faint, &account.unit, unit)
        .styled(Style::Faint, since.unwrap_or_default())
}

fn style(status: AccountStatus) -> Style {
    match status {
        AccountStatus::Blocked => Style::Error,
        AccountStatus::Drift | AccountStatus::NeverSeen | AccountStatus::Waiting => Style::Warning,
        AccountStatus::Converged => Style::Success,
    }
}
