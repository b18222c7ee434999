//! Events of AWS Organizations.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

use serde_json::Value;

use super::event::{ignored, refused};
use super::field::{Field, TriggerError};
use super::membership;
use super::{Trigger, TriggerKind};
use crate::text::Untrusted;

/// The calls that ask for a new account.
const CREATIONS: [&str; 2] = ["CreateAccount", "CreateGovCloudAccount"];

pub(super) fn understand(event: &Value, name: Untrusted<&str>) -> Result<Trigger, TriggerError> {
    if let Some(reason) = refused(event, name) {
        return match name.known(&CREATIONS) {
            Some(_) => {
                let reason = format!("{reason}, so no account is coming");
                Ok(Trigger::Ignored { kind: TriggerKind::CreateAccount, reason, account: None })
            }
            None => ignored(event, reason),
        };
    }
    match name.raw() {
        "CreateAccountResult" => creation_ended(event),
        "CreateAccount" | "CreateGovCloudAccount" => creation_asked(event),
        "AccountJoinedOrganization" => membership::joined(event),
        "AccountDepartedOrganization" => membership::departed(event),
        "CloseAccountResult" => membership::closed(event),
        "RemoveAccountFromOrganization" => membership::removed(event),
        "LeaveOrganization" => membership::left(event),
        "MoveAccount" => {
            let id = Field::at(event, "detail/requestParameters/accountId").account()?;
            Ok(Trigger::AccountReady { id, kind: TriggerKind::MoveAccount })
        }
        "InviteAccountToOrganization" => {
            ignored(event, "an invitation: the account is no member before it accepts".to_owned())
        }
        "CloseAccount" => ignored(event, "the closure was asked for; its result comes by itself".to_owned()),
        _ => ignored(event, format!("the event `{name}` asks for nothing")),
    }
}

/// The creation of an account ended, well or not. A GovCloud account is made beside a commercial one, in an
/// organization of its own partition: here the commercial one is connected.
fn creation_ended(event: &Value) -> Result<Trigger, TriggerError> {
    let kind = TriggerKind::CreateAccountResult;
    let state = Field::at(event, "detail/serviceEventDetails/createAccountStatus/state");
    let text = state.text()?;
    match text.known(&["SUCCEEDED", "FAILED"]) {
        Some("SUCCEEDED") => {
            let id = Field::at(event, "detail/serviceEventDetails/createAccountStatus/accountId").account()?;
            Ok(Trigger::AccountReady { id, kind })
        }
        Some(_) => {
            let reason = Field::at(event, "detail/serviceEventDetails/createAccountStatus/failureReason");
            let reason = reason.optional().unwrap_or(Untrusted::new("no reason given"));
            let reason = format!("the creation of the account failed ({reason}), so there is none");
            Ok(Trigger::Ignored { kind, reason, account: None })
        }
        None => {
            let problem = format!("is `{text}`; only `SUCCEEDED` and `FAILED` are known");
            Err(state.fail(&problem))
        }
    }
}

/// Somebody asked for an account.
fn creation_asked(event: &Value) -> Result<Trigger, TriggerError> {
    let field = Field::at(event, "detail/responseElements/createAccountStatus/id");
    let id = field.text()?;
    if !is_request_id(id.raw()) {
        let problem = format!("`{id}` is no id of a request; it begins with `car-`");
        return Err(field.fail(&format!("is wrong: {problem}")));
    }
    Ok(Trigger::AccountRequested { request: id.raw().to_owned(), kind: TriggerKind::CreateAccount })
}

/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>.
fn is_request_id(text: &str) -> bool {
    text.strip_prefix("car-").is_some_and(|rest| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (8..=32).contains(&rest.len()) && rest.bytes().all(allowed)
    })
}
