//! The guard: the only way from a [`Plan`] to [`Approved`] changes, and so the only way to a write.
//!
//! The planner computes changes; the guard checks independently what they would do, because a wrong trust policy can lock
//! an organization out of an account or open it to others. It refuses a change, with a code and a remedy, if the change
//!
//! - touches a role that exists and is not managed by this tool (no owner tag), unless `adopt = true`;
//! - touches a role whose path differs or that cannot be read;
//! - does anything to the access role other than editing its trust policy;
//! - edits that trust policy so that access is lost, that anything but the configured grants is gained, or that the
//!   management account can no longer assume the role. This compares the sets of access entries before and after
//!   ([`access_entries`]) and does not rely on how the edit was made;
//! - adds a grant that has no effect because a deny statement covers it, or saves a policy that IAM rejects;
//! - changes a vendor's registration that was made by someone else, unless `adopt = true`.
//!
//! Refusals are isolated by role: the changes of other roles are still approved.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::proof::denied;
use super::{Action, Change, Plan, RegistrationChange};
use crate::blueprint::{Blueprint, BlueprintError, ConfiguredPart, RoleSpec};
use crate::code::Code;
use crate::observed::{Observed, ObservedRole};
use crate::outcome::{Cause, Stop};
use crate::owner::OWNER_TAG;
use crate::policy::{Caller, Document, PolicyNotice, Principal, RequestContext, access_entries, can_assume};
use crate::role::RoleName;
use crate::text::Untrusted;

/// Changes that the guard approved. Only [`guard`] creates this type, and only this type can be applied.
#[derive(Debug, Clone)]
pub struct Approved {
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    notices: Vec<PolicyNotice>,
}

impl Approved {
    /// The changes, in the order in which they are made.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What was refused. A refused role does not affect the others.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Observations about the trust policy of the access role that do not prevent the changes.
    #[must_use]
    pub fn notices(&self) -> &[PolicyNotice] {
        &self.notices
    }
}

/// A role, or a registration with a vendor, that is left unchanged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The stable, machine-readable code.
    pub code: Code,
    /// The role.
    pub role: RoleName,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub remedy: String,
    /// Whether only the registration with the vendor is refused; the role itself is handled as usual.
    #[serde(skip)]
    pub is_registration: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl Refusal {
    fn new(code: Code, role: &RoleName, message: String, remedy: &str) -> Self {
        Self { code, role: role.clone(), message, remedy: remedy.to_owned(), is_registration: false }
    }

    /// A registration that failed for a reason that is not retried.
    fn registration(spec: &RoleSpec, why: &Cause) -> Self {
        let message = format!("could not register the account with {}: {}", spec.definition.title, why.message);
        Self { is_registration: true, ..Self::new(why.code, spec.name(), message, &why.remedy) }
    }

    fn foreign_registration(role: &RoleName, registration: &RegistrationChange) -> Self {
        let current = match registration.before.as_ref().and_then(|before| before.role_arn.as_ref()) {
            Some(arn) => format!("using role `{}`", Untrusted::new(arn)),
            None => "without a role".to_owned(),
        };
        let message = format!(
            "{} already has this account registered, {current}: it was registered manually, or for another role name or path",
            registration.title
        );
        let remedy = "remove that registration at the vendor, or set `adopt = true` to change it to this role";
        Self { is_registration: true, ..Self::new(Code::ForeignRegistration, role, message, remedy) }
    }

    /// A role whose blueprint cannot be built from the configuration.
    pub fn configuration(error: &BlueprintError) -> Option<Self> {
        let ConfiguredPart::Role { name, .. } = &error.part else { return None };
        Some(Self::new(Code::Configuration, name, error.to_string(), "fix the configuration, then run again"))
    }

    /// A role whose session policy would be too long.
    pub fn session_policy(role: &RoleName) -> Self {
        let message = format!(
            "the session policy for role `{role}` would exceed the limit of 2,048 characters even in a session of its own"
        );
        Self::new(Code::SessionPolicyTooLong, role, message, "shorten its path, or attach fewer managed policies")
    }

    pub(super) fn path(spec: &RoleSpec, role: &ObservedRole) -> Self {
        let existing = &role.settings.path;
        let message = format!("role `{}` exists under the path `{existing}`, not `{}`", spec.name(), spec.path());
        Self::new(
            Code::PathDiffers,
            spec.name(),
            message,
            "IAM cannot change the path of a role: configure the existing path, or delete the role",
        )
    }

    pub(super) fn trust_policy_not_supported(role: &RoleName, problem: &str) -> Self {
        let message = format!("the trust policy of role `{role}` is not supported: {problem}");
        Self::new(Code::TrustPolicyNotSupported, role, message, "fix the trust policy manually, then run again")
    }

    fn unreadable(spec: &RoleSpec, why: &Cause) -> Self {
        let name = spec.name();
        let path = spec.path();
        let message = format!("role `{name}` cannot be read under the path `{path}`: {}", why.message);
        Self::new(why.code, name, message, &why.remedy)
    }

    fn foreign(role: &RoleName) -> Self {
        let message = format!("role `{role}` already exists and is not managed by this tool (no `{OWNER_TAG}` tag)");
        Self::new(
            Code::ForeignRole,
            role,
            message,
            "rename one of the two roles, or set `adopt = true` to take it over",
        )
    }

    fn orphaned(role: &RoleName, notice: &PolicyNotice) -> Self {
        let message = format!("the trust policy of role `{role}` cannot be saved: {notice}");
        Self::new(
            Code::OrphanedPrincipal,
            role,
            message,
            "set `prune-orphans = true`, or remove the deleted identity manually",
        )
    }

    fn denied(role: &RoleName, statement: &str, principal: &Principal) -> Self {
        let message = format!("a grant on role `{role}` would have no effect: {statement} denies {principal}");
        Self::new(Code::ExplicitDeny, role, message, "remove the deny statement, or the grant from the configuration")
    }

    fn unsafe_edit(role: &RoleName) -> Self {
        let message = format!("the new trust policy of role `{role}` would change more than the configured grants");
        Self::new(Code::UnsafeTrust, role, message, "report this as a bug in account-onboarding; nothing was changed")
    }
}

