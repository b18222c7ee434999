//! The port of `onboard audit --trust`: the trust policies of all roles of an account, and when a role was last used.

use std::future::Future;

use onboarding_core::error::ApiError;
use onboarding_core::role::RoleName;
use onboarding_core::trust_audit::{LastUse, ListedRole};

/// One page of roles, and the marker of the next page.
#[derive(Debug, Clone, Default)]
pub struct RolePage {
    /// The roles.
    pub roles: Vec<ListedRole>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// Reads the roles of one account. Nothing here writes.
pub trait ListRoles: Send + Sync {
    /// `iam:ListRoles`, one page, with the trust policies.
    fn roles(&self, from: Option<String>) -> impl Future<Output = Result<RolePage, ApiError>> + Send;

    /// `iam:GetRole`: when the role was last used, which `iam:ListRoles` does not return. `LastUse::Unknown` if there is no such
    /// role any more.
    fn last_use(&self, role: &RoleName) -> impl Future<Output = Result<LastUse, ApiError>> + Send;
}
