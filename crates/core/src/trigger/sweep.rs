//! Messages of the full sweep, which the tool sends to its own queue.
//!
//! - `{"sweep": {}}` checks every account; the schedule sends it.
//! - `{"sweep": {"page": "…"}}` continues a sweep that ran out of time.
//! - `{"sweep": {"version": 1, "accounts": […]}}` checks up to 25 accounts that a sweep found ([`super::chunk`]).
//! - `{"sweep": {"canary": true}}` checks whether the accounts of the canary have the current configuration.
//! - `{"sweep": {"account_id": "…"}}` checks one account that a sweep found. With `"mode": "plan"` its changes are only
//!   reported.

use super::chunk;
use super::field::{Field, TriggerError};
use super::kind::TriggerKind;
use super::model::Trigger;
use super::object::{Object, is_null, string};

pub(super) fn parse(root: &Object<'_>) -> Result<Trigger, TriggerError> {
    let field = Field::at(root, "sweep");
    // A sender that adds `mode` or `account_id` does not want to apply changes to every account.
    if root.keys().count() > 1 {
        return Err(field.fail("must be the only key in its payload; to plan, or to process one account, send `account_id` (and `mode`) without `sweep`"));
    }
    let Some(object) = field.value().and_then(Object::from_value) else {
        return Err(field.fail("must be an object; write `{\"sweep\": {}}`"));
    };
    if object.has("accounts") || object.has("version") {
        return chunk::parse(root, &object);
    }
    if let Some(canary) = object.get("canary") {
        let is_check = canary.get() == "true" && object.keys().count() == 1;
        let wrong = || Field::at(root, "sweep/canary").fail("must be `true`, and the only key");
        return is_check.then_some(Trigger::CanaryCheck).ok_or_else(wrong);
    }
    if object.keys().any(|key| !["page", "account_id", "mode"].contains(&key)) {
        return Err(field.fail("has an unknown key; the keys are `page`, `account_id`, `mode` and `canary`"));
    }
    let mode = Field::at(root, "sweep/mode");
    if object.has("account_id") {
        let id = Field::at(root, "sweep/account_id").account()?;
        return Ok(Trigger::SweptAccount { id, mode: mode.mode()? });
    }
    if mode.value().is_some() {
        return Err(mode.fail("is for one account; the stack parameter `Sweep` sets the mode of a whole sweep"));
    }
    let wrong_page = || Field::at(root, "sweep/page").fail("must be a string; leave it out to start over");
    let page = object.get("page").filter(|page| !is_null(page));
    let page = page.map(|page| string(page).ok_or_else(wrong_page)).transpose()?;
    Ok(Trigger::Sweep { kind: TriggerKind::Sweep, page })
}
