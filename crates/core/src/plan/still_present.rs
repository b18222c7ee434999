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
use crate::blueprint::{Blueprint, EndedGrant, RemovalReason, UnselectedPart};
use crate::last_day::LastDay;
use crate::observed::ObservedRole;
use crate::owner::Owner;
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

/// Why something that this tool made is left in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLonger {
    /// It was removed from the configuration.
    Configured,
    /// Its targets do not select the account.
    Selected,
}

impl NoLonger {
    /// The end of `is no longer …`.
    fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Selected => "selected for this account by its targets",
        }
    }

    /// How to remove it: with this block of the configuration, which is for every account, or manually in this account.
    fn to_remove(self, block: &str, manual: &str) -> String {
        match self {
            Self::Configured => format!("remove it with `{block}`"),
            Self::Selected => manual.to_owned(),
        }
    }

    /// What to change in the configuration to keep it.
    fn to_keep(self) -> &'static str {
        match self {
            Self::Configured => "configure it again",
            Self::Selected => "change its `targets`",
        }
    }
}

/// Something that is still present in an account and no longer configured or selected, as a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StillPresent {
    /// A role that this tool created or took over: the record does not distinguish the two.
    Role {
        /// Its name.
        name: RoleName,
        /// Its unique ID.
        id: RoleId,
        /// What in the configuration asked for it, if its tag says so.
        owner: Option<Owner>,
        /// Why it is left.
        no_longer: NoLonger,
    },
    /// Such a role that cannot be read.
    UnreadableRole {
        /// Its name.
        name: RoleName,
        /// Why it cannot be read.
        problem: String,
        /// Why it is left.
        no_longer: NoLonger,
    },
    /// A registration with a vendor that is removed, in a tenant to which the configuration gives no access.
    Registration {
        /// The display name of the vendor.
        title: String,
        /// The vendor's ID of the registration.
        id: u64,
        /// What asks for its removal.
        reason: RemovalReason,
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
        /// Why it is left.
        no_longer: NoLonger,
    },
}

impl StillPresent {
    /// The role that is no longer selected by its targets.
    #[must_use]
    pub fn unselected_role(&self) -> Option<&RoleName> {
        match self {
            Self::Role { name, no_longer: NoLonger::Selected, .. } => Some(name),
            Self::Role { .. }
            | Self::UnreadableRole { .. }
            | Self::Registration { .. }
            | Self::EndedGrant { .. }
            | Self::Grant { .. } => None,
        }
    }
}

impl StillPresent {
    /// The role that was removed from the configuration, with what asked for it.
    #[must_use]
    pub fn unconfigured_role(&self) -> Option<(&RoleName, Option<&Owner>)> {
        match self {
            Self::Role { name, owner, no_longer: NoLonger::Configured, .. } => Some((name, owner.as_ref())),
            Self::Role { .. }
            | Self::UnreadableRole { .. }
            | Self::Registration { .. }
            | Self::EndedGrant { .. }
            | Self::Grant { .. } => None,
        }
    }
}

