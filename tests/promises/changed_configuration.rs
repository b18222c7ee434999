//! Promise 9 after a change of the configuration: every account is looked at, once for each configuration.

use std::time::Duration;

use crate::common::{CONFIG, OLD, OWN_ROLE, Scenario, create_accounts, id, name, organization, sweep_config};
use crate::lambda::Lambda;

const CHANGED: &str = include_str!("../../events/configuration-changed.json");
const HOUR: Duration = Duration::from_secs(3600);

fn function() -> Lambda {
    let function = Scenario::in_organization(organization()).config(&sweep_config()).function();
    create_accounts(function.organization(), 3);
    function
}

fn sweeps(function: &Lambda) -> usize {
    let journal = function.organization().journal();
    journal.iter().filter(|made| made.call == "organizations:ListAccounts").count()
}

#[test]
fn every_account_gets_a_changed_configuration() {
    let function = function();
    function.deliver(CHANGED, HOUR);
    assert!(function.organization().role_state(&id(OLD), &name(OWN_ROLE)).is_some());
    let changed = sweep_config().replace("app-deployer", "app-releaser");
    assert_ne!(changed, sweep_config());
    let function = Lambda::new(function.organization(), &changed);
    function.deliver(CHANGED, HOUR);
    assert_eq!(sweeps(&function), 2);
    assert!(function.organization().role_state(&id(OLD), &name("app-releaser")).is_some());
    function.assert_all_processed("the sweeps");
}

/// The sweep begins when all instances of the function use the new configuration.
#[test]
fn several_changes_in_a_minute_start_one_sweep() {
    let function = function();
    for _ in 0..3 {
        function.queue.put(CHANGED);
        function.wait(Duration::from_secs(15));
    }
    function.process_for(HOUR);
    assert_eq!(sweeps(&function), 1);
    let waited: u64 = function.retry_delays().iter().sum();
    assert!(waited >= 15, "the first message is a minute old: {waited}");
    function.assert_all_processed("the events");
    function.deliver(CHANGED, HOUR);
    assert_eq!(sweeps(&function), 1, "the same configuration was written again");
}

#[test]
fn sweep_that_could_not_be_started_is_started_later() {
    let function = function();
    function.organization().set_throttling(Some(1));
    function.deliver(CHANGED, Duration::from_secs(300));
    assert!(function.organization().role_state(&id(OLD), &name(OWN_ROLE)).is_none());
    function.organization().set_throttling(None);
    function.process_for(HOUR);
    assert!(function.organization().role_state(&id(OLD), &name(OWN_ROLE)).is_some());
    function.assert_all_processed("the sweep");
}

#[test]
fn without_records_each_event_starts_a_sweep() {
    let function = Scenario::in_organization(organization().without_records()).config(CONFIG).function();
    function.deliver(CHANGED, HOUR);
    function.deliver(CHANGED, HOUR);
    assert_eq!(sweeps(&function), 2);
}
