//! Notifications: an event is published once per account and cause, whatever happens on the way.
//!
//! The function stores a notification record per account. It publishes an event only if the outcome differs from the record, so
//! that duplicate deliveries, retries and redrives cause no further notification.

use std::time::Duration;

use onboarding_core::account::AccountState;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::{AccountEvent, EventKind};
use onboarding_core::time::since;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, FakeOrganization, Injection, RoleState, Script};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{
    CONFIG, NEW, OWN_ROLE, TRELICA_ROLE, assert_onboarded, create_account, edit_role, id, name, organization, run,
    with_new_account,
};
use crate::lambda::{Lambda, account_created};
use crate::log::logged;

const DAY: Duration = Duration::from_secs(86_400);

/// Adds a role with a configured name that this tool does not own.
fn add_unowned_role(organization: &FakeOrganization) {
    organization.put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
}

/// A function, and a new account that is blocked by a role that this tool does not own.
fn blocked_account() -> (FakeOrganization, Lambda) {
    let organization = with_new_account();
    add_unowned_role(&organization);
    let lambda = Lambda::new(&organization, CONFIG);
    (organization, lambda)
}

/// The published events, such as `AccountBlocked foreign_role`.
fn notified(lambda: &Lambda) -> Vec<String> {
    let code = |event: &AccountEvent| event.detail()["cause"]["code"].as_str().map(|code| format!(" {code}"));
    let line = |event: AccountEvent| format!("{}{}", event.kind.detail_type(), code(&event).unwrap_or_default());
    lambda.notifier.events().into_iter().map(line).collect()
}

/// Delivers the creation event once and processes it to its end.
fn deliver(lambda: &Lambda) {
    lambda.queue.put(&account_created(&id(NEW)));
    lambda.process_for(Duration::from_secs(2000));
}

#[test]
fn blocked_account_is_notified_once() {
    let (_, lambda) = blocked_account();
    (0..3).for_each(|_| deliver(&lambda));
    lambda.queue.redrive();
    lambda.process_for(Duration::from_secs(2000));
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role"]);
    assert_eq!(lambda.queue.dead_letters().len(), 3, "each message is kept for a redrive");
    let event = lambda.notifier.events().remove(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(event.detail()).unwrap(), @r#"
    {
      "version": "1",
      "subject": "account 444455556666",
      "account_id": "444455556666",
      "trigger": "create_account_result",
      "changes": 5,
      "invocation_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
      "account_name": "payments-dev",
      "cause": {
        "code": "foreign_role",
        "message": "role `app-deployer` already exists and is not managed by this tool (no `account-onboarding` tag)",
        "remedy": "rename one of the two roles, or set `adopt = true` to take it over"
      },
      "run_again": "run `onboard apply --account 444455556666`, or redrive the dead-letter queue",
      "event_id": "7c9e6679-7425-40de-944b-000000000266"
    }
    "#);
}

#[test]
fn concurrent_deliveries_notify_once() {
    let (_, lambda) = blocked_account();
    (0..5).for_each(|_| lambda.queue.put(&account_created(&id(NEW))));
    lambda.process_in_batches(5, Duration::from_secs(2000));
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role"]);
}

#[test]
fn account_that_is_blocked_again_after_a_repair_is_notified_again() {
    let (organization, lambda) = blocked_account();
    deliver(&lambda);
    organization.delete_role(&id(NEW), &name(OWN_ROLE));
    lambda.queue.redrive();
    lambda.process_for(Duration::from_secs(2000));
    assert_eq!(lambda.notifier.notifications()[NEW].code, "onboarded");
    add_unowned_role(&organization);
    deliver(&lambda);
    let wanted = ["AccountBlocked foreign_role", "AccountOnboarded", "AccountBlocked foreign_role"];
    assert_eq!(notified(&lambda), wanted);
}

#[test]
fn different_cause_is_notified() {
    let (organization, lambda) = blocked_account();
    deliver(&lambda);
    organization.set_state(&id(NEW), AccountState::Suspended);
    deliver(&lambda);
    deliver(&lambda);
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role", "AccountBlocked account_not_active"]);
}

#[test]
fn onboarded_account_is_notified_once() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    (0..3).for_each(|_| deliver(&lambda));
    assert_eq!(notified(&lambda), ["AccountOnboarded"]);
    insta::assert_snapshot!(lambda.notifier.events().remove(0).detail(), @r#"{"version":"1","subject":"account 444455556666","account_id":"444455556666","trigger":"create_account_result","changes":8,"invocation_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","account_name":"payments-dev","event_id":"7c9e6679-7425-40de-944b-000000000266"}"#);
}

/// The first attempt makes the changes and runs out of time before it can read them back; the second one finds little or
/// nothing to do.
#[test]
fn changes_of_an_earlier_attempt_are_notified() {
    let organization = with_new_account();
    organization.set_lag(&id(NEW), onboarding_simulation::Lag { reads: 0, time: Duration::from_secs(125) });
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    assert!(lambda.retry_delays().len() == 1, "{:?}", lambda.retry_delays());
    assert_eq!(notified(&lambda), ["AccountOnboarded"]);
}

/// The access role appears late, and the messages from all sources are retried until then.
#[test]
fn slow_account_with_events_from_several_sources_is_notified_once() {
    for batch in [1, 3] {
        let organization = organization();
        create_account(
            &organization,
            AccountCreation { access_role_delay: Duration::from_secs(200), ..AccountCreation::default() },
        );
        let lambda = Lambda::new(&organization, CONFIG);
        lambda.queue.put(&account_created(&id(NEW)));
        for sample in [
            include_str!("../../events/account-joined-created.json"),
            include_str!("../../events/control-tower-create-managed-account.json"),
        ] {
            lambda.queue.put(sample);
        }
        lambda.process_in_batches(batch, Duration::from_secs(4000));
        assert_onboarded(&organization, NEW);
        assert_eq!(notified(&lambda), ["AccountOnboarded"], "{batch} at a time");
    }
}

#[test]
fn retried_run_without_changes_in_an_established_account_notifies_nothing() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    organization.finish_creation("none");
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    lambda.script.replace(Script::at(0, Injection::Throttle));
    deliver(&lambda);
    assert_eq!(notified(&lambda), ["AccountOnboarded"]);
    assert!(lambda.notifier.notifications().is_empty(), "the record is no longer needed");
}

