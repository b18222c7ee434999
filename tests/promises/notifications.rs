//! Notifications: an event is published once per account and cause, whatever happens on the way.
//!
//! The function stores a notification record per account. It publishes an event only if the outcome differs from the record, so
//! that duplicate deliveries, retries and redrives cause no further notification.

use std::time::Duration;

use onboarding_core::account::AccountState;
use onboarding_core::lease::Lease;
use onboarding_core::notification::{NotificationRecord, Notified};
use onboarding_core::record::Record;
use onboarding_core::report::{AccountEvent, EventKind};
use onboarding_core::time::since;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Injection, Lag, RoleState, Script};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{
    ACCESS, DISTINCT_INJECTIONS, Fault, NEW, OWN_ROLE, Scenario, TRELICA_ROLE, assert_onboarded, faults_at, id, name,
    new_for_a_week,
};
use crate::lambda::{Lambda, SOURCES, account_created};
use crate::log::logged;

const DAY: Duration = Duration::from_secs(86_400);

/// A function, and a new account that is ready to use.
fn new_account() -> Lambda {
    Scenario::new().with_new_account().function()
}

/// A function, and a new account that is blocked by a role that this tool does not own.
fn blocked_account() -> Lambda {
    Scenario::new().with_new_account().with_role(OWN_ROLE, RoleState::trusting("{}")).function()
}

/// The published events, such as `AccountBlocked foreign_role`.
fn notified(function: &Lambda) -> Vec<String> {
    let code = |event: &AccountEvent| event.detail()["cause"]["code"].as_str().map(|code| format!(" {code}"));
    let line = |event: AccountEvent| format!("{}{}", event.kind.detail_type(), code(&event).unwrap_or_default());
    function.notifier.events().into_iter().map(line).collect()
}

/// Delivers the creation event once and processes it to its end.
fn deliver_creation(function: &Lambda) {
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(2000));
}

#[test]
fn blocked_account_is_notified_once() {
    let function = blocked_account();
    (0..3).for_each(|_| deliver_creation(&function));
    function.queue.redrive();
    function.process_for(Duration::from_secs(2000));
    assert_eq!(notified(&function), ["AccountBlocked foreign_role"]);
    assert_eq!(function.queue.dead_letters().len(), 3, "each message is kept for a redrive");
    let event = function.notifier.events().remove(0);
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
      "run_again": "run `onboard apply --account 444455556666`, or redrive the dead-letter queue if the message is there",
      "event_id": "7c9e6679-7425-40de-944b-000000000266",
      "handoffs": [
        {
          "vendor": "workload-security",
          "title": "Trend Micro Cloud One Workload Security",
          "role": "Workload_Security_Role_Cross",
          "instruction": "In Workload Security, add an AWS account (Computers > Add > Add AWS Account), choose the cross-account role, and paste this value",
          "link": "https://cloudone.trendmicro.com/docs/workload-security/aws-add-cross-account/",
          "fields": [
            {
              "label": "Cross Account Role ARN",
              "value": "arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"
            }
          ],
          "notes": [
            "The dialog shows the external ID of your tenant: it must be the one that external-id in onboarding.toml refers to. It is the same for all accounts.",
            "Select Include Amazon WorkSpaces in the dialog if the account has WorkSpaces.",
            "Once, for all accounts: In the Workload Security console, under Administration > System Settings > Advanced > Manager AWS Identity, select Use Manager Instance Role. The API has no call for it.",
            "Once, for all accounts: To protect instances, run the script that the console makes under Support > Deployment Scripts on them, for example as user data: it installs the agent. The page Computers lists the instances that were loaded."
          ]
        },
        {
          "vendor": "trelica",
          "title": "Trelica (1Password SaaS Manager)",
          "role": "TrelicaIntegration",
          "instruction": "In Trelica, connect the app Amazon Web Services and paste these values",
          "link": "https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services",
          "fields": [
            {
              "label": "AWS account ID",
              "value": "444455556666"
            },
            {
              "label": "Region",
              "value": "us-east-1"
            },
            {
              "label": "Role name",
              "value": "TrelicaIntegration"
            }
          ],
          "notes": [
            "Trelica reads services such as Amazon Connect in this region. If you use Connect, it must be the region of its instance; set it in onboarding.toml: [vendors.trelica.handoff] region",
            "Trelica's AWS account is in the partition aws. AWS does not let it assume roles in accounts of GovCloud or China, so that these accounts cannot be connected in this way."
          ]
        }
      ]
    }
    "#);
}

