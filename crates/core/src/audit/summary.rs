//! The audit as a whole.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::account::{AccountStatus, AuditedAccount, ConfigurationMatch};
use super::departed::DepartedAccount;
use super::requirement::AuditRequirement;
use crate::account::AccountId;
use crate::handoff::HandoffStatus;
use crate::selection::SkippedAccount;
use crate::text::printable;

/// Every account × every requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Where the statuses come from.
    pub source: AuditSource,
    /// When it was made.
    pub made_at: SystemTime,
    /// The hash of the configuration.
    pub configuration: String,
    /// The requirements of the configuration.
    pub requirements: Vec<AuditRequirement>,
    /// The selected accounts that are processed.
    pub accounts: Vec<AuditedAccount>,
    /// The other selected accounts.
    pub skipped: Vec<SkippedAccount>,
    /// The accounts that the records know and that are no longer in the organization; empty if only a part of it was selected.
    pub departed: Vec<DepartedAccount>,
}

impl Audit {
    /// Sets the path of the unit of each account, for an audit that was made before they were known.
    pub fn set_units(&mut self, units: &BTreeMap<AccountId, String>) {
        for account in &mut self.accounts {
            account.unit = units.get(&account.id).map(|unit| printable(unit)).unwrap_or_default();
        }
    }
}

/// Where the statuses of an audit come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditSource {
    /// The records of earlier runs.
    Records,
    /// A plan for each account.
    Live,
}

impl AuditSource {
    /// The word: `records` or `live`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Live => "live",
        }
    }

    /// The words for a person.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Records => "from the records of earlier runs",
            Self::Live => "live: each account was compared with its configuration",
        }
    }
}

impl Audit {
    /// The number of accounts with a status.
    #[must_use]
    pub fn count(&self, status: AccountStatus) -> usize {
        self.accounts.iter().filter(|account| account.status == status).count()
    }

    /// The number of accounts whose last run had another configuration: what holds there is not known to hold now.
    #[must_use]
    pub fn outdated(&self) -> usize {
        self.accounts.iter().filter(|account| account.configuration == ConfigurationMatch::Different).count()
    }

    /// The number of hand-offs that are open, and of all.
    #[must_use]
    pub fn handoffs(&self) -> (usize, usize) {
        let all = || self.accounts.iter().flat_map(|account| &account.handoffs);
        (all().filter(|handoff| handoff.status == HandoffStatus::Open).count(), all().count())
    }
}
