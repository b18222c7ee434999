//! Promises 1, 5, 6, 9 and 10 for the chunks of a sweep: several accounts in one message and one invocation.

use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::code::OutcomeKind;
use onboarding_core::lease::Lease;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::since;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, Injection, RoleState, Script};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{
    ACCESS, IDENTITY, MANAGEMENT, OLD, OWN_ROLE, Scenario, TRELICA_ROLE, assert_onboarded, create_accounts, fix_jitter,
    id, name, organization, sweep_config,
};
use crate::lambda::{Lambda, sweep};
use crate::log::logged;

const DAY: Duration = Duration::from_secs(86_400);
const OUTSIDE: &str = "555566667777";

/// The function, and accounts that it has onboarded a month ago. The journal is empty.
fn onboarded(count: usize) -> (Lambda, Vec<AccountId>) {
    let function = Scenario::in_organization(organization()).config(&sweep_config()).function();
    let mut accounts = create_accounts(function.organization(), count);
    accounts.push(id(OLD));
    function.deliver(&sweep(), Duration::from_secs(7200));
    accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    function.wait(30 * DAY);
    // The records that were kept for new accounts are forgotten now.
    function.deliver(&sweep(), Duration::from_secs(7200));
    function.wait(DAY);
    function.organization().clear_journal();
    (function, accounts)
}

fn count(function: &Lambda, call: &str) -> usize {
    function.organization().journal().iter().filter(|made| made.call == call).count()
}

/// The chunk of a sweep over these accounts, as the sweep sends it.
fn chunk(function: &Lambda) -> String {
    function.answer(&sweep()).expect("a sweep");
    let message = function.queue.receive(1).remove(0);
    function.queue.delete(&message.id);
    assert_eq!(function.queue.next_visible(), None, "one chunk");
    message.body
}

/// Accounts that need nothing: their facts come from the list, and their records from one call.
#[test]
fn chunk_of_converged_accounts_needs_no_description_and_two_calls_for_its_records() {
    let (function, accounts) = onboarded(9);
    let before = function.organization().records();
    let bodies = {
        function.queue.put(&sweep());
        function.process_for(DAY)
    };
    assert_eq!(bodies.len(), 2, "the sweep and one chunk: {bodies:?}");
    assert_eq!(count(&function, "sts:AssumeRole"), accounts.len());
    assert_eq!(count(&function, "organizations:DescribeAccount"), 1, "which organization it is");
    assert_eq!((count(&function, "dynamodb:BatchGetItem"), count(&function, "dynamodb:TransactWriteItems")), (1, 1));
    assert_eq!(count(&function, "dynamodb:UpdateItem"), 0);
    assert_eq!(function.organization().writes(), []);
    for account in &accounts {
        let record = function.organization().record(account.as_str());
        let (last, earlier) = (record.result.unwrap(), before[account.as_str()].result.clone().unwrap());
        assert!(last.last_converged > earlier.last_converged, "{account}");
        assert_eq!(
            (last.name, last.ou_path, last.first_converged),
            (earlier.name, earlier.ou_path, earlier.first_converged)
        );
    }
    function.assert_all_processed("the chunk");
}

/// The dependent steps of a chunk of converged accounts, however many there are, by a function that has just started: reading the
/// configuration and the records, assuming the access roles, reading the roles, and writing the records.
#[test]
fn chunk_of_converged_accounts_takes_four_steps() {
    let (function, accounts) = onboarded(3);
    let message = chunk(&function);
    function.wait(DAY);
    function.organization().clear_journal();
    function.organization().set_latency(Duration::from_secs(1));
    function.queue.put(&message);
    let start = function.organization().now();
    let batch = function.queue.receive(1);
    assert_eq!(function.invoke(&batch), [""; 0]);
    assert_eq!(since(start, function.organization().now()), Duration::from_secs(4));
    // Nothing is read twice.
    let counted = ["organizations:DescribeAccount", "dynamodb:BatchGetItem", "sts:AssumeRole"];
    assert_eq!(counted.map(|call| count(&function, call)), [1, 1, accounts.len()]);
}

/// The organization is the same for all of them, so that the description of any account is enough.
#[test]
fn account_that_left_after_the_listing_does_not_make_the_others_cost_more() {
    let (function, _) = onboarded(4);
    let message = chunk(&function);
    // The first account of the chunk.
    function.organization().remove_account(&id(OLD));
    function.organization().clear_journal();
    function.deliver(&message, DAY);
    // That of the organization fails once while the function starts and once after it, and then another account is described.
    assert_eq!(count(&function, "organizations:DescribeAccount"), 4, "and the account that left");
    assert_eq!(count(&function, "dynamodb:TransactWriteItems"), 1);
}

