//! Events of AWS Organizations.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

use serde_json::Value;

use super::event::{ignored, refused};
use super::field::{Field, TriggerError};
use super::membership;
use super::{Kind, Trigger};
use crate::account::shorten;

pub(super) fn understand(event: &Value, name: &str) -> Result<Trigger, TriggerError> {
    if let Some(reason) = refused(event, name) {
        return match name {
            "CreateAccount" | "CreateGovCloudAccount" => {
                let reason = format!("{reason}, so no account is coming");
                Ok(Trigger::Ignored { kind: Kind::CreateAccount, reason, account: None })
            }
            _ => ignored(event, reason),
        };
    }
    match name {
        "CreateAccountResult" => creation_ended(event),
        "CreateAccount" | "CreateGovCloudAccount" => creation_asked(event),
        "AccountJoinedOrganization" => membership::joined(event),
        "AccountDepartedOrganization" => membership::departed(event),
        "CloseAccountResult" => membership::closed(event),
        "RemoveAccountFromOrganization" => membership::removed(event),
        "LeaveOrganization" => membership::left(event),
        "MoveAccount" => {
            let id = Field::at(event, "detail/requestParameters/accountId").account()?;
            Ok(Trigger::AccountReady { id, kind: Kind::MoveAccount })
        }
        "InviteAccountToOrganization" => {
            ignored(event, "an invitation: the account is no member before it accepts".to_owned())
        }
        "CloseAccount" => ignored(event, "the closure was asked for; its result comes by itself".to_owned()),
        other => ignored(event, format!("the event `{}` asks for nothing", shorten(other))),
    }
}

/// The creation of an account ended, well or not. A GovCloud account is made beside a commercial one, in an
/// organization of its own partition: here the commercial one is connected.
fn creation_ended(event: &Value) -> Result<Trigger, TriggerError> {
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
fn creation_asked(event: &Value) -> Result<Trigger, TriggerError> {
    let field = Field::at(event, "detail/responseElements/createAccountStatus/id");
    let id = field.text()?;
    if !is_request_id(id) {
        let problem = format!("`{}` is no id of a request; it begins with `car-`", shorten(id));
        return Err(field.fail(&format!("is wrong: {problem}")));
    }
    Ok(Trigger::AccountRequested { request: id.to_owned(), kind: Kind::CreateAccount })
}

/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>.
fn is_request_id(text: &str) -> bool {
    text.strip_prefix("car-").is_some_and(|rest| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (8..=32).contains(&rest.len()) && rest.bytes().all(allowed)
    })
}
