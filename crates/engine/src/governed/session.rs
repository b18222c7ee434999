//! A session in a member account, whose requests in flight are limited.

use std::sync::Arc;

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ObservedRole;
use onboarding_core::plan::Change;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::trust_audit::LastUse;
use tokio::sync::Semaphore;

use crate::ports::{ListRoles, Page, ReadIam, RolePage, WriteIam};

/// A session of [`Governed`](super::Governed).
pub struct GovernedSession<S> {
    pub(super) inner: S,
    /// In the account, and in all accounts. Every call waits in this order, so that no two calls wait for each other.
    pub(super) in_flight: [Arc<Semaphore>; 2],
}

impl<S> GovernedSession<S> {
    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        let [of_account, all] = &self.in_flight;
        // A semaphore that is closed gives no permit; these are never closed.
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

    async fn instance_profiles(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.call(self.inner.instance_profiles(role, from)).await
    }
}

impl<S: ListRoles> ListRoles for GovernedSession<S> {
    async fn roles(&self, from: Option<String>) -> Result<RolePage, ApiError> {
        self.call(self.inner.roles(from)).await
    }

    async fn last_use(&self, role: &RoleName) -> Result<LastUse, ApiError> {
        self.call(self.inner.last_use(role)).await
    }
}

impl<S: WriteIam> WriteIam for GovernedSession<S> {
    async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        self.call(self.inner.execute(change)).await
    }
}
