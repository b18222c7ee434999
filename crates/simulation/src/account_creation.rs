//! Account creation, which is asynchronous in AWS.
//!
//! `CreateAccount` returns a request id. The account appears when its creation completes, the access role appears some time
//! later, and IAM in the new account may fail with transient errors for a while after that (for example `OptInRequired`, or
//! `InvalidClientTokenId` while credentials propagate). [`AccountCreation`] sets the delay of each phase.

use std::time::{Duration, SystemTime};

use onboarding_core::account::AccountId;
use onboarding_core::role::RoleName;
use onboarding_core::time::after;

/// How the creation of an account proceeds.
#[derive(Debug, Clone, Default)]
pub struct AccountCreation {
    /// The account ID; `None` picks the next unused id from the AWS documentation.
    pub id: Option<AccountId>,
    /// How long the creation stays in progress.
    pub in_progress: Duration,
    /// The minimum number of status polls that return `IN_PROGRESS`.
    pub in_progress_polls: u32,
    /// How long after the account the access role appears.
    pub access_role_delay: Duration,
    /// The name of the access role; `None` uses the default of Organizations.
    pub access_role: Option<RoleName>,
    /// Error codes that every call of a session fails with after the access role appears, each with its duration.
    pub transient_errors: Vec<(String, Duration)>,
    /// The failure reason, if the creation fails.
    pub failure: Option<String>,
}

/// A requested account creation.
pub(super) struct PendingCreation {
    pub(super) name: String,
    /// The email, if the request had one.
    pub(super) email: Option<String>,
    pub(super) settings: AccountCreation,
    pub(super) id: Option<AccountId>,
    pub(super) started: SystemTime,
    pub(super) polls: u32,
    pub(super) done: bool,
}

impl PendingCreation {
    /// Whether the creation completes now: its time and its polls have passed.
    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        now >= after(self.started, self.settings.in_progress) && self.polls >= self.settings.in_progress_polls
    }
}
