//! The removal of roles: planned by [`remove`], and checked by the guard with [`refusal`].
//!
//! IAM deletes a role only once it has no policies, so they are detached and deleted first, one call each. The order matters,
//! because the role can be assumed until it is deleted and a run can be interrupted after each call: what only allows goes first
//! and what may deny goes last, so that a session never has more than before. A permissions boundary stays until the role goes.
//!
//! A role is deleted only if this tool owns it. Its owner tag must name what was configured, and its unique ID must be the
//! recorded one, because whoever may create roles may set the tag. Where no record knows the role, the configuration must say
//! `adopt = true`. A role that a record knows under another ID was created again by another principal, and is never deleted.

use super::change::{Action, Change, DeletedRole, Deregistration};
use super::refusal::Refusal;
use super::revocation::KnownRoles;
use crate::account::Account;
use crate::blueprint::RoleRemoval;
use crate::config::VendorTenant;
use crate::observed::{Observed, ObservedRole};
use crate::outcome::Stop;
use crate::owner::OWNER_TAG;
use crate::policy::only_allows;

/// The changes that remove a role: first its registration with the vendor, then its policies, then the role.
pub(super) fn remove(removal: &RoleRemoval, observed: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    let name = &removal.role.name;
    // Until the vendor has said what it has registered, the role stays.
    let Some(registrations) = observed.registrations.get(name).map_or(Some(&[][..]), |found| found.as_deref().ok())
    else {
        return changes;
    };
    let mut push = |action| changes.push(Change { role: name.clone(), action });
    if let Some(VendorTenant { api, .. }) = &removal.role.tenant {
        for registration in registrations {
            let title = removal.role.title.clone();
            push(Action::Deregister(Box::new(Deregistration { title, api: *api, id: registration.id })));
        }
    }
    let Some(role) = observed.roles.get(name) else { return changes };
    let (allowing, others): (Vec<_>, Vec<_>) =
        role.policies.iter().partition(|(_, policy)| policy.as_ref().is_ok_and(only_allows));
    let delete = |(name, policy): (&String, &Result<_, _>)| Action::DeletePolicy {
        name: name.clone(),
        before: policy.clone().ok(),
    };
    allowing.into_iter().map(delete).for_each(&mut push);
    role.attached.iter().map(|arn| Action::Detach(arn.clone())).for_each(&mut push);
    others.into_iter().map(delete).for_each(&mut push);
    push(Action::DeleteRole(Box::new(DeletedRole {
        title: removal.role.title.clone(),
        id: role.id.clone(),
        trust: role.trust.clone().ok(),
    })));
    changes
}

/// Why a role is not removed, whatever was planned.
pub(super) fn refusal(
    removal: &RoleRemoval,
    account: &Account,
    observed: &Observed,
    known: &KnownRoles,
) -> Option<Refusal> {
    let name = &removal.role.name;
    if account.id == account.management || name.is_same(&observed.access_role) {
        return Some(Refusal::not_removable(name, removal.reason));
    }
    if let Some(why) = observed.unreadable.get(name) {
        return Some(Refusal::removal_unreadable(name, why));
    }
    if let Some(Err(Stop::Blocked(why))) = observed.registrations.get(name) {
        return Some(Refusal::deregistration(&removal.role, why));
    }
    let role = observed.roles.get(name)?;
    let profiles = observed.instance_profiles.get(name);
    if is_reserved(role) {
        Some(Refusal::service_role(removal, &role.settings.path))
    } else if !is_owned(removal, role) {
        Some(Refusal::not_owned(removal, role))
    } else if let Some(refusal) = unknown_id(removal, role, known) {
        Some(refusal)
    } else {
        profiles.and_then(|profiles| profiles.first()).map(|profile| Refusal::in_use(name, profile))
    }
}

/// Whether a role belongs to an AWS service, or to IAM Identity Center.
fn is_reserved(role: &ObservedRole) -> bool {
    ["/aws-service-role/", "/aws-reserved/"].iter().any(|reserved| role.settings.path.starts_with(reserved))
}

/// Whether the owner tag names what the configuration removes.
pub(super) fn is_owned(removal: &RoleRemoval, role: &ObservedRole) -> bool {
    let tag = role.settings.tags.get(OWNER_TAG);
    tag.is_some_and(|tag| tag.eq_ignore_ascii_case(&removal.role.owner.to_string()))
}

fn unknown_id(removal: &RoleRemoval, role: &ObservedRole, known: &KnownRoles) -> Option<Refusal> {
    let name = &removal.role.name;
    let recorded = known.iter().find(|(recorded, _)| recorded.is_same(name)).map(|(_, id)| id);
    match (recorded, &role.id) {
        (Some(recorded), Some(found)) if recorded == found => None,
        (Some(recorded), Some(found)) => Some(Refusal::created_again(removal, recorded, found)),
        (None, Some(_)) if removal.role.adopt => None,
        _ => Some(Refusal::not_recorded(removal)),
    }
}

#[cfg(test)]
#[path = "removal_tests.rs"]
mod tests;
