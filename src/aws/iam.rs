//! Reads IAM in one account. Writes are in `write`.

use std::future::Future;
use std::time::Duration;

use aws_sdk_iam::types::Role;
use aws_types::SdkConfig;
use percent_encoding::percent_decode_str;

use super::error::{api_error, malformed};
use onboarding_core::account::AccountId;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::observed::ObservedRole;
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::role_settings::{DEFAULT_MAX_SESSION, RoleSettings};
use onboarding_engine::ports::{Page, ReadIam};

/// A session in one account.
#[derive(Debug, Clone)]
pub struct IamSession {
    pub(super) iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
}

impl IamSession {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { iam: aws_sdk_iam::Client::new(config), sts: aws_sdk_sts::Client::new(config) }
    }
}

impl ReadIam for IamSession {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        const CALL: &str = "sts:GetCallerIdentity";
        let response = self.sts.get_caller_identity().send().await.map_err(api_error(CALL))?;
        let id = response.account().and_then(|id| id.parse().ok());
        id.ok_or_else(|| malformed(CALL, "12-digit account ID"))
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        const CALL: &str = "iam:GetRole";
        let get = async { self.iam.get_role().role_name(role.as_str()).send().await.map_err(api_error(CALL)) };
        let Some(response) = none_if_not_found(get).await? else { return Ok(None) };
        let found = response.role.ok_or_else(|| malformed(CALL, "role"))?;
        observed(&found).map(Some)
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        const CALL: &str = "iam:ListRolePolicies";
        let list = self.iam.list_role_policies().role_name(role.as_str()).set_marker(from);
        let Some(response) = none_if_not_found(async { list.send().await.map_err(api_error(CALL)) }).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let next = next_page(CALL, response.is_truncated, response.marker)?;
        Ok(Page { items: response.policy_names, next })
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        const CALL: &str = "iam:GetRolePolicy";
        let get = self.iam.get_role_policy().role_name(role.as_str()).policy_name(name);
        let response = none_if_not_found(async { get.send().await.map_err(api_error(CALL)) }).await?;
        response.map(|response| decoded(CALL, &response.policy_document)).transpose()
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        const CALL: &str = "iam:ListAttachedRolePolicies";
        let list = self.iam.list_attached_role_policies().role_name(role.as_str()).set_marker(from);
        let Some(response) = none_if_not_found(async { list.send().await.map_err(api_error(CALL)) }).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let items = response.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn);
        let next = next_page(CALL, response.is_truncated, response.marker)?;
        Ok(Page { items: items.collect(), next })
    }

    async fn instance_profiles(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        const CALL: &str = "iam:ListInstanceProfilesForRole";
        let list = self.iam.list_instance_profiles_for_role().role_name(role.as_str()).set_marker(from);
        let Some(response) = none_if_not_found(async { list.send().await.map_err(api_error(CALL)) }).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let items = response.instance_profiles.into_iter().map(|profile| profile.instance_profile_name);
        let next = next_page(CALL, response.is_truncated, response.marker)?;
        Ok(Page { items: items.collect(), next })
    }
}

/// The token of the next page of a list; `None` after the last one. A truncated list without a token would pass for a complete one.
pub(super) fn next_page(
    call: &'static str,
    is_truncated: bool,
    marker: Option<String>,
) -> Result<Option<String>, ApiError> {
    match marker.filter(|marker| !marker.is_empty()) {
        _ if !is_truncated => Ok(None),
        Some(marker) => Ok(Some(marker)),
        None => Err(malformed(call, "marker of the next page")),
    }
}

/// The response; `None` if the requested item does not exist.
async fn none_if_not_found<T>(call: impl Future<Output = Result<T, ApiError>>) -> Result<Option<T>, ApiError> {
    match call.await {
        Ok(response) => Ok(Some(response)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn observed(role: &Role) -> Result<ObservedRole, ApiError> {
    const CALL: &str = "iam:GetRole";
    let text = role.assume_role_policy_document().ok_or_else(|| malformed(CALL, "trust policy"))?;
    let tags = role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
    let boundary = role.permissions_boundary().and_then(|b| b.permissions_boundary_arn());
    let seconds = role.max_session_duration().map(|seconds| u64::from(seconds.unsigned_abs()));
    let settings = RoleSettings {
        path: role.path().to_owned(),
        description: role.description().unwrap_or_default().to_owned(),
        max_session: seconds.map_or(DEFAULT_MAX_SESSION, Duration::from_secs),
        boundary: boundary.map(str::to_owned),
        tags: tags.collect(),
    };
    let id = role.role_id().parse().map_err(|_| malformed(CALL, "unique role ID"))?;
    Ok(ObservedRole {
        inline_length: 0,
        id: Some(id),
        settings,
        trust: Document::parse_verbatim(&decoded(CALL, text)?).map_err(|e| e.to_string()),
        policies: std::collections::BTreeMap::new(),
        attached: std::collections::BTreeSet::new(),
    })
}

/// Decodes a policy: IAM returns policy documents URL-encoded according to RFC 3986.
pub(super) fn decoded(call: &'static str, text: &str) -> Result<String, ApiError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| malformed(call, "UTF-8 policy document"))
}
