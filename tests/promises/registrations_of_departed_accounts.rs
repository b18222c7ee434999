//! The registration of an account that has departed is removed from the vendor, if this tool made it. Everything else is named for a
//! person, and a vendor that fails does not keep the departure from being published.

use std::time::{Duration, SystemTime};

use onboarding_core::account::AccountState;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_simulation::{Connector, Injection, Script};

use crate::common::{CONFIG, NEW, SECURITY_ROLE, Scenario, id};
use crate::lambda::{Lambda, account_created};
use crate::registration::{connectors, edit_tenant, far_future, unregistered};

const DEPARTED: &str = include_str!("../../events/account-departed-left.json");
const MINUTE: Duration = Duration::from_secs(60);
const DELETE: &str = "workload-security:DeleteAwsConnector";

/// An account that the function registered, and that was closed since.
fn departed() -> Lambda {
    let function = unregistered().function();
    function.deliver(&account_created(&id(NEW)), 10 * MINUTE);
    assert_eq!(connectors(function.organization()).len(), 1);
    function.organization().set_state(&id(NEW), AccountState::Suspended);
    function
}

/// The message and the remedy of the event about the departure.
fn published(function: &Lambda) -> String {
    let events = function.notifier.events();
    let departures: Vec<_> = events.iter().filter(|event| event.kind.detail_type() == "AccountDeparted").collect();
    let [event] = departures.as_slice() else { panic!("{departures:?}") };
    let cause = &event.detail()["cause"];
    format!("{}; {}", cause["message"].as_str().unwrap(), cause["remedy"].as_str().unwrap())
}

fn deletions(function: &Lambda) -> usize {
    function.organization().writes().iter().filter(|call| call.call == DELETE).count()
}

#[test]
fn registration_that_was_made_here_is_removed_once() {
    let function = departed();
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(connectors(function.organization()), []);
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); done: remove the registration 1 of the account with Trend Micro Cloud One Workload Security; nothing to do");
    assert_eq!(function.organization().record(NEW).registrations.len(), 0);
    (0..3).for_each(|_| function.deliver(DEPARTED, MINUTE));
    assert_eq!(deletions(&function), 1);
    function.assert_all_processed("departures");
}

/// Whoever can send to the queue can forge the event: a live account keeps its registration.
#[test]
fn registration_of_a_live_account_is_kept() {
    let function = departed();
    function.organization().set_state(&id(NEW), AccountState::Active);
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(connectors(function.organization()).len(), 1);
    assert_eq!(deletions(&function), 0);
}

#[test]
fn registration_that_is_not_recorded_is_named_for_a_person() {
    let manual = Connector {
        account: id(NEW),
        role_arn: Some(format!("arn:aws:iam::{NEW}:role/{SECURITY_ROLE}")),
        display_name: "theirs".to_owned(),
        workspaces: false,
        last_read: None,
    };
    let function = departed();
    // The one that this tool made was replaced by another one, with the same role.
    edit_tenant(function.organization(), |tenant| {
        tenant.connectors.clear();
        tenant.connectors.insert(9, manual.clone());
    });
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(connectors(function.organization()), [manual]);
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); Trend Micro Cloud One Workload Security has the account registered (ID 9), and no record says that this tool did that; remove the account in the vendor's console");

    // And one with the recorded ID that now uses another role.
    let function = departed();
    edit_tenant(function.organization(), |tenant| {
        for connector in tenant.connectors.values_mut() {
            connector.role_arn = Some(format!("arn:aws:iam::{NEW}:role/another-role"));
        }
    });
    function.deliver(DEPARTED, MINUTE);
    assert_eq!((connectors(function.organization()).len(), deletions(&function)), (1, 0));

    // And all of them if there are no records.
    let organization = departed().organization().clone().without_records();
    let function = Lambda::new(&organization, &crate::registration::registration_config());
    function.deliver(DEPARTED, MINUTE);
    assert_eq!((connectors(&organization).len(), deletions(&function)), (1, 0));
}

#[test]
fn unavailable_vendor_does_not_keep_the_departure_from_being_published() {
    for injection in [Injection::Unavailable, Injection::Timeout, Injection::Reset] {
        for call in ["workload-security:SearchAwsConnectors", DELETE] {
            let function = departed();
            function.queue.put(DEPARTED);
            function.process_with_faults(Script::during(0, 1, injection).only(call), MINUTE);
            assert!(published(&function).contains("failed to"), "{call}: {}", published(&function));
            function.process_with_faults(Script::none(), 30 * MINUTE);
            assert_eq!(connectors(function.organization()), [], "{injection:?} {call}");
            published(&function);
            function.assert_all_processed(call);
        }
    }
}

