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

mod chunk;
mod control_tower;
mod event;
mod field;
mod foreign;
mod ignored;
mod kind;
mod listed_account;
mod manual;
mod member;
mod membership;
mod model;
mod object;
mod organizations;
mod parameter;
mod request;
mod sweep;

use crate::suggestion::did_you_mean;
use foreign::foreign_payload;
use object::{Object, string};

pub use chunk::{CHUNK, account_message, chunk_messages};
pub use field::TriggerError;
pub use foreign::{ForeignPayload, foreign_record};
pub use kind::{EventSubject, TriggerKind};
pub use listed_account::ListedAccount;
pub use model::Trigger;
pub use request::{Request, RequestedAccount};

/// The maximum length of a payload, in bytes. EventBridge delivers events of up to 256 KiB, and those about accounts have a
/// few thousand bytes. A longer payload is not parsed.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>.
pub const MAX_PAYLOAD: usize = 256 << 10;

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
    let object = read(payload)?;
    match sns_message(&object) {
        Some(message) => parse_record(read(message?.as_bytes()).map_err(in_sns)?).map_err(in_sns),
        None => parse_record(object),
    }
}

/// Reads a payload, if it is not too large.
fn read(payload: &[u8]) -> Result<Object<'_>, TriggerError> {
    if payload.len() > MAX_PAYLOAD {
        return Err(TriggerError::TooLarge(payload.len()));
    }
    let text = std::str::from_utf8(payload).map_err(|_| TriggerError::NotUtf8)?;
    Ok(Object::parse(without_byte_order_mark(text))?)
}

/// The text without the byte order mark that some editors and PowerShell write in front of UTF-8.
#[must_use]
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The message of an SNS notification, which SNS delivers inside an envelope unless raw message delivery is on.
///
/// See <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>.
fn sns_message(payload: &Object<'_>) -> Option<Result<String, TriggerError>> {
    payload.get("TopicArn")?;
    let message = string(payload.get("Message")?)?;
    let is_notification = payload.get("Type").is_none_or(|kind| string(kind).as_deref() == Some("Notification"));
    Some(if is_notification { Ok(message) } else { Err(TriggerError::Foreign(ForeignPayload::SnsControl)) })
}

fn in_sns(error: TriggerError) -> TriggerError {
    TriggerError::Sns(Box::new(error))
}

/// Parses a payload, or the original payload in the record of a failed asynchronous invocation, which a redrive sends.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
fn parse_record(record: Object<'_>) -> Result<ParsedPayload, TriggerError> {
    let inner = record.get("requestPayload").filter(|_| record.has("requestContext"));
    parse_object(&inner.and_then(Object::from_value).unwrap_or(record))
}

fn parse_object(payload: &Object<'_>) -> Result<ParsedPayload, TriggerError> {
    if let Some(foreign) = foreign_payload(payload) {
        return Err(TriggerError::Foreign(foreign));
    }
    if payload.has("Records") {
        return Err(TriggerError::Batch);
    }
    let has = |keys: &[&str]| keys.iter().any(|key| payload.has(key));
    if has(&["detail-type", "detail", "source"]) {
        return Ok(ParsedPayload { trigger: event::parse(payload)?, event_id: event_id(payload) });
    }
    let trigger = if has(&["sweep"]) {
        sweep::parse(payload)?
    } else if has(&["account_id", "mode"]) {
        manual::parse(payload)?
    } else {
        let first = payload.keys().next().map(Into::into);
        let mut hints = payload.keys().take(20).map(|key| did_you_mean(key, manual::KEYS));
        let hint = hints.find(|hint| !hint.is_empty()).unwrap_or_default();
        return Err(TriggerError::Unknown { first, hint });
    };
    Ok(ParsedPayload { trigger, event_id: None })
}

/// The event ID, if it is valid as part of a role session name.
fn event_id(event: &Object<'_>) -> Option<String> {
    let id = string(event.get("id")?)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    ((1..=64).contains(&id.len()) && id.bytes().all(allowed)).then_some(id)
}

#[cfg(test)]
mod tests;
