//! When the sessions of a role are revoked, and for how long the policy that does it is kept.
//!
//! The owner tag does not prove that this tool created a role: whoever may create roles may set tags. Without further
//! precautions, this would be a way to more permissions. A developer who is limited by a permissions boundary deletes a
//! configured role, creates it again with the owner tag, its own trust policy and that boundary, and assumes it. The next run
//! would correct the trust policy, remove the boundary and put the configured permissions, all of which the live session gets.
//!
//! The unique ID of a role is a proof, because IAM assigns it. So the sessions that were issued until now are revoked before
//! anything else is changed in a role
//!
//! - whose ID differs from the recorded one: always;
//! - whose trust policy grants more than the configured one, whoever changed it: a session may have been issued by it. In the
//!   rotation of an external ID, from the old one to both and to the new one, nothing is revoked;
//! - whose permissions boundary is not the configured one and is removed or replaced: whoever may only write to roles with that
//!   boundary may have added it, to issue a session;
//! - whose ID is not recorded, or which is adopted, if its permissions, its boundary or its session duration change.
//!
//! Nothing is revoked in a role whose ID is recorded and whose trust policy is as configured: a live session of a pipeline goes
//! on when the configured permissions change. Nothing is revoked either in a role whose ID is not recorded while nothing in it
//! changes, so that deleting the records ends no session.
//!
//! The revocation covers the time until [`LEAD`] from now. Until then, the old trust policy may still issue sessions, because
//! the new one has yet to be written and to take effect. The policy is kept for [`LONGEST_SESSION`] after that time, when every
//! session that it denies has expired; the next run deletes it. The record remembers it until then: one that was deleted or
//! weakened is made again, with its original time, so that sessions that were issued since are not affected.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::change::{Action, Change};
use super::session_revocation::{RecordedRevocations, RevocationReason, SessionRevocation, shown_revocation};
use crate::blueprint::RoleSpec;
use crate::limits::{LONGEST_SESSION, REVOCATION_AHEAD, REVOCATION_LEAD as LEAD};
use crate::observed::ObservedRole;
use crate::policy::{
    PolicyError, REVOCATION_POLICY, access_entries, is_denial, is_rotation, revocation_policy, revoked_before,
};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::time::after;

/// The unique IDs of the roles that are known to be managed by this tool: those that it created, and those whose earlier
/// sessions it has revoked.
pub type KnownRoles = BTreeMap<RoleName, RoleId>;

/// The knowledge about the roles from before the comparison.
#[derive(Debug, Clone, Default)]
pub struct RoleHistory {
    /// The roles that are known to be managed by this tool.
    pub known: KnownRoles,
    /// The revocations that earlier runs made.
    pub earlier: RecordedRevocations,
    /// The newest attempted revocation of each role in this run. It is repeated until IAM shows it: whoever may still write to
    /// the role can have deleted it.
    pub revoked: BTreeMap<RoleName, SessionRevocation>,
    /// The roles whose trust policies this run has written.
    pub trust_written: BTreeSet<RoleName>,
    /// The roles whose boundaries this run has removed or replaced since it has written their trust policies. Until then, whoever
    /// may write to roles with that boundary could change them.
    pub trust_open: BTreeSet<RoleName>,
}

impl RoleHistory {
    /// Takes a revocation that this run attempts, unless it attempted a later one.
    pub fn note_revocation(&mut self, name: &RoleName, revocation: &SessionRevocation) {
        let is_newer =
            |one: &SessionRevocation| one.role_id != revocation.role_id || one.issued_before < revocation.issued_before;
        if self.revoked.get(name).is_none_or(is_newer) {
            self.revoked.insert(name.clone(), revocation.clone());
        }
    }

    /// Until when the sessions of a role are revoked, and its ID, if this run revoked them before it changes the role.
    #[must_use]
    pub fn revoked_until(&self, name: &RoleName) -> Option<(SystemTime, Option<RoleId>)> {
        let revocation = self.revoked.get(name).filter(|revocation| revocation.reason != RevocationReason::Lost)?;
        Some((revocation.issued_before, revocation.role_id.clone()))
    }

