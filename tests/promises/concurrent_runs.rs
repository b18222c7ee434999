//! Concurrent runs for the same account make the writes of a single onboarding.
//!
//! Several deliveries of one event and events from several sources may reach the function at the same time. A run acquires
//! the lease of the account before it writes; the others wait until the lease is released, read the account again and find
//! nothing left to do. A lease expires, so a killed run delays the others but never blocks them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use onboarding_core::attributes::Attribute;
use onboarding_core::error::ErrorKind;
use onboarding_core::lease::Lease;
use onboarding_core::record::{Record, attribute};
use onboarding_core::report::Report;
use onboarding_core::time::since;
use onboarding_engine::ports::{Clock, LeaseAttempt, Records};
use onboarding_engine::{FirstLook, Job};
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
    let scenario = Scenario::new().with_onboarded_account().after(Duration::from_secs(30 * 86_400));
    let waits = Duration::from_secs(1100);
    // The lease of another run neither delays it nor is released by it.
    let scenario = scenario.with_lease("another", waits).apply().assert_outcome("converged");
    let organization = scenario.organization();
    let writes: Vec<_> =
        organization.journal().iter().map(|call| call.call).filter(|call| call.starts_with("dynamodb:")).collect();
    assert_eq!(writes, ["dynamodb:GetItem", "dynamodb:UpdateItem"], "the record is read once and written once");
    assert_eq!(organization.journal().last().unwrap().call, "dynamodb:UpdateItem");
    assert_eq!(organization.record(NEW).lease.unwrap().owner, "another");
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
    insta::assert_snapshot!(scenario.outcome(), @"waiting (lease_held): another run is processing account 444455556666; no action needed: a message on the queue is retried automatically; otherwise run again later");
    assert_eq!(scenario.writes(), []);
}

/// Two runs see the same expired lease: the condition of the write decides which of them acquires it.
#[test]
fn expired_lease_is_acquired_by_one_of_two_runs() {
    let scenario = Scenario::new().with_new_account().with_expired_lease();
    let organization = scenario.organization();
    let acquire = |owner: &str| {
        let now = organization.now();
        let lease = Lease { owner: owner.to_owned(), expires_at: now + Duration::from_secs(100) };
        let attempt = run(organization.acquire_lease(NEW, &lease, now)).unwrap();
        matches!(attempt, LeaseAttempt::Acquired(record) if record.lease == Some(lease))
    };
    assert!(acquire("first"));
    assert!(!acquire("second"));
    assert!(acquire("first"), "the response to an earlier attempt was lost");
}

/// Just before a run takes over an expired lease, another run does.
#[test]
fn slower_run_does_not_acquire_an_expired_lease() {
    let scenario = Scenario::new().with_new_account().with_expired_lease();
    let organization = scenario.organization();
    let faster = organization.clone();
    let mut is_first = true;
    let script = Script::intercepting(move |call, _| {
        if call == "dynamodb:UpdateItem" && std::mem::take(&mut is_first) {
            let expires_at = faster.now() + Duration::from_secs(1100);
            faster.put_lease(&id(NEW), &Lease { owner: "faster".to_owned(), expires_at });
        }
        None
    });
    let report = run(scripted_engine(organization, &script, CONFIG).apply(&scenario.job()));
    assert_eq!((outcome_code(&report).as_str(), organization.writes()), ("waiting lease_held", Vec::new()));
    let record = organization.record(NEW);
    assert_eq!(record.lease.unwrap().owner, "faster", "the lease of the faster run stays as it is");
    assert_eq!(record.result, None, "its result will count");
    // The faster run releases the lease.
    organization.put_record(NEW, &Record::default());
    scenario.apply().assert_outcome("converged");
}