/// A look has a session that can only read.
#[test]
fn look_at_an_account_gets_a_session_that_cannot_write() {
    let (function, accounts) = onboarded(3);
    let before = function.organization().assume_role_requests().len();
    function.deliver(&sweep(), DAY);
    let requests = function.organization().assume_role_requests().split_off(before);
    assert_eq!(requests.len(), accounts.len());
    for request in requests {
        assert!(!request.policy.contains("iam:Put") && !request.policy.contains("iam:Update"), "{}", request.policy);
    }
}

#[test]
fn drift_of_one_account_is_repaired_in_the_same_invocation() {
    let (function, accounts) = onboarded(4);
    function.organization().delete_role(&accounts[1], &name(TRELICA_ROLE));
    function.queue.put(&sweep());
    assert_eq!(function.process_for(DAY).len(), 2, "no other message");
    assert_onboarded(function.organization(), accounts[1].as_str());
    let written: Vec<_> = function.writes_by_account().into_keys().collect();
    assert_eq!(written, [accounts[1].clone()]);
    assert_eq!(
        count(&function, "organizations:DescribeAccount"),
        2,
        "the organization, and the account that is written to"
    );
    function.assert_all_processed("the chunk");
}

/// The accounts that need attention, are not ready or are unusual, next to those that are not.
#[test]
fn account_that_fails_is_isolated_from_its_chunk() {
    let (function, accounts) = onboarded(5);
    let [blocked, drifted, denied, closed, good, _] = accounts.as_slice() else { panic!("six accounts") };
    let organization = function.organization();
    organization.put_role(blocked, &name(OWN_ROLE), RoleState::trusting("{}"));
    organization.delete_role(drifted, &name(TRELICA_ROLE));
    organization.delete_role(denied, &name(ACCESS));
    let message = chunk(&function);
    organization.set_state(closed, AccountState::Closed);
    organization.put_role(closed, &name(OWN_ROLE), RoleState::trusting("{}"));
    function.deliver(&message, DAY);

    assert_onboarded(organization, drifted.as_str());
    assert_onboarded(organization, good.as_str());
    assert!(organization.writes().iter().all(|call| call.account == *drifted));
    let mut letters: Vec<_> = function
        .queue
        .dead_letters()
        .into_iter()
        .map(|letter| (letter.cause.expect("a cause").code.as_str(), letter.body))
        .collect();
    letters.sort();
    let own = |account: &AccountId| json!({"sweep": {"account_id": account}}).to_string();
    let mut wanted =
        vec![("access_role_changed", own(denied)), ("account_not_active", own(closed)), ("foreign_role", own(blocked))];
    wanted.sort();
    assert_eq!(letters, wanted);
    assert_eq!(function.queue.next_visible(), None);
    let notified =
        |account: &AccountId| organization.record(account.as_str()).notification.map(|last| last.notified.into());
    assert_eq!(notified(blocked).map(|text: String| text.starts_with("foreign_role")), Some(true));

    // The next sweep finds the same and adds nothing.
    let events = function.notifier.events().len();
    function.wait(DAY);
    function.deliver(&sweep(), DAY);
    assert_eq!(function.queue.dead_letters().len(), 3);
    assert_eq!(function.notifier.events().len(), events);
}

/// An account that is not ready gets a message of its own, which waits longer each time, and does not hold up the others.
#[test]
fn waiting_account_gets_a_message_of_its_own_with_growing_delay() {
    let function = Scenario::in_organization(organization()).config(&sweep_config()).function();
    let accounts = create_accounts(function.organization(), 3);
    let late = AccountCreation { access_role_delay: Duration::from_secs(600), ..AccountCreation::default() };
    let request = function.organization().create_account_with("late", late);
    let late = function.organization().finish_creation(&request).unwrap();
    function.queue.put(&sweep());
    let bodies = function.process_for(DAY);
    let own = json!({"sweep": {"account_id": late}}).to_string();
    let retries = bodies.iter().filter(|body| **body == own).count();
    assert!((2..=8).contains(&retries), "{bodies:?}");
    assert_eq!(bodies.len(), 2 + retries, "the sweep, the chunk and the retries");
    accounts.iter().chain([&late]).for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    let delays: Vec<_> = function.retry_delays().split_off(1);
    assert!((30..=60).contains(&delays[0]), "{delays:?}: the chunk waits for 20 seconds, and the account 30 more");
    function.assert_all_processed("the late account");
}

