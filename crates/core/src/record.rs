//! What the function remembers about one subject: an account, a pending account creation request, or `sweep`.
//!
//! A record has nine parts, each of which can be absent:
//!
//! - the [`Lease`] of the run that is at work;
//! - the last notification, so that each outcome is notified once ([`crate::notification`]);
//! - the result of the last run ([`LastResult`]);
//! - the unique IDs of the roles that this tool created, or whose earlier sessions it revoked. A tag does not prove that,
//!   because whoever can create a role can tag it. IAM assigns the ID, and never twice. A role that is no longer configured is
//!   removed once it no longer exists;
//! - the revocations of sessions that runs have made, to make them again if another principal deletes them;
//! - the grants on the access role that runs have made or found, to name those that are no longer configured;
//! - the registrations with vendors that this tool made, to remove them when the account leaves the organization. A vendor does not
//!   say who made a registration. One whose response was lost is not recorded, because another principal may have made it;
//! - the trust policy of the access role before each of the last runs that changed it, without external IDs, to
//!   [undo](crate::undo) that;
//! - the [hand-offs](crate::handoff) that a person has done. No run writes them.
//!
//! A record is an index and never the truth: without it, notifications are repeated, the history is lost, and the next change
//! of each role revokes its sessions once, and earlier changes cannot be undone. So a part that cannot be read counts as absent, and no run fails because of it.
//!
//! In DynamoDB each record is one item. This module maps it to the attributes of an item ([`Attributes`]) and back, and
//! computes what one write sets and removes ([`RecordUpdate`]). Only the lease, the notification and the roles need the
//! lease to be written; the result of a run that changed nothing is written without.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::attributes::{Attribute, Attributes, map, seconds, text, time};
use crate::handoff::HandoffsDone;
use crate::last_result::LastResult;
use crate::lease::Lease;
use crate::notification::{NotificationRecord, Notified};
use crate::plan::{RecordedGrant, RecordedRevocation, RecordedRevocations};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::time::{from_policy_date, to_policy_date};
use crate::undo::RecordedTrustEdits;

/// The names of the attributes.
pub mod attribute {
    /// The owner of the lease.
    pub const LEASE_OWNER: &str = "lease_owner";
    /// When the lease expires.
    pub const LEASE_EXPIRES_AT: &str = "lease_expires_at";
    /// The run that wrote last. With it, a write that is repeated after a lost response is recognized.
    pub const SAVED_BY: &str = "saved_by";
    /// When DynamoDB may delete the item.
    pub const EXPIRES_AT: &str = "expires_at";
    pub(crate) const NOTIFIED: &str = "notified";
    pub(crate) const NOTIFIED_AT: &str = "notified_at";
    pub(crate) const ROLES: &str = "roles";
    pub(crate) const REVOCATIONS: &str = "revocations";
    pub(crate) const GRANTS: &str = "grants";
    /// The hand-offs that a person has done: a map from vendors to fingerprints.
    pub const HANDOFFS: &str = "handoffs";
    pub(crate) const REGISTRATIONS: &str = "registrations";
    /// What the last runs have changed in the trust policy of the access role.
    pub const TRUST_EDITS: &str = "trust_edits";
}

use attribute::{
    EXPIRES_AT, GRANTS, HANDOFFS, LEASE_EXPIRES_AT, LEASE_OWNER, NOTIFIED, NOTIFIED_AT, REGISTRATIONS, REVOCATIONS,
    ROLES, SAVED_BY, TRUST_EDITS,
};

/// The registrations with vendors that this tool made, by the role that the vendor assumes.
pub type RecordedRegistrations = BTreeMap<RoleName, RecordedRegistration>;

/// A registration with a vendor that this tool made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRegistration {
    /// The vendor's ID of the registration.
    pub id: u64,
    /// When it was made.
    pub registered_at: SystemTime,
    /// The [label](crate::config::VendorTenant::label) of the tenant in which it was made.
    pub tenant: String,
}

/// The record of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The lease, which may have expired.
    pub lease: Option<Lease>,
    /// The last notification.
    pub notification: Option<NotificationRecord>,
    /// The result of the last run.
    pub result: Option<LastResult>,
    /// The unique ID of every role that this tool created, or whose earlier sessions it revoked.
    pub roles: BTreeMap<RoleName, RoleId>,
    /// The revocations of sessions that runs have made; older ones are dropped when others are added.
    pub revocations: RecordedRevocations,
    /// The grants on the access role that runs have made or found.
    pub grants: BTreeSet<RecordedGrant>,
    /// The hand-offs that a person has done.
    pub handoffs: HandoffsDone,
    /// The registrations with vendors that this tool made, by the role that the vendor assumes.
    pub registrations: RecordedRegistrations,
    /// What the last runs have changed in the trust policy of the access role.
    pub trust_edits: RecordedTrustEdits,
    /// The run that wrote last.
    pub saved_by: Option<String>,
    /// When DynamoDB may delete the record; `None` for members of the organization.
    pub expires_at: Option<SystemTime>,
}

