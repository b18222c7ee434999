//! The ports of an organization. What has no quota that matters is passed on: vendors' APIs, SQS and the clock.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::management_role::ManagementRole;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::outcome::Cause;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::rate::{LimitedApi, RateLimits};
use onboarding_core::record::{Record, RecordUpdate};
use onboarding_core::report::AccountEvent;
use onboarding_core::vendor::{Api, ApiAccess};
use secrecy::SecretString;

use super::{Governed, GovernedSession};
use crate::ports::{
    AccountPage, AssumeRoleRequest, Clock, Creation, Directory, LeaseAttempt, Notifier, OutgoingMessage, Paced,
    ParameterPage, ParameterValue, Queue, RecordPage, Records, Saved, SavedTogether, Secrets, Sessions, TagPage,
    ThroughManagement, UnitPage, VendorApi,
};

impl<W: Clock + Paced> Paced for Governed<W> {
    fn set_limits(&self, limits: &RateLimits) {
        self.governor.set_limits(limits);
    }

    fn throttled_attempts(&self, api: LimitedApi) -> u64 {
        self.inner.throttled_attempts(api)
    }

    async fn may_request_account(&self) {
        self.wait(LimitedApi::CreateAccount).await;
    }
}

impl<W: Directory + Clock + Paced> Directory for Governed<W> {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        self.call(LimitedApi::DescribeAccount, self.inner.account(id)).await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.call(LimitedApi::ListAccounts, self.inner.accounts(from)).await
    }

    async fn account_tags(&self, id: &AccountId, from: Option<String>) -> Result<TagPage, ApiError> {
        self.call(LimitedApi::ListTags, self.inner.account_tags(id, from)).await
    }

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.call(LimitedApi::CreationStatus, self.inner.account_creation(request)).await
    }

    async fn units_below(&self, parent: &UnitId, from: Option<String>) -> Result<UnitPage, ApiError> {
        self.call(LimitedApi::ReadOrganization, self.inner.units_below(parent, from)).await
    }
}

impl<W: ThroughManagement> ThroughManagement for Governed<W> {
    fn through_management(self, role: &ManagementRole) -> Self {
        Self { inner: self.inner.through_management(role), ..self }
    }
}

impl<W: Sessions + Clock + Paced> Sessions for Governed<W> {
    type Session = GovernedSession<W::Session>;

    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<Self::Session, ApiError> {
        let inner = self.call(LimitedApi::AssumeRole, self.inner.assume_role(request)).await?;
        let account = request.role_arn.split(':').nth(4).unwrap_or_default();
        Ok(GovernedSession { inner, in_flight: self.governor.in_flight(account) })
    }

    async fn own_arn(&self) -> Result<String, ApiError> {
        // Made once by a process.
        self.inner.own_arn().await
    }
}

impl<W: Secrets + Clock + Paced> Secrets for Governed<W> {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        self.call(LimitedApi::ReadParameters, self.inner.parameter(name)).await
    }

    async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, ParameterValue>, ApiError> {
        self.call(LimitedApi::ReadParameters, self.inner.parameters(names)).await
    }

    async fn parameters_below(&self, path: &str, from: Option<String>) -> Result<ParameterPage, ApiError> {
        self.call(LimitedApi::ReadParameters, self.inner.parameters_below(path, from)).await
    }
}

impl<W: Records + Clock + Paced> Records for Governed<W> {
    fn records_enabled(&self) -> bool {
        self.inner.records_enabled()
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        self.call(LimitedApi::Records, self.inner.load_record(subject)).await
    }

    async fn load_records(&self, subjects: &[&str]) -> Result<BTreeMap<String, Record>, ApiError> {
        self.call(LimitedApi::Records, self.inner.load_records(subjects)).await
    }

    async fn scan_records(&self, from: Option<String>) -> Result<RecordPage, ApiError> {
        self.call(LimitedApi::Records, self.inner.scan_records(from)).await
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        self.call(LimitedApi::Records, self.inner.acquire_lease(subject, lease, now)).await
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        self.call(LimitedApi::Records, self.inner.save_record(subject, update)).await
    }

    async fn save_records(&self, updates: &[(String, RecordUpdate)]) -> Result<SavedTogether, ApiError> {
        self.call(LimitedApi::Records, self.inner.save_records(updates)).await
    }

    async fn save_handoff(&self, subject: &str, vendor: &str, done: Option<&str>) -> Result<(), ApiError> {
        self.call(LimitedApi::Records, self.inner.save_handoff(subject, vendor, done)).await
    }
}

impl<W: VendorApi> VendorApi for Governed<W> {
    async fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        self.inner.vendor_registrations(api, access, account).await
    }

    async fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> Result<Option<u64>, ApiError> {
        self.inner.register_with_vendor(access, registration).await
    }

    async fn deregister_from_vendor(&self, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
        self.inner.deregister_from_vendor(api, access, registration).await
    }

    async fn vendor_external_id(&self, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
        self.inner.vendor_external_id(api, access).await
    }
}

impl<W: Queue> Queue for Governed<W> {
    async fn send_messages(&self, messages: &[OutgoingMessage]) -> Result<(), ApiError> {
        self.inner.send_messages(messages).await
    }

    async fn retry_message_in(&self, receipt: &str, pause: Duration) -> Result<bool, ApiError> {
        self.inner.retry_message_in(receipt, pause).await
    }

    async fn dead_letter_message(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.inner.dead_letter_message(message, cause).await
    }
}

impl<W: Notifier + Clock + Paced> Notifier for Governed<W> {
    fn notifications_enabled(&self) -> bool {
        self.inner.notifications_enabled()
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        self.call(LimitedApi::PutEvents, self.inner.publish_event(event)).await
    }
}

impl<W: Clock> Clock for Governed<W> {
    fn now(&self) -> SystemTime {
        self.inner.now()
    }

    fn aws_time(&self) -> SystemTime {
        self.inner.aws_time()
    }

    fn jitter_seed(&self) -> Option<u64> {
        self.inner.jitter_seed()
    }

    async fn sleep(&self, time: Duration) {
        self.inner.sleep(time).await;
    }
}
