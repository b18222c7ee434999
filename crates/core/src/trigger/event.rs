//! EventBridge events: selects the parser by event source.

use super::field::{Field, TriggerError};
use super::ignored::ignored;
use super::kind::TriggerKind;
use super::model::Trigger;
use super::object::Object;
use super::{control_tower, organizations, parameter};
use crate::text::Untrusted;

/// A service whose events are parsed: `source` in EventBridge, `detail.eventSource` in CloudTrail, and the parser.
struct EventSource {
    name: &'static str,
    event_source: &'static str,
    parse: fn(&Object<'_>, Untrusted<&str>) -> Result<Trigger, TriggerError>,
}

const SOURCES: [EventSource; 2] = [
    EventSource { name: "aws.organizations", event_source: "organizations.amazonaws.com", parse: organizations::parse },
    EventSource { name: "aws.controltower", event_source: "controltower.amazonaws.com", parse: control_tower::parse },
];

/// Parses an event.
///
/// Only AWS can send events whose source starts with `aws.`. Events of any other source, which may imitate the format, are
/// ignored and not an error, so that a rule that matches too much does not fill the dead-letter queue.
pub(super) fn parse(event: &Object<'_>) -> Result<Trigger, TriggerError> {
    let source = Field::at(event, "source").text()?;
    let detail_type = Field::at(event, "detail-type").text()?;
    // EventBridge Scheduler without an input, and a scheduled rule. The detail of the former is the string `"{}"`.
    if source.known(&["aws.scheduler", "aws.events"]).is_some() && detail_type == "Scheduled Event" {
        return Ok(Trigger::Sweep { kind: TriggerKind::Schedule, page: None });
    }
    if source == "aws.ssm" && detail_type == "Parameter Store Change" {
        return parameter::parse(event);
    }
    let Some(known) = SOURCES.iter().find(|known| source == known.name) else {
        let name = Field::at(event, "detail/eventName").optional().unwrap_or(detail_type);
        return ignored(event, format!("the event `{name}` has the source `{source}`, which is not handled"));
    };
    let name = Field::at(event, "detail/eventName").text()?;
    let recorded_source = Field::at(event, "detail/eventSource").text()?;
    if recorded_source != known.event_source {
        let what = format!("the event `{name}` has the event source `{recorded_source}`");
        return ignored(event, format!("{what} instead of `{}`", known.event_source));
    }
    (known.parse)(event, Untrusted::new(name.raw()))
}
