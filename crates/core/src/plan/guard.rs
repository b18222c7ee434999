//! The guard: no change gets past it that locks somebody out, takes a role over or widens access beyond the blueprint.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::proof::denied;
use super::{Action, Change, Plan, RegistrationChange};
use crate::blueprint::{Blueprint, BlueprintError, RoleSpec};
use crate::observed::{Observed, ObservedRole};
use crate::outcome::{Cause, Outcome};
use crate::policy::{Caller, Document, PolicyNotice, Principal, RequestContext, access_entries, can_assume};
use crate::role::{OWNER_TAG, RoleName};
use crate::text::Untrusted;

/// Changes that the guard let through. Nothing else makes this value, and nothing else is applied.
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

    /// What was refused. A refused role harms no other.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// What a person should know.
    #[must_use]
    pub fn notices(&self) -> &[PolicyNotice] {
        &self.notices
    }
}

/// A role that is left as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// The role.
    pub role: RoleName,
    /// What is wrong.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
    /// Whether the vendor alone is not told, and the role itself is as it should be.
    #[serde(skip)]
    pub of_registration: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl Refusal {
    fn new(code: &'static str, role: &RoleName, message: String, remedy: &str) -> Self {
        Self { code, role: role.clone(), message, remedy: remedy.to_owned(), of_registration: false }
    }

    /// A vendor that cannot be told, for a reason that needs a person.
    fn registration(spec: &RoleSpec, why: &Cause) -> Self {
        let message = format!("{} is not told of the account: {}", spec.title, why.message);
        Self { of_registration: true, ..Self::new(why.code, &spec.name, message, &why.remedy) }
    }

    fn foreign_registration(role: &RoleName, entry: &RegistrationChange) -> Self {
        let enters = match entry.before.as_ref().and_then(|before| before.role_arn.as_ref()) {
            Some(arn) => format!("enters it by `{}`", Untrusted::new(arn)),
            None => "enters it without a role".to_owned(),
        };
        let message = format!(
            "{} knows the account already, and {enters}: it was registered by hand, or for another role name or path",
            entry.title
        );
        let remedy = "remove that registration at the vendor, or set `adopt = true` to have it enter by this role";
        Self { of_registration: true, ..Self::new("foreign_registration", role, message, remedy) }
    }

    /// A role whose blueprint cannot be made.
    pub fn configuration(error: &BlueprintError) -> Option<Self> {
        let role = error.role.as_ref()?;
        Some(Self::new("configuration", role, error.to_string(), "mend the configuration, then run again"))
    }

    /// A role that no session policy can be cut for.
    pub fn session_policy(role: &RoleName) -> Self {
        let message = format!("the session policy for role `{role}` alone would be over its 2,048 characters");
        Self::new("session_policy_too_long", role, message, "shorten its path, or attach fewer managed policies")
    }

    pub(super) fn path(spec: &RoleSpec, role: &ObservedRole) -> Self {
        let message = format!("role `{}` stands under the path `{}` and not `{}`", spec.name, role.path, spec.path);
        Self::new(
            "path_differs",
            &spec.name,
            message,
            "a path cannot be changed: configure that path, or delete the role",
        )
    }

    pub(super) fn trust_policy_not_supported(role: &RoleName, problem: &str) -> Self {
        let message = format!("the trust policy of role `{role}` is not understood: {problem}");
        Self::new("trust_policy_not_supported", role, message, "mend the trust policy by hand, then run again")
    }

    fn unreadable(spec: &RoleSpec, why: &Cause) -> Self {
        let RoleSpec { name, path, .. } = spec;
        let message = format!("role `{name}` may not be read under the path `{path}`: {}", why.message);
        Self::new(why.code, name, message, &why.remedy)
    }

    fn foreign(role: &RoleName) -> Self {
        let message = format!("role `{role}` is there and has no tag `{OWNER_TAG}`: somebody else made it");
        Self::new("foreign_role", role, message, "rename one of the two, or set `adopt = true` to take it over")
    }

    fn orphaned(role: &RoleName, notice: &PolicyNotice) -> Self {
        let message = format!("the trust policy of role `{role}` cannot be saved: {notice}");
        Self::new(
            "orphaned_principal",
            role,
            message,
            "set `prune-orphans = true`, or remove the deleted identity by hand",
        )
    }

    fn denied(role: &RoleName, statement: &str, principal: &Principal) -> Self {
        let message = format!("a grant on role `{role}` would have no effect: {statement} denies {principal}");
        Self::new("explicit_deny", role, message, "remove the deny statement, or the grant from the configuration")
    }

    fn widens(role: &RoleName) -> Self {
        let message =
            format!("the new trust policy of role `{role}` would not be the old one with the configured grants");
        Self::new("unsafe_trust", role, message, "report this as an error of account-onboarding; nothing was changed")
    }
}

