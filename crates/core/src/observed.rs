//! What an account holds, as far as a blueprint asks.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::{Cause, Stop};
use crate::policy::Document;
use crate::role::{OWNER_TAG, RoleName};

/// What an account holds of what its blueprint names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The access role that let us in.
    pub access_role: RoleName,
    /// Its trust policy, or why that is not understood.
    pub access_trust: Result<Document, String>,
    /// The blueprint's roles that are there.
    pub roles: BTreeMap<RoleName, ObservedRole>,
    /// The blueprint's roles that may not be read, and why: often they stand under another path.
    pub unreadable: BTreeMap<RoleName, Cause>,
    /// What the vendors of the blueprint's roles know of the account, or why that is not known. It is asked for apart
    /// from the account.
    pub registered: BTreeMap<RoleName, Result<Vec<ExistingRegistration>, Stop>>,
}

impl Observed {
    /// Whether the vendor of a role has said what it knows of the account.
    #[must_use]
    pub fn knows(&self, role: &RoleName) -> bool {
        matches!(self.registered.get(role), Some(Ok(_)))
    }
}

/// What a vendor has registered for the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingRegistration {
    /// The vendor's number for it.
    pub id: u64,
    /// The ARN of the role that it enters, where it enters one.
    pub role_arn: Option<String>,
}

/// A role as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedRole {
    /// Its path.
    pub path: String,
    /// Its description; empty where it has none.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_seconds: i32,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its trust policy, or why that is not understood.
    pub trust: Result<Document, String>,
    /// Its inline policies by name, or why one is not understood.
    pub policies: BTreeMap<String, Result<Document, String>>,
    /// The ARNs of its managed policies.
    pub attached: BTreeSet<String>,
}

impl ObservedRole {
    /// Who made it: the owner tag's value, where this tool made it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.tags.get(OWNER_TAG).map(String::as_str)
    }
}
