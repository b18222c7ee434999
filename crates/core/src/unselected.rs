//! What the configuration has and an account's targets do not select, and which of it is removed from the account.
//!
//! `on-unselect = "remove"` removes only what an earlier run has made there. The record of the account is the proof: it knows the
//! unique IDs of roles, the registrations with vendors, and the fingerprints of grants. An account that was never selected has
//! none of them, so that nothing is read or changed for it. A part of which it is not known whether it is for the account is not
//! among these: it is left as it is.

use crate::access_grant::AccessGrant;
use crate::policy::Grant;
use crate::role::RoleName;
use crate::role_removal::RoleRemoval;
use crate::targets::OnUnselect;

/// A configured grant or role whose targets do not select an account, and what happens if an earlier run has made it there.
#[derive(Debug, Clone)]
pub struct Unselected {
    /// The grant or the role.
    pub part: UnselectedPart,
    /// Whether it is kept or removed.
    pub on_unselect: OnUnselect,
    /// Whether the record of the account has it.
    pub is_recorded: bool,
}

/// A configured grant or role whose targets do not select an account.
#[derive(Debug, Clone)]
pub enum UnselectedPart {
    /// A grant on the access role.
    Grant(AccessGrant),
    /// A role, as it would be removed.
    Role(Box<RoleRemoval>),
}

impl Unselected {
    /// A grant.
    pub(crate) fn grant(grant: AccessGrant, on_unselect: OnUnselect) -> Self {
        Self { part: UnselectedPart::Grant(grant), on_unselect, is_recorded: false }
    }

    /// A role.
    pub(crate) fn role(removal: RoleRemoval, on_unselect: OnUnselect) -> Self {
        Self { part: UnselectedPart::Role(Box::new(removal)), on_unselect, is_recorded: false }
    }

    /// The name of the role, if it is one.
    pub(crate) fn role_name(&self) -> Option<&RoleName> {
        match &self.part {
            UnselectedPart::Role(removal) => Some(&removal.role.name),
            UnselectedPart::Grant(_) => None,
        }
    }

    /// The grant, if it is one on this access role.
    pub(crate) fn grant_on(&self, access_role: &RoleName) -> Option<&Grant> {
        match &self.part {
            UnselectedPart::Grant(grant) => Some(grant).filter(|grant| grant.is_on(access_role)).map(|one| &one.grant),
            UnselectedPart::Role(_) => None,
        }
    }

    /// Whether it is removed, as far as the configuration and the record say. A role that no record knows is looked for if the
    /// configuration adopts roles, as for `[[removed]]`.
    pub(crate) fn is_removed(&self) -> bool {
        let adopts = matches!(&self.part, UnselectedPart::Role(removal) if removal.role.adopt);
        self.on_unselect == OnUnselect::Remove && (self.is_recorded || adopts)
    }
}
