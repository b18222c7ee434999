//! The steps for each account, and how they ended.

use super::request::AccountRow;
use crate::account::{AccountId, Partition};
use crate::organizational_unit::Unit;
use crate::outcome::{Outcome, Stop};
use crate::report::Report;
use crate::text::Untrusted;

/// The steps for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPlan {
    /// The account that was asked for.
    pub row: AccountRow,
    /// The unit to move it to.
    pub unit: Option<Unit>,
    /// What exists of it already.
    pub existing: Existing,
    /// The number of accounts for which the quota has to be enough.
    pub quota_needed: usize,
    /// The partition of the organization, if known.
    pub partition: Option<Partition>,
}

/// What exists of an account before it is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Nothing: it is created.
    Nothing,
    /// Requests for an account of its name are in progress. Their emails are not known before they end, so they are waited for.
    InProgress(Vec<String>),
    /// The organization has an account with its email.
    Member {
        /// The account.
        id: AccountId,
        /// Its name, which may be another one.
        name: Untrusted,
        /// The unit that it is in; `None` if it is not to be moved.
        moved_from: Option<Unit>,
    },
}

impl AccountPlan {
    /// Whether the organization has an account with this email.
    #[must_use]
    pub fn is_member(&self) -> bool {
        matches!(self.existing, Existing::Member { .. })
    }
}

/// How it ended for one account.
#[derive(Debug, Clone)]
pub struct AccountResult {
    /// The steps that were planned.
    pub plan: AccountPlan,
    /// The account, if it exists.
    pub id: Option<AccountId>,
    /// Whether this run created it.
    pub is_created: bool,
    /// Whether this run moved it.
    pub is_moved: bool,
    /// How it ended.
    pub ending: Ending,
}

/// How it ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// The account was onboarded, with this report.
    Onboarded(Box<Report>),
    /// A step before that ended early.
    Stopped(Stop),
    /// The run was interrupted before the account was requested, or after it was created.
    Interrupted,
    /// The run was interrupted while AWS creates the account for this request.
    Requested(String),
}

impl AccountResult {
    /// The outcome; `None` if the run was interrupted before.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.ending {
            Ending::Onboarded(report) => Some(report.outcome.clone()),
            Ending::Stopped(stop) => Some(stop.clone().into()),
            Ending::Interrupted | Ending::Requested(_) => None,
        }
    }
}
