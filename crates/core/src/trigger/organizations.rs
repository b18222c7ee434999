//! Events of AWS Organizations.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.

use super::field::{Field, TriggerError};
use super::ignored::{failed_call, ignored};
use super::kind::TriggerKind;
use super::membership;
use super::model::Trigger;
use super::object::Object;
use crate::text::Untrusted;

/// The API calls that create an account.
const CREATIONS: [&str; 2] = ["CreateAccount", "CreateGovCloudAccount"];

pub(super) fn parse(event: &Object<'_>, name: Untrusted<&str>) -> Result<Trigger, TriggerError> {
    if let Some(reason) = failed_call(event, name) {
        return match name.known(&CREATIONS) {
            Some(_) => {
                let reason = format!("{reason}, so no account is created");
                Ok(Trigger::Ignored { kind: TriggerKind::CreateAccount, reason, account: None })
            }
            None => ignored(event, reason),
        };
    }
    match name.raw() {
        "CreateAccountResult" => creation_finished(event),
        "CreateAccount" | "CreateGovCloudAccount" => creation_requested(event),
        "AccountJoinedOrganization" => membership::joined(event),
        "AccountDepartedOrganization" => membership::departed(event),
        "CloseAccountResult" => membership::closed(event),
        "RemoveAccountFromOrganization" => membership::removed(event),
        "LeaveOrganization" => membership::left(event),
        "MoveAccount" => {
            let id = Field::at(event, "detail/requestParameters/accountId").account()?;
            Ok(Trigger::AccountReady { id, kind: TriggerKind::MoveAccount })
        }
        "TagResource" | "UntagResource" => Ok(tags_changed(event, name)),
        "InviteAccountToOrganization" => {
            ignored(event, "the account was invited and is not a member until it accepts".to_owned())
        }
        "CloseAccount" => {
            ignored(event, "the account closure was requested; its result arrives as a separate event".to_owned())
        }
        _ => ignored(event, format!("the event `{name}` needs no action")),
    }
}

/// The tags of something in the organization were changed. Only those of an account can select it as a target. AWS does not
/// document the fields of this event, so that one without a resource is reported and not an error: the next sweep finds the tags.
fn tags_changed(event: &Object<'_>, name: Untrusted<&str>) -> Trigger {
    let kind = TriggerKind::AccountTags;
    let Some(resource) = Field::at(event, "detail/requestParameters/resourceId").optional() else {
        let reason = format!("the event `{name}` names no resource; the next sweep finds the tags of the account");
        return Trigger::Unreadable { kind, reason };
    };
    match resource.parse() {
        Ok(id) => Trigger::AccountReady { id, kind },
        Err(_) => {
            let reason = format!("the tags of `{resource}` were changed, which is not an account");
            Trigger::Ignored { kind, reason, account: None }
        }
    }
}

/// The creation of an account finished, successfully or not. A GovCloud account is created together with a commercial
/// account and belongs to an organization in its own partition, so only the commercial account is onboarded here.
fn creation_finished(event: &Object<'_>) -> Result<Trigger, TriggerError> {
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
            let reason = reason.optional().unwrap_or_else(|| "no reason given".into());
            let reason = format!("the account was not created ({reason})");
            Ok(Trigger::Ignored { kind, reason, account: None })
        }
        None => {
            let problem = format!("is `{text}`; expected `SUCCEEDED` or `FAILED`");
            Err(state.fail(&problem))
        }
    }
}

/// The creation of an account was requested.
fn creation_requested(event: &Object<'_>) -> Result<Trigger, TriggerError> {
    let field = Field::at(event, "detail/responseElements/createAccountStatus/id");
    let id = field.text()?;
    if !is_request_id(id.raw()) {
        return Err(field.fail(&format!("is invalid: `{id}` is not a valid request ID; it must start with `car-`")));
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
