//! What the configuration holds back from sweeps: repairs, and a changed configuration until the canary has it.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_simulation::{AccountCreation, Injection, RoleState, Script};
use serde_json::json;
use tracing::level_filters::LevelFilter;

use crate::common::{
    OLD, OWN_ROLE, Scenario, TRELICA_ROLE, assert_onboarded, create_accounts, id, name, organization, sweep_config,
};
use crate::lambda::{Lambda, account_created, sweep};
use crate::log::logged;

const CHANGED: &str = include_str!("../../events/configuration-changed.json");
const NEW_ROLE: &str = "app-releaser";
const UNIT: &str = "ou-ab12-cdef3456";
const MINUTES: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(86_400);
/// Until the sweep after a change of the configuration is over, and before the canary is checked.
const UNTIL_SWEPT: Duration = Duration::from_secs(100);

/// Accounts that are onboarded, and the function with a configuration that was just changed: a role has another name, and this is
/// added.
fn changed(addition: &str) -> (Lambda, Vec<AccountId>) {
    let function = Scenario::in_organization(organization()).config(&sweep_config()).function();
    let accounts = create_accounts(function.organization(), 3);
    let path = |id: &str, unit: &str| {
        function.organization().set_ou_path(&self::id(id), &format!("o-exampleorg1/r-ab12/{unit}{id}/"))
    };
    accounts.iter().for_each(|account| path(account.as_str(), ""));
    path(OLD, &format!("{UNIT}/"));
    function.deliver(&sweep(), MINUTES);
    function.wait(DAY);
    function.organization().clear_journal();
    let config = sweep_config().replace(OWN_ROLE, NEW_ROLE) + addition;
    (Lambda::new(function.organization(), &config), accounts)
}

/// The accounts that have the role of the changed configuration.
fn have_it(function: &Lambda) -> BTreeSet<AccountId> {
    let state = function.organization().state().into_iter();
    state.filter(|(_, roles)| roles.contains_key(&name(NEW_ROLE))).map(|(account, _)| account).collect()
}

fn canary() -> BTreeSet<AccountId> {
    BTreeSet::from([id(OLD)])
}

#[test]
fn changed_configuration_reaches_the_canary_first_and_then_the_rest() {
    for member in [OLD, UNIT] {
        let (function, accounts) = changed(&format!("\n[sweep]\ncanary = [\"{member}\"]\n"));
        function.queue.put(CHANGED);
        let (log, _) = logged(LevelFilter::INFO, || function.process_for(UNTIL_SWEPT));
        assert_eq!(have_it(&function), canary(), "{member}");
        let held = log.lines().filter(|line| line.contains("the accounts of the canary have not all converged"));
        assert_eq!(held.count(), accounts.len(), "{log}");

        function.process_for(DAY);
        assert_eq!(have_it(&function).len(), 1 + accounts.len(), "{member}");
        function.assert_all_processed("the rollout");
        // From now on, sweeps hold nothing back.
        function.organization().delete_role(&accounts[0], &name(NEW_ROLE));
        function.deliver(&sweep(), DAY);
        assert_eq!(have_it(&function).len(), 1 + accounts.len(), "{member}");
        function.assert_all_processed("a later sweep");
    }
}

/// Whoever can write to the queue cannot release a configuration. The event of a new account is not held back.
#[test]
fn only_events_change_an_account_that_is_held_back() {
    let (function, accounts) = changed(&format!("\n[sweep]\ncanary = [\"{OLD}\"]\n"));
    function.organization().put_role(&id(OLD), &name(NEW_ROLE), RoleState::trusting("{}"));
    function.deliver(&json!({"sweep": {"account_id": accounts[0]}}).to_string(), DAY);
    function.deliver(&json!({"sweep": {"canary": true}}).to_string(), DAY);
    assert!(!have_it(&function).contains(&accounts[0]));
    let request = function.organization().create_account_with("new", AccountCreation::default());
    let new = function.organization().finish_creation(&request).unwrap();
    function.deliver(&account_created(&new), DAY);
    assert!(have_it(&function).contains(&new));
}

/// An account whose event was lost does not wait for the canary, which may be blocked for long.
#[test]
fn account_that_was_missed_is_onboarded_while_the_canary_is_blocked() {
    let (function, accounts) = changed(&format!("\n[sweep]\ncanary = [\"{OLD}\"]\n"));
    function.organization().put_role(&id(OLD), &name(NEW_ROLE), RoleState::trusting("{}"));
    let missed = create_accounts(function.organization(), 1).remove(0);
    function.deliver(&sweep(), DAY);
    let changed = have_it(&function);
    assert!(changed.contains(&missed), "{changed:?}");
    assert!(accounts.iter().all(|account| !changed.contains(account)), "{changed:?}");
}

