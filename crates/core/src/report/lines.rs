//! A report as lines: the plan before the changes, and the result after them.
//!
//! Both start with the account. A plan continues with its summary, so that the most important line is visible without
//! scrolling; the outcome comes last, where a terminal leaves the cursor.

use super::change_lines::change_lines;
use super::detail::Detail;
use super::link_lines::link_lines;
use super::model::{ChangeStatus, Report};
use super::proof_lines::proof_lines;
use crate::code::Code;
use crate::handoff::Handoff;
use crate::lines::{Line, Style};
use crate::outcome::{Cause, Outcome, for_command_line};
use crate::plan::{Action, Change, Refusal, Sign};
use crate::policy::{Document, Redactor};
use crate::role::RoleName;
use crate::suggestion::plain_list_of;

/// The plan: its summary, the changes like a diff, and who will be able to assume what.
#[must_use]
pub fn plan_lines(report: &Report, detail: Detail) -> Vec<Line> {
    let mut lines = vec![heading_line(report)];
    if !report.changes.is_empty() {
        lines.extend([Line::blank(), Line::heading(summary(report))]);
    } else if report.outcome == Outcome::Converged {
        let text = "Nothing to do: the account matches its configuration.";
        lines.extend([Line::blank(), Line::at(0).styled(Style::Success, text)]);
    }
    lines.extend(changes_lines(report, detail));
    if report.proofs_after.is_empty() {
        lines.extend(proof_lines(&report.proofs, CURRENT_ACCESS, detail));
    } else {
        if detail == Detail::Full {
            lines.extend(proof_lines(&report.proofs, "Who can assume what now", detail));
        }
        lines.extend(proof_lines(&report.proofs_after, "Who will be able to assume what", detail));
    }
    lines.extend(link_lines(report));
    lines.extend(remarks(report, None));
    lines.extend(not_selected_lines(report));
    // A plan with changes needs no ending, and its refusals are listed above.
    let needs_ending =
        |cause: &Cause| cause.code != Code::ChangesPending && (report.changes.is_empty() || !is_listed(cause, report));
    if report.outcome.cause().is_some_and(needs_ending) {
        lines.push(Line::blank());
        lines.extend(ending_lines(report));
    }
    // Before the changes are made, there is nothing to hand off.
    if report.changes.is_empty() && report.open_handoffs().next().is_some() {
        lines.push(Line::blank());
        lines.extend(handoff_lines(report));
    }
    lines
}

/// The changes like a diff, with a blank line before those of each role.
pub(crate) fn changes_lines(report: &Report, detail: Detail) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut redactor = Redactor::default();
    let mut previous = None;
    for step in &report.changes {
        if detail == Detail::Full || previous != Some(&step.change.role) {
            lines.push(Line::blank());
        }
        lines.extend(change_lines(&step.change, deleted_before(&step.change, report), detail, &mut redactor));
        previous = Some(&step.change.role);
    }
    lines
}

/// The policy that the plan deletes before this change puts one of the same name: some edits of a role take that way, so that
/// the role is never too powerful in between.
fn deleted_before<'a>(change: &Change, report: &'a Report) -> Option<&'a Document> {
    let Action::PutPolicy { name, before: None, .. } = &change.action else { return None };
    report.changes.iter().find_map(|other| match &other.change.action {
        Action::DeletePolicy { name: deleted, before } if other.change.role == change.role && deleted == name => {
            before.as_ref()
        }
        _ => None,
    })
}

/// One change of a report with everything that it changes, as lines.
pub(crate) fn changed_lines(change: &Change, report: &Report, redactor: &mut Redactor) -> Vec<Line> {
    change_lines(change, deleted_before(change, report), Detail::Full, redactor)
}

