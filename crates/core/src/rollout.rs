//! Which accounts a sweep changes, according to `[sweep]` in the configuration, and when a changed configuration reaches all of them.
//!
//! # Repairs
//!
//! With `repair = "report"`, a sweep does not repair an account that converged before: its drift is reported. An account that never
//! converged is onboarded anyway, because its event may have been lost.
//!
//! # The canary
//!
//! `canary` names accounts and units that a changed configuration reaches first. Until all of their accounts have converged with
//! it, a sweep only reports what it would change in the others that converged before. The records say with which configuration an account
//! converged, by its hash. A check ([`progress`]) looks at the records of the canary:
//!
//! | The accounts of the canary | The others |
//! |---|---|
//! | all have converged with the present configuration | are swept now: the configuration is *released* |
//! | some were not processed with it yet, or are waiting | are only reported; the check is repeated |
//! | one is blocked with it | are only reported; the check needs attention |
//!
//! That a configuration is released is kept in the table, and nothing in a message can say so.
//!
//! Only sweeps are held back. An event of an account is processed with the present configuration, because a new account
//! must not wait for a rollout: nothing uses it yet. For the same reason a sweep changes an account that never converged: its event
//! may have been lost. That is not said of an account whose changes were reported, as those of accounts that existed before a deployment
//! with `Sweep=REPORT`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::code::{Code, OutcomeKind};
use crate::exclude::Exclude;
use crate::mode::Mode;
use crate::notification::Notified;
use crate::record::Record;
use crate::suggestion::counted;
use crate::text::Untrusted;

/// The key of the record that says which configuration is released.
pub const ROLLOUT: &str = "rollout";

/// What sweeps change, from `[sweep]` in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepSettings {
    /// Whether drift is repaired.
    pub repair: Repair,
    /// The accounts, and the units with the accounts in and below them, that a changed configuration reaches first.
    pub canary: BTreeSet<Exclude>,
}

/// What a sweep does about an account that has drifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repair {
    /// It repairs the account.
    #[default]
    Apply,
    /// It reports the drift.
    Report,
}

impl Repair {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Report => "report",
        }
    }
}

/// A string is not what a sweep can do about drift.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not valid; write `apply` (the default) or `report`")]
pub struct InvalidRepair(Untrusted);

impl FromStr for Repair {
    type Err = InvalidRepair;

    fn from_str(text: &str) -> Result<Self, InvalidRepair> {
        [Self::Apply, Self::Report]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| InvalidRepair(text.into()))
    }
}

/// Why a sweep only reports an account that the sweep mode would allow it to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It converged before, and repairs are only reported.
    Repair,
    /// The accounts of the canary have not converged with this configuration yet.
    Canary,
    /// Records are needed to know more, and none are stored.
    Unknown,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repair => "only reported, because the configuration says `repair = \"report\"`",
            Self::Canary => {
                "only reported, because the accounts of the canary have not all converged with this configuration"
            }
            Self::Unknown => {
                "only reported, because `[sweep]` needs the records of accounts, and `ONBOARDING_TABLE` is not set"
            }
        })
    }
}

impl SweepSettings {
    /// Whether they hold any account back.
    #[must_use]
    pub fn hold_back(&self) -> bool {
        self.repair == Repair::Report || !self.canary.is_empty()
    }

    /// Whether an account belongs to the canary.
    #[must_use]
    pub fn is_canary(&self, id: &AccountId, ou_path: Option<&str>) -> bool {
        self.canary.iter().any(|member| match member {
            Exclude::Account(account) => account == id,
            Exclude::Unit(unit) => ou_path.is_some_and(|path| path.split('/').any(|part| part == unit.as_str())),
        })
    }

