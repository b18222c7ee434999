//! Manual payloads: `{"account_id": "444455556666", "mode": "plan"}`.

use serde_json::{Map, Value};

use super::field::{Field, TriggerError};
use super::model::Trigger;
use crate::suggestion::did_you_mean;

pub(super) const KEYS: [&str; 2] = ["account_id", "mode"];

pub(super) fn parse(map: Map<String, Value>) -> Result<Trigger, TriggerError> {
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(TriggerError::UnknownKey { key: key.as_str().into(), hint: did_you_mean(key, KEYS) });
    }
    let root = Value::Object(map);
    let field = Field::at(&root, "account_id");
    if field.value().is_none() {
        return Err(field.fail("is missing; add the account, for example `\"account_id\": \"444455556666\"`"));
    }
    let id = field.account()?;
    let mode = Field::at(&root, "mode").mode()?;
    Ok(Trigger::Manual { id, mode })
}
