//! [`Faulty`] wraps a value that implements the ports and injects the faults of a [`Script`].

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::fault::Script;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::handoff::HandoffsDone;
use onboarding_core::lease::Lease;
use onboarding_core::observed::{ExistingRegistration, ObservedRole};
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Change, RegistrationChange};
use onboarding_core::record::{Record, RecordUpdate};
use onboarding_core::report::AccountEvent;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::{
    AccountPage, AssumeRoleRequest, Clock, Creation, Directory, LeaseAttempt, Notifier, Page, ParameterPage,
    ParameterValue, Queue, ReadIam, Records, Saved, Secrets, Sessions, VendorApi, WriteIam,
};

/// An implementation of ports whose calls fail as a [`Script`] says.
#[derive(Clone)]
pub struct Faulty<P> {
    inner: P,
    script: Script,
}

impl<P> Faulty<P> {
    /// Wraps an implementation of ports.
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

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.script.play("organizations:DescribeCreateAccountStatus", self.inner.account_creation(request)).await
    }
}

impl<P: Sessions> Sessions for Faulty<P> {
    type Session = Faulty<P::Session>;

    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<Self::Session, ApiError> {
        let inner = self.script.play("sts:AssumeRole", self.inner.assume_role(request)).await?;
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
    async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        self.script.play_write(change.call(), Some(change), self.inner.execute(change)).await
    }
}

impl<P: Secrets> Secrets for Faulty<P> {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.parameter(name)).await
    }

    async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, ParameterValue>, ApiError> {
        self.script.play("ssm:GetParameters", self.inner.parameters(names)).await
    }

    async fn parameters_below(&self, path: &str, from: Option<String>) -> Result<ParameterPage, ApiError> {
        self.script.play("ssm:GetParametersByPath", self.inner.parameters_below(path, from)).await
    }
}

impl<P: Records> Records for Faulty<P> {
    fn records_enabled(&self) -> bool {
        self.inner.records_enabled()
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        self.script.play("dynamodb:GetItem", self.inner.load_record(subject)).await
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.acquire_lease(subject, lease, now)).await
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.save_record(subject, update)).await
    }

    async fn save_handoffs(&self, subject: &str, done: &HandoffsDone) -> Result<(), ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.save_handoffs(subject, done)).await
    }
}

impl<P: VendorApi> VendorApi for Faulty<P> {
    async fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        let call = self.inner.vendor_registrations(api, access, account);
        self.script.play(api.calls().search, call).await
    }

    async fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> Result<(), ApiError> {
        self.script.play(registration.call(), self.inner.register_with_vendor(access, registration)).await
    }
}

impl<P: Queue> Queue for Faulty<P> {
    async fn send_messages(&self, messages: &[String]) -> Result<(), ApiError> {
        self.script.play("sqs:SendMessage", self.inner.send_messages(messages)).await
    }

    async fn retry_message_in(&self, receipt: &str, pause: Duration) -> Result<bool, ApiError> {
        self.script.play("sqs:ChangeMessageVisibility", self.inner.retry_message_in(receipt, pause)).await
    }

    async fn dead_letter_message(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.script.play("sqs:SendMessage", self.inner.dead_letter_message(message, cause)).await
    }
}

impl<P: Notifier> Notifier for Faulty<P> {
    fn notifications_enabled(&self) -> bool {
        self.inner.notifications_enabled()
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        self.script.play("events:PutEvents", self.inner.publish_event(event)).await
    }
}

/// The clock is not an API: faults do not affect it.
impl<P: Clock> Clock for Faulty<P> {
    fn now(&self) -> SystemTime {
        self.inner.now()
    }

    async fn sleep(&self, time: Duration) {
        self.inner.sleep(time).await;
    }
}