    /// Why this run revoked the sessions of a role before it changes the role.
    fn reason(&self, name: &RoleName, role: &ObservedRole) -> Option<RevocationReason> {
        let own =
            self.revoked.get(name).filter(|own| own.role_id == role.id && own.reason != RevocationReason::Lost)?;
        Some(own.reason.clone())
    }

    /// Whether this run has revoked the sessions of a role before it changes the role, and IAM shows it.
    #[must_use]
    pub fn has_revoked_all(&self, name: &RoleName, role: &ObservedRole) -> bool {
        self.reason(name, role).is_some() && self.has_revoked(name, role)
    }

    /// Whether this run has revoked the sessions of a role, and IAM shows it.
    fn has_revoked(&self, name: &RoleName, role: &ObservedRole) -> bool {
        self.revoked.get(name).is_some_and(|revocation| revocation.is_in_effect(role))
    }

    /// Why a revocation is made again, and its time, if this run or an earlier one has made it and IAM does not show it.
    fn lost_revocation(
        &self,
        name: &RoleName,
        role: &ObservedRole,
        now: SystemTime,
    ) -> Option<(RevocationReason, SystemTime)> {
        // One further in the future was not made by this tool, and will be deleted.
        let shown = shown_revocation(role).filter(|shown| *shown <= after(now, REVOCATION_AHEAD));
        let is_lost = |time: &SystemTime| shown.is_none_or(|shown| shown < *time);
        let own = self.revoked.get(name).filter(|own| own.role_id == role.id);
        let own = own.and_then(|own| Some((own.reason.clone(), revoked_before(&own.after)?)));
        let earlier = self.earlier.get(name).filter(|earlier| Some(&earlier.role_id) == role.id.as_ref());
        let earlier =
            earlier.filter(|earlier| earlier.is_needed(now) && earlier.issued_before <= after(now, REVOCATION_AHEAD));
        let earlier = earlier.map(|earlier| (RevocationReason::Lost, earlier.issued_before));
        own.into_iter().chain(earlier).filter(|(_, time)| is_lost(time)).max_by_key(|(_, time)| *time)
    }
}

/// The policy with the name of a revocation that a role has.
enum Existing {
    None,
    /// It denies sessions that may still be valid.
    Active(SystemTime),
    /// Every session that it denies has expired.
    Expired,
    /// It has another form, or revokes sessions that are yet to be issued.
    Foreign,
}

impl Existing {
    fn new(role: &ObservedRole, now: SystemTime) -> Self {
        if !role.policies.contains_key(REVOCATION_POLICY) {
            return Self::None;
        }
        match shown_revocation(role) {
            Some(time) if time > after(now, REVOCATION_AHEAD) => Self::Foreign,
            Some(time) if now >= after(time, LONGEST_SESSION) => Self::Expired,
            Some(time) => Self::Active(time),
            None => Self::Foreign,
        }
    }
}

/// The change of an existing role that has to come before all others: its sessions are revoked, or a revocation that is no
/// longer needed is removed. `changes` are the other changes of the role.
pub(super) fn revocation(
    spec: &RoleSpec,
    role: &ObservedRole,
    changes: &[Change],
    history: &RoleHistory,
    now: SystemTime,
) -> Result<Option<Action>, PolicyError> {
    let existing = Existing::new(role, now);
    let is_foreign = matches!(existing, Existing::Foreign);
    let changes_access = is_foreign || changes.iter().any(changes_access);
    let before = role.policies.get(REVOCATION_POLICY).and_then(|policy| policy.clone().ok());
    // While changes follow that must not reach a session of before, the time has to be ahead: whoever may write to the role could
    // change the trust policy, get a session and change it back.
    let has_to_be_ahead = changes.iter().any(|change| change.needs_revocation());
    let reason = reason(spec, role, changes_access, &history.known);
    // The reason of a run does not change, although its causes go away one after another.
    let kept = history.reason(spec.name(), role).filter(|_| reason.is_some() || has_to_be_ahead);
    let reason = kept.or(reason).map(|reason| (reason, after(now, LEAD)));
    // Nothing else is a reason, so that the trust policy is as configured: later sessions are not those that were revoked.
    let lost = || history.lost_revocation(spec.name(), role, now);
    let Some((reason, issued_before)) = reason.or_else(lost) else {
        let remove = matches!(existing, Existing::Expired | Existing::Foreign);
        return Ok(remove.then(|| Action::DeletePolicy { name: REVOCATION_POLICY.to_owned(), before }));
    };
    // Only a revocation of this run counts: whoever may write to the role could have put one there, to delete it at the right
    // moment.
    if let Existing::Active(time) = existing
        && history.has_revoked(spec.name(), role)
        && (time >= after(now, LEAD / 2) || !has_to_be_ahead)
    {
        return Ok(None);
    }
    let after = revocation_policy(issued_before)?;
    let role_id = role.id.clone();
    Ok(Some(Action::RevokeSessions(Box::new(SessionRevocation {
        role_id,
        reason,
        before,
        compared_at: now,
        issued_before,
        after,
    }))))
}

