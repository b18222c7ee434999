//! Who has to know is told: once for each account and cause, whatever happens on the way.

use onboarding_core::account::AccountState;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::{AccountEvent, EventKind};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, FakeOrganization, Injection, RoleState, Script};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{
    CONFIG, NEW, OWN_ROLE, TRELICA_ROLE, alter, assert_connected, born, id, name, organization, run, with_new_account,
};
use crate::lambda::{Lambda, created};
use crate::log::logged;

const DAY: f64 = 86_400.0;

/// A role of the configuration's name that somebody else made.
fn foreign(organization: &FakeOrganization) {
    organization.put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
}

/// A new account in which there is a foreign role, and the function.
fn blocked() -> (FakeOrganization, Lambda) {
    let organization = with_new_account();
    foreign(&organization);
    let lambda = Lambda::new(&organization, CONFIG);
    (organization, lambda)
}

/// What was told, as `AccountBlocked foreign_role`.
fn told(lambda: &Lambda) -> Vec<String> {
    let code = |notice: &AccountEvent| notice.detail()["cause"]["code"].as_str().map(|code| format!(" {code}"));
    let line = |notice: AccountEvent| format!("{}{}", notice.news.detail_type(), code(&notice).unwrap_or_default());
    lambda.notifier.notices().into_iter().map(line).collect()
}

/// One delivery of the event, worked to its end.
fn deliver(lambda: &Lambda) {
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(2000.0);
}

#[test]
fn a_blocked_account_is_told_once() {
    let (_, lambda) = blocked();
    (0..3).for_each(|_| deliver(&lambda));
    lambda.queue.redrive();
    lambda.work_for(2000.0);
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role"]);
    assert_eq!(lambda.queue.dead_letters().len(), 3, "each message waits for a redrive all the same");
    let notice = lambda.notifier.notices().remove(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(notice.detail()).unwrap(), @r#"
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
        "message": "role `app-deployer` is there and has no tag `account-onboarding`: somebody else made it",
        "remedy": "rename one of the two, or set `adopt = true` to take it over"
      },
      "run_again": "run `onboard apply --account 444455556666`, or redrive the dead-letter queue",
      "event_id": "7c9e6679-7425-40de-944b-000000000266"
    }
    "#);
}

#[test]
fn two_deliveries_at_once_are_told_once() {
    let (_, lambda) = blocked();
    (0..5).for_each(|_| lambda.queue.put(&created(&id(NEW))));
    lambda.work_in_batches(5, 2000.0);
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role"]);
}

#[test]
fn what_was_repaired_and_breaks_again_is_told_again() {
    let (organization, lambda) = blocked();
    deliver(&lambda);
    organization.delete_role(&id(NEW), &name(OWN_ROLE));
    lambda.queue.redrive();
    lambda.work_for(2000.0);
    assert_eq!(lambda.notifier.memory()[NEW].code, "connected");
    foreign(&organization);
    deliver(&lambda);
    let wanted = ["AccountBlocked foreign_role", "AccountOnboarded", "AccountBlocked foreign_role"];
    assert_eq!(told(&lambda), wanted);
}

#[test]
fn another_cause_is_told() {
    let (organization, lambda) = blocked();
    deliver(&lambda);
    organization.set_state(&id(NEW), AccountState::Suspended);
    deliver(&lambda);
    deliver(&lambda);
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role", "AccountBlocked account_not_active"]);
}

#[test]
fn an_onboarded_account_is_told_and_a_look_at_it_is_not() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    (0..3).for_each(|_| deliver(&lambda));
    assert_eq!(told(&lambda), ["AccountOnboarded"]);
    insta::assert_snapshot!(lambda.notifier.notices().remove(0).detail(), @r#"{"version":"1","subject":"account 444455556666","account_id":"444455556666","trigger":"create_account_result","changes":8,"invocation_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","account_name":"payments-dev","event_id":"7c9e6679-7425-40de-944b-000000000266"}"#);
}

/// The first try makes the changes and runs out of time before it has seen them; the second finds little or nothing to do.
#[test]
fn what_an_earlier_try_did_is_told() {
    let organization = with_new_account();
    organization.set_lag(&id(NEW), onboarding_simulation::Lag { reads: 0, seconds: 125.0 });
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    assert!(lambda.pauses().len() == 1, "{:?}", lambda.pauses());
    assert_eq!(told(&lambda), ["AccountOnboarded"]);
}

