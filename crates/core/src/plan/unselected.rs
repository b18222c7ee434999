//! Which of the roles that an account's targets do not select are removed (`on-unselect = "remove"`), and which are left alone.
//!
//! A removal must not make noise in the accounts that were never selected, and must not block an account because another principal
//! has created a role of the same name there. So it differs from that of a `[[removed]]` block in two ways:
//!
//! - [`remove_unselected`] looks for a role only if the record knows it, or a registration with its vendor, or if the configuration
//!   adopts roles;
//! - [`leave_foreign`] drops the removal of a role that is neither the recorded one nor has the owner tag of this tool, unless the
//!   record has a registration for it.
//!
//! Everything else is the same: a role that the record knows and that cannot be removed, because its tag was changed or an instance
//! profile contains it, is refused.

use super::removal::is_owned;
use super::revocation::KnownRoles;
use super::still_present::is_gone;
use crate::blueprint::{Blueprint, RemovalReason, UnselectedPart};
use crate::observed::Observed;
use crate::role::RoleName;

/// Adds the roles to those that are removed that the targets do not select, and that may have been made by an earlier run.
/// `recorded` are the names of the roles that the record knows, and of those with a recorded registration.
pub fn remove_unselected<'a>(blueprint: &mut Blueprint, recorded: impl Iterator<Item = &'a RoleName> + Clone) {
    let is_recorded = |name: &RoleName| recorded.clone().any(|one| one.is_same(name));
    for unselected in &mut blueprint.unselected {
        let UnselectedPart::Role(removal) = &unselected.part else { continue };
        unselected.is_recorded = is_recorded(&removal.role.name);
        if unselected.is_removed() {
            blueprint.removed.push(removal.as_ref().clone());
        }
    }
}

/// Takes the roles out of those that are removed that another principal has created under the name of a role that is not selected,
/// and those that do not exist and that no record knows. Returns the recorded ones that no longer exist.
pub fn leave_foreign<'a>(
    blueprint: &mut Blueprint,
    observed: &Observed,
    known: &KnownRoles,
    registered: impl Iterator<Item = &'a RoleName> + Clone,
) -> KnownRoles {
    let mut gone = KnownRoles::new();
    blueprint.removed.retain(|removal| {
        let name = &removal.role.name;
        let recorded = known.iter().find(|(recorded, _)| recorded.is_same(name));
        let is_registered = registered.clone().any(|one| one.is_same(name));
        let found = observed.roles.get(name);
        let is_ours = match found {
            Some(role) => is_owned(removal, role) || recorded.is_some_and(|(_, id)| !is_gone(id, found)),
            None => recorded.is_some(),
        };
        let is_kept = removal.reason == RemovalReason::Block || is_ours || is_registered;
        if let (false, Some((name, id))) = (is_kept, recorded) {
            gone.insert(name.clone(), id.clone());
        }
        is_kept
    });
    gone
}
