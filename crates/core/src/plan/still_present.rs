//! Roles and grants that were removed from the configuration and are still present in an account.
//!
//! Removing a role or a grant from the configuration does not remove it from the accounts. So that it is not forgotten there,
//! every run names it. Only what this tool is known to have made or taken over is named: a role with the recorded unique ID and
//! the owner tag, and a grant with the recorded fingerprint. A role of the same name that another principal created later, or a
//! principal that an administrator added, is none of its business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use crate::account::Partition;
use crate::blueprint::{Blueprint, EndedGrant};
use crate::last_day::LastDay;
use crate::observed::ObservedRole;
use crate::policy::{Document, Grant, access_entries, add_grants};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::text::{hexadecimal, printable};

/// A grant on the access role that an earlier run has made or found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedGrant {
    /// The principal, for messages.
    pub principal: String,
    /// The SHA-256 hash of what is granted to it, in hexadecimal: a condition may contain an external ID, which is not stored.
    pub fingerprint: String,
}

/// Something that is still present in an account and no longer configured, as a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StillPresent {
    /// A role that this tool created or took over: the record does not distinguish the two.
    Role {
        /// Its name.
        name: RoleName,
        /// Its unique ID.
        id: RoleId,
    },
    /// Such a role that cannot be read.
    UnreadableRole {
        /// Its name.
        name: RoleName,
        /// Why it cannot be read.
        problem: String,
    },
    /// A registration with a vendor that is removed, in a tenant to which the configuration gives no access.
    Registration {
        /// The display name of the vendor.
        title: String,
        /// The vendor's ID of the registration.
        id: u64,
    },
    /// A grant whose last day is over, and which no record shows as made by this tool.
    EndedGrant {
        /// The access role.
        access_role: RoleName,
        /// The principal.
        principal: String,
        /// The day.
        until: LastDay,
    },
    /// A grant on the access role.
    Grant {
        /// The access role.
        access_role: RoleName,
        /// The principal.
        principal: String,
    },
}

impl fmt::Display for StillPresent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { name, id } => write!(
                f,
                "role `{name}` ({id}), which this tool created or took over, is still present and no longer configured; remove it \
                 with `[[removed]]`, or configure it again"
            ),
            Self::UnreadableRole { name, problem } => write!(
                f,
                "role `{name}`, which this tool created or took over, is no longer configured and may still be present: {}",
                printable(problem)
            ),
            Self::Registration { title, id } => write!(
                f,
                "this tool registered the account with {title} (ID {id}), and that registration is kept; set `registration` in the \
                 `[[removed]]` block to the tenant, or remove it in the vendor's console"
            ),
            Self::EndedGrant { access_role, principal, until } => write!(
                f,
                "the grant for {} on role `{access_role}` ended on {until} and is still present; it is not removed, because no record \
                 shows that this tool made it: remove it with `[[access-role.revoke]]`",
                printable(principal)
            ),
            Self::Grant { access_role, principal } => write!(
                f,
                "the grant for {} on role `{access_role}` is still present and no longer configured; remove it with \
                 `[[access-role.revoke]]`, or configure it again",
                printable(principal)
            ),
        }
    }
}

/// The recorded roles that are no longer configured.
#[must_use]
pub fn removed_roles<'a>(
    recorded: &BTreeMap<RoleName, RoleId>,
    configured: impl Iterator<Item = &'a RoleName> + Clone,
) -> BTreeMap<RoleName, RoleId> {
    let is_removed = |name: &RoleName| !configured.clone().any(|other| other.is_same(name));
    recorded.iter().filter(|(name, _)| is_removed(name)).map(|(name, id)| (name.clone(), id.clone())).collect()
}

/// The notice about a role that is no longer configured, if it is still the recorded one. `found` is the role of that name.
#[must_use]
pub fn still_present_role(name: &RoleName, id: &RoleId, found: Option<&ObservedRole>) -> Option<StillPresent> {
    let is_recorded = found.is_some_and(|role| role.id.as_ref() == Some(id) && role.is_managed());
    is_recorded.then(|| StillPresent::Role { name: name.clone(), id: id.clone() })
}

/// Whether a recorded role no longer exists. `found` is the role of that name: it may be one that another principal created later.
#[must_use]
pub fn is_gone(id: &RoleId, found: Option<&ObservedRole>) -> bool {
    found.is_none_or(|role| role.id.as_ref().is_some_and(|found| found != id))
}

