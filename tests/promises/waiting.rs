//! Waiting: a run polls with backoff for what is not ready yet, but no longer than its deadline. What will never be ready ends
//! the run immediately.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use onboarding_core::code::Code;
use onboarding_core::limits::FIRST_ACCESS_ROLE;
use onboarding_core::outcome::Outcome;
use onboarding_core::time::since;
use onboarding_engine::Job;
use onboarding_engine::ports::{AssumeRoleRequest, Clock};
use onboarding_simulation::{AccountCreation, ControlPolicy, Script};

use crate::common::{
    ACCESS, CONFIG, IDENTITY, NEW, OLD, Scenario, can_assume, id, name, organization, run, scripted_engine,
    trusting_role,
};

const TRANSIENT_ERRORS: [&str; 5] =
    ["SubscriptionRequiredException", "OptInRequired", "InvalidClientTokenId", "AccessDenied", "UnauthorizedOperation"];

/// Applies the configuration, and returns the duration of the run as well.
fn apply_timed(scenario: Scenario) -> (Scenario, Duration) {
    let start = scenario.organization().now();
    let scenario = scenario.apply();
    let took = since(start, scenario.organization().now());
    assert!(took < Duration::from_secs(900), "the deadline is never passed");
    (scenario, took)
}

#[test]
fn run_waits_for_the_access_role() {
    for delay in [1, 30, 120, 420].map(Duration::from_secs) {
        let (scenario, took) = apply_timed(Scenario::new().with_late_access_role(delay));
        let scenario = scenario.assert_onboarded();
        assert!(took >= delay && took < delay + Duration::from_secs(40), "{took:?}");
        let journal = scenario.organization().journal();
        let asked = journal.iter().filter(|call| call.call == "sts:AssumeRole").count();
        assert!(asked as f64 <= 12.0 + took.as_secs_f64() / 3.0, "asked {asked} times in {took:?}");
    }
}

#[test]
fn missing_access_role_of_a_new_account_ends_in_waiting() {
    let (scenario, _) = apply_timed(Scenario::new().with_late_access_role(Duration::from_secs(1_000_000)));
    let scenario = scenario.assert_outcome("waiting access_role_not_ready");
    assert_eq!(scenario.writes(), []);
    insta::assert_snapshot!(scenario.outcome(), @"waiting (access_role_not_ready): account 444455556666 cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole; no action needed: a message on the queue is retried automatically; otherwise run again later");
}

#[test]
fn transient_errors_are_retried() {
    let all = TRANSIENT_ERRORS.map(|code| (code.to_owned(), Duration::from_secs(25))).to_vec();
    let each = TRANSIENT_ERRORS.map(|code| vec![(code.to_owned(), Duration::from_secs(90))]);
    for transient_errors in each.into_iter().chain([all]) {
        let expected: Duration = transient_errors.iter().map(|(_, duration)| duration).sum();
        let creation = AccountCreation { transient_errors: transient_errors.clone(), ..AccountCreation::default() };
        let (scenario, took) = apply_timed(Scenario::new().with_account_creation(creation));
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{transient_errors:?}");
        assert!(took >= expected, "{took:?}");
        scenario.assert_onboarded();
    }
}

#[test]
fn errors_that_outlast_the_deadline_end_in_waiting() {
    for (code, expected) in TRANSIENT_ERRORS.into_iter().zip([
        "waiting account_not_ready",
        "waiting account_not_ready",
        "waiting credentials_not_accepted",
        "waiting account_not_ready",
        "waiting account_not_ready",
    ]) {
        let transient_errors = vec![(code.to_owned(), Duration::from_secs(1_000_000))];
        let creation = AccountCreation { transient_errors, ..AccountCreation::default() };
        let (scenario, _) = apply_timed(Scenario::new().with_account_creation(creation));
        assert_eq!(scenario.outcome_code(), expected, "{code}");
        assert_eq!(scenario.writes(), []);
    }
}

