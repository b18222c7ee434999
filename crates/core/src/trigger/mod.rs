//! Parses the payload of a run: an EventBridge event, a manual request such as `{"account_id": "…"}`, or a message that a
//! sweep sent to its own queue.
//!
//! The result is a [`Trigger`]: which account the payload is about, and what to do. The payload only selects the account and
//! is not trusted otherwise: membership, state and age of the account are read from AWS Organizations before anything is
//! changed, and before a departure is reported. A forged, repeated or outdated event can at most cause one more reconciliation
//! of a member account.
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
mod model;
mod organizations;
mod request;
mod sweep;

use serde_json::{Map, Value};

use crate::json;

pub use field::TriggerError;
pub use kind::TriggerKind;
pub use model::Trigger;
pub use request::{Request, RequestedAccount};

/// A trigger and the event that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedPayload {
    /// What to do.
    pub trigger: Trigger,
    /// The EventBridge event ID, for logs and role session names. `None` for manual payloads.
    pub event_id: Option<String>,
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
