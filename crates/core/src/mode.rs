//! Plan (dry run) or apply.

use serde::{Deserialize, Serialize};

/// Whether a run only shows changes or applies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Shows the changes without applying them (dry run).
    Plan,
    /// Applies the changes.
    #[default]
    Apply,
}

impl Mode {
    /// The name: `plan` or `apply`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}
