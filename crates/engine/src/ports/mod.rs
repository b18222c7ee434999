//! The traits between the engine and the outside world. Reading and writing IAM are separate traits, so that code which only
//! plans cannot write.
//!
//! Each method that does I/O is one API call unless it says otherwise, and fails with an [`ApiError`].

mod http;
mod inspect;
mod list_roles;
mod manage_accounts;
mod parameter_store;
mod records;
mod try_access;

pub use http::{Http, Method, VendorRequest, VendorResponse};
pub use inspect::Inspect;
pub use list_roles::{ListRoles, RolePage};
pub use manage_accounts::{AccountRequest, ManageAccounts, Member, MemberPage, RequestPage};
pub use parameter_store::{NewParameter, ParameterSettings, ParameterStore, ParameterWrite, StoredParameter};
pub use records::{LeaseAttempt, RecordPage, Records, Saved, SavedTogether};
pub use try_access::{Profiles, TryAccess};

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::management_role::ManagementRole;
use onboarding_core::observed::{ExistingRegistration, ObservedRole};
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Change, RegistrationChange};
use onboarding_core::rate::{LimitedApi, RateLimits};
use onboarding_core::report::AccountEvent;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::targets::Tags;
use onboarding_core::vendor::{Api, ApiAccess};

/// The ports of the engine. Every value that implements them all is a `World`: in production the AWS clients, in tests and in
/// the demo a simulated organization.
pub trait World: Directory + Sessions + ThroughManagement + Secrets + Records + VendorApi + Clock + Paced {}

impl<T: Directory + Sessions + ThroughManagement + Secrets + Records + VendorApi + Clock + Paced> World for T {}

/// How fast calls are made. Only [`crate::Governed`] makes calls wait; what it wraps makes them at once.
pub trait Paced: Sync {
    /// Takes the limits of the configuration, as soon as it is read.
    fn set_limits(&self, _limits: &RateLimits) {}

    /// How many attempts of an API's calls AWS has throttled, including those that were retried within a call that then succeeded.
    fn throttled_attempts(&self, _api: LimitedApi) -> u64 {
        0
    }

    /// Waits until an account may be requested. It is the one call that does not wait for its rate: the user may interrupt the wait,
    /// and after that no account may be requested.
    fn may_request_account(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The accounts of the organization, as AWS Organizations knows them.
pub trait Directory: Sync {
    /// `organizations:DescribeAccount`; `None` if the organization has no such member.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<Option<Account>, ApiError>> + Send;

    /// `organizations:ListAccounts`, one page.
    fn accounts(&self, from: Option<String>) -> impl Future<Output = Result<AccountPage, ApiError>> + Send;

    /// `organizations:ListTagsForResource`, one page of the tags of an account in Organizations.
    fn account_tags(
        &self,
        id: &AccountId,
        from: Option<String>,
    ) -> impl Future<Output = Result<TagPage, ApiError>> + Send;

    /// `organizations:DescribeCreateAccountStatus`: the state of an account creation request. Call it at most once a second.
    fn account_creation(&self, request: &str) -> impl Future<Output = Result<Creation, ApiError>> + Send;

    /// `organizations:ListOrganizationalUnitsForParent`, one page.
    fn units_below(
        &self,
        parent: &UnitId,
        from: Option<String>,
    ) -> impl Future<Output = Result<UnitPage, ApiError>> + Send;
}

/// One page of units, and the token of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitPage {
    /// The units.
    pub units: Vec<Unit>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// One page of accounts, and the token of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountPage {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The accounts whose description is incomplete or not understood.
    pub unreadable: Vec<UnreadableAccount>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// An account of a page that cannot be read. It does not keep the others from being processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableAccount {
    /// Its ID, if that can be read.
    pub id: Option<AccountId>,
    /// The part that cannot be read.
    pub problem: String,
}

/// One page of tags, and the token of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagPage {
    /// The tags.
    pub tags: Tags,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// The state of an account creation request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// In progress.
    InProgress,
    /// Succeeded, with the ID of the new account.
    Succeeded(AccountId),
    /// Failed, with the reason that AWS gives.
    Failed(String),
    /// The organization has no such request.
    Unknown,
}

/// The parameters of `sts:AssumeRole`.
#[derive(Debug, Clone)]
pub struct AssumeRoleRequest {
    /// The ARN of the access role.
    pub role_arn: String,
    /// The session policy: the most that the session can do.
    pub policy: String,
    /// The session's name, which the account's CloudTrail shows.
    pub session_name: String,
}

/// Assumes access roles.
pub trait Sessions: Sync {
    /// A session in an account.
    type Session: ReadIam;

    /// `sts:AssumeRole` for 900 seconds, without source identity and session tags.
    fn assume_role(&self, request: &AssumeRoleRequest) -> impl Future<Output = Result<Self::Session, ApiError>> + Send;

    /// `sts:GetCallerIdentity`: the ARN of the caller, also if the calls are made through a role of the management account.
    fn own_arn(&self) -> impl Future<Output = Result<String, ApiError>> + Send;
}

/// Acts through a role of the management account.
pub trait ThroughManagement: Sized {
    /// The same, whose calls to Organizations and `sts:AssumeRole` in member accounts are made with a session of this role. The
    /// role is assumed with the first of these calls, and again before the session ends; not at all if the caller is in the
    /// management account.
    #[must_use]
    fn through_management(self, role: &ManagementRole) -> Self;
}

/// One page of a list, and the marker of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items.
    pub items: Vec<String>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// Reads the IAM of one account.
pub trait ReadIam: Send + Sync {
    /// `sts:GetCallerIdentity`: the account that the session is really in.
    fn caller_account(&self) -> impl Future<Output = Result<AccountId, ApiError>> + Send;

