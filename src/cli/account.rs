//! `onboard plan` and `onboard apply`: plan or change one account in AWS.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::account_plan::{confirm_plan, next_steps, show};
use super::common_args::{Aws, Format};
use super::config;
use super::confirm;
use super::departed;
use super::exit::Exit;
use super::input::read;
use super::records_check::ensure_records;
use super::target_args::{Selector, Target};
use onboarding_core::account::AccountId;
use onboarding_core::limits::COMMAND_LINE_GRACE;
use onboarding_core::lines::render;
use onboarding_core::mode::Mode;
use onboarding_core::report::{Report, plan_lines, report_lines};
use onboarding_core::suggestion::counted;
use onboarding_core::time::{after, unix_milliseconds};
use onboarding_core::trigger::{self, Request, RequestedAccount, TriggerKind};
use onboarding_engine::ports::{Clock, World, WriteIam};
use onboarding_engine::{Engine, Job};

/// The name of the CLI in sessions and leases.
const NAME: &str = "command-line";

/// The engine and its job, or the report of an account that needs no run.
pub(super) type Start<W> = Result<(Engine<W>, Job), Box<Report>>;

pub(super) async fn plan<W: World>(
    target: Target,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let report = match start(&target, requested(&target.selector)?, connect).await? {
        Ok((engine, job)) => {
            let report = engine.plan(&job).await;
            if let Some(exit) = departed::plan(&engine, &job, &report, &target).await? {
                return Ok(exit);
            }
            report
        }
        Err(report) => *report,
    };
    let mut lines = plan_lines(&report, target.detail());
    if !report.changes.is_empty() {
        lines.extend(next_steps(&target));
    }
    show(&report, target.format, &lines)
}

pub(super) async fn apply<W: World<Session: WriteIam>>(
    target: Target,
    yes: bool,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let format = target.format;
    let requested = requested(&target.selector)?;
    if let Request::Account { mode: Mode::Plan, .. } = requested.request {
        anyhow::bail!("the event requests a plan, not changes; use `onboard plan`");
    }
    ensure_confirmed(format, yes)?;
    let (engine, mut job) = match start(&target, requested, connect).await? {
        Ok(start) => start,
        Err(report) => {
            let report = Report { mode: Mode::Apply, ..*report };
            return show(&report, format, &report_lines(&report, None, target.detail()));
        }
    };
    ensure_records(&engine.world).await?;
    let plan = engine.plan(&job).await;
    if let Some(exit) = departed::apply(&engine, &mut job, &plan, &target, yes).await? {
        return Ok(exit);
    }
    let lines = plan_lines(&plan, target.detail());
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
    let report = engine.apply(&job).await;
    show(&report, format, &report_lines(&report, Some(&plan), target.detail()))
}

/// Fails before anything is done if `apply` would have to ask and cannot.
pub(super) fn ensure_confirmed(format: Format, yes: bool) -> anyhow::Result<()> {
    ensure!(
        yes || format == Format::Text,
        "apply needs confirmation and cannot ask for it with `--format json`; pass `--yes`"
    );
    confirm::ensure_can_ask("apply", yes)
}

pub(super) async fn start<W: World>(
    target: &Target,
    requested: Requested,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Start<W>> {
    let config = config::load(&target.config)?;
    let Requested { trigger, request } = requested;
    let ended = |account, outcome| Ok(Err(Box::new(Report::new(account, trigger, Mode::Plan, outcome))));
    let account = match request {
        Request::Account { account, .. } => account,
        Request::Sweep { .. } | Request::CanaryCheck => anyhow::bail!(
            "the event is a sweep of all accounts, and `--event` is for one account; run `onboard plan --all` or `onboard apply --all`"
        ),
        Request::Chunk { accounts } => anyhow::bail!(
            "the event is a chunk of a sweep with {}, and `--event` is for one account; pass their IDs with `--account`",
            counted(accounts.len(), "account")
        ),
        Request::Nothing { account, outcome } => return ended(account, outcome),
    };
    config::refuse_example_values(&config)?;
    let engine = Engine::new(connect(&target.aws).await?, config);
    let deadline = after(engine.world.now(), Duration::from_secs(target.wait.into()));
    let known_id = account.id().cloned();
    let account = match engine.resolve(account, deadline).await {
        Ok(id) => id,
        Err(outcome) => return ended(known_id, outcome),
    };
    let job = Job {
        account,
        trigger,
        session_suffix: NAME.to_owned(),
        lease_owner: run_name(&engine.world),
        deadline,
        abandon_at: after(deadline, COMMAND_LINE_GRACE),
        confirmed_plan: None,
    };
    Ok(Ok((engine, job)))
}

/// A name for this run, which no other run has.
pub(super) fn run_name(world: &impl Clock) -> String {
    format!("{NAME}-{}-{}", std::process::id(), unix_milliseconds(world.now()))
}

/// What the command line selects.
pub(super) struct Requested {
    trigger: TriggerKind,
    request: Request,
}

impl Requested {
    /// The account of `--account`.
    pub(super) fn account(id: AccountId) -> Self {
        // The subcommand decides whether changes are applied.
        let request = Request::Account { account: RequestedAccount::Existing(id), mode: Mode::Apply };
        Self { trigger: TriggerKind::CommandLine, request }
    }
}

fn requested(selector: &Selector) -> anyhow::Result<Requested> {
    match (&selector.account, &selector.event) {
        (Some(id), _) => Ok(Requested::account(id.clone())),
        (None, Some(file)) => {
            let trigger = trigger::parse(read(file)?.as_bytes()).with_context(|| format!("`{file}`"))?.trigger;
            Ok(Requested { trigger: trigger.kind(), request: trigger.into_request() })
        }
        (None, None) => anyhow::bail!("pass `--account` or `--event`"),
    }
}

fn confirmed(plan: &Report) -> anyhow::Result<bool> {
    let id = plan.account_id.as_ref().map_or("", |id| id.as_str());
    let name = plan.account_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let changes = match plan.changes.len() {
        1 => "this change".to_owned(),
        count => format!("these {count} changes"),
    };
    confirm::ask(&format!("Apply {changes} to account {id}{name}?"))
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
