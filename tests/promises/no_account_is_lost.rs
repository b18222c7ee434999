//! Promise 9: no account is lost, however events are dropped, duplicated or reordered, as long as a sweep follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::code::Code;
use onboarding_simulation::{AccountCreation, FakeQueue};
use tracing::level_filters::LevelFilter;

use crate::common::{
    IDENTITY, MANAGEMENT, NEW, OLD, OWN_ROLE, Scenario, assert_onboarded, create_accounts, id, name, new_for_a_week,
    organization, sweep_config, writes_of_one_onboarding,
};
use crate::lambda::{Lambda, SOURCES, account_created, sweep};
use crate::log::logged;

/// Accounts whose events were dropped, duplicated and reordered.
struct EventStorm {
    function: Lambda,
    /// The number of events for each account, in addition to the sweep.
    deliveries: BTreeMap<AccountId, usize>,
    suspended: BTreeSet<AccountId>,
}

impl EventStorm {
    /// Creates a number of accounts, suspends a few of them, and processes their events followed by a sweep, in batches.
    fn over(accounts: usize, batch: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let organization = organization();
        let mut events = Vec::new();
        let mut deliveries = BTreeMap::new();
        for index in 0..accounts {
            let creation = AccountCreation {
                access_role_delay: Duration::from_secs(random.u64(..90)),
                ..AccountCreation::default()
            };
            let request = organization.create_account_with(&format!("account-{index}"), creation);
            let account = organization.finish_creation(&request).unwrap();
            let count = random.usize(..4);
            events.extend((0..count).map(|_| SOURCES[random.usize(..SOURCES.len())].replace(NEW, account.as_str())));
            deliveries.insert(account, count);
        }
        random.shuffle(&mut events);
        for count in 0..4 {
            assert!(deliveries.values().any(|deliveries| *deliveries == count), "some accounts have {count} events");
        }
        let suspended: BTreeSet<_> = deliveries.keys().step_by(29).cloned().collect();
        suspended.iter().for_each(|account| organization.set_state(account, AccountState::Suspended));

        let function = Scenario::in_organization(organization).config(&sweep_config()).function();
        events.iter().for_each(|event| function.queue.put(event));
        function.queue.put(&sweep());
        function.process_in_batches(batch, Duration::from_secs(7200));
        Self { function, deliveries, suspended }
    }

    /// Asserts that every active account is onboarded with the writes of a single onboarding.
    fn assert_all_onboarded(&self) {
        let Self { function, deliveries, suspended } = self;
        let writes = function.writes_by_account();
        let each = writes_of_one_onboarding();
        for (account, deliveries) in deliveries.iter().filter(|(account, _)| !suspended.contains(account)) {
            assert_onboarded(function.organization(), account.as_str());
            assert_eq!(writes[account], each, "writes in {account} after {deliveries} events and a sweep");
        }
        assert_eq!(function.organization().leases(), [], "each lease was released");
        assert!(suspended.iter().all(|account| !writes.contains_key(account)), "a suspended account is not written");
        let dead = function.queue.dead_letters();
        assert!(
            dead.iter().all(|letter| letter.cause.as_ref().is_some_and(|c| c.code == Code::AccountNotActive)),
            "{dead:?}"
        );
        let events_of_suspended: usize = suspended.iter().map(|account| deliveries[account]).sum();
        assert_eq!(dead.len(), events_of_suspended, "a sweep skips suspended accounts");
        assert_eq!(function.queue.next_visible(), None, "the queue is empty");
    }
}

#[test]
fn dropped_duplicated_and_reordered_events_lose_no_account() {
    EventStorm::over(200, 1).assert_all_onboarded();
}

#[test]
fn dropped_duplicated_and_reordered_events_in_batches_lose_no_account() {
    EventStorm::over(200, 10).assert_all_onboarded();
}

/// The first message onboards the account, whichever it is, and the others only read.
#[test]
fn events_from_several_sources_cost_one_onboarding() {
    let each = writes_of_one_onboarding();
    for first in 0..6 {
        let organization = organization();
        let request = organization.create_account_with("one", AccountCreation::default());
        let account = organization.finish_creation(&request).unwrap();
        let requested = include_str!("../../events/create-account.json");
        assert!(requested.contains("car-0f1e2d3c4b5a69788796a5b4c3d2e1f0"));
        let requested = requested.replace("car-0f1e2d3c4b5a69788796a5b4c3d2e1f0", &request);
        let moved = include_str!("../../events/move-account.json").to_owned();
        let mut messages = SOURCES.map(str::to_owned).to_vec();
        messages.extend([requested, moved, sweep()]);
        messages.rotate_left(first);

        let function = Scenario::in_organization(organization.clone()).config(&sweep_config()).function();
        for message in messages {
            function.deliver(&message, Duration::from_secs(60));
            assert_eq!(function.writes_by_account()[&account], each, "{message}");
            assert_onboarded(&organization, account.as_str());
            function.assert_all_processed(&message);
        }
        let others = [MANAGEMENT, IDENTITY].map(id);
        assert!(organization.writes().iter().all(|call| !others.contains(&call.account)));
        assert_onboarded(&organization, OLD);
    }
}

