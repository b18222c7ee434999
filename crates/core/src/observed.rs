//! The observed state of an account, limited to what its blueprint refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::outcome::{Cause, Stop};
use crate::owner::{OWNER_TAG, Owner};
use crate::policy::Document;
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::role_settings::RoleSettings;

/// The observed state of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The access role that was assumed.
    pub access_role: RoleName,
    /// The trust policy of the access role, or why it is not supported.
    pub access_trust: Result<Document, String>,
    /// The unique ID of the access role.
    pub access_role_id: Option<RoleId>,
    /// The existing roles of the blueprint, including those that it removes.
    pub roles: BTreeMap<RoleName, ObservedRole>,
    /// The roles of the blueprint that cannot be read, and why. Often the role exists under another path, which the session
    /// policy does not cover.
    pub unreadable: BTreeMap<RoleName, Cause>,
    /// The instance profiles that contain a role that the blueprint removes.
    pub instance_profiles: BTreeMap<RoleName, BTreeSet<String>>,
    /// The registrations of the account with the vendors of the blueprint's roles, or why they are not known. They are read
    /// from the vendors, separately from the account. For a role that is removed, only those that this tool made.
    pub registrations: BTreeMap<RoleName, Result<Vec<ExistingRegistration>, Stop>>,
}

impl Observed {
    /// Whether the registrations with the vendor of a role are known.
    #[must_use]
    pub fn has_registrations(&self, role: &RoleName) -> bool {
        matches!(self.registrations.get(role), Some(Ok(_)))
    }
}

/// An existing registration of the account with a vendor, as the vendor reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExistingRegistration {
    /// The vendor's ID of the registration.
    pub id: u64,
    /// The ARN of the role that the vendor assumes, if it assumes one.
    pub role_arn: Option<String>,
    /// The display name in the vendor's console.
    pub display_name: Option<String>,
    /// Whether the vendor also reads Amazon WorkSpaces.
    pub workspaces: bool,
    /// When the vendor last read the account, if it did.
    pub last_read: Option<SystemTime>,
}

impl ExistingRegistration {
    /// Whether the vendor assumes the role with this ARN.
    #[must_use]
    pub(crate) fn has_role(&self, arn: &str) -> bool {
        self.role_arn.as_deref() == Some(arn)
    }

    /// The same, without the time of the last read, so that a plan is the same after the vendor has read the account again.
    #[must_use]
    pub(crate) fn without_last_read(&self) -> Self {
        Self { last_read: None, ..self.clone() }
    }
}

/// The observed state of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedRole {
    /// The unique ID; `None` for a role that a plan creates, because IAM assigns it.
    pub id: Option<RoleId>,
    /// The settings.
    pub settings: RoleSettings,
    /// The trust policy, or why it is not supported.
    pub trust: Result<Document, String>,
    /// The inline policies by name, or why one is not supported.
    pub policies: BTreeMap<String, Result<Document, String>>,
    /// The characters of all inline policies as IAM stores them, without white space, that of a revocation excluded.
    pub inline_length: usize,
    /// The ARNs of the managed policies.
    pub attached: BTreeSet<String>,
}

impl ObservedRole {
    /// Whether the role is managed by this tool: it has the owner tag, with any value.
    #[must_use]
    pub(crate) fn is_managed(&self) -> bool {
        self.settings.tags.contains_key(OWNER_TAG)
    }

    /// What in the configuration asks for the role, as its owner tag says.
    #[must_use]
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.settings.tags.get(OWNER_TAG).and_then(|value| Owner::from_tag(value))
    }
}
