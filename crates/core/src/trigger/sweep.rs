//! Our own messages: `{"sweep": {}}` asks for every account, as the schedule sends it; with a `page` it goes on where a
//! sweep before ran out of time; with an `account_id` it is about one of the accounts that a sweep found.

use serde_json::Value;

use super::field::{Field, TriggerError};
use super::{Trigger, TriggerKind};

pub(super) fn understand(root: &Value) -> Result<Trigger, TriggerError> {
    let field = Field::at(root, "sweep");
    // Who writes `mode` or `account_id` here wants less than every account, written.
    if root.as_object().is_some_and(|map| map.len() > 1) {
        return Err(field.fail("stands alone in its payload; take what is beside it out: to look only, or at one account, name the account and no sweep"));
    }
    let Some(Value::Object(map)) = field.value() else {
        return Err(field.fail("should be an object and is not; write `{\"sweep\": {}}`"));
    };
    if map.keys().any(|key| key != "page" && key != "account_id") {
        return Err(field.fail("has an unknown key; it takes `page` or `account_id`"));
    }
    if map.contains_key("account_id") {
        let id = Field::at(root, "sweep/account_id").account()?;
        return Ok(Trigger::AccountReady { id, kind: TriggerKind::Sweep });
    }
    let page = match map.get("page") {
        None | Some(Value::Null) => None,
        Some(Value::String(page)) => Some(page.clone()),
        Some(_) => return Err(Field::at(root, "sweep/page").fail("should be a text and is not; leave it out")),
    };
    Ok(Trigger::Sweep { kind: TriggerKind::Sweep, page })
}
