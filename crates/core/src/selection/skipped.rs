//! The accounts that are selected and not processed, each with the reason.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::account::AccountId;
use crate::eligibility::Eligibility;
use crate::text::{Untrusted, printable};

/// An account that is not processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedAccount {
    /// Its ID, if that can be read.
    pub id: Option<AccountId>,
    /// Its name, if that can be read.
    pub name: Option<Untrusted>,
    /// The reason.
    pub reason: SkipReason,
}

/// The account with the reason, in a sentence.
impl fmt::Display for SkippedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.id, &self.name) {
            (Some(id), Some(name)) => write!(f, "{id} ({name}): {}", self.reason),
            (Some(id), None) => write!(f, "{id}: {}", self.reason),
            (None, _) => write!(f, "an account: {}", self.reason),
        }
    }
}

impl SkippedAccount {
    /// Whether nothing is known about the account, because its description cannot be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self.reason, SkipReason::Unreadable(_))
    }

    /// The account and the reason in JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "account_id": self.id,
            "account_name": self.name,
            "reason": self.reason.as_str(),
            "message": self.reason.to_string(),
        })
    }
}

/// Why an account is not processed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// It is the management account, which is never changed.
    Management,
    /// The configuration excludes it.
    Excluded,
    /// It is being created.
    PendingActivation,
    /// AWS suspended it.
    Suspended,
    /// It is being closed.
    PendingClosure,
    /// It was closed.
    Closed,
    /// Organizations did not return its units, and the configuration excludes units.
    UnitUnknown,
    /// It is in a state that this release does not know.
    UnknownState(String),
    /// Its description cannot be read.
    Unreadable(String),
}

impl SkipReason {
    /// Why an account is not processed; `None` if it is.
    #[must_use]
    pub fn new(eligibility: Eligibility<'_>) -> Option<Self> {
        Some(match eligibility {
            Eligibility::Eligible => return None,
            Eligibility::NotYet => Self::PendingActivation,
            Eligibility::Excluded => Self::Excluded,
            Eligibility::Management => Self::Management,
            Eligibility::Suspended => Self::Suspended,
            Eligibility::Closing => Self::PendingClosure,
            Eligibility::Closed => Self::Closed,
            Eligibility::UnitUnknown => Self::UnitUnknown,
            Eligibility::UnknownState(state) => Self::UnknownState(state.to_string()),
        })
    }

    /// The word in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Management => "management_account",
            Self::Excluded => "excluded",
            Self::PendingActivation => "pending_activation",
            Self::Suspended => "suspended",
            Self::PendingClosure => "pending_closure",
            Self::Closed => "closed",
            Self::UnitUnknown => "unit_unknown",
            Self::UnknownState(_) => "unknown_state",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// The same in a few words, for a summary.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Management => "management account",
            Self::Excluded => "excluded",
            Self::PendingActivation => "not active yet",
            Self::Suspended => "suspended",
            Self::PendingClosure => "being closed",
            Self::Closed => "closed",
            Self::UnitUnknown => "unit not known",
            Self::UnknownState(_) => "unknown state",
            Self::Unreadable(_) => "not readable",
        }
    }
}

/// The reason as the end of a sentence.
impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Management => "it is the management account, which is never changed",
            Self::Excluded => "the configuration excludes it",
            Self::PendingActivation => "it is being created (PENDING_ACTIVATION); run again later",
            Self::Suspended => "AWS suspended it (SUSPENDED)",
            Self::PendingClosure => "it is being closed (PENDING_CLOSURE)",
            Self::Closed => "it was closed (CLOSED)",
            Self::UnitUnknown => {
                "Organizations did not return its units, and the configuration excludes units; run again later"
            }
            Self::UnknownState(state) => {
                return write!(f, "it is in a state that this version does not know ({})", printable(state));
            }
            Self::Unreadable(problem) => return write!(f, "its description cannot be read: {}", printable(problem)),
        })
    }
}

/// The number of skipped accounts, with the reasons: `2 skipped (management account, excluded)`.
#[must_use]
pub fn skipped_summary(skipped: &[SkippedAccount]) -> String {
    let mut counts: BTreeMap<_, (&str, usize)> = BTreeMap::new();
    for account in skipped {
        let (_, count) = counts.entry(&account.reason).or_insert((account.reason.label(), 0));
        *count += 1;
    }
    let mut labels: Vec<(&str, usize)> = Vec::new();
    for (label, count) in counts.into_values() {
        match labels.iter_mut().find(|(known, _)| *known == label) {
            Some((_, total)) => *total += count,
            None => labels.push((label, count)),
        }
    }
    let text = labels.iter().map(|(label, count)| match count {
        1 => (*label).to_owned(),
        count => format!("{count} {label}"),
    });
    format!("{} skipped ({})", skipped.len(), text.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(reason: SkipReason) -> SkippedAccount {
        SkippedAccount { id: None, name: None, reason }
    }

    #[test]
    fn summary_counts_by_reason() {
        let unknown = |state: &str| skipped(SkipReason::UnknownState(state.to_owned()));
        let few = [skipped(SkipReason::Excluded), skipped(SkipReason::Management)];
        insta::assert_snapshot!(skipped_summary(&few), @"2 skipped (management account, excluded)");
        let many =
            [skipped(SkipReason::Excluded), unknown("DORMANT"), skipped(SkipReason::Excluded), unknown("ASLEEP")];
        insta::assert_snapshot!(skipped_summary(&many), @"4 skipped (2 excluded, 2 unknown state)");
    }
}
