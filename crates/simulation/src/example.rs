//! Fixtures of the unit tests: an organization with account IDs from the AWS documentation and one established member.

use std::time::Duration;

use crate::{FakeOrganization, Session};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::plan::{Action, Change, NewRole, RoleDetails};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::role_settings::RoleSettings;
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};

pub(super) const MEMBER: &str = "333344445555";
pub(super) const VENDOR: &str = "123456789012";
pub(super) const ACCESS: &str = "OrganizationAccountAccessRole";
pub(super) const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;

pub(super) fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(super) fn name(text: &str) -> RoleName {
    text.parse().unwrap()
}

pub(super) fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

pub(super) fn organization() -> FakeOrganization {
    FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"))
        .with_member(&id(MEMBER), "old", AccountState::Active, from_unix_seconds(1_500_000_000))
        .with_outside_account(&id(VENDOR))
}

pub(super) fn assume_role_request(account: &str, policy: &str) -> AssumeRoleRequest {
    AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{account}:role/{ACCESS}"),
        policy: policy.to_owned(),
        session_name: "account-onboarding".to_owned(),
    }
}

pub(super) async fn session(organization: &FakeOrganization) -> Session {
    organization.assume_role(&assume_role_request(MEMBER, ALL)).await.unwrap()
}

pub(super) fn trusting(principal: &str) -> Document {
    document(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
    ))
}

pub(super) fn new_role() -> NewRole {
    NewRole {
        title: "Vendor".to_owned(),
        settings: RoleSettings {
            description: "for a vendor".to_owned(),
            tags: [("account-onboarding".to_owned(), "vendor/x".to_owned())].into(),
            ..RoleSettings::default()
        },
        trust: trusting(&format!(r#"{{"AWS":"{VENDOR}"}}"#)),
    }
}

/// Sets the description and the maximum session duration.
pub(super) fn update_role(description: &str, seconds: u64) -> Action {
    let after = RoleDetails { description: description.to_owned(), max_session: Duration::from_secs(seconds) };
    Action::UpdateRole { before: after.clone(), after }
}

pub(super) fn create(role: &str, new: NewRole) -> Change {
    change(role, Action::CreateRole(Box::new(new)))
}

pub(super) fn change(role: &str, action: Action) -> Change {
    Change { role: name(role), action }
}
