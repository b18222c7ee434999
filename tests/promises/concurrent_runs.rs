//! Several deliveries of one event, and several sources, at the same moment: one onboarding's worth of writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_engine::ports::{Clock, LeaseStore, Ports, World};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization, Faulty, Injection, Lag, Script};

use crate::common::*;
use crate::lambda::{Lambda, created};

/// The new account's own events, each from another source.
const SOURCES: [&str; 3] = [
    include_str!("../../events/create-account-result-succeeded.json"),
    include_str!("../../events/account-joined-created.json"),
    include_str!("../../events/control-tower-create-managed-account.json"),
];

/// An organization in which the new account was onboarded by one delivery.
fn once() -> FakeOrganization {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(60.0);
    organization
}

/// Hands so many messages to one invocation, works them to their end, and holds that they cost as much as one.
fn cost_one(organization: &FakeOrganization, messages: usize, batch: usize) {
    let once = once();
    let lambda = Lambda::new(organization, CONFIG);
    (0..messages).for_each(|index| lambda.queue.put(SOURCES[index % SOURCES.len()]));
    lambda.work_in_batches(batch, 4000.0);
    assert_connected(organization, NEW);
    assert_eq!(organization.state(), once.state());
    assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()));
    assert_eq!(organization.writes(), once.writes(), "{messages} messages");
    assert_eq!(organization.claims(), []);
}

#[test]
fn in_one_invocation() {
    for messages in [2, 3, 5, 10] {
        cost_one(&with_new_account(), messages, 10);
    }
}

#[test]
fn while_calls_take_their_time() {
    let organization = with_new_account();
    organization.set_latency(Duration::from_millis(700));
    cost_one(&organization, 5, 10);
}

#[test]
fn while_the_account_is_not_ready() {
    let organization = organization();
    born(&organization, AccountCreation { access_role_after: 200.0, ..AccountCreation::default() });
    cost_one(&organization, 6, 3);
}

#[test]
fn while_reads_are_behind() {
    let organization = with_new_account();
    organization.set_lag(&id(NEW), Lag { reads: 0, seconds: 6.0 });
    cost_one(&organization, 4, 10);
}

/// So many runs of the engine at once, each with a name of its own.
fn side_by_side(organization: &FakeOrganization, account: &str, runs: usize) -> Vec<Report> {
    let engine = engine(organization, CONFIG);
    let errands: Vec<_> =
        (0..runs).map(|index| Job { run: format!("run-{index}"), ..errand(organization, account) }).collect();
    run(join_all(errands.iter().map(|errand| engine.apply(errand))))
}

/// An account that is not young is claimed when there is something to write, and then looked at once more.
#[test]
fn a_drift_is_repaired_once() {
    let sound = onboarded();
    let before = sound.state();
    alter(&sound, NEW, OWN_ROLE, |state| state.policies.clear());
    run(sound.sleep(Duration::from_secs(30 * 86_400)));
    let reports = side_by_side(&sound, NEW, 4);
    assert!(reports.iter().all(|report| end(report) == "converged"));
    assert_eq!(reports.iter().map(Report::done).sum::<usize>(), 1, "one of them repaired it");
    assert_eq!((sound.writes().len(), sound.state()), (1, before));
}

/// Who finds nothing to write in an old account claims nothing.
#[test]
fn a_look_claims_nothing() {
    let organization = onboarded();
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    apply(&organization, NEW);
    assert!(
        organization.journal().iter().all(|call| !["ssm:PutParameter", "ssm:DeleteParameter"].contains(&call.call))
    );
}

/// The claim of a run that was killed is in nobody's way for longer than that run could have lived.
#[test]
fn the_claim_of_a_run_that_was_killed_runs_out() {
    let organization = with_new_account();
    organization.put_claim(&id(NEW), Lease { by: "killed".to_owned(), until: organization.now() + 100.0 });
    let began = organization.now();
    let reports = side_by_side(&organization, NEW, 3);
    assert!(reports.iter().all(|report| end(report) == "converged"), "{reports:?}");
    assert_eq!(organization.writes(), once().writes());
    assert!((100.0..140.0).contains(&(organization.now() - began)), "{}", organization.now() - began);
    assert_eq!(organization.claims(), []);
}