#[test]
fn repaired_drift_is_notified() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    edit_role(&organization, NEW, OWN_ROLE, |state| state.policies.clear());
    run(organization.sleep(Duration::from_secs(3600)));
    deliver(&lambda);
    assert_eq!(notified(&lambda), ["AccountOnboarded", "AccountOnboarded"]);
}

#[test]
fn repair_of_one_of_two_blocked_roles_is_notified() {
    let (organization, lambda) = blocked_account();
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), RoleState::trusting("{}"));
    (0..2).for_each(|_| deliver(&lambda));
    organization.delete_role(&id(NEW), &name(TRELICA_ROLE));
    (0..2).for_each(|_| deliver(&lambda));
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role", "AccountBlocked foreign_role"]);
}

/// Two unknown creation requests: each has its own notification record.
#[test]
fn unknown_creation_is_notified_once_per_request() {
    let lambda = Lambda::new(&organization(), CONFIG);
    let sample = include_str!("../../events/create-account.json");
    let request = "car-0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    for other in ["car-11111111", "car-22222222", "car-11111111"] {
        lambda.queue.put(&sample.replace(request, other));
        lambda.process_for(Duration::from_secs(60));
    }
    assert_eq!(notified(&lambda), ["AccountBlocked unknown_request", "AccountBlocked unknown_request"]);
    let subjects: Vec<_> = lambda.notifier.events().iter().map(|n| n.detail()["subject"].clone()).collect();
    assert_eq!(subjects, ["account creation request car-11111111", "account creation request car-22222222"]);
}

#[test]
fn departed_account_is_not_notified_again_when_it_closes() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    organization.set_state(&id(NEW), AccountState::PendingClosure);
    for sample in [
        include_str!("../../events/close-account-result.json"),
        include_str!("../../events/move-account.json"),
        include_str!("../../events/account-departed-cleaned.json"),
    ] {
        lambda.queue.put(sample);
        lambda.process_for(Duration::from_secs(60));
    }
    assert_eq!(notified(&lambda), ["AccountDeparted departed"]);
}

/// The function returns in time although the notifier hangs.
#[test]
fn hanging_notifier_is_abandoned_before_the_function_times_out() {
    let (organization, lambda) = blocked_account();
    organization.set_notifier_latency(Duration::from_secs(60));
    let start = organization.now();
    lambda.queue.put(&account_created(&id(NEW)));
    let batch = lambda.queue.receive(1);
    lambda.invoke(&batch);
    let took = since(start, organization.now());
    assert!(took <= lambda.timeout, "{took:?}");
}

#[test]
fn exhausted_retries_are_notified_once() {
    let organization = organization();
    create_account(
        &organization,
        AccountCreation { access_role_delay: Duration::from_secs(10_000_000), ..AccountCreation::default() },
    );
    let patient = format!("{CONFIG}\n[waiting]\nnew-account-minutes = 10080\n");
    let lambda = Lambda::new(&organization, &patient);
    lambda.queue.put(&account_created(&id(NEW)));
    let (log, _) = logged(LevelFilter::ERROR, || lambda.process_for(DAY * 2));
    assert_eq!(notified(&lambda), ["AccountBlocked retries_exhausted"]);
    let lines: Vec<_> = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let [line] = lines.as_slice() else { panic!("{log}") };
    assert_eq!(
        (&line["fields"]["outcome"], &line["fields"]["cause"]),
        (&json!("blocked"), &json!("retries_exhausted"))
    );
    lambda.queue.redrive();
    lambda.process_for(DAY * 2);
    assert_eq!(notified(&lambda), ["AccountBlocked retries_exhausted"]);
}

