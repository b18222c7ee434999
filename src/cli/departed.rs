//! `onboard plan` and `onboard apply` for an account that is no longer in the organization, and that was processed before: what is left to
//! do is to remove its registrations with vendors. The event about the departure does the same; this is for one that was lost.

use super::account_plan::{confirm_plan, next_steps, show};
use super::common_args::Format;
use super::confirm;
use super::exit::Exit;
use super::target_args::Target;
use onboarding_core::code::Code;
use onboarding_core::lines::render;
use onboarding_core::mode::Mode;
use onboarding_core::report::{ChangeStatus, Report, plan_lines, report_lines};
use onboarding_core::suggestion::counted;
use onboarding_engine::ports::World;
use onboarding_engine::{Departed, Engine, Job};

/// Whether Organizations does not know an account.
fn is_unknown(report: &Report) -> bool {
    report.outcome.cause().is_some_and(|cause| cause.code == Code::NotAMember)
}

/// Shows what is left to do for an account that is not in the organization; `None` if the account was never processed.
pub(super) async fn plan<W: World>(
    engine: &Engine<W>,
    job: &Job,
    report: &Report,
    target: &Target,
) -> anyhow::Result<Option<Exit>> {
    if !is_unknown(report) {
        return Ok(None);
    }
    let Some(departed) = engine.departed(job, Mode::Plan).await else { return Ok(None) };
    let mut lines = plan_lines(&departed.report, target.detail());
    if !departed.report.changes.is_empty() {
        lines.extend(next_steps(target));
    }
    show(&departed.report, target.format, &lines)?;
    Ok(Some(exit(&departed)))
}

/// Shows it, asks, and does it. Without a registration to remove there is nothing to confirm.
pub(super) async fn apply<W: World>(
    engine: &Engine<W>,
    job: &mut Job,
    report: &Report,
    target: &Target,
    yes: bool,
) -> anyhow::Result<Option<Exit>> {
    if !is_unknown(report) {
        return Ok(None);
    }
    let Some(departed) = engine.departed(job, Mode::Plan).await else { return Ok(None) };
    let shown = &departed.report;
    if !shown.changes.is_empty() {
        if target.format == Format::Text {
            print_text!("{}", render(&plan_lines(shown, target.detail())));
        }
        if !yes && !confirm::ask(&question(shown))? {
            print_line!("Nothing was changed.");
            return Ok(Some(exit(&departed)));
        }
        if target.format == Format::Text {
            print_line!();
        }
    }
    // A registration that only a later answer of a vendor shows was not confirmed.
    confirm_plan(job, shown, engine.world.now(), target.wait);
    let Some(done) = engine.departed(job, Mode::Apply).await else { return Ok(None) };
    show(&done.report, target.format, &report_lines(&done.report, Some(shown), target.detail()))?;
    Ok(Some(exit(&done)))
}

fn question(plan: &Report) -> String {
    let id = plan.account_id.as_ref().map_or("", |id| id.as_str());
    format!("Remove {} of account {id}?", counted(plan.changes.len(), "registration"))
}

/// Registrations that are left are changes to make, are retried, or need attention.
fn exit(Departed { report, left }: &Departed) -> Exit {
    let is_planned = report.changes.iter().any(|result| result.status == ChangeStatus::Planned);
    match (report.retry.is_some(), *left > 0, is_planned) {
        (true, ..) => Exit::Waiting,
        (false, true, _) => Exit::Blocked,
        (false, false, true) => Exit::Pending,
        (false, false, false) => Exit::from_outcome(&report.outcome),
    }
}

#[cfg(test)]
#[path = "departed_tests.rs"]
mod tests;
