//! Before the role of a vendor is removed, so is the registration with the vendor's API, if this tool made it.

use std::time::Duration;

use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_simulation::Script;

use crate::common::{ACCESS, CONFIG, DISTINCT_INJECTIONS, NEW, SECURITY_ROLE, Scenario, faults_at, id, name};
use crate::registration::{KEY_PARAMETER, edit_tenant, far_future, unowned_connector, unregistered};

const DELETE: &str = "workload-security:DeleteAwsConnector";

/// [`CONFIG`] without the vendor with an API.
pub(crate) fn without_vendor() -> String {
    let vendor = "[vendors.workload-security]\nexternal-id = { ssm-parameter = \"/onboarding/workload-security\" }\n";
    assert!(CONFIG.contains(vendor));
    CONFIG.replace(vendor, "")
}

/// [`CONFIG`] in which the vendor with an API is removed, with these keys.
fn removing(keys: &str) -> String {
    without_vendor() + &format!("\n[[removed]]\nvendor = \"workload-security\"\n{keys}\n")
}

pub(crate) fn removing_from(region: &str) -> String {
    removing(&format!(
        "registration = {{ region = \"{region}\", api-key = {{ ssm-parameter = \"{KEY_PARAMETER}\" }} }}"
    ))
}

/// An account that this tool registered, whose vendor is removed.
fn registered() -> Scenario {
    let scenario = unregistered().apply().assert_registered().after(ROLE_VISIBLE);
    scenario.organization().clear_journal();
    scenario.config(&removing_from("us-1"))
}

fn has_role(scenario: &Scenario) -> bool {
    scenario.roles().contains_key(&name(SECURITY_ROLE))
}

fn assert_removed(scenario: &Scenario, what: &str) {
    assert_eq!(scenario.outcome_code(), "converged", "{what}: {}", scenario.outcome());
    assert!(!has_role(scenario) && scenario.connectors().is_empty(), "{what}");
    assert!(scenario.organization().record(NEW).registrations.is_empty(), "{what}");
}

