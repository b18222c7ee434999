//! What the function remembers about an account: the result of the last run, and the unique ID of every role that this tool
//! created, which is the proof that a role is its own.

use std::collections::BTreeMap;
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::code::{Code, OutcomeKind};
use onboarding_core::config::Config;
use onboarding_core::last_result::{LastResult, Requirement};
use onboarding_core::limits::{CREATION_RECORD, DEPARTED_RECORD};
use onboarding_core::plan::{Action, Change};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Injection, RoleState, Script};

use crate::common::{
    ACCESS, CONFIG, NEW, OLD, OWN_ROLE, ROLES, Scenario, TRELICA_ROLE, adopting_trelica, id, lines, name,
};
use crate::lambda::{Lambda, account_created, sweep};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn result(function: &Lambda, account: &str) -> LastResult {
    function.organization().record(account).result.expect("a result")
}

/// The unique IDs of these roles as they exist in the account.
fn existing(scenario: &Scenario, roles: &[&str]) -> BTreeMap<RoleName, RoleId> {
    let account = id(scenario.account());
    let role_id = |role: &&str| Some((name(role), scenario.organization().role_id(&account, &name(role))?));
    roles.iter().filter_map(role_id).collect()
}

fn recorded(scenario: &Scenario) -> BTreeMap<RoleName, RoleId> {
    scenario.organization().record(scenario.account()).roles
}

fn requirements(result: &LastResult) -> String {
    lines(result.requirements.iter().map(|(role, status)| format!("{role}: {}", status.as_str())).collect())
}

