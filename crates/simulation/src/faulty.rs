//! Any implementation of the ports, with one call that goes wrong.

use std::time::Duration;

use secrecy::SecretString;

use super::fault::Script;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Claim;
use onboarding_core::notification::Memory;
use onboarding_core::observed::{ObservedRole, Registered};
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Change, VendorEntry};
use onboarding_core::report::Notice;
use onboarding_core::role::RoleName;
use onboarding_core::vendor::{Access, Api};
use onboarding_engine::ports::{
    AccountPage, Claims, Clock, Creation, Directory, Entry, Notifier, Page, Queue, ReadIam, Registrar, Secrets,
    Sessions, WriteIam,
};

/// An implementation of ports that follows a script.
#[derive(Debug, Clone)]
pub struct Faulty<P> {
    inner: P,
    script: Script,
}

impl<P> Faulty<P> {
    /// Wraps an implementation.
    #[must_use]
    pub fn new(inner: P, script: &Script) -> Self {
        Self { inner, script: script.clone() }
    }
}

impl<P: Directory> Directory for Faulty<P> {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        self.script.play("organizations:DescribeAccount", self.inner.account(id)).await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.script.play("organizations:ListAccounts", self.inner.accounts(from)).await
    }

    async fn creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.script.play("organizations:DescribeCreateAccountStatus", self.inner.creation(request)).await
    }
}

impl<P: Sessions> Sessions for Faulty<P> {
    type Session = Faulty<P::Session>;

    async fn enter(&self, entry: &Entry) -> Result<Self::Session, ApiError> {
        let inner = self.script.play("sts:AssumeRole", self.inner.enter(entry)).await?;
        Ok(Faulty { inner, script: self.script.clone() })
    }
}

impl<P: ReadIam> ReadIam for Faulty<P> {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        self.script.play("sts:GetCallerIdentity", self.inner.caller_account()).await
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.script.play("iam:GetRole", self.inner.role(role)).await
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.script.play("iam:ListRolePolicies", self.inner.policy_names(role, from)).await
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        self.script.play("iam:GetRolePolicy", self.inner.policy(role, name)).await
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.script.play("iam:ListAttachedRolePolicies", self.inner.attached(role, from)).await
    }
}

impl<P: WriteIam> WriteIam for Faulty<P> {
    async fn perform(&self, change: &Change) -> Result<(), ApiError> {
        self.script.play(change.call(), self.inner.perform(change)).await
    }
}

impl<P: Secrets> Secrets for Faulty<P> {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.parameter(name)).await
    }
}

impl<P: Claims> Claims for Faulty<P> {
    async fn claimed(&self, account: &AccountId) -> Result<Option<(Claim, i64)>, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.claimed(account)).await
    }

    async fn claim(&self, account: &AccountId, claim: &Claim, seen: Option<i64>) -> Result<bool, ApiError> {
        self.script.play("ssm:PutParameter", self.inner.claim(account, claim, seen)).await
    }

    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        self.script.play("ssm:PutParameter", self.inner.release(account)).await
    }
}

impl<P: Registrar> Registrar for Faulty<P> {
    async fn registered(&self, api: Api, access: &Access, account: &AccountId) -> Result<Vec<Registered>, ApiError> {
        self.script.play("workload-security:SearchAwsConnectors", self.inner.registered(api, access, account)).await
    }

    async fn register(&self, access: &Access, entry: &VendorEntry) -> Result<(), ApiError> {
        self.script.play(entry.call(), self.inner.register(access, entry)).await
    }
}

impl<P: Queue> Queue for Faulty<P> {
    async fn send(&self, messages: &[String]) -> Result<(), ApiError> {
        self.script.play("sqs:SendMessage", self.inner.send(messages)).await
    }

    async fn put_off(&self, receipt: &str, seconds: u32) -> Result<bool, ApiError> {
        self.script.play("sqs:ChangeMessageVisibility", self.inner.put_off(receipt, seconds)).await
    }

    async fn set_aside(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.script.play("sqs:SendMessage", self.inner.set_aside(message, cause)).await
    }
}

impl<P: Notifier> Notifier for Faulty<P> {
    fn listens(&self) -> bool {
        self.inner.listens()
    }

    async fn recall(&self, name: &str) -> Result<Option<Memory>, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.recall(name)).await
    }

    async fn remember(&self, name: &str, told: &Memory, replace: bool) -> Result<bool, ApiError> {
        self.script.play("ssm:PutParameter", self.inner.remember(name, told, replace)).await
    }

    async fn forget(&self, name: &str) -> Result<(), ApiError> {
        self.script.play("ssm:DeleteParameter", self.inner.forget(name)).await
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ApiError> {
        self.script.play("events:PutEvents", self.inner.tell(notice)).await
    }
}

/// Time is no call: it passes as it did.
impl<P: Clock> Clock for Faulty<P> {
    fn now(&self) -> f64 {
        self.inner.now()
    }

    async fn sleep(&self, time: Duration) {
        self.inner.sleep(time).await;
    }
}
