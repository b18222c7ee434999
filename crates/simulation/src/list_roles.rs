//! `iam:ListRoles` with pages, and when a role was last used.

use crate::authorize::RequestParameters;
use crate::call::CallInfo;
use crate::read::page;
use crate::role_state::Role;
use crate::session::Session;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::role::RoleName;
use onboarding_core::trust_audit::{LastUse, ListedRole};
use onboarding_engine::ports::{ListRoles, RolePage};

impl ListRoles for Session {
    async fn roles(&self, from: Option<String>) -> Result<RolePage, ApiError> {
        const CALL: &str = "iam:ListRoles";
        let info = CallInfo { account: &self.account, call: CALL, role: None, write: false };
        let list = |state: &mut State| {
            self.authorize_for_all_roles(state, CALL)?;
            let now = state.now;
            let account = state.account_mut(&self.account)?;
            let seen: Vec<_> = account.roles.values_mut().filter_map(|record| record.read(now)).collect();
            let keys: Vec<_> = seen.iter().map(|role| role.name.as_str().to_ascii_lowercase()).collect();
            let listed = page(keys.iter(), from.as_deref(), state.page_size)?;
            let on_page = |role: &&Role| listed.items.contains(&role.name.as_str().to_ascii_lowercase());
            let roles = seen.iter().filter(on_page).map(|role| self.listed(state, role)).collect();
            Ok(RolePage { roles, next: listed.next })
        };
        self.organization.perform_call(info, list).await
    }

    async fn last_use(&self, role: &RoleName) -> Result<LastUse, ApiError> {
        const CALL: &str = "iam:GetRole";
        let info = CallInfo { account: &self.account, call: CALL, role: Some(role), write: false };
        let read = |state: &mut State| {
            self.authorize(state, CALL, role, &RequestParameters::default())?;
            let used = state.last_uses.get(&(self.account.clone(), role.clone()));
            Ok(match state.account(&self.account)?.role(role) {
                None => LastUse::Unknown,
                Some(_) => used.map_or(LastUse::Never, |time| LastUse::At { time: time.clone(), region: None }),
            })
        };
        self.organization.perform_call(info, read).await
    }
}

impl Session {
    fn listed(&self, state: &State, role: &Role) -> ListedRole {
        let path = role.state.settings.path.clone();
        ListedRole {
            name: role.name.to_string(),
            arn: role.name.arn(&state.partition, &self.account, &path),
            path,
            trust: role.state.trust.0.clone(),
        }
    }
}

/// The key of a role in [`State::last_uses`].
pub(super) type RoleKey = (AccountId, RoleName);
