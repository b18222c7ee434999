//! `onboard demo`: a new account is onboarded, a second run finds nothing to do, an account that was invited is blocked with its
//! remedy, and what is left for a person is listed.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::Parser;

use super::{IDENTITY, VENDORS, config, faint, heading, organization};
use crate::cli::account_plan::next_steps;
use crate::cli::args::{Args, Command};
use crate::cli::exit::Exit;
use crate::cli::explained::explained;
use onboarding_core::account::AccountId;
use onboarding_core::handoff_list::{AccountHandoff, handoff_lines};
use onboarding_core::lines::{Line, Style, render, widest};
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::ConfirmedPlan;
use onboarding_core::report::{Detail, Report, outcome_line, plan_lines, report_lines};
use onboarding_core::time::{after, since};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization};

const INVITED: &str = "777788889999";
/// The root of the organization, in which Organizations creates accounts.
const ROOT: &str = "o-exampleorgid/r-exam";
/// How long the simulated account is waited for.
const TIMEOUT: Duration = Duration::from_secs(900);
/// How long every simulated call takes, about as long as one of AWS.
const LATENCY: Duration = Duration::from_millis(40);

pub(super) async fn demo() -> anyhow::Result<Exit> {
    let organization = organization()?.without_records();
    let engine = Engine::new(organization.clone(), config()?);

    let (account, creation) = create(&organization, &engine).await?;
    let job = job(&organization, account);
    let new = onboard(&organization, &engine, &job).await?;
    organization.clear_journal();
    let again = engine.apply(&job).await;
    let calls = organization.journal().len();
    let writes = organization.writes().len();
    let invited = invite(&organization)?;
    let blocked = engine.apply(&self::job(&organization, invited)).await;
    let handoffs = engine.account_handoffs(&job.account).await.map_err(explained)?;

    let mut lines =
        vec![faint("A simulated organization, in memory, that enforces IAM's rules: no AWS calls are made.")];
    lines.extend(summary(&new.applied, &again, &blocked, &handoffs));
    lines.extend(heading("1. An account is created"));
    lines.extend(creation);
    lines.extend(heading("2. Plan: current state and planned changes"));
    lines.extend(new.plan_lines);
    lines.extend(heading("3. Apply, then verify by evaluating the resulting policies"));
    lines.extend(report_lines(&new.applied, Some(&new.plan), Detail::Full));
    lines.extend(verify(&organization, &job.account)?);
    lines.extend(heading("4. Apply again: a second run is idempotent"));
    lines.extend(report_lines(&again, None, Detail::Summary));
    lines.push(faint(format!("{calls} calls, {writes} of them writes.")));
    lines.extend(heading("5. An account that was invited is blocked, with its remedy"));
    lines.extend(report_lines(&blocked, None, Detail::Summary));
    lines.extend(heading("6. Hand-offs: the values that a person pastes in vendors' consoles"));
    lines.extend(handoff_lines(&handoffs));
    print_text!("{}", render(&lines));

    if again.outcome == Outcome::Converged && writes == 0 {
        Ok(Exit::Done)
    } else {
        Ok(Exit::from_outcome(&again.outcome))
    }
}

/// An account that joined by invitation, long ago: Organizations created no access role in it.
fn invite(organization: &FakeOrganization) -> anyhow::Result<AccountId> {
    let account: AccountId = INVITED.parse()?;
    let _ = organization.clone().with_invited_member(&account, "acquired-co", Some(UNIX_EPOCH));
    organization.set_ou_path(&account, &format!("{ROOT}/{account}/"));
    Ok(account)
}

fn job(organization: &FakeOrganization, account: AccountId) -> Job {
    Job {
        account,
        trigger: TriggerKind::CommandLine,
        session_suffix: "demo".to_owned(),
        lease_owner: "demo".to_owned(),
        deadline: after(organization.now(), TIMEOUT),
        abandon_at: after(organization.now(), TIMEOUT + Duration::from_secs(60)),
        confirmed_plan: None,
    }
}

