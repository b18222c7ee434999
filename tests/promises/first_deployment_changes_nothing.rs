//! Promise 11: a first deployment changes nothing in accounts that existed before, and loses no account that joins later.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::trigger::{Trigger, parse};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, Injection, RoleState, Script};
use tracing::level_filters::LevelFilter;

use crate::common::{
    ACCESS, NEW, OLD, OWN_ROLE, Scenario, assert_onboarded, create_account, create_accounts, id, name, organization,
    sweep_config,
};
use crate::lambda::{Lambda, SOURCES, sweep};
use crate::log::logged;

/// The function of a stack that is created now, in an organization with an established account.
fn deployed_now() -> Lambda {
    let mut function = Scenario::in_organization(organization()).config(&sweep_config()).function();
    let deployed_at = Some(function.organization().now());
    function.sweep_mode = SweepMode::Report { deployed_at };
    function.wait(Duration::from_secs(60));
    function
}

/// Processes a sweep, and returns the accounts in its messages with their modes.
fn process_sweep(function: &Lambda) -> Vec<String> {
    function.queue.put(&sweep());
    let bodies = function.process_for(Duration::from_secs(7200));
    let modes = bodies.iter().flat_map(|body| match parse(body.as_bytes()).expect("a message").trigger {
        Trigger::SweepChunk { accounts } => accounts.into_iter().map(|account| (account.id, account.mode)).collect(),
        Trigger::SweptAccount { id, mode } => vec![(id, mode)],
        _ => Vec::new(),
    });
    let mut modes: Vec<_> = modes.map(|(id, mode)| format!("{id} {}", mode.as_str())).collect();
    modes.sort();
    modes
}

fn written_accounts(function: &Lambda) -> Vec<AccountId> {
    function.writes_by_account().into_keys().collect()
}

/// The events as their kinds.
fn published(function: &Lambda) -> Vec<&'static str> {
    function.notifier.events().iter().map(|event| event.kind.detail_type()).collect()
}

