//! What the configuration requires of an account, and how each of it is: for the report, the record and the audit.

use serde::Serialize;

use crate::role::RoleName;

/// Whether what is configured for a role holds in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// It exists as configured.
    Holds,
    /// It exists and differs.
    Drift,
    /// It does not exist.
    Missing,
    /// It needs attention.
    Blocked,
    /// Its targets do not select the account.
    NotSelected,
}

impl Requirement {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Holds, Self::Drift, Self::Missing, Self::Blocked, Self::NotSelected];

    /// The word: `holds`, `drift`, `missing`, `blocked` or `not_selected`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Drift => "drift",
            Self::Missing => "missing",
            Self::Blocked => "blocked",
            Self::NotSelected => "not_selected",
        }
    }
}

/// The key of the registration with a vendor for a role. The name of a role contains no slash.
#[must_use]
pub fn registration_key(role: &RoleName) -> String {
    format!("{role}/registration")
}
