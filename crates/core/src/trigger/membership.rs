//! Events about accounts that join or leave the organization.
//!
//! AWS does not document the format of the membership events in full. This module therefore accepts every known spelling
//! of a field. Only the account ID is required, see [`super::member`]; the other fields are informational. An event without
//! it is ignored with a warning: the next sweep finds an account that joined, and a dead letter would help nobody.

use serde_json::Value;

use super::field::{Field, TriggerError};
use super::ignored::ignored;
use super::kind::TriggerKind;
use super::member::member;
use super::model::Trigger;
use crate::text::Untrusted;

/// `AccountJoinedOrganization`: the account was created in the organization, or it accepted an invitation.
pub(super) fn joined(event: &Value) -> Result<Trigger, TriggerError> {
    let kind = TriggerKind::AccountJoined;
    Ok(match member(event, MEMBER) {
        Ok(id) => Trigger::AccountReady { id, kind },
        Err(problem) => unreadable(event, kind, &problem),
    })
}

/// `AccountDepartedOrganization`: the account left, was removed, or was cleaned up after its closure.
pub(super) fn departed(event: &Value) -> Result<Trigger, TriggerError> {
    let how = match method(event, &["departureMethod", "departedMethod"]).as_deref() {
        Some("LEFT") => "left the organization".to_owned(),
        Some("REMOVED") => "was removed from the organization".to_owned(),
        Some("CLEANED") => "was closed and removed from the organization".to_owned(),
        Some(other) => format!("is no longer in the organization ({})", Untrusted::new(other)),
        None => "is no longer in the organization".to_owned(),
    };
    Ok(gone(event, MEMBER, how))
}

/// `CloseAccountResult`: the closure of an account finished.
pub(super) fn closed(event: &Value) -> Result<Trigger, TriggerError> {
    // Without a state, Organizations knows whether the account is closed.
    let state = Field::at(event, "detail/serviceEventDetails/closeAccountStatus/state").optional();
    match state {
        Some(state) if state != "SUCCEEDED" => ignored(event, format!("closing the account ended in state `{state}`")),
        _ => {
            let id = "detail/serviceEventDetails/closeAccountStatus/accountId";
            Ok(gone(event, id, "is being closed".to_owned()))
        }
    }
}

/// `RemoveAccountFromOrganization`, called in the management account.
pub(super) fn removed(event: &Value) -> Result<Trigger, TriggerError> {
    Ok(gone(event, "detail/requestParameters/accountId", "was removed from the organization".to_owned()))
}

/// `LeaveOrganization`, called in the account itself.
pub(super) fn left(event: &Value) -> Result<Trigger, TriggerError> {
    // The event is recorded in the account itself, so that nothing distinguishes it from a management account.
    let caller = Field::at(event, "detail/userIdentity/accountId");
    let kind = TriggerKind::AccountDeparted;
    Ok(match caller.account() {
        Ok(id) => Trigger::AccountGone { id, kind, how: "left the organization".to_owned() },
        Err(_) => unreadable(event, kind, "names no member account"),
    })
}

/// Where the account is in the events about joining and departing.
const MEMBER: &str = "detail/serviceEventDetails/accountId";

fn gone(event: &Value, known_path: &str, how: String) -> Trigger {
    let kind = TriggerKind::AccountDeparted;
    match member(event, known_path) {
        Ok(id) => Trigger::AccountGone { id, kind, how },
        Err(problem) => unreadable(event, kind, &problem),
    }
}

fn unreadable(event: &Value, kind: TriggerKind, problem: &str) -> Trigger {
    let name = Field::at(event, "detail/eventName").optional().unwrap_or(Untrusted::new("of a member"));
    let then = match kind {
        TriggerKind::AccountJoined => "the next sweep finds the account",
        _ => "a departure is not reported",
    };
    let reason = format!("the event `{name}` {problem}; {then}");
    Trigger::Unreadable { kind, reason }
}

/// The departure method in upper case, from the first field with one of these names.
fn method(event: &Value, names: &[&str]) -> Option<String> {
    let details = Field::at(event, "detail/serviceEventDetails").value()?.as_object()?;
    let found = details.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
    Some(found.1.as_str()?.to_ascii_uppercase())
}
