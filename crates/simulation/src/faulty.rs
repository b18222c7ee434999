//! [`Faulty`] wraps a value that implements the ports and injects the faults of a [`Script`].

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::fault::Script;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::management_role::ManagementRole;
use onboarding_core::new_account::NewAccount;
use onboarding_core::observed::{ExistingRegistration, ObservedRole};
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Change, RegistrationChange};
use onboarding_core::rate::{LimitedApi, RateLimits};
use onboarding_core::record::{Record, RecordUpdate};
use onboarding_core::report::AccountEvent;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::trust_audit::LastUse;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::{
    AccountPage, AssumeRoleRequest, Clock, Creation, Directory, LeaseAttempt, ListRoles, ManageAccounts, MemberPage,
    Notifier, OutgoingMessage, Paced, Page, ParameterPage, ParameterValue, Queue, ReadIam, RecordPage, Records,
    RequestPage, RolePage, Saved, SavedTogether, Secrets, Sessions, TagPage, ThroughManagement, UnitPage, VendorApi,
    WriteIam,
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

    async fn account_tags(&self, id: &AccountId, from: Option<String>) -> Result<TagPage, ApiError> {
        self.script.play("organizations:ListTagsForResource", self.inner.account_tags(id, from)).await
    }

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.script.play("organizations:DescribeCreateAccountStatus", self.inner.account_creation(request)).await
    }

    async fn units_below(&self, parent: &UnitId, from: Option<String>) -> Result<UnitPage, ApiError> {
        self.script.play("organizations:ListOrganizationalUnitsForParent", self.inner.units_below(parent, from)).await
    }
}

impl<P: ManageAccounts> ManageAccounts for Faulty<P> {
    async fn members(&self, from: Option<String>) -> Result<MemberPage, ApiError> {
        self.script.play("organizations:ListAccounts", self.inner.members(from)).await
    }

    async fn request_account(&self, account: &NewAccount) -> Result<String, ApiError> {
        self.script.play("organizations:CreateAccount", self.inner.request_account(account)).await
    }

    async fn requests_in_progress(&self, from: Option<String>) -> Result<RequestPage, ApiError> {
        self.script.play("organizations:ListCreateAccountStatus", self.inner.requests_in_progress(from)).await
    }

    async fn parent(&self, account: &AccountId) -> Result<UnitId, ApiError> {
        self.script.play("organizations:ListParents", self.inner.parent(account)).await
    }

    async fn move_account(&self, account: &AccountId, from: &UnitId, to: &UnitId) -> Result<(), ApiError> {
        self.script.play("organizations:MoveAccount", self.inner.move_account(account, from, to)).await
    }

    async fn root(&self) -> Result<Unit, ApiError> {
        self.script.play("organizations:ListRoots", self.inner.root()).await
    }

    async fn unit(&self, id: &UnitId) -> Result<Option<Unit>, ApiError> {
        self.script.play("organizations:DescribeOrganizationalUnit", self.inner.unit(id)).await
    }
}

impl<P: ThroughManagement> ThroughManagement for Faulty<P> {
    fn through_management(self, role: &ManagementRole) -> Self {
        Self { inner: self.inner.through_management(role), ..self }
    }
}

impl<P: Sessions> Sessions for Faulty<P> {
    type Session = Faulty<P::Session>;

    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<Self::Session, ApiError> {
        let inner = self.script.play("sts:AssumeRole", self.inner.assume_role(request)).await?;
        Ok(Faulty { inner, script: self.script.clone() })
    }

    async fn own_arn(&self) -> Result<String, ApiError> {
        self.script.play("sts:GetCallerIdentity", self.inner.own_arn()).await
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

    async fn instance_profiles(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.script.play("iam:ListInstanceProfilesForRole", self.inner.instance_profiles(role, from)).await
    }
}

impl<P: ListRoles> ListRoles for Faulty<P> {
    async fn roles(&self, from: Option<String>) -> Result<RolePage, ApiError> {
        self.script.play("iam:ListRoles", self.inner.roles(from)).await
    }

    async fn last_use(&self, role: &RoleName) -> Result<LastUse, ApiError> {
        self.script.play("iam:GetRole", self.inner.last_use(role)).await
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

    async fn load_records(&self, subjects: &[&str]) -> Result<BTreeMap<String, Record>, ApiError> {
        self.script.play("dynamodb:BatchGetItem", self.inner.load_records(subjects)).await
    }

    async fn save_records(&self, updates: &[(String, RecordUpdate)]) -> Result<SavedTogether, ApiError> {
        self.script.play("dynamodb:TransactWriteItems", self.inner.save_records(updates)).await
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        self.script.play("dynamodb:GetItem", self.inner.load_record(subject)).await
    }

    async fn scan_records(&self, from: Option<String>) -> Result<RecordPage, ApiError> {
        self.script.play("dynamodb:Scan", self.inner.scan_records(from)).await
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.acquire_lease(subject, lease, now)).await
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.save_record(subject, update)).await
    }

    async fn save_handoff(&self, subject: &str, vendor: &str, done: Option<&str>) -> Result<(), ApiError> {
        self.script.play("dynamodb:UpdateItem", self.inner.save_handoff(subject, vendor, done)).await
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
    ) -> Result<Option<u64>, ApiError> {
        self.script.play(registration.call(), self.inner.register_with_vendor(access, registration)).await
    }

    async fn deregister_from_vendor(&self, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
        let call = self.inner.deregister_from_vendor(api, access, registration);
        self.script.play(api.calls().delete, call).await
    }

    async fn vendor_external_id(&self, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
        self.script.play(api.calls().external_id, self.inner.vendor_external_id(api, access)).await
    }
}

impl<P: Queue> Queue for Faulty<P> {
    async fn send_messages(&self, messages: &[OutgoingMessage]) -> Result<(), ApiError> {
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

impl<P: Paced> Paced for Faulty<P> {
    fn set_limits(&self, limits: &RateLimits) {
        self.inner.set_limits(limits);
    }

    fn throttled_attempts(&self, api: LimitedApi) -> u64 {
        self.inner.throttled_attempts(api)
    }

    async fn may_request_account(&self) {
        self.inner.may_request_account().await;
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