#[test]
fn vendor_that_stays_unavailable_ends_in_the_dead_letter_queue() {
    let function = departed();
    edit_tenant(function.organization(), |tenant| tenant.outage = Some((503, far_future())));
    function.deliver(DEPARTED, Duration::from_secs(26 * 3600));
    published(&function);
    assert_eq!(function.dead_letter_codes(), ["retries_exhausted"]);
}

/// A refusal is not retried: the event says what is left.
#[test]
fn refusal_of_the_vendor_is_published_and_not_retried() {
    let function = departed();
    edit_tenant(function.organization(), |tenant| tenant.key = "another".to_owned());
    function.deliver(DEPARTED, 30 * MINUTE);
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); failed to ask Trend Micro Cloud One Workload Security for registrations: workload-security:SearchAwsConnectors failed: HTTP 401: (hidden) is not a valid API key (vendor_key_refused); remove the account in the vendor's console");
    function.assert_all_processed("the departure");
}

#[test]
fn registration_is_only_named_when_sweeps_report() {
    let mut function = departed();
    function.sweep_mode = SweepMode::Report { deployed_at: Some(SystemTime::UNIX_EPOCH) };
    function.deliver(DEPARTED, MINUTE);
    assert_eq!((connectors(function.organization()).len(), deletions(&function)), (1, 0));
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); not made, because the sweep mode is not `APPLY`: remove the registration 1 of the account with Trend Micro Cloud One Workload Security; remove the account in the vendor's console");
}

/// The configuration names another tenant since. IDs are unique within a tenant only: its registration with the recorded ID, for the
/// same role, was made by a person.
#[test]
fn registration_with_the_recorded_id_in_another_tenant_is_named() {
    let organization = departed().organization().clone();
    edit_tenant(&organization, |tenant| tenant.url = tenant.url.replace("us-1", "au-1"));
    let function = Lambda::new(&organization, &crate::registration::registration_config().replace("us-1", "au-1"));
    function.deliver(DEPARTED, MINUTE);
    assert_eq!((connectors(&organization).len(), deletions(&function)), (1, 0));
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); this tool registered the account (ID 1) with the vendor that used role `Workload_Security_Role_Cross` in a tenant that is no longer configured; Trend Micro Cloud One Workload Security has the account registered (ID 1), and no record says that this tool did that; remove the account in the vendor's console");
}

/// The vendor was removed from the configuration, and with it the key.
#[test]
fn registration_with_a_vendor_that_is_no_longer_configured_is_named() {
    let organization = departed().organization().clone();
    let function = Lambda::new(&organization, CONFIG);
    let before = function.notifier.events().len();
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(connectors(&organization).len(), 1);
    assert!(function.notifier.events().len() > before);
    insta::assert_snapshot!(published(&function), @"account 444455556666 was suspended by AWS (SUSPENDED); this tool registered the account (ID 1) with the vendor that used role `Workload_Security_Role_Cross` and is no longer configured; remove the account in the vendor's console");
    assert!(!organization.journal().iter().any(|call| call.call == DELETE));
}

/// The vendor is removed, with the tenant from which its registrations go.
#[test]
fn registration_with_a_vendor_that_is_removed_is_removed_as_well() {
    let organization = departed().organization().clone();
    let function = Lambda::new(&organization, &crate::removal_of_registrations::removing_from("us-1"));
    function.deliver(DEPARTED, MINUTE);
    assert_eq!((connectors(&organization), deletions(&function)), (Vec::new(), 1));
    assert!(published(&function).contains("done: remove the registration 1"), "{}", published(&function));
    assert_eq!(organization.record(NEW).registrations.len(), 0);
}

#[test]
fn account_that_was_never_registered_departs_without_a_change() {
    let function = Scenario::new().with_new_account().with_registration().function();
    function.organization().set_state(&id(NEW), AccountState::Closed);
    function.deliver(DEPARTED, MINUTE);
    assert_eq!(deletions(&function), 0);
    assert!(published(&function).ends_with("nothing to do"), "{}", published(&function));
}
