//! `onboard undo`: restores the trust policy of an account's access role as it was before a run changed it.

use anyhow::ensure;

use super::account::{Requested, start};
use super::account_plan::{confirm_plan, show};
use super::common_args::{Aws, Format};
use super::confirm;
use super::exit::Exit;
use super::undo_args::Undo;
use onboarding_core::lines::render;
use onboarding_core::mode::Mode;
use onboarding_core::report::{Report, undo_plan_lines, undo_report_lines};
use onboarding_engine::ports::{World, WriteIam};

pub(super) async fn undo<W: World<Session: WriteIam>>(
    arguments: Undo,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let yes = arguments.yes;
    let run = arguments.run.clone();
    let requested = Requested::account(arguments.account.clone());
    let target = arguments.into_target();
    let format = target.format;
    ensure!(
        target.aws.records.is_some(),
        "undo needs the table of records; pass its name as `--records` (output `RecordsTable` of the stack)"
    );
    ensure!(
        yes || format == Format::Text,
        "undo needs confirmation and cannot ask for it with `--format json`; pass `--yes`"
    );
    confirm::ensure_can_ask("undo", yes)?;
    let (engine, mut job) = match start(&target, requested, connect).await? {
        Ok(start) => start,
        Err(report) => return show(&report, format, &undo_plan_lines(&report)),
    };
    let plan = engine.plan_undo(&job, run.as_deref()).await;
    let lines = undo_plan_lines(&plan);
    if plan.changes.is_empty() {
        return show(&Report { mode: Mode::Apply, ..plan }, format, &lines);
    }
    if format == Format::Text {
        print_text!("{}", render(&lines));
    }
    if !yes && !confirmed(&plan)? {
        print_line!("Nothing was changed.");
        return Ok(Exit::from_outcome(&plan.outcome));
    }
    confirm_plan(&mut job, &plan, engine.world.now(), target.wait);
    if format == Format::Text {
        print_line!();
    }
    let undone = plan.undo.as_ref().map(|undone| undone.run.as_str());
    let report = engine.undo(&job, undone).await;
    show(&report, format, &undo_report_lines(&report, &plan))
}

fn confirmed(plan: &Report) -> anyhow::Result<bool> {
    let id = plan.account_id.as_ref().map_or("", |id| id.as_str());
    let name = plan.account_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    confirm::ask(&format!("Restore this trust policy in account {id}{name}?"))
}