/// Whatever the function is doing when it is killed, every account is onboarded in the end.
#[test]
fn function_that_is_killed_at_any_call_of_a_chunk_loses_no_account() {
    fn interrupted() -> (Lambda, Vec<AccountId>) {
        let (function, mut accounts) = onboarded(1);
        function.organization().delete_role(&accounts[0], &name(TRELICA_ROLE));
        accounts.extend(create_accounts(function.organization(), 1));
        let message = chunk(&function);
        function.organization().clear_journal();
        function.queue.put(&message);
        (function, accounts)
    }
    let run = |script: Script| {
        let (function, accounts) = interrupted();
        function.process_with_faults(script, DAY);
        (function, accounts)
    };
    let (function, _) = run(Script::none());
    let calls = function.calls();
    assert!(calls.contains(&"dynamodb:TransactWriteItems") && calls.contains(&"events:PutEvents"), "{calls:?}");
    for (index, call) in calls.iter().enumerate() {
        // Being killed before a call is being killed after the one before it. Of the many reads, every sixth is enough.
        let is_read = call.starts_with("iam:Get") || call.starts_with("iam:List");
        let injections: &[_] = match (is_read, index % 6) {
            (true, 0) => &[Injection::CrashAfter],
            (true, _) => &[],
            (false, _) => &[Injection::CrashAfter, Injection::Throttle],
        };
        for injection in injections {
            let (function, accounts) = run(Script::at(index, *injection));
            let what = format!("{injection:?} at {index}, {call}");
            function.assert_all_processed(&what);
            accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
            assert_eq!(function.organization().leases(), [], "{what}");
        }
    }
}

#[test]
fn account_that_makes_the_function_panic_is_isolated_from_its_chunk() {
    let (function, accounts) = onboarded(4);
    let message = chunk(&function);
    function.organization().delete_role(&accounts[2], &name(TRELICA_ROLE));
    function.organization().clear_journal();
    // The first description is that of the organization, the second that of the account with drift.
    let mut described = 0..;
    fix_jitter();
    function.script.replace(Script::intercepting(move |call, _| {
        assert!(call != "organizations:DescribeAccount" || described.next() != Some(1), "a panic, on purpose");
        None
    }));
    let (log, bodies) = logged(LevelFilter::INFO, || {
        function.queue.put(&message);
        function.process_for(DAY)
    });
    assert_eq!(log.lines().filter(|line| line.contains("\"cause\":\"panic\"")).count(), 1);
    assert_eq!(bodies, [message, json!({"sweep": {"account_id": accounts[2]}}).to_string()]);
    assert_onboarded(function.organization(), accounts[2].as_str());
    function.assert_all_processed("the account gets a message of its own");
}

#[test]
fn accounts_for_which_there_is_no_time_get_messages_of_their_own() {
    let (mut function, accounts) = onboarded(7);
    let message = chunk(&function);
    accounts.iter().for_each(|account| function.organization().delete_role(account, &name(TRELICA_ROLE)));
    function.organization().set_latency(Duration::from_secs(1));
    function.timeout = Duration::from_secs(26);
    function.queue.put(&message);
    let bodies = function.process_for(DAY);
    assert_eq!(bodies.len(), 1 + accounts.len(), "{bodies:?}");
    accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    function.assert_all_processed("the chunk");
}

/// A run that has the lease writes its own result; the records of the others are written one by one.
#[test]
fn record_under_a_lease_does_not_keep_the_others_from_being_written() {
    let (function, accounts) = onboarded(3);
    let before = function.organization().records();
    let lease =
        Lease { owner: "another".to_owned(), expires_at: function.organization().now() + Duration::from_secs(600) };
    function.organization().put_lease(&accounts[0], &lease);
    function.deliver(&sweep(), DAY);
    assert_eq!(count(&function, "dynamodb:TransactWriteItems"), 1);
    for account in &accounts {
        let last =
            |record: &onboarding_core::record::Record| record.result.as_ref().and_then(|result| result.last_converged);
        assert!(last(&function.organization().record(account.as_str())) > last(&before[account.as_str()]), "{account}");
    }
    let kept = function.organization().record(accounts[0].as_str()).lease;
    assert_eq!(kept.map(|kept| kept.owner), Some(lease.owner), "another run's lease is not released");
}

