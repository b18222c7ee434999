//! EventBridge events.

use serde_json::Value;

use super::field::{Field, TriggerError};
use super::{Kind, Trigger};
use crate::account::{AccountId, shorten};

/// Where Organizations' events come from: the first is EventBridge's word for it, the second CloudTrail's.
const SOURCE: (&str, &str) = ("aws.organizations", "organizations.amazonaws.com");

/// Understands an event.
///
/// Only AWS can send a source that begins with `aws.`; an event of another source may copy Organizations' shape and
/// is ignored rather than refused, so that a rule that lets too much through fills no dead-letter queue.
pub(super) fn understand(event: &Value) -> Result<Trigger, TriggerError> {
    let source = Field::at(event, "source").text()?;
    let detail_type = Field::at(event, "detail-type").text()?;
    let ignored = |kind, reason: String| Ok(Trigger::Ignored { kind, reason, account: account(event) });
    if source != SOURCE.0 {
        let name = Field::at(event, "detail/eventName").value().and_then(Value::as_str).unwrap_or(detail_type);
        let what = format!("the event `{}` comes from `{}`", shorten(name), shorten(source));
        return ignored(Kind::OtherEvent, format!("{what}, not from `{}`", SOURCE.0));
    }
    let name = Field::at(event, "detail/eventName").text()?;
    let told_by = Field::at(event, "detail/eventSource").text()?;
    if told_by != SOURCE.1 {
        let what = format!("the event `{}` was recorded for `{}`", shorten(name), shorten(told_by));
        return ignored(Kind::OtherEvent, format!("{what}, not for `{}`", SOURCE.1));
    }
    match name {
        "CreateAccountResult" => result(event),
        "CreateAccount" => request(event),
        "InviteAccountToOrganization" => {
            ignored(Kind::OtherEvent, "an invitation: the account is no member before it accepts".to_owned())
        }
        other => ignored(Kind::OtherEvent, format!("the event `{}` asks for nothing", shorten(other))),
    }
}

/// The creation of an account ended, well or not.
fn result(event: &Value) -> Result<Trigger, TriggerError> {
    let kind = Kind::CreateAccountResult;
    let state = Field::at(event, "detail/serviceEventDetails/createAccountStatus/state");
    match state.text()? {
        "SUCCEEDED" => {
            let id = Field::at(event, "detail/serviceEventDetails/createAccountStatus/accountId").account()?;
            Ok(Trigger::AccountReady { id, kind })
        }
        "FAILED" => {
            let reason = Field::at(event, "detail/serviceEventDetails/createAccountStatus/failureReason");
            let reason = reason.value().and_then(Value::as_str).map_or("no reason given".to_owned(), shorten);
            let reason = format!("the creation of the account failed ({reason}), so there is none");
            Ok(Trigger::Ignored { kind, reason, account: None })
        }
        other => {
            let problem = format!("is `{}`; only `SUCCEEDED` and `FAILED` are known", shorten(other));
            Err(state.fail(&problem))
        }
    }
}

/// Somebody asked for an account.
fn request(event: &Value) -> Result<Trigger, TriggerError> {
    let kind = Kind::CreateAccount;
    if let Some(code) = Field::at(event, "detail/errorCode").value() {
        let code = code.as_str().map_or("unknown error".to_owned(), shorten);
        let reason = format!("the call `CreateAccount` was refused ({code}), so no account is coming");
        return Ok(Trigger::Ignored { kind, reason, account: None });
    }
    let field = Field::at(event, "detail/responseElements/createAccountStatus/id");
    let id = field.text()?;
    if !is_request_id(id) {
        let problem = format!("`{}` is no id of a request; it begins with `car-`", shorten(id));
        return Err(field.fail(&format!("is wrong: {problem}")));
    }
    Ok(Trigger::AccountRequested { request: id.to_owned(), kind })
}

/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>.
fn is_request_id(text: &str) -> bool {
    text.strip_prefix("car-").is_some_and(|rest| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (8..=32).contains(&rest.len()) && rest.bytes().all(allowed)
    })
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
    PLACES.into_iter().find_map(|place| Field::at(event, place).value()?.as_str()?.parse().ok())
}
