//! `sts:AssumeRole`, and what it gives.

use super::account::{Control, Rejection};
use super::authorize::{Request, denied, is_controlled, why_not};
use super::journal::About;
use super::organization::{FakeOrganization, ORGANIZATION_ID, State};
use super::role_state::Role;
use super::validate;
use onboarding_core::account::{AccountId, AccountState, Partition};
use onboarding_core::error::ApiError;
use onboarding_core::policy::{Caller, Document, RequestContext, Verdict, can_assume};
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};

const ASSUME: &str = "sts:AssumeRole";

/// How long a session lasts, in seconds.
const LASTS: f64 = 900.0;

/// A session in an account; what it may do is the access role's permissions cut by its session policy.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) organization: FakeOrganization,
    pub(super) account: AccountId,
    /// The access role.
    pub(super) role: RoleName,
    /// The session's ARN, for messages.
    pub(super) arn: String,
    pub(super) policy: Document,
    pub(super) expires: f64,
}

/// A role to assume.
pub(super) struct Target {
    partition: Partition,
    pub(super) account: AccountId,
    path: String,
    pub(super) role: RoleName,
}

/// Reads a role's ARN.
pub(super) fn target(arn: &str) -> Option<Target> {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = fields.as_slice() else { return None };
    let (path, role) = resource.strip_prefix("role")?.rsplit_once('/')?;
    let (partition, account, role) = (partition.parse().ok()?, account.parse().ok()?, role.parse().ok()?);
    Some(Target { partition, account, path: format!("{path}/"), role })
}

impl Sessions for FakeOrganization {
    type Session = Session;

    async fn enter(&self, entry: &AssumeRoleRequest) -> Result<Session, ApiError> {
        let target = target(&entry.role_arn);
        let management = self.lock().management.clone();
        let about = About {
            account: target.as_ref().map_or(&management, |target| &target.account),
            call: ASSUME,
            role: target.as_ref().map(|target| &target.role),
            write: false,
        };
        self.perform_call(about, |state| {
            let Some(target) = &target else {
                return Err(validate::invalid(format!("{} is invalid", entry.role_arn)));
            };
            validate::session_name(&entry.session_name)?;
            let policy = validate::session_policy(&entry.policy)?;
            state.may_assume(&self.caller, target)?;
            let now = state.now;
            let seen = state.accounts.get_mut(&target.account).and_then(|there| there.read(&target.role, now));
            state.trusts(&self.caller, target, seen, &entry.session_name, None)?;
            state.entries.push(entry.clone());
            let Target { partition, account, role, .. } = target;
            let arn = format!("arn:{partition}:sts::{account}:assumed-role/{role}/{}", entry.session_name);
            let (organization, account, role) = (self.clone(), account.clone(), role.clone());
            Ok(Session { organization, account, role, arn, policy, expires: state.now + LASTS })
        })
        .await
    }
}

impl State {
    /// Whether a caller's own policies let it assume roles, where it is a role of this organization.
    fn may_assume(&self, caller: &Caller, target: &Target) -> Result<(), Rejection> {
        let name = caller.arn.as_deref().and_then(self::target).map(|own| own.role);
        let role = name.and_then(|name| self.accounts.get(&caller.account)?.role(&name));
        let resource = target.role.arn(&target.partition, &target.account, &target.path);
        let request = Request { action: ASSUME, resource: &resource, facts: &RequestContext::complete() };
        match role.and_then(|role| why_not(&role.state, &request)) {
            Some(why) => Err(denied(&self.who(caller), &request, &why)),
            None => Ok(()),
        }
    }

    fn who(&self, caller: &Caller) -> String {
        caller.arn.clone().unwrap_or_else(|| format!("arn:{}:iam::{}:root", self.partition, caller.account))
    }

    /// Whether control policies and the role let a caller in. A role that is not there is refused as one that trusts
    /// somebody else: STS tells nobody which roles there are.
    pub(super) fn trusts(
        &self,
        caller: &Caller,
        target: &Target,
        role: Option<Role>,
        session_name: &str,
        external_id: Option<&str>,
    ) -> Result<(), Rejection> {
        let arn = target.role.arn(&target.partition, &target.account, &target.path);
        let who = self.who(caller);
        let mut facts = RequestContext::complete()
            .with("aws:PrincipalAccount", caller.account.as_str())
            .with("aws:PrincipalArn", &who)
            .with("sts:RoleSessionName", session_name);
        if self.accounts.contains_key(&caller.account) {
            facts = facts.with("aws:PrincipalOrgID", ORGANIZATION_ID);
        }
        if let Some(external_id) = external_id {
            facts = facts.with("sts:ExternalId", external_id);
        }
        let request = Request { action: ASSUME, resource: &arn, facts: &facts };
        let denied = |why: &str| denied(&who, &request, why);
        if target.partition != self.partition {
            return Err(denied(""));
        }
        // A service control policy binds who calls, in the caller's account; a resource control policy guards what is called.
        let controlled = |id: &AccountId, kind| {
            let member = self.accounts.get(id).filter(|_| *id != self.management);
            member.is_some_and(|account| is_controlled(account, kind, &request))
        };
        if controlled(&caller.account, Control::Service) {
            return Err(denied("with an explicit deny in a service control policy"));
        }
        if self.accounts.get(&target.account).is_none_or(|there| there.state != AccountState::Active) {
            return Err(denied(""));
        }
        let Some(role) = role.filter(|role| role.state.path == target.path) else { return Err(denied("")) };
        if controlled(&target.account, Control::Resource) {
            return Err(denied("with an explicit deny in a resource control policy"));
        }
        let trust = Document::parse(&role.state.trust.0);
        // What cannot be decided is no permission.
        match trust.map(|trust| can_assume(&trust, caller, &facts)) {
            Ok(Verdict::Allowed(_)) => Ok(()),
            _ if !self.names_trust => Err(denied("")),
            Ok(Verdict::Denied(_)) => Err(denied("with an explicit deny in the role trust policy")),
            _ => Err(denied("because no role trust policy allows the sts:AssumeRole action")),
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
