//! The plan of one account: how it is printed, the commands that follow it, and the job that makes exactly its changes.

use std::time::{Duration, SystemTime};

use super::common_args::Format;
use super::exit::Exit;
use super::target_args::Target;
use onboarding_core::limits::COMMAND_LINE_GRACE;
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::plan::ConfirmedPlan;
use onboarding_core::report::{Detail, Report};
use onboarding_core::time::after;
use onboarding_engine::Job;

/// Prints a report, as JSON or as these lines, and returns its exit code.
pub(super) fn show(report: &Report, format: Format, lines: &[Line]) -> anyhow::Result<Exit> {
    match format {
        Format::Text => print_text!("{}", render(lines)),
        Format::Json => print_line!("{}", serde_json::to_string_pretty(report)?),
    }
    Ok(Exit::from_outcome(&report.outcome))
}

/// The commands that are likely to follow a plan, with the same options, each on a line of its own.
pub(super) fn next_steps(target: &Target) -> Vec<Line> {
    let Some(options) = target.command_line() else { return Vec::new() };
    let command =
        |label: &str, command: String| Line::verbatim(0).column(Style::Faint, label, 28).styled(Style::Faint, command);
    let mut lines = vec![Line::blank()];
    if target.detail() == Detail::Summary {
        lines.push(command("For the full policies, run:", format!("onboard plan {options} --verbose")));
    }
    lines.push(command("To make these changes, run:", format!("onboard apply {options}")));
    lines
}

/// Limits a job to the changes of a plan that was shown: if the account drifted in between, nothing else is applied. The deadlines
/// start again, so that neither the wait during planning nor the prompt uses up the time to apply.
pub(super) fn confirm_plan(job: &mut Job, plan: &Report, now: SystemTime, wait: u32) {
    job.deadline = after(now, Duration::from_secs(wait.into()));
    job.abandon_at = after(job.deadline, COMMAND_LINE_GRACE);
    let confirmed = plan.changes.iter().map(|result| result.change.clone()).collect();
    job.confirmed_plan = Some(ConfirmedPlan::Exact(confirmed));
}