impl Record {
    /// Reads a record from the attributes of an item. A part that is missing or invalid is absent.
    #[must_use]
    pub fn from_attributes(item: &Attributes) -> Self {
        let lease =
            || Some(Lease { owner: text(item, LEASE_OWNER)?.to_owned(), expires_at: time(item, LEASE_EXPIRES_AT)? });
        let notification = || {
            let notified = Notified::from(text(item, NOTIFIED)?.to_owned());
            Some(NotificationRecord { notified, at: time(item, NOTIFIED_AT)? })
        };
        let roles = map(item, ROLES).into_iter().flatten();
        let revocations = map(item, REVOCATIONS).into_iter().flatten();
        Self {
            lease: lease(),
            notification: notification(),
            result: LastResult::from_attributes(item),
            roles: roles.filter_map(|(role, id)| Some((role.parse().ok()?, id.parse().ok()?))).collect(),
            revocations: revocations.filter_map(recorded_revocation).collect(),
            grants: map(item, GRANTS).into_iter().flatten().map(recorded_grant).collect(),
            handoffs: map(item, HANDOFFS).cloned().unwrap_or_default(),
            registrations: map(item, REGISTRATIONS).into_iter().flatten().filter_map(recorded_registration).collect(),
            trust_edits: map(item, TRUST_EDITS).map(RecordedTrustEdits::from_map).unwrap_or_default(),
            saved_by: text(item, SAVED_BY).map(str::to_owned),
            expires_at: time(item, EXPIRES_AT),
        }
    }

    /// The attributes of the record.
    #[must_use]
    pub fn to_attributes(&self) -> Attributes {
        let mut item = Attributes::new();
        if let Some(lease) = &self.lease {
            item.extend(lease_attributes(lease));
        }
        if let Some(notification) = &self.notification {
            item.extend(notification_attributes(notification));
        }
        if let Some(result) = &self.result {
            item.extend(result.to_attributes());
        }
        if !self.roles.is_empty() {
            item.extend([roles_attribute(&self.roles)]);
        }
        if !self.revocations.is_empty() {
            item.extend([revocations_attribute(&self.revocations)]);
        }
        if !self.grants.is_empty() {
            item.extend([grants_attribute(&self.grants)]);
        }
        if !self.handoffs.is_empty() {
            item.insert(HANDOFFS.to_owned(), Attribute::Map(self.handoffs.clone()));
        }
        if !self.registrations.is_empty() {
            item.extend([registrations_attribute(&self.registrations)]);
        }
        if !self.trust_edits.is_empty() {
            item.extend([trust_edits_attribute(&self.trust_edits)]);
        }
        item.extend(self.saved_by.iter().map(|run| (SAVED_BY.to_owned(), Attribute::Text(run.clone()))));
        item.extend(self.expires_at.map(|at| (EXPIRES_AT.to_owned(), seconds(at))));
        item
    }
}

/// What one write changes in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordUpdate {
    /// The run that writes.
    pub run: String,
    /// Whether the run holds the lease. If so, the write fails if another run has taken it over.
    pub lease: LeaseUse,
    /// A change of the last notification.
    pub notification: Option<NotificationChange>,
    /// The result of the run.
    pub result: Option<LastResult>,
    /// The roles, if they have changed: all of them.
    pub roles: Option<BTreeMap<RoleName, RoleId>>,
    /// The revocations, if they have changed: all of them.
    pub revocations: Option<RecordedRevocations>,
    /// The grants on the access role, if they have changed: all of them.
    pub grants: Option<BTreeSet<RecordedGrant>>,
    /// The registrations that this tool made, if they have changed: all of them.
    pub registrations: Option<RecordedRegistrations>,
    /// What runs have changed in the trust policy of the access role, if that has changed: all of it.
    pub trust_edits: Option<RecordedTrustEdits>,
    /// When DynamoDB may delete the record.
    pub expiry: Expiry,
}

/// Whether a run holds the lease of the record that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseUse {
    /// It holds the lease, and releases it with the write.
    Release,
    /// It holds the lease, and goes on.
    Keep,
    /// It does not.
    NotHeld,
}

/// A change of the last notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationChange {
    /// This was notified.
    Set(NotificationRecord),
    /// The last notification no longer applies.
    Remove,
}

/// When DynamoDB may delete a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// As before.
    Keep,
    /// Never.
    Never,
    /// After this time.
    At(SystemTime),
}

