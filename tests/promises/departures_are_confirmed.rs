//! Promise 6, for departures: an event that says that an account departed is confirmed with Organizations before anything is
//! published or remembered. Whoever can send to the queue can forge such an event, and an old one can be delivered late.

use std::time::Duration;

use onboarding_core::account::AccountState;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::{Injection, Script};

use crate::common::{NEW, ROLES, Scenario, id};
use crate::lambda::{Lambda, account_created};

const DEPARTED: &str = include_str!("../../events/account-departed-left.json");
const CLOSED: &str = include_str!("../../events/close-account-result.json");
const MINUTE: Duration = Duration::from_secs(60);

/// The notifications, such as `AccountDeparted departed`.
fn notifications(function: &Lambda) -> Vec<String> {
    let line = |event: &onboarding_core::report::AccountEvent| {
        let code = event.detail()["cause"]["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{}{code}", event.kind.detail_type())
    };
    function.notifier.events().iter().map(line).collect()
}

#[test]
fn forged_departure_changes_nothing_about_an_onboarded_account() {
    let function = Scenario::new().with_new_account().function();
    function.deliver(&account_created(&id(NEW)), MINUTE);
    assert_eq!(notifications(&function), ["AccountOnboarded"]);
    let remembered = || function.organization().record(NEW).notification.unwrap();
    let before = remembered();
    function.organization().clear_journal();
    for forged in [DEPARTED, CLOSED] {
        function.deliver(forged, MINUTE);
    }
    assert_eq!(notifications(&function), ["AccountOnboarded"], "nothing is published");
    assert_eq!(remembered(), before, "nothing is remembered");
    assert_eq!(function.organization().writes(), []);
    function.assert_all_processed("forged departures");
}

/// The account left, was invited again, and its departure is delivered only now.
#[test]
fn late_departure_of_an_account_with_drift_repairs_it() {
    let scenario = Scenario::new().with_onboarded_account().without_role(ROLES[0]);
    let function = scenario.function();
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(notifications(&function), ["AccountOnboarded"]);
    scenario.assert_roles_onboarded();
}

#[test]
fn confirmed_departure_is_published_with_what_organizations_says() {
    for (state, message) in [
        (AccountState::Suspended, "account 444455556666 was suspended by AWS (SUSPENDED)"),
        (AccountState::PendingClosure, "account 444455556666 is being closed (PENDING_CLOSURE)"),
        (AccountState::Closed, "account 444455556666 was closed (CLOSED)"),
    ] {
        let function = Scenario::new().with_new_account().with_account_state(state).function();
        function.deliver(DEPARTED, MINUTE);
        assert_eq!(notifications(&function), ["AccountDeparted departed"]);
        assert_eq!(function.notifier.events()[0].detail()["cause"]["message"], message);
    }
}

#[test]
fn departure_of_the_management_account_is_ignored() {
    let organization = crate::common::organization().with_member(
        &id(crate::common::MANAGEMENT),
        "management",
        AccountState::Active,
        from_unix_seconds(1_500_000_000),
    );
    let function = Scenario::in_organization(organization).function();
    function.deliver(&DEPARTED.replace(NEW, crate::common::MANAGEMENT), MINUTE);
    assert_eq!(notifications(&function), Vec::<String>::new());
    assert_eq!(function.organization().writes(), []);
}

/// As long as Organizations does not answer, nothing is known, and the message is retried.
#[test]
fn departure_waits_until_organizations_answers() {
    let function = Scenario::new().function();
    function.queue.put(DEPARTED);
    let unanswered = Script::during(0, 1000, Injection::Unavailable).only("organizations:");
    function.process_with_faults(unanswered, MINUTE);
    assert_eq!((notifications(&function), function.dead_letter_codes()), (Vec::new(), Vec::new()));
    function.process_with_faults(Script::none(), 20 * MINUTE);
    assert_eq!(notifications(&function), ["AccountDeparted departed"]);
    function.assert_all_processed("the departure");
}
