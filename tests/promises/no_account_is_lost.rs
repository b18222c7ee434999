//! Promise 9: no message is lost, however events are dropped, doubled or reordered, as long as a sweep follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use account_onboarding::account::AccountState;
use account_onboarding::simulation::{Newborn, Organization, SimulatedQueue};

use crate::common::{CONFIG, IDENTITY, NEW, OWN_ROLE, id, name, organization};
use crate::lambda::{Lambda, created, sweep};

/// Everything but the identity account, which has no access role here.
fn config() -> String {
    CONFIG.replace("exclude = [\"999988887777\"]", &format!("exclude = [\"999988887777\", \"{IDENTITY}\"]"))
}

fn lambda(organization: &Organization) -> Lambda {
    Lambda::new(organization, &config())
}

/// How many writes a fresh account takes.
fn writes_of_one() -> usize {
    let organization = organization();
    let request = organization.create_account_as("one", Newborn::default());
    let account = organization.finish_creation(&request).unwrap();
    let lambda = lambda(&organization);
    lambda.queue.put(&created(&account));
    lambda.work_for(60.0);
    organization.writes().len()
}

#[test]
fn events_that_are_dropped_doubled_and_reordered() {
    const ACCOUNTS: usize = 200;
    let mut random = fastrand::Rng::with_seed(7);
    let organization = organization();
    let mut events = Vec::new();
    let mut accounts = BTreeSet::new();
    for index in 0..ACCOUNTS {
        let newborn = Newborn { access_role_after: f64::from(random.u32(..90)), ..Newborn::default() };
        let request = organization.create_account_as(&format!("account-{index}"), newborn);
        let account = organization.finish_creation(&request).unwrap();
        // None, one, two or three deliveries of the event.
        events.extend((0..random.u32(..4)).map(|_| created(&account)));
        accounts.insert(account);
    }
    random.shuffle(&mut events);
    let told = events.iter().collect::<BTreeSet<_>>().len();
    assert!(told < ACCOUNTS && events.len() > told, "some events are lost and some come twice");
    let suspended: Vec<_> = accounts.iter().step_by(29).cloned().collect();
    suspended.iter().for_each(|account| organization.set_state(account, AccountState::Suspended));

    let lambda = lambda(&organization);
    events.iter().for_each(|event| lambda.queue.put(event));
    lambda.queue.put(&sweep());
    lambda.work_for(3600.0);

    let mut writes: BTreeMap<_, usize> = BTreeMap::new();
    for call in organization.writes() {
        *writes.entry(call.account).or_default() += 1;
    }
    let each = writes_of_one();
    for account in accounts.iter().filter(|account| !suspended.contains(account)) {
        assert!(organization.role_state(account, &name(OWN_ROLE)).is_some(), "{account} is connected");
        assert_eq!(writes.get(account), Some(&each), "{account} cost one onboarding's worth of writes");
    }
    assert!(suspended.iter().all(|account| !writes.contains_key(account)), "a suspended account is not written");
    let dead = lambda.queue.dead_letters();
    assert!(
        dead.iter().all(|letter| letter.cause.as_ref().is_some_and(|c| c.code == "account_not_active")),
        "{dead:?}"
    );
    assert_eq!(lambda.queue.next_visible(), None, "nothing is left on the queue");
}

#[test]
fn two_deliveries_at_the_same_time() {
    let organization = organization();
    let account = organization.finish_creation(&organization.create_account_as("one", Newborn::default())).unwrap();
    let lambda = lambda(&organization);
    lambda.queue.put(&created(&account));
    lambda.queue.put(&created(&account));
    lambda.work_in_batches(10, 900.0);
    assert!(organization.role_state(&account, &name(OWN_ROLE)).is_some());
    assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()));
}

#[test]
fn an_account_that_is_never_ready_is_given_up_after_a_day_and_a_redrive_finishes_it() {
    let organization = organization();
    let newborn = Newborn { access_role_after: 100_000.0, ..Newborn::default() };
    organization.finish_creation(&organization.create_account_as("late", newborn)).unwrap();
    // It counts as young for longer than it is waited for.
    let patient = format!("{}\n[waiting]\nyoung-account-minutes = 10080\n", config());
    let lambda = Lambda::new(&organization, &patient);
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(100_000.0);
    let dead = lambda.queue.dead_letters();
    let cause = dead.first().and_then(|letter| letter.cause.clone()).expect("it was given up");
    assert_eq!((dead.len(), cause.code), (1, "gave_up"));
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
    let newborn = Newborn { access_role_after: 3000.0, ..Newborn::default() };
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
    for index in 0..9 {
        let request = organization.create_account_as(&format!("account-{index}"), Newborn::default());
        lambda.queue.put(&created(&organization.finish_creation(&request).unwrap()));
    }
    lambda.queue.put("{\"detail\":");
    lambda.work_in_batches(10, 60.0);
    let done = organization.writes().iter().filter(|call| call.role.as_ref() == Some(&name(OWN_ROLE))).count();
    assert!(done >= 9, "nine accounts were onboarded");
    let dead = lambda.queue.dead_letters();
    assert_eq!(dead.iter().map(|l| l.cause.as_ref().map(|c| c.code)).collect::<Vec<_>>(), [Some("not_understood")]);
    assert_eq!(lambda.queue.next_visible(), None);
}

#[test]
fn a_sweep_that_runs_out_of_time_goes_on_where_it_was() {
    let organization = organization();
    let mut accounts = Vec::new();
    for index in 0..60 {
        let request = organization.create_account_as(&format!("account-{index}"), Newborn::default());
        accounts.push(organization.finish_creation(&request).unwrap());
    }
    organization.set_page_size(7);
    organization.set_latency(Duration::from_secs(2));
    let mut lambda = lambda(&organization);
    lambda.timeout = 12.0;
    lambda.queue.put(&sweep());
    let sweeps = lambda.work_for(20_000.0).into_iter().filter(|body| body.contains("\"page\"")).count();
    assert!(sweeps >= 2, "the page token was handed on {sweeps} times");
    for account in &accounts {
        assert!(organization.role_state(account, &name(OWN_ROLE)).is_some(), "{account} is connected");
    }
}

/// The queue's own numbers are those of the template.
#[test]
fn the_queue_is_the_template_s() {
    let template = include_str!("../../template.yaml");
    assert!(template.contains(&format!("VisibilityTimeout: {}", SimulatedQueue::VISIBILITY)));
    assert!(template.contains(&format!("maxReceiveCount: {}", SimulatedQueue::MOST_RECEIVES)));
}
