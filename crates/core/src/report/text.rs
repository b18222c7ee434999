//! A report as text: the plan before the changes, and the result after them.
//!
//! Both start with the account. A plan continues with its summary, so that the most important line is visible without
//! scrolling; the outcome comes last, where a terminal leaves the cursor.

use super::change_text::change_text;
use super::paint::{bad, careful, faint, good, strong};
use super::{Report, Status};
use crate::code::Code;
use crate::outcome::{Cause, Outcome};
use crate::plan::Sign;
use crate::policy::Redactor;
use crate::text::printable;

/// The plan: its summary, the changes like a diff, and who can assume what before them.
#[must_use]
pub fn plan_text(report: &Report) -> String {
    let mut text = heading(report);
    if !report.changes.is_empty() {
        text.push_str(&format!("\n{}\n", strong(summary(report))));
    } else if report.outcome == Outcome::Converged {
        text.push_str(&format!("\n{}\n", strong(good("Nothing to do: the account matches its configuration."))));
    }
    let mut redactor = Redactor::default();
    for step in &report.changes {
        text.push('\n');
        text.push_str(&change_text(&step.change, &mut redactor));
    }
    let title = if report.changes.is_empty() { CURRENT_ACCESS } else { "Who can assume what, before these changes" };
    text.push_str(&proofs(report, title));
    text.push_str(&remarks(report));
    let is_pending = |cause: &Cause| cause.code == Code::ChangesPending;
    let ended = report.outcome.cause().is_some_and(|cause| !is_pending(cause));
    if ended {
        text.push_str(&format!("\n{}\n", strong(ending(report))));
    }
    text
}

/// The result: what was done, who can assume what now, and the outcome.
#[must_use]
pub fn report_text(report: &Report) -> String {
    let mut text = heading(report);
    if !report.changes.is_empty() {
        text.push('\n');
    }
    for step in &report.changes {
        let mark = match &step.status {
            Status::Done => good("done     "),
            Status::Planned => faint("planned  "),
            Status::Failed(_) => bad("failed   "),
            Status::NotTried => careful("not tried"),
            Status::Superseded => faint("not made "),
        };
        text.push_str(&format!("  {mark}  {}\n", printable(&step.change.to_string())));
        if let Status::Failed(message) = &step.status {
            text.push_str(&format!("             {}\n", bad(printable(message))));
        }
    }
    text.push_str(&proofs(report, CURRENT_ACCESS));
    text.push_str(&remarks(report));
    text.push_str(&format!("\n{}\n", strong(ending(report))));
    text
}

const CURRENT_ACCESS: &str = "Who can assume what";

fn heading(report: &Report) -> String {
    let id = report.account_id.as_ref().map_or("not known yet", |id| id.as_str());
    let name = report.account_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let role = report.access_role.as_ref().map(|role| faint(format!(", assumed via {role}"))).unwrap_or_default();
    format!("{}{name}{role}\n", strong(format!("Account {id}")))
}

fn summary(report: &Report) -> String {
    let count = |sign| report.changes.iter().filter(|step| step.change.sign() == sign).count();
    let add = count(Sign::Add);
    let change = count(Sign::Change);
    let remove = count(Sign::Remove);
    format!("Plan: {add} to add, {change} to change, {remove} to remove")
}

/// Who can assume what, by evaluating the current policies.
fn proofs(report: &Report, title: &str) -> String {
    if report.proofs.is_empty() {
        return String::new();
    }
    let mut text = format!("\n  {}\n", strong(title));
    let widest = report.proofs.iter().map(|proof| proof.role.as_str().len()).max().unwrap_or(0);
    for proof in &report.proofs {
        let mark = match (proof.holds, proof.known) {
            (true, _) => good("✓"),
            (false, true) => bad("✗"),
            (false, false) => faint("·"),
        };
        text.push_str(&format!("  {mark} {:widest$}  {}\n", proof.role, printable(&proof.sentence)));
    }
    text
}

/// The refusals and the notices.
fn remarks(report: &Report) -> String {
    let mut text = String::new();
    for refusal in &report.refusals {
        let mark = bad(format!("refused ({}):", refusal.code));
        text.push_str(&format!("\n  {mark} {}\n    {}\n", printable(&refusal.message), printable(&refusal.remedy)));
    }
    for notice in &report.notices {
        text.push_str(&format!("\n  {} {}\n", careful("note:"), printable(notice)));
    }
    text
}

fn ending(report: &Report) -> String {
    let done = report.done();
    match &report.outcome {
        Outcome::Converged if done == 0 => good("Converged: nothing to do."),
        Outcome::Converged => good(format!("Converged: {done} {} made.", if done == 1 { "change" } else { "changes" })),
        Outcome::Waiting(cause) => careful(format!("Waiting ({}): {}.", cause.code, printable(&cause.to_string()))),
        Outcome::Blocked(cause) if is_listed(cause, report) => {
            let count = report.refusals.len();
            let refusals = if count == 1 { "refusal" } else { "refusals" };
            bad(format!("Blocked ({}): {count} {refusals}, listed above.", cause.code))
        }
        Outcome::Blocked(cause) => bad(format!("Blocked ({}): {}.", cause.code, printable(&cause.to_string()))),
        Outcome::Ignored(cause) => faint(format!("Ignored ({}): {}.", cause.code, printable(&cause.message))),
    }
}

/// Whether the cause repeats a refusal, whose message and remedy are printed already.
fn is_listed(cause: &Cause, report: &Report) -> bool {
    report.refusals.iter().any(|refusal| refusal.code == cause.code && cause.message.starts_with(&refusal.message))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