impl fmt::Display for StillPresent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { name, id, no_longer, .. } => write!(
                f,
                "role `{name}` ({id}), which this tool created or took over, is still present and no longer {}; {}, or {}",
                no_longer.as_str(),
                no_longer.to_remove("[[removed]]", "delete it"),
                no_longer.to_keep()
            ),
            Self::UnreadableRole { name, problem, no_longer } => write!(
                f,
                "role `{name}`, which this tool created or took over, is no longer {} and may still be present: {}",
                no_longer.as_str(),
                printable(problem)
            ),
            Self::Registration { title, id, reason } => {
                let remedy = match reason {
                    RemovalReason::Block => "set `registration` in the `[[removed]]` block to the tenant, or remove it",
                    RemovalReason::Unselected => "remove it",
                };
                write!(
                    f,
                    "this tool registered the account with {title} (ID {id}), and that registration is kept; {remedy} in the vendor's \
                     console"
                )
            }
            Self::EndedGrant { access_role, principal, until } => write!(
                f,
                "the grant for {} on role `{access_role}` ended on {until} and is still present; it is not removed, because no record \
                 shows that this tool made it: remove it with `[[access-role.revoke]]`",
                printable(principal)
            ),
            Self::Grant { access_role, principal, no_longer } => write!(
                f,
                "the grant for {} on role `{access_role}` is still present and no longer {}; {}, or {}",
                printable(principal),
                no_longer.as_str(),
                no_longer.to_remove("[[access-role.revoke]]", "remove it from the trust policy"),
                no_longer.to_keep()
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

/// The notice about a role that is no longer configured or selected, if it is still the recorded one. `found` is the role of
/// that name.
#[must_use]
pub fn still_present_role(
    name: &RoleName,
    id: &RoleId,
    found: Option<&ObservedRole>,
    no_longer: NoLonger,
) -> Option<StillPresent> {
    let role = found.filter(|role| role.id.as_ref() == Some(id) && role.is_managed())?;
    Some(StillPresent::Role { name: name.clone(), id: id.clone(), owner: role.owner(), no_longer })
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

/// Marks the grants that are recorded among those whose last day is over and those that are not for the account, so that they can
/// be removed.
pub fn recognize_withdrawn(blueprint: &mut Blueprint, recorded: &BTreeSet<RecordedGrant>) {
    let known: BTreeSet<_> = recorded.iter().map(|grant| grant.fingerprint.as_str()).collect();
    let partition = blueprint.account.partition.clone();
    let is_recorded = |grant: &Grant| {
        let entries = entries_of(grant, &partition);
        !entries.is_empty() && entries.iter().all(|one| known.contains(fingerprint(one).as_str()))
    };
    for ended in &mut blueprint.ended {
        ended.is_recorded = is_recorded(&ended.grant);
    }
    for unselected in &mut blueprint.unselected {
        if let UnselectedPart::Grant(grant) = &unselected.part {
            unselected.is_recorded = is_recorded(&grant.grant);
        }
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

/// The recorded grants that are no longer configured, or no longer selected, and that the trust policy of the access role still
/// contains. `configured` are the grants that are for the account, or may be; `unselected` those that are configured and not for
/// it.
#[must_use]
pub fn still_present_grants(
    recorded: &BTreeSet<RecordedGrant>,
    configured: &[Grant],
    unselected: &[Grant],
    access_role: &RoleName,
    trust: &Document,
    partition: &Partition,
) -> Vec<StillPresent> {
    if recorded.is_empty() {
        return Vec::new();
    }
    let fingerprints = |grants| -> BTreeSet<_> {
        recorded_grants(grants, partition).into_iter().map(|grant| grant.fingerprint).collect()
    };
    let configured = fingerprints(configured);
    let unselected = fingerprints(unselected);
    let is_left = |grant: &&RecordedGrant| !configured.contains(&grant.fingerprint);
    let notice = |grant: &RecordedGrant| StillPresent::Grant {
        access_role: access_role.clone(),
        principal: grant.principal.clone(),
        no_longer: match unselected.contains(&grant.fingerprint) {
            true => NoLonger::Selected,
            false => NoLonger::Configured,
        },
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
        let notices = still_present_grants(&recorded, configured, &[], &name(ACCESS), trust, &partition());
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
            still_present_role(&name(ROLE), &id(recorded), role.as_ref(), NoLonger::Configured)
                .map(|notice| notice.to_string())
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
    fn what_is_no_longer_selected_is_named_as_such() {
        let role = converged(&blueprint()).roles.remove(&name(ROLE));
        let role = still_present_role(&name(ROLE), &id(ROLE_ID), role.as_ref(), NoLonger::Selected);
        let identity = [grant(IDENTITY, "{}")];
        let recorded = recorded_grants(&identity, &partition());
        let left = |configured: &[Grant]| {
            still_present_grants(&recorded, configured, &identity, &name(ACCESS), &granted(&identity), &partition())
        };
        assert_eq!(left(&identity), [], "another grant for the same principal is for the account");
        let unreadable = StillPresent::UnreadableRole {
            name: name(ROLE),
            problem: "AccessDenied".to_owned(),
            no_longer: NoLonger::Selected,
        };
        let all: Vec<_> = role.into_iter().chain(left(&[])).chain([unreadable]).map(|one| one.to_string()).collect();
        insta::assert_snapshot!(all.join("\n"), @"
        role `Acme` (AROADBQP57FF2AEXAMPLE), which this tool created or took over, is still present and no longer selected for this account by its targets; delete it, or change its `targets`
        the grant for account 222233334444 on role `OrganizationAccountAccessRole` is still present and no longer selected for this account by its targets; remove it from the trust policy, or change its `targets`
        role `Acme`, which this tool created or took over, is no longer selected for this account by its targets and may still be present: AccessDenied
        ");
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