/// The result: the changes that were made, who can assume what now, and the outcome. Refusals and notices of a plan that
/// was `shown` before are not repeated.
#[must_use]
pub fn report_lines(report: &Report, shown: Option<&Report>, detail: Detail) -> Vec<Line> {
    let mut lines = vec![heading_line(report)];
    lines.extend(status_lines(report));
    lines.extend(proof_lines(&report.proofs, CURRENT_ACCESS, detail));
    lines.extend(link_lines(report));
    lines.extend(remarks(report, shown));
    if shown.is_none_or(|shown| shown.not_selected != report.not_selected) {
        lines.extend(not_selected_lines(report));
    }
    lines.push(Line::blank());
    lines.extend(ending_lines(report));
    lines.extend(handoff_lines(report));
    lines
}

/// The changes, each with what came of it.
pub(super) fn status_lines(report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    if !report.changes.is_empty() {
        lines.push(Line::blank());
    }
    for step in &report.changes {
        let (style, word) = match &step.status {
            ChangeStatus::Done => (Style::Success, "done"),
            ChangeStatus::Planned => (Style::Faint, "planned"),
            ChangeStatus::Failed(_) => (Style::Error, "failed"),
            ChangeStatus::NotTried => (Style::Warning, "not tried"),
            ChangeStatus::Superseded => (Style::Faint, "not made"),
        };
        lines.push(Line::at(2).column(style, word, STATUS_WIDTH).text(&step.change));
        if let ChangeStatus::Failed(message) = &step.status {
            lines.push(Line::at(2 + STATUS_WIDTH + 2).styled(Style::Error, message));
        }
    }
    lines
}

/// What a person still has to do, with exactly what to paste.
fn handoff_lines(report: &Report) -> Vec<Line> {
    let line = |handoff: &Handoff| {
        let values: Vec<_> = handoff.fields.iter().map(|field| format!("{} {}", field.label, field.value)).collect();
        let again = if handoff.changed { " (again: its text has changed since it was done)" } else { "" };
        let needs = plain_list_of(values.iter().map(String::as_str));
        let account = report.account_id.as_ref().map_or("ID", |id| id.as_str());
        let line =
            Line::at(0).styled(Style::Warning, "Hand-off:").text(format!(" {} needs {needs}{again}", handoff.title));
        line.styled(Style::Faint, format!(" (`onboard handoff --account {account}`)"))
    };
    report.open_handoffs().map(line).collect()
}

const CURRENT_ACCESS: &str = "Who can assume what";

/// The length of the longest status.
const STATUS_WIDTH: usize = 9;

/// The account, and how it is accessed.
pub(crate) fn heading_line(report: &Report) -> Line {
    let id = report.account_id.as_ref().map_or("not known yet", |id| id.as_str());
    let mut line = Line::heading(format!("Account {id}"));
    if let Some(name) = &report.account_name {
        line = line.text(format!(" ({name})"));
    }
    let unit = report.unit.as_ref().map(ToString::to_string);
    if let Some(unit) = unit.as_deref().or_else(|| report.organizational_unit()) {
        line = line.styled(Style::Faint, format!(", {unit}"));
    }
    match &report.access_role {
        Some(role) => line.styled(Style::Faint, format!(", via {role}")),
        None => line,
    }
}

fn summary(report: &Report) -> String {
    let signs: Vec<_> = report.changes.iter().flat_map(|step| step.change.signs()).collect();
    let count = |sign| signs.iter().filter(|one| **one == sign).count();
    let add = count(Sign::Add);
    let change = count(Sign::Change);
    let remove = count(Sign::Remove);
    format!("Plan: {add} to add, {change} to change, {remove} to remove")
}

/// The refusals and the notices.
pub(crate) fn remark_lines(report: &Report) -> Vec<Line> {
    remarks(report, None)
}

