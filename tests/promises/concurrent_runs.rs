//! Concurrent runs for the same account make the writes of a single onboarding.
//!
//! Several deliveries of one event and events from several sources may reach the function at the same time. A run acquires
//! the lease of the account before it writes; the others wait until the lease is released, read the account again and find
//! nothing left to do. A lease expires, so a killed run delays the others but never blocks them.

use std::time::Duration;

use futures_util::future::join_all;
use onboarding_core::lease::Lease;
use onboarding_core::report::Report;
use onboarding_core::time::since;
use onboarding_engine::Job;
use onboarding_engine::ports::{Clock, LeaseStore};
use onboarding_simulation::{FakeOrganization, Injection, Lag, Script};

use crate::common::{CONFIG, NEW, OWN_ROLE, Scenario, assert_onboarded, id, outcome_code, run, scripted_engine};
use crate::lambda::{SOURCES, account_created};

/// An organization in which the new account was onboarded by a single delivery.
fn onboarded_by_one_delivery() -> FakeOrganization {
    let function = Scenario::new().with_new_account().function();
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(60));
    function.organization().clone()
}

/// Processes a number of messages in batches, and asserts that they cause the same writes as a single delivery.
fn assert_cost_of_one_delivery(scenario: &Scenario, messages: usize, batch: usize) {
    let expected = onboarded_by_one_delivery();
    let function = scenario.function();
    (0..messages).for_each(|index| function.queue.put(SOURCES[index % SOURCES.len()]));
    function.process_in_batches(batch, Duration::from_secs(4000));
    let organization = function.organization();
    assert_onboarded(organization, NEW);
    assert_eq!(organization.state(), expected.state());
    function.assert_all_processed(&format!("{messages} messages"));
    assert_eq!(organization.writes(), expected.writes(), "{messages} messages");
    assert_eq!(organization.leases(), []);
}

#[test]
fn messages_in_one_batch_cost_one_onboarding() {
    for messages in [2, 3, 5, 10] {
        assert_cost_of_one_delivery(&Scenario::new().with_new_account(), messages, 10);
    }
}

#[test]
fn concurrent_messages_with_slow_calls_cost_one_onboarding() {
    let scenario = Scenario::new().with_new_account().with_latency(Duration::from_millis(700));
    assert_cost_of_one_delivery(&scenario, 5, 10);
}

#[test]
fn concurrent_messages_for_an_account_that_is_not_ready_cost_one_onboarding() {
    assert_cost_of_one_delivery(&Scenario::new().with_late_access_role(Duration::from_secs(200)), 6, 3);
}

#[test]
fn concurrent_messages_with_lagging_reads_cost_one_onboarding() {
    let scenario = Scenario::new().with_new_account().with_read_lag(Lag { reads: 0, time: Duration::from_secs(6) });
    assert_cost_of_one_delivery(&scenario, 4, 10);
}

/// Runs the engine several times concurrently, each with its own run id.
fn apply_concurrently(scenario: &Scenario, runs: usize) -> Vec<Report> {
    let engine = scenario.engine();
    let jobs: Vec<_> = (0..runs).map(|index| Job { lease_owner: format!("run-{index}"), ..scenario.job() }).collect();
    run(join_all(jobs.iter().map(|job| engine.apply(job))))
}

/// For an established account, a run acquires the lease only when there is something to write, and then reads again.
#[test]
fn drift_is_repaired_once_by_concurrent_runs() {
    let scenario = Scenario::new().with_onboarded_account();
    let before = scenario.organization().state();
    let scenario = scenario.drift(OWN_ROLE, |state| state.policies.clear()).after(Duration::from_secs(30 * 86_400));
    let reports = apply_concurrently(&scenario, 4);
    assert!(reports.iter().all(|report| outcome_code(report) == "converged"));
    assert_eq!(reports.iter().map(Report::done).sum::<usize>(), 1, "exactly one run repaired it");
    assert_eq!((scenario.writes().len(), scenario.organization().state()), (1, before));
}

