//! The settings of a registration: Amazon WorkSpaces and the display name. A configured setting is compared and changed; any other
//! one is left as it is at the vendor. And whether the vendor really reads the account.

use std::time::Duration;

use onboarding_core::lines::plain;
use onboarding_core::report::{Detail, plan_lines};
use onboarding_engine::ports::Clock;
use onboarding_simulation::Connector;

use crate::common::{NEW, SECURITY_ROLE, Scenario, id};
use crate::registration::{registration_config, unowned_connector, unregistered};

const HOUR: Duration = Duration::from_secs(3600);

fn with(settings: &str) -> String {
    format!("{}{settings}\n", registration_config())
}

/// An account that is registered with these settings.
fn registered(settings: &str) -> Scenario {
    unregistered().config(&with(settings)).apply().assert_registered()
}

fn connector(scenario: &Scenario) -> Connector {
    let all = scenario.connectors();
    let [one] = all.as_slice() else { panic!("{all:?}") };
    one.clone()
}

/// Edits the registration at the vendor.
fn edited(scenario: Scenario, edit: impl FnOnce(&mut Connector)) -> Scenario {
    scenario.with_tenant(|tenant| edit(tenant.connectors.values_mut().next().expect("a connector")))
}

fn notices(scenario: &Scenario) -> String {
    let of_vendor = scenario.report().notices.iter().filter(|notice| notice.contains("Workload Security"));
    of_vendor.cloned().collect::<Vec<_>>().join("\n")
}

fn registered_proof(scenario: &Scenario) -> String {
    scenario.report().proofs.iter().find(|proof| proof.expected == "registered").unwrap().sentence.clone()
}

#[test]
fn workspaces_are_set_compared_and_changed() {
    let scenario = registered("workspaces = true");
    assert!(connector(&scenario).workspaces);
    let scenario = edited(scenario, |connector| connector.workspaces = false).plan();
    let text = plain(&plan_lines(scenario.report(), Detail::Full));
    let change: Vec<_> = text.lines().skip_while(|line| !line.contains("update the registration")).take(4).collect();
    insta::assert_snapshot!(change.join("\n"), @"
    ~ update the registration with Trend Micro Cloud One Workload Security:
      include Amazon WorkSpaces
        - WorkSpaces      not included
        + WorkSpaces      included
    ");
    let scenario = scenario.apply().assert_registered();
    assert_eq!(scenario.changes().len(), 1);
    assert!(connector(&scenario).workspaces);
    let scenario = scenario.config(&with("workspaces = false")).apply().assert_registered();
    assert!(!connector(&scenario).workspaces);
    let scenario = scenario.apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), []);
}

#[test]
fn settings_that_are_not_configured_are_left_as_they_are() {
    let scenario = edited(registered(""), |connector| {
        connector.workspaces = true;
        connector.display_name = "renamed in the console".to_owned();
    });
    let scenario = scenario.apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), []);
    // Nor does a change of one setting change the other.
    let scenario = scenario.config(&with("workspaces = false")).apply().assert_registered();
    assert_eq!(connector(&scenario).display_name, "renamed in the console");
    assert!(!connector(&scenario).workspaces);
}

#[test]
fn display_name_of_the_configuration_is_set_and_restored() {
    let scenario = registered("display-name = \"AWS {account-name} / {account-id}\"");
    let expected = format!("AWS payments-dev / {NEW}");
    assert_eq!(connector(&scenario).display_name, expected);
    let scenario = edited(scenario, |connector| connector.display_name = "renamed".to_owned()).plan();
    insta::assert_snapshot!(scenario.changes()[0], @"update the registration with Trend Micro Cloud One Workload Security: the display name");
    let scenario = scenario.apply().assert_registered();
    assert_eq!(connector(&scenario).display_name, expected);
    let scenario = edited(scenario, |connector| connector.display_name = format!("{expected} ")).apply_again();
    assert_eq!(scenario.writes(), [], "a vendor may add white space");
}

/// Settings of a registration that someone else made are not changed.
#[test]
fn settings_of_a_foreign_registration_are_left_alone() {
    let scenario = unregistered()
        .config(&with("workspaces = true\ndisplay-name = \"{account-id}\""))
        .with_tenant(|tenant| drop(tenant.connectors.insert(7, unowned_connector())))
        .apply()
        .assert_outcome("blocked foreign_registration");
    assert_eq!(scenario.connectors(), [unowned_connector()]);
}

#[test]
fn plan_is_the_same_after_the_vendor_has_read_the_account_again() {
    let scenario = edited(registered("workspaces = true"), |connector| connector.workspaces = false).plan();
    let shown = scenario.changes();
    let now = scenario.organization().now();
    let scenario = edited(scenario, |connector| connector.last_read = Some(now)).apply_shown(shown).assert_registered();
    assert_eq!(connector(&scenario).last_read, Some(now));
}

/// A read is the statement of the vendor. That there is none is said and is not a failure.
#[test]
fn report_says_whether_the_vendor_reads_the_account() {
    let scenario = registered("");
    let mut lines = vec![registered_proof(&scenario), notices(&scenario)];
    let scenario = scenario.after(2 * HOUR).apply().assert_outcome("converged");
    lines.push(notices(&scenario));
    let read = scenario.organization().now();
    let scenario = edited(scenario, |connector| connector.last_read = Some(read)).apply().assert_outcome("converged");
    assert_eq!(notices(&scenario), "");
    lines.push(registered_proof(&scenario));
    let scenario = scenario.after(25 * HOUR).apply().assert_outcome("converged");
    lines.push(notices(&scenario));
    insta::assert_snapshot!(lines.join("\n"), @"
    Trend Micro Cloud One Workload Security has registered the account with this role and has not read the account yet
    Trend Micro Cloud One Workload Security has not read the account yet; it was registered at 2026-11-18T11:06:40Z
    Trend Micro Cloud One Workload Security has not read the account since it was registered at 2026-11-18T11:06:40Z; the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account
    Trend Micro Cloud One Workload Security has registered the account with this role and reports that it last read the account at 2026-11-18T13:06:40Z
    Trend Micro Cloud One Workload Security last read the account at 2026-11-18T13:06:40Z, more than 24 hours ago; the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account
    ");

    // Without a record, it is not known when the account was registered.
    let scenario = edited(scenario.without_record(), |connector| connector.last_read = None).apply();
    insta::assert_snapshot!(notices(&scenario), @"Trend Micro Cloud One Workload Security has not read the account yet; if it was registered more than an hour ago, the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account");
    assert_eq!(scenario.organization().record(NEW).registrations.len(), 0, "it is not known who made it");
}

#[test]
fn record_names_the_registration_that_was_made_here() {
    let function = unregistered().function();
    function.deliver(&crate::lambda::account_created(&id(NEW)), HOUR);
    let registrations = function.organization().record(NEW).registrations;
    let made: Vec<_> = registrations.iter().map(|(role, one)| (role.as_str(), one.id)).collect();
    assert_eq!(made, [(SECURITY_ROLE, 1)]);

    let adopting =
        registration_config().replace("[vendors.workload-security]\n", "[vendors.workload-security]\nadopt = true\n");
    let scenario = unregistered().config(&adopting);
    let scenario = scenario.with_tenant(|tenant| drop(tenant.connectors.insert(7, unowned_connector())));
    let scenario = scenario.apply().assert_registered();
    assert_eq!(scenario.organization().record(NEW).registrations.len(), 0, "it was taken over, not made");
}
