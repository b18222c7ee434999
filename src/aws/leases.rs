//! Account leases in SSM Parameter Store: one parameter per account, with compare-and-swap by version.
//!
//! Parameter Store has no conditional write, so acquiring a lease uses two properties of `PutParameter`:
//!
//! - Without `Overwrite`, only one of several concurrent calls creates the parameter. The others fail with
//!   `ParameterAlreadyExists`.
//! - With `Overwrite`, each call increments the version by one. A run that read version 7 has replaced exactly that
//!   version if its write returns 8. If it returns 9, another run wrote in between and was first. The loser has
//!   overwritten the winner's value, but the winner already knows that it holds the lease, and the loser does not write
//!   to the account.
//!
//! Releasing writes an expired lease instead of deleting the parameter.

use super::Aws;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::lease::{Lease, StoredLease};
use onboarding_core::stored::Stored;
use onboarding_engine::ports::{LeaseStore, WriteMode};

impl Aws {
    /// The parameter of an account's lease. Without a prefix there are no leases, and every lease is granted.
    fn lease_parameter(&self, account: &AccountId) -> Option<String> {
        self.resources.lease_prefix.as_ref().map(|prefix| format!("{prefix}/{account}"))
    }
}

impl LeaseStore for Aws {
    async fn stored_lease(&self, account: &AccountId) -> Result<Option<StoredLease>, ApiError> {
        let Some(name) = self.lease_parameter(account) else { return Ok(None) };
        let stored = self.stored(name).await?;
        Ok(stored.map(|stored| {
            let lease = Lease::from_text(stored.value().unwrap_or_default());
            StoredLease { lease, version: stored.version }
        }))
    }

    /// The new version is one more than the previous one. Any other number means that another run wrote in between.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html>.
    async fn try_acquire_lease(&self, account: &AccountId, lease: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        let Some(name) = self.lease_parameter(account) else { return Ok(true) };
        let write = if seen.is_some() { WriteMode::Replace } else { WriteMode::Create };
        let version = self.store(name, lease.to_text(), write).await?;
        Ok(version.is_some_and(|version| seen.is_none_or(|seen| version == seen.saturating_add(1))))
    }

    /// Writes an expired lease. The parameter is not deleted because a deleted parameter cannot be created again for 30
    /// seconds, and its versions would restart at 1.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>.
    async fn release_lease(&self, account: &AccountId) -> Result<(), ApiError> {
        let Some(name) = self.lease_parameter(account) else { return Ok(()) };
        self.store(name, Lease::default().to_text(), WriteMode::Replace).await.map(drop)
    }
}
