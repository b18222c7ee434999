use clap::Parser;
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::FakeOrganization;

use super::super::args::{Args, Command};
use super::*;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/account-departed-left.json");

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn organization(state: AccountState) -> FakeOrganization {
    FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444")).with_member(
        &id("444455556666"),
        "payments-dev",
        state,
        from_unix_seconds(1_500_000_000),
    )
}

/// The target of `onboard plan` for one account.
fn target(command: Command) -> Target {
    let Command::Plan(plan) = command else { panic!("a plan") };
    let selector = plan.run.selector().unwrap();
    plan.run.into_target(selector)
}

/// Starts `onboard plan --event` with the sample, and returns the account to process or the outcome without a run.
fn started(organization: &FakeOrganization) -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("onboarding.toml");
    std::fs::write(&config, "[[access-role.grant]]\nprincipal = '482913650127'\n").unwrap();
    let arguments = Args::parse_from(["onboard", "plan", "--event", SAMPLE, "--config", config.to_str().unwrap()]);
    let target = target(arguments.command);
    let requested = requested(&target.selector).unwrap();
    let start = start(&target, requested, async |_: &Aws| Ok(organization.clone()));
    match tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(start).unwrap() {
        Ok((_, job)) => format!("account {} is processed", job.account),
        Err(report) => format!("{}; {}", report.account_id.as_ref().unwrap(), report.outcome),
    }
}

#[test]
fn departure_event_is_confirmed_with_organizations() {
    let member = organization(AccountState::Active);
    let lines = [
        started(&member),
        started(&organization(AccountState::PendingActivation)),
        started(&organization(AccountState::Suspended)),
        started(&organization(AccountState::Closed)),
        {
            member.remove_account(&id("444455556666"));
            started(&member)
        },
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    account 444455556666 is processed
    account 444455556666 is processed
    444455556666; ignored (departed): account 444455556666 was suspended by AWS (SUSPENDED); nothing to do
    444455556666; ignored (departed): account 444455556666 was closed (CLOSED); nothing to do
    444455556666; ignored (departed): account 444455556666 left the organization; nothing to do
    ");
    assert_eq!(member.writes(), []);
}

/// Otherwise the next command would not know the roles that this tool created, and would revoke their sessions.
#[test]
fn printed_command_has_the_options_of_the_plan() {
    let words =
        ["--account", "444455556666", "--config", "own.toml", "--profile", "management", "--records", "Records-1A2B"];
    let arguments = Args::parse_from([&["onboard", "plan"][..], &words].concat());
    assert_eq!(target(arguments.command).command_line().unwrap(), words.join(" "));
}
