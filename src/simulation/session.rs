//! `sts:AssumeRole`, and what it gives.

use super::account::Failure;
use super::journal::About;
use super::organization::{ORGANIZATION_ID, Organization, State};
use super::role_state::Role;
use super::validate;
use crate::account::{AccountId, AccountState, Partition};
use crate::fault::ApiError;
use crate::policy::{Caller, Document, Facts, Verdict, can_assume, permits};
use crate::ports::{Entry, Sessions};
use crate::role::RoleName;

/// How long a session lasts, in seconds.
const LASTS: f64 = 900.0;

/// A session in an account; what it may do is the access role's permissions cut by its session policy.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) organization: Organization,
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

impl Sessions for Organization {
    type Session = Session;

    async fn enter(&self, entry: &Entry) -> Result<Session, ApiError> {
        let target = target(&entry.role_arn);
        let management = self.lock().management.clone();
        let about = About {
            account: target.as_ref().map_or(&management, |target| &target.account),
            call: "sts:AssumeRole",
            role: target.as_ref().map(|target| &target.role),
            write: false,
        };
        self.perform_call(about, |state| {
            let Some(target) = &target else {
                return Err(validate::invalid(format!("{} is invalid", entry.role_arn)));
            };
            validate::session_name(&entry.session_name)?;
            let policy = validate::session_policy(&entry.policy)?;
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
    /// Whether a caller may assume a role. Whatever is in the way, the answer is the same: STS tells nobody more.
    pub(super) fn trusts(
        &self,
        caller: &Caller,
        target: &Target,
        role: Option<Role>,
        session_name: &str,
        external_id: Option<&str>,
    ) -> Result<(), Failure> {
        let arn = target.role.arn(&target.partition, &target.account, &target.path);
        let who = caller.arn.clone().unwrap_or_else(|| format!("arn:{}:iam::{}:root", self.partition, caller.account));
        let denied = |how: &str| {
            let message = format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}{how}");
            Failure::new("AccessDenied", message)
        };
        let mut facts = Facts::complete()
            .with("aws:PrincipalAccount", caller.account.as_str())
            .with("aws:PrincipalArn", &who)
            .with("sts:RoleSessionName", session_name);
        if self.accounts.contains_key(&caller.account) {
            facts = facts.with("aws:PrincipalOrgID", ORGANIZATION_ID);
        }
        if let Some(external_id) = external_id {
            facts = facts.with("sts:ExternalId", external_id);
        }
        if target.partition != self.partition {
            return Err(denied(""));
        }
        let Some(account) = self.accounts.get(&target.account).filter(|there| there.state == AccountState::Active)
        else {
            return Err(denied(""));
        };
        let Some(role) = role.filter(|role| role.state.path == target.path) else { return Err(denied("")) };
        if account.controls.iter().any(|p| matches!(permits(p, "sts:AssumeRole", &arn, &facts), Verdict::Denied(_))) {
            return Err(denied(" with an explicit deny in a resource control policy"));
        }
        let trust = Document::parse(&role.state.trust.0);
        // What cannot be decided is no permission.
        match trust.map(|trust| can_assume(&trust, caller, &facts)) {
            Ok(Verdict::Allowed(_)) => Ok(()),
            _ => Err(denied("")),
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