#[test]
fn a_claim_that_does_not_end_is_waited_for_and_told() {
    let organization = with_new_account();
    organization.put_claim(&id(NEW), Lease { by: "another".to_owned(), until: organization.now() + 1100.0 });
    let report = apply(&organization, NEW);
    insta::assert_snapshot!(report.outcome, @"waiting (lease_held): another run is at work in account 444455556666; it passes by itself: the queue tries again, or run it again later");
    assert_eq!(organization.writes(), []);
}

/// Two runs that both see a claim that ran out: the version tells which was first.
#[test]
fn of_two_that_take_a_claim_over_one_has_it() {
    let organization = with_new_account();
    organization.put_claim(&id(NEW), Lease { by: "killed".to_owned(), until: 0.0 });
    let claim = |by: &str| Lease { by: by.to_owned(), until: organization.now() + 100.0 };
    let account = id(NEW);
    let (_, version) = run(organization.claimed(&account)).unwrap().unwrap();
    assert!(run(organization.claim(&account, &claim("first"), Some(version))).unwrap());
    assert!(!run(organization.claim(&account, &claim("second"), Some(version))).unwrap());
    assert!(!run(organization.claim(&account, &claim("third"), None)).unwrap());
}

/// Claims of an organization in which, once, another run is a moment faster to take over a claim that ran out.
struct Slow(FakeOrganization, AtomicBool);

impl LeaseStore for Slow {
    async fn claimed(&self, account: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        self.0.claimed(account).await
    }

    async fn claim(&self, account: &AccountId, claim: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        if seen.is_some() && !self.1.swap(true, Ordering::Relaxed) {
            self.0.put_claim(account, Lease { by: "faster".to_owned(), until: self.0.now() + 100.0 });
        }
        self.0.claim(account, claim, seen).await
    }

    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        self.0.release(account).await
    }
}

/// Who is second overwrites the claim of the first: it must not take that for a claim that it has.
#[test]
fn who_takes_a_claim_over_a_moment_too_late_does_not_have_it() {
    let organization = with_new_account();
    organization.put_claim(&id(NEW), Lease { by: "killed".to_owned(), until: 0.0 });
    let claims = Slow(organization.clone(), AtomicBool::new(false));
    let report = run(with_claims(&organization, claims).apply(&errand(&organization, NEW)));
    assert_eq!((end(&report).as_str(), organization.writes()), ("waiting lease_held", Vec::new()));
    // The faster one gives the account back.
    run(organization.release(&id(NEW))).unwrap();
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
}

/// Where claims cannot be made the work is done all the same, and the report says what that means.
#[test]
fn who_may_not_claim_works_on() {
    let organization = with_new_account();
    let claims = Faulty::new(organization.clone(), &Script::during(0, usize::MAX, Injection::AccessDenied));
    let report = run(with_claims(&organization, claims).apply(&errand(&organization, NEW)));
    assert_eq!(end(&report), "converged");
    insta::assert_snapshot!(report.notices.join("\n"), @"the account could not be claimed, so that another run at the same moment would make the same writes: ssm:PutParameter failed: AccessDenied: denied, on purpose");
}

/// An engine on an organization, with claims of its own.
fn with_claims<K: LeaseStore>(
    organization: &FakeOrganization,
    claims: K,
) -> Engine<impl World<Sessions = FakeOrganization>> {
    let [directory, sessions, secrets, registrar, clock] = [(); 5].map(|()| organization.clone());
    Engine { world: Ports { directory, sessions, secrets, claims, registrar, clock }, config: config(CONFIG) }
}
