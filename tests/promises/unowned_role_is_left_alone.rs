//! Promise 8: a role that this tool does not own is left alone, unless the configuration adopts it.
//!
//! A role is owned if it has the `account-onboarding` tag. An existing role without it blocks the account, and all other
//! roles are still installed.

use std::time::Duration;

use onboarding_core::config::Config;
use onboarding_core::outcome::Outcome;
use onboarding_simulation::{PolicyText, RoleState};

use crate::common::{
    ACCESS, CONFIG, IDENTITY, NEW, OLD, OWN_ROLE, Scenario, TRELICA, TRELICA_ID, TRELICA_ROLE, adopting_trelica,
    can_assume, id, name,
};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},"Action":"sts:AssumeRole"}]}"#;

/// A role that was created manually, without the tag of this tool.
fn unowned_role() -> RoleState {
    let mut role = RoleState::trusting(POLICY);
    role.settings.description = "created manually".to_owned();
    role.settings.tags.insert("owner".to_owned(), "another-team".to_owned());
    role.policies.insert("theirs".to_owned(), PolicyText(POLICY.to_owned()));
    role.attached.insert("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    role
}

#[test]
fn unowned_role_is_left_alone_and_other_roles_are_installed() {
    let mut scenario = Scenario::new()
        .with_new_account()
        .with_role(TRELICA_ROLE, unowned_role())
        .plan()
        .assert_outcome("blocked foreign_role");
    for _ in 0..2 {
        scenario = scenario
            .apply()
            .assert_outcome("blocked foreign_role")
            .assert_role_untouched(TRELICA_ROLE, &unowned_role())
            .assert_roles_onboarded_except(&[TRELICA_ROLE]);
        let refusals = &scenario.report().refusals;
        assert_eq!(refusals.len(), 1);
        assert_eq!(refusals[0].role, name(TRELICA_ROLE));
    }
    insta::assert_snapshot!(scenario.apply().outcome(), @"blocked (foreign_role): role `TrelicaIntegration` already exists and is not managed by this tool (no `account-onboarding` tag); rename one of the two roles, or set `adopt = true` to take it over");
}

#[test]
fn identical_role_without_the_tag_is_unowned() {
    let mut twin = Scenario::new().with_onboarded_account().role(TRELICA_ROLE);
    twin.settings.tags.clear();
    let scenario = Scenario::new().with_new_account().with_role(TRELICA_ROLE, twin.clone()).apply();
    assert_eq!(scenario.assert_outcome("blocked foreign_role").role(TRELICA_ROLE), twin);
}

#[test]
fn adopted_role_is_replaced_and_owned_afterwards() {
    let scenario = Scenario::new()
        .with_new_account()
        .with_role(TRELICA_ROLE, unowned_role())
        .config(&adopting_trelica())
        .apply()
        .assert_outcome("converged");
    let changes = scenario.changes().into_iter().filter(|change| change.role == name(TRELICA_ROLE));
    let mut changes = changes.map(|change| change.to_string());
    assert_eq!(
        changes.next().unwrap(),
        "revoke the sessions of role `TrelicaIntegration` that were issued before now: the role was created by another principal and is taken over"
    );
    assert!(
        changes.next().unwrap().starts_with("tag role"),
        "it is marked as owned before any change of its configuration"
    );
    drop(changes);
    // The revocation ends automatically.
    let scenario =
        scenario.after(Duration::from_secs(43_260)).apply().assert_outcome("converged").assert_roles_onboarded();
    // It stays owned without `adopt`.
    let scenario = scenario.config(CONFIG).apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), []);
}

#[test]
fn role_under_another_path_is_left_alone_and_other_roles_are_installed() {
    // The configured path of the role is `/apps/`.
    for (path, is_tagged) in [("/theirs/", false), ("/theirs/", true), ("/", true)] {
        let mut state = unowned_role();
        state.settings.path = path.to_owned();
        if is_tagged {
            state.settings.tags.insert("account-onboarding".to_owned(), "role/app-deployer".to_owned());
        }
        let scenario = Scenario::new().with_role(OWN_ROLE, state.clone()).apply();
        let outcome = scenario.outcome();
        assert_eq!(outcome.as_str(), "blocked", "{path} {is_tagged}: {outcome}");
        let scenario = scenario.assert_role_untouched(OWN_ROLE, &state);
        let organization = scenario.organization();
        assert!(can_assume(organization, IDENTITY, OLD, ACCESS, None), "{path} {is_tagged}: access role");
        assert!(
            can_assume(organization, TRELICA, OLD, TRELICA_ROLE, Some(TRELICA_ID)),
            "{path} {is_tagged}: vendor role"
        );
    }
}

#[test]
fn role_whose_name_differs_only_in_case_is_left_alone() {
    let other_case = "trelicaINTEGRATION";
    let scenario = Scenario::new().with_new_account().with_role(other_case, unowned_role()).apply();
    assert_ne!(*scenario.outcome(), Outcome::Converged);
    assert_eq!(scenario.role(other_case), unowned_role());
    assert!(scenario.organization().role_state(&id(NEW), &name(TRELICA_ROLE)).is_none());
    let scenario = scenario.assert_roles_onboarded_except(&[other_case, TRELICA_ROLE]);
    insta::assert_snapshot!(scenario.outcome(), @"waiting (already_exists): role `TrelicaIntegration`: iam:CreateRole failed: EntityAlreadyExists: Role with name TrelicaIntegration already exists; retried automatically; if this persists, a role exists whose name differs only in case: rename one of the two");
}

#[test]
fn access_role_cannot_be_configured_as_a_vendor_role() {
    let role_name = format!("[vendors.workload-security]\nrole-name = \"{ACCESS}\"");
    let vendor = CONFIG.replace("[vendors.workload-security]", &role_name);
    let config = format!("[access-role]\nnames = [\"{ACCESS}\"]\n{vendor}");
    assert!(Config::parse_without_files(&config).is_err());
}
