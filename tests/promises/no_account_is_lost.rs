//! Promise 9: no message is lost, however events are dropped, doubled or reordered, as long as a sweep follows.

use onboarding_core::code::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_simulation::{AccountCreation, FakeOrganization, FakeQueue};

use crate::common::{
    IDENTITY, MANAGEMENT, NEW, OLD, OWN_ROLE, assert_connected, config_of_sweeps, id, name, organization,
};
use crate::lambda::{Lambda, created, sweep};

/// Events that name an account which is there, each from another source.
const SOURCES: [&str; 3] = [
    include_str!("../../events/create-account-result-succeeded.json"),
    include_str!("../../events/account-joined-created.json"),
    include_str!("../../events/control-tower-create-managed-account.json"),
];

fn lambda(organization: &FakeOrganization) -> Lambda {
    Lambda::new(organization, &config_of_sweeps())
}

/// A new account, made and ready.
fn one(organization: &FakeOrganization) -> AccountId {
    organization.finish_creation(&organization.create_account_as("one", AccountCreation::default())).unwrap()
}

/// An organization with one account that was onboarded by one delivery.
fn onboarded_once() -> FakeOrganization {
    let organization = organization();
    let lambda = lambda(&organization);
    lambda.queue.put(&created(&one(&organization)));
    lambda.work_for(60.0);
    organization
}

/// How many writes a fresh account takes.
fn writes_of_one() -> usize {
    onboarded_once().writes().len()
}

/// How many writes each account took, failed ones too.
fn writes(organization: &FakeOrganization) -> BTreeMap<AccountId, usize> {
    let mut writes = BTreeMap::new();
    for call in organization.writes() {
        *writes.entry(call.account).or_default() += 1;
    }
    writes
}

/// Accounts whose events were dropped, doubled and reordered.
struct Storm {
    organization: FakeOrganization,
    lambda: Lambda,
    /// How many events of each account came; the sweep comes to each as well.
    deliveries: BTreeMap<AccountId, usize>,
    suspended: BTreeSet<AccountId>,
}

impl Storm {
    /// So many accounts, a few of them suspended, and after all their events a sweep; worked in batches of so many.
    fn over(accounts: usize, batch: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let organization = organization();
        let (mut events, mut deliveries) = (Vec::new(), BTreeMap::new());
        for index in 0..accounts {
            let newborn =
                AccountCreation { access_role_after: f64::from(random.u32(..90)), ..AccountCreation::default() };
            let request = organization.create_account_as(&format!("account-{index}"), newborn);
            let account = organization.finish_creation(&request).unwrap();
            let count = random.usize(..4);
            events.extend((0..count).map(|_| SOURCES[random.usize(..SOURCES.len())].replace(NEW, account.as_str())));
            deliveries.insert(account, count);
        }
        random.shuffle(&mut events);
        for count in 0..4 {
            assert!(deliveries.values().any(|deliveries| *deliveries == count), "some come {count} times");
        }
        let suspended: BTreeSet<_> = deliveries.keys().step_by(29).cloned().collect();
        suspended.iter().for_each(|account| organization.set_state(account, AccountState::Suspended));

        let lambda = lambda(&organization);
        events.iter().for_each(|event| lambda.queue.put(event));
        lambda.queue.put(&sweep());
        lambda.work_in_batches(batch, 7200.0);
        Self { organization, lambda, deliveries, suspended }
    }

    /// Holds that every account is connected, and took one onboarding's worth of writes.
    fn assert_all_connected(&self) {
        let Self { organization, lambda, deliveries, suspended } = self;
        let (writes, each) = (writes(organization), writes_of_one());
        for (account, deliveries) in deliveries.iter().filter(|(account, _)| !suspended.contains(account)) {
            assert_connected(organization, account.as_str());
            assert_eq!(writes[account], each, "writes in {account} after {deliveries} events and a sweep");
        }
        assert_eq!(organization.claims(), [], "each account was given back");
        assert!(suspended.iter().all(|account| !writes.contains_key(account)), "a suspended account is not written");
        let dead = lambda.queue.dead_letters();
        assert!(
            dead.iter().all(|letter| letter.cause.as_ref().is_some_and(|c| c.code == Code::AccountNotActive)),
            "{dead:?}"
        );
        let told_of_suspended: usize = suspended.iter().map(|account| deliveries[account]).sum();
        assert_eq!(dead.len(), told_of_suspended, "a sweep leaves suspended accounts out");
        assert_eq!(lambda.queue.next_visible(), None, "nothing is left on the queue");
    }
}

#[test]
fn events_that_are_dropped_doubled_and_reordered() {
    Storm::over(200, 1).assert_all_connected();
}

#[test]
fn events_that_are_dropped_doubled_and_reordered_side_by_side() {
    Storm::over(200, 10).assert_all_connected();
}

