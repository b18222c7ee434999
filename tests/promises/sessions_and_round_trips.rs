//! Sessions are as narrow as the work and no more of them than needed; calls go side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::policy::{Actions, Document};
use onboarding_engine::ports::AssumeRoleRequest;
use onboarding_simulation::FakeOrganization;

use crate::common::*;

/// The configuration that the demo runs with.
const EXAMPLE: &str = include_str!("../../onboarding.toml");

/// What the session policies of the last run name, each of them checked.
fn resources(organization: &FakeOrganization) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in organization.entries() {
        // All that a session is opened with: there is no source identity and there are no session tags.
        let AssumeRoleRequest { role_arn, policy, session_name } = entry;
        assert_eq!(role_arn, format!("arn:aws:iam::{NEW}:role/{ACCESS}"));
        assert_eq!(session_name, "account-onboarding-event-1");
        assert!(policy.len() <= 2048, "{}", policy.len());
        for statement in Document::parse(&policy).unwrap().statements() {
            let Actions::Only(actions) = &statement.actions else { panic!("{policy}") };
            assert!(actions.iter().all(|action| action.starts_with("iam:") && !action.contains('*')), "{actions:?}");
            all.extend(statement.resources.clone().unwrap());
        }
    }
    all
}

#[test]
fn a_session_names_the_roles_of_the_configuration_and_no_other() {
    let organization = with_new_account();
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    assert_eq!(organization.entries().len(), 1);
    insta::assert_snapshot!(resources(&organization).into_iter().collect::<Vec<_>>().join("\n"), @"
    arn:aws:iam::444455556666:role/OrganizationAccountAccessRole
    arn:aws:iam::444455556666:role/TrelicaIntegration
    arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
    arn:aws:iam::444455556666:role/app-deployer
    arn:aws:iam::444455556666:role/apps/app-deployer
    ");
}

#[test]
fn many_roles_take_several_sessions_and_no_wider_one() {
    let organization = with_new_account();
    let config = many_roles(40);
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(report.outcome, Outcome::Converged);
    let arn = |role: &str| format!("arn:aws:iam::{NEW}:role/{role}");
    let wanted: BTreeSet<_> = (0..40).map(|n| arn(&format!("role-{n}"))).chain([arn(ACCESS)]).collect();
    assert_eq!(resources(&organization), wanted);
    let sessions = organization.entries().len();
    assert!((2..=20).contains(&sessions), "{sessions}");
    let confirmed = organization.journal().iter().filter(|call| call.call == "sts:GetCallerIdentity").count();
    assert_eq!(confirmed, sessions, "each is confirmed");
    organization.clear_journal();
    assert_eq!(apply_with(&organization, NEW, &config).outcome, Outcome::Converged);
    assert_eq!(organization.writes(), []);
}

/// How many calls one after the other a run waits for, when each takes a second.
fn round_trips(organization: &FakeOrganization, config: &str) -> u64 {
    organization.clear_journal();
    organization.set_latency(Duration::from_secs(1));
    let report = apply_with(organization, NEW, config);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(report.duration_ms % 1000, 0, "no pause");
    report.duration_ms / 1000
}

/// The account is asked about, and entered.
const UNTIL_INSIDE: u64 = 2;
/// An account that was written is given back.
const AFTERWARDS: u64 = 1;

#[test]
fn a_fresh_account_takes_four_round_trips_and_a_converged_one_a_single_one() {
    let organization = with_new_account();
    assert_eq!(round_trips(&organization, EXAMPLE) - UNTIL_INSIDE - AFTERWARDS, 4);
    assert_eq!(round_trips(&organization, EXAMPLE) - UNTIL_INSIDE, 1);
    assert_eq!(organization.writes(), []);
}

#[test]
fn more_roles_take_no_longer() {
    let organization = with_new_account();
    let config = many_roles(40);
    assert_eq!(round_trips(&organization, &config) - UNTIL_INSIDE - AFTERWARDS, 4);
    assert_eq!(round_trips(&organization, &config) - UNTIL_INSIDE, 1);
}
