//! A session in a member account, whose requests in flight are limited.

use std::sync::Arc;

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ObservedRole;
use onboarding_core::plan::Change;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use tokio::sync::Semaphore;

use crate::ports::{Page, ReadIam, WriteIam};

/// A session of [`Governed`](super::Governed).
pub struct GovernedSession<S> {
    pub(super) inner: S,
    /// In the account, and in all accounts. Every call waits in this order, so that no two calls wait for each other.
    pub(super) in_flight: [Arc<Semaphore>; 2],
}

impl<S> GovernedSession<S> {
    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        let [of_account, all] = &self.in_flight;
        // A semaphore that is closed gives no permit; nobody closes these.
        let _permits = (of_account.acquire().await, all.acquire().await);
        call.await
    }
}

impl<S: ReadIam> ReadIam for GovernedSession<S> {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        self.call(self.inner.caller_account()).await
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.call(self.inner.role(role)).await
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.call(self.inner.policy_names(role, from)).await
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        self.call(self.inner.policy(role, name)).await
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.call(self.inner.attached(role, from)).await
    }
}

impl<S: WriteIam> WriteIam for GovernedSession<S> {
    async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        self.call(self.inner.execute(change)).await
    }
}