#[test]
fn missing_access_role_of_an_established_account_is_not_waited_for() {
    let scenario = Scenario::new().without_role(ACCESS);
    let start = scenario.organization().now();
    let scenario = scenario.apply().assert_outcome("blocked access_role_changed");
    assert_eq!(scenario.organization().now(), start);
    insta::assert_snapshot!(scenario.outcome(), @"blocked (access_role_changed): account 333344445555 was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole; as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: if it exists, add `arn:aws:iam::111122223333:root` to its trust policy; if not, it was deleted or renamed: create it again, or configure its name");
}

#[test]
fn control_policy_denial_is_retried_only_for_a_new_account() {
    for (account, expected) in [(NEW, "waiting control_policy_denies"), (OLD, "blocked control_policy_denies")] {
        Scenario::new()
            .with_new_account()
            .for_account(account)
            .with_denial(ControlPolicy::Service, "iam:*", "*")
            .apply()
            .assert_outcome(expected)
            .without_denials()
            .apply()
            .assert_outcome("converged");
    }
}

#[test]
fn new_principal_is_retried_until_it_has_propagated() {
    let scenario = Scenario::new()
        .with_new_account()
        .with_propagating_principal("new-pipeline", Duration::from_secs(40))
        .config(&trusting_role("new-pipeline"));
    let start = scenario.organization().now();
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(since(start, scenario.organization().now()) >= Duration::from_secs(40));
    let writes = scenario.writes();
    assert!(writes.iter().filter(|call| !call.ok).all(|call| call.call == "iam:CreateRole"));
    let made = writes.iter().filter(|call| call.ok).count();
    assert_eq!(made, scenario.changes().len(), "no write was made twice");
}

#[test]
fn wait_longer_than_a_session_opens_a_new_one() {
    let scenario = Scenario::new()
        .with_new_account()
        .with_propagating_principal("new-pipeline", Duration::from_secs(1000))
        .config(&trusting_role("new-pipeline"));
    let deadline = scenario.organization().now() + Duration::from_secs(3600);
    let job = Job { deadline, abandon_at: deadline + Duration::from_secs(120), ..scenario.job() };
    assert_eq!(run(scenario.engine().apply(&job)).outcome, Outcome::Converged);
}

#[test]
fn second_access_role_is_used_if_the_first_does_not_appear_within_minutes() {
    let access_role = Some(name("AWSControlTowerExecution"));
    let creation = AccountCreation { access_role, ..AccountCreation::default() };
    let (scenario, took) = apply_timed(Scenario::new().with_account_creation(creation));
    let scenario = scenario.assert_outcome("converged");
    assert_eq!(scenario.report().access_role, Some(name("AWSControlTowerExecution")));
    insta::assert_snapshot!(scenario.report().notices[0], @"the account is accessed through role `AWSControlTowerExecution`, because AssumeRole was denied for `OrganizationAccountAccessRole`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole");
    let report = serde_json::to_value(scenario.report()).unwrap();
    assert_eq!(report["access_role_reason"], report["notices"][0]);
    let organization = scenario.organization();
    assert!(took >= FIRST_ACCESS_ROLE && took < FIRST_ACCESS_ROLE + Duration::from_secs(40), "{took:?}");
    assert!(can_assume(organization, IDENTITY, NEW, "AWSControlTowerExecution", None));
    assert!(organization.role_state(&id(NEW), &name(ACCESS)).is_none());
    let tried = organization.assume_role_requests();
    let is_second = |request: &&AssumeRoleRequest| request.role_arn.ends_with("/AWSControlTowerExecution");
    assert_eq!(tried.iter().filter(is_second).count(), 1, "it is not tried before");
}

