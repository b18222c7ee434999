//! Access to the fields of a payload by path.

use serde_json::value::RawValue;

use super::MAX_PAYLOAD;
use super::foreign::ForeignPayload;
use super::object::{Object, is_null, is_number, string};
use crate::account::AccountId;
use crate::json::{JsonError, MAX_VALUES};
use crate::mode::Mode;
use crate::text::Untrusted;

/// A payload that cannot be parsed. The message says what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// The payload is not UTF-8.
    #[error("the payload is not UTF-8; send JSON")]
    NotUtf8,
    /// The payload is not JSON.
    #[error("the payload is not JSON: {0}; send an EventBridge event or `{{\"account_id\": \"444455556666\"}}`")]
    NotJson(String),
    /// A key appears twice. JSON parsers disagree on which value to use.
    #[error("the payload is ambiguous: {0}; write each key once")]
    Key(String),
    /// The payload is JSON but not an object.
    #[error("the payload is not a JSON object; send an EventBridge event or `{{\"account_id\": \"444455556666\"}}`")]
    NotAnObject,
    /// The payload is larger than any event about an account, and was not parsed.
    #[error(
        "the payload has {0} bytes, and at most {MAX_PAYLOAD} are accepted; events about accounts have a few thousand: check what \
         sends this"
    )]
    TooLarge(usize),
    /// The payload has more values than any event about an account.
    #[error(
        "the payload has more than {MAX_VALUES} values; events about accounts have a few hundred: check what sends this"
    )]
    TooManyValues,
    /// The payload is something that AWS sends, and no event about an account.
    #[error("this is {0}")]
    Foreign(ForeignPayload),
    /// The payload is an SNS notification without an event.
    #[error(
        "this is an SNS notification, and its `Message` is not an event: {0}; send EventBridge events to the topic, or turn on \
         raw message delivery for the subscription"
    )]
    Sns(Box<TriggerError>),
    /// The payload is an SQS batch.
    #[error("this is an SQS batch; send the `body` of each of its `Records` as a separate payload")]
    Batch,
    /// The payload is neither an event nor a manual payload.
    #[error(
        "the payload is not an EventBridge event and has no `account_id`{}; send `{{\"account_id\": \"444455556666\"}}`{hint}",
        .first.as_ref().map(|key| format!(" (its first key is `{key}`)")).unwrap_or_default()
    )]
    Unknown {
        /// Its first key.
        first: Option<Untrusted>,
        /// The suggestion, or the empty string.
        hint: String,
    },
    /// A manual payload has an unknown key.
    #[error("unknown key `{key}` in the payload; the keys are `account_id` and `mode`{hint}")]
    UnknownKey {
        /// The key.
        key: Untrusted,
        /// The suggestion, or the empty string.
        hint: String,
    },
    /// A field is missing or invalid.
    #[error("`{path}` {problem}")]
    Field {
        /// The path of the field.
        path: String,
        /// The problem and what to do.
        problem: String,
    },
}

impl From<JsonError> for TriggerError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) => Self::NotJson(error.to_string()),
            JsonError::Key(error) => Self::Key(error.to_string()),
            JsonError::NotAnObject => Self::NotAnObject,
            JsonError::TooManyValues(_) => Self::TooManyValues,
        }
    }
}

/// A field of a payload, identified by its path from the root.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    root: &'a Object<'a>,
    /// Keys separated by `/`, such as `detail/serviceEventDetails`.
    path: &'a str,
}

impl<'a> Field<'a> {
    pub(super) fn at(root: &'a Object<'a>, path: &'a str) -> Self {
        Self { root, path }
    }

    /// The value of any type. `null` counts as absent, because CloudTrail writes `null` for absent objects.
    pub(super) fn value(self) -> Option<&'a RawValue> {
        self.value_or_null().filter(|value| !is_null(value))
    }

    fn value_or_null(self) -> Option<&'a RawValue> {
        let mut keys = self.path.split('/');
        let first = self.root.get(keys.next()?)?;
        keys.try_fold(first, |value, key| Object::from_value(value)?.get(key))
    }

    /// An optional `plan` or `apply`. `null` is an error, because it could have been meant as either.
    pub(super) fn mode(self) -> Result<Mode, TriggerError> {
        let Some(value) = self.value_or_null() else { return Ok(Mode::default()) };
        match string(value).as_deref() {
            Some("plan") => Ok(Mode::Plan),
            Some("apply") => Ok(Mode::Apply),
            _ => Err(self.fail("is not valid; write `plan` or `apply` (the default)")),
        }
    }

    /// A required string. It may contain anything.
    pub(super) fn text(self) -> Result<Untrusted, TriggerError> {
        let Some(value) = self.value() else {
            return Err(self.fail("is missing; send the event as EventBridge delivers it"));
        };
        let text = string(value).map(Untrusted::new);
        text.ok_or_else(|| self.fail("must be a string; send the event as EventBridge delivers it"))
    }

    /// The value, if it is a string.
    pub(super) fn optional(self) -> Option<Untrusted> {
        string(self.value()?).map(Untrusted::new)
    }

    /// A required account ID.
    pub(super) fn account(self) -> Result<AccountId, TriggerError> {
        match self.value() {
            Some(value) if is_number(value) => {
                Err(self.fail("is a number; write it in quotes, because account IDs can start with 0"))
            }
            _ => self.text()?.parse::<AccountId>().map_err(|e| self.fail(&format!("is invalid: {e}"))),
        }
    }

    /// An error for this field, or for the first parent on its path that is missing or not an object.
    pub(super) fn fail(self, problem: &str) -> TriggerError {
        let (path, problem) = match self.broken_parent() {
            Some((path, problem)) => (path, format!("{problem}; send the event as EventBridge delivers it")),
            None => (self.path.replace('/', "."), problem.to_owned()),
        };
        TriggerError::Field { path, problem }
    }

    fn broken_parent(self) -> Option<(String, &'static str)> {
        let (parents, _) = self.path.rsplit_once('/')?;
        let mut so_far = String::new();
        for key in parents.split('/') {
            so_far = if so_far.is_empty() { key.to_owned() } else { format!("{so_far}/{key}") };
            let problem = match Field::at(self.root, &so_far).value() {
                None => "is missing",
                Some(value) if Object::from_value(value).is_none() => "must be an object",
                Some(_) => continue,
            };
            return Some((so_far.replace('/', "."), problem));
        }
        None
    }
}
