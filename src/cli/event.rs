//! `onboard event`: how the function would interpret a payload.

use serde_json::{Value, json};

use super::common_args::Format;
use super::exit::Exit;
use super::input::read;
use super::output::print_error;
use crate::lambda::bodies;
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::mode::Mode;
use onboarding_core::text::escaped_json;
use onboarding_core::trigger::{self, EventSubject, ParsedPayload, Trigger};

pub(super) fn event(file: &str, format: Format) -> anyhow::Result<Exit> {
    let text = read(file)?;
    // The records of a batch are numbered, because those that are not valid are missing in the output.
    let payloads: Vec<(Option<usize>, String)> = match bodies(&text).map_err(anyhow::Error::msg)? {
        Some(bodies) => bodies.into_iter().enumerate().map(|(index, body)| (Some(index), body)).collect(),
        None => vec![(None, text)],
    };
    if payloads.is_empty() {
        print_error("`Records` is empty, so that the function would do nothing; add a record");
        return Ok(Exit::Error);
    }
    let mut exit = Exit::Done;
    let mut shown = Vec::new();
    for (record, payload) in &payloads {
        match (trigger::parse(payload.as_bytes()), record) {
            (Ok(parsed), _) => shown.push((*record, parsed)),
            (Err(error), Some(index)) => {
                print_error(format_args!("`Records[{index}]`: {error}"));
                exit = Exit::Error;
            }
            (Err(error), None) => {
                print_error(error);
                exit = Exit::Error;
            }
        }
    }
    for (record, parsed) in &shown {
        match format {
            Format::Text => print_text!("{}", render(&to_lines(*record, parsed))),
            Format::Json => print_line!("{}", escaped_json(&to_json(*record, parsed).to_string())),
        }
    }
    Ok(exit)
}

fn to_lines(record: Option<usize>, parsed: &ParsedPayload) -> Vec<Line> {
    let ParsedPayload { trigger, event_id } = parsed;
    let mut lines = Vec::new();
    let mut field = |name: &str, value: &str| lines.push(Line::at(0).column(Style::Faint, name, 8).text(value));
    if let Some(index) = record {
        field("record", &format!("Records[{index}]"));
    }
    field("trigger", trigger.kind().as_str());
    if let Some(id) = trigger.account() {
        field("account", id.as_str());
    }
    if let Some(id) = event_id {
        field("event", id);
    }
    field("meaning", &trigger.to_string());
    if let Some(note) = note(trigger) {
        field("note", note);
    }
    lines
}

/// When the function only reports what it would do: see [`onboarding_core::sweep_mode`].
fn note(trigger: &Trigger) -> Option<&'static str> {
    let (Trigger::AccountReady { kind, .. } | Trigger::AccountRequested { kind, .. }) = trigger else {
        let is_applied = matches!(trigger, Trigger::SweptAccount { mode: Mode::Apply, .. } | Trigger::Sweep { .. })
            || matches!(trigger, Trigger::SweepChunk { accounts } if accounts.iter().any(|account| account.mode == Mode::Apply));
        return is_applied.then_some(REPORTED_IF_OLDER);
    };
    match kind.subject() {
        EventSubject::AnyAccount => Some(REPORTED_IF_OLDER),
        // Such an event of an account that is not new is unusual.
        EventSubject::NewAccount | EventSubject::StatesMode => None,
    }
}

const REPORTED_IF_OLDER: &str = "with `Sweep=REPORT`, the default, the changes of accounts that joined before the stack was created are only reported";

/// One JSON object per payload, each on its own line.
fn to_json(record: Option<usize>, parsed: &ParsedPayload) -> Value {
    let ParsedPayload { trigger, event_id } = parsed;
    let (ignored, request, mode) = match trigger {
        Trigger::Ignored { reason, .. } | Trigger::Unreadable { reason, .. } => (Some(reason), None, None),
        Trigger::AccountRequested { request, .. } => (None, Some(request), None),
        Trigger::Manual { mode, .. } | Trigger::SweptAccount { mode, .. } => (None, None, Some(mode)),
        Trigger::AccountReady { .. }
        | Trigger::AccountGone { .. }
        | Trigger::Sweep { .. }
        | Trigger::SweepChunk { .. }
        | Trigger::CanaryCheck => (None, None, None),
    };
    json!({
        "version": 1,
        "record": record,
        "trigger": trigger.kind().as_str(),
        "account_id": trigger.account(),
        "event_id": event_id,
        "request_id": request,
        "mode": mode,
        "ignored": ignored.is_some(),
        "reason": ignored,
    })
}
