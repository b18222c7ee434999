//! Parses the payload of a run: an EventBridge event, a manual request such as `{"account_id": "…"}`, or a message that a
//! sweep sent to its own queue.
//!
//! The result is a [`Trigger`]: which account the payload is about, and what to do. The payload only selects the account and
//! is not trusted otherwise: membership, state and age of the account are read from AWS Organizations before anything is
//! changed. A forged, repeated or outdated event can at most cause one more reconciliation of a member account.
//!
//! Events that need no action are [`Trigger::Ignored`], not errors, so that an EventBridge rule that matches too much does
//! not fill the dead-letter queue. A payload that should be processed but has missing or invalid fields is a
//! [`TriggerError`].
//!
//! Event format: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

mod control_tower;
mod event;
mod field;
mod ignored;
mod kind;
mod manual;
mod membership;
mod organizations;
mod request;
mod sweep;

use std::fmt;

use serde_json::{Map, Value};

use crate::account::AccountId;
use crate::json;
use crate::mode::Mode;

pub use field::TriggerError;
pub use kind::TriggerKind;
pub use request::{Request, RequestedAccount};

/// A trigger and the event that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedPayload {
    /// What to do.
    pub trigger: Trigger,
    /// The EventBridge event ID, for logs and role session names. `None` for manual payloads.
    pub event_id: Option<String>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An account exists and should be onboarded.
    AccountReady {
        /// The account.
        id: AccountId,
        /// The kind of event.
        kind: TriggerKind,
    },
    /// The creation of an account was requested. Organizations reports its progress.
    AccountRequested {
        /// The ID of the request: `car-…`.
        request: String,
        /// The kind of event.
        kind: TriggerKind,
    },
    /// An account is no longer in the organization, or is being closed.
    AccountGone {
        /// The account.
        id: AccountId,
        /// The kind of event.
        kind: TriggerKind,
        /// How it left, as the end of a sentence: `left the organization`.
        how: String,
    },
    /// Every account of the organization should be checked.
    Sweep {
        /// The kind of event.
        kind: TriggerKind,
        /// The pagination token at which the list of accounts continues. `None` starts at the beginning.
        page: Option<String>,
    },
    /// A person or a script requested a run for one account.
    Manual {
        /// The account.
        id: AccountId,
        /// Whether to apply changes or only show them.
        mode: Mode,
    },
    /// The payload needs no action.
    Ignored {
        /// The kind of event.
        kind: TriggerKind,
        /// Why it needs no action.
        reason: String,
        /// The account that it is about, if the event names one.
        account: Option<AccountId>,
    },
}

impl Trigger {
    /// The kind of payload.
    #[must_use]
    pub fn kind(&self) -> TriggerKind {
        match self {
            Self::AccountReady { kind, .. }
            | Self::AccountRequested { kind, .. }
            | Self::AccountGone { kind, .. }
            | Self::Sweep { kind, .. }
            | Self::Ignored { kind, .. } => *kind,
            Self::Manual { .. } => TriggerKind::Manual,
        }
    }

    /// The account that it is about, if it is known already.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::AccountReady { id, .. } | Self::AccountGone { id, .. } | Self::Manual { id, .. } => Some(id),
            Self::Ignored { account, .. } => account.as_ref(),
            Self::AccountRequested { .. } | Self::Sweep { .. } => None,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountReady { id, .. } => write!(f, "will onboard account {id}"),
            Self::AccountRequested { request, .. } => {
                write!(f, "will onboard the account of creation request `{request}` once it exists")
            }
            Self::AccountGone { id, how, .. } => write!(f, "account {id} {how}"),
            Self::Sweep { page: None, .. } => f.write_str("will check every account of the organization"),
            Self::Sweep { page: Some(_), .. } => f.write_str("will check the remaining accounts of the organization"),
            Self::Manual { id, mode: Mode::Apply } => write!(f, "will onboard account {id}"),
            Self::Manual { id, mode: Mode::Plan } => write!(f, "will show the plan for account {id}"),
            Self::Ignored { reason, .. } => write!(f, "ignored: {reason}"),
        }
    }
}

/// Parses one payload: an EventBridge event, `{"account_id": "…"}` or `{"sweep": {}}`.
///
/// An SQS batch is not a payload; call this function for the body of each record.
///
/// # Errors
/// If it is none of these. The error names the field and says what to do.
pub fn parse(payload: &[u8]) -> Result<ParsedPayload, TriggerError> {
    let text = std::str::from_utf8(payload).map_err(|_| TriggerError::NotUtf8)?;
    let map = json::object(text)?;
    // The record of a failed asynchronous invocation, sent again by a redrive. It contains the original payload once.
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    match map.get("requestPayload") {
        Some(Value::Object(inner)) if map.contains_key("requestContext") => parse_object(inner.clone()),
        _ => parse_object(map),
    }
}

fn parse_object(map: Map<String, Value>) -> Result<ParsedPayload, TriggerError> {
    if map.contains_key("Records") {
        return Err(TriggerError::Batch);
    }
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    if has(&["detail-type", "detail", "source"]) {
        let event_id = event_id(&map);
        return Ok(ParsedPayload { trigger: event::parse(&Value::Object(map))?, event_id });
    }
    let trigger = if has(&["sweep"]) {
        sweep::parse(&Value::Object(map))?
    } else if has(&["account_id", "mode"]) {
        manual::parse(&map)?
    } else {
        return Err(TriggerError::Unknown(map.keys().next().map(|key| key.as_str().into())));
    };
    Ok(ParsedPayload { trigger, event_id: None })
}

/// The event ID, if it is valid as part of a role session name.
fn event_id(event: &Map<String, Value>) -> Option<String> {
    let id = event.get("id")?.as_str()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    ((1..=64).contains(&id.len()) && id.bytes().all(allowed)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests;
