//! What `onboard audit --trust` reads in an account.

use aws_sdk_iam::types::{Role, RoleLastUsed};

use super::error::api_error;
use super::iam::{IamSession, decoded, next_page};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::role::RoleName;
use onboarding_core::trust_audit::{LastUse, ListedRole};
use onboarding_engine::ports::{ListRoles, RolePage};

const LIST: &str = "iam:ListRoles";

/// The most roles of a page that IAM returns.
const PAGE: i32 = 1_000;

impl ListRoles for IamSession {
    async fn roles(&self, from: Option<String>) -> Result<RolePage, ApiError> {
        let list = self.iam.list_roles().max_items(PAGE).set_marker(from);
        let response = list.send().await.map_err(api_error(LIST))?;
        let next = next_page(LIST, response.is_truncated, response.marker)?;
        Ok(RolePage { roles: response.roles.iter().map(listed).collect(), next })
    }

    async fn last_use(&self, role: &RoleName) -> Result<LastUse, ApiError> {
        const CALL: &str = "iam:GetRole";
        match self.iam.get_role().role_name(role.as_str()).send().await.map_err(api_error(CALL)) {
            Ok(response) => Ok(response.role.as_ref().map_or(LastUse::Unknown, |role| used(role.role_last_used()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(LastUse::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// A trust policy that is missing or cannot be decoded is kept as it is, so that it is reported for its role and does not affect
/// the others.
fn listed(role: &Role) -> ListedRole {
    let text = role.assume_role_policy_document().unwrap_or_default();
    ListedRole {
        name: role.role_name().to_owned(),
        arn: role.arn().to_owned(),
        path: role.path().to_owned(),
        trust: decoded(LIST, text).unwrap_or_else(|_| text.to_owned()),
    }
}

/// IAM returns an empty element for a role that was not used in the period that it remembers.
///
/// See <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html>.
fn used(last: Option<&RoleLastUsed>) -> LastUse {
    let time = last.and_then(RoleLastUsed::last_used_date);
    match time.and_then(|time| time.fmt(aws_smithy_types::date_time::Format::DateTime).ok()) {
        Some(time) => LastUse::At { time, region: last.and_then(RoleLastUsed::region).map(str::to_owned) },
        None => LastUse::Never,
    }
}
