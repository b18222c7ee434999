//! A report as text: what a person reads before and after.

use super::change_text::change_text;
use super::paint::{bad, careful, faint, good, strong};
use super::{Report, Status};
use crate::outcome::Outcome;
use crate::plan::Sign;
use crate::policy::Redactor;

/// The plan: what would be done, like a diff.
#[must_use]
pub fn plan_text(report: &Report) -> String {
    let mut text = heading(report);
    let mut redactor = Redactor::default();
    for step in &report.changes {
        text.push('\n');
        text.push_str(&change_text(&step.change, &mut redactor));
    }
    text.push_str(&remarks(report));
    let count = |sign| report.changes.iter().filter(|step| step.change.sign() == sign).count();
    let (add, alter, remove) = (count(Sign::Add), count(Sign::Alter), count(Sign::Remove));
    if !report.changes.is_empty() {
        text.push_str(&format!("\n{}\n", strong(format!("Plan: {add} to add, {alter} to alter, {remove} to remove."))));
    }
    let end = match &report.outcome {
        Outcome::Waiting(cause) if cause.code == "changes_pending" => return text,
        Outcome::Converged => good("Nothing to do: the account is as configured."),
        _ => ending(report),
    };
    text.push_str(&format!("\n{}\n", strong(end)));
    text
}

/// The report: what was done, what was proven and how it ended.
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
        text.push_str(&format!("  {mark}  {}\n", step.change));
        if let Status::Failed(message) = &step.status {
            text.push_str(&format!("             {}\n", bad(message)));
        }
    }
    text.push_str(&proofs(report));
    text.push_str(&remarks(report));
    text.push_str(&format!("\n{}\n", strong(ending(report))));
    text
}

fn heading(report: &Report) -> String {
    let id = report.account_id.as_ref().map_or("not known yet", |id| id.as_str());
    let name = report.account_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let role = report.access_role.as_ref().map(|role| faint(format!(", entered by {role}"))).unwrap_or_default();
    format!("{}{name}{role}\n", strong(format!("account {id}")))
}

/// Who can enter, by the policies that are there.
fn proofs(report: &Report) -> String {
    if report.proofs.is_empty() {
        return String::new();
    }
    let mut text = format!("\n  {}\n", strong("who can enter"));
    let widest = report.proofs.iter().map(|proof| proof.role.as_str().len()).max().unwrap_or(0);
    for proof in &report.proofs {
        let mark = if proof.holds { good("✓") } else { bad("✗") };
        text.push_str(&format!("  {mark} {:widest$}  {}\n", proof.role, proof.sentence));
    }
    text
}

/// What was refused and what should be known.
fn remarks(report: &Report) -> String {
    let mut text = String::new();
    for refusal in &report.refusals {
        text.push_str(&format!("\n  {} {}\n    {}\n", bad("refused:"), refusal.message, refusal.remedy));
    }
    for notice in &report.notices {
        text.push_str(&format!("\n  {} {notice}\n", careful("note:")));
    }
    text
}

fn ending(report: &Report) -> String {
    let done = report.done();
    match &report.outcome {
        Outcome::Converged if done == 0 => good("Converged: nothing to do."),
        Outcome::Converged => good(format!("Converged: {done} {} made.", if done == 1 { "change" } else { "changes" })),
        Outcome::Waiting(cause) => careful(format!("Waiting ({}): {cause}.", cause.code)),
        Outcome::Blocked(cause) => bad(format!("Blocked ({}): {cause}.", cause.code)),
        Outcome::Ignored(cause) => faint(format!("Ignored ({}): {}.", cause.code, cause.message)),
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
