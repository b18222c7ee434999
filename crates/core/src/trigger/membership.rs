//! Who joined the organization, and who left it.
//!
//! The inner shape of the membership events is not published in full: this file is the one place that guesses, and it
//! takes every spelling that is known of. The account's id decides; everything else is for the log.

use serde_json::Value;

use super::event::ignored;
use super::field::{Field, TriggerError};
use super::{Trigger, TriggerKind};
use crate::account::AccountId;
use crate::text::Untrusted;

/// `AccountJoinedOrganization`: created here, or invited and accepted.
pub(super) fn joined(event: &Value) -> Result<Trigger, TriggerError> {
    Ok(Trigger::AccountReady { id: member(event)?, kind: TriggerKind::AccountJoined })
}

/// `AccountDepartedOrganization`: left, removed, or cleaned up after its closure.
pub(super) fn departed(event: &Value) -> Result<Trigger, TriggerError> {
    let how = match method(event, &["departureMethod", "departedMethod"]).as_deref() {
        Some("LEFT") => "left the organization".to_owned(),
        Some("REMOVED") => "was removed from the organization".to_owned(),
        Some("CLEANED") => "was closed and is gone".to_owned(),
        Some(other) => format!("departed from the organization ({})", Untrusted::new(other)),
        None => "departed from the organization".to_owned(),
    };
    Ok(gone(member(event)?, how))
}

/// `CloseAccountResult`
pub(super) fn closed(event: &Value) -> Result<Trigger, TriggerError> {
    let state = Field::at(event, "detail/serviceEventDetails/closeAccountStatus/state").text()?;
    if state != "SUCCEEDED" {
        return ignored(event, format!("the closure of the account ended `{state}`"));
    }
    let id = Field::at(event, "detail/serviceEventDetails/closeAccountStatus/accountId").account()?;
    Ok(gone(id, "is being closed".to_owned()))
}

/// `RemoveAccountFromOrganization`, called in the management account.
pub(super) fn removed(event: &Value) -> Result<Trigger, TriggerError> {
    let id = Field::at(event, "detail/requestParameters/accountId").account()?;
    Ok(gone(id, "was removed from the organization".to_owned()))
}

/// `LeaveOrganization`, called in the account itself.
pub(super) fn left(event: &Value) -> Result<Trigger, TriggerError> {
    let id = Field::at(event, "detail/userIdentity/accountId").account()?;
    Ok(gone(id, "left the organization".to_owned()))
}

fn gone(id: AccountId, how: String) -> Trigger {
    Trigger::AccountGone { id, kind: TriggerKind::AccountDeparted, how }
}

/// The member's id: in `serviceEventDetails`, or in the one object in it.
fn member(event: &Value) -> Result<AccountId, TriggerError> {
    let plain = Field::at(event, "detail/serviceEventDetails/accountId");
    if plain.value().is_some() {
        return plain.account();
    }
    let details = Field::at(event, "detail/serviceEventDetails").value().and_then(Value::as_object);
    let inner = details.into_iter().flat_map(|details| details.values()).filter_map(Value::as_object);
    let mut ids = inner.filter_map(|inner| inner.get("accountId")?.as_str()?.parse().ok());
    ids.next().map_or_else(|| plain.account(), Ok)
}

/// The word for how it went, in capitals, under any of its names.
fn method(event: &Value, names: &[&str]) -> Option<String> {
    let details = Field::at(event, "detail/serviceEventDetails").value()?.as_object()?;
    let found = details.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
    Some(found.1.as_str()?.to_ascii_uppercase())
}