/// The grants as they are recorded.
fn recorded_grants(grants: &[Grant], partition: &Partition) -> BTreeSet<RecordedGrant> {
    let recorded = |grant: &Grant| {
        let principal = grant.principal.to_string();
        entries_of(grant, partition)
            .into_iter()
            .map(move |entry| RecordedGrant { principal: principal.clone(), fingerprint: fingerprint(&entry) })
    };
    grants.iter().flat_map(recorded).collect()
}

/// The grants to record after a run: those that are configured, and earlier ones that the trust policy of the access role still
/// contains.
#[must_use]
pub fn grants_to_record(
    recorded: &BTreeSet<RecordedGrant>,
    configured: &[Grant],
    trust: &Document,
    partition: &Partition,
) -> BTreeSet<RecordedGrant> {
    let mut grants = recorded_grants(configured, partition);
    grants.extend(contained_in(trust, recorded).cloned());
    grants
}

/// Marks the grants whose last day is over and that are recorded, so that they are removed.
pub fn recognize_ended(blueprint: &mut Blueprint, recorded: &BTreeSet<RecordedGrant>) {
    let known: BTreeSet<_> = recorded.iter().map(|grant| grant.fingerprint.as_str()).collect();
    let partition = blueprint.account.partition.clone();
    for ended in &mut blueprint.ended {
        let entries = entries_of(&ended.grant, &partition);
        ended.is_recorded = !entries.is_empty() && entries.iter().all(|one| known.contains(fingerprint(one).as_str()));
    }
}

/// The grants whose last day is over, that the trust policy of the access role still contains and that are not recorded.
#[must_use]
pub fn ended_grants_left(blueprint: &Blueprint, access_role: &RoleName, trust: &Document) -> Vec<StillPresent> {
    let present = access_entries(trust);
    let is_left = |ended: &&EndedGrant| {
        !ended.is_recorded && !entries_of(&ended.grant, &blueprint.account.partition).is_disjoint(&present)
    };
    let notice = |ended: &EndedGrant| StillPresent::EndedGrant {
        access_role: access_role.clone(),
        principal: ended.grant.principal.to_string(),
        until: ended.until,
    };
    blueprint.ended_on(access_role).filter(is_left).map(notice).collect()
}

/// The recorded grants that are no longer configured and that the trust policy of the access role still contains.
#[must_use]
pub fn still_present_grants(
    recorded: &BTreeSet<RecordedGrant>,
    configured: &[Grant],
    access_role: &RoleName,
    trust: &Document,
    partition: &Partition,
) -> Vec<StillPresent> {
    if recorded.is_empty() {
        return Vec::new();
    }
    let configured: BTreeSet<_> =
        recorded_grants(configured, partition).into_iter().map(|grant| grant.fingerprint).collect();
    let is_left = |grant: &&RecordedGrant| !configured.contains(&grant.fingerprint);
    let notice = |grant: &RecordedGrant| StillPresent::Grant {
        access_role: access_role.clone(),
        principal: grant.principal.clone(),
    };
    contained_in(trust, recorded).filter(is_left).map(notice).collect()
}

/// The recorded grants that a trust policy contains.
fn contained_in<'a>(
    trust: &Document,
    recorded: &'a BTreeSet<RecordedGrant>,
) -> impl Iterator<Item = &'a RecordedGrant> {
    let present: BTreeSet<_> = access_entries(trust).iter().map(|entry| fingerprint(entry)).collect();
    recorded.iter().filter(move |grant| present.contains(&grant.fingerprint))
}

/// What a grant adds to a trust policy.
fn entries_of(grant: &Grant, partition: &Partition) -> BTreeSet<String> {
    let granted = Document::from_statements(Vec::new())
        .and_then(|empty| add_grants(&empty, std::slice::from_ref(grant), partition));
    granted.map(|edit| access_entries(&edit.document)).unwrap_or_default()
}