/// The refusals and the notices, except those that were shown before.
pub(super) fn remarks(report: &Report, shown: Option<&Report>) -> Vec<Line> {
    let mut lines = Vec::new();
    let is_new_refusal = |refusal: &&Refusal| shown.is_none_or(|shown| !shown.refusals.contains(refusal));
    let is_new_notice = |notice: &&String| shown.is_none_or(|shown| !shown.notices.contains(notice));
    for refusal in report.refusals.iter().filter(is_new_refusal) {
        lines.push(Line::blank());
        let title = Line::at(2).styled(Style::Error, format!("Refused: {}", refusal.code));
        lines.extend(explained(title, 4, &refusal.message, &refusal.remedy));
    }
    for notice in report.notices.iter().filter(is_new_notice) {
        lines.push(Line::blank());
        lines.push(Line::at(2).styled(Style::Warning, "note:").text(format!(" {notice}")));
    }
    lines
}

/// The roles that are not for this account.
fn not_selected_lines(report: &Report) -> Vec<Line> {
    if report.not_selected.is_empty() {
        return Vec::new();
    }
    let roles = plain_list_of(report.not_selected.iter().map(RoleName::as_str));
    let line = Line::at(2).styled(Style::Faint, "not selected:");
    vec![Line::blank(), line.text(format!(" {roles}, whose `targets` do not select this account"))]
}

/// The outcome in one line, without its explanation.
#[must_use]
pub fn outcome_line(report: &Report) -> Line {
    ending_lines(report).into_iter().next().unwrap_or_default()
}

/// The outcome, and what to do about it.
pub(crate) fn ending_lines(report: &Report) -> Vec<Line> {
    let title = |style, word: &str, cause: &Cause| Line::at(0).styled(style, format!("{word}: {}", cause.code));
    match &report.outcome {
        Outcome::Converged => vec![Line::at(0).styled(Style::Success, converged(report))],
        Outcome::Waiting(cause) => {
            let mut lines = vec![title(Style::Warning, "Waiting", cause), Line::at(2).text(&cause.message)];
            if !cause.remedy.is_empty() {
                lines.push(Line::at(2).text(for_command_line(&cause.remedy)));
            }
            lines
        }
        Outcome::Blocked(cause) if is_listed(cause, report) => {
            let refusals = if report.refusals.len() == 1 { "1 refusal" } else { "the refusals" };
            let title = title(Style::Error, "Blocked", cause);
            vec![title.text(format!(" ({refusals} above)")), see(cause.code)]
        }
        Outcome::Blocked(cause) => {
            let mut lines = explained(title(Style::Error, "Blocked", cause), 2, &cause.message, &cause.remedy);
            lines.extend(cause.commands.iter().map(|command| Line::verbatim(4).text(command)));
            lines.push(see(cause.code));
            lines
        }
        Outcome::Ignored(cause) => vec![title(Style::Faint, "Ignored", cause), Line::at(2).text(&cause.message)],
    }
}

fn converged(report: &Report) -> String {
    let checks = match report.proofs.len() {
        0 => String::new(),
        1 => " The check holds.".to_owned(),
        count => format!(" All {count} checks hold."),
    };
    let took = match report.duration_ms {
        0..100 => String::new(),
        duration => format!(" in {:.1} s", duration as f64 / 1000.0),
    };
    match report.done() {
        0 => format!("Converged: nothing to do.{checks}"),
        1 => format!("Converged: 1 change made{took}.{checks}"),
        done => format!("Converged: {done} changes made{took}.{checks}"),
    }
}

/// A title, what is wrong and what to do.
fn explained(title: Line, indent: usize, message: &str, remedy: &str) -> Vec<Line> {
    let mut lines = vec![title, Line::at(indent).text(message)];
    if !remedy.is_empty() {
        lines.push(Line::at(indent).column(Style::Strong, "Fix:", 4).text(for_command_line(remedy)));
    }
    lines
}

fn see(code: Code) -> Line {
    Line::at(2).styled(Style::Faint, format!("See docs/TROUBLESHOOTING.md#{code}"))
}

/// Whether the cause repeats a refusal, whose message and remedy are printed already.
fn is_listed(cause: &Cause, report: &Report) -> bool {
    report.refusals.iter().any(|refusal| refusal.code == cause.code && cause.message.starts_with(&refusal.message))
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
