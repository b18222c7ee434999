//! The planner: the difference between a blueprint and the observed state of an account, as a list of changes.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::change::{Action, Change, NewRole, RegistrationChange};
use super::refusal::Refusal;
use super::removal::remove;
use super::revocation::{KnownRoles, RoleHistory, revocation, trust_differs};
use super::settings::settings_changes;
use crate::blueprint::{Blueprint, EditedName, RemovalReason, RoleSpec};
use crate::observed::{ExistingRegistration, Observed, ObservedRole};
use crate::policy::{
    Document, PolicyNotice, REVOCATION_POLICY, RemovalError, TrustEdit, access_entries, add_grants, deny_everything,
    inline_limit, is_denial, only_allows, prune_orphans, remove_grants, remove_principals,
};
use crate::role::RoleName;

/// The changes in the order in which they are applied, not yet approved by the guard.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The calls that bring the account to the state of its blueprint.
    pub changes: Vec<Change>,
    /// The parts that cannot be brought to that state at all.
    pub refusals: Vec<Refusal>,
    /// Observations about the trust policy of the access role that do not prevent the changes.
    pub notices: Vec<PolicyNotice>,
    /// The roles that this tool manages and whose trust policies are not as configured.
    pub trust_drift: BTreeSet<RoleName>,
    /// The roles that are known to be managed by this tool.
    pub known_roles: KnownRoles,
}

impl Plan {
    /// Whether it takes access to the access role away: an entry of its trust policy is lost, or one that denies is added.
    #[must_use]
    pub fn takes_access(&self, access_role: &RoleName) -> bool {
        self.changes.iter().filter(|change| change.role == *access_role).any(|change| {
            let Action::UpdateTrust { before: Some(before), after } = &change.action else { return true };
            let (old, new) = (access_entries(before), access_entries(after));
            !old.is_subset(&new) || new.difference(&old).any(|entry| is_denial(entry))
        })
    }
}

/// Compares a blueprint with the observed state. The history of the roles and the time decide which sessions are revoked; see the module
/// `revocation`.
#[must_use]
pub fn diff(blueprint: &Blueprint, observed: &Observed, history: &RoleHistory, now: SystemTime) -> Plan {
    let mut plan = Plan { known_roles: history.known.clone(), ..Plan::default() };
    access_trust(blueprint, observed, &mut plan);
    for spec in blueprint.roles.iter().filter(|spec| !observed.unreadable.contains_key(spec.name())) {
        match observed.roles.get(spec.name()) {
            None => create(spec, &mut plan.changes),
            Some(role) if role.settings.path != spec.path() && role.is_managed() => {
                plan.refusals.push(Refusal::path(spec, role));
            }
            Some(role) => update(spec, role, history, now, &mut plan),
        }
        plan.changes.extend(register(spec, observed));
    }
    for removal in blueprint.removed.iter().filter(|one| !observed.unreadable.contains_key(&one.role.name)) {
        plan.changes.extend(remove(removal, observed));
    }
    plan
}

/// The registration with the vendor, unless it exists as configured. A display name that was edited in the vendor's console is
/// kept unless one is configured.
fn register(spec: &RoleSpec, observed: &Observed) -> Option<Change> {
    let desired = spec.registration.as_ref()?;
    let existing = observed.registrations.get(spec.name())?.as_ref().ok()?;
    if existing.iter().any(|one| desired.is_satisfied_by(one)) {
        return None;
    }
    let title = spec.definition.title.clone();
    let ours = existing.iter().find(|one| desired.has_role(one));
    let before = ours.or(existing.first()).map(ExistingRegistration::without_last_read);
    let mut after = desired.registration.clone();
    if let Some(name) = ours.and_then(|ours| ours.display_name.clone())
        && desired.edited_name == EditedName::Kept
    {
        after.display_name = name;
    }
    let registration = RegistrationChange { title, api: desired.api, before, after };
    Some(Change { role: spec.name().clone(), action: Action::Register(Box::new(registration)) })
}

