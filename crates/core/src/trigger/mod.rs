//! A payload: which account it is about, and what it asks for. Nothing in it is trusted.
//!
//! Events: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

mod control_tower;
mod event;
mod field;
mod manual;
mod membership;
mod organizations;
mod sweep;

use std::fmt;

use serde_json::{Map, Value};

use crate::account::AccountId;
use crate::json;
use crate::mode::Mode;

pub use field::TriggerError;

/// What a payload asks for, and the event that it came as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedPayload {
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
        kind: TriggerKind,
    },
    /// An account was asked for; Organizations knows how far it is.
    AccountRequested {
        /// The id of the request: `car-…`.
        request: String,
        /// What told it.
        kind: TriggerKind,
    },
    /// An account is no longer in the organization, or is being closed.
    AccountGone {
        /// The account.
        id: AccountId,
        /// What told it.
        kind: TriggerKind,
        /// How it went.
        how: String,
    },
    /// Every account of the organization is to be seen to.
    Sweep {
        /// What told it.
        kind: TriggerKind,
        /// Where the list of accounts goes on; from its start when there is none.
        page: Option<String>,
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
        kind: TriggerKind,
        /// Why it asks for nothing.
        reason: String,
        /// The account that it is about, where it says so.
        account: Option<AccountId>,
    },
}

/// What a payload is. The names are stable: logs, metrics and reports carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TriggerKind {
    /// Organizations ended the creation of an account.
    CreateAccountResult,
    /// Somebody called `organizations:CreateAccount` or `organizations:CreateGovCloudAccount`.
    CreateAccount,
    /// An account joined the organization: it was created, or it accepted an invitation.
    AccountJoined,
    /// An account left the organization, was removed from it, or was closed.
    AccountDeparted,
    /// Control Tower created or updated an account.
    ManagedAccount,
    /// An account was moved to another organizational unit.
    MoveAccount,
    /// The schedule.
    Schedule,
    /// A sweep goes on.
    Sweep,
    /// A payload of our own form.
    Manual,
    /// Any other event.
    OtherEvent,
}

impl TriggerKind {
    /// The name in logs, metrics and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateAccountResult => "create_account_result",
            Self::CreateAccount => "create_account",
            Self::AccountJoined => "account_joined",
            Self::AccountDeparted => "account_departed",
            Self::ManagedAccount => "managed_account",
            Self::MoveAccount => "move_account",
            Self::Schedule => "schedule",
            Self::Sweep => "sweep",
            Self::Manual => "manual",
            Self::OtherEvent => "other_event",
        }
    }
}

impl fmt::Display for TriggerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Trigger {
    /// What the payload is.
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

    /// The account that it is about, where it is known yet.
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
            Self::AccountReady { id, .. } => write!(f, "account {id} is there and is to be connected"),
            Self::AccountRequested { request, .. } => {
                write!(f, "an account is being created; Organizations knows the request `{request}`")
            }
            Self::AccountGone { id, how, .. } => write!(f, "account {id} {how}"),
            Self::Sweep { page: None, .. } => f.write_str("every account of the organization is to be seen to"),
            Self::Sweep { page: Some(_), .. } => {
                f.write_str("the rest of the organization's accounts are to be seen to")
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
pub fn parse(payload: &[u8]) -> Result<ParsedPayload, TriggerError> {
    let text = std::str::from_utf8(payload).map_err(|_| TriggerError::NotUtf8)?;
    let map = json::object(text)?;
    // What an asynchronous invocation failed with, when it is redriven; the payload that it was is inside, once.
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    match map.get("requestPayload") {
        Some(Value::Object(inner)) if map.contains_key("requestContext") => understand(inner.clone()),
        _ => understand(map),
    }
}

fn understand(map: Map<String, Value>) -> Result<ParsedPayload, TriggerError> {
    if map.contains_key("Records") {
        return Err(TriggerError::Batch);
    }
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    if has(&["detail-type", "detail", "source"]) {
        let event_id = event_id(&map);
        return Ok(ParsedPayload { trigger: event::understand(&Value::Object(map))?, event_id });
    }
    let trigger = if has(&["sweep"]) {
        sweep::understand(&Value::Object(map))?
    } else if has(&["account_id", "mode"]) {
        manual::understand(&map)?
    } else {
        return Err(TriggerError::Unknown(map.keys().next().map(|key| key.as_str().into())));
    };
    Ok(ParsedPayload { trigger, event_id: None })
}

/// The event's id, if it is fit for the name of a session.
fn event_id(event: &Map<String, Value>) -> Option<String> {
    let id = event.get("id")?.as_str()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    ((1..=64).contains(&id.len()) && id.bytes().all(allowed)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests;
