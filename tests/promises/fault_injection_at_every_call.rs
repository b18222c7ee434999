//! Promise 5: a crash or a fault at any call, at every index, and a re-run: the same end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, Status};
use onboarding_core::role::RoleName;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Faulty, Injection, Lag, Script};

use crate::common::*;

/// One run in which a script goes wrong.
fn run_with(organization: &FakeOrganization, script: &Script, account: &str) -> Report {
    // The pauses are jittered: with the same numbers every run makes the same calls up to its fault.
    fastrand::seed(7);
    let ports = Faulty::new(organization.clone(), script);
    run(engine_on(&ports, config(CONFIG)).apply(&errand(organization, account)))
}

/// The calls of a run without any fault.
fn calls(start: fn() -> FakeOrganization, account: &str) -> Vec<&'static str> {
    let script = Script::none();
    assert_eq!(run_with(&start(), &script, account).outcome, Outcome::Converged);
    script.calls()
}

/// How many calls of each kind there are for each role.
fn count(calls: impl Iterator<Item = (RoleName, &'static str)>) -> BTreeMap<(RoleName, &'static str), usize> {
    let mut count = BTreeMap::new();
    calls.for_each(|call| *count.entry(call).or_default() += 1);
    count
}

/// The steps of a report whose status is one of these.
fn steps(report: &Report, wanted: fn(&Status) -> bool) -> BTreeMap<(RoleName, &'static str), usize> {
    let steps = report.changes.iter().filter(|step| wanted(&step.status));
    count(steps.map(|step| (step.change.role.clone(), step.change.call())))
}

/// Holds what every report holds, however the run went.
fn assert_told(report: &Report, organization: &FakeOrganization, injection: Injection, what: &str) {
    let cause = report.outcome.cause();
    assert_eq!(cause.is_none(), report.outcome == Outcome::Converged, "{what}");
    assert!(cause.is_none_or(|cause| !cause.code.is_empty() && !cause.message.is_empty() && !cause.remedy.is_empty()));
    for step in &report.changes {
        assert!(!matches!(step.status, Status::Planned), "{what}: {}", step.change);
        if report.outcome == Outcome::Converged {
            assert_eq!(step.status, Status::Done, "{what}: {}", step.change);
        }
    }
    let writes = organization.writes().into_iter().filter(|call| call.ok);
    let made = count(writes.map(|call| (call.role.unwrap(), call.call)));
    if !injection.performs() {
        assert_eq!(steps(report, |status| *status == Status::Done), made, "{what}: each write is told as done");
        return;
    }
    // The write whose answer was lost may be told as failed, and may be made again where reads are behind.
    let told = steps(report, |status| matches!(status, Status::Done | Status::Failed(_)));
    for (call, made) in made {
        let told = told.get(&call).copied().unwrap_or_default();
        assert!(told > 0 && made <= told + 1, "{what}: {call:?} was made {made} times and is told {told} times");
    }
}

/// Holds that nothing outside of the account was touched.
fn assert_confined(organization: &FakeOrganization, account: &str, what: &str) {
    for call in organization.journal() {
        let ours = call.account == id(account);
        assert!(ours || (call.account == id(MANAGEMENT) && !call.write), "{what}: {call:?}");
    }
}

fn every_fault(
    start: fn() -> FakeOrganization,
    account: &str,
    lasting: usize,
    injections: &[Injection],
) -> BTreeSet<String> {
    let sound = start();
    run_with(&sound, &Script::none(), account);
    let wanted = sound.state();
    let mut ends = BTreeSet::new();
    for (index, call) in calls(start, account).into_iter().enumerate() {
        for injection in injections.iter().copied() {
            let what = format!("{injection:?} at {index}, {call}");
            let organization = start();
            let script = Script::during(index, lasting, injection);
            let first = run_with(&organization, &script, account);
            assert_eq!(script.crashed(), injection.crashes(), "{what}");
            assert_told(&first, &organization, injection, &what);
            if !injection.crashes() {
                ends.insert(format!("{injection:?}: {}", end(&first)));
            }
            assert_confined(&organization, account, &what);
            // A message comes again later than the claim of a run that died runs out.
            run(organization.sleep(Duration::from_secs(1200)));
            let second = run_with(&organization, &Script::none(), account);
            assert_eq!(second.outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.state(), wanted, "{what}");
            assert_connected(&organization, account);
            organization.clear_journal();
            assert_eq!(run_with(&organization, &Script::none(), account).outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.writes(), [], "{what}");
        }
    }
    ends
}

fn lines(ends: BTreeSet<String>) -> String {
    ends.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn of_a_new_account() {
    insta::assert_snapshot!(lines(every_fault(with_new_account, NEW, 1, &Injection::ALL)), @"
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
fn of_an_old_account() {
    insta::assert_snapshot!(lines(every_fault(organization, OLD, 1, &Injection::ALL)), @"
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
fn that_lasts_for_the_whole_run() {
    insta::assert_snapshot!(lines(every_fault(with_new_account, NEW, usize::MAX, &Injection::ALL)), @"
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
fn of_an_account_whose_reads_are_behind() {
    fn lagging() -> FakeOrganization {
        let organization = with_new_account();
        organization.set_lag(&id(NEW), Lag { reads: 4, seconds: 8.0 });
        organization
    }
    let injections = [Injection::Throttle, Injection::TimeoutAfter, Injection::CrashAfter];
    every_fault(lagging, NEW, 1, &injections);
}

#[test]
fn of_an_account_that_drifted() {
    fn drifted() -> FakeOrganization {
        let organization = onboarded();
        for role in ROLES {
            alter(&organization, NEW, role, |state| {
                state.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
                state.policies.clear();
                state.max_session_seconds = 43_200;
                state.tags.insert("more".to_owned(), "x".to_owned());
                state.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
            });
        }
        organization
    }
    let injections = [Injection::Unavailable, Injection::AccessDenied, Injection::TimeoutAfter, Injection::CrashBefore];
    every_fault(drifted, NEW, 1, &injections);
}

#[test]
fn of_the_creation() {
    for index in 0..4 {
        for injection in Injection::ALL {
            let organization = organization();
            let newborn = onboarding_simulation::AccountCreation { in_progress_polls: 3, ..Default::default() };
            let request = organization.create_account_as("payments-dev", newborn);
            let script = Script::at(index, injection);
            let engine = engine_on(&Faulty::new(organization.clone(), &script), config(CONFIG));
            let deadline = errand(&organization, NEW).deadline;
            let first = run(engine.created(&request, deadline));
            match injection {
                Injection::AccessDenied | Injection::CrashBefore | Injection::CrashAfter => assert!(first.is_err()),
                _ => assert_eq!(first, Ok(id(NEW)), "{injection:?} at {index}"),
            }
            let again = crate::common::engine(&organization, CONFIG);
            assert_eq!(run(again.created(&request, errand(&organization, NEW).deadline)), Ok(id(NEW)));
        }
    }
}
