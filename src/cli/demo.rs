//! `onboard demo`: the real engine onboards an account of a simulated organization, without AWS.

use std::fmt::Display;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::exit::Exit;
use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Detail, plan_lines, report_lines};
use onboarding_core::time::{after, since};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization};

const CONFIG: &str = include_str!("../../onboarding.toml");
const MANAGEMENT: &str = "111122223333";
const IDENTITY: &str = "222233334444";
const PIPELINE: &str = "arn:aws:iam::222233334444:role/app-pipeline";
/// The vendors' accounts. Like IAM, the simulation rejects policies that name accounts that do not exist.
const VENDORS: [&str; 2] = ["147995105371", "377450845233"];
/// How long the simulated account is waited for.
const TIMEOUT: Duration = Duration::from_secs(900);

pub(super) async fn demo() -> anyhow::Result<Exit> {
    let organization = organization()?;
    let config = Config::parse_without_files(CONFIG).map_err(|problems| anyhow!("{problems}"))?;
    let engine = Engine::new(organization.clone(), config);

    print(faint("A simulated organization, in memory, that enforces IAM's rules: no AWS calls are made."))?;
    let account = create(&organization, &engine).await?;
    let job = Job {
        account,
        trigger: TriggerKind::CreateAccount,
        session_suffix: "demo".to_owned(),
        lease_owner: "demo".to_owned(),
        deadline: after(organization.now(), TIMEOUT),
        abandon_at: after(organization.now(), TIMEOUT + Duration::from_secs(60)),
        confirmed_plan: None,
    };

    heading("2. Plan: current state and planned changes")?;
    let before = organization.now();
    let plan = engine.plan(&job).await;
    let refused = organization.journal().iter().filter(|call| call.call == "sts:AssumeRole" && !call.ok).count();
    let waited = since(before, organization.now()).as_secs_f64();
    print(faint(format!("AssumeRole was refused {refused} times; the account was ready after {waited:.0} s.")))?;
    print(Line::blank())?;
    print_text!("{}", render(&plan_lines(&plan, Detail::Summary)));

    heading("3. Apply, then verify by evaluating the resulting policies")?;
    let applied = engine
        .apply(&Job {
            confirmed_plan: Some(plan.changes.iter().map(|result| result.change.clone()).collect()),
            ..job.clone()
        })
        .await;
    print_text!("{}", render(&report_lines(&applied, Some(&plan), Detail::Full)));
    verify(&organization, &job.account)?;

    heading("4. Apply again: a second run is idempotent")?;
    organization.clear_journal();
    let again = engine.apply(&job).await;
    print_text!("{}", render(&report_lines(&again, None, Detail::Summary)));
    let calls = organization.journal().len();
    let writes = organization.writes().len();
    print(faint(format!("{calls} calls, {writes} of them writes.")))?;

    if again.outcome == Outcome::Converged && writes == 0 {
        Ok(Exit::Done)
    } else {
        Ok(Exit::from_outcome(&again.outcome))
    }
}

fn organization() -> anyhow::Result<FakeOrganization> {
    let mut organization = FakeOrganization::new("aws".parse()?, MANAGEMENT.parse()?, IDENTITY.parse()?)
        .with_identity(PIPELINE)
        .without_records();
    for vendor in VENDORS {
        organization = organization.with_outside_account(&vendor.parse()?);
    }
    Ok(organization)
}

/// Creates an account as Organizations does: it is in progress at first, then active, and its access role works only later.
async fn create(organization: &FakeOrganization, engine: &Engine<FakeOrganization>) -> anyhow::Result<AccountId> {
    heading("1. An account is created")?;
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
    let step = |name: &str| Line::at(0).column(Style::Plain, name, 28);
    print(step("organizations:CreateAccount").styled(Style::Faint, &request))?;
    print(step("IN_PROGRESS").styled(Style::Faint, format!("polled {polls} times in {seconds:.0} s")))?;
    print(step("SUCCEEDED").styled(Style::Strong, format!("account {account} (payments-dev)")))?;
    Ok(account)
}

/// Asks the simulated STS for what the report claims. It evaluates the policies independently of the report.
fn verify(organization: &FakeOrganization, account: &AccountId) -> anyhow::Result<()> {
    use onboarding_core::policy::Caller;
    let role = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
    let can_assume = |who: &str, name: &str, id: Option<&str>| -> anyhow::Result<bool> {
        let caller = Caller { account: who.parse().context("an account ID")?, arn: None };
        Ok(organization.can_assume(&caller, &role(name), id))
    };
    let vendor = "Workload_Security_Role_Cross";
    heading("The same checks against the simulated STS")?;
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
        print(Line::at(2).text(format!("{who}{suffix}: {answer}")))?;
    }
    Ok(())
}

fn heading(title: &str) -> anyhow::Result<()> {
    print(Line::blank())?;
    print(Line::heading(title))
}

fn faint(text: impl Display) -> Line {
    Line::at(0).styled(Style::Faint, text)
}

fn print(line: Line) -> anyhow::Result<()> {
    print_text!("{}", render(&[line]));
    Ok(())
}
