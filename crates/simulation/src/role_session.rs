//! Sessions of the roles in an account, as the principals get them that assume these roles: a pipeline, a vendor, an attacker.
//!
//! A session of a role outlives changes of the role's trust policy, and its permissions are those that the role has at the time
//! of each call: the policies and the boundary of now, not those of the time when it was issued. It ends when it expires or
//! when the role is deleted; a role that is created again is another one.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html>.

use std::time::{Duration, SystemTime};

use crate::account::ControlPolicy;
use crate::authorize::session_context;
use crate::organization::FakeOrganization;
use crate::permissions::{Request, denial_reason, denied_by_control_policy};
use crate::session::Presented;
use crate::target::Target;
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_core::time::after;

/// The credentials of a session of a role.
#[derive(Debug, Clone)]
pub struct RoleSession {
    organization: FakeOrganization,
    account: AccountId,
    role: RoleName,
    role_id: String,
    issued_at: SystemTime,
    expires: SystemTime,
}

impl FakeOrganization {
    /// Assumes a role for a time, which is at most the role's maximum session duration. `None` if STS denies it.
    #[must_use]
    pub fn assume_role_as(
        &self,
        caller: &Caller,
        role_arn: &str,
        external_id: Option<&str>,
        duration: Duration,
    ) -> Option<RoleSession> {
        let target = Target::from_arn(role_arn)?;
        let mut state = self.lock();
        state.tick();
        let role = state.accounts.get(&target.account)?.role(&target.role).cloned()?;
        state.check_trust(caller, &target, Some(role.clone()), "session", Presented::external_id(external_id)).ok()?;
        let Target { account, role: name, .. } = target;
        let issued_at = state.now;
        let expires = after(issued_at, duration);
        let is_allowed = duration <= role.state.settings.max_session;
        is_allowed.then(|| RoleSession {
            organization: self.clone(),
            account,
            role: name,
            role_id: role.id,
            issued_at,
            expires,
        })
    }
}

impl RoleSession {
    /// Whether a call with these credentials succeeds now.
    #[must_use]
    pub fn can(&self, action: &'static str, resource: &str) -> bool {
        let mut state = self.organization.lock();
        state.tick();
        let account = state.accounts.get(&self.account).filter(|account| account.state == AccountState::Active);
        let role = account.and_then(|account| account.role(&self.role)).filter(|role| role.id == self.role_id);
        let (Some(account), Some(role)) = (account, role) else { return false };
        let context = session_context(&state, &self.account, Some(role), self.issued_at);
        let request = Request { action, resource, context: &context };
        state.now < self.expires
            && !denied_by_control_policy(account, ControlPolicy::Service, &request)
            && denial_reason(&role.state, &request).is_none()
    }
}

#[cfg(test)]
#[path = "role_session_tests.rs"]
mod tests;