/// Without a table, nothing confirms what the message says, and nothing is remembered or published either.
#[test]
fn chunk_is_processed_without_records() {
    let function = Scenario::in_organization(organization().without_records()).config(&sweep_config()).function();
    let mut accounts = create_accounts(function.organization(), 3);
    accounts.push(id(OLD));
    function.deliver(&sweep(), Duration::from_secs(7200));
    accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    function.wait(30 * DAY);
    function.organization().clear_journal();
    let events = function.notifier.events().len();
    function.deliver(&sweep(), Duration::from_secs(7200));
    assert_eq!(count(&function, "organizations:DescribeAccount"), 1);
    assert_eq!((function.organization().writes(), function.notifier.events().len()), (Vec::new(), events));
}

fn forged(accounts: &[Value]) -> String {
    json!({"sweep": {"version": 1, "accounts": accounts}}).to_string()
}

/// Whoever can write to the queue cannot change an account with it that the function would not change, and cannot make it
/// record or publish what the message says.
#[test]
fn forged_chunk_gains_nothing() {
    let outside = organization().with_outside_account(&id(OUTSIDE));
    let mut function = Scenario::in_organization(outside).config(&sweep_config()).function();
    let suspended = create_accounts(function.organization(), 1).remove(0);
    function.organization().set_state(&suspended, AccountState::Suspended);
    function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
    let joined_at = 4_000_000_000_u64;
    let ids = [MANAGEMENT, IDENTITY, OUTSIDE, OLD, suspended.as_str()];
    let message =
        forged(&ids.map(|id| json!({"id": id, "name": "forged", "joined_at": joined_at, "joined": "CREATED"})));
    function.deliver(&message, DAY);

    assert_eq!(function.organization().writes(), [], "the account that existed before the deployment is only reported");
    let assumed = function.organization().assume_role_requests();
    assert!(assumed.iter().all(|request| request.role_arn.contains(OLD)), "{assumed:?}");
    let record = function.organization().record(OLD).result.expect("a record");
    assert_eq!(record.name.as_deref(), Some("old"));
    assert_eq!(function.dead_letter_codes(), ["not_a_member"]);
    assert!(
        function
            .organization()
            .record(suspended.as_str())
            .result
            .is_some_and(|last| last.outcome == OutcomeKind::Blocked)
    );
    assert!(function.notifier.events().iter().all(|event| !event.detail().to_string().contains("forged")));
}

/// The facts in the message differ from those in the record.
#[test]
fn account_whose_name_or_unit_changed_is_described_before_that_is_recorded() {
    let (function, accounts) = onboarded(2);
    let fact = |id: &AccountId| json!({"id": id, "name": "forged"});
    function.deliver(&forged(&accounts.iter().map(fact).collect::<Vec<_>>()), DAY);
    assert_eq!(count(&function, "organizations:DescribeAccount"), 1 + accounts.len());
    for account in &accounts {
        let name = function.organization().record(account.as_str()).result.and_then(|last| last.name);
        assert_ne!(name.as_deref(), Some("forged"));
    }
}

/// The message of a chunk outlives the deployment that sent it.
#[test]
fn mode_of_a_chunk_is_never_more_than_the_sweep_mode() {
    let (mut function, accounts) = onboarded(2);
    let applied = chunk(&function);
    assert!(!applied.contains("plan"));
    function.organization().delete_role(&accounts[0], &name(TRELICA_ROLE));
    function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
    function.deliver(&applied, DAY);
    assert_eq!(function.organization().writes(), []);
    let reported = chunk(&function);
    assert_eq!(reported.matches("\"mode\":\"plan\"").count(), accounts.len());
    function.sweep_mode = SweepMode::Apply;
    function.deliver(&reported, DAY);
    assert_eq!(function.organization().writes(), []);
    function.assert_all_processed("the reports");
}

/// Of an account whose drift was reported before, nothing is described or published again.
#[test]
fn drift_that_was_reported_before_costs_no_description() {
    let (mut function, accounts) = onboarded(2);
    function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
    function.organization().delete_role(&accounts[0], &name(TRELICA_ROLE));
    function.deliver(&sweep(), DAY);
    let events = function.notifier.events().len();
    function.wait(DAY);
    function.organization().clear_journal();
    function.deliver(&sweep(), DAY);
    assert_eq!(count(&function, "organizations:DescribeAccount"), 1);
    assert_eq!(function.notifier.events().len(), events);
    function.assert_all_processed("the report");
}
