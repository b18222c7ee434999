//! `sts:AssumeRole` and the sessions that it returns.
//!
//! A session outlives changes of the trust policy: each of its calls is authorized at the time of the call, against the current state of the access
//! role and the control policies, and it fails with `ExpiredToken` when the session has expired.

use std::time::SystemTime;

use crate::account::ControlPolicy;
use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::permissions::{Request, denial_reason, denied, denied_by_control_policy};
use crate::rejection::Rejection;
use crate::role_state::Role;
use crate::state::{ORGANIZATION_ID, State};
use crate::target::Target;
use crate::validate;
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::error::ApiError;
use onboarding_core::limits::SESSION;
use onboarding_core::policy::{Caller, Document, RequestContext, Verdict, can_assume};
use onboarding_core::role::RoleName;
use onboarding_core::time::after;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};

pub(super) const ASSUME: &str = "sts:AssumeRole";

/// What a caller presents besides its identity.
#[derive(Clone, Copy, Default)]
pub(super) struct Presented<'a> {
    pub(super) external_id: Option<&'a str>,
    pub(super) has_mfa: bool,
}

impl<'a> Presented<'a> {
    pub(super) fn external_id(external_id: Option<&'a str>) -> Self {
        Self { external_id, ..Self::default() }
    }
}

/// A session in an account. Its permissions are the intersection of the access role's permissions and the session policy.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) organization: FakeOrganization,
    pub(super) account: AccountId,
    /// The assumed role.
    pub(super) role: RoleName,
    /// The unique id of the role, for a session ends when its role is deleted.
    pub(super) role_id: String,
    /// When STS issued the credentials.
    pub(super) issued_at: SystemTime,
    /// The ARN of the session, for error messages.
    pub(super) arn: String,
    pub(super) policy: Document,
    pub(super) expires: SystemTime,
}

impl Sessions for FakeOrganization {
    type Session = Session;

    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<Session, ApiError> {
        let request = &self.misdirected(request);
        let target = Target::from_arn(&request.role_arn);
        let acting = self.acting().await?;
        let management = self.lock().management.clone();
        let info = CallInfo {
            account: target.as_ref().map_or(&management, |target| &target.account),
            call: ASSUME,
            role: target.as_ref().map(|target| &target.role),
            write: false,
        };
        self.perform_call(info, |state| {
            let Some(target) = &target else {
                return Err(validate::invalid(format!("{} is invalid", request.role_arn)));
            };
            validate::session_name(&request.session_name)?;
            let policy = validate::session_policy(&request.policy)?;
            state.check_caller(&acting.caller, target)?;
            let arn = target.role.arn(&target.partition, &target.account, &target.path);
            acting.check(state, ASSUME, &arn)?;
            let now = state.now;
            let seen = state.accounts.get_mut(&target.account).and_then(|account| account.read(&target.role, now));
            let role_id = seen.as_ref().map(|role| role.id.clone()).unwrap_or_default();
            state.check_trust(&acting.caller, target, seen, &request.session_name, Presented::default())?;
            if state.has_journal {
                state.assume_role_requests.push(request.clone());
            }
            let Target { partition, account, role, .. } = target;
            let arn = format!("arn:{partition}:sts::{account}:assumed-role/{role}/{}", request.session_name);
            let organization = self.clone();
            let account = account.clone();
            let role = role.clone();
            let issued_at = state.now;
            let expires = after(issued_at, SESSION);
            Ok(Session { organization, account, role, role_id, issued_at, arn, policy, expires })
        })
        .await
    }

    /// The role of a session has no path here, as in AWS.
    async fn own_arn(&self) -> Result<String, ApiError> {
        let info = CallInfo { account: &self.caller.account, call: "sts:GetCallerIdentity", role: None, write: false };
        self.perform_call(info, |state| {
            let role = self.caller.arn.as_deref().and_then(Target::from_arn);
            Ok(match role {
                Some(Target { partition, account, role, .. }) => {
                    format!("arn:{partition}:sts::{account}:assumed-role/{role}/session")
                }
                None => state.caller_arn(&self.caller),
            })
        })
        .await
    }
}

