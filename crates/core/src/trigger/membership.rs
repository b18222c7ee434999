//! Events about accounts that join or leave the organization.
//!
//! AWS does not document the format of the membership events in full. This module therefore accepts every known spelling
//! of a field. Only the account ID is required, see [`super::member`]; the other fields are informational. An event without
//! it is ignored with a warning: the next sweep finds an account that joined, and a dead letter would be of no use.

use super::field::{Field, TriggerError};
use super::ignored::ignored;
use super::kind::TriggerKind;
use super::member::member;
use super::model::Trigger;
use super::object::{Object, string};
use crate::text::Untrusted;

/// `AccountJoinedOrganization`: the account was created in the organization, or it accepted an invitation.
pub(super) fn joined(event: &Object<'_>) -> Result<Trigger, TriggerError> {
    let kind = TriggerKind::AccountJoined;
    Ok(match member(event, MEMBER) {
        Ok(id) => Trigger::AccountReady { id, kind },
        Err(problem) => unreadable(event, kind, &problem),
    })
}

/// `AccountDepartedOrganization`: the account left, was removed, or was cleaned up after its closure.
pub(super) fn departed(event: &Object<'_>) -> Result<Trigger, TriggerError> {
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
pub(super) fn closed(event: &Object<'_>) -> Result<Trigger, TriggerError> {
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
pub(super) fn removed(event: &Object<'_>) -> Result<Trigger, TriggerError> {
    Ok(gone(event, "detail/requestParameters/accountId", "was removed from the organization".to_owned()))
}

/// `LeaveOrganization`, called in the account itself.
pub(super) fn left(event: &Object<'_>) -> Result<Trigger, TriggerError> {
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

fn gone(event: &Object<'_>, known_path: &str, how: String) -> Trigger {
    let kind = TriggerKind::AccountDeparted;
    match member(event, known_path) {
        Ok(id) => Trigger::AccountGone { id, kind, how },
        Err(problem) => unreadable(event, kind, &problem),
    }
}

fn unreadable(event: &Object<'_>, kind: TriggerKind, problem: &str) -> Trigger {
    let name = Field::at(event, "detail/eventName").optional().unwrap_or_else(|| "of a member".into());
    let then = match kind {
        TriggerKind::AccountJoined => "the next sweep finds the account",
        _ => "a departure is not reported",
    };
    let reason = format!("the event `{name}` {problem}; {then}");
    Trigger::Unreadable { kind, reason }
}

/// The departure method in upper case, from the first field with one of these names.
fn method(event: &Object<'_>, names: &[&str]) -> Option<String> {
    let details = Object::from_value(Field::at(event, "detail/serviceEventDetails").value()?)?;
    let (_, found) = details.entries().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
    Some(string(found)?.to_ascii_uppercase())
}
