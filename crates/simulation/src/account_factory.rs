//! What Organizations checks when an account is requested: the rate, how many are in progress, the quota and the email. And the
//! organizational units.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::account::ROOT;
use crate::account_creation::AccountCreation;
use onboarding_core::new_account::NewAccount;
use onboarding_core::time::since;

/// The time in which one more request of `CreateAccount` is allowed, and how many may be made at once.
const REFILL: Duration = Duration::from_secs(10);
const BURST: u32 = 3;

/// The number of accounts that may be in progress.
pub(super) const IN_PROGRESS: usize = 5;

/// The name of the root.
pub(super) const ROOT_NAME: &str = "Root";

/// The requests for accounts, and what limits them.
pub(super) struct AccountFactory {
    /// How the creation of a requested account proceeds.
    pub(super) creation: AccountCreation,
    /// The most accounts of the organization.
    pub(super) quota: usize,
    /// Emails of accounts outside of the organization, in lowercase.
    pub(super) taken: BTreeSet<String>,
    /// The accounts that were requested, in order.
    pub(super) requested: Vec<NewAccount>,
    /// The rate of requests.
    pub(super) tokens: TokenBucket,
    /// The most requests that were in progress at the same time.
    pub(super) most_in_progress: usize,
    /// The units by their ID: name and parent.
    pub(super) units: BTreeMap<String, (String, String)>,
}

impl Default for AccountFactory {
    fn default() -> Self {
        Self {
            creation: AccountCreation::default(),
            quota: 10_000,
            taken: BTreeSet::new(),
            requested: Vec::new(),
            tokens: TokenBucket { left: BURST, refilled_at: UNIX_EPOCH },
            most_in_progress: 0,
            units: BTreeMap::new(),
        }
    }
}

impl AccountFactory {
    /// Whether there is a unit, or the root, with this ID.
    pub(super) fn has_unit(&self, id: &str) -> bool {
        id == ROOT || self.units.contains_key(id)
    }
}

/// A token bucket.
pub(super) struct TokenBucket {
    left: u32,
    refilled_at: SystemTime,
}

impl TokenBucket {
    pub(super) fn take(&mut self, now: SystemTime) -> bool {
        while self.left < BURST && since(self.refilled_at, now) >= REFILL {
            self.left += 1;
            self.refilled_at += REFILL;
        }
        if self.left == BURST {
            self.refilled_at = now;
        }
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return false,
        };
        true
    }
}
