//! `onboard plan` and `onboard apply`: one account, against AWS.

use onboarding_core::code::Code;
use std::io::{IsTerminal, Write};

use anyhow::{Context, ensure};

use super::args::{Aws, Format, Target, Which};
use super::{Exit, config, read};
use onboarding_core::account::AccountId;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, paint, plan_text, report_text};
use onboarding_core::trigger::{self, Trigger};
use onboarding_engine::ports::{Clock, Sessions, World, WriteIam};
use onboarding_engine::{Engine, Job};

/// How long calls that are under way when the waiting ends may take, in seconds.
const LAST_CALLS: f64 = 120.0;

/// What there is to do, or how it ended before anything was done.
type Start<W> = Result<(Engine<W>, Job), Box<Report>>;

pub(super) async fn plan<W: World>(
    target: Target,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let format = target.format;
    let report = match start(&target, asked(&target.which)?, connect).await? {
        Ok((engine, errand)) => engine.plan(&errand).await,
        Err(report) => *report,
    };
    show(&report, format, plan_text)
}

pub(super) async fn apply<W: World<Sessions: Sessions<Session: WriteIam>>>(
    target: Target,
    yes: bool,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let format = target.format;
    let asked = asked(&target.which)?;
    if let Asked::Event(Trigger::Manual { mode: Mode::Plan, .. }) = asked {
        anyhow::bail!("the event asks for a plan and not for changes; use `onboard plan`");
    }
    let can_ask = format == Format::Text && std::io::stdin().is_terminal();
    ensure!(yes || can_ask, "apply asks before it changes anything, and here is nobody to ask; give `--yes`");
    let (engine, mut errand) = match start(&target, asked, connect).await? {
        Ok(start) => start,
        Err(report) => return show(&Report { mode: Mode::Apply, ..*report }, format, report_text),
    };
    let plan = engine.plan(&errand).await;
    if format == Format::Text {
        say!("{}", plan_text(&plan));
    }
    if plan.changes.is_empty() {
        let end = Report { mode: Mode::Apply, ..plan };
        return if format == Format::Json {
            show(&end, format, plan_text)
        } else {
            Ok(Exit::from_outcome(&end.outcome))
        };
    }
    if !yes && !confirmed(&plan)? {
        sayln!("Nothing was changed.");
        return Ok(Exit::from_outcome(&plan.outcome));
    }
    // What was shown is what is applied: an account that changed in between gets a new plan.
    // Neither the plan's waiting nor a person's thinking is taken from the time to apply.
    errand.deadline = engine.clock().now() + f64::from(target.wait);
    errand.end = errand.deadline + LAST_CALLS;
    errand.shown = Some(plan.changes.into_iter().map(|step| step.change).collect());
    if format == Format::Text {
        sayln!();
    }
    show(&engine.apply(&errand).await, format, report_text)
}

async fn start<W: World>(
    target: &Target,
    asked: Asked,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Start<W>> {
    let config = config::load(&target.config)?;
    let ended = |account, kind: &str, end| Err(Box::new(Report::new(account, kind, Mode::Plan, end)));
    if let Asked::Event(Trigger::Ignored { kind, reason, account }) = asked {
        return Ok(ended(account, kind.as_str(), Outcome::ignored(Code::NotApplicable, reason)));
    }
    let engine = Engine { world: connect(&target.aws).await?, config };
    let deadline = engine.clock().now() + f64::from(target.wait);
    let (account, kind) = match asked {
        Asked::Account(id) => (id, "command_line"),
        Asked::Event(Trigger::AccountReady { id, kind }) => (id, kind.as_str()),
        Asked::Event(Trigger::Manual { id, .. }) => (id, "manual"),
        Asked::Event(Trigger::AccountGone { id, kind, how }) => {
            let end = Outcome::ignored(Code::Departed, format!("account {id} {how}"));
            return Ok(ended(Some(id), kind.as_str(), end));
        }
        Asked::Event(Trigger::Sweep { .. }) => {
            anyhow::bail!("the event asks for every account; name one with `--account`")
        }
        Asked::Event(Trigger::AccountRequested { request, kind }) => match engine.created(&request, deadline).await {
            Ok(id) => (id, kind.as_str()),
            Err(end) => return Ok(ended(None, kind.as_str(), end)),
        },
        Asked::Event(Trigger::Ignored { kind, reason, account }) => {
            return Ok(ended(account, kind.as_str(), Outcome::ignored(Code::NotApplicable, reason)));
        }
    };
    let (trigger, origin) = (kind.to_owned(), "command-line".to_owned());
    let (run, end) = (origin.clone(), deadline + LAST_CALLS);
    Ok(Ok((engine, Job { account, trigger, origin, run, deadline, end, shown: None })))
}

enum Asked {
    Account(AccountId),
    Event(Trigger),
}

fn asked(which: &Which) -> anyhow::Result<Asked> {
    match (&which.account, &which.event) {
        (Some(id), _) => Ok(Asked::Account(id.clone())),
        (None, Some(file)) => {
            let understood = trigger::parse(read(file)?.as_bytes()).with_context(|| format!("`{file}`"))?;
            Ok(Asked::Event(understood.trigger))
        }
        (None, None) => anyhow::bail!("give `--account` or `--event`"),
    }
}

fn show(report: &Report, format: Format, text: impl Fn(&Report) -> String) -> anyhow::Result<Exit> {
    match format {
        Format::Text => say!("{}", text(report)),
        Format::Json => sayln!("{}", serde_json::to_string_pretty(report)?),
    }
    Ok(Exit::from_outcome(&report.outcome))
}

fn confirmed(plan: &Report) -> anyhow::Result<bool> {
    let id = plan.account_id.as_ref().map_or("", |id| id.as_str());
    say!("\n{} ", paint::strong(format!("Make these changes in account {id}? Only `yes` is taken:")));
    anstream::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
