//! Who is at work in which account, as SSM keeps it: parameters with versions.

use super::journal::About;
use super::organization::FakeOrganization;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_engine::ports::LeaseStore;

impl FakeOrganization {
    /// The accounts that are claimed now.
    #[must_use]
    pub fn claims(&self) -> Vec<(AccountId, Lease)> {
        let state = self.lock();
        let all = state.claims.iter().map(|(account, (claim, _))| (account.clone(), claim.clone()));
        all.filter(|(_, claim)| claim.holds(state.now)).collect()
    }

    /// Claims an account, as another run would have.
    pub fn put_claim(&self, account: &AccountId, claim: Lease) {
        let mut state = self.lock();
        let version = state.claims.get(account).map_or(0, |(_, version)| *version);
        state.claims.insert(account.clone(), (claim, version + 1));
    }
}

impl LeaseStore for FakeOrganization {
    async fn claimed(&self, account: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        let management = self.lock().management.clone();
        let about = About { account: &management, call: "ssm:GetParameter", role: None, write: false };
        self.perform_call(about, |state| Ok(state.claims.get(account).cloned())).await
    }

    async fn claim(&self, account: &AccountId, claim: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        let management = self.lock().management.clone();
        // It is the function's own, and no write in an account.
        let about = About { account: &management, call: "ssm:PutParameter", role: None, write: false };
        self.perform_call(about, |state| {
            let version = state.claims.get(account).map_or(0, |(_, version)| *version);
            if seen.is_none() && version > 0 {
                return Ok(false);
            }
            state.claims.insert(account.clone(), (claim.clone(), version + 1));
            Ok(seen.is_none_or(|seen| version == seen))
        })
        .await
    }

    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        let management = self.lock().management.clone();
        let about = About { account: &management, call: "ssm:PutParameter", role: None, write: false };
        self.perform_call(about, |state| {
            let version = state.claims.get(account).map_or(0, |(_, version)| *version);
            state.claims.insert(account.clone(), (Lease::default(), version + 1));
            Ok(())
        })
        .await
    }
}
