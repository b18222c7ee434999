//! The facts that are the same for every account of an organization.

use onboarding_core::account::{Account, AccountId, Partition};

/// The facts that the accounts of one organization share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The management account.
    pub management: AccountId,
    /// The partition.
    pub partition: Partition,
}

impl Organization {
    /// The organization of an account.
    #[must_use]
    pub fn of(account: Account) -> Self {
        Self { management: account.management, partition: account.partition }
    }
}