/// The role appears only later, and every source of the event waits for it.
#[test]
fn a_slow_account_with_several_sources_is_told_once() {
    for batch in [1, 3] {
        let organization = organization();
        born(&organization, AccountCreation { access_role_after: 200.0, ..AccountCreation::default() });
        let lambda = Lambda::new(&organization, CONFIG);
        lambda.queue.put(&created(&id(NEW)));
        for sample in [
            include_str!("../../events/account-joined-created.json"),
            include_str!("../../events/control-tower-create-managed-account.json"),
        ] {
            lambda.queue.put(sample);
        }
        lambda.work_in_batches(batch, 4000.0);
        assert_connected(&organization, NEW);
        assert_eq!(told(&lambda), ["AccountOnboarded"], "{batch} at a time");
    }
}

#[test]
fn a_look_at_an_account_of_long_ago_tells_nothing_though_it_comes_twice() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    organization.finish_creation("none");
    run(organization.sleep(std::time::Duration::from_secs(30 * 86_400)));
    lambda.script.replace(Script::at(0, Injection::Throttle));
    deliver(&lambda);
    assert_eq!(told(&lambda), ["AccountOnboarded"]);
    assert!(lambda.notifier.memory().is_empty(), "it need not be known any longer");
}

#[test]
fn a_drift_that_is_repaired_is_told() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    alter(&organization, NEW, OWN_ROLE, |state| state.policies.clear());
    run(organization.sleep(std::time::Duration::from_secs(3600)));
    deliver(&lambda);
    assert_eq!(told(&lambda), ["AccountOnboarded", "AccountOnboarded"]);
}

#[test]
fn one_of_two_roles_that_was_mended_is_news() {
    let (organization, lambda) = blocked();
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), RoleState::trusting("{}"));
    (0..2).for_each(|_| deliver(&lambda));
    organization.delete_role(&id(NEW), &name(TRELICA_ROLE));
    (0..2).for_each(|_| deliver(&lambda));
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role", "AccountBlocked foreign_role"]);
}

/// Two creations that nobody knows: each has a memory of its own.
#[test]
fn what_is_about_no_account_is_told_for_each() {
    let lambda = Lambda::new(&organization(), CONFIG);
    let sample = include_str!("../../events/create-account.json");
    let request = "car-0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    for other in ["car-11111111", "car-22222222", "car-11111111"] {
        lambda.queue.put(&sample.replace(request, other));
        lambda.work_for(60.0);
    }
    assert_eq!(told(&lambda), ["AccountBlocked unknown_request", "AccountBlocked unknown_request"]);
    let subjects: Vec<_> = lambda.notifier.notices().iter().map(|n| n.detail()["subject"].clone()).collect();
    assert_eq!(subjects, ["the creation car-11111111", "the creation car-22222222"]);
}

#[test]
fn what_closed_after_it_departed_is_no_news() {
    let organization = with_new_account();
    let lambda = Lambda::new(&organization, CONFIG);
    organization.set_state(&id(NEW), AccountState::PendingClosure);
    for sample in [
        include_str!("../../events/close-account-result.json"),
        include_str!("../../events/move-account.json"),
        include_str!("../../events/account-departed-cleaned.json"),
    ] {
        lambda.queue.put(sample);
        lambda.work_for(60.0);
    }
    assert_eq!(told(&lambda), ["AccountDeparted departed"]);
}

/// Whoever hangs, the function answers in time, and what was not told is told later.
#[test]
fn what_hangs_while_it_is_told_is_given_up_in_time() {
    let (organization, lambda) = blocked();
    let mut lambda = lambda;
    lambda.notifier = onboarding_simulation::FakeNotifier::slow(&organization, 60.0);
    let began = organization.now();
    lambda.queue.put(&created(&id(NEW)));
    let batch = lambda.queue.receive(1);
    lambda.invoke(&batch);
    assert!(organization.now() - began <= lambda.timeout, "{} s", organization.now() - began);
}

#[test]
fn a_wait_that_is_given_up_is_told() {
    let organization = organization();
    born(&organization, AccountCreation { access_role_after: 1e7, ..AccountCreation::default() });
    let patient = format!("{CONFIG}\n[waiting]\nyoung-account-minutes = 10080\n");
    let lambda = Lambda::new(&organization, &patient);
    lambda.queue.put(&created(&id(NEW)));
    let (log, _) = logged(LevelFilter::ERROR, || lambda.work_for(2.0 * DAY));
    assert_eq!(told(&lambda), ["AccountBlocked retries_exhausted"]);
    let lines: Vec<_> = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let [line] = lines.as_slice() else { panic!("{log}") };
    assert_eq!(
        (&line["fields"]["outcome"], &line["fields"]["cause"]),
        (&json!("blocked"), &json!("retries_exhausted"))
    );
    lambda.queue.redrive();
    lambda.work_for(2.0 * DAY);
    assert_eq!(told(&lambda), ["AccountBlocked retries_exhausted"]);
}