    /// `iam:GetRole`, without policies and attachments; `None` if there is no such role.
    fn role(&self, role: &RoleName) -> impl Future<Output = Result<Option<ObservedRole>, ApiError>> + Send;

    /// `iam:ListRolePolicies`, one page; empty when there is no such role.
    fn policy_names(
        &self,
        role: &RoleName,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page, ApiError>> + Send;

    /// `iam:GetRolePolicy`: the text of an inline policy, decoded; `None` if there is no such role or policy.
    fn policy(&self, role: &RoleName, name: &str) -> impl Future<Output = Result<Option<String>, ApiError>> + Send;

    /// `iam:ListAttachedRolePolicies`, one page of ARNs; empty when there is no such role.
    fn attached(&self, role: &RoleName, from: Option<String>) -> impl Future<Output = Result<Page, ApiError>> + Send;

    /// `iam:ListInstanceProfilesForRole`, one page of names; empty when there is no such role.
    fn instance_profiles(
        &self,
        role: &RoleName,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page, ApiError>> + Send;
}

/// Writes to the IAM of one account. Only a [`crate::TargetAccount`] gives access to it.
pub trait WriteIam: ReadIam {
    /// Executes a change, and returns the unique ID of a role that it created.
    fn execute(&self, change: &Change) -> impl Future<Output = Result<Option<RoleId>, ApiError>> + Send;
}

/// The APIs of vendors.
pub trait VendorApi: Sync {
    /// The registrations of an account with a vendor.
    fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> impl Future<Output = Result<Vec<ExistingRegistration>, ApiError>> + Send;

    /// Registers an account with a vendor, or changes its registration. Returns the ID of a registration that was made, if the
    /// response contains it.
    fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> impl Future<Output = Result<Option<u64>, ApiError>> + Send;

    /// Removes a registration. It is not an error if the vendor has no such registration.
    fn deregister_from_vendor(
        &self,
        api: Api,
        access: &ApiAccess,
        registration: u64,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// The external ID of the tenant, as the vendor returns it: not validated. `None` if the response has none.
    fn vendor_external_id(
        &self,
        api: Api,
        access: &ApiAccess,
    ) -> impl Future<Output = Result<Option<SecretString>, ApiError>> + Send;
}

/// The value of a parameter.
#[derive(Debug, Clone)]
pub struct ParameterValue {
    /// The value, decrypted.
    pub value: SecretString,
    /// How it is stored.
    pub kind: ParameterKind,
}

/// How the value of a parameter is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// One value as it is: `String`.
    Plain,
    /// Several values as they are, separated by commas: `StringList`.
    List,
    /// Encrypted: `SecureString`.
    Secure,
}

/// Where configuration, external IDs and keys are kept.
pub trait Secrets: Sync {
    /// `ssm:GetParameter`: the value, decrypted.
    fn parameter(&self, name: &str) -> impl Future<Output = Result<SecretString, ApiError>> + Send;

    /// `ssm:GetParameters`: up to ten values by name, decrypted. Parameters that do not exist are left out.
    fn parameters(
        &self,
        names: &[&str],
    ) -> impl Future<Output = Result<BTreeMap<String, ParameterValue>, ApiError>> + Send;

    /// `ssm:GetParametersByPath`: one page of the parameters below a path, on all levels. Encrypted values stay encrypted.
    fn parameters_below(
        &self,
        path: &str,
        from: Option<String>,
    ) -> impl Future<Output = Result<ParameterPage, ApiError>> + Send;
}

/// One page of parameters, and the token of the next page. A page may be empty although there is a next one.
#[derive(Debug, Clone, Default)]
pub struct ParameterPage {
    /// The names and values.
    pub parameters: Vec<(String, String)>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The body.
    pub body: String,
    /// How long it stays invisible at first: up to 15 minutes, in seconds.
    ///
    /// See `DelaySeconds` in <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
    pub delay: Duration,
}

impl From<String> for OutgoingMessage {
    /// A message that is visible at once.
    fn from(body: String) -> Self {
        Self { body, delay: Duration::ZERO }
    }
}

/// The queue of accounts to process, and its dead-letter queue.
pub trait Queue: Sync {
    /// `sqs:SendMessageBatch` with up to ten messages of a sweep: all of them, or an error. Messages of other senders are
    /// delivered before the backlog of a sweep.
    fn send_messages(&self, messages: &[OutgoingMessage]) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `sqs:ChangeMessageVisibility`: makes a received message visible again after a pause. `false` if no queue is configured.
    fn retry_message_in(&self, receipt: &str, pause: Duration) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Sends a message to the dead-letter queue, with its cause in the attributes. `false` if no such queue is configured.
    fn dead_letter_message(&self, message: &str, cause: &Cause) -> impl Future<Output = Result<bool, ApiError>> + Send;
}

/// Publishes events.
pub trait Notifier: Sync {
    /// Whether an event bus is configured.
    fn notifications_enabled(&self) -> bool;

    /// `events:PutEvents` with one event.
    fn publish_event(&self, event: &AccountEvent) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// The time, which tests and the demo simulate.
pub trait Clock: Sync {
    /// The current time, for deadlines and leases.
    fn now(&self) -> SystemTime;

    /// The current time by the clock of AWS, which issues sessions. The clock of a user's machine may differ by minutes.
    fn aws_time(&self) -> SystemTime {
        self.now()
    }

    /// The seed of the jitter of pauses, where each run has to pause in the same way; otherwise the jitter is random.
    fn jitter_seed(&self) -> Option<u64> {
        None
    }

    /// Waits for this long.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
