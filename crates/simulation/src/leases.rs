//! Account leases, stored as SSM parameters are: each write increments a version, which makes compare-and-swap possible.

use super::journal::CallInfo;
use super::organization::FakeOrganization;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_engine::ports::LeaseStore;

impl FakeOrganization {
    /// The leases that are held now.
    #[must_use]
    pub fn leases(&self) -> Vec<(AccountId, Lease)> {
        let state = self.lock();
        let all = state.leases.iter().map(|(account, (lease, _))| (account.clone(), lease.clone()));
        all.filter(|(_, lease)| lease.is_active(state.now)).collect()
    }

    /// Writes the lease of an account, as another run would.
    pub fn put_lease(&self, account: &AccountId, lease: Lease) {
        let mut state = self.lock();
        let version = state.leases.get(account).map_or(0, |(_, version)| *version);
        state.leases.insert(account.clone(), (lease, version + 1));
    }
}

impl LeaseStore for FakeOrganization {
    async fn current(&self, account: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "ssm:GetParameter", role: None, write: false };
        self.perform_call(info, |state| Ok(state.leases.get(account).cloned())).await
    }

    async fn try_acquire(&self, account: &AccountId, lease: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        let management = self.lock().management.clone();
        // The parameter belongs to the function, so this does not count as a write in an account.
        let info = CallInfo { account: &management, call: "ssm:PutParameter", role: None, write: false };
        self.perform_call(info, |state| {
            let version = state.leases.get(account).map_or(0, |(_, version)| *version);
            if seen.is_none() && version > 0 {
                return Ok(false);
            }
            state.leases.insert(account.clone(), (lease.clone(), version + 1));
            Ok(seen.is_none_or(|seen| version == seen))
        })
        .await
    }

    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "ssm:PutParameter", role: None, write: false };
        self.perform_call(info, |state| {
            let version = state.leases.get(account).map_or(0, |(_, version)| *version);
            state.leases.insert(account.clone(), (Lease::default(), version + 1));
            Ok(())
        })
        .await
    }
}