/// Every sweep finds the account again, so that its message need not be kept.
#[test]
fn account_that_stays_blocked_adds_no_dead_letter_with_each_sweep() {
    let function = blocked_account();
    let sweep_daily = |days: usize| {
        for _ in 0..days {
            function.wait(DAY);
            function.deliver(&format!(r#"{{"sweep":{{"account_id":"{NEW}"}}}}"#), Duration::from_secs(7200));
        }
    };
    sweep_daily(3);
    assert_eq!(notified(&function), ["AccountBlocked foreign_role"]);
    assert_eq!(function.dead_letter_codes(), ["foreign_role"], "the first one is kept for a redrive");
    assert_eq!(function.queue.next_visible(), None);

    function.organization().delete_role(&id(NEW), &name(OWN_ROLE));
    function.organization().delete_role(&id(NEW), &name(ACCESS));
    sweep_daily(3);
    assert_eq!(notified(&function)[1..], ["AccountBlocked access_role_changed"]);
    assert_eq!(function.dead_letter_codes(), ["foreign_role", "access_role_changed"], "and of each new cause");
}

#[test]
fn concurrent_deliveries_notify_once() {
    let function = blocked_account();
    (0..5).for_each(|_| function.queue.put(&account_created(&id(NEW))));
    function.process_in_batches(5, Duration::from_secs(2000));
    assert_eq!(notified(&function), ["AccountBlocked foreign_role"]);
}

#[test]
fn account_that_is_blocked_again_after_a_repair_is_notified_again() {
    let function = blocked_account();
    deliver_creation(&function);
    function.organization().delete_role(&id(NEW), &name(OWN_ROLE));
    function.queue.redrive();
    function.process_for(Duration::from_secs(2000));
    assert_eq!(function.notifier.notifications()[NEW].notified, Notified::Onboarded);
    function.organization().put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
    deliver_creation(&function);
    let wanted = ["AccountBlocked foreign_role", "AccountOnboarded", "AccountBlocked foreign_role"];
    assert_eq!(notified(&function), wanted);
}

#[test]
fn different_cause_is_notified() {
    let function = blocked_account();
    deliver_creation(&function);
    function.organization().set_state(&id(NEW), AccountState::Suspended);
    deliver_creation(&function);
    deliver_creation(&function);
    assert_eq!(notified(&function), ["AccountBlocked foreign_role", "AccountBlocked account_not_active"]);
}

#[test]
fn onboarded_account_is_notified_once() {
    let function = new_account();
    (0..3).for_each(|_| deliver_creation(&function));
    assert_eq!(notified(&function), ["AccountOnboarded"]);
    insta::assert_snapshot!(function.notifier.events().remove(0).detail(), @r#"{"version":"1","subject":"account 444455556666","account_id":"444455556666","trigger":"create_account_result","changes":8,"invocation_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","account_name":"payments-dev","event_id":"7c9e6679-7425-40de-944b-000000000266","handoffs":[{"vendor":"workload-security","title":"Trend Micro Cloud One Workload Security","role":"Workload_Security_Role_Cross","instruction":"In Workload Security, add an AWS account (Computers > Add > Add AWS Account), choose the cross-account role, and paste this value","link":"https://cloudone.trendmicro.com/docs/workload-security/aws-add-cross-account/","fields":[{"label":"Cross Account Role ARN","value":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"}],"notes":["The dialog shows the external ID of your tenant: it must be the one that external-id in onboarding.toml refers to. It is the same for all accounts.","Select Include Amazon WorkSpaces in the dialog if the account has WorkSpaces.","Once, for all accounts: In the Workload Security console, under Administration > System Settings > Advanced > Manager AWS Identity, select Use Manager Instance Role. The API has no call for it.","Once, for all accounts: To protect instances, run the script that the console makes under Support > Deployment Scripts on them, for example as user data: it installs the agent. The page Computers lists the instances that were loaded."]},{"vendor":"trelica","title":"Trelica (1Password SaaS Manager)","role":"TrelicaIntegration","instruction":"In Trelica, connect the app Amazon Web Services and paste these values","link":"https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services","fields":[{"label":"AWS account ID","value":"444455556666"},{"label":"Region","value":"us-east-1"},{"label":"Role name","value":"TrelicaIntegration"}],"notes":["Trelica reads services such as Amazon Connect in this region. If you use Connect, it must be the region of its instance; set it in onboarding.toml: [vendors.trelica.handoff] region","Trelica's AWS account is in the partition aws. AWS does not let it assume roles in accounts of GovCloud or China, so that these accounts cannot be connected in this way."]}]}"#);
}

/// The first attempt makes the changes and runs out of time before it can read them back; the second one finds little or
/// nothing to do.
#[test]
fn changes_of_an_earlier_attempt_are_notified() {
    let function =
        Scenario::new().with_new_account().with_read_lag(Lag { reads: 0, time: Duration::from_secs(125) }).function();
    deliver_creation(&function);
    assert!(function.retry_delays().len() == 1, "{:?}", function.retry_delays());
    assert_eq!(notified(&function), ["AccountOnboarded"]);
}

/// The access role appears late, and the messages from all sources are retried until then.
#[test]
fn slow_account_with_events_from_several_sources_is_notified_once() {
    for batch in [1, 3] {
        let function = Scenario::new().with_late_access_role(Duration::from_secs(200)).function();
        SOURCES.iter().for_each(|event| function.queue.put(event));
        function.process_in_batches(batch, Duration::from_secs(4000));
        assert_onboarded(function.organization(), NEW);
        assert_eq!(notified(&function), ["AccountOnboarded"], "{batch} at a time");
    }
}

#[test]
fn retried_run_without_changes_in_an_established_account_notifies_nothing() {
    let function = new_account();
    deliver_creation(&function);
    function.organization().finish_creation("none");
    function.wait(Duration::from_secs(30 * 86_400));
    function.script.replace(Script::at(0, Injection::Throttle));
    deliver_creation(&function);
    assert_eq!(notified(&function), ["AccountOnboarded"]);
    assert!(function.notifier.notifications().is_empty(), "the record is no longer needed");
}

#[test]
fn repaired_drift_is_notified() {
    let scenario = Scenario::new().with_new_account();
    let function = scenario.function();
    deliver_creation(&function);
    scenario.drift(OWN_ROLE, |state| state.policies.clear()).after(Duration::from_secs(3600));
    deliver_creation(&function);
    assert_eq!(notified(&function), ["AccountOnboarded", "AccountOnboarded"]);
}

#[test]
fn repair_of_one_of_two_blocked_roles_is_notified() {
    let function = blocked_account();
    function.organization().put_role(&id(NEW), &name(TRELICA_ROLE), RoleState::trusting("{}"));
    (0..2).for_each(|_| deliver_creation(&function));
    function.organization().delete_role(&id(NEW), &name(TRELICA_ROLE));
    (0..2).for_each(|_| deliver_creation(&function));
    assert_eq!(notified(&function), ["AccountBlocked foreign_role", "AccountBlocked foreign_role"]);
}

/// Two unknown creation requests: each has its own notification record.
#[test]
fn unknown_creation_is_notified_once_per_request() {
    let function = Scenario::new().function();
    let sample = include_str!("../../events/create-account.json");
    let request = "car-0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    for other in ["car-11111111", "car-22222222", "car-11111111"] {
        function.deliver(&sample.replace(request, other), Duration::from_secs(60));
    }
    assert_eq!(notified(&function), ["AccountBlocked unknown_request", "AccountBlocked unknown_request"]);
    let subjects: Vec<_> = function.notifier.events().iter().map(|n| n.detail()["subject"].clone()).collect();
    assert_eq!(subjects, ["account creation request car-11111111", "account creation request car-22222222"]);
}

#[test]
fn departed_account_is_not_notified_again_when_it_closes() {
    let function = new_account();
    function.organization().set_state(&id(NEW), AccountState::PendingClosure);
    for sample in [
        include_str!("../../events/close-account-result.json"),
        include_str!("../../events/move-account.json"),
        include_str!("../../events/account-departed-cleaned.json"),
    ] {
        function.deliver(sample, Duration::from_secs(60));
    }
    assert_eq!(notified(&function), ["AccountDeparted departed"]);
}

/// The function returns in time although the notifier hangs.
#[test]
fn hanging_notifier_is_abandoned_before_the_function_times_out() {
    let function = blocked_account();
    let organization = function.organization();
    organization.set_notifier_latency(Duration::from_secs(60));
    let start = organization.now();
    function.queue.put(&account_created(&id(NEW)));
    let batch = function.queue.receive(1);
    function.invoke(&batch);
    let took = since(start, organization.now());
    assert!(took <= function.timeout, "{took:?}");
}

#[test]
fn exhausted_retries_are_notified_once() {
    let function =
        Scenario::new().with_late_access_role(Duration::from_secs(10_000_000)).config(&new_for_a_week()).function();
    function.queue.put(&account_created(&id(NEW)));
    let (log, _) = logged(LevelFilter::ERROR, || function.process_for(DAY * 2));
    assert_eq!(notified(&function), ["AccountBlocked retries_exhausted"]);
    let lines: Vec<_> = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let [line] = lines.as_slice() else { panic!("{log}") };
    assert_eq!(
        (&line["fields"]["outcome"], &line["fields"]["cause"]),
        (&json!("blocked"), &json!("retries_exhausted"))
    );
    function.queue.redrive();
    function.process_for(DAY * 2);
    assert_eq!(notified(&function), ["AccountBlocked retries_exhausted"]);
}

#[test]
fn departed_account_is_notified_once() {
    let function = Scenario::new().function();
    for _ in 0..2 {
        function.deliver(include_str!("../../events/account-departed-removed.json"), Duration::from_secs(60));
    }
    assert_eq!(notified(&function), ["AccountDeparted departed"]);
}

#[test]
fn plan_notifies_nothing() {
    let function = blocked_account();
    function.deliver(&json!({"account_id": NEW, "mode": "plan"}).to_string(), Duration::from_secs(60));
    assert_eq!(notified(&function), Vec::<String>::new());
}

#[test]
fn manual_invocation_returns_the_report_and_notifies() {
    let function = blocked_account();
    let answer = function.answer(&json!({"account_id": NEW}).to_string()).unwrap();
    assert_eq!(answer["cause"]["code"], "foreign_role");
    assert_eq!(notified(&function), ["AccountBlocked foreign_role"]);
}

/// The account is blocked without changes, so that only the notification needs the lease.
#[test]
fn lease_of_a_killed_run_delays_the_notification_until_it_expires() {
    let function = blocked_account();
    deliver_creation(&function);
    let organization = function.organization();
    let start = organization.now();
    let expires_at = start + Duration::from_secs(600);
    let lease = Lease { owner: "another".to_owned(), expires_at };
    organization.put_record(NEW, &Record { lease: Some(lease), ..Record::default() });
    let events = function.notifier.events().len();
    function.queue.put(&account_created(&id(NEW)));
    // The last invocation within this time gives up before the lease expires.
    function.process_for(Duration::from_secs(400));
    assert_eq!(function.notifier.events().len(), events, "the other run may still publish the event");
    function.process_for(Duration::from_secs(2000));
    assert_eq!(notified(&function)[events..], ["AccountBlocked foreign_role"]);
    assert!(organization.now() >= expires_at);
    assert_eq!(organization.leases(), []);
}

/// The record says that it was notified, so that neither a lease is acquired nor an event published.
#[test]
fn notification_of_another_run_is_not_repeated() {
    let function = blocked_account();
    let notified_cause = Notified::Cause(format!("foreign_role foreign_role:{OWN_ROLE}"));
    let at = function.organization().now();
    function.notifier.put_notification(NEW, NotificationRecord { notified: notified_cause, at });
    deliver_creation(&function);
    assert_eq!(notified(&function), Vec::<String>::new());
}

/// Delivers the creation event while a script injects faults into the first invocation.
fn deliver_with_faults(start: fn() -> Lambda, script: Script) -> Lambda {
    let function = start();
    function.queue.put(&account_created(&id(NEW)));
    function.process_with_faults(script, Duration::from_secs(2000));
    function
}

/// Injects each kind of fault at every call, including those of the notifier. The outcome is notified, and only once unless
/// the process crashed or the result of a call was ambiguous. An access denied error may change the outcome, which is
/// notified as well.
#[test]
fn fault_at_any_call_does_not_prevent_the_notification() {
    for (start, kind) in
        [(blocked_account as fn() -> _, EventKind::AccountBlocked), (new_account, EventKind::AccountOnboarded)]
    {
        let calls = deliver_with_faults(start, Script::none()).calls();
        assert!(calls.contains(&"events:PutEvents"));
        // `fault_injection_at_every_call.rs` covers the other kinds.
        for fault in faults_at(&calls, |_, _| &DISTINCT_INJECTIONS) {
            let Fault { call, injection, .. } = fault;
            let function = deliver_with_faults(start, fault.script());
            assert_eq!(function.queue.next_visible(), None, "{fault}: the queue is empty");
            let notified = notified(&function);
            let what = format!("{fault}: {notified:?}");
            let denied = matches!(injection, Injection::AccessDenied);
            let is_notification =
                call.starts_with("events:") || call.starts_with("dynamodb:") || call.starts_with("ssm:");
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