#[test]
fn a_departed_account_is_told_once() {
    let lambda = Lambda::new(&organization(), CONFIG);
    for _ in 0..2 {
        lambda.queue.put(include_str!("../../events/account-departed-removed.json"));
        lambda.work_for(60.0);
    }
    assert_eq!(told(&lambda), ["AccountDeparted departed"]);
}

#[test]
fn a_plan_tells_nothing() {
    let (_, lambda) = blocked();
    lambda.queue.put(&json!({"account_id": NEW, "mode": "plan"}).to_string());
    lambda.work_for(60.0);
    assert_eq!(told(&lambda), Vec::<String>::new());
}

#[test]
fn who_asks_by_hand_gets_the_report_and_the_others_are_told() {
    let (_, lambda) = blocked();
    let answer = lambda.answer(&json!({"account_id": NEW}).to_string()).unwrap();
    assert_eq!(answer["cause"]["code"], "foreign_role");
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role"]);
}

#[test]
fn the_claim_of_a_run_that_was_killed_is_taken_over() {
    let (organization, lambda) = blocked();
    let claim = |age| {
        let (code, by) = (format!("foreign_role foreign_role:{OWN_ROLE}"), "another".to_owned());
        NotificationRecord { code, at: organization.now() - age, by, confirmed: false }
    };
    lambda.notifier.put_memory(NEW, claim(10.0));
    deliver(&lambda);
    assert_eq!(told(&lambda), Vec::<String>::new(), "the other run is still at it");
    lambda.notifier.put_memory(NEW, claim(700.0));
    deliver(&lambda);
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role"]);
}

/// Runs with a fault at one call of the first invocation; gives what was told.
fn with_fault(start: fn() -> (FakeOrganization, Lambda), index: usize, injection: Injection) -> Vec<String> {
    let (_, lambda) = start();
    lambda.script.replace(Script::at(index, injection));
    deliver(&lambda);
    assert_eq!(lambda.queue.next_visible(), None, "{injection:?} at {index}: the message is done with");
    told(&lambda)
}

/// The calls of a run without any fault.
fn calls(start: fn() -> (FakeOrganization, Lambda)) -> Vec<&'static str> {
    let (_, lambda) = start();
    deliver(&lambda);
    let script = lambda.script.borrow();
    script.calls()
}

/// What makes a difference to the telling; the other kinds are those of the promise about faults.
const INJECTIONS: [Injection; 5] = [
    Injection::Throttle,
    Injection::AccessDenied,
    Injection::TimeoutAfter,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

/// A fault of each kind at every call, of the telling too: it is told, and once unless the process died or an answer was
/// lost while it told. What is denied may end the account in another way, which is told as well.
#[test]
fn a_fault_at_every_call_keeps_nobody_from_knowing() {
    fn fresh() -> (FakeOrganization, Lambda) {
        let organization = with_new_account();
        let lambda = Lambda::new(&organization, CONFIG);
        (organization, lambda)
    }
    for (start, news) in [(blocked as fn() -> _, EventKind::AccountBlocked), (fresh, EventKind::AccountOnboarded)] {
        let calls = calls(start);
        assert!(calls.contains(&"events:PutEvents"));
        for (index, call) in calls.iter().enumerate() {
            for injection in INJECTIONS {
                let told = with_fault(start, index, injection);
                let what = format!("{injection:?} at {index}, {call}: {told:?}");
                let denied = matches!(injection, Injection::AccessDenied);
                let tells = call.starts_with("events:") || call.starts_with("ssm:");
                if denied && tells {
                    // Who may not tell does not: the log says so.
                    assert!(told.len() <= 1, "{what}");
                    continue;
                }
                let ours = told.iter().filter(|line| line.starts_with(news.detail_type())).count();
                assert!(ours >= 1 || (denied && !told.is_empty()), "{what}");
                assert!(ours <= if injection.performs() || injection.crashes() { 2 } else { 1 }, "{what}");
            }
        }
    }
}
