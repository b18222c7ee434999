//! What the engine asks of the world. Who only reads is given no way to write.

mod http;
mod world;

pub use http::{Http, VendorRequest, VendorResponse};
pub use world::{Ports, Whole, World};

use std::future::Future;
use std::time::Duration;

use secrecy::SecretString;

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::observed::{ExistingRegistration, ObservedRole};
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Change, RegistrationChange};
use onboarding_core::report::AccountEvent;
use onboarding_core::role::RoleName;
use onboarding_core::vendor::{Api, ApiAccess};

/// The organization's register of accounts.
pub trait Directory: Sync {
    /// Describes a member account; `None` when the organization has no such member.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<Option<Account>, ApiError>> + Send;

    /// Lists the organization's accounts, one page.
    fn accounts(&self, from: Option<String>) -> impl Future<Output = Result<AccountPage, ApiError>> + Send;

    /// Tells how far the creation of an account is; at most one request a second.
    fn creation(&self, request: &str) -> impl Future<Output = Result<Creation, ApiError>> + Send;
}

/// One page of the organization's accounts, and the marker of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPage {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// How far the creation of an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// Not done yet.
    InProgress,
    /// Done: the new account.
    Succeeded(AccountId),
    /// Given up by AWS, with its reason.
    Failed(String),
    /// No such request.
    Unknown,
}

/// A way into an account.
#[derive(Debug, Clone)]
pub struct AssumeRoleRequest {
    /// The ARN of the access role.
    pub role_arn: String,
    /// The session policy: all that the session may do.
    pub policy: String,
    /// The session's name, which the account's CloudTrail shows.
    pub session_name: String,
}

/// The way into accounts.
pub trait Sessions: Sync {
    /// What entering gives.
    type Session: ReadIam;

    /// Assumes an access role for 900 seconds, without source identity and session tags.
    fn assume_role(&self, entry: &AssumeRoleRequest) -> impl Future<Output = Result<Self::Session, ApiError>> + Send;
}

/// One page of a list, and the marker of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items.
    pub items: Vec<String>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// Reads of one account's IAM. Each method is one call.
pub trait ReadIam: Send + Sync {
    /// `sts:GetCallerIdentity`: the account that the session is really in.
    fn caller_account(&self) -> impl Future<Output = Result<AccountId, ApiError>> + Send;

    /// `iam:GetRole`, without policies and attachments; `None` when there is no such role.
    fn role(&self, role: &RoleName) -> impl Future<Output = Result<Option<ObservedRole>, ApiError>> + Send;

    /// `iam:ListRolePolicies`, one page; empty when there is no such role.
    fn policy_names(
        &self,
        role: &RoleName,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page, ApiError>> + Send;

    /// `iam:GetRolePolicy`: the text of an inline policy, decoded; `None` when there is no such role or policy.
    fn policy(&self, role: &RoleName, name: &str) -> impl Future<Output = Result<Option<String>, ApiError>> + Send;

    /// `iam:ListAttachedRolePolicies`, one page of ARNs; empty when there is no such role.
    fn attached(&self, role: &RoleName, from: Option<String>) -> impl Future<Output = Result<Page, ApiError>> + Send;
}

/// Writes to one account's IAM. Reached through a [`crate::TargetAccount`] alone.
pub trait WriteIam: ReadIam {
    /// Performs a change: one call.
    fn execute(&self, change: &Change) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// The registers of vendors. Each method is one call.
pub trait VendorApi: Sync {
    /// What a vendor has registered for an account.
    fn registered(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> impl Future<Output = Result<Vec<ExistingRegistration>, ApiError>> + Send;

    /// Tells a vendor of an account.
    fn register(
        &self,
        access: &ApiAccess,
        entry: &RegistrationChange,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// Where configuration, external IDs and keys are kept.
pub trait Secrets: Sync {
    /// The value of a parameter, decrypted.
    fn parameter(&self, name: &str) -> impl Future<Output = Result<SecretString, ApiError>> + Send;
}

/// Who is at work in which account: several events of one account, at the same moment, make the writes of one.
pub trait LeaseStore: Sync {
    /// Who claims an account, and the version of that claim.
    fn current(&self, account: &AccountId) -> impl Future<Output = Result<Option<(Lease, i64)>, ApiError>> + Send;

    /// Claims an account: where nobody does, or in place of the version of a claim that was seen. `false` where somebody
    /// else was first.
    fn try_acquire(
        &self,
        account: &AccountId,
        lease: &Lease,
        seen: Option<i64>,
    ) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Gives an account back.
    fn release(&self, account: &AccountId) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// Nobody else is there: a person at the command line.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLeases;

impl LeaseStore for NoLeases {
    async fn current(&self, _: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        Ok(None)
    }

    async fn try_acquire(&self, _: &AccountId, _: &Lease, _: Option<i64>) -> Result<bool, ApiError> {
        Ok(true)
    }

    async fn release(&self, _: &AccountId) -> Result<(), ApiError> {
        Ok(())
    }
}

/// The queue of accounts to see to, and the one of accounts that need a person.
pub trait Queue: Sync {
    /// Puts up to ten messages on the queue: all of them, or an error.
    fn send(&self, messages: &[String]) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Hides a message that was received for so many seconds from now. `false` where the queue is not known.
    fn retry_in(&self, receipt: &str, seconds: u32) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Puts a message on the dead-letter queue, with its cause beside it. `false` where there is no such queue.
    fn dead_letter(&self, message: &str, cause: &Cause) -> impl Future<Output = Result<bool, ApiError>> + Send;
}

/// Who is told how accounts ended, and what they were told.
pub trait Notifier: Sync {
    /// Whether there is anybody to tell.
    fn is_enabled(&self) -> bool;

    /// What was told last under a name: an account's id, the id of a creation, or `sweep`.
    fn load(&self, name: &str) -> impl Future<Output = Result<Option<NotificationRecord>, ApiError>> + Send;

    /// Remembers what is told. `false` where `replace` is not set and something is remembered already: another run was
    /// first.
    fn save(
        &self,
        name: &str,
        told: &NotificationRecord,
        replace: bool,
    ) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Forgets what was told.
    fn delete(&self, name: &str) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Tells.
    fn publish(&self, notice: &AccountEvent) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// Time, so that tests and the demo need not wait for it.
pub trait Clock: Sync {
    /// Seconds since 1970.
    fn now(&self) -> f64;

    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
