//! Sessions follow least privilege: their policies name only the configured roles, and a run opens no more sessions than it
//! needs. Independent calls are concurrent, so the number of sequential round trips does not grow with the number of roles.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_core::outcome::Outcome;
use onboarding_core::policy::{Actions, Document};
use onboarding_core::time::since;
use onboarding_engine::FirstLook;
use onboarding_engine::ports::{AssumeRoleRequest, Clock, Directory};
use onboarding_simulation::FakeOrganization;

use crate::common::{ACCESS, NEW, OWN_ROLE, Scenario, id, many_roles, name, run};
use crate::lambda::{Lambda, account_created};

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

/// Describing the account and reading its record; assuming the access role, reading the secrets and acquiring the lease.
const BEFORE_IAM: u64 = 2;

#[test]
fn new_account_takes_four_round_trips_and_a_converged_one_takes_one() {
    let scenario = Scenario::new().with_new_account().with_latency(Duration::from_secs(1)).config(EXAMPLE).apply();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM, 4);
    let scenario = scenario.apply_again();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM, 1);
    assert_eq!(scenario.writes(), []);
}

/// The number of dependent steps of one event, from the invocation to the response. The function has just started, so that it
/// reads its configuration and its secrets.
fn steps_of_one_event(function: &Lambda) -> u64 {
    let organization = function.organization();
    let start = organization.now();
    let batch = function.queue.receive(1);
    assert_eq!(function.invoke(&batch), [""; 0]);
    let took = since(start, organization.now());
    function.queue.delete(&batch[0].id);
    assert_eq!(took.subsec_nanos(), 0, "the run never backs off");
    took.as_secs()
}

#[test]
fn one_event_takes_eight_steps_in_a_fresh_account_and_four_in_a_converged_one() {
    for config in [EXAMPLE.to_owned(), many_roles(40)] {
        let scenario = Scenario::new().with_new_account().with_latency(Duration::from_secs(1)).config(&config);
        let function = scenario.function();
        function.organization().set_notifier_latency(Duration::from_secs(1));
        for expected in [8, 4, 4] {
            function.queue.put(&account_created(&id(NEW)));
            assert_eq!(steps_of_one_event(&function), expected);
        }
        function.assert_all_processed("three events");
        // The daily sweep of an established account.
        function.wait(Duration::from_secs(86_400));
        function.queue.put(&serde_json::json!({"sweep": {"account_id": NEW}}).to_string());
        assert_eq!(steps_of_one_event(&function), 4);
        assert_eq!(function.notifier.events().len(), 1);
    }
}

/// A role that is recorded and no longer configured is read as well. Once it is deleted, the lease is acquired to remove it from
/// the record.
#[test]
fn removed_role_adds_no_step_to_a_converged_event() {
    let scenario = Scenario::new().with_onboarded_account();
    scenario.function().deliver(&account_created(&id(NEW)), Duration::from_secs(60));
    let scenario = scenario.after(Duration::from_secs(86_400)).with_latency(Duration::from_secs(1));
    let without_own_role = crate::common::CONFIG.split("[[role]]").next().unwrap().to_owned();
    let scenario = scenario.config(&without_own_role);
    let steps = || {
        let function = scenario.function();
        function.queue.put(&serde_json::json!({"sweep": {"account_id": NEW}}).to_string());
        steps_of_one_event(&function)
    };
    assert_eq!(steps(), 4);
    scenario.organization().delete_role(&id(NEW), &name(OWN_ROLE));
    run(scenario.organization().sleep(ROLE_VISIBLE));
    assert_eq!([steps(), steps()], [5, 4]);
}

/// What the last step of a run saves are all parts of the record, and the run has read it once. Only what the trust policy of the
/// access role was is written before it is changed.
#[test]
fn record_is_read_once_and_written_once_per_event() {
    let function = Scenario::new().with_new_account().function();
    let [read, write] = ["dynamodb:GetItem", "dynamodb:UpdateItem"];
    for expected in [vec![read, write, write, write], vec![read, write, write]] {
        function.organization().clear_journal();
        function.deliver(&account_created(&id(NEW)), Duration::from_secs(60));
        let calls = function.organization().journal();
        let calls: Vec<_> = calls.iter().map(|call| call.call).filter(|call| call.starts_with("dynamodb:")).collect();
        assert_eq!(calls, expected, "the record, the lease of a new account, and the record");
    }
}

/// The configuration of the demo without its own role: two vendors.
fn two_vendors() -> String {
    EXAMPLE.split("[[role]]").next().unwrap().to_owned()
}

/// How often each call was made since the journal was cleared.
fn calls(organization: &FakeOrganization) -> String {
    let calls = organization.api_calls().into_iter();
    calls.map(|(call, counted)| format!("{} {call}", counted.calls)).collect::<Vec<_>>().join("\n")
}

/// What Organizations said about the account and its record is known, as for an account of a sweep, and the configuration and
/// the secrets were read before: eleven calls.
#[test]
fn look_at_a_converged_account_with_two_vendors_makes_eleven_calls() {
    let scenario = Scenario::new().with_new_account().config(&two_vendors()).apply().assert_outcome("converged");
    let (organization, engine) = (scenario.organization(), scenario.engine());
    let report = run(engine.plan(&scenario.job()));
    assert_eq!(report.outcome, Outcome::Converged);
    let account = run(organization.account(&id(NEW)));
    organization.clear_journal();
    let look = FirstLook { account: Some(account), record: Some(Ok(organization.record(NEW))) };
    let looked = run(engine.plan_unsaved(&scenario.job(), look));
    assert_eq!(looked.report.outcome, Outcome::Converged);
    insta::assert_snapshot!(calls(organization), @"
    3 iam:GetRole
    2 iam:GetRolePolicy
    2 iam:ListAttachedRolePolicies
    2 iam:ListRolePolicies
    1 sts:AssumeRole
    1 sts:GetCallerIdentity
    ");
    assert_eq!(organization.journal().len(), 11);
}

/// An event of its own also describes the account, and reads and writes its record; nothing is read twice. The configuration is read
/// once a minute.
#[test]
fn event_of_a_converged_account_with_two_vendors_makes_fourteen_calls_and_one_a_minute() {
    let function = Scenario::new().with_new_account().config(&two_vendors()).function();
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(60));
    function.wait(Duration::from_secs(86_400));
    let organization = function.organization();
    organization.clear_journal();
    function.queue.put(&serde_json::json!({"sweep": {"account_id": NEW}}).to_string());
    function.process_for(Duration::from_secs(60));
    function.assert_all_processed("the event");
    insta::assert_snapshot!(calls(organization), @"
    1 dynamodb:GetItem
    1 dynamodb:UpdateItem
    3 iam:GetRole
    2 iam:GetRolePolicy
    2 iam:ListAttachedRolePolicies
    2 iam:ListRolePolicies
    1 organizations:DescribeAccount
    1 ssm:GetParameter
    1 sts:AssumeRole
    1 sts:GetCallerIdentity
    ");
}

#[test]
fn number_of_roles_does_not_affect_the_round_trips() {
    let slow = Scenario::new().with_new_account().with_latency(Duration::from_secs(1));
    let scenario = slow.config(&many_roles(40)).apply();
    assert_eq!(round_trips(&scenario) - BEFORE_IAM, 4);
    assert_eq!(round_trips(&scenario.apply_again()) - BEFORE_IAM, 1);
}
