//! `onboard demo`: the main job on a simulated organization, with the real engine and no AWS.

use anyhow::{Context, anyhow, bail};

use super::Exit;
use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::paint::{faint, strong};
use onboarding_core::report::{plan_text, report_text};
use onboarding_engine::ports::{Clock, NoLeases, Ports};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization};

const CONFIG: &str = include_str!("../../onboarding.toml");
const MANAGEMENT: &str = "111122223333";
const IDENTITY: &str = "222233334444";
const PIPELINE: &str = "arn:aws:iam::222233334444:role/app-pipeline";
/// The vendors' accounts, which the simulated IAM wants to exist before a policy names them.
const VENDORS: [&str; 2] = ["147995105371", "377450845233"];

type Simulated =
    Engine<Ports<FakeOrganization, FakeOrganization, FakeOrganization, NoLeases, FakeOrganization, FakeOrganization>>;

pub(super) async fn demo() -> anyhow::Result<Exit> {
    let organization = organization()?;
    let config = Config::parse_alone(CONFIG).map_err(|problems| anyhow!("{problems}"))?;
    let [directory, sessions, secrets, registrar, clock] = [(); 5].map(|()| organization.clone());
    let engine = Engine { world: Ports { directory, sessions, secrets, claims: NoLeases, registrar, clock }, config };

    sayln!(
        "{}",
        faint("This is a simulated organization in memory, with IAM's rules. No AWS is touched; time is virtual.")
    );
    let account = create(&organization, &engine).await?;
    let errand = Job {
        account,
        trigger: "create_account".to_owned(),
        origin: "demo".to_owned(),
        run: "demo".to_owned(),
        deadline: organization.now() + 900.0,
        end: organization.now() + 960.0,
        shown: None,
    };

    chapter("2. The plan: what is there and what is to come")?;
    let before = organization.now();
    let plan = engine.plan(&errand).await;
    let refused = organization.journal().iter().filter(|call| call.call == "sts:AssumeRole" && !call.ok).count();
    let waited = organization.now() - before;
    sayln!("{}", faint(format!("The new account let nobody in {refused} times; it was ready after {waited:.0} s.\n")));
    say!("{}", plan_text(&plan));

    chapter("3. Applied, and proven by evaluating the policies that are there now")?;
    let done = engine
        .apply(&Job { shown: Some(plan.changes.into_iter().map(|s| s.change).collect()), ..errand.clone() })
        .await;
    say!("{}", report_text(&done));
    prove(&organization, &errand.account)?;

    chapter("4. The same event again: events come twice")?;
    organization.clear_journal();
    let again = engine.apply(&errand).await;
    say!("{}", report_text(&again));
    let (calls, writes) = (organization.journal().len(), organization.writes().len());
    sayln!("{}", faint(format!("{calls} calls, {writes} of them writes.")));

    if again.outcome == Outcome::Converged && writes == 0 {
        Ok(Exit::Done)
    } else {
        Ok(Exit::from_outcome(&again.outcome))
    }
}

fn organization() -> anyhow::Result<FakeOrganization> {
    let mut organization =
        FakeOrganization::new("aws".parse()?, MANAGEMENT.parse()?, IDENTITY.parse()?).with_identity(PIPELINE);
    for vendor in VENDORS {
        organization = organization.with_outside_account(&vendor.parse()?);
    }
    Ok(organization)
}

/// Creates an account as Organizations does: in progress at first, then there, and its access role a little later.
async fn create(organization: &FakeOrganization, engine: &Simulated) -> anyhow::Result<AccountId> {
    chapter("1. An account is created")?;
    let newborn = AccountCreation { in_progress_seconds: 12.0, access_role_after: 40.0, ..AccountCreation::default() };
    let request = organization.create_account_as("payments-dev", newborn);
    let before = organization.now();
    let account = match engine.created(&request, before + 900.0).await {
        Ok(account) => account,
        Err(end) => bail!("the simulated creation ended {end}"),
    };
    let polls = organization.journal().len();
    let seconds = organization.now() - before;
    sayln!("organizations:CreateAccount   {}", faint(&request));
    sayln!("IN_PROGRESS                   {}", faint(format!("asked {polls} times in {seconds:.0} s")));
    sayln!("SUCCEEDED                     {}", strong(format!("account {account} (payments-dev)")));
    Ok(account)
}

/// Asks the simulated STS, which evaluates the policies by itself, for what the report says.
fn prove(organization: &FakeOrganization, account: &AccountId) -> anyhow::Result<()> {
    use onboarding_core::policy::Caller;
    let role = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
    let ask = |who: &str, name: &str, id: Option<&str>| -> anyhow::Result<bool> {
        let caller = Caller { account: who.parse().context("an account id")?, arn: None };
        Ok(organization.can_assume(&caller, &role(name), id))
    };
    let vendor = "Workload_Security_Role_Cross";
    sayln!("\n  {}", strong("the simulated STS was asked, too"));
    for (who, id, name, role, given) in [
        ("the identity account", IDENTITY, "OrganizationAccountAccessRole", "", None),
        (
            "Workload Security",
            VENDORS[0],
            vendor,
            " with its external ID",
            Some("00000000-1111-2222-3333-444444444444"),
        ),
        ("Workload Security", VENDORS[0], vendor, " without it", None),
    ] {
        let answer = if ask(id, name, given)? { "can enter" } else { "cannot enter" };
        sayln!("  {who}{role}: {answer}");
    }
    Ok(())
}

fn chapter(title: &str) -> anyhow::Result<()> {
    sayln!("\n{}", strong(title));
    Ok(())
}
