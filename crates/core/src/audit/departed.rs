//! Accounts that the records know and that Organizations no longer lists.
//!
//! An account that left the organization is processed when the event about that arrives. If the event was lost, nothing else notices: a
//! sweep visits the accounts that Organizations lists. So the audit compares both.

use std::time::{Duration, SystemTime};

use crate::account::AccountId;
use crate::code::Code;
use crate::record::{Record, RecordedRegistration, RecordedRegistrations};
use crate::role::RoleName;
use crate::text::{Untrusted, printable};
use crate::time::{since, to_policy_date};

/// An account that was created a moment ago may not be listed yet.
const MAY_NOT_BE_LISTED: Duration = Duration::from_secs(3600);

/// An account that is not in the organization, and whose departure was not processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartedAccount {
    /// Its ID.
    pub id: AccountId,
    /// Its name when it was last looked at, filtered.
    pub name: String,
    /// When it was last looked at.
    pub last_run: Option<SystemTime>,
    /// The registrations with vendors that this tool made and did not remove.
    pub registrations: RecordedRegistrations,
    /// The roles that this tool created or took over.
    pub roles: Vec<RoleName>,
}

/// What the sections of the formats say about all of them.
pub(super) const DEPARTED: &str =
    "Their departure was not processed. The registrations with vendors that this tool made stay until it is.";

impl DepartedAccount {
    /// An account that Organizations does not list, from its record; `None` if its departure was processed and has left nothing to
    /// do, or if it may be a new account.
    #[must_use]
    pub fn from_record(id: &AccountId, record: &Record, now: SystemTime) -> Option<Self> {
        let Record { lease, result, roles, registrations, expires_at, .. } = record;
        let is_empty = result.is_none() && roles.is_empty() && registrations.is_empty();
        let is_processed = expires_at.is_some() && registrations.is_empty();
        let is_at_work = lease.as_ref().is_some_and(|lease| lease.expires_at > now);
        let is_recent = result.as_ref().is_some_and(|result| {
            result.code != Some(Code::NotAMember) && since(result.recorded_at, now) < MAY_NOT_BE_LISTED
        });
        if is_empty || is_processed || is_at_work || is_recent {
            return None;
        }
        let name = result.as_ref().and_then(|result| result.name.as_deref()).unwrap_or_default();
        Some(Self {
            id: id.clone(),
            name: Untrusted::new(name).to_string(),
            last_run: result.as_ref().map(|result| result.recorded_at),
            registrations: registrations.clone(),
            roles: roles.keys().cloned().collect(),
        })
    }

    /// What to do.
    pub(super) fn remedy(&self) -> String {
        remedy(self.id.as_str())
    }

    /// The registrations, each with the role that the vendor assumes.
    pub(super) fn registrations(&self) -> String {
        let one = |(role, one): (&RoleName, &RecordedRegistration)| {
            format!("ID {} for role {role} at {}", one.id, printable(&one.tenant))
        };
        self.registrations.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The names of the roles.
    pub(super) fn roles(&self) -> String {
        self.roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The time of the last run.
    pub(super) fn last_run(&self) -> Option<String> {
        self.last_run.and_then(to_policy_date)
    }
}

/// What to do about an account, or about each.
pub(super) fn remedy(id: &str) -> String {
    format!(
        "run `onboard apply --account {id} --records TABLE`: it removes these registrations and lets the record expire"
    )
}

#[cfg(test)]
#[path = "departed_tests.rs"]
mod tests;
