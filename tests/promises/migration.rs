//! docs/MIGRATION.md: roles of other tools are adopted with the example of that page. If they are as configured, the adoption
//! changes their tag and nothing that anyone notices.

use std::collections::BTreeSet;

use onboarding_core::policy::REVOCATION_POLICY;
use onboarding_simulation::RoleState;

use crate::common::{IDENTITY, Scenario};

const PAGE: &str = include_str!("../../docs/MIGRATION.md");
const READER: &str = "E_READONLY";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn scenario() -> Scenario {
    let (_, example) = PAGE.split_once("```toml whole\n").expect("the example");
    let (example, _) = example.split_once("```").expect("its end");
    Scenario::new()
        .with_new_account()
        .with_parameter("/account-onboarding/trelica/external-id", "x-4711")
        .config(example)
}

/// What plus3it's terraform-aws-org-new-account-iam-role leaves in an account.
fn role_of_the_module() -> RoleState {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{IDENTITY}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let mut role = RoleState::trusting(&trust);
    role.attached.insert(READ_ONLY.to_owned());
    role.settings.description =
        "This role was updated 2026-03-01 08:14:21.000001 by new_account_iam_role.py".to_owned();
    role
}

/// The calls that changed the role, and whether its sessions were revoked.
fn writes(scenario: &Scenario) -> (BTreeSet<&'static str>, bool) {
    let own =
        scenario.writes().into_iter().filter(|call| call.role.as_ref().is_some_and(|role| role.as_str() == READER));
    (own.map(|call| call.call).collect(), scenario.role(READER).policies.contains_key(REVOCATION_POLICY))
}

#[test]
fn role_that_is_as_configured_gets_its_tag_and_keeps_its_sessions() {
    let scenario = scenario().with_role(READER, role_of_the_module()).apply().assert_outcome("converged");
    assert_eq!(writes(&scenario), (BTreeSet::from(["iam:TagRole", "iam:UpdateRole"]), false));
    assert_eq!(scenario.role(READER).attached, BTreeSet::from([READ_ONLY.to_owned()]));
    assert_eq!(scenario.apply_again().assert_outcome("converged").writes(), []);
}

/// The module stops when the role exists, so that a retried event leaves it without its policy.
#[test]
fn half_made_role_is_finished() {
    let mut half_made = role_of_the_module();
    half_made.attached.clear();
    let scenario = scenario().with_role(READER, half_made).apply().assert_outcome("converged");
    assert_eq!(scenario.role(READER).attached, BTreeSet::from([READ_ONLY.to_owned()]));
}

#[test]
fn role_with_more_than_configured_loses_it_and_its_sessions() {
    let mut more = role_of_the_module();
    more.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    let scenario = scenario().with_role(READER, more).apply().assert_outcome("converged");
    let (calls, revoked) = writes(&scenario);
    assert!(revoked && calls.contains("iam:DetachRolePolicy"), "{calls:?}");
    assert_eq!(scenario.role(READER).attached, BTreeSet::from([READ_ONLY.to_owned()]));
}