#[test]
fn account_that_is_not_ready_for_a_day_is_a_dead_letter_and_a_redrive_finishes_it() {
    let function =
        Scenario::new().with_late_access_role(Duration::from_secs(100_000)).config(&new_for_a_week()).function();
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(100_000));
    let dead = function.queue.dead_letters();
    let cause = dead.first().and_then(|letter| letter.cause.clone()).expect("retries were exhausted");
    assert_eq!((dead.len(), cause.code.as_str()), (1, "retries_exhausted"));
    assert!(cause.message.contains("access_role_not_ready"), "{}", cause.message);
    assert_eq!(function.organization().writes(), []);

    function.queue.redrive();
    function.process_for(Duration::from_secs(30_000));
    assert!(function.organization().role_state(&id(NEW), &name(OWN_ROLE)).is_some());
    assert_eq!(function.queue.dead_letters(), []);
}

#[test]
fn retry_delays_grow_while_an_account_is_not_ready() {
    let function = Scenario::new().with_late_access_role(Duration::from_secs(3000)).config(&sweep_config()).function();
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(7200));
    assert!(function.organization().role_state(&id(NEW), &name(OWN_ROLE)).is_some());
    // Each delay of the queue, plus up to 105 s in the function before it.
    let wanted = [30, 60, 120, 240, 480, 900, 900];
    let delays = function.retry_delays();
    assert_eq!(delays.len(), wanted.len(), "{delays:?}");
    assert!(delays.iter().zip(wanted).all(|(delay, least)| (least..=least + 106).contains(delay)), "{delays:?}");
}

#[test]
fn malformed_record_in_a_batch_is_isolated() {
    let function = Scenario::new().config(&sweep_config()).function();
    let accounts = create_accounts(function.organization(), 9);
    accounts.iter().for_each(|account| function.queue.put(&account_created(account)));
    function.queue.put("{\"detail\":");
    function.process_in_batches(10, Duration::from_secs(60));
    accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    let each = writes_of_one_onboarding();
    let writes = function.writes_by_account();
    assert!(accounts.iter().all(|account| writes[account] == each), "{writes:?}");
    assert_eq!(function.dead_letter_codes(), ["invalid_message"]);
    assert_eq!(function.queue.next_visible(), None);
}

#[test]
fn sweep_that_runs_out_of_time_continues_at_its_page() {
    let mut function =
        Scenario::new().with_page_size(2).with_latency(Duration::from_secs(1)).config(&sweep_config()).function();
    let accounts = create_accounts(function.organization(), 60);
    function.timeout = Duration::from_secs(12);
    function.queue.put(&sweep());
    let sweeps =
        function.process_for(Duration::from_secs(20_000)).into_iter().filter(|body| body.contains("\"page\"")).count();
    assert!(sweeps >= 2, "the page token was passed on {sweeps} times");
    for account in &accounts {
        assert!(function.organization().role_state(account, &name(OWN_ROLE)).is_some(), "{account} is onboarded");
    }
}

#[test]
fn account_that_cannot_be_read_does_not_end_the_sweep() {
    let organization = organization().with_unreadable_account(&id(OLD));
    let function = Scenario::in_organization(organization).with_new_account().config(&sweep_config()).function();
    let (log, report) = logged(LevelFilter::INFO, || function.answer(&sweep()));
    assert_eq!(
        report.expect("a report")["notices"],
        serde_json::json!(["queued 1 account, skipped 1 that cannot be read (see the log)"])
    );
    let line = log.lines().find(|line| line.contains("was skipped by the sweep")).expect("a line about the account");
    assert!(line.contains("WARN") && line.contains(&format!(r#""account_id":"{OLD}""#)), "{line}");
    function.process_for(Duration::from_secs(900));
    assert_onboarded(function.organization(), NEW);
    function.assert_all_processed("the sweep");
}

#[test]
fn sweep_with_an_expired_page_token_starts_over() {
    let function = Scenario::new().with_new_account().config(&sweep_config()).function();
    function.deliver(r#"{"sweep":{"page":"of-last-week"}}"#, Duration::from_secs(900));
    assert_onboarded(function.organization(), NEW);
    function.assert_all_processed("the sweep");
}

#[test]
fn simulated_queue_has_the_settings_of_the_template() {
    let template = include_str!("../../template.yaml");
    assert!(template.contains(&format!("VisibilityTimeout: {}", FakeQueue::VISIBILITY.as_secs())));
    assert!(template.contains(&format!("maxReceiveCount: {}", FakeQueue::MAX_RECEIVES)));
}