/// Checks the changes of a plan, role by role. See the module documentation for the rules.
#[must_use]
pub fn guard(plan: Plan, blueprint: &Blueprint, observed: &Observed) -> Approved {
    let Plan { changes, mut refusals, notices } = plan;
    let access = changes.iter().find(|change| change.role == observed.access_role);
    refusals.extend(access.and_then(|change| refuse_access(change, &notices, blueprint)));
    for spec in &blueprint.roles {
        if let Some(why) = observed.unreadable.get(spec.name()) {
            refusals.push(Refusal::unreadable(spec, why));
            continue;
        }
        let existing = observed.roles.get(spec.name());
        let foreign = existing.is_some_and(|role| !role.is_managed()) && !spec.definition.adopt;
        if foreign || spec.name().is_same(&observed.access_role) {
            refusals.push(Refusal::foreign(spec.name()));
        } else if existing.is_some_and(|role| role.settings.path != spec.path())
            && !refusals.iter().any(|r| r.role == *spec.name())
        {
            refusals.extend(existing.map(|role| Refusal::path(spec, role)));
        }
    }
    let refused = |role: &RoleName| refusals.iter().any(|refusal| refusal.role == *role);
    let mut changes: Vec<_> = changes.into_iter().filter(|change| !refused(&change.role)).collect();
    changes.retain(|change| {
        let refusal = refuse_registration(change, blueprint);
        let approved = refusal.is_none();
        refusals.extend(refusal);
        approved
    });
    for spec in &blueprint.roles {
        if let Some(Err(Stop::Blocked(why))) = observed.registrations.get(spec.name()) {
            refusals.push(Refusal::registration(spec, why));
        }
    }
    Approved { changes, refusals, notices }
}

/// A registration that was made by someone else is left unchanged, like a role that is not managed by this tool.
fn refuse_registration(change: &Change, blueprint: &Blueprint) -> Option<Refusal> {
    let Action::Register(registration) = &change.action else { return None };
    let adopts = blueprint.roles.iter().any(|spec| *spec.name() == change.role && spec.definition.adopt);
    (registration.before.is_some() && !adopts).then(|| Refusal::foreign_registration(&change.role, registration))
}

/// Checks the edit of the access role's trust policy by its effect on access.
fn refuse_access(change: &Change, notices: &[PolicyNotice], blueprint: &Blueprint) -> Option<Refusal> {
    let role = &change.role;
    let Action::UpdateTrust { before: Some(before), after } = &change.action else {
        return Some(Refusal::unsafe_edit(role));
    };
    if after.orphans().next().is_some() {
        let orphan = notices.iter().find(|notice| matches!(notice, PolicyNotice::Orphan { .. }));
        return orphan.map(|notice| Refusal::orphaned(role, notice));
    }
    let old = access_entries(before);
    let new = access_entries(after);
    let granted = granted_entries(blueprint);
    let lost = old.difference(&new).next().is_some();
    let gained_more = new.difference(&old).any(|entry| !granted.contains(entry));
    let root = Caller { account: blueprint.account.management.clone(), arn: None };
    let could_assume = can_assume(before, &root, &RequestContext::default()).can();
    let locked_out = could_assume && !can_assume(after, &root, &RequestContext::default()).can();
    if lost || gained_more || locked_out {
        return Some(Refusal::unsafe_edit(role));
    }
    let (grant, by) = blueprint.grants.iter().find_map(|grant| Some((grant, denied(after, grant)?)))?;
    Some(Refusal::denied(role, &after.name_of(by), &grant.principal))
}

fn granted_entries(blueprint: &Blueprint) -> BTreeSet<String> {
    let grants = Document::from_statements(Vec::new())
        .and_then(|empty| crate::policy::add_grants(&empty, &blueprint.grants, &blueprint.account.partition));
    grants.map(|edit| access_entries(&edit.document)).unwrap_or_default()
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
