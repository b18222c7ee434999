//! Promise 5: after a crash or a fault at any call, running again leads to the same end state.
//!
//! A run without faults gives the sequence of calls. Each test then repeats the run once for every index in this sequence and
//! every kind of fault, checks the report, runs again without faults, and compares the result with the fault-free one. A
//! third run must make no write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::outcome::Outcome;
use onboarding_core::policy::REVOCATION_POLICY;
use onboarding_core::report::{ChangeStatus, Report};
use onboarding_core::role::RoleName;
use onboarding_simulation::{AccountCreation, FakeOrganization, Injection, Lag, RoleState, Script};

use crate::common::{
    CONFIG, Fault, MANAGEMENT, NEW, OLD, ROLES, Scenario, engine, faults_at, id, job, lines, organization, run,
    scripted_engine,
};

/// The number of calls of each kind for each role.
fn count(calls: impl Iterator<Item = (RoleName, &'static str)>) -> BTreeMap<(RoleName, &'static str), usize> {
    let mut count = BTreeMap::new();
    calls.for_each(|call| *count.entry(call).or_default() += 1);
    count
}

/// The number of changes in a report whose status matches.
fn changes_with_status(
    report: &Report,
    matches: fn(&ChangeStatus) -> bool,
) -> BTreeMap<(RoleName, &'static str), usize> {
    let steps = report.changes.iter().filter(|step| matches(&step.status));
    count(steps.map(|step| (step.change.role.clone(), step.change.call())))
}

/// Asserts what holds for every report: a cause unless it converged, and every write listed.
fn assert_reported(scenario: &Scenario, fault: &Fault, what: &str) {
    let report = scenario.report();
    let cause = report.outcome.cause();
    assert_eq!(cause.is_none(), report.outcome == Outcome::Converged, "{what}");
    assert!(
        cause.is_none_or(|cause| !cause.code.as_str().is_empty()
            && !cause.message.is_empty()
            && !cause.remedy.is_empty())
    );
    for step in &report.changes {
        assert!(!matches!(step.status, ChangeStatus::Planned), "{what}: {}", step.change);
        if report.outcome == Outcome::Converged {
            assert_eq!(step.status, ChangeStatus::Done, "{what}: {}", step.change);
        }
    }
    let writes = scenario.writes().into_iter().filter(|call| call.ok);
    let made = count(writes.map(|call| (call.role.unwrap(), call.call)));
    if !fault.injection.performs() {
        assert_eq!(
            changes_with_status(report, |status| *status == ChangeStatus::Done),
            made,
            "{what}: each write is reported as done"
        );
        return;
    }
    // A write with an ambiguous result may be reported as failed, and may be repeated if reads lag.
    let reported = changes_with_status(report, |status| matches!(status, ChangeStatus::Done | ChangeStatus::Failed(_)));
    for (call, made) in made {
        let reported = reported.get(&call).copied().unwrap_or_default();
        let is_complete = reported > 0 && made <= reported + 1;
        assert!(is_complete, "{what}: {call:?} was made {made} times and is reported {reported} times");
    }
}

/// Asserts that no other account was written to or read from, except reads in the management account.
fn assert_confined(organization: &FakeOrganization, account: &str, what: &str) {
    for call in organization.journal() {
        let is_target = call.account == id(account);
        assert!(is_target || (call.account == id(MANAGEMENT) && !call.write), "{what}: {call:?}");
    }
}

/// The state without the policies that revoke sessions.
fn without_revocations(mut state: OrganizationState) -> OrganizationState {
    let roles = state.values_mut().flat_map(BTreeMap::values_mut);
    roles.for_each(|role| drop(role.policies.remove(REVOCATION_POLICY)));
    state
}

type OrganizationState = BTreeMap<AccountId, BTreeMap<RoleName, RoleState>>;

/// When a revocation is removed: after the longest session.
const REVOKED: Duration = Duration::from_secs(43_200 + 60);

/// Injects faults at every call, for a number of consecutive calls, and returns the distinct outcomes.
fn inject_everywhere(
    start: fn() -> Scenario,
    account: &str,
    consecutive_calls: usize,
    injections: &'static [Injection],
) -> BTreeSet<String> {
    let fault_free = Script::none();
    let expected = start().apply_with_faults(&fault_free).assert_onboarded().organization().state();
    let expected = without_revocations(expected);
    let mut outcomes = BTreeSet::new();
    for fault in faults_at(&fault_free.calls(), |_, _| injections) {
        let what = fault.to_string();
        let script = fault.script_for(consecutive_calls);
        let scenario = start().apply_with_faults(&script);
        assert_eq!(script.crashed(), fault.injection.crashes(), "{what}");
        assert_reported(&scenario, &fault, &what);
        if !fault.injection.crashes() {
            outcomes.insert(format!("{:?}: {}", fault.injection, scenario.outcome_code()));
        }
        assert_confined(scenario.organization(), account, &what);
        // A message is redelivered only after the lease of a crashed run has expired.
        let scenario = scenario.after(Duration::from_secs(1200)).apply_with_faults(&Script::none());
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{what}");
        assert_eq!(without_revocations(scenario.organization().state()), expected, "{what}");
        // A run that was killed has recorded no role, so that the next one may revoke sessions. That ends automatically.
        let scenario = scenario.assert_onboarded().after(REVOKED).apply_with_faults(&Script::none()).assert_onboarded();
        assert_eq!(scenario.organization().state(), expected, "{what}");
        scenario.organization().clear_journal();
        let scenario = scenario.apply_with_faults(&Script::none());
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{what}");
        assert_eq!(scenario.writes(), [], "{what}");
    }
    outcomes
}

/// The outcomes other than `converged`, which occurs for every kind of fault: most calls are repeated within the run.
fn other_outcomes(mut outcomes: BTreeSet<String>) -> String {
    for injection in Injection::ALL.into_iter().filter(|injection| !injection.crashes()) {
        assert!(outcomes.remove(&format!("{injection:?}: converged")), "{injection:?}");
    }
    lines(outcomes)
}

fn new_account() -> Scenario {
    Scenario::new().with_new_account()
}

#[test]
fn fault_while_onboarding_a_new_account_converges_on_the_next_run() {
    insta::assert_snapshot!(other_outcomes(inject_everywhere(new_account, NEW, 1, &Injection::ALL)), @"
    AccessDenied: blocked configuration
    AccessDenied: blocked own_permission_missing
    ");
}

#[test]
fn fault_while_onboarding_an_established_account_converges_on_the_next_run() {
    insta::assert_snapshot!(other_outcomes(inject_everywhere(Scenario::new, OLD, 1, &Injection::ALL)), @"
    AccessDenied: blocked access_denied
    AccessDenied: blocked access_role_changed
    AccessDenied: blocked configuration
    AccessDenied: blocked own_permission_missing
    ");
}

#[test]
fn fault_for_the_rest_of_the_run_converges_on_the_next_run() {
    insta::assert_snapshot!(lines(inject_everywhere(new_account, NEW, usize::MAX, &Injection::ALL)), @"
    AccessDenied: blocked own_permission_missing
    AccessDenied: converged
    AccessDenied: waiting account_not_ready
    ExpiredCredentials: converged
    ExpiredCredentials: waiting credentials_not_accepted
    InternalError: converged
    InternalError: waiting service_unavailable
    MalformedAnswer: converged
    MalformedAnswer: waiting service_unavailable
    Reset: converged
    Reset: waiting service_unavailable
    Throttle: converged
    Throttle: waiting throttled
    Timeout: converged
    Timeout: waiting service_unavailable
    TimeoutAfter: converged
    TimeoutAfter: waiting service_unavailable
    Unavailable: converged
    Unavailable: waiting service_unavailable
    ");
}

#[test]
fn fault_while_reads_lag_converges_on_the_next_run() {
    fn lagging() -> Scenario {
        new_account().with_read_lag(Lag { reads: 4, time: Duration::from_secs(8) })
    }
    let injections = &[Injection::Throttle, Injection::TimeoutAfter, Injection::CrashAfter];
    inject_everywhere(lagging, NEW, 1, injections);
}

#[test]
fn fault_while_repairing_drift_converges_on_the_next_run() {
    fn drifted() -> Scenario {
        ROLES.into_iter().fold(Scenario::new().with_onboarded_account(), |scenario, role| {
            scenario.drift(role, |state| {
                state.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
                state.policies.clear();
                state.settings.max_session = Duration::from_secs(43_200);
                state.settings.tags.insert("more".to_owned(), "x".to_owned());
                state.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
            })
        })
    }
    let injections =
        &[Injection::Unavailable, Injection::AccessDenied, Injection::TimeoutAfter, Injection::CrashBefore];
    inject_everywhere(drifted, NEW, 1, injections);
}

#[test]
fn fault_while_polling_the_creation_succeeds_on_the_next_run() {
    for index in 0..4 {
        for injection in Injection::ALL {
            let organization = organization();
            let creation = AccountCreation { in_progress_polls: 3, ..AccountCreation::default() };
            let request = organization.create_account_with("payments-dev", creation);
            let script = Script::at(index, injection);
            let faulty = scripted_engine(&organization, &script, CONFIG);
            let deadline = job(&organization, NEW).deadline;
            let first = run(faulty.wait_for_creation(&request, deadline));
            match injection {
                Injection::AccessDenied | Injection::CrashBefore | Injection::CrashAfter => assert!(first.is_err()),
                _ => assert_eq!(first, Ok(id(NEW)), "{injection:?} at {index}"),
            }
            let again = engine(&organization, CONFIG);
            assert_eq!(run(again.wait_for_creation(&request, job(&organization, NEW).deadline)), Ok(id(NEW)));
        }
    }
}
