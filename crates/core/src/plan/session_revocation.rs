//! The revocation of a role's sessions as a change, why it is made, and what of it is recorded. The module `revocation` decides
//! when it is made.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use crate::limits::{LONGEST_SESSION, REVOCATION_LEAD as LEAD};
use crate::observed::ObservedRole;
use crate::policy::{Document, REVOCATION_POLICY, revoked_before};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::time::{after, to_policy_date};

/// The revocations of earlier runs, by role.
pub type RecordedRevocations = BTreeMap<RoleName, RecordedRevocation>;

/// A revocation that an earlier run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRevocation {
    /// The unique ID of the role.
    pub role_id: RoleId,
    /// The sessions that were issued before this time were revoked.
    pub issued_before: SystemTime,
}

impl RecordedRevocation {
    /// Whether a session that it denies may still be valid.
    #[must_use]
    pub fn is_needed(&self, now: SystemTime) -> bool {
        now < after(self.issued_before, LONGEST_SESSION)
    }
}

/// The sessions of a role that were issued before a point in time are denied everything, by `iam:PutRolePolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRevocation {
    /// The unique ID of the role.
    pub role_id: Option<RoleId>,
    /// Why.
    pub reason: RevocationReason,
    /// The current policy of that name; `None` if it does not exist or is not supported.
    pub before: Option<Document>,
    /// When the role was compared.
    pub compared_at: SystemTime,
    /// The sessions that were issued before this time are revoked.
    pub issued_before: SystemTime,
    /// The desired policy, which contains the time.
    pub after: Document,
}

/// Why sessions are revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationReason {
    /// The role has another ID than the recorded one.
    CreatedAgain {
        /// The recorded ID.
        recorded: RoleId,
        /// The observed ID.
        found: RoleId,
    },
    /// The role is adopted.
    Adopted,
    /// The trust policy is not as configured.
    TrustDiffers,
    /// The role has a permissions boundary that is not configured.
    BoundaryDiffers,
    /// The ID is not recorded, and the role changes.
    NotRecorded,
    /// The revocation that an earlier run made was deleted or changed.
    Lost,
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedAgain { recorded, found } => {
                write!(
                    f,
                    "the role was deleted and created again outside of a recorded run (ID {found} instead of {recorded})"
                )
            }
            Self::Adopted => f.write_str("the role was created by another principal and is taken over"),
            Self::TrustDiffers => f.write_str("its trust policy is not as configured"),
            Self::BoundaryDiffers => f.write_str("it has a permissions boundary that is not configured"),
            Self::NotRecorded => {
                f.write_str("the role has the tag of this tool, but no record shows that this tool created it")
            }
            Self::Lost => {
                f.write_str("an earlier run revoked them, and the policy that does it was deleted or changed")
            }
        }
    }
}

impl SessionRevocation {
    /// Whether both differ in nothing but the time, which an earlier revocation of the same sessions may have set as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.role_id, &self.reason, self.replaced()) == (&other.role_id, &other.reason, other.replaced())
    }

    /// `now`, or the time in the policy if the revocation is made again with its original one.
    pub(super) fn time_in_words(&self) -> String {
        let date = to_policy_date(self.issued_before).filter(|_| self.reason == RevocationReason::Lost);
        date.unwrap_or_else(|| "now".to_owned())
    }

    /// The policy that is replaced, unless it is an earlier revocation.
    pub(super) fn replaced(&self) -> Option<&Document> {
        self.before.as_ref().filter(|before| revoked_before(before).is_none())
    }

    /// Whether a role is the one whose sessions were revoked, and has this revocation or a later one.
    pub(super) fn is_in_effect(&self, role: &ObservedRole) -> bool {
        let shown = shown_revocation(role);
        role.id == self.role_id && shown.zip(revoked_before(&self.after)).is_some_and(|(shown, ours)| shown >= ours)
    }

    /// As it is recorded; `None` if IAM did not say which role it is.
    #[must_use]
    pub fn recorded(&self) -> Option<RecordedRevocation> {
        Some(RecordedRevocation { role_id: self.role_id.clone()?, issued_before: revoked_before(&self.after)? })
    }

    /// Whether this one was made recently enough, so that `later` need not be made.
    pub(super) fn covers(&self, later: &Self) -> bool {
        after(self.compared_at, LEAD / 2) >= later.compared_at
    }
}

/// The time before which the sessions were issued that the role's policies deny everything.
pub(super) fn shown_revocation(role: &ObservedRole) -> Option<SystemTime> {
    role.policies.get(REVOCATION_POLICY).and_then(|policy| revoked_before(policy.as_ref().ok()?))
}
