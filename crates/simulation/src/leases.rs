//! Account leases, stored as SSM parameters are: each write increments a version, which makes compare-and-swap possible.

use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::lease::{Lease, StoredLease};
use onboarding_engine::ports::LeaseStore;

impl FakeOrganization {
    /// The leases that are held now.
    #[must_use]
    pub fn leases(&self) -> Vec<(AccountId, Lease)> {
        let state = self.lock();
        let all = state.leases.iter().map(|(account, stored)| (account.clone(), stored.lease.clone()));
        all.filter(|(_, lease)| lease.is_active(state.now)).collect()
    }

    /// Writes the lease of an account, as another run would.
    pub fn put_lease(&self, account: &AccountId, lease: Lease) {
        let mut state = self.lock();
        let version = state.leases.get(account).map_or(0, |stored| stored.version);
        state.leases.insert(account.clone(), StoredLease { lease, version: version + 1 });
    }

    /// Calls SSM. The parameter belongs to the function, so this does not count as a write in an account.
    async fn call_ssm<T>(&self, call: &'static str, act: impl FnOnce(&mut State) -> T) -> Result<T, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call, role: None, write: false };
        self.perform_call(info, |state| Ok(act(state))).await
    }
}

impl LeaseStore for FakeOrganization {
    async fn stored_lease(&self, account: &AccountId) -> Result<Option<StoredLease>, ApiError> {
        if !self.lock().has_leases {
            return Ok(None);
        }
        self.call_ssm("ssm:GetParameter", |state| state.leases.get(account).cloned()).await
    }

    async fn try_acquire_lease(&self, account: &AccountId, lease: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        if !self.lock().has_leases {
            return Ok(true);
        }
        self.call_ssm("ssm:PutParameter", |state| {
            let version = state.leases.get(account).map_or(0, |stored| stored.version);
            if seen.is_none() && version > 0 {
                return false;
            }
            state.leases.insert(account.clone(), StoredLease { lease: lease.clone(), version: version + 1 });
            seen.is_none_or(|seen| version == seen)
        })
        .await
    }

    async fn release_lease(&self, account: &AccountId) -> Result<(), ApiError> {
        if !self.lock().has_leases {
            return Ok(());
        }
        self.call_ssm("ssm:PutParameter", |state| {
            let version = state.leases.get(account).map_or(0, |stored| stored.version);
            state.leases.insert(account.clone(), StoredLease { lease: Lease::default(), version: version + 1 });
        })
        .await
    }
}
