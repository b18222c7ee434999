//! Events that need no action, with the reason and the account that they are about.

use super::field::{Field, TriggerError};
use super::kind::TriggerKind;
use super::model::Trigger;
use super::object::Object;
use crate::account::AccountId;
use crate::text::Untrusted;

/// An event that needs no action.
pub(super) fn ignored(event: &Object<'_>, reason: String) -> Result<Trigger, TriggerError> {
    Ok(Trigger::Ignored { kind: TriggerKind::OtherEvent, reason, account: account(event) })
}

/// The reason to ignore a call that failed, because it changed nothing. `None` if the call succeeded.
pub(super) fn failed_call(event: &Object<'_>, name: Untrusted<&str>) -> Option<String> {
    let code = Field::at(event, "detail/errorCode");
    code.value()?;
    let code = code.optional().unwrap_or_else(|| "unknown error".into());
    Some(format!("the call `{name}` failed ({code})"))
}

/// The account that an ignored event is about, for the log. The field depends on the event.
fn account(event: &Object<'_>) -> Option<AccountId> {
    const PATHS: [&str; 6] = [
        "detail/requestParameters/accountId",
        "detail/requestParameters/target/id",
        "detail/serviceEventDetails/accountId",
        "detail/serviceEventDetails/closeAccountStatus/accountId",
        "detail/serviceEventDetails/createManagedAccountStatus/account/accountId",
        "detail/serviceEventDetails/updateManagedAccountStatus/account/accountId",
    ];
    PATHS.into_iter().find_map(|path| Field::at(event, path).optional()?.parse().ok())
}
