//! One account of an audit.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::details::RoleDetails;
use super::requirement::AuditRequirement;
use crate::account::AccountId;
use crate::code::{Code, OutcomeKind};
use crate::handoff::HandoffStatus;
use crate::last_result::Requirement;
use crate::outcome::Cause;
use crate::role::RoleName;

/// An account, and what is known of its requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedAccount {
    /// Its ID.
    pub id: AccountId,
    /// Its name, filtered.
    pub name: String,
    /// The path of names of its unit, filtered; of IDs if the names are not known.
    pub unit: String,
    /// Whether it is as configured.
    pub status: AccountStatus,
    /// Why not.
    pub cause: Option<Cause>,
    /// The result of each requirement, in the order of [`audit_requirements`](super::audit_requirements).
    pub requirements: Vec<RequirementResult>,
    /// When it was last looked at.
    pub last_run: Option<SystemTime>,
    /// When it converged for the first time.
    pub first_converged: Option<SystemTime>,
    /// When it converged most recently.
    pub last_converged: Option<SystemTime>,
    /// Whether the last run had the configuration of the audit.
    pub configuration: ConfigurationMatch,
    /// The hand-offs at vendors: those that are done, and those that are due because the role is as configured.
    pub handoffs: Vec<AuditHandoff>,
    /// The roles that exist; empty unless the source is live.
    pub roles: Vec<RoleDetails>,
}

/// Whether an account is as configured. The order is that of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountStatus {
    /// Something needs attention.
    Blocked,
    /// There are changes to make.
    Drift,
    /// No run has ever recorded a result.
    NeverSeen,
    /// Not ready yet; retried automatically.
    Waiting,
    /// Everything that is required holds.
    Converged,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Blocked, Self::Drift, Self::NeverSeen, Self::Waiting, Self::Converged];

    /// The word: `blocked`, `drift`, `never_seen`, `waiting` or `converged`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Drift => "drift",
            Self::NeverSeen => "never_seen",
            Self::Waiting => "waiting",
            Self::Converged => "converged",
        }
    }

    /// The words for a person.
    pub(super) fn label(self) -> &'static str {
        if self == Self::NeverSeen { "never seen" } else { self.as_str() }
    }

    pub(super) fn new(outcome: OutcomeKind, code: Option<Code>) -> Self {
        match outcome {
            OutcomeKind::Converged => Self::Converged,
            OutcomeKind::Waiting if code == Some(Code::ChangesPending) => Self::Drift,
            OutcomeKind::Waiting => Self::Waiting,
            OutcomeKind::Blocked => Self::Blocked,
            OutcomeKind::Ignored => Self::NeverSeen,
        }
    }
}

/// The status of a requirement, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequirementResult {
    /// The status.
    pub status: Status,
    /// The first run that found it so; every run since has found the same. `None` if the status is not known.
    pub since: Option<SystemTime>,
}

/// The status of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// What a run found.
    Known(Requirement),
    /// No run has found out: the account was never read, or the requirement is new.
    NotKnown,
}

impl Status {
    /// Every status.
    pub fn all() -> impl Iterator<Item = Self> {
        Requirement::ALL.into_iter().map(Self::Known).chain([Self::NotKnown])
    }

    /// The word: that of the [`Requirement`], or `not_known`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known(requirement) => requirement.as_str(),
            Self::NotKnown => "not_known",
        }
    }

    /// The words for a person.
    pub(super) fn label(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// Whether the account is required to have it, as far as is known.
    pub(super) fn is_required(self) -> bool {
        self.holds() || self.fails() || self == Self::NotKnown
    }

    pub(super) fn holds(self) -> bool {
        self == Self::Known(Requirement::Holds)
    }

    /// Whether it is known not to be as configured.
    pub(super) fn fails(self) -> bool {
        matches!(self, Self::Known(Requirement::Drift | Requirement::Missing | Requirement::Blocked))
    }
}

/// Whether the last run had the configuration that the audit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationMatch {
    /// The same.
    Same,
    /// Another one, usually an earlier one: the statuses are about that.
    Different,
    /// There was no run.
    NotKnown,
}

impl ConfigurationMatch {
    /// The word: `same`, `different` or `not_known`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::NotKnown => "not_known",
        }
    }
}

/// What a person does at a vendor for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHandoff {
    /// The name of the vendor in the configuration.
    pub vendor: String,
    /// The name of the vendor in output.
    pub title: String,
    /// The role that the vendor assumes.
    pub role: RoleName,
    /// Whether it is done.
    pub status: HandoffStatus,
    /// Whether it was done before its text changed.
    pub changed: bool,
}

impl AuditedAccount {
    /// Since when the most urgent status lasts: of the requirements that fail, the latest start, otherwise when the account converged.
    #[must_use]
    pub fn since(&self) -> Option<SystemTime> {
        let failing = self.requirements.iter().filter(|result| result.status.fails());
        let since = failing.filter_map(|result| result.since).min();
        let all_hold = || match self.status {
            AccountStatus::Converged => self.requirements.iter().filter_map(|result| result.since).max(),
            _ => None,
        };
        since.or_else(all_hold)
    }

    /// The requirements that are known not to be as configured.
    pub(super) fn failing<'a>(
        &'a self,
        requirements: &'a [AuditRequirement],
    ) -> impl Iterator<Item = (&'a AuditRequirement, Status)> {
        let all = requirements.iter().zip(&self.requirements);
        all.filter(|(_, result)| result.status.fails()).map(|(requirement, result)| (requirement, result.status))
    }

    /// Takes the statuses of the requirements. A hand-off that is open is not due before its role is as configured.
    pub(super) fn set_results(
        &mut self,
        requirements: &[AuditRequirement],
        statuses: &BTreeMap<String, Requirement>,
        since: impl Fn(&str) -> Option<SystemTime>,
    ) {
        self.requirements = results(requirements, statuses, since);
        let holds = |role: &RoleName| statuses.get(role.as_str()) == Some(&Requirement::Holds);
        self.handoffs.retain(|handoff| handoff.status == HandoffStatus::Done || holds(&handoff.role));
    }

    /// Whether a person has to look at it, or run something.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        matches!(self.status, AccountStatus::Blocked | AccountStatus::Drift | AccountStatus::NeverSeen)
    }
}

/// The results of requirements from a map of statuses and one of their starts.
fn results(
    requirements: &[AuditRequirement],
    statuses: &BTreeMap<String, Requirement>,
    since: impl Fn(&str) -> Option<SystemTime>,
) -> Vec<RequirementResult> {
    let result = |requirement: &AuditRequirement| {
        let found = requirement.keys.iter().find_map(|key| Some((key, *statuses.get(key)?)));
        match found {
            Some((key, status)) => RequirementResult { status: Status::Known(status), since: since(key) },
            None => RequirementResult { status: Status::NotKnown, since: None },
        }
    };
    requirements.iter().map(result).collect()
}