fn reason(spec: &RoleSpec, role: &ObservedRole, changes_access: bool, known: &KnownRoles) -> Option<RevocationReason> {
    let trust_differs = trust_differs(spec, role);
    match (known.get(spec.name()), &role.id) {
        (Some(recorded), Some(found)) if recorded != found => {
            let recorded = recorded.clone();
            let found = found.clone();
            Some(RevocationReason::CreatedAgain { recorded, found })
        }
        (Some(_), Some(_)) if grants_more(spec, role) => Some(RevocationReason::TrustDiffers),
        (Some(_), Some(_)) => boundary_differs(spec, role).then_some(RevocationReason::BoundaryDiffers),
        _ if !changes_access => None,
        _ if !role.is_managed() => Some(RevocationReason::Adopted),
        _ if trust_differs => Some(RevocationReason::TrustDiffers),
        _ => Some(RevocationReason::NotRecorded),
    }
}

pub(super) fn trust_differs(spec: &RoleSpec, role: &ObservedRole) -> bool {
    !role.trust.as_ref().is_ok_and(|trust| trust.equivalent(&spec.trust))
}

/// Whether the trust policy lets a principal assume the role that is not configured. One that lacks something, such as a principal
/// that was deleted in its account, has issued no other sessions than the configured one. Nor has one in the middle of the
/// rotation of an external ID, except to the configured principal: whoever could have added another ID to the trust policy could have
/// taken it back before this run, too.
fn grants_more(spec: &RoleSpec, role: &ObservedRole) -> bool {
    let Ok(trust) = &role.trust else { return true };
    let (found, configured) = (access_entries(trust), access_entries(&spec.trust));
    let is_configured =
        |entry: &String| configured.contains(entry) || configured.iter().any(|other| is_rotation(entry, other));
    !found.iter().all(is_configured) || configured.difference(&found).any(|entry| is_denial(entry))
}

/// Whether the role has a permissions boundary that is removed or replaced.
pub(super) fn boundary_differs(spec: &RoleSpec, role: &ObservedRole) -> bool {
    role.settings.boundary.is_some() && role.settings.boundary != spec.definition.settings.boundary
}

/// Whether a change concerns who can assume a role, what its sessions may do, or for how long.
pub(super) fn changes_access(change: &Change) -> bool {
    match &change.action {
        Action::UpdateTrust { .. }
        | Action::PutPolicy { .. }
        | Action::DeletePolicy { .. }
        | Action::Attach(_)
        | Action::Detach(_)
        | Action::PutBoundary { .. }
        | Action::DeleteBoundary(_)
        | Action::RevokeSessions(_) => true,
        Action::UpdateRole { before, after } => before.max_session != after.max_session,
        Action::CreateRole(_)
        | Action::DeleteRole(_)
        | Action::Tag(_)
        | Action::Untag(_)
        | Action::Register(_)
        | Action::Deregister(_) => false,
    }
}

#[cfg(test)]
#[path = "revocation_tests.rs"]
mod tests;