/// Lets a plan's changes through, role by role.
#[must_use]
pub fn guard(plan: Plan, blueprint: &Blueprint, observed: &Observed) -> Approved {
    let Plan { changes, mut refusals, notices } = plan;
    let access = changes.iter().find(|change| change.role == observed.access_role);
    refusals.extend(access.and_then(|change| refuse_access(change, &notices, blueprint)));
    for spec in &blueprint.roles {
        if let Some(why) = observed.unreadable.get(&spec.name) {
            refusals.push(Refusal::unreadable(spec, why));
            continue;
        }
        let there = observed.roles.get(&spec.name);
        let foreign = there.is_some_and(|role| role.owner().is_none()) && !spec.adopt;
        if foreign || spec.name.is_same(&observed.access_role) {
            refusals.push(Refusal::foreign(&spec.name));
        } else if there.is_some_and(|role| role.path != spec.path) && !refusals.iter().any(|r| r.role == spec.name) {
            refusals.extend(there.map(|role| Refusal::path(spec, role)));
        }
    }
    let refused = |role: &RoleName| refusals.iter().any(|refusal| refusal.role == *role);
    let mut changes: Vec<_> = changes.into_iter().filter(|change| !refused(&change.role)).collect();
    changes.retain(|change| {
        let refusal = refuse_registration(change, blueprint);
        let passes = refusal.is_none();
        refusals.extend(refusal);
        passes
    });
    for spec in &blueprint.roles {
        if let Some(Err(Outcome::Blocked(why))) = observed.registered.get(&spec.name) {
            refusals.push(Refusal::registration(spec, why));
        }
    }
    Approved { changes, refusals, notices }
}

/// What somebody else registered is left alone, as a foreign role is.
fn refuse_registration(change: &Change, blueprint: &Blueprint) -> Option<Refusal> {
    let Action::Register(entry) = &change.action else { return None };
    let adopts = blueprint.roles.iter().any(|spec| spec.name == change.role && spec.adopt);
    (entry.before.is_some() && !adopts).then(|| Refusal::foreign_registration(&change.role, entry))
}

/// Judges the edit of the access role's trust policy by what it does, and not by how it was made.
fn refuse_access(change: &Change, notices: &[PolicyNotice], blueprint: &Blueprint) -> Option<Refusal> {
    let role = &change.role;
    let Action::UpdateTrust { before: Some(before), after } = &change.action else {
        return Some(Refusal::widens(role));
    };
    if after.orphans().next().is_some() {
        let orphan = notices.iter().find(|notice| matches!(notice, PolicyNotice::Orphan { .. }));
        return orphan.map(|notice| Refusal::orphaned(role, notice));
    }
    let (was, is) = (access_entries(before), access_entries(after));
    let granted = granted_entries(blueprint);
    let lost = was.difference(&is).next().is_some();
    let gained_more = is.difference(&was).any(|entry| !granted.contains(entry));
    let root = Caller { account: blueprint.account.management.clone(), arn: None };
    let could = can_assume(before, &root, &RequestContext::default());
    let locked_out = could.can() && !can_assume(after, &root, &RequestContext::default()).can();
    if lost || gained_more || locked_out {
        return Some(Refusal::widens(role));
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