fn fingerprint(entry: &str) -> String {
    hexadecimal(&Sha256::digest(entry))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{FRESH, ROLE, ROLE_ID, blueprint, converged, document, name};
    use super::*;
    use crate::owner::OWNER_TAG;
    use crate::policy::Condition;

    const IDENTITY: &str = "222233334444";
    const ACCESS: &str = "OrganizationAccountAccessRole";

    fn id(text: &str) -> RoleId {
        text.parse().unwrap()
    }

    fn grant(principal: &str, condition: &str) -> Grant {
        let condition =
            if condition == "{}" { Condition::default() } else { Condition::parse_text(condition).unwrap() };
        Grant::new(crate::policy::Principal::to_grant(principal).unwrap(), condition)
    }

    fn partition() -> Partition {
        "aws".parse().unwrap()
    }

    fn granted(grants: &[Grant]) -> Document {
        add_grants(&document(FRESH), grants, &partition()).unwrap().document
    }

    /// The notices about grants: recorded, configured, and in the trust policy.
    fn left(recorded: &[Grant], configured: &[Grant], trust: &Document) -> Vec<String> {
        let recorded = recorded_grants(recorded, &partition());
        let notices = still_present_grants(&recorded, configured, &name(ACCESS), trust, &partition());
        notices.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn recorded_role_that_is_configured_was_not_removed() {
        let recorded = BTreeMap::from([(name("acme"), id(ROLE_ID)), (name("Gone"), id("AROAGONEGONEGONEGONE1"))]);
        let configured = [name(ROLE)];
        let removed = removed_roles(&recorded, configured.iter());
        assert_eq!(removed, BTreeMap::from([(name("Gone"), id("AROAGONEGONEGONEGONE1"))]), "case does not matter");
        assert_eq!(removed_roles(&BTreeMap::new(), configured.iter()), BTreeMap::new());
    }

    #[test]
    fn removed_role_is_named_if_it_has_the_recorded_id_and_the_owner_tag() {
        let found = || converged(&blueprint()).roles.remove(&name(ROLE)).unwrap();
        let notice = |recorded: &str, role: Option<ObservedRole>| {
            still_present_role(&name(ROLE), &id(recorded), role.as_ref()).map(|notice| notice.to_string())
        };
        insta::assert_snapshot!(notice(ROLE_ID, Some(found())).unwrap(), @"role `Acme` (AROADBQP57FF2AEXAMPLE), which this tool created or took over, is still present and no longer configured; remove it with `[[removed]]`, or configure it again");
        assert_eq!(notice(ROLE_ID, None), None, "it was deleted");
        assert_eq!(notice("AROAOTHEROTHEROTHER12", Some(found())), None, "another principal created it again");
        let mut untagged = found();
        untagged.settings.tags.remove(OWNER_TAG);
        assert_eq!(notice(ROLE_ID, Some(untagged.clone())), None, "it was taken over");

        assert!(is_gone(&id(ROLE_ID), None) && is_gone(&id("AROAOTHEROTHEROTHER12"), Some(&found())));
        assert!(!is_gone(&id(ROLE_ID), Some(&found())) && !is_gone(&id(ROLE_ID), Some(&untagged)));
        let without_id = ObservedRole { id: None, ..found() };
        assert!(!is_gone(&id(ROLE_ID), Some(&without_id)), "it may be the recorded one");
    }

    #[test]
    fn removed_grant_is_named_while_the_trust_policy_contains_it() {
        let identity = grant(IDENTITY, "{}");
        let role = grant("arn:aws:iam::222233334444:role/ci", "{}");
        let both = [identity.clone(), role.clone()];
        insta::assert_snapshot!(left(&both, &both[..1], &granted(&both)).join("\n"), @"the grant for arn:aws:iam::222233334444:role/ci on role `OrganizationAccountAccessRole` is still present and no longer configured; remove it with `[[access-role.revoke]]`, or configure it again");
        assert_eq!(left(&both, &both, &granted(&both)), Vec::<String>::new(), "both are configured");
        assert_eq!(left(&both, &both[..1], &granted(&both[..1])), Vec::<String>::new(), "it was removed manually");
        assert_eq!(left(&[], &[], &granted(&both)), Vec::<String>::new(), "this tool did not add them");
        let every_role = grant(IDENTITY, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#);
        let both = granted(&[identity.clone(), every_role.clone()]);
        assert_eq!(left(&[identity], &[every_role], &both).len(), 1, "the one without the condition is left");
    }

    #[test]
    fn record_of_a_grant_contains_no_external_id() {
        let secret = grant(IDENTITY, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#);
        let secret = std::slice::from_ref(&secret);
        let recorded = format!("{:?}", recorded_grants(secret, &partition()));
        assert!(!recorded.contains("s3cret") && recorded.contains(IDENTITY), "{recorded}");
        assert_eq!(left(secret, &[], &granted(secret)).len(), 1);
    }
}
