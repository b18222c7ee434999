//! Promise 5: after a crash or a fault at any call, running again leads to the same end state.
//!
//! A run without faults gives the sequence of calls. Each test then repeats the run once for every index in this sequence and
//! every kind of fault, checks the report, runs again without faults, and compares the result with the fault-free one. A
//! third run must make no write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, Status};
use onboarding_core::role::RoleName;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Faulty, Injection, Lag, Script};

use crate::common::*;

/// Applies the configuration while a script injects faults.
fn run_with(organization: &FakeOrganization, script: &Script, account: &str) -> Report {
    // The backoff is jittered. With a fixed seed, every run makes the same calls up to its fault.
    fastrand::seed(7);
    let ports = Faulty::new(organization.clone(), script);
    run(engine_on(&ports, config(CONFIG)).apply(&job(organization, account)))
}

/// The calls of a run without faults.
fn calls(start: fn() -> FakeOrganization, account: &str) -> Vec<&'static str> {
    let script = Script::none();
    assert_eq!(run_with(&start(), &script, account).outcome, Outcome::Converged);
    script.calls()
}

/// The number of calls of each kind for each role.
fn count(calls: impl Iterator<Item = (RoleName, &'static str)>) -> BTreeMap<(RoleName, &'static str), usize> {
    let mut count = BTreeMap::new();
    calls.for_each(|call| *count.entry(call).or_default() += 1);
    count
}

/// The number of changes in a report whose status matches.
fn changes_with_status(report: &Report, matches: fn(&Status) -> bool) -> BTreeMap<(RoleName, &'static str), usize> {
    let steps = report.changes.iter().filter(|step| matches(&step.status));
    count(steps.map(|step| (step.change.role.clone(), step.change.call())))
}

/// Asserts what holds for every report: a cause unless it converged, and every write listed.
fn assert_reported(report: &Report, organization: &FakeOrganization, injection: Injection, what: &str) {
    let cause = report.outcome.cause();
    assert_eq!(cause.is_none(), report.outcome == Outcome::Converged, "{what}");
    assert!(
        cause.is_none_or(|cause| !cause.code.as_str().is_empty()
            && !cause.message.is_empty()
            && !cause.remedy.is_empty())
    );
    for step in &report.changes {
        assert!(!matches!(step.status, Status::Planned), "{what}: {}", step.change);
        if report.outcome == Outcome::Converged {
            assert_eq!(step.status, Status::Done, "{what}: {}", step.change);
        }
    }
    let writes = organization.writes().into_iter().filter(|call| call.ok);
    let made = count(writes.map(|call| (call.role.unwrap(), call.call)));
    if !injection.performs() {
        assert_eq!(
            changes_with_status(report, |status| *status == Status::Done),
            made,
            "{what}: each write is reported as done"
        );
        return;
    }
    // A write with an ambiguous result may be reported as failed, and may be repeated if reads lag.
    let reported = changes_with_status(report, |status| matches!(status, Status::Done | Status::Failed(_)));
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

/// Injects every kind of fault at every call, for a number of consecutive calls, and returns the distinct outcomes.
fn inject_everywhere(
    start: fn() -> FakeOrganization,
    account: &str,
    consecutive_calls: usize,
    injections: &[Injection],
) -> BTreeSet<String> {
    let fault_free = start();
    run_with(&fault_free, &Script::none(), account);
    let expected = fault_free.state();
    let mut outcomes = BTreeSet::new();
    for (index, call) in calls(start, account).into_iter().enumerate() {
        for injection in injections.iter().copied() {
            let what = format!("{injection:?} at {index}, {call}");
            let organization = start();
            let script = Script::during(index, consecutive_calls, injection);
            let first = run_with(&organization, &script, account);
            assert_eq!(script.crashed(), injection.crashes(), "{what}");
            assert_reported(&first, &organization, injection, &what);
            if !injection.crashes() {
                outcomes.insert(format!("{injection:?}: {}", outcome_code(&first)));
            }
            assert_confined(&organization, account, &what);
            // A message is redelivered only after the lease of a crashed run has expired.
            run(organization.sleep(Duration::from_secs(1200)));
            let second = run_with(&organization, &Script::none(), account);
            assert_eq!(second.outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.state(), expected, "{what}");
            assert_onboarded(&organization, account);
            organization.clear_journal();
            assert_eq!(run_with(&organization, &Script::none(), account).outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.writes(), [], "{what}");
        }
    }
    outcomes
}

fn lines(outcomes: BTreeSet<String>) -> String {
    outcomes.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn fault_while_onboarding_a_new_account_converges_on_the_next_run() {
    insta::assert_snapshot!(lines(inject_everywhere(with_new_account, NEW, 1, &Injection::ALL)), @"
    AccessDenied: blocked configuration
    AccessDenied: blocked own_permission_missing
    AccessDenied: converged
    ExpiredCredentials: converged
    InternalError: converged
    MalformedAnswer: converged
    Reset: converged
    Throttle: converged
    Timeout: converged
    TimeoutAfter: converged
    Unavailable: converged
    ");
}

#[test]
fn fault_while_onboarding_an_established_account_converges_on_the_next_run() {
    insta::assert_snapshot!(lines(inject_everywhere(organization, OLD, 1, &Injection::ALL)), @"
    AccessDenied: blocked access_denied
    AccessDenied: blocked access_role_changed
    AccessDenied: blocked configuration
    AccessDenied: blocked own_permission_missing
    AccessDenied: converged
    ExpiredCredentials: converged
    InternalError: converged
    MalformedAnswer: converged
    Reset: converged
    Throttle: converged
    Timeout: converged
    TimeoutAfter: converged
    Unavailable: converged
    ");
}

#[test]
fn fault_for_the_rest_of_the_run_converges_on_the_next_run() {
    insta::assert_snapshot!(lines(inject_everywhere(with_new_account, NEW, usize::MAX, &Injection::ALL)), @"
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
    fn lagging() -> FakeOrganization {
        let organization = with_new_account();
        organization.set_lag(&id(NEW), Lag { reads: 4, seconds: 8.0 });
        organization
    }
    let injections = [Injection::Throttle, Injection::TimeoutAfter, Injection::CrashAfter];
    inject_everywhere(lagging, NEW, 1, &injections);
}

#[test]
fn fault_while_repairing_drift_converges_on_the_next_run() {
    fn drifted() -> FakeOrganization {
        let organization = onboarded();
        for role in ROLES {
            edit_role(&organization, NEW, role, |state| {
                state.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
                state.policies.clear();
                state.settings.max_session = Duration::from_secs(43_200);
                state.settings.tags.insert("more".to_owned(), "x".to_owned());
                state.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
            });
        }
        organization
    }
    let injections = [Injection::Unavailable, Injection::AccessDenied, Injection::TimeoutAfter, Injection::CrashBefore];
    inject_everywhere(drifted, NEW, 1, &injections);
}

#[test]
fn fault_while_polling_the_creation_succeeds_on_the_next_run() {
    for index in 0..4 {
        for injection in Injection::ALL {
            let organization = organization();
            let creation = onboarding_simulation::AccountCreation { in_progress_polls: 3, ..Default::default() };
            let request = organization.create_account_with("payments-dev", creation);
            let script = Script::at(index, injection);
            let engine = engine_on(&Faulty::new(organization.clone(), &script), config(CONFIG));
            let deadline = job(&organization, NEW).deadline;
            let first = run(engine.created(&request, deadline));
            match injection {
                Injection::AccessDenied | Injection::CrashBefore | Injection::CrashAfter => assert!(first.is_err()),
                _ => assert_eq!(first, Ok(id(NEW)), "{injection:?} at {index}"),
            }
            let again = crate::common::engine(&organization, CONFIG);
            assert_eq!(run(again.created(&request, job(&organization, NEW).deadline)), Ok(id(NEW)));
        }
    }
}