#[test]
fn run_without_changes_acquires_no_lease() {
    let scenario = Scenario::new().with_onboarded_account().after(Duration::from_secs(30 * 86_400)).apply();
    let journal = scenario.organization().journal();
    assert!(journal.iter().all(|call| !["ssm:PutParameter", "ssm:DeleteParameter"].contains(&call.call)));
}

/// A lease lasts no longer than the run that acquired it could have lived.
#[test]
fn lease_of_a_killed_run_expires() {
    let scenario = Scenario::new().with_new_account().with_lease("killed", Duration::from_secs(100));
    let organization = scenario.organization();
    let start = organization.now();
    let reports = apply_concurrently(&scenario, 3);
    assert!(reports.iter().all(|report| outcome_code(report) == "converged"), "{reports:?}");
    assert_eq!(organization.writes(), onboarded_by_one_delivery().writes());
    let took = since(start, organization.now()).as_secs();
    assert!((100..140).contains(&took), "{took}");
    assert_eq!(organization.leases(), []);
}

#[test]
fn lease_that_outlasts_the_deadline_ends_in_waiting() {
    let scenario = Scenario::new().with_new_account().with_lease("another", Duration::from_secs(1100)).apply();
    insta::assert_snapshot!(scenario.outcome(), @"waiting (lease_held): another run is processing account 444455556666; no action needed: the function retries automatically (with the CLI, run the command again later)");
    assert_eq!(scenario.writes(), []);
}

/// Two runs see the same expired lease: the version of the parameter decides which of them acquires it.
#[test]
fn expired_lease_is_acquired_by_one_of_two_runs() {
    let scenario = Scenario::new().with_new_account().with_expired_lease();
    let organization = scenario.organization();
    let lease =
        |owner: &str| Lease { owner: owner.to_owned(), expires_at: organization.now() + Duration::from_secs(100) };
    let account = id(NEW);
    let version = run(organization.stored_lease(&account)).unwrap().unwrap().version;
    assert!(run(organization.try_acquire_lease(&account, &lease("first"), Some(version))).unwrap());
    assert!(!run(organization.try_acquire_lease(&account, &lease("second"), Some(version))).unwrap());
    assert!(!run(organization.try_acquire_lease(&account, &lease("third"), None)).unwrap());
}

/// The slower run overwrites the parameter of the faster one. It must not treat that as having acquired the lease.
#[test]
fn slower_run_does_not_acquire_an_expired_lease() {
    let scenario = Scenario::new().with_new_account().with_expired_lease();
    let organization = scenario.organization();
    // The first two attempts try to create the lease; the third replaces the expired one. Just before it, another run does.
    let mut attempts = 0;
    let faster = organization.clone();
    let script = Script::intercepting(move |call, _| {
        attempts += usize::from(call == "ssm:PutParameter");
        if (call, attempts) == ("ssm:PutParameter", 3) {
            let expires_at = faster.now() + Duration::from_secs(100);
            faster.put_lease(&id(NEW), Lease { owner: "faster".to_owned(), expires_at });
        }
        None
    });
    let job = scenario.job();
    let report = run(scripted_engine(organization, &script, CONFIG).apply(&job));
    assert_eq!((outcome_code(&report).as_str(), organization.writes()), ("waiting lease_held", Vec::new()));
    assert_eq!(
        run(organization.stored_lease(&id(NEW))).unwrap().unwrap().lease.owner,
        job.lease_owner,
        "the slower run wrote last"
    );
    // The faster run releases the lease.
    run(organization.release_lease(&id(NEW))).unwrap();
    scenario.apply().assert_outcome("converged");
}

/// If no lease can be acquired, the run continues without one, and the report states the consequence.
#[test]
fn run_without_permission_for_leases_converges_with_a_notice() {
    let scenario = Scenario::new().with_new_account();
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("ssm:PutParameter");
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "converged");
    insta::assert_snapshot!(report.notices[0], @"the account's lease could not be acquired, so a concurrent run could make the same writes: ssm:PutParameter failed: AccessDenied: denied, on purpose");
}