fn access_trust(blueprint: &Blueprint, observed: &Observed, plan: &mut Plan) {
    let role = &observed.access_role;
    let grants = blueprint.grants_on(role);
    let withdrawn = blueprint.withdrawn_from(role);
    let unselected = blueprint.unselected_grants_to_remove(role);
    let removes = !blueprint.revoked.is_empty() || !withdrawn.is_empty();
    if grants.is_empty() && !removes && !blueprint.prune_orphans {
        return;
    }
    let partition = &blueprint.account.partition;
    let edit = |before: &Document| -> Result<_, RemovalError> {
        let pruned = if blueprint.prune_orphans { prune_orphans(before)? } else { before.clone() };
        let edit = add_grants(&pruned, &grants, partition)?;
        let document = remove_principals(&edit.document, &blueprint.revoked, partition)?;
        let document = remove_grants(&document, &withdrawn, partition)?;
        // A statement that was removed may have contained a smaller grant, which goes on.
        let document = add_grants(&document, &grants, partition)?.document;
        Ok(TrustEdit { document, ..edit })
    };
    let outcome = match &observed.access_trust {
        Ok(before) => match edit(before) {
            Ok(edit) => Ok((before, edit)),
            Err(RemovalError::Empty) => {
                let is_unselected = blueprint.revoked.is_empty() && !unselected.is_empty();
                let reason = if is_unselected { RemovalReason::Unselected } else { RemovalReason::Block };
                plan.refusals.push(Refusal::no_statement_left(role, reason));
                return;
            }
            Err(RemovalError::Policy(error)) => Err(error.to_string()),
        },
        Err(problem) => Err(problem.clone()),
    };
    match outcome {
        Ok((before, edit)) => {
            if edit.document != *before {
                let before = Some(before.clone());
                let after = edit.document;
                plan.changes.push(Change { role: role.clone(), action: Action::UpdateTrust { before, after } });
            }
            plan.notices.extend(edit.notices);
        }
        Err(problem) => plan.refusals.push(Refusal::trust_policy_not_supported(role, &problem)),
    }
}

/// Creates a missing role: `iam:CreateRole` with everything that it accepts, then the policies.
fn create(spec: &RoleSpec, changes: &mut Vec<Change>) {
    let mut push = |action| changes.push(Change { role: spec.name().clone(), action });
    push(Action::CreateRole(Box::new(NewRole {
        title: spec.definition.title.clone(),
        settings: spec.definition.settings.clone(),
        trust: spec.trust.clone(),
    })));
    for (name, policy) in &spec.policies {
        push(Action::PutPolicy { name: name.clone(), before: None, after: policy.clone() });
    }
    for arn in &spec.definition.attached {
        push(Action::Attach(arn.clone()));
    }
}

/// Updates an existing role: its sessions are revoked first, where they have to be, and then it is aligned.
fn update(spec: &RoleSpec, role: &ObservedRole, history: &RoleHistory, now: SystemTime, plan: &mut Plan) {
    let changes = align(spec, role);
    let trust_differs = trust_differs(spec, role);
    if role.is_managed() && trust_differs {
        plan.trust_drift.insert(spec.name().clone());
    }
    let revocation = match revocation(spec, role, &changes, history, now) {
        Ok(revocation) => revocation,
        Err(error) => {
            plan.refusals.push(Refusal::revocation(spec.name(), &error));
            return;
        }
    };
    let needs_space = matches!(revocation, Some(Action::RevokeSessions(_))) && role.inline_length > inline_limit().0;
    let mut replaced = Vec::new();
    let changes = match needs_space || trust_differs {
        true => align(spec, &without_others(spec, role, needs_space, &mut replaced)),
        false => changes,
    };
    let revocation = revocation.map(|action| Change { role: spec.name().clone(), action });
    // What gives the role more is made last, when IAM shows the revocation and the trust policy.
    let (first, last): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| !change.may_widen());
    // A role that is taken over gets the owner tag first; see `align`.
    let is_tag = |change: &Change| !role.is_managed() && matches!(change.action, Action::Tag(_));
    let (tags, first): (Vec<_>, Vec<_>) = first.into_iter().partition(is_tag);
    let (before, after) = if needs_space { (replaced, Vec::new()) } else { (Vec::new(), replaced) };
    plan.changes.extend(before.into_iter().chain(revocation).chain(tags).chain(after).chain(first).chain(last));
}