/// Which role is used does not depend on which of them appears first.
#[test]
fn first_access_role_is_waited_for_while_the_second_exists() {
    let other = name("AWSControlTowerExecution");
    let scenario = Scenario::new().with_late_access_role(Duration::from_secs(120));
    let trust = organization().role_state(&id(OLD), &name(ACCESS)).expect("an access role");
    let scenario = scenario.with_role(other.as_str(), trust);
    let (scenario, took) = apply_timed(scenario);
    let scenario = scenario.assert_outcome("converged");
    assert_eq!(scenario.report().access_role, Some(name(ACCESS)));
    let notices = &scenario.report().notices;
    assert!(!notices.iter().any(|notice| notice.contains("AssumeRole")), "{notices:?}");
    assert!(took >= Duration::from_secs(120) && took < Duration::from_secs(160), "{took:?}");
    assert!(!can_assume(scenario.organization(), IDENTITY, NEW, other.as_str(), None));
}

#[test]
fn second_access_role_of_an_established_account_is_used_at_once() {
    let trust = organization().role_state(&id(OLD), &name(ACCESS)).expect("an access role");
    let scenario = Scenario::new().without_role(ACCESS).with_role("AWSControlTowerExecution", trust);
    let (scenario, took) = apply_timed(scenario);
    let scenario = scenario.assert_outcome("converged");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let notice = &scenario.report().notices[0];
    assert!(notice.starts_with("the account is accessed through role `AWSControlTowerExecution`, because"), "{notice}");
}

#[test]
fn creation_status_is_polled_at_most_once_per_second() {
    for (in_progress, timeout) in [(0, 900), (200, 900), (1_000_000, 300)] {
        let in_progress = Duration::from_secs(in_progress);
        let timeout = Duration::from_secs(timeout);
        let organization = organization();
        let creation = AccountCreation { in_progress, ..AccountCreation::default() };
        let request = organization.create_account_with("payments-dev", creation);
        let times = Arc::new(Mutex::new(Vec::new()));
        let script = Script::intercepting({
            let times = Arc::clone(&times);
            let clock = organization.clone();
            move |call, _| {
                assert_eq!(call, "organizations:DescribeCreateAccountStatus");
                times.lock().unwrap().push(clock.now());
                None
            }
        });
        let engine = scripted_engine(&organization, &script, CONFIG);
        let deadline = organization.now() + timeout;
        match run(engine.wait_for_creation(&request, deadline)) {
            Ok(account) => assert!(account == id(NEW) && in_progress < timeout),
            Err(Outcome::Waiting(cause)) => assert!(cause.code == Code::CreationInProgress && in_progress > timeout),
            Err(other) => panic!("{other}"),
        }
        assert!(organization.now() < deadline);
        let times = times.lock().unwrap();
        assert!(times.windows(2).all(|pair| since(pair[0], pair[1]) >= Duration::from_secs(1)), "{times:?}");
    }
}

/// Hanging calls are abandoned in time to return a report, and the report lists the writes that they may have made.
#[test]
fn hanging_calls_are_abandoned_at_the_deadline() {
    for latency in [7, 11, 20, 1000] {
        let scenario = Scenario::new().with_new_account().with_latency(Duration::from_secs(latency));
        let organization = scenario.organization();
        let start = organization.now();
        let deadline = start + Duration::from_secs(30);
        let short = Job { deadline, abandon_at: start + Duration::from_secs(45), ..scenario.job() };
        let report = run(scenario.engine().apply(&short));
        let took = since(start, organization.now());
        assert!(took <= Duration::from_millis(45_500), "{latency}: answered after {took:?}");
        let made = organization.writes().len();
        let reported = report.changes.iter().filter(|step| step.status.as_str() != "not_tried").count();
        assert!(made <= reported, "{latency}: {made} writes were made and {reported} are reported");
        assert!(matches!(report.outcome, Outcome::Waiting(_)), "{latency}: {}", report.outcome);
        let scenario = scenario.with_latency(Duration::ZERO).apply();
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{latency}");
    }
}
