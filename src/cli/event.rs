//! `onboard event`: how the function would understand a payload.

use serde_json::{Value, json};

use super::args::Format;
use super::{Exit, complain, read};
use crate::lambda::bodies;
use onboarding_core::report::paint;
use onboarding_core::trigger::{self, ParsedPayload, Trigger};

pub(super) fn event(file: &str, format: Format) -> anyhow::Result<Exit> {
    let text = read(file)?;
    let payloads = match bodies(&text).map_err(anyhow::Error::msg)? {
        Some(bodies) => bodies,
        None => vec![text],
    };
    let mut exit = Exit::Done;
    let mut shown = Vec::new();
    for (index, payload) in payloads.iter().enumerate() {
        match trigger::parse(payload.as_bytes()) {
            Ok(understood) => shown.push(understood),
            Err(error) => {
                match payloads.len() {
                    1 => complain(error),
                    _ => complain(format_args!("`Records[{index}]`: {error}")),
                }
                exit = Exit::Error;
            }
        }
    }
    for understood in &shown {
        match format {
            Format::Text => say!("{}", words(understood)),
            Format::Json => sayln!("{}", wire(understood)),
        }
    }
    Ok(exit)
}

fn words(understood: &ParsedPayload) -> String {
    let ParsedPayload { trigger, event_id } = understood;
    let mut text = String::new();
    let mut fact =
        |name: &str, value: &str| text.push_str(&format!("{}  {value}\n", paint::faint(format!("{name:<8}"))));
    fact("trigger", trigger.kind().as_str());
    if let Some(id) = trigger.account() {
        fact("account", id.as_str());
    }
    if let Some(id) = event_id {
        fact("event", id);
    }
    fact("meaning", &trigger.to_string());
    text
}

/// One JSON object a payload, on a line of its own.
fn wire(understood: &ParsedPayload) -> Value {
    let ParsedPayload { trigger, event_id } = understood;
    let (ignored, request, mode) = match trigger {
        Trigger::Ignored { reason, .. } => (Some(reason), None, None),
        Trigger::AccountRequested { request, .. } => (None, Some(request), None),
        Trigger::Manual { mode, .. } => (None, None, Some(mode)),
        Trigger::AccountReady { .. } | Trigger::AccountGone { .. } | Trigger::Sweep { .. } => (None, None, None),
    };
    json!({
        "version": 1,
        "trigger": trigger.kind().as_str(),
        "account_id": trigger.account(),
        "event_id": event_id,
        "request_id": request,
        "mode": mode,
        "ignored": ignored.is_some(),
        "reason": ignored,
    })
}