    /// Why a sweep only reports an account. `record` is that of the account, and `rollout` that with the key [`ROLLOUT`]; both are
    /// `None` if no records are stored. `configuration` is the hash of the present configuration.
    #[must_use]
    pub fn held(
        &self,
        id: &AccountId,
        ou_path: Option<&str>,
        record: Option<&Record>,
        rollout: Option<&Record>,
        configuration: &str,
    ) -> Option<Held> {
        let is_held_by_canary = !self.canary.is_empty() && !self.is_canary(id, ou_path);
        let has_converged = |record: &Record| record.result.as_ref().is_some_and(|last| last.first_converged.is_some());
        // Changes that were only reported are those of an account that existed before the deployment.
        let is_reported =
            |record: &Record| record.result.as_ref().is_some_and(|last| last.code == Some(Code::ChangesPending));
        let is_missed = |record: &Record| !has_converged(record) && !is_reported(record);
        match (record, rollout) {
            (Some(record), _) if self.repair == Repair::Report && !has_converged(record) => None,
            (Some(record), _) if is_missed(record) => None,
            (Some(_), _) if self.repair == Repair::Report => Some(Held::Repair),
            (_, Some(rollout)) if is_held_by_canary && !is_released(rollout, configuration) => Some(Held::Canary),
            (None, _) if self.repair == Repair::Report => Some(Held::Unknown),
            (_, None) if is_held_by_canary => Some(Held::Unknown),
            _ => None,
        }
    }

    /// The mode of a sweep for an account, which is never more than what is allowed.
    #[must_use]
    pub fn mode(held: Option<Held>, allowed: Mode) -> Mode {
        if held.is_some() { Mode::Plan } else { allowed }
    }
}

/// The cause that is recorded when a configuration is released.
#[must_use]
pub fn released(configuration: &str) -> Notified {
    Notified::Cause(format!("released {configuration}"))
}

/// The cause that is recorded when the sweep of a released configuration was started.
#[must_use]
pub fn swept(configuration: &str) -> Notified {
    Notified::Cause(format!("swept {configuration}"))
}

/// Whether a configuration is released, according to the record with the key [`ROLLOUT`].
#[must_use]
pub fn is_released(rollout: &Record, configuration: &str) -> bool {
    let last = rollout.notification.as_ref().map(|last| &last.notified);
    last == Some(&released(configuration)) || last == Some(&swept(configuration))
}

/// How far a configuration has come in the accounts of the canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All have converged with it.
    Done,
    /// Some have not been processed with it yet, or are waiting.
    Pending {
        /// How many have converged.
        converged: usize,
        /// How many there are.
        all: usize,
        /// One that has not.
        next: AccountId,
    },
    /// An account needs attention.
    Blocked {
        /// The account.
        account: AccountId,
        /// Why.
        code: Option<Code>,
    },
    /// The canary contains no account.
    Empty,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("all accounts of the canary have converged with this configuration"),
            Self::Pending { converged, all, next } => {
                let all = counted(*all, "account");
                write!(
                    f,
                    "{converged} of {all} of the canary converged with this configuration, and {next} has not yet"
                )
            }
            Self::Blocked { account, code } => {
                write!(f, "account {account} of the canary is blocked")?;
                code.map_or(Ok(()), |code| write!(f, " ({code})"))
            }
            Self::Empty => f.write_str("the canary contains no active account"),
        }
    }
}

/// How far a configuration has come in these accounts, according to their records.
#[must_use]
pub fn progress(members: &[(AccountId, Record)], configuration: &str) -> Progress {
    let with_this = |record: &Record| record.result.clone().filter(|last| last.configuration == configuration);
    let mut converged = 0;
    let mut next = None;
    for (account, record) in members {
        match with_this(record) {
            Some(last) if last.outcome == OutcomeKind::Blocked => {
                return Progress::Blocked { account: account.clone(), code: last.code };
            }
            Some(last) if last.outcome == OutcomeKind::Converged => converged += 1,
            _ => next = next.or(Some(account)),
        }
    }
    match next {
        Some(next) => Progress::Pending { converged, all: members.len(), next: next.clone() },
        None if members.is_empty() => Progress::Empty,
        None => Progress::Done,
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