#[test]
fn registration_is_removed_before_the_role() {
    let scenario = registered().plan();
    let planned = scenario.changes();
    let scenario = scenario.apply_shown(planned);
    assert_removed(&scenario, "applied");
    let calls: Vec<_> = scenario.writes().iter().map(|call| call.call).collect();
    insta::assert_snapshot!(calls.join("\n"), @"
    workload-security:DeleteAwsConnector
    iam:DeleteRolePolicy
    iam:DeleteRole
    ");
    let scenario = scenario.apply_again().assert_converged_without_writes();
    let asked = |call: &&onboarding_simulation::Call| call.call.starts_with("workload-security");
    assert_eq!(scenario.organization().journal().iter().filter(asked).count(), 0, "the vendor is not asked any more");
}

/// Another principal creates the role again while the vendor removes the registration.
#[test]
fn policies_of_a_role_that_is_created_again_after_its_registration_was_removed_are_not_deleted() {
    let scenario = registered();
    let before = scenario.role(SECURITY_ROLE);
    assert!(!before.policies.is_empty());
    let (organization, role) = (scenario.organization().clone(), before.clone());
    let scenario = scenario.apply_with_faults(&Script::intercepting(move |call, _| {
        if call == DELETE {
            organization.delete_role(&id(NEW), &name(SECURITY_ROLE));
            organization.put_role(&id(NEW), &name(SECURITY_ROLE), role.clone());
        }
        None
    }));
    assert_eq!(scenario.outcome_code(), "blocked role_not_recorded");
    assert_eq!(scenario.role(SECURITY_ROLE), before);
}

#[test]
fn fault_or_crash_at_any_call_and_a_second_run_give_the_same_end() {
    let fault_free = Script::none();
    assert_removed(&registered().apply_with_faults(&fault_free), "without a fault");
    for fault in faults_at(&fault_free.calls(), |_, _| &DISTINCT_INJECTIONS) {
        let what = fault.to_string();
        let scenario = registered().apply_with_faults(&fault.script());
        let has_connector = !scenario.connectors().is_empty();
        assert!(has_role(&scenario) || !has_connector, "{what}: the role went before the registration");
        let scenario = scenario.after(Duration::from_secs(1200)).apply_with_faults(&Script::none());
        assert_removed(&scenario, &what);
        scenario.apply_again().assert_converged_without_writes();
    }
}

#[test]
fn registration_of_another_principal_is_left_alone() {
    // Another registration next to the one of this tool, and one with the recorded ID and another role.
    let scenario = registered().with_tenant(|tenant| _ = tenant.connectors.insert(9, unowned_connector()));
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!((scenario.connectors(), has_role(&scenario)), (vec![unowned_connector()], false));
    let scenario = registered().with_tenant(|tenant| {
        tenant.connectors.values_mut().for_each(|one| *one = unowned_connector());
    });
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!((scenario.connectors(), has_role(&scenario)), (vec![unowned_connector()], false));
}

#[test]
fn role_stays_while_the_vendor_does_not_answer() {
    let scenario = registered().with_tenant(|tenant| tenant.outage = Some((503, far_future()))).apply();
    let scenario = scenario.assert_outcome("waiting vendor_not_ready");
    assert!(has_role(&scenario));
    let scenario = scenario.with_tenant(|tenant| tenant.outage = None).apply();
    assert_removed(&scenario, "the vendor answers again");
}

#[test]
fn role_stays_while_the_key_is_refused() {
    let scenario = registered().with_tenant(|tenant| tenant.key = "another".to_owned()).apply();
    let scenario = scenario.assert_outcome("blocked vendor_key_refused");
    assert!(has_role(&scenario) && scenario.writes().is_empty());
}

/// Without access to the tenant the registration is named, and the role is removed.
#[test]
fn registration_in_a_tenant_without_access_is_named() {
    for config in [removing(""), removing_from("au-1")] {
        let scenario = registered().config(&config).apply().assert_outcome("converged");
        assert_eq!((scenario.connectors().len(), has_role(&scenario)), (1, false));
        let notices = scenario.report().notices.clone();
        let named: Vec<_> = notices.iter().filter(|notice| notice.contains("registered the account")).collect();
        assert_eq!(named.len(), 1, "{notices:?}");
        assert_eq!(scenario.organization().record(NEW).registrations.len(), 1, "it is not forgotten");
        assert!(scenario.organization().journal().iter().all(|call| call.call != DELETE));
    }
    let notices = registered().config(&removing("")).plan().report().notices.clone();
    insta::assert_snapshot!(notices.iter().find(|notice| notice.contains("registered the account")).unwrap(), @"this tool registered the account with Trend Micro Cloud One Workload Security (ID 1), and that registration is kept; set `registration` in the `[[removed]]` block to the tenant, or remove it in the vendor's console");
}

#[test]
fn registration_is_not_removed_without_a_record() {
    let adopting = removing_from("us-1").replace("[[removed]]", "[[removed]]\nadopt = true");
    let scenario = registered().without_record().config(&adopting).apply().assert_outcome("converged");
    assert_eq!((scenario.connectors().len(), has_role(&scenario)), (1, false));
}

/// The record is held by the run that is at work: the registration is forgotten by a later one.
#[test]
fn record_that_another_run_holds_is_changed_later() {
    let scenario = registered();
    edit_tenant(scenario.organization(), |tenant| tenant.connectors.clear());
    let scenario = scenario.without_role(SECURITY_ROLE).with_lease("another", Duration::from_secs(600));
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!(scenario.organization().record(NEW).registrations.len(), 1);
    let scenario = scenario.after(Duration::from_secs(3600)).apply();
    assert_removed(&scenario, "the lease is free");
    assert!(scenario.organization().role_state(&id(NEW), &name(ACCESS)).is_some());
}
