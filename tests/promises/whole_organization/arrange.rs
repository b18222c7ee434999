//! What makes an account one of a kind.

use std::time::Duration;

use onboarding_core::account::{AccountId, JoinMethod};
use onboarding_core::lease::Lease;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, Connector, FakeOrganization, RoleState};

use super::world::{ACQUIRED, OTHER_PRODUCTION, PRODUCTION, STRANGER};
use crate::common::{ACCESS, MANAGEMENT, name};
use crate::registration::edit_tenant;

pub(super) const ADMINISTRATOR: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

pub(super) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

pub(super) fn allow(principals: &[&str]) -> String {
    let principals = serde_json::to_string(principals).unwrap();
    format!(r#"{{"Effect":"Allow","Principal":{{"AWS":{principals}}},"Action":"sts:AssumeRole"}}"#)
}

pub(super) fn deny(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Deny","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
    )
}

pub(super) fn policy(statements: &[String]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

pub(super) fn trust(all: &FakeOrganization, id: &AccountId, statements: &[String]) {
    all.set_trust(id, &name(ACCESS), &policy(statements));
}

pub(super) fn edit(all: &FakeOrganization, id: &AccountId, role: &str, change: impl FnOnce(&mut RoleState)) {
    let mut state = all.role_state(id, &name(role)).expect("the role");
    change(&mut state);
    all.put_role(id, &name(role), state);
}

/// A role that this tool does not own, with an external ID of its owner.
pub(super) fn foreign() -> RoleState {
    RoleState::trusting(&policy(&[format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"s3cret-of-another-team"}}}}}}"#,
        root(STRANGER)
    )]))
}

pub(super) fn rename(all: &FakeOrganization, id: &AccountId, account_name: &str) {
    all.rename_account(id, account_name);
}

pub(super) fn rename_access_role(all: &FakeOrganization, id: &AccountId, new_name: &str) {
    let role = all.role_state(id, &name(ACCESS)).expect("the access role");
    all.delete_role(id, &name(ACCESS));
    all.put_role(id, &name(new_name), role);
}

pub(super) fn access_role_of_unit(all: &FakeOrganization, id: &AccountId) {
    all.place(id, OTHER_PRODUCTION);
    rename_access_role(all, id, "CompanyAccess");
}

/// Its access role appears in nine minutes.
pub(super) fn join(all: &FakeOrganization, id: &AccountId) {
    all.remove_account(id);
    let creation = AccountCreation {
        id: Some(id.clone()),
        access_role_delay: Duration::from_secs(600),
        ..AccountCreation::default()
    };
    let request = all.create_account_with("just-joined", creation);
    assert_eq!(all.finish_creation(&request).as_ref(), Some(id));
    all.place(id, PRODUCTION);
}

pub(super) fn invite(all: &FakeOrganization, id: &AccountId) {
    all.set_joined(id, JoinMethod::Invited);
    all.delete_role(id, &name(ACCESS));
    all.place(id, ACQUIRED);
}

/// Statements that this tool has to keep as they are, among them external IDs that it must not show.
pub(super) fn unusual_statements(all: &FakeOrganization, id: &AccountId) {
    let statements = [
        allow(&[&root(MANAGEMENT)]).replace("{\"Effect\"", "{\"Sid\":\"AccountOnboarding1\",\"Effect\""),
        r#"{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}"#.to_owned(),
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":["s3cret-of-another-team","s3cret"]}}}"#.to_owned(),
        r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:saml-provider/x"},"Action":"sts:AssumeRoleWithSAML"}"#.to_owned(),
    ];
    trust(all, id, &statements);
}

pub(super) fn register(all: &FakeOrganization, id: &AccountId) {
    let connector = Connector {
        account: id.clone(),
        role_arn: Some(format!("arn:aws:iam::{id}:role/another-role")),
        display_name: "registered earlier".to_owned(),
        workspaces: false,
        last_read: None,
    };
    edit_tenant(all, |tenant| {
        let number = tenant.connectors.last_key_value().map_or(1, |(last, _)| last + 1);
        tenant.connectors.insert(number, connector);
    });
}

/// The lease of another run, which ends in a quarter of an hour or has ended long ago.
pub(super) fn lease(all: &FakeOrganization, id: &AccountId, is_held: bool) {
    let expires_at = if is_held { all.now() + Duration::from_secs(900) } else { all.now() - Duration::from_secs(900) };
    all.put_lease(id, &Lease { owner: "another-run".to_owned(), expires_at });
}