#[test]
fn departed_account_is_notified_once() {
    let lambda = Lambda::new(&organization(), CONFIG);
    for _ in 0..2 {
        lambda.queue.put(include_str!("../../events/account-departed-removed.json"));
        lambda.process_for(Duration::from_secs(60));
    }
    assert_eq!(notified(&lambda), ["AccountDeparted departed"]);
}

#[test]
fn plan_notifies_nothing() {
    let (_, lambda) = blocked_account();
    lambda.queue.put(&json!({"account_id": NEW, "mode": "plan"}).to_string());
    lambda.process_for(Duration::from_secs(60));
    assert_eq!(notified(&lambda), Vec::<String>::new());
}

#[test]
fn manual_invocation_returns_the_report_and_notifies() {
    let (_, lambda) = blocked_account();
    let answer = lambda.answer(&json!({"account_id": NEW}).to_string()).unwrap();
    assert_eq!(answer["cause"]["code"], "foreign_role");
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role"]);
}

#[test]
fn unconfirmed_record_of_a_killed_run_is_taken_over_when_it_expires() {
    let (organization, lambda) = blocked_account();
    let record = |age| {
        let code = format!("foreign_role foreign_role:{OWN_ROLE}");
        let by = "another".to_owned();
        NotificationRecord { code, at: organization.now() - Duration::from_secs(age), by, confirmed: false }
    };
    lambda.notifier.put_notification(NEW, record(10));
    deliver(&lambda);
    assert_eq!(notified(&lambda), Vec::<String>::new(), "the other run may still publish the event");
    lambda.notifier.put_notification(NEW, record(700));
    deliver(&lambda);
    assert_eq!(notified(&lambda), ["AccountBlocked foreign_role"]);
}

/// Injects a fault at one call of the first invocation, and returns the published events.
fn notified_despite(start: fn() -> (FakeOrganization, Lambda), index: usize, injection: Injection) -> Vec<String> {
    let (_, lambda) = start();
    lambda.script.replace(Script::at(index, injection));
    deliver(&lambda);
    assert_eq!(lambda.queue.next_visible(), None, "{injection:?} at {index}: the queue is empty");
    notified(&lambda)
}

/// The calls of a run without faults.
fn calls(start: fn() -> (FakeOrganization, Lambda)) -> Vec<&'static str> {
    let (_, lambda) = start();
    deliver(&lambda);
    let script = lambda.script.borrow();
    script.calls()
}

/// The kinds of faults that matter for notifications. `fault_injection_at_every_call.rs` covers the other kinds.
const INJECTIONS: [Injection; 5] = [
    Injection::Throttle,
    Injection::AccessDenied,
    Injection::TimeoutAfter,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

/// Injects each kind of fault at every call, including those of the notifier. The outcome is notified, and only once unless
/// the process crashed or the result of a call was ambiguous. An access denied error may change the outcome, which is
/// notified as well.
#[test]
fn fault_at_any_call_does_not_prevent_the_notification() {
    fn new_account() -> (FakeOrganization, Lambda) {
        let organization = with_new_account();
        let lambda = Lambda::new(&organization, CONFIG);
        (organization, lambda)
    }
    for (start, kind) in
        [(blocked_account as fn() -> _, EventKind::AccountBlocked), (new_account, EventKind::AccountOnboarded)]
    {
        let calls = calls(start);
        assert!(calls.contains(&"events:PutEvents"));
        for (index, call) in calls.iter().enumerate() {
            for injection in INJECTIONS {
                let notified = notified_despite(start, index, injection);
                let what = format!("{injection:?} at {index}, {call}: {notified:?}");
                let denied = matches!(injection, Injection::AccessDenied);
                let is_notification = call.starts_with("events:") || call.starts_with("ssm:");
                if denied && is_notification {
                    // Without the permission the event is not published; the log records it.
                    assert!(notified.len() <= 1, "{what}");
                    continue;
                }
                let expected = notified.iter().filter(|line| line.starts_with(kind.detail_type())).count();
                assert!(expected >= 1 || (denied && !notified.is_empty()), "{what}");
                assert!(expected <= if injection.performs() || injection.crashes() { 2 } else { 1 }, "{what}");
            }
        }
    }
}