impl FakeOrganization {
    /// The request as it arrives at STS, see [`FakeOrganization::misdirect_sessions`].
    fn misdirected(&self, request: &AssumeRoleRequest) -> AssumeRoleRequest {
        let mut request = request.clone();
        if let Some((text, from, to)) = &self.lock().misdirected
            && request.policy.contains(text)
        {
            request.role_arn = request.role_arn.replace(from.as_str(), to.as_str());
            request.policy = request.policy.replace(from.as_str(), to.as_str());
        }
        request
    }
}

impl State {
    /// Checks that the policies of the caller allow it to assume the role, if the caller is a role of this organization.
    pub(super) fn check_caller(&self, caller: &Caller, target: &Target) -> Result<(), Rejection> {
        let name = caller.arn.as_deref().and_then(Target::from_arn).map(|own| own.role);
        let role = name.and_then(|name| self.accounts.get(&caller.account)?.role(&name));
        let resource = target.role.arn(&target.partition, &target.account, &target.path);
        let request = Request { action: ASSUME, resource: &resource, context: &RequestContext::complete() };
        match role.and_then(|role| denial_reason(&role.state, &request)) {
            Some(reason) => Err(denied(&self.caller_arn(caller), &request, &reason)),
            None => Ok(()),
        }
    }

    fn caller_arn(&self, caller: &Caller) -> String {
        caller.arn.clone().unwrap_or_else(|| format!("arn:{}:iam::{}:root", self.partition, caller.account))
    }

    /// Checks that the control policies and the trust policy of the role allow a caller to assume it. A role that does not
    /// exist gives the same error as one that trusts another account, because STS does not disclose which roles exist.
    pub(super) fn check_trust(
        &self,
        caller: &Caller,
        target: &Target,
        role: Option<Role>,
        session_name: &str,
        presented: Presented<'_>,
    ) -> Result<(), Rejection> {
        let arn = target.role.arn(&target.partition, &target.account, &target.path);
        let caller_arn = self.caller_arn(caller);
        let mut context = RequestContext::complete()
            .with("aws:PrincipalAccount", caller.account.as_str())
            .with("aws:PrincipalArn", &caller_arn)
            .with("sts:RoleSessionName", session_name);
        if self.accounts.contains_key(&caller.account) {
            context = context.with("aws:PrincipalOrgID", ORGANIZATION_ID);
        }
        if let Some(external_id) = presented.external_id {
            context = context.with("sts:ExternalId", external_id);
        }
        if presented.has_mfa {
            context = context.with("aws:MultiFactorAuthPresent", "true");
        }
        let request = Request { action: ASSUME, resource: &arn, context: &context };
        let denied = |reason: &str| denied(&caller_arn, &request, reason);
        if target.partition != self.partition {
            return Err(denied(""));
        }
        // A service control policy applies to the caller, in the account of the caller; a resource control policy applies to the role.
        let is_denied = |id: &AccountId, kind| {
            let member = self.accounts.get(id).filter(|_| *id != self.management);
            member.is_some_and(|account| denied_by_control_policy(account, kind, &request))
        };
        if is_denied(&caller.account, ControlPolicy::Service) {
            return Err(denied("with an explicit deny in a service control policy"));
        }
        if self.accounts.get(&target.account).is_none_or(|account| account.state != AccountState::Active) {
            return Err(denied(""));
        }
        let Some(role) = role.filter(|role| role.state.settings.path == target.path) else { return Err(denied("")) };
        if is_denied(&target.account, ControlPolicy::Resource) {
            return Err(denied("with an explicit deny in a resource control policy"));
        }
        let trust = Document::parse(&role.state.trust.0);
        // A policy that cannot be evaluated grants nothing.
        match trust.map(|trust| can_assume(&trust, caller, &context)) {
            Ok(Verdict::Allowed(_)) => Ok(()),
            _ if !self.explains_denials => Err(denied("")),
            Ok(Verdict::Denied(_)) => Err(denied("with an explicit deny in the role trust policy")),
            _ => Err(denied("because no role trust policy allows the sts:AssumeRole action")),
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
