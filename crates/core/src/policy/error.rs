//! Why a policy document is not valid.

use crate::json::JsonError;

/// Why a string is not a valid policy document.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or with a duplicate key.
    #[error("the policy is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// JSON, but not an object.
    #[error("the policy is not a JSON object; it must start with `{{`")]
    NotAnObject,
    /// An element of the wrong type.
    #[error("`{element}` is not valid: expected {expected}")]
    Shape {
        /// The element, such as `Statement[1].Effect`.
        element: String,
        /// What would be valid.
        expected: String,
    },
}

impl PolicyError {
    /// The error of an element that is in another one.
    pub(super) fn within(self, outer: &str) -> Self {
        match self {
            Self::Shape { element, expected } => Self::Shape { element: format!("{outer}.{element}"), expected },
            error => error,
        }
    }
}

impl From<JsonError> for PolicyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) | JsonError::Key(error) | JsonError::TooManyValues(error) => Self::NotJson(error),
            JsonError::NotAnObject => Self::NotAnObject,
        }
    }
}
