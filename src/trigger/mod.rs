//! A payload: which account it is about, and what it asks for. Nothing in it is trusted.
//!
//! Events: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

mod event;
mod field;
mod manual;

use std::fmt;

use serde_json::{Map, Value};

use crate::account::{AccountId, shorten};
use crate::mode::Mode;

pub use field::TriggerError;

/// What a payload asks for, and the event that it came as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// What it asks for.
    pub trigger: Trigger,
    /// The event's id, for logs and the names of sessions; manual payloads have none.
    pub event_id: Option<String>,
}

/// What a payload asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An account is there and wants to be connected.
    AccountReady {
        /// The account.
        id: AccountId,
        /// What told it.
        kind: Kind,
    },
    /// An account was asked for; Organizations knows how far it is.
    AccountRequested {
        /// The id of the request: `car-…`.
        request: String,
        /// What told it.
        kind: Kind,
    },
    /// A person or a script asks for one account.
    Manual {
        /// The account.
        id: AccountId,
        /// Whether changes are made.
        mode: Mode,
    },
    /// Not for us.
    Ignored {
        /// What it is.
        kind: Kind,
        /// Why it asks for nothing.
        reason: String,
        /// The account that it is about, where it says so.
        account: Option<AccountId>,
    },
}

/// What a payload is. The names are stable: logs, metrics and reports carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Organizations ended the creation of an account.
    CreateAccountResult,
    /// Somebody called `organizations:CreateAccount`.
    CreateAccount,
    /// A payload of our own form.
    Manual,
    /// Any other event.
    OtherEvent,
}

impl Kind {
    /// The name in logs, metrics and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateAccountResult => "create_account_result",
            Self::CreateAccount => "create_account",
            Self::Manual => "manual",
            Self::OtherEvent => "other_event",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Trigger {
    /// What the payload is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::AccountReady { kind, .. } | Self::AccountRequested { kind, .. } | Self::Ignored { kind, .. } => *kind,
            Self::Manual { .. } => Kind::Manual,
        }
    }

    /// The account that it is about, where it is known yet.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::AccountReady { id, .. } | Self::Manual { id, .. } => Some(id),
            Self::Ignored { account, .. } => account.as_ref(),
            Self::AccountRequested { .. } => None,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountReady { id, .. } => write!(f, "account {id} is there and is to be connected"),
            Self::AccountRequested { request, .. } => {
                write!(f, "an account is being created; Organizations knows the request `{request}`")
            }
            Self::Manual { id, mode: Mode::Apply } => write!(f, "account {id} is to be connected"),
            Self::Manual { id, mode: Mode::Plan } => write!(f, "the plan of account {id} is to be shown"),
            Self::Ignored { reason, .. } => write!(f, "ignored: {reason}"),
        }
    }
}

/// Understands one payload: an EventBridge event, or `{"account_id": "…"}`.
///
/// A batch of SQS is not one payload; its bodies are.
///
/// # Errors
/// When it is neither, with what is wrong where, and what to do.
pub fn parse(payload: &[u8]) -> Result<Understood, TriggerError> {
    let text = std::str::from_utf8(payload).map_err(|_| TriggerError::NotUtf8)?;
    let value: Value = serde_json::from_str(text).map_err(|e| TriggerError::NotJson(e.to_string()))?;
    let Value::Object(map) = value else { return Err(TriggerError::NotAnObject) };
    if map.contains_key("Records") {
        return Err(TriggerError::Batch);
    }
    let is_event = ["detail-type", "detail", "source"].into_iter().any(|key| map.contains_key(key));
    let is_manual = ["account_id", "mode"].into_iter().any(|key| map.contains_key(key));
    match (is_event, is_manual) {
        (true, _) => {
            let event_id = event_id(&map);
            Ok(Understood { trigger: event::understand(&Value::Object(map))?, event_id })
        }
        (false, true) => Ok(Understood { trigger: manual::understand(&map)?, event_id: None }),
        (false, false) => Err(TriggerError::Unknown(map.keys().next().map(|key| shorten(key)))),
    }
}

/// The event's id, if it is fit for the name of a session.
fn event_id(event: &Map<String, Value>) -> Option<String> {
    let id = event.get("id")?.as_str()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    ((1..=64).contains(&id.len()) && id.bytes().all(allowed)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests;
