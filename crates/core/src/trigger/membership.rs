//! Events about accounts that join or leave the organization.
//!
//! AWS does not document the format of the membership events in full. This module therefore accepts every known spelling
//! of a field. Only the account ID is required; the other fields are informational.

use serde_json::Value;

use super::field::{Field, TriggerError};
use super::ignored::ignored;
use super::kind::TriggerKind;
use super::model::Trigger;
use crate::account::AccountId;
use crate::text::Untrusted;

/// `AccountJoinedOrganization`: the account was created in the organization, or it accepted an invitation.
pub(super) fn joined(event: &Value) -> Result<Trigger, TriggerError> {
    Ok(Trigger::AccountReady { id: member(event)?, kind: TriggerKind::AccountJoined })
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
    Ok(gone(member(event)?, how))
}

/// `CloseAccountResult`: the closure of an account finished.
pub(super) fn closed(event: &Value) -> Result<Trigger, TriggerError> {
    let state = Field::at(event, "detail/serviceEventDetails/closeAccountStatus/state").text()?;
    if state != "SUCCEEDED" {
        return ignored(event, format!("closing the account ended in state `{state}`"));
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

/// The account ID: in `serviceEventDetails`, or in an object inside it.
fn member(event: &Value) -> Result<AccountId, TriggerError> {
    let direct = Field::at(event, "detail/serviceEventDetails/accountId");
    if direct.value().is_some() {
        return direct.account();
    }
    let details = Field::at(event, "detail/serviceEventDetails").value().and_then(Value::as_object);
    let inner = details.into_iter().flat_map(|details| details.values()).filter_map(Value::as_object);
    let mut ids = inner.filter_map(|inner| inner.get("accountId")?.as_str()?.parse().ok());
    ids.next().map_or_else(|| direct.account(), Ok)
}

/// The departure method in upper case, from the first field with one of these names.
fn method(event: &Value, names: &[&str]) -> Option<String> {
    let details = Field::at(event, "detail/serviceEventDetails").value()?.as_object()?;
    let found = details.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
    Some(found.1.as_str()?.to_ascii_uppercase())
}
