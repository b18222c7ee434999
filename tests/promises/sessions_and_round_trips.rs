//! Sessions follow least privilege: their policies name only the configured roles, and a run opens no more sessions than it
//! needs. Independent calls are concurrent, so the number of sequential round trips does not grow with the number of roles.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::policy::{Actions, Document};
use onboarding_engine::ports::AssumeRoleRequest;
use onboarding_simulation::FakeOrganization;

use crate::common::{ACCESS, NEW, Scenario, many_roles};

/// The configuration of the demo.
const EXAMPLE: &str = include_str!("../../onboarding.toml");

/// The resources that the session policies of the last run name, after checking each policy.
fn resources(organization: &FakeOrganization) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for request in organization.assume_role_requests() {
        // These are all parameters of a session: there is no source identity and there are no session tags.
        let AssumeRoleRequest { role_arn, policy, session_name } = request;
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
fn session_policy_names_only_the_configured_roles() {
    let scenario = Scenario::new().with_new_account().apply().assert_outcome("converged");
    let organization = scenario.organization();
    assert_eq!(organization.assume_role_requests().len(), 1);
    insta::assert_snapshot!(resources(organization).into_iter().collect::<Vec<_>>().join("\n"), @"
    arn:aws:iam::444455556666:role/OrganizationAccountAccessRole
    arn:aws:iam::444455556666:role/TrelicaIntegration
    arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
    arn:aws:iam::444455556666:role/app-deployer
    arn:aws:iam::444455556666:role/apps/app-deployer
    ");
}

#[test]
fn many_roles_are_split_into_several_narrow_sessions() {
    let scenario = Scenario::new().with_new_account().config(&many_roles(40)).apply().assert_outcome("converged");
    let organization = scenario.organization();
    let arn = |role: &str| format!("arn:aws:iam::{NEW}:role/{role}");
    let expected: BTreeSet<_> = (0..40).map(|n| arn(&format!("role-{n}"))).chain([arn(ACCESS)]).collect();
    assert_eq!(resources(organization), expected);
    let sessions = organization.assume_role_requests().len();
    assert!((2..=20).contains(&sessions), "{sessions}");
    let confirmed = organization.journal().iter().filter(|call| call.call == "sts:GetCallerIdentity").count();
    assert_eq!(confirmed, sessions, "the account of each session is confirmed");
    let scenario = scenario.apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), []);
}

/// The number of sequential round trips of a run: every call takes one second, and independent calls are concurrent.
fn round_trips(scenario: &Scenario) -> u64 {
    let report = scenario.report();
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(report.duration_ms % 1000, 0, "the run never backs off");
    report.duration_ms / 1000
}

/// Describing the account and assuming the access role.
const BEFORE_IAM: u64 = 2;
/// Releasing the lease after a write.
const AFTER_WRITES: u64 = 1;

#[test]
fn new_account_takes_four_round_trips_and_a_converged_one_takes_one() {
    let scenario = Scenario::new().with_new_account().with_latency(Duration::from_secs(1)).config(EXAMPLE).apply();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM - AFTER_WRITES, 4);
    let scenario = scenario.apply_again();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM, 1);
    assert_eq!(scenario.writes(), []);
}

#[test]
fn number_of_roles_does_not_affect_the_round_trips() {
    let slow = Scenario::new().with_new_account().with_latency(Duration::from_secs(1));
    let scenario = slow.config(&many_roles(40)).apply();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM - AFTER_WRITES, 4);
    assert_eq!(round_trips(&scenario.apply_again()) - BEFORE_IAM, 1);
}
