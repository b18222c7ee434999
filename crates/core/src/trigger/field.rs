//! Fields of a payload, taken by their path.

use serde_json::Value;

use crate::account::AccountId;
use crate::json::JsonError;
use crate::text::Untrusted;

/// Why a payload is not understood. One sentence: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// Bytes that are no text.
    #[error("the payload is not UTF-8; send JSON")]
    NotUtf8,
    /// Text that is no JSON.
    #[error("the payload is not JSON: {0}; send an EventBridge event or `{{\"account_id\": \"111122223333\"}}`")]
    NotJson(String),
    /// A key stands twice: whoever reads it might take the other one.
    #[error("the payload is not clear: {0}; write each key once")]
    Key(String),
    /// JSON that is no object.
    #[error("the payload is not a JSON object; send an EventBridge event or `{{\"account_id\": \"111122223333\"}}`")]
    NotAnObject,
    /// Several payloads.
    #[error("this is a batch of SQS; each `body` of its `Records` is a payload by itself")]
    Batch,
    /// An object that is neither an event nor a manual payload.
    #[error(
        "the payload is no EventBridge event and has no `account_id`{}; send `{{\"account_id\": \"111122223333\"}}`",
        .0.as_ref().map(|key| format!(" (its first key is `{key}`)")).unwrap_or_default()
    )]
    Unknown(Option<Untrusted>),
    /// An unknown key of a manual payload.
    #[error("unknown key `{key}` in the payload{hint}; the keys are `account_id` and `mode`")]
    UnknownKey {
        /// The key.
        key: Untrusted,
        /// The key that was meant.
        hint: String,
    },
    /// A field that is not there, or not what it should be.
    #[error("`{path}` {problem}")]
    Field {
        /// The field.
        path: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
}

impl From<JsonError> for TriggerError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) => Self::NotJson(error.to_string()),
            JsonError::Key(error) => Self::Key(error.to_string()),
            JsonError::NotAnObject => Self::NotAnObject,
        }
    }
}

/// A payload, or a part of it, and where that part is.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    root: &'a Value,
    /// As `detail/serviceEventDetails`.
    path: &'a str,
}

impl<'a> Field<'a> {
    pub(super) fn at(root: &'a Value, path: &'a str) -> Self {
        Self { root, path }
    }

    /// The value, whatever it is; `null` counts as absent, as CloudTrail writes it.
    pub(super) fn value(self) -> Option<&'a Value> {
        self.path.split('/').try_fold(self.root, |value, key| value.as_object()?.get(key)).filter(|v| !v.is_null())
    }

    /// The string that it must be, which anybody may have written.
    pub(super) fn text(self) -> Result<Untrusted<&'a str>, TriggerError> {
        match self.value() {
            None => Err(self.fail("is missing; send the event as EventBridge delivers it")),
            Some(Value::String(text)) => Ok(Untrusted::new(text)),
            Some(_) => Err(self.fail("should be a text and is not; send the event as EventBridge delivers it")),
        }
    }

    /// The string, where it is one.
    pub(super) fn optional(self) -> Option<Untrusted<&'a str>> {
        self.value()?.as_str().map(Untrusted::new)
    }

    /// The account id that it must be.
    pub(super) fn account(self) -> Result<AccountId, TriggerError> {
        match self.value() {
            Some(Value::Number(_)) => {
                Err(self.fail("is a number; write it in quotes, for an account id can begin with 0"))
            }
            _ => self.text()?.parse::<AccountId>().map_err(|e| self.fail(&format!("is wrong: {e}"))),
        }
    }

    /// Says what is wrong with it, or with the first part of its path that is not what holds it.
    pub(super) fn fail(self, problem: &str) -> TriggerError {
        let (path, problem) = match self.broken_parent() {
            Some((path, problem)) => (path, format!("{problem}; send the event as EventBridge delivers it")),
            None => (self.path.replace('/', "."), problem.to_owned()),
        };
        TriggerError::Field { path, problem }
    }

    fn broken_parent(self) -> Option<(String, &'static str)> {
        let (parents, _) = self.path.rsplit_once('/')?;
        let mut value = self.root;
        let mut so_far: Vec<&str> = Vec::new();
        for key in parents.split('/') {
            so_far.push(key);
            value = match value.get(key) {
                None | Some(Value::Null) => return Some((so_far.join("."), "is missing")),
                Some(Value::Object(_)) => value.get(key)?,
                Some(_) => return Some((so_far.join("."), "should be an object and is not")),
            };
        }
        None
    }
}