/// Takes the inline policies out that are not as configured: neither the principals of the old trust policy nor those of the new
/// one may get policies that are meant for the others, and a revocation needs space. A policy that only allows is deleted;
/// any other is replaced by one that denies everything, so that no principal gets more. Returns the role as it is afterwards.
fn without_others(spec: &RoleSpec, role: &ObservedRole, needs_space: bool, changes: &mut Vec<Change>) -> ObservedRole {
    let mut left = role.clone();
    // A policy of the same meaning can be longer than the configured one: it is written again.
    for (name, after) in spec.policies.iter().filter(|(name, _)| needs_space && is_same(spec, role, name)) {
        let before = role.policies.get(name).and_then(|policy| policy.clone().ok());
        let action = Action::PutPolicy { name: name.clone(), before, after: after.clone() };
        changes.push(Change { role: spec.name().clone(), action });
    }
    let is_kept = |name: &str| name == REVOCATION_POLICY || is_same(spec, role, name);
    for (name, policy) in role.policies.iter().filter(|(name, _)| !is_kept(name)) {
        let before = policy.clone().ok();
        let action = match deny_everything() {
            Ok(after) if !before.as_ref().is_some_and(only_allows) => {
                if before.as_ref().is_some_and(|before| before.equivalent(&after)) {
                    continue;
                }
                left.policies.insert(name.clone(), Ok(after.clone()));
                Action::PutPolicy { name: name.clone(), before, after }
            }
            _ => {
                left.policies.remove(name);
                Action::DeletePolicy { name: name.clone(), before }
            }
        };
        changes.push(Change { role: spec.name().clone(), action });
    }
    left
}

/// Whether an inline policy is as configured.
fn is_same(spec: &RoleSpec, role: &ObservedRole, name: &str) -> bool {
    match (role.policies.get(name), spec.policies.get(name)) {
        (Some(Ok(before)), Some(after)) => before.equivalent(after),
        _ => false,
    }
}

/// Aligns an existing role. The order of the changes matters, because a run can be interrupted after each call:
///
/// 1. the owner tag, so that a role whose takeover was interrupted is recognized as managed by this tool;
/// 2. changes that reduce permissions (boundary, detached and deleted policies), so that a newly trusted principal never
///    gets permissions that were left over from the previous state;
/// 3. the trust policy;
/// 4. changes that add permissions.
///
/// Where the trust policy changes, [`update`] takes policies that are not as configured out before, and makes the changes that
/// give the role more last.
pub(super) fn align(spec: &RoleSpec, role: &ObservedRole) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut push = |action| changes.push(Change { role: spec.name().clone(), action });
    let settings = settings_changes(&role.settings, &spec.definition.settings);
    settings.first.into_iter().for_each(&mut push);
    for arn in role.attached.difference(&spec.definition.attached) {
        push(Action::Detach(arn.clone()));
    }
    // Whether a revocation of sessions stays is decided in `revocation`.
    let is_extra = |name: &str| name != REVOCATION_POLICY && !spec.policies.contains_key(name);
    for (name, policy) in role.policies.iter().filter(|(name, _)| is_extra(name)) {
        push(Action::DeletePolicy { name: name.clone(), before: policy.clone().ok() });
    }
    if trust_differs(spec, role) {
        push(Action::UpdateTrust { before: role.trust.clone().ok(), after: spec.trust.clone() });
    }
    for (name, after) in spec.policies.iter().filter(|(name, _)| !is_same(spec, role, name)) {
        let before = role.policies.get(name).and_then(|policy| policy.clone().ok());
        push(Action::PutPolicy { name: name.clone(), before, after: after.clone() });
    }
    for arn in spec.definition.attached.difference(&role.attached) {
        push(Action::Attach(arn.clone()));
    }
    settings.last.into_iter().for_each(push);
    changes
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