/// The drift is in the answer, in the log and in an event. Its message is neither retried nor a dead letter.
#[test]
fn existing_account_is_reported_and_not_changed() {
    let function = deployed_now();
    let before = function.organization().state();
    assert_eq!(process_sweep(&function), ["333344445555 plan"]);
    assert_eq!(function.organization().state(), before);
    assert_eq!(function.organization().writes(), []);
    function.assert_all_processed("the report");
    assert_eq!(published(&function), ["AccountDrifted"]);

    let message = format!(r#"{{"sweep":{{"account_id":"{OLD}","mode":"plan"}}}}"#);
    let report = function.answer(&message).expect("a report is not an error");
    assert_eq!(
        (&report["mode"], &report["outcome"], &report["cause"]["code"], report["changes"].as_array().map(Vec::len)),
        (&"plan".into(), &"waiting".into(), &"changes_pending".into(), Some(8))
    );
}

/// Of an account that is only reported, the event says what would be changed, once for each set of changes.
#[test]
fn drift_of_an_existing_account_is_published_once() {
    let function = deployed_now();
    process_sweep(&function);
    let event = function.notifier.events().remove(0);
    let detail = event.detail();
    assert_eq!((&detail["account_id"], &detail["trigger"]), (&OLD.into(), &"sweep".into()));
    assert_eq!((&detail["changes"], &detail["planned_count"]), (&0.into(), &8.into()));
    assert_eq!(detail["cause"]["code"], "changes_pending");
    assert_eq!(detail["planned"][5], "create role `app-deployer`");
    function.wait(Duration::from_secs(86_400));
    process_sweep(&function);
    function.answer(&format!(r#"{{"account_id":"{OLD}","mode":"plan"}}"#)).expect("a plan that a person requested");
    assert_eq!(published(&function), ["AccountDrifted"]);
    assert_eq!(function.organization().leases(), []);

    // It is onboarded manually, drifts again, is repaired by another person, and drifts in the same way.
    function.answer(&format!(r#"{{"account_id":"{OLD}"}}"#)).expect("a report");
    process_sweep(&function);
    assert_eq!(published(&function), ["AccountDrifted", "AccountOnboarded"]);
    let configured = function.organization().role_state(&id(OLD), &name(OWN_ROLE)).expect("a role");
    let drifted = RoleState { attached: BTreeSet::new(), ..configured.clone() };
    for (state, events) in [(&drifted, 3), (&drifted, 3), (&configured, 3), (&drifted, 4)] {
        function.organization().put_role(&id(OLD), &name(OWN_ROLE), state.clone());
        process_sweep(&function);
        assert_eq!(published(&function).len(), events);
        assert_eq!(published(&function).last(), Some(&"AccountDrifted"));
    }
    let events = function.notifier.events();
    let planned = "attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `app-deployer`";
    assert_eq!(events.last().expect("an event").detail()["planned"], serde_json::json!([planned]));
}

#[test]
fn changes_of_an_existing_account_are_in_the_log() {
    let function = deployed_now();
    let (log, _) = logged(LevelFilter::INFO, || process_sweep(&function));
    let line = log.lines().find(|line| line.contains(&format!("account {OLD}: "))).expect("the line of the account");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    insta::assert_snapshot!(line["fields"]["planned"].as_str().expect("the changes"), @"
    update the trust policy of role `OrganizationAccountAccessRole`
    create role `Workload_Security_Role_Cross` for Trend Micro Cloud One Workload Security
    put policy `Workload_Security_Policy_Cross` on role `Workload_Security_Role_Cross`
    create role `TrelicaIntegration` for Trelica (1Password SaaS Manager)
    put policy `TrelicaIntegration` on role `TrelicaIntegration`
    create role `app-deployer`
    put policy `deploy` on role `app-deployer`
    attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `app-deployer`
    ");
    let changes = function.answer(&format!(r#"{{"account_id":"{OLD}","mode":"plan"}}"#)).unwrap()["changes"].clone();
    let summaries: Vec<_> =
        changes.as_array().unwrap().iter().map(|change| change["summary"].as_str().unwrap()).collect();
    assert_eq!(line["fields"]["planned"], summaries.join("\n"));

    function.organization().delete_role(&id(OLD), &name(ACCESS));
    let (log, _) = logged(LevelFilter::INFO, || process_sweep(&function));
    assert!(!log.contains("planned"), "nothing is planned in an account that cannot be read: {log}");
}

#[test]
fn existing_account_that_is_blocked_is_reported_without_a_dead_letter() {
    let function = deployed_now();
    function.organization().delete_role(&id(OLD), &name(ACCESS));
    process_sweep(&function);
    function.assert_all_processed("the report");
    assert_eq!(function.organization().writes(), []);
    assert!(function.notifier.events().is_empty());
}

#[test]
fn account_that_joined_after_the_deployment_is_onboarded_by_the_sweep() {
    let function = deployed_now();
    create_account(function.organization(), AccountCreation::default());
    // Its event is lost.
    let messages = process_sweep(&function);
    assert_eq!(messages, ["333344445555 plan", "444455556666 apply"]);
    assert_onboarded(function.organization(), NEW);
    assert_eq!(written_accounts(&function), [id(NEW)]);
    function.assert_all_processed("the sweep");
}

/// The time of the deployment separates the accounts, however long ago that was.
#[test]
fn account_that_joined_after_the_deployment_is_repaired_by_a_later_sweep() {
    let function = deployed_now();
    let mut accounts = create_accounts(function.organization(), 12);
    accounts.sort();
    function.wait(Duration::from_secs(400 * 86_400));
    process_sweep(&function);
    assert_eq!(written_accounts(&function), accounts);
    accounts.iter().for_each(|account| assert_onboarded(function.organization(), account.as_str()));
    function.organization().delete_role(&accounts[0], &name(OWN_ROLE));
    process_sweep(&function);
    assert_onboarded(function.organization(), accounts[0].as_str());
}

#[test]
fn event_of_a_new_account_is_processed() {
    for source in SOURCES {
        let function = deployed_now();
        create_account(function.organization(), AccountCreation::default());
        function.deliver(source, Duration::from_secs(900));
        assert_onboarded(function.organization(), NEW);
        assert_eq!(written_accounts(&function), [id(NEW)]);
    }
}

/// Moving and tagging accounts, and registering an organizational unit with Control Tower, emit events of existing accounts. All others can
/// be forged, or delivered late: after the account was invited again, or from a dead-letter queue that was retained.
#[test]
fn event_of_an_existing_account_changes_nothing() {
    for event in [
        include_str!("../../events/move-account.json"),
        include_str!("../../events/tag-resource.json"),
        include_str!("../../events/control-tower-update-managed-account.json"),
        include_str!("../../events/control-tower-create-managed-account.json"),
        include_str!("../../events/account-departed-left.json"),
        include_str!("../../events/account-departed-removed.json"),
        include_str!("../../events/remove-account-from-organization.json"),
        include_str!("../../events/close-account-result.json"),
        include_str!("../../events/account-joined-created.json"),
        include_str!("../../events/account-joined-invited.json"),
        include_str!("../../events/create-account-result-succeeded.json"),
    ] {
        let function = deployed_now();
        function.deliver(&event.replace(NEW, OLD), Duration::from_secs(900));
        assert_eq!(function.organization().writes(), [], "{event}");
        assert!(function.calls().contains(&"iam:GetRole"), "it is looked at: {event}");
        assert_eq!(published(&function), ["AccountDrifted"], "{event}");
        function.assert_all_processed(event);

        create_account(function.organization(), AccountCreation::default());
        function.deliver(event, Duration::from_secs(900));
        assert_onboarded(function.organization(), NEW);
    }
}

/// The request was made long ago, and its event is delivered again.
#[test]
fn late_event_of_a_creation_request_changes_nothing_once_the_account_is_established() {
    let event = include_str!("../../events/create-account.json");
    let mut function = deployed_now();
    let request = create_account(function.organization(), AccountCreation::default());
    let event = &event.replace("car-0f1e2d3c4b5a69788796a5b4c3d2e1f0", &request);
    function.wait(Duration::from_secs(86_400));
    function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
    function.deliver(event, Duration::from_secs(900));
    assert_eq!(function.organization().writes(), []);
    assert!(function.calls().contains(&"iam:GetRole"), "it is looked at");
    function.assert_all_processed(event);
}

/// The account was created minutes before the stack, and its event arrives after that.
#[test]
fn event_of_an_account_that_is_still_new_is_processed() {
    for source in [
        include_str!("../../events/create-account-result-succeeded.json"),
        include_str!("../../events/account-joined-created.json"),
    ] {
        let mut function = deployed_now();
        create_account(function.organization(), AccountCreation::default());
        function.wait(Duration::from_secs(60));
        function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
        function.deliver(source, Duration::from_secs(900));
        assert_onboarded(function.organization(), NEW);
    }
}

/// If it is not known whether the account existed before the deployment, the message is retried.
#[test]
fn event_of_an_existing_account_changes_nothing_if_it_cannot_be_looked_up_at_first() {
    let event = include_str!("../../events/move-account.json").replace(NEW, OLD);
    let function = deployed_now();
    function.deliver(&event, Duration::from_secs(900));
    let lookup = function.calls().iter().position(|call| *call == "organizations:DescribeAccount").expect("a lookup");
    for injection in Injection::ALL {
        let function = deployed_now();
        function.queue.put(&event);
        function.process_with_faults(Script::at(lookup, injection), Duration::from_secs(7200));
        assert_eq!(function.organization().writes(), [], "{injection:?}");
    }
}

#[test]
fn manual_request_changes_an_existing_account() {
    let function = deployed_now();
    let report = function.answer(&format!(r#"{{"account_id":"{OLD}"}}"#)).expect("a report");
    assert_eq!(report["outcome"], "converged");
    assert_onboarded(function.organization(), OLD);
}

/// A message without a mode may be an old one, from before the parameter `Sweep` was changed, or a person's own.
#[test]
fn message_of_a_sweep_is_only_reported_for_an_existing_account() {
    let message = |account: &str| format!(r#"{{"sweep":{{"account_id":"{account}"}}}}"#);
    for deployed_is_known in [true, false] {
        let mut function = deployed_now();
        if !deployed_is_known {
            function.sweep_mode = SweepMode::Report { deployed_at: None };
        }
        function.deliver(&message(OLD), Duration::from_secs(900));
        assert_eq!(function.organization().writes(), []);
        assert!(function.calls().contains(&"iam:GetRole"), "it is looked at");
        function.assert_all_processed("the report");
        let report = function.answer(&message(OLD)).expect("a report is not an error");
        assert_eq!((&report["mode"], &report["cause"]["code"]), (&"plan".into(), &"changes_pending".into()));
    }

    let mut function = deployed_now();
    create_account(function.organization(), AccountCreation::default());
    function.deliver(&message(NEW), Duration::from_secs(900));
    assert_onboarded(function.organization(), NEW);
    function.sweep_mode = SweepMode::Apply;
    let reported = message(OLD).replace("}}", r#","mode":"plan"}}"#);
    assert_eq!(function.answer(&reported).expect("a report")["mode"], "plan", "less than the sweep mode allows");
    function.deliver(&message(OLD), Duration::from_secs(900));
    assert_onboarded(function.organization(), OLD);
}

#[test]
fn nothing_is_changed_by_a_sweep_if_the_time_of_the_deployment_is_not_known() {
    let mut function = deployed_now();
    function.sweep_mode = SweepMode::Report { deployed_at: None };
    create_account(function.organization(), AccountCreation::default());
    process_sweep(&function);
    assert_eq!(function.organization().writes(), []);
    let report = function.answer(&sweep()).expect("a report");
    let notices = report["notices"].to_string();
    assert!(notices.contains("2 of them only to report their changes"), "{notices}");
    assert!(notices.contains("ONBOARDING_DEPLOYED_AT"), "{notices}");
}

#[test]
fn every_account_is_changed_in_apply_mode() {
    let mut function = deployed_now();
    function.sweep_mode = SweepMode::Apply;
    create_account(function.organization(), AccountCreation::default());
    process_sweep(&function);
    assert_eq!(written_accounts(&function), [id(OLD), id(NEW)]);
    [OLD, NEW].iter().for_each(|account| assert_onboarded(function.organization(), account));
}
