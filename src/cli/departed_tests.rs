use std::time::Duration;

use clap::Parser;
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::error::ApiError;
use onboarding_core::time::{after, from_unix_seconds};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::{Clock, WriteIam};
use onboarding_simulation::{FakeOrganization, Faulty, Script, Tenant};

use super::super::account;
use super::super::args::{Args, Command};
use super::super::common_args::Aws;
use super::*;

const ACCOUNT: &str = "444455556666";
const VENDOR: &str = "147995105371";

const CONFIG: &str = r#"
[vendors.workload-security]
external-id = "s3cret-external-id"
registration = { region = "us-1", api-key = { ssm-parameter = "/ws/key" } }
"#;

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn registrations(organization: &FakeOrganization) -> usize {
    organization.tenant().unwrap().connectors.len()
}

/// An organization with an account that was registered with a vendor.
fn registered() -> FakeOrganization {
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"))
        .with_outside_account(&id(VENDOR))
        .with_parameter("/ws/key", "tmc12:s3cret-key")
        .with_member(&id(ACCOUNT), "payments-dev", AccountState::Active, from_unix_seconds(1_500_000_000));
    let url = "https://workload.us-1.cloudone.trendmicro.com/api";
    organization.set_tenant(Tenant::new(url, "tmc12:s3cret-key", &id(VENDOR), "s3cret-external-id"));
    let engine = Engine::new(organization.clone(), Config::parse_without_files(CONFIG).unwrap());
    let deadline = after(organization.now(), Duration::from_secs(900));
    let job = Job {
        account: id(ACCOUNT),
        trigger: TriggerKind::CommandLine,
        session_suffix: "run".to_owned(),
        lease_owner: "run".to_owned(),
        deadline,
        abandon_at: deadline,
        confirmed_plan: None,
    };
    let report = run(engine.apply(&job));
    assert_eq!(report.outcome.as_str(), "converged", "{}", report.outcome);
    assert_eq!(registrations(&organization), 1);
    organization
}

/// The exit code of `onboard plan` or `onboard apply` for the account.
fn command<W: World<Session: WriteIam> + Clone>(words: &[&str], organization: &W) -> Exit {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("onboarding.toml");
    std::fs::write(&config, CONFIG).unwrap();
    let options = ["--account", ACCOUNT, "--config", config.to_str().unwrap(), "--records", "Records"];
    let arguments = Args::parse_from(["onboard"].iter().chain(words).chain(&options));
    let connect = async |_: &Aws| Ok(organization.clone());
    let exit = match arguments.command {
        Command::Plan(plan) => {
            let selector = plan.run.selector().unwrap();
            run(account::plan(plan.run.into_target(selector), connect))
        }
        Command::Apply(apply) => {
            let selector = apply.run.selector().unwrap();
            run(account::apply(apply.run.into_target(selector), apply.yes, connect))
        }
        _ => unreachable!(),
    };
    exit.unwrap()
}

#[test]
fn registration_of_an_account_that_left_is_planned_and_removed() {
    let organization = registered();
    organization.remove_account(&id(ACCOUNT));
    assert_eq!(command(&["plan"], &organization), Exit::Pending);
    assert_eq!(registrations(&organization), 1, "a plan changes nothing");
    assert_eq!(command(&["apply", "--yes"], &organization), Exit::Done);
    assert_eq!(registrations(&organization), 0);
    assert_eq!(command(&["apply", "--yes"], &organization), Exit::Done, "there is nothing left to do");
}

#[test]
fn vendor_that_refuses_the_key_needs_attention() {
    let organization = registered();
    organization.remove_account(&id(ACCOUNT));
    let tenant = organization.tenant().unwrap();
    organization.set_tenant(Tenant { key: "another".to_owned(), ..tenant });
    assert_eq!(command(&["plan"], &organization), Exit::Blocked);
    assert_eq!(command(&["apply", "--yes"], &organization), Exit::Blocked);
    assert_eq!(registrations(&organization), 1);
}

/// What a person confirms is what was shown: here nothing, because the vendor did not answer while the plan was made.
#[test]
fn registration_that_was_not_shown_is_not_removed() {
    let organization = registered();
    organization.remove_account(&id(ACCOUNT));
    let mut searches = 0;
    let script = Script::intercepting(move |call, _| {
        let is_search = call == "workload-security:SearchAwsConnectors";
        searches += usize::from(is_search);
        (is_search && searches == 1).then(|| ApiError::new("workload-security:SearchAwsConnectors", "Unavailable", ""))
    });
    assert_eq!(command(&["apply", "--yes"], &Faulty::new(organization.clone(), &script)), Exit::Blocked);
    assert_eq!(registrations(&organization), 1);
    assert_eq!(command(&["apply", "--yes"], &organization), Exit::Done);
    assert_eq!(registrations(&organization), 0);
}

/// It may be a mistyped ID, and no account of this organization.
#[test]
fn account_that_was_never_processed_is_not_a_member() {
    let organization = registered().without_records();
    organization.remove_account(&id(ACCOUNT));
    assert_eq!(command(&["plan"], &organization), Exit::Blocked);
    assert_eq!(registrations(&organization), 1);
}
