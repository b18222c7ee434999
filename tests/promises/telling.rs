//! Who has to know is told: once for each account and cause, whatever happens on the way.

use account_onboarding::account::AccountState;
use account_onboarding::ports::Clock;
use account_onboarding::report::{News, Notice};
use account_onboarding::simulation::{Injection, Newborn, Organization, RoleState, Script};
use account_onboarding::telling::Told;
use serde_json::json;

use crate::common::{CONFIG, NEW, OWN_ROLE, born, id, name, organization, with_new_account};
use crate::lambda::{Lambda, created};

const DAY: f64 = 86_400.0;

/// A role of the configuration's name that somebody else made.
fn foreign(organization: &Organization) {
    organization.put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
}

/// A new account in which there is a foreign role, and the function.
fn blocked() -> (Organization, Lambda) {
    let organization = with_new_account();
    foreign(&organization);
    let lambda = Lambda::new(&organization, CONFIG);
    (organization, lambda)
}

/// What was told, as `AccountBlocked foreign_role`.
fn told(lambda: &Lambda) -> Vec<String> {
    let code = |notice: &Notice| notice.detail()["cause"]["code"].as_str().map(|code| format!(" {code}"));
    let line = |notice: Notice| format!("{}{}", notice.news.detail_type(), code(&notice).unwrap_or_default());
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
    assert!(lambda.notifier.memory().is_empty());
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
    insta::assert_snapshot!(lambda.notifier.notices().remove(0).detail(), @r#"{"version":"1","account_id":"444455556666","trigger":"create_account_result","changes":8,"invocation_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","account_name":"payments-dev","event_id":"7c9e6679-7425-40de-944b-000000000266"}"#);
}

/// The first try makes the changes and runs out of time before it has seen them; the second finds little or nothing to do.
#[test]
fn what_an_earlier_try_did_is_told() {
    let organization = with_new_account();
    organization.set_lag(&id(NEW), account_onboarding::simulation::Lag { reads: 0, seconds: 125.0 });
    let lambda = Lambda::new(&organization, CONFIG);
    deliver(&lambda);
    assert!(lambda.pauses().len() == 1, "{:?}", lambda.pauses());
    assert_eq!(told(&lambda), ["AccountOnboarded"]);
}

#[test]
fn a_wait_that_is_given_up_is_told() {
    let organization = organization();
    born(&organization, Newborn { access_role_after: 1e7, ..Newborn::default() });
    let patient = format!("{CONFIG}\n[waiting]\nyoung-account-minutes = 10080\n");
    let lambda = Lambda::new(&organization, &patient);
    lambda.queue.put(&created(&id(NEW)));
    lambda.work_for(2.0 * DAY);
    assert_eq!(told(&lambda), ["AccountBlocked gave_up"]);
    lambda.queue.redrive();
    lambda.work_for(2.0 * DAY);
    assert_eq!(told(&lambda), ["AccountBlocked gave_up"]);
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
        let (code, by) = ("foreign_role".to_owned(), "another".to_owned());
        Told { code, at: organization.now() - age, by, confirmed: false }
    };
    lambda.notifier.put_memory(NEW, claim(10.0));
    deliver(&lambda);
    assert_eq!(told(&lambda), Vec::<String>::new(), "the other run is still at it");
    lambda.notifier.put_memory(NEW, claim(700.0));
    deliver(&lambda);
    assert_eq!(told(&lambda), ["AccountBlocked foreign_role"]);
}

/// Runs with a fault at one call of the first invocation; gives what was told.
fn with_fault(start: fn() -> (Organization, Lambda), index: usize, injection: Injection) -> Vec<String> {
    let (_, lambda) = start();
    lambda.script.replace(Script::at(index, injection));
    deliver(&lambda);
    assert_eq!(lambda.queue.next_visible(), None, "{injection:?} at {index}: the message is done with");
    told(&lambda)
}

/// The calls of a run without any fault.
fn calls(start: fn() -> (Organization, Lambda)) -> Vec<&'static str> {
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
    fn fresh() -> (Organization, Lambda) {
        let organization = with_new_account();
        let lambda = Lambda::new(&organization, CONFIG);
        (organization, lambda)
    }
    for (start, news) in [(blocked as fn() -> _, News::AccountBlocked), (fresh, News::AccountOnboarded)] {
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
