//! The findings in the roles of an account.

use serde::Serialize;

use crate::account::AccountId;
use crate::outcome::Cause;
use crate::policy::ExternalIdCheck;
use crate::text::Untrusted;

/// How severe a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustSeverity {
    /// No principal outside the organization can assume the role by it.
    Info,
    /// Access as vendors recommend it.
    Low,
    /// It should be reviewed.
    Medium,
    /// Access that others may be able to use.
    High,
    /// Everyone can assume the role.
    Critical,
}

impl TrustSeverity {
    /// The word in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The section of the report to which a finding belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An account, role or user outside the organization, or everyone.
    Principal,
    /// An identity provider outside AWS.
    IdentityProvider,
    /// A principal that a policy names and that cannot assume the role.
    NoAccess,
}

/// One principal in one statement of the trust policy of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFinding {
    /// The section.
    pub kind: FindingKind,
    /// The principal, as text: `account 210987654321`, an ARN, or the issuer of an identity provider.
    pub principal: String,
    /// The account of the principal, if it has one.
    pub principal_account: Option<AccountId>,
    /// The name of the role.
    pub role: String,
    /// Its ARN.
    pub role_arn: String,
    /// The name of the statement.
    pub statement: String,
    /// Whether an external ID is required; `None` for identity providers and for those that cannot assume the role.
    pub external_id: Option<ExternalIdCheck>,
    /// Whether the principal must have used MFA.
    pub requires_mfa: bool,
    /// The conditions of the statement. External IDs are hidden.
    pub conditions: Vec<String>,
    /// The severity, if the principal is not known.
    pub severity: TrustSeverity,
    /// What can be done with the role, in a sentence.
    pub message: String,
}

/// The last use of a role, by anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastUse {
    /// At this time, such as `2026-11-01T12:00:00Z`, in this region.
    At {
        /// The time.
        time: String,
        /// The region.
        region: Option<String>,
    },
    /// Not in the period that IAM remembers, which is 400 days.
    Never,
    /// It could not be read.
    Unknown,
}

/// A trust policy that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadPolicy {
    /// The ARN of the role.
    pub role_arn: String,
    /// The problem.
    pub problem: String,
}

/// The roles of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTrust {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// How many roles were read.
    pub roles: usize,
    /// The findings, each with the last use of its role.
    pub findings: Vec<(RoleFinding, LastUse)>,
    /// The trust policies that cannot be read.
    pub unread: Vec<UnreadPolicy>,
}

/// An account whose roles could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadAccount {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// The reason, and what to do.
    pub cause: Cause,
}
