//! IAM reads. Each is authorized against the session and returns what is visible now, which may be older than the last write
//! (see `consistency.rs`).

use crate::authorize::RequestParameters;
use crate::call::CallInfo;
use crate::rejection::Rejection;
use crate::role_state::Role;
use crate::session::Session;
use crate::state::State;
use crate::validate;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ObservedRole;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{Page, ReadIam};

impl Session {
    /// Authorizes and performs one read of a role. The closure gets the visible state of the role.
    async fn read<T>(
        &self,
        call: &'static str,
        role: &RoleName,
        read: impl FnOnce(&State, Option<&Role>) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let info = CallInfo { account: &self.account, call, role: Some(role), write: false };
        self.organization
            .perform_call(info, |state| {
                self.authorize(state, call, role, &RequestParameters::default())?;
                let now = state.now;
                let seen = state.account_mut(&self.account)?.read(role, now);
                read(state, seen.as_ref())
            })
            .await
    }
}

impl ReadIam for Session {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        let info = CallInfo { account: &self.account, call: "sts:GetCallerIdentity", role: None, write: false };
        let call = |state: &mut State| self.check_credentials(state).map(|()| self.account.clone());
        self.organization.perform_call(info, call).await
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.read("iam:GetRole", role, |_, seen| Ok(seen.map(Role::observed))).await
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.read("iam:ListRolePolicies", role, |state, seen| {
            page(seen.into_iter().flat_map(|seen| seen.state.policies.keys()), from.as_deref(), state.page_size)
        })
        .await
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        self.read("iam:GetRolePolicy", role, |_, seen| {
            validate::policy_name(name)?;
            Ok(seen.and_then(|seen| seen.state.policies.get(name)).map(|policy| policy.0.clone()))
        })
        .await
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.read("iam:ListAttachedRolePolicies", role, |state, seen| {
            page(seen.into_iter().flat_map(|seen| &seen.state.attached), from.as_deref(), state.page_size)
        })
        .await
    }

    async fn instance_profiles(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.read("iam:ListInstanceProfilesForRole", role, |state, seen| {
            let profiles = &state.account(&self.account)?.instance_profiles;
            let named = profiles.iter().filter(|(_, contained)| seen.is_some_and(|seen| seen.name == **contained));
            page(named.map(|(profile, _)| profile), from.as_deref(), state.page_size)
        })
        .await
    }
}

/// Returns one page of a sorted list. The marker is opaque to callers and contains the last item returned.
fn page<'a>(all: impl Iterator<Item = &'a String>, from: Option<&str>, size: usize) -> Result<Page, Rejection> {
    let after = match from.map(|marker| marker.strip_prefix("after ")) {
        None => "",
        Some(Some(after)) => after,
        Some(None) => return Err(validate::invalid("Invalid Marker.")),
    };
    let mut items: Vec<_> = all.filter(|item| item.as_str() > after).take(size + 1).cloned().collect();
    let more = items.len() > size;
    items.truncate(size);
    let next = if more { items.last().map(|last| format!("after {last}")) } else { None };
    Ok(Page { items, next })
}
