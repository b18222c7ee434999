//! EventBridge events: who sent one, and which room understands it.

use serde_json::Value;

use super::field::{Field, TriggerError};
use super::{Trigger, TriggerKind, control_tower, organizations};
use crate::account::AccountId;
use crate::text::Untrusted;

/// A service whose events are understood: EventBridge's word for it, CloudTrail's, and the room.
struct EventSource {
    name: &'static str,
    recorded_for: &'static str,
    understand: fn(&Value, Untrusted<&str>) -> Result<Trigger, TriggerError>,
}

const SOURCES: [EventSource; 2] = [
    EventSource {
        name: "aws.organizations",
        recorded_for: "organizations.amazonaws.com",
        understand: organizations::understand,
    },
    EventSource {
        name: "aws.controltower",
        recorded_for: "controltower.amazonaws.com",
        understand: control_tower::understand,
    },
];

/// Understands an event.
///
/// Only AWS can send a source that begins with `aws.`; an event of another source may copy the shape of one and is
/// ignored rather than refused, so that a rule that lets too much through fills no dead-letter queue.
pub(super) fn understand(event: &Value) -> Result<Trigger, TriggerError> {
    let source = Field::at(event, "source").text()?;
    let detail_type = Field::at(event, "detail-type").text()?;
    // EventBridge Scheduler without an input, and a scheduled rule. The detail of the first is the text `"{}"`.
    if source.known(&["aws.scheduler", "aws.events"]).is_some() && detail_type == "Scheduled Event" {
        return Ok(Trigger::Sweep { kind: TriggerKind::Schedule, page: None });
    }
    let Some(known) = SOURCES.iter().find(|known| source == known.name) else {
        let name = Field::at(event, "detail/eventName").optional().unwrap_or(detail_type);
        return ignored(event, format!("the event `{name}` comes from `{source}`"));
    };
    let name = Field::at(event, "detail/eventName").text()?;
    let told_by = Field::at(event, "detail/eventSource").text()?;
    if told_by != known.recorded_for {
        let what = format!("the event `{name}` was recorded for `{told_by}`");
        return ignored(event, format!("{what}, not for `{}`", known.recorded_for));
    }
    (known.understand)(event, name)
}

/// An event that asks for nothing.
pub(super) fn ignored(event: &Value, reason: String) -> Result<Trigger, TriggerError> {
    Ok(Trigger::Ignored { kind: TriggerKind::OtherEvent, reason, account: account(event) })
}

/// A call that AWS refused changed nothing.
pub(super) fn refused(event: &Value, name: Untrusted<&str>) -> Option<String> {
    let code = Field::at(event, "detail/errorCode");
    code.value()?;
    let code = code.optional().unwrap_or(Untrusted::new("unknown error"));
    Some(format!("the call `{name}` was refused ({code})"))
}

/// The account that an ignored event is about, for the log; wherever events of this kind say it.
fn account(event: &Value) -> Option<AccountId> {
    const PLACES: [&str; 6] = [
        "detail/requestParameters/accountId",
        "detail/requestParameters/target/id",
        "detail/serviceEventDetails/accountId",
        "detail/serviceEventDetails/closeAccountStatus/accountId",
        "detail/serviceEventDetails/createManagedAccountStatus/account/accountId",
        "detail/serviceEventDetails/updateManagedAccountStatus/account/accountId",
    ];
    PLACES.into_iter().find_map(|place| Field::at(event, place).optional()?.parse().ok())
}