impl RecordUpdate {
    /// The attributes that the write sets.
    #[must_use]
    pub fn set(&self) -> Attributes {
        let mut item = Attributes::from([(SAVED_BY.to_owned(), Attribute::Text(self.run.clone()))]);
        if let Some(NotificationChange::Set(notification)) = &self.notification {
            item.extend(notification_attributes(notification));
        }
        if let Some(result) = &self.result {
            item.extend(result.to_attributes());
        }
        item.extend(self.roles.as_ref().map(roles_attribute));
        item.extend(self.revocations.as_ref().map(revocations_attribute));
        item.extend(self.grants.as_ref().map(grants_attribute));
        item.extend(self.registrations.as_ref().map(registrations_attribute));
        item.extend(self.trust_edits.as_ref().map(trust_edits_attribute));
        if let Expiry::At(at) = self.expiry {
            item.insert(EXPIRES_AT.to_owned(), seconds(at));
        }
        item
    }

    /// The attributes that the write removes.
    #[must_use]
    pub fn remove(&self) -> Vec<&'static str> {
        let mut removed = Vec::new();
        if self.lease == LeaseUse::Release {
            removed.extend([LEASE_OWNER, LEASE_EXPIRES_AT]);
        }
        if self.notification == Some(NotificationChange::Remove) {
            removed.extend([NOTIFIED, NOTIFIED_AT]);
        }
        if let Some(result) = &self.result {
            removed.extend(result.absent_attributes());
        }
        if self.expiry == Expiry::Never {
            removed.push(EXPIRES_AT);
        }
        removed
    }
}

/// The attributes of a lease.
#[must_use]
pub fn lease_attributes(lease: &Lease) -> Attributes {
    let expires_at = seconds(lease.expires_at);
    Attributes::from([
        (LEASE_OWNER.to_owned(), Attribute::Text(lease.owner.clone())),
        (LEASE_EXPIRES_AT.to_owned(), expires_at),
    ])
}

fn notification_attributes(notification: &NotificationRecord) -> Attributes {
    let notified = Attribute::Text(notification.notified.clone().into());
    Attributes::from([(NOTIFIED.to_owned(), notified), (NOTIFIED_AT.to_owned(), seconds(notification.at))])
}

fn roles_attribute(roles: &BTreeMap<RoleName, RoleId>) -> (String, Attribute) {
    let roles = roles.iter().map(|(name, id)| (name.to_string(), id.to_string()));
    (ROLES.to_owned(), Attribute::Map(roles.collect()))
}

/// The ID of each role, and the time as it is in the policy.
fn revocations_attribute(revocations: &RecordedRevocations) -> (String, Attribute) {
    let text = |(name, one): (&RoleName, &RecordedRevocation)| {
        Some((name.to_string(), format!("{} {}", one.role_id, to_policy_date(one.issued_before)?)))
    };
    (REVOCATIONS.to_owned(), Attribute::Map(revocations.iter().filter_map(text).collect()))
}

fn recorded_revocation((name, text): (&String, &String)) -> Option<(RoleName, RecordedRevocation)> {
    let (id, date) = text.split_once(' ')?;
    let revocation = RecordedRevocation { role_id: id.parse().ok()?, issued_before: from_policy_date(date)? };
    Some((name.parse().ok()?, revocation))
}

/// The vendor's ID of each registration, when it was made, and the tenant.
fn registrations_attribute(registrations: &RecordedRegistrations) -> (String, Attribute) {
    let text = |(name, one): (&RoleName, &RecordedRegistration)| {
        Some((name.to_string(), format!("{} {} {}", one.id, to_policy_date(one.registered_at)?, one.tenant)))
    };
    (REGISTRATIONS.to_owned(), Attribute::Map(registrations.iter().filter_map(text).collect()))
}

fn recorded_registration((name, text): (&String, &String)) -> Option<(RoleName, RecordedRegistration)> {
    let (id, rest) = text.split_once(' ')?;
    let (date, tenant) = rest.split_once(' ')?;
    let registered_at = from_policy_date(date)?;
    let registration = RecordedRegistration { id: id.parse().ok()?, registered_at, tenant: tenant.to_owned() };
    Some((name.parse().ok()?, registration))
}

fn trust_edits_attribute(edits: &RecordedTrustEdits) -> (String, Attribute) {
    (TRUST_EDITS.to_owned(), Attribute::Map(edits.to_map()))
}

fn grants_attribute(grants: &BTreeSet<RecordedGrant>) -> (String, Attribute) {
    let grants = grants.iter().map(|grant| (grant.fingerprint.clone(), grant.principal.clone()));
    (GRANTS.to_owned(), Attribute::Map(grants.collect()))
}

fn recorded_grant((fingerprint, principal): (&String, &String)) -> RecordedGrant {
    RecordedGrant { principal: principal.clone(), fingerprint: fingerprint.clone() }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