/// An account of the canary that is blocked keeps the others as they are. Once it is fixed, the redrive releases the configuration.
#[test]
fn blocked_canary_needs_attention_and_holds_the_others_back() {
    let (function, accounts) = changed(&format!("\n[sweep]\ncanary = [\"{OLD}\"]\n"));
    function.organization().put_role(&id(OLD), &name(NEW_ROLE), RoleState::trusting("{}"));
    function.deliver(CHANGED, DAY);
    assert_eq!(have_it(&function), canary(), "a role that another tool created");
    let letters = function.queue.dead_letters();
    let check = json!({"sweep": {"canary": true}}).to_string();
    let letter = letters.iter().find(|letter| letter.body == check).expect("a dead letter of the check");
    insta::assert_snapshot!(letter.cause.as_ref().unwrap(), @"account 333344445555 of the canary is blocked (foreign_role); fix the account, or take it out of `canary`, then redrive the dead-letter queue or start a sweep");
    assert!(function.notifier.events().iter().any(|event| event.detail()["cause"]["code"] == "canary_blocked"));

    function.organization().delete_role(&id(OLD), &name(NEW_ROLE));
    function.queue.redrive();
    function.process_for(DAY);
    assert_eq!(have_it(&function).len(), 1 + accounts.len());
    function.assert_all_processed("the rollout");
}

#[test]
fn function_that_is_killed_at_any_call_of_the_check_finishes_the_rollout() {
    let start = || {
        let (function, accounts) = changed(&format!("\n[sweep]\ncanary = [\"{UNIT}\"]\n"));
        function.queue.put(CHANGED);
        function.process_for(UNTIL_SWEPT);
        assert_eq!(have_it(&function), canary());
        (function, accounts)
    };
    let (function, _) = start();
    function.process_with_faults(Script::none(), Duration::from_secs(65));
    let calls = function.calls();
    // The accounts that are swept then are those of any other sweep.
    let check = calls.iter().position(|call| *call == "sts:AssumeRole").expect("the accounts of the sweep");
    assert!(calls[..check].contains(&"dynamodb:BatchGetItem"), "{calls:?}");
    for (index, call) in calls.iter().enumerate().take(check) {
        for injection in [Injection::CrashBefore, Injection::CrashAfter, Injection::Throttle] {
            let (function, accounts) = start();
            function.process_with_faults(Script::at(index, injection), DAY);
            let what = format!("{injection:?} at {index}, {call}");
            assert_eq!(have_it(&function).len(), 1 + accounts.len(), "{what}");
            function.assert_all_processed(&what);
        }
    }
}

#[test]
fn nothing_is_changed_outside_the_canary_without_records() {
    let organization = organization().without_records();
    let accounts = create_accounts(&organization, 2);
    let config = sweep_config() + &format!("\n[sweep]\ncanary = [\"{OLD}\"]\n");
    let function = Scenario::in_organization(organization).config(&config).function();
    let report = function.answer(&sweep()).expect("a report");
    let notices = report["notices"].to_string();
    assert!(notices.contains("`ONBOARDING_TABLE` is not set"), "{notices}");
    function.process_for(DAY);
    assert_onboarded(function.organization(), OLD);
    let written: Vec<_> = function.writes_by_account().into_keys().collect();
    assert_eq!(written, [id(OLD)], "not {accounts:?}");
}

/// Drift is reported. An account that never converged is onboarded, because its event was lost.
#[test]
fn sweep_that_only_reports_drift_still_onboards_an_account_that_was_missed() {
    let (function, accounts) = changed("\n[sweep]\nrepair = \"report\"\n");
    let missed = create_accounts(function.organization(), 1).remove(0);
    function.organization().delete_role(&accounts[0], &name(TRELICA_ROLE));
    function.organization().clear_journal();
    function.deliver(&sweep(), DAY);
    assert_eq!(have_it(&function), BTreeSet::from([missed]));
    let drifted =
        function.notifier.events().iter().filter(|event| event.kind.detail_type() == "AccountDrifted").count();
    assert_eq!(drifted, 1 + accounts.len(), "the changed configuration is drift as well");
    function.assert_all_processed("the sweep");
}