#[test]
fn result_of_the_last_run_is_recorded() {
    let function = Scenario::new().with_new_account().function();
    let start = function.organization().now();
    function.deliver(&account_created(&id(NEW)), MINUTE);
    let first = result(&function, NEW);
    assert_eq!((first.outcome, first.code), (OutcomeKind::Converged, None));
    assert_eq!(first.name.as_deref(), Some("payments-dev"));
    assert_eq!(first.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(first.configuration, Config::parse_without_files(CONFIG).unwrap().hash);
    assert!(first.first_converged.is_some_and(|at| at >= start) && first.first_converged == first.last_converged);
    insta::assert_snapshot!(requirements(&first), @"
    OrganizationAccountAccessRole: holds
    TrelicaIntegration: holds
    Workload_Security_Role_Cross: holds
    app-deployer: holds
    ");

    function.wait(DAY);
    function.organization().put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
    function.organization().delete_role(&id(NEW), &name(TRELICA_ROLE));
    function.deliver(&serde_json::json!({"account_id": NEW, "mode": "plan"}).to_string(), MINUTE);
    let planned = result(&function, NEW);
    assert_eq!((planned.outcome, planned.code), (OutcomeKind::Blocked, Some(Code::ForeignRole)));
    assert_eq!((planned.first_converged, planned.last_converged), (first.first_converged, first.last_converged));
    insta::assert_snapshot!(requirements(&planned), @"
    OrganizationAccountAccessRole: holds
    TrelicaIntegration: missing
    Workload_Security_Role_Cross: holds
    app-deployer: blocked
    ");

    function.organization().delete_role(&id(NEW), &name(OWN_ROLE));
    function.deliver(&account_created(&id(NEW)), MINUTE);
    let repaired = result(&function, NEW);
    assert_eq!(repaired.first_converged, first.first_converged);
    assert!(repaired.last_converged > first.last_converged);
}

#[test]
fn status_of_a_requirement_has_a_start_until_it_changes() {
    let function = Scenario::new().with_new_account().function();
    let plan = || {
        function.wait(DAY);
        function.deliver(&serde_json::json!({"account_id": NEW, "mode": "plan"}).to_string(), MINUTE);
        result(&function, NEW)
    };
    function.deliver(&account_created(&id(NEW)), MINUTE);
    let first = result(&function, NEW);
    assert!(first.since.values().all(|since| *since == first.recorded_at), "{:?}", first.since);
    assert_eq!(first.since.keys().collect::<Vec<_>>(), first.requirements.keys().collect::<Vec<_>>());
    assert_eq!(plan().since, first.since);

    function.organization().delete_role(&id(NEW), &name(TRELICA_ROLE));
    let missing = plan();
    assert_eq!(missing.since[TRELICA_ROLE], missing.recorded_at);
    assert_eq!(missing.since[OWN_ROLE], first.since[OWN_ROLE]);
    assert_eq!(plan().since, missing.since);

    // Records of earlier versions have no such attribute.
    let mut record = function.organization().record(NEW);
    let earlier = record.result.as_mut().expect("a result");
    earlier.since.clear();
    let recorded_at = earlier.recorded_at;
    function.organization().put_record(NEW, &record);
    assert!(plan().since.values().all(|since| *since == recorded_at));
}

#[test]
fn drift_is_recorded_by_a_sweep_that_only_reports() {
    let scenario = Scenario::new().with_onboarded_account().drift(OWN_ROLE, |state| state.policies.clear());
    let mut function = scenario.function();
    function.sweep_mode = SweepMode::Report { deployed_at: Some(function.organization().now()) };
    function.deliver(&sweep(), MINUTE);
    let result = result(&function, NEW);
    assert_eq!((result.outcome, result.code), (OutcomeKind::Waiting, Some(Code::ChangesPending)));
    assert_eq!(result.requirements[OWN_ROLE], Requirement::Drift);
    let holds = result.requirements.iter().filter(|(_, status)| **status == Requirement::Holds).count();
    assert_eq!(holds, result.requirements.len() - 1);
    assert_eq!(function.organization().writes(), []);
    assert!(function.organization().record(OLD).result.is_some(), "every account of the sweep");
}

#[test]
fn every_created_or_adopted_role_is_recorded_and_no_other() {
    let scenario = Scenario::new().with_new_account().apply().assert_outcome("converged");
    let roles: Vec<_> = ROLES.into_iter().filter(|role| *role != ACCESS).collect();
    assert_eq!(recorded(&scenario), existing(&scenario, &roles));
    assert!(recorded(&scenario).len() >= 3);

    let theirs = RoleState::trusting(r#"{"Version":"2012-10-17","Statement":[]}"#);
    let scenario = Scenario::new().with_new_account().with_role(TRELICA_ROLE, theirs).config(&adopting_trelica());
    let scenario = scenario.apply().assert_outcome("converged");
    let adopted = name(TRELICA_ROLE);
    assert_eq!(
        recorded(&scenario)[&adopted],
        existing(&scenario, &[TRELICA_ROLE])[&adopted],
        "its sessions were revoked"
    );
    assert!(recorded(&scenario).contains_key(&name(OWN_ROLE)));
}

/// A role that is deleted and created again has another ID, whatever its tags say. It is recorded only after the
/// sessions that were issued before were revoked.
#[test]
fn recreated_role_is_recorded_after_its_sessions_were_revoked() {
    let scenario = Scenario::new().with_new_account().apply().assert_outcome("converged");
    let role = name(OWN_ROLE);
    let before = recorded(&scenario);
    let copy = scenario.role(OWN_ROLE);
    let scenario = scenario.without_role(OWN_ROLE).with_role(OWN_ROLE, copy);
    assert_ne!(existing(&scenario, &[OWN_ROLE])[&role], before[&role]);

    let scenario = scenario.plan();
    assert_eq!(recorded(&scenario), before, "a plan revokes nothing");
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(matches!(&scenario.changes()[..], [change] if matches!(change.action, Action::RevokeSessions(_))));
    assert_eq!(recorded(&scenario)[&role], existing(&scenario, &[OWN_ROLE])[&role]);

    let scenario = scenario.without_role(OWN_ROLE).apply().assert_outcome("converged");
    assert_eq!(recorded(&scenario)[&name(OWN_ROLE)], existing(&scenario, &[OWN_ROLE])[&name(OWN_ROLE)]);
}

/// The response to CreateRole is lost: nothing proves that the role of the next read is the one that this run created, so that it is
/// recorded only after its sessions were revoked.
#[test]
fn role_whose_creation_had_no_response_is_recorded_after_its_sessions_were_revoked() {
    let fault_free = Script::none();
    Scenario::new().with_new_account().apply_with_faults(&fault_free);
    let creations = fault_free
        .calls()
        .iter()
        .enumerate()
        .filter(|(_, call)| **call == "iam:CreateRole")
        .map(|(index, _)| index)
        .collect::<Vec<_>>();
    assert!(creations.len() >= 3);
    for index in creations {
        let script = Script::at(index, Injection::TimeoutAfter);
        let scenario = Scenario::new().with_new_account().apply_with_faults(&script).assert_outcome("converged");
        let roles: Vec<_> = ROLES.into_iter().filter(|role| *role != ACCESS).collect();
        assert_eq!(recorded(&scenario), existing(&scenario, &roles), "call {index}");
        let is_revocation = |change: &Change| matches!(change.action, Action::RevokeSessions(_));
        assert_eq!(scenario.changes().into_iter().filter(is_revocation).count(), 1, "call {index}");
    }
}

#[test]
fn role_of_a_run_that_did_not_finish_is_recorded() {
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("iam:PutRolePolicy");
    let scenario = Scenario::new().with_new_account().apply_with_faults(&script);
    assert_ne!(scenario.outcome_code(), "converged");
    assert!(recorded(&scenario).contains_key(&name(OWN_ROLE)));
}

fn expiry(function: &Lambda, subject: &str) -> Option<Duration> {
    let at = function.organization().record(subject).expires_at?;
    Some(at.duration_since(function.organization().now()).unwrap())
}

#[test]
fn records_of_departed_accounts_and_finished_creations_expire() {
    let function = Scenario::new().with_new_account().function();
    function.deliver(&account_created(&id(NEW)), MINUTE);
    assert_eq!(expiry(&function, NEW), None, "a member account");

    function.organization().set_state(&id(NEW), AccountState::PendingClosure);
    function.deliver(include_str!("../../events/close-account-result.json"), MINUTE);
    let left = expiry(&function, NEW).unwrap();
    assert!(left <= DEPARTED_RECORD && left + MINUTE > DEPARTED_RECORD, "{left:?}");
    function.deliver(include_str!("../../events/move-account.json"), MINUTE);
    assert!(expiry(&function, NEW).is_some(), "a later event about the closed account keeps it");

    function.organization().set_state(&id(NEW), AccountState::Active);
    function.deliver(&account_created(&id(NEW)), MINUTE);
    assert_eq!(expiry(&function, NEW), None, "it was reopened");

    function.deliver(include_str!("../../events/create-account.json"), MINUTE);
    let left = expiry(&function, "car-0f1e2d3c4b5a69788796a5b4c3d2e1f0").unwrap();
    assert!(left <= CREATION_RECORD && left + MINUTE > CREATION_RECORD, "{left:?}");
}

/// Whoever can send to the queue can name any account ID. Nothing is kept for ever because of that.
#[test]
fn record_of_an_account_that_is_not_a_member_expires() {
    let function = Scenario::new().function();
    function.deliver(&account_created(&"123456789999".parse::<AccountId>().unwrap()), MINUTE);
    assert!(expiry(&function, "123456789999").is_some());
}

/// Without a table the function works, and notifies again what it does not remember.
#[test]
fn function_without_a_table_onboards_and_repeats_notifications() {
    let organization = Scenario::new().with_new_account().organization().clone().without_records();
    let scenario =
        Scenario::in_organization(organization).for_account(NEW).with_role(OWN_ROLE, RoleState::trusting("{}"));
    let function = scenario.function();
    let log = crate::log::logged(tracing::level_filters::LevelFilter::WARN, || {
        (0..2).for_each(|_| function.deliver(&account_created(&id(NEW)), MINUTE));
    });
    assert_eq!(function.notifier.events().len(), 2);
    assert!(log.0.contains("`ONBOARDING_TABLE` is not set"), "{}", log.0);
    assert!(function.organization().records().is_empty());
    let role = |role: &str| scenario.organization().role_state(&id(NEW), &name(role));
    assert!(role(TRELICA_ROLE).is_some(), "the other roles are installed");
}
