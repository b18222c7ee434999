//! Looking, or doing.

use serde::{Deserialize, Serialize};

/// Whether changes are only shown, or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Shows what would be done.
    Plan,
    /// Does it.
    #[default]
    Apply,
}

impl Mode {
    /// The word: `plan` or `apply`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}
