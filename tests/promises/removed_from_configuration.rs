//! Roles and grants that are removed from the configuration stay in the accounts, and every run names it.

use std::time::Duration;

use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_core::record::Record;
use onboarding_core::report::Report;
use onboarding_core::role_id::RoleId;
use onboarding_engine::ports::{AssumeRoleRequest, ReadIam, Sessions};
use onboarding_simulation::{ControlPolicy, RoleState};

use crate::common::{ACCESS, CONFIG, NEW, OWN_ROLE, Scenario, id, name, run};

/// [`CONFIG`] without its custom role.
fn without_own_role() -> String {
    CONFIG.split("[[role]]").next().expect("a configuration").to_owned()
}

fn role_id(scenario: &Scenario, role: &str) -> RoleId {
    let request = AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{NEW}:role/{ACCESS}"),
        policy: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#.to_owned(),
        session_name: "test".to_owned(),
    };
    let session = run(scenario.organization().assume_role(&request)).expect("a session");
    run(session.role(&name(role))).expect("an answer").and_then(|role| role.id).expect("a role")
}

/// The notices about what is left.
fn left(report: &Report) -> Vec<String> {
    report.notices.iter().filter(|notice| notice.contains("no longer configured")).cloned().collect()
}

#[test]
fn removed_role_and_grant_are_named_by_plan_and_apply() {
    let scenario = Scenario::new().with_onboarded_account();
    let recorded = role_id(&scenario, OWN_ROLE);
    let job = scenario.job();
    assert_eq!(left(&run(scenario.engine().apply(&job))), Vec::<String>::new(), "both are configured");

    let grant = "[[access-role.grant]]\nprincipal = \"222233334444\"\n";
    let scenario = scenario.config(&without_own_role().replace(grant, ""));
    let planned = run(scenario.engine().plan(&job));
    let applied = run(scenario.engine().apply(&job));
    assert_eq!((planned.outcome.as_str(), applied.outcome.as_str()), ("converged", "converged"));
    assert_eq!(planned.notices, applied.notices);
    insta::assert_snapshot!(left(&planned).join("\n").replace(recorded.as_str(), "ID"), @"
    role `app-deployer` (ID), which this tool created or took over, is still present and no longer configured; remove it with `[[removed]]`, or configure it again
    the grant for account 222233334444 on role `OrganizationAccountAccessRole` is still present and no longer configured; remove it with `[[access-role.revoke]]`, or configure it again
    ");
    assert_eq!(scenario.organization().writes(), []);
}

#[test]
fn role_that_was_deleted_or_created_again_by_another_principal_is_not_named() {
    let scenario = Scenario::new().with_onboarded_account();
    let job = scenario.job();
    let role = scenario.organization().role_state(&id(NEW), &name(OWN_ROLE)).expect("a role");
    let scenario = scenario.config(&without_own_role()).without_role(OWN_ROLE);
    assert_eq!(run(scenario.engine().plan(&job)).notices, Vec::<String>::new(), "it is deleted");
    let scenario = scenario.with_role(OWN_ROLE, role);
    assert_eq!(run(scenario.engine().plan(&job)).notices, Vec::<String>::new(), "it has another unique ID");
    let scenario = scenario.without_role(OWN_ROLE).with_role(OWN_ROLE, RoleState::trusting("{}"));
    assert_eq!(run(scenario.engine().plan(&job)).notices, Vec::<String>::new(), "it has no owner tag");
}

/// The run is not affected: the rest of the account is as configured.
#[test]
fn removed_role_that_cannot_be_read_may_be_present() {
    let scenario = Scenario::new().with_onboarded_account();
    let job = scenario.job();
    let scenario = scenario.config(&without_own_role());
    let scenario = scenario.with_denial(ControlPolicy::Service, "iam:GetRole", OWN_ROLE);
    let report = run(scenario.engine().apply(&job));
    assert_eq!(report.outcome.as_str(), "converged");
    assert_eq!(report.notices.len(), 1, "{:?}", report.notices);
    assert!(
        report.notices[0].contains("may still be present: iam:GetRole failed: AccessDenied"),
        "{:?}",
        report.notices
    );
}

#[test]
fn nothing_is_read_for_roles_that_are_configured() {
    let scenario = Scenario::new().with_onboarded_account();
    let job = scenario.job();
    let calls = || {
        scenario.organization().clear_journal();
        run(scenario.engine().plan(&job));
        scenario.organization().journal().len()
    };
    let record = scenario.organization().record(NEW);
    assert!(record.roles.contains_key(&name(OWN_ROLE)) && !record.grants.is_empty());
    let with_record = calls();
    scenario.organization().put_record(NEW, &Record::default());
    assert_eq!(with_record, calls());
}

fn is_recorded(scenario: &Scenario, role: &str) -> bool {
    scenario.organization().record(NEW).roles.contains_key(&name(role))
}

/// The number of sessions of one run, which is one more while a role is looked for.
fn sessions_of_a_plan(scenario: &Scenario) -> usize {
    scenario.organization().clear_journal();
    run(scenario.engine().plan(&scenario.job()));
    scenario.organization().journal().iter().filter(|call| call.call == "sts:AssumeRole").count()
}

#[test]
fn removed_role_that_no_longer_exists_is_dropped_from_the_record() {
    let deleted = |scenario: Scenario| scenario.without_role(OWN_ROLE);
    let created_again = |scenario: Scenario| {
        let role = scenario.role(OWN_ROLE);
        scenario.without_role(OWN_ROLE).with_role(OWN_ROLE, role)
    };
    for change in [deleted as fn(Scenario) -> Scenario, created_again] {
        let scenario = change(Scenario::new().with_onboarded_account()).config(&without_own_role()).after(ROLE_VISIBLE);
        let before = scenario.organization().record(NEW).roles;
        assert_eq!(sessions_of_a_plan(&scenario), 2);
        assert_eq!(scenario.organization().record(NEW).roles, before, "a plan may be made with another configuration");

        let scenario = scenario.after(ROLE_VISIBLE).apply_again().assert_converged_without_writes();
        assert!(!is_recorded(&scenario, OWN_ROLE));
        assert_eq!(scenario.organization().record(NEW).roles.len(), before.len() - 1, "the others stay");
        assert_eq!(scenario.organization().leases(), []);
        assert_eq!(sessions_of_a_plan(&scenario), 1, "it is not looked for any more");
    }
}

/// Its recorded ID is what shows that another principal has created it again.
#[test]
fn configured_role_that_does_not_exist_stays_in_the_record() {
    let scenario = Scenario::new().with_onboarded_account().without_role(OWN_ROLE).after(ROLE_VISIBLE);
    let scenario = scenario.with_denial(ControlPolicy::Service, "iam:CreateRole", OWN_ROLE).apply();
    assert_ne!(scenario.outcome_code(), "converged");
    assert!(is_recorded(&scenario, OWN_ROLE));
}

/// The next run follows within seconds: IAM may not show a role that the one before has created.
#[test]
fn removed_role_that_may_not_be_visible_yet_stays_in_the_record() {
    let scenario = Scenario::new().with_onboarded_account().without_role(OWN_ROLE).config(&without_own_role());
    let almost = ROLE_VISIBLE - Duration::from_secs(60);
    let scenario = scenario.after(almost).apply().assert_outcome("converged");
    assert!(is_recorded(&scenario, OWN_ROLE));
    let scenario = scenario.after(ROLE_VISIBLE).apply().assert_outcome("converged");
    assert!(!is_recorded(&scenario, OWN_ROLE));
}

#[test]
fn record_that_another_run_holds_is_not_changed() {
    let scenario = Scenario::new().with_onboarded_account().without_role(OWN_ROLE).config(&without_own_role());
    let scenario = scenario.after(ROLE_VISIBLE).with_lease("another", Duration::from_secs(600));
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(is_recorded(&scenario, OWN_ROLE));
    let leases = scenario.organization().leases();
    assert_eq!(leases.iter().map(|(_, lease)| lease.owner.as_str()).collect::<Vec<_>>(), ["another"]);
}

/// Several access roles are configured, and the run uses the second.
#[test]
fn removed_role_is_read_through_the_access_role_that_is_used() {
    let scenario = Scenario::new().with_onboarded_account();
    let config = format!("[access-role]\nnames = [\"Absent\", \"{ACCESS}\"]\n{}", without_own_role());
    let scenario = scenario.config(&config).after(Duration::from_secs(86_400)).plan();
    assert_eq!(left(scenario.report()).len(), 1, "{:?}", scenario.report().notices);
}
