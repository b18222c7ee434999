//! Why a policy document is not valid.

use serde_json::{Map, Value};

use crate::json::JsonError;
use crate::suggestion::did_you_mean;
use crate::text::Untrusted;

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
    /// A required element is missing.
    #[error("`{element}` is missing{hint}")]
    Missing {
        /// The element.
        element: String,
        /// What to do, with a separator in front; may be empty.
        hint: String,
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

    /// The value of an element has another type than expected.
    pub(super) fn of_type(element: impl Into<String>, expected: &str, found: &Value) -> Self {
        let expected = match intrinsic(found) {
            Some(name) => {
                format!("{expected}, and not `{}`, a CloudFormation function; write the value", Untrusted::new(name))
            }
            None => expected.to_owned(),
        };
        Self::Shape { element: element.into(), expected }
    }

    /// An element is missing in an object, which may have it in another spelling.
    pub(super) fn missing(element: impl Into<String>, name: &str, object: &Map<String, Value>) -> Self {
        let is_similar = |key: &&String| *key != name && !did_you_mean(key, [name]).is_empty();
        let hint = object.keys().find(is_similar);
        let hint = hint.map(|key| format!("; write `{}` as `{name}`", Untrusted::new(key))).unwrap_or_default();
        Self::Missing { element: element.into(), hint }
    }
}

/// The name of the CloudFormation function that a value, or the first of an array, consists of.
///
/// See <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>.
fn intrinsic(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(intrinsic),
        Value::Object(map) if map.len() == 1 => {
            let name = map.keys().next()?;
            (name == "Ref" || name.starts_with("Fn::")).then_some(name)
        }
        _ => None,
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