/// Whichever comes first does it, and the others cost a look each.
#[test]
fn several_sources_one_after_the_other_cost_one_onboarding_s_writes() {
    let each = writes_of_one();
    for first in 0..6 {
        let organization = organization();
        let request = organization.create_account_as("one", AccountCreation::default());
        let account = organization.finish_creation(&request).unwrap();
        let asked = include_str!("../../events/create-account.json");
        assert!(asked.contains("car-0f1e2d3c4b5a69788796a5b4c3d2e1f0"));
        let asked = asked.replace("car-0f1e2d3c4b5a69788796a5b4c3d2e1f0", &request);
        let moved = include_str!("../../events/move-account.json").to_owned();
        let mut messages = SOURCES.map(str::to_owned).to_vec();
        messages.extend([asked, moved, sweep()]);
        messages.rotate_left(first);

        let lambda = lambda(&organization);
        for message in messages {
            lambda.queue.put(&message);
            lambda.work_for(60.0);
            assert_eq!(writes(&organization)[&account], each, "{message}");
            assert_connected(&organization, account.as_str());
            assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()), "{message}");
        }
        let others = [MANAGEMENT, IDENTITY].map(id);
        assert!(organization.writes().iter().all(|call| !others.contains(&call.account)));
        assert_connected(&organization, OLD);
    }
}

#[test]
fn an_account_that_is_never_ready_is_given_up_after_a_day_and_a_redrive_finishes_it() {
    let organization = organization();
    let newborn = AccountCreation { access_role_after: 100_000.0, ..AccountCreation::default() };
    organization.finish_creation(&organization.create_account_as("late", newborn)).unwrap();
    // It counts as young for longer than it is waited for.
    let patient = format!("{}\n[waiting]\nyoung-account-minutes = 10080\n", config_of_sweeps());
    let lambda = Lambda::new(&organization, &patient);
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(100_000.0);
    let dead = lambda.queue.dead_letters();
    let cause = dead.first().and_then(|letter| letter.cause.clone()).expect("it was given up");
    assert_eq!((dead.len(), cause.code), (1, "retries_exhausted"));
    assert!(cause.message.contains("access_role_not_ready"), "{}", cause.message);
    assert_eq!(organization.writes(), []);

    lambda.queue.redrive();
    lambda.work_for(30_000.0);
    assert!(organization.role_state(&id(NEW), &name(OWN_ROLE)).is_some());
    assert_eq!(lambda.queue.dead_letters(), []);
}

#[test]
fn pauses_grow_while_an_account_is_not_ready() {
    let organization = organization();
    let newborn = AccountCreation { access_role_after: 3000.0, ..AccountCreation::default() };
    organization.finish_creation(&organization.create_account_as("slow", newborn)).unwrap();
    let lambda = lambda(&organization);
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(7200.0);
    assert!(organization.role_state(&id(NEW), &name(OWN_ROLE)).is_some());
    // Each pause of the queue, and up to 105 s in the function before it.
    let wanted = [30, 60, 120, 240, 480, 900, 900];
    let pauses = lambda.pauses();
    assert_eq!(pauses.len(), wanted.len(), "{pauses:?}");
    assert!(pauses.iter().zip(wanted).all(|(pause, least)| (least..=least + 106).contains(pause)), "{pauses:?}");
}

#[test]
fn a_poisoned_record_in_a_batch_of_ten() {
    let organization = organization();
    let lambda = lambda(&organization);
    let mut accounts = Vec::new();
    for index in 0..9 {
        let request = organization.create_account_as(&format!("account-{index}"), AccountCreation::default());
        accounts.push(organization.finish_creation(&request).unwrap());
    }
    accounts.iter().for_each(|account| lambda.queue.put(&created(account)));
    lambda.queue.put("{\"detail\":");
    lambda.work_in_batches(10, 60.0);
    accounts.iter().for_each(|account| assert_connected(&organization, account.as_str()));
    let each = writes_of_one();
    let writes = writes(&organization);
    assert!(accounts.iter().all(|account| writes[account] == each), "{writes:?}");
    let dead = lambda.queue.dead_letters();
    assert_eq!(dead.iter().map(|l| l.cause.as_ref().map(|c| c.code)).collect::<Vec<_>>(), [Some("invalid_message")]);
    assert_eq!(lambda.queue.next_visible(), None);
}

#[test]
fn a_sweep_that_runs_out_of_time_goes_on_where_it_was() {
    let organization = organization();
    let mut accounts = Vec::new();
    for index in 0..60 {
        let request = organization.create_account_as(&format!("account-{index}"), AccountCreation::default());
        accounts.push(organization.finish_creation(&request).unwrap());
    }
    organization.set_page_size(2);
    organization.set_latency(Duration::from_secs(1));
    let mut lambda = lambda(&organization);
    lambda.timeout = 12.0;
    lambda.queue.put(&sweep());
    let sweeps = lambda.work_for(20_000.0).into_iter().filter(|body| body.contains("\"page\"")).count();
    assert!(sweeps >= 2, "the page token was handed on {sweeps} times");
    for account in &accounts {
        assert!(organization.role_state(account, &name(OWN_ROLE)).is_some(), "{account} is connected");
    }
}

#[test]
fn a_sweep_whose_page_is_too_old_begins_anew() {
    let organization = organization();
    organization.finish_creation(&organization.create_account_as("one", AccountCreation::default())).unwrap();
    let lambda = lambda(&organization);
    lambda.queue.put(r#"{"sweep":{"page":"of-last-week"}}"#);
    lambda.work_for(900.0);
    assert_connected(&organization, NEW);
    assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()));
}

/// The queue's own numbers are those of the template.
#[test]
fn the_queue_is_the_template_s() {
    let template = include_str!("../../template.yaml");
    assert!(template.contains(&format!("VisibilityTimeout: {}", FakeQueue::VISIBILITY)));
    assert!(template.contains(&format!("maxReceiveCount: {}", FakeQueue::MOST_RECEIVES)));
}
