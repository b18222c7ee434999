//! The guard: the only way from a [`Plan`] to [`Approved`] changes, and so the only way to a write.
//!
//! The planner computes changes; the guard checks independently what they would do, because a wrong trust policy can lock
//! an organization out of an account or open it to others. It refuses a change, with a code and a remedy, if the change
//!
//! - touches a role that exists and is not managed by this tool (no owner tag), unless `adopt = true`;
//! - touches a role whose path differs or that cannot be read;
//! - does anything to the access role other than editing its trust policy;
//! - edits that trust policy so that others than the revoked principals lose access, that anything but the configured grants is
//!   gained, or that the management account or the principal through which this tool acts can no longer assume the role. This compares
//!   the sets of access entries before and after ([`access_entries`]) and does not rely on how the edit was made;
//! - adds a grant that has no effect because a deny statement covers it, or saves a policy that IAM rejects;
//! - changes a vendor's registration that was made by someone else, unless `adopt = true`;
//! - deletes a role that the configuration does not remove or that is for the account, that this tool does not own, that no record knows unless
//!   `adopt = true`, or that an instance profile contains (see the module `removal`).
//!
//! Refusals are isolated by role: the changes of other roles are still approved.

use std::collections::BTreeSet;

use super::change::{Action, Change};
use super::diff::Plan;
use super::refusal::{CauseOfLoss, Refusal};
use super::removal;
use crate::account::Partition;
use crate::blueprint::{Blueprint, RemovalReason};
use crate::caller_identity::{CallerIdentity, Callers};
use crate::observed::Observed;
use crate::outcome::Stop;
use crate::policy::{
    Caller, Document, Grant, PolicyNotice, Principal, RemovalError, RequestContext, access_entries, can_assume, denied,
    is_access_of, names_account, remove_grants, remove_principals,
};
use crate::role::RoleName;

/// Changes that the guard approved. Only [`guard`] creates this type, and only this type can be applied.
#[derive(Debug, Clone)]
pub struct Approved {
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    notices: Vec<PolicyNotice>,
    trust_drift: BTreeSet<RoleName>,
}

impl Approved {
    /// The changes, in the order in which they are made.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The refusals. A refused role does not affect the others.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Observations about the trust policy of the access role that do not prevent the changes.
    #[must_use]
    pub fn notices(&self) -> &[PolicyNotice] {
        &self.notices
    }

    /// The roles that this tool manages and whose trust policies are not as configured.
    #[must_use]
    pub fn trust_drift(&self) -> &BTreeSet<RoleName> {
        &self.trust_drift
    }
}

/// Checks the changes of a plan, role by role. See the module documentation for the rules. `callers` must keep their access to the
/// access role; they are needed only if the plan takes access away ([`Plan::takes_access`]).
#[must_use]
pub fn guard(plan: Plan, blueprint: &Blueprint, observed: &Observed, callers: &Callers) -> Approved {
    let Plan { changes, mut refusals, notices, trust_drift, known_roles } = plan;
    let mut edits = changes.iter().filter(|change| change.role == observed.access_role);
    match blueprint.revoked.contains(&Principal::Account(blueprint.account.management.clone())) {
        true => refusals.push(Refusal::management_revoked(&observed.access_role)),
        false => refusals.extend(edits.find_map(|change| refuse_access(change, &notices, blueprint, callers))),
    }
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
    let account = &blueprint.account;
    let removal = |one| removal::refusal(one, account, observed, &known_roles);
    refusals.extend(blueprint.removed.iter().filter_map(removal));
    let unasked = changes.iter().filter(|change| deletes_unasked(change, blueprint, observed));
    refusals.extend(unasked.map(|change| Refusal::not_removable(&change.role, RemovalReason::Block)));
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
    Approved { changes, refusals, notices, trust_drift }
}

/// A registration that was made by someone else is left unchanged, like a role that is not managed by this tool.
fn refuse_registration(change: &Change, blueprint: &Blueprint) -> Option<Refusal> {
    let Action::Register(registration) = &change.action else { return None };
    let adopts = blueprint.roles.iter().any(|spec| *spec.name() == change.role && spec.definition.adopt);
    let is_foreign = registration.before.as_ref().is_some_and(|before| !before.has_role(&registration.after.role_arn));
    (is_foreign && !adopts).then(|| Refusal::foreign_registration(&change.role, registration))
}

