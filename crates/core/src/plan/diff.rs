//! The difference between a blueprint and what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::guard::Refusal;
use super::{Action, Change, NewRole, RegistrationChange};
use crate::blueprint::{Blueprint, RegistrationSpec, RoleSpec};
use crate::observed::{Observed, ObservedRole};
use crate::policy::{PolicyError, PolicyNotice, add_grants, prune_orphans};

/// What there is to do: changes in the order in which they are made, not yet approved.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The calls that would bring the account to its blueprint.
    pub changes: Vec<Change>,
    /// What cannot be brought there at all.
    pub refusals: Vec<Refusal>,
    /// What a person should know.
    pub notices: Vec<PolicyNotice>,
}

/// Compares a blueprint with what is there.
#[must_use]
pub fn diff(blueprint: &Blueprint, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    access_trust(blueprint, observed, &mut plan);
    for spec in blueprint.roles.iter().filter(|spec| !observed.unreadable.contains_key(&spec.name)) {
        match observed.roles.get(&spec.name) {
            None => create(spec, &mut plan.changes),
            Some(role) if role.path != spec.path && role.owner().is_some() => {
                plan.refusals.push(Refusal::path(spec, role));
            }
            Some(role) => align(spec, role, &mut plan.changes),
        }
        plan.changes.extend(register(spec, observed));
    }
    plan
}

/// What the vendor is told, where it does not know it yet. What people call the account there is theirs.
fn register(spec: &RoleSpec, observed: &Observed) -> Option<Change> {
    let RegistrationSpec { api, entry, .. } = spec.registration.as_ref()?;
    let there = observed.registered.get(&spec.name)?.as_ref().ok()?;
    if there.iter().any(|one| one.role_arn.as_ref() == Some(&entry.role_arn)) {
        return None;
    }
    let (title, before) = (spec.title.clone(), there.first().cloned());
    let entry = RegistrationChange { title, api: *api, before, after: entry.clone() };
    Some(Change { role: spec.name.clone(), action: Action::Register(Box::new(entry)) })
}

fn access_trust(blueprint: &Blueprint, observed: &Observed, plan: &mut Plan) {
    if blueprint.grants.is_empty() && !blueprint.prune_orphans {
        return;
    }
    let role = &observed.access_role;
    let edit = |before: &crate::policy::Document| -> Result<_, PolicyError> {
        let pruned = if blueprint.prune_orphans { prune_orphans(before)? } else { before.clone() };
        add_grants(&pruned, &blueprint.grants, &blueprint.account.partition)
    };
    let outcome = match &observed.access_trust {
        Ok(before) => edit(before).map(|edit| (before, edit)).map_err(|e| e.to_string()),
        Err(problem) => Err(problem.clone()),
    };
    match outcome {
        Ok((before, edit)) => {
            if edit.document != *before {
                let (before, after) = (Some(before.clone()), edit.document);
                plan.changes.push(Change { role: role.clone(), action: Action::UpdateTrust { before, after } });
            }
            plan.notices.extend(edit.notices);
        }
        Err(problem) => plan.refusals.push(Refusal::trust_policy_not_supported(role, &problem)),
    }
}

/// A role that is not there: everything that `iam:CreateRole` takes at once, then its policies.
fn create(spec: &RoleSpec, changes: &mut Vec<Change>) {
    let mut push = |action| changes.push(Change { role: spec.name.clone(), action });
    push(Action::CreateRole(Box::new(NewRole {
        title: spec.title.clone(),
        path: spec.path.clone(),
        description: spec.description.clone(),
        max_session_seconds: spec.max_session_seconds,
        boundary: spec.boundary.clone(),
        tags: spec.tags.clone(),
        trust: spec.trust.clone(),
    })));
    for (name, policy) in &spec.policies {
        push(Action::PutPolicy { name: name.clone(), before: None, after: policy.clone() });
    }
    for arn in &spec.attached {
        push(Action::Attach(arn.clone()));
    }
}

/// A role that is there. The owner tag comes first of all, so that a role whose take-over was cut short is known as
/// ours; then what narrows, so that nobody who is let in finds what somebody else left; then what widens.
fn align(spec: &RoleSpec, role: &ObservedRole, changes: &mut Vec<Change>) {
    let mut push = |action| changes.push(Change { role: spec.name.clone(), action });
    let missing: BTreeMap<_, _> =
        spec.tags.iter().filter(|(key, value)| role.tags.get(*key) != Some(*value)).map(owned).collect();
    if !missing.is_empty() {
        push(Action::Tag(missing));
    }
    if let Some(after) = spec.boundary.as_ref().filter(|after| role.boundary.as_ref() != Some(*after)) {
        push(Action::PutBoundary { before: role.boundary.clone(), after: after.clone() });
    }
    for arn in role.attached.difference(&spec.attached) {
        push(Action::Detach(arn.clone()));
    }
    let is_same = |name: &str| match (role.policies.get(name), spec.policies.get(name)) {
        (Some(Ok(before)), Some(after)) => before.equivalent(after),
        _ => false,
    };
    // Where others are to be trusted, neither they nor those before may meet a policy that is not meant for them.
    let trusts_others = !role.trust.as_ref().is_ok_and(|trust| trust.equivalent(&spec.trust));
    let goes = |name: &str| !is_same(name) && (trusts_others || !spec.policies.contains_key(name));
    for (name, policy) in role.policies.iter().filter(|(name, _)| goes(name)) {
        push(Action::DeletePolicy { name: name.clone(), before: policy.clone().ok() });
    }
    if trusts_others {
        push(Action::UpdateTrust { before: role.trust.clone().ok(), after: spec.trust.clone() });
    }
    for (name, after) in spec.policies.iter().filter(|(name, _)| !is_same(name)) {
        let before = role.policies.get(name).filter(|_| !goes(name)).and_then(|policy| policy.clone().ok());
        push(Action::PutPolicy { name: name.clone(), before, after: after.clone() });
    }
    for arn in spec.attached.difference(&role.attached) {
        push(Action::Attach(arn.clone()));
    }
    if let (Some(before), None) = (&role.boundary, &spec.boundary) {
        push(Action::DeleteBoundary(before.clone()));
    }
    align_details(spec, role, &mut push);
}

/// What nobody's access depends on.
fn align_details(spec: &RoleSpec, role: &ObservedRole, push: &mut impl FnMut(Action)) {
    let before = (role.description.clone(), role.max_session_seconds);
    let after = (spec.description.clone(), spec.max_session_seconds);
    if before != after {
        push(Action::UpdateRole { before, after });
    }
    // Tags of AWS's own cannot be removed, and the keys of tags know no case: a new `team` replaces an old `Team`.
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    let wanted = |key: &str| spec.tags.keys().any(|wanted| wanted.eq_ignore_ascii_case(key));
    let extra = |key: &&String| !wanted(key) && !key.starts_with("aws:");
    let extra: BTreeSet<_> = role.tags.keys().filter(extra).cloned().collect();
    if !extra.is_empty() {
        push(Action::Untag(extra));
    }
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
