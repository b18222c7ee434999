//! Sessions that answer some writes with an error of the test's choice, before the write takes effect.

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ObservedRole;
use onboarding_core::plan::Change;
use onboarding_core::report::Report;
use onboarding_core::role::RoleName;
use onboarding_engine::Engine;
use onboarding_engine::ports::{AssumeRoleRequest, Page, ReadIam, Sessions, WriteIam};
use onboarding_simulation::{FakeOrganization, Session};

use crate::common::*;

/// Returns the error for a write; `None` performs the write.
pub(crate) type Answer = fn(&Change) -> Option<ApiError>;

#[derive(Clone)]
pub(crate) struct Intercepted<P> {
    inner: P,
    answer: Answer,
}

/// Applies a configuration to the new account while some writes are intercepted.
pub(crate) fn apply_with_intercepted_writes(
    organization: &FakeOrganization,
    config_text: &str,
    answer: Answer,
) -> Report {
    let sessions = Intercepted { inner: organization.clone(), answer };
    let engine = Engine { world: with_sessions(organization, sessions), config: config(config_text) };
    run(engine.apply(&job(organization, NEW)))
}

impl Sessions for Intercepted<FakeOrganization> {
    type Session = Intercepted<Session>;

    async fn assume_role(&self, entry: &AssumeRoleRequest) -> Result<Self::Session, ApiError> {
        Ok(Intercepted { inner: self.inner.assume_role(entry).await?, answer: self.answer })
    }
}

impl ReadIam for Intercepted<Session> {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        self.inner.caller_account().await
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.inner.role(role).await
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.inner.policy_names(role, from).await
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        self.inner.policy(role, name).await
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.inner.attached(role, from).await
    }
}

impl WriteIam for Intercepted<Session> {
    async fn execute(&self, change: &Change) -> Result<(), ApiError> {
        match (self.answer)(change) {
            Some(error) => Err(error),
            None => self.inner.execute(change).await,
        }
    }
}