/// Checks the edit of the access role's trust policy by its effect on access.
fn refuse_access(
    change: &Change,
    notices: &[PolicyNotice],
    blueprint: &Blueprint,
    callers: &Callers,
) -> Option<Refusal> {
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
    let grants = blueprint.grants_on(role);
    let granted = granted_entries(&grants, &blueprint.account.partition);
    let withdrawn = granted_entries(&blueprint.withdrawn_from(role), &blueprint.account.partition);
    let undecided = granted_entries(&blueprint.ongoing_undecided_grants_on(role), &blueprint.account.partition);
    let is_withdrawn =
        |entry: &String| withdrawn.contains(entry) && !granted.contains(entry) && !undecided.contains(entry);
    let is_removed = |entry: &String| is_access_of(entry, &blueprint.revoked) || is_withdrawn(entry);
    let lost = old.difference(&new).any(|entry| !is_removed(entry));
    let gained_more = new.difference(&old).any(|entry| !granted.contains(entry));
    let root = Caller { account: blueprint.account.management.clone(), arn: None };
    let could_assume = can_assume(before, &root, &RequestContext::default()).can();
    let management = &blueprint.account.management;
    let locked_out = could_assume && !can_assume(after, &root, &RequestContext::default()).can()
        || names_account(before, management) && !names_account(after, management);
    if locked_out && !blueprint.revoked.is_empty() {
        return Some(Refusal::management_revoked(role));
    }
    let unselected = blueprint.unselected_grants_to_remove(role);
    if locked_out && unselected.iter().any(|grant| grant.principal.account().as_ref() == Some(management)) {
        return Some(Refusal::management_unselected(role));
    }
    if locked_out && !withdrawn.is_empty() {
        return Some(Refusal::management_ended(role));
    }
    if let Some(caller) = callers.first_to_lose_access(before, after) {
        return Some(Refusal::caller_locked_out(role, caller, cause_of_loss(caller, before, blueprint, role)));
    }
    if lost || gained_more || locked_out {
        return Some(Refusal::unsafe_edit(role));
    }
    let partition = &blueprint.account.partition;
    let (grant, by) = grants.iter().find_map(|grant| Some((grant, denied(after, grant, partition)?)))?;
    Some(Refusal::denied(role, &after.name_of(by), &grant.principal))
}

/// What in the configuration takes the access of a caller away: the first part that does so without the others, or else the first
/// part that removes anything.
fn cause_of_loss(caller: &CallerIdentity, before: &Document, blueprint: &Blueprint, role: &RoleName) -> CauseOfLoss {
    let partition = &blueprint.account.partition;
    let unselected = blueprint.unselected_grants_to_remove(role);
    let withdrawn = blueprint.withdrawn_from(role);
    let parts = [
        (CauseOfLoss::Revoked, remove_principals(before, &blueprint.revoked, partition)),
        (CauseOfLoss::Unselected, remove_grants(before, &unselected, partition)),
        (CauseOfLoss::Ended, remove_grants(before, &withdrawn, partition)),
    ];
    // Without an error, a statement is left.
    let takes =
        |after: &Result<Document, RemovalError>| after.as_ref().is_ok_and(|after| caller.loses_access(before, after));
    let removes = |after: &Result<Document, RemovalError>| after.as_ref().map_or(true, |after| after != before);
    let found = parts.iter().find(|(_, after)| takes(after)).or_else(|| parts.iter().find(|(_, after)| removes(after)));
    found.map_or(CauseOfLoss::Edit, |(cause, _)| *cause)
}

/// Whether a change deletes a role that the configuration does not remove or that is for the account, or another one than was
/// observed.
fn deletes_unasked(change: &Change, blueprint: &Blueprint, observed: &Observed) -> bool {
    let Action::DeleteRole(deleted) = &change.action else { return false };
    let is_removed = blueprint.removed.iter().any(|removal| removal.role.name == change.role);
    let is_observed = observed.roles.get(&change.role).is_some_and(|role| role.id == deleted.id);
    let is_required = blueprint.roles.iter().any(|spec| spec.name().is_same(&change.role));
    !is_removed || !is_observed || is_required
}

fn granted_entries(grants: &[Grant], partition: &Partition) -> BTreeSet<String> {
    let granted =
        Document::from_statements(Vec::new()).and_then(|empty| crate::policy::add_grants(&empty, grants, partition));
    granted.map(|edit| access_entries(&edit.document)).unwrap_or_default()
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