/// Creates an account as Organizations does: it is in progress at first, then active, and its access role works only later.
async fn create(
    organization: &FakeOrganization,
    engine: &Engine<FakeOrganization>,
) -> anyhow::Result<(AccountId, Vec<Line>)> {
    let creation = AccountCreation {
        in_progress: Duration::from_secs(12),
        access_role_delay: Duration::from_secs(40),
        ..AccountCreation::default()
    };
    let request = organization.create_account_with("payments-dev", creation);
    let before = organization.now();
    let account = match engine.wait_for_creation(&request, after(before, TIMEOUT)).await {
        Ok(account) => account,
        Err(end) => bail!("the simulated account creation failed: {end}"),
    };
    let polls = organization.journal().len();
    let seconds = since(before, organization.now()).as_secs_f64();
    organization.set_ou_path(&account, &format!("{ROOT}/{account}/"));
    let step = |name: &str| Line::at(0).column(Style::Plain, name, 28);
    let lines = vec![
        step("organizations:CreateAccount").styled(Style::Faint, &request),
        step("IN_PROGRESS").styled(Style::Faint, format!("polled {polls} times in {seconds:.0} s")),
        step("SUCCEEDED").styled(Style::Strong, format!("account {account} (payments-dev)")),
    ];
    Ok((account, lines))
}

/// The plan of the new account, and its result.
struct Onboarded {
    plan: Report,
    plan_lines: Vec<Line>,
    applied: Report,
}

async fn onboard(
    organization: &FakeOrganization,
    engine: &Engine<FakeOrganization>,
    job: &Job,
) -> anyhow::Result<Onboarded> {
    let before = organization.now();
    let plan = engine.plan(job).await;
    let refused = organization.journal().iter().filter(|call| call.call == "sts:AssumeRole" && !call.ok).count();
    let waited = since(before, organization.now()).as_secs_f64();
    let waiting = faint(format!("AssumeRole was refused {refused} times; the account was ready after {waited:.0} s."));
    let mut lines = vec![waiting, Line::blank()];
    let words = ["onboard", "plan", "--account", job.account.as_str()];
    let Command::Plan(arguments) = Args::try_parse_from(words)?.command else { bail!("`plan` is another subcommand") };
    let selector = arguments.run.selector().context("one account is named")?;
    let target = arguments.run.into_target(selector);
    lines.extend(plan_lines(&plan, target.detail()));
    lines.extend(next_steps(&target));
    // Calls take time from here on, so that the result says how long the changes took.
    organization.set_latency(LATENCY);
    let confirmed = plan.changes.iter().map(|result| result.change.clone()).collect();
    let applied = engine.apply(&Job { confirmed_plan: Some(ConfirmedPlan::Exact(confirmed)), ..job.clone() }).await;
    organization.set_latency(Duration::ZERO);
    Ok(Onboarded { plan, plan_lines: lines, applied })
}

/// The outcomes of all runs, which are explained below it.
fn summary(new: &Report, again: &Report, blocked: &Report, handoffs: &[AccountHandoff]) -> Vec<Line> {
    let runs = [(new, "new"), (again, "again"), (blocked, "invited")];
    let name = |report: &Report| report.account_name.as_ref().map(ToString::to_string).unwrap_or_default();
    let labels = runs.map(|(report, which)| format!("{} ({which})", name(report)));
    let width = widest(&labels);
    let mut lines = heading("Summary");
    for (label, (report, _)) in labels.iter().zip(runs) {
        lines.push(Line::at(2).column(Style::Plain, label, width).append(outcome_line(report)));
    }
    lines.extend(handoff_lines(handoffs).into_iter().next().map(|first| Line::at(2).append(first)));
    lines
}

/// Asks the simulated STS for the access that the report has verified. It evaluates the policies independently of the report.
fn verify(organization: &FakeOrganization, account: &AccountId) -> anyhow::Result<Vec<Line>> {
    use onboarding_core::policy::Caller;
    let role = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
    let can_assume = |who: &str, name: &str, id: Option<&str>| -> anyhow::Result<bool> {
        let caller = Caller { account: who.parse().context("an account ID")?, arn: None };
        Ok(organization.can_assume(&caller, &role(name), id))
    };
    let vendor = "Workload_Security_Role_Cross";
    let mut lines = heading("The same checks against the simulated STS");
    for (who, id, role_name, suffix, external_id) in [
        ("the identity account", IDENTITY, "OrganizationAccountAccessRole", "", None),
        (
            "Workload Security",
            VENDORS[0],
            vendor,
            " with its external ID",
            Some("00000000-1111-2222-3333-444444444444"),
        ),
        ("Workload Security", VENDORS[0], vendor, " without an external ID", None),
    ] {
        let answer = if can_assume(id, role_name, external_id)? { "can assume the role" } else { "denied" };
        lines.push(Line::at(2).text(format!("{who}{suffix}: {answer}")));
    }
    Ok(lines)
}