/// A run that is so slow that its lease expires does not overwrite what the next run records.
#[test]
fn lost_lease_is_not_released_by_its_former_owner() {
    let scenario = Scenario::new().with_new_account();
    let organization = scenario.organization();
    let other = organization.clone();
    let expires_at = organization.now() + Duration::from_secs(600);
    let script = Script::intercepting(move |call, _| {
        if call == "iam:PutRolePolicy" {
            other.put_lease(&id(NEW), &Lease { owner: "next".to_owned(), expires_at });
        }
        None
    });
    let engine = scripted_engine(organization, &script, CONFIG);
    let processed = run(engine.apply_unsaved(&scenario.job(), FirstLook::default()));
    assert_eq!(outcome_code(&processed.report), "converged");
    let end = organization.now() + Duration::from_secs(10);
    let error = run(processed.record.save(&processed.report, None, end)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let record = organization.record(NEW);
    assert_eq!((record.lease.unwrap().owner.as_str(), record.result), ("next", None));
}

/// The response to the write that releases the lease is lost, and the write is repeated.
#[test]
fn repeated_release_is_not_taken_for_a_lost_lease() {
    let scenario = Scenario::new().with_new_account();
    let fault_free = Script::none();
    scenario.apply_with_faults(&fault_free).assert_outcome("converged");
    let last = fault_free.calls().len() - 1;
    assert_eq!(fault_free.calls()[last], "dynamodb:UpdateItem");
    let scenario = Scenario::new().with_new_account();
    let organization = scenario.organization().clone();
    let engine = scripted_engine(&organization, &Script::at(last, Injection::TimeoutAfter), CONFIG);
    crate::common::fix_jitter();
    let processed = run(engine.apply_unsaved(&scenario.job(), FirstLook::default()));
    run(processed.record.save(&processed.report, None, organization.now() + Duration::from_secs(60))).unwrap();
    assert_eq!(organization.leases(), []);
    assert!(organization.record(NEW).result.is_some());
}

/// Whatever another program wrote into the item, the account is onboarded.
#[test]
fn item_that_is_not_a_record_does_not_fail_the_run() {
    let garbage = || [Attribute::Text("x".to_owned()), Attribute::Number(7), Attribute::Map(BTreeMap::new())];
    let names: BTreeSet<_> = {
        let organization = Scenario::new().with_onboarded_account().organization().clone();
        organization
            .record(NEW)
            .to_attributes()
            .into_keys()
            .chain([attribute::LEASE_OWNER, attribute::LEASE_EXPIRES_AT].map(str::to_owned))
            .collect()
    };
    for value in garbage() {
        let scenario = Scenario::new().with_new_account();
        for name in &names {
            scenario.organization().put_attribute(NEW, name, value.clone());
        }
        let scenario = scenario.apply().assert_outcome("converged");
        assert_eq!(scenario.organization().leases(), [], "{value:?}");
    }
}

/// If no lease can be acquired, the run continues without one, and the report states the consequence.
#[test]
fn run_without_permission_for_leases_converges_with_a_notice() {
    let scenario = Scenario::new().with_new_account();
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("dynamodb:UpdateItem");
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "converged");
    insta::assert_snapshot!(report.notices[0], @"the account's lease could not be acquired, so a concurrent run could make the same writes: dynamodb:UpdateItem failed: AccessDenied: denied, on purpose");
}

#[test]
fn run_without_permission_to_read_records_converges_with_a_notice() {
    let scenario = Scenario::new().with_new_account();
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("dynamodb:");
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "converged");
    insta::assert_snapshot!(report.notices[0], @"the account's record could not be read, so a concurrent run could make the same writes and notifications may be repeated: dynamodb:GetItem failed: AccessDenied: denied, on purpose; check the table's name and the permission `dynamodb:GetItem`");
    assert_eq!(script.calls(), ["dynamodb:GetItem"], "the table is not tried again");
}

/// Without a table there are no calls to one, as on the command line.
#[test]
fn run_without_a_table_converges() {
    let organization = Scenario::new().with_new_account().organization().clone().without_records();
    let scenario = Scenario::in_organization(organization).for_account(NEW).apply().assert_outcome("converged");
    assert!(scenario.organization().journal().iter().all(|call| !call.call.starts_with("dynamodb:")));
}
