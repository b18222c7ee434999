//! Chunks: messages by which a sweep passes on up to 25 accounts, each with what `ListAccounts` returned about it.
//!
//! ```json
//! {"sweep": {"version": 1, "accounts": [
//!   {"id": "444455556666", "name": "payments-dev", "joined_at": 1790000000, "joined": "CREATED",
//!    "path": "o-exampleorg1/r-ab12/ou-ab12-cdef3456/444455556666/", "mode": "plan"}]}}
//! ```
//!
//! Only active accounts are in a chunk. `joined_at` (seconds since 1970), `joined`, `path` and `mode` may be absent. With
//! `"mode": "plan"` the changes of the account are only reported.
//!
//! Anyone who may send to the queue can write such a message, so that nothing in it is trusted: the facts about an account are
//! good for one look with a session that can only read, and they count only if the account's record says the same
//! ([`ListedAccount::is_confirmed_by`]). In any other case, `DescribeAccount` is called before anything is published,
//! recorded or changed. The management account and the partition are not part of the message for this reason.
//!
//! A message is read strictly, and [`ListedAccount::new`] makes only what is read again: an account that does not fit gets a
//! message of its own.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::field::{Field, TriggerError};
use super::listed_account::{ListedAccount, is_name, is_path, seconds};
use super::model::Trigger;
use super::object::{Object, string};
use crate::account::{AccountId, JoinMethod};
use crate::mode::Mode;
use crate::time::unix_seconds;

/// The maximum number of accounts in a chunk. With names and paths of their greatest length, a chunk has a few kilobytes.
pub const CHUNK: usize = 25;

/// The version of the format.
const VERSION: &str = "1";

/// The messages with these accounts.
#[must_use]
pub fn chunk_messages(accounts: &[ListedAccount]) -> Vec<String> {
    let message = |chunk: &[ListedAccount]| {
        let accounts: Vec<_> = chunk.iter().map(to_json).collect();
        json!({"sweep": {"version": 1, "accounts": accounts}}).to_string()
    };
    accounts.chunks(CHUNK).map(message).collect()
}

fn to_json(account: &ListedAccount) -> Value {
    let mut fields = serde_json::Map::new();
    let mut set = |key: &str, value: Value| _ = fields.insert(key.to_owned(), value);
    set("id", json!(account.id));
    set("name", json!(account.name.raw()));
    if let Some(joined_at) = account.joined_at {
        set("joined_at", json!(unix_seconds(joined_at)));
    }
    if let Some(joined) = account.joined.as_wire() {
        set("joined", json!(joined));
    }
    if let Some(path) = &account.ou_path {
        set("path", json!(path));
    }
    if account.mode == Mode::Plan {
        set("mode", json!(account.mode));
    }
    Value::Object(fields)
}

/// The message of one account, without what is known about it.
#[must_use]
pub fn account_message(id: &AccountId, mode: Mode) -> String {
    match mode {
        Mode::Apply => json!({"sweep": {"account_id": id}}),
        Mode::Plan => json!({"sweep": {"account_id": id, "mode": mode}}),
    }
    .to_string()
}

/// Parses a chunk: the object in `sweep`.
pub(super) fn parse(root: &Object<'_>, object: &Object<'_>) -> Result<Trigger, TriggerError> {
    let accounts = Field::at(root, "sweep/accounts");
    if object.keys().any(|key| !["version", "accounts"].contains(&key)) {
        return Err(accounts.fail("must not be next to other keys than `version`"));
    }
    if object.get("version").map(RawValue::get) != Some(VERSION) {
        let problem = "is not 1: another version of this tool sent the message; deploy the newest version, then send \
                       `{\"sweep\": {}}`";
        return Err(Field::at(root, "sweep/version").fail(problem));
    }
    let values: Option<Vec<&RawValue>> = accounts.value().and_then(|value| serde_json::from_str(value.get()).ok());
    let values = values.filter(|values| (1..=CHUNK).contains(&values.len()));
    let values = values.ok_or_else(|| accounts.fail("must be an array of 1 to 25 accounts"))?;
    let listed = values.iter().enumerate().map(|(index, value)| {
        listed_account(value)
            .map_err(|problem| accounts.fail(&format!("has an invalid account at index {index}: {problem}")))
    });
    let listed = listed.collect::<Result<Vec<_>, _>>()?;
    let ids: BTreeSet<_> = listed.iter().map(|account| &account.id).collect();
    if ids.len() < listed.len() {
        return Err(accounts.fail("contains an account twice"));
    }
    Ok(Trigger::SweepChunk { accounts: listed })
}

fn listed_account(value: &RawValue) -> Result<ListedAccount, String> {
    const KEYS: [&str; 6] = ["id", "name", "joined_at", "joined", "path", "mode"];
    let account = Object::from_value(value).ok_or("it is not an object")?;
    if account.keys().any(|key| !KEYS.contains(&key)) {
        return Err(format!("it has an unknown key; the keys are {}", KEYS.map(|key| format!("`{key}`")).join(", ")));
    }
    let text = |key: &str| match account.get(key) {
        Some(value) => string(value).map(Some).ok_or_else(|| format!("`{key}` is not a string")),
        None => Ok(None),
    };
    let id = text("id")?.ok_or("`id` is missing")?;
    let id: AccountId = id.parse().map_err(|error| format!("`id` is invalid: {error}"))?;
    let name = text("name")?.filter(|name| is_name(name)).ok_or("`name` is missing or too long")?;
    let joined_at = match account.get("joined_at") {
        Some(value) => Some(value.get().parse().ok().and_then(seconds).ok_or("`joined_at` is not a time")?),
        None => None,
    };
    let joined = match text("joined")? {
        Some(joined) => match JoinMethod::from_wire(Some(&joined)) {
            JoinMethod::Unknown => return Err("`joined` is neither `CREATED` nor `INVITED`".to_owned()),
            known => known,
        },
        None => JoinMethod::Unknown,
    };
    let ou_path = text("path")?;
    if ou_path.as_deref().is_some_and(|path| !is_path(path, &id)) {
        return Err("`path` is not a path of this account".to_owned());
    }
    let mode = match text("mode")?.as_deref() {
        None => Mode::Apply,
        Some("plan") => Mode::Plan,
        Some(_) => return Err("`mode` is not `plan`".to_owned()),
    };
    Ok(ListedAccount { id, name: name.into(), joined_at, joined, ou_path, mode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::listed_account::LONGEST_NAME;
    use crate::trigger::listed_account::tests::listed;
    use crate::trigger::parse;

    fn parsed(message: &str) -> Result<Trigger, String> {
        parse(message.as_bytes()).map(|parsed| parsed.trigger).map_err(|error| error.to_string())
    }

    #[test]
    fn chunk_is_read_as_it_was_written() {
        let bare = ListedAccount {
            joined_at: None,
            joined: JoinMethod::Unknown,
            ou_path: None,
            mode: Mode::Apply,
            ..listed()
        };
        for account in [listed(), bare] {
            let messages = chunk_messages(std::slice::from_ref(&account));
            assert_eq!(messages.len(), 1);
            assert_eq!(parsed(&messages[0]), Ok(Trigger::SweepChunk { accounts: vec![account] }));
        }
        insta::assert_snapshot!(chunk_messages(&[listed()])[0], @r#"{"sweep":{"version":1,"accounts":[{"id":"444455556666","name":"payments \"dev\" é","joined_at":1790000000,"joined":"CREATED","path":"o-exampleorg1/r-ab12/ou-ab12-cdef3456/444455556666/","mode":"plan"}]}}"#);
    }

    #[test]
    fn accounts_are_divided_into_chunks_that_fit_into_a_message() {
        let account = |index: usize| {
            let id: AccountId = format!("{index:012}").parse().unwrap();
            let units = format!("ou-{}-{}/", "a".repeat(32), "b".repeat(32)).repeat(5);
            let ou_path = Some(format!("o-{}/r-{}/{units}{id}/", "a".repeat(32), "b".repeat(32)));
            ListedAccount { id, ou_path, name: "\u{1f600}".repeat(LONGEST_NAME).into(), ..listed() }
        };
        let accounts: Vec<_> = (0..51).map(account).collect();
        let messages = chunk_messages(&accounts);
        let read: Vec<_> = messages.iter().map(|message| parsed(message).unwrap()).collect();
        let read = read.into_iter().flat_map(|trigger| match trigger {
            Trigger::SweepChunk { accounts } => accounts,
            other => panic!("{other}"),
        });
        assert_eq!(read.collect::<Vec<_>>(), accounts);
        assert_eq!(messages.len(), 3);
        assert!(messages.iter().all(|message| message.len() < crate::trigger::MAX_PAYLOAD / 4));
    }

    #[test]
    fn message_that_is_not_exactly_a_chunk_is_an_error() {
        let chunk = |account: &str| format!(r#"{{"sweep":{{"version":1,"accounts":[{account}]}}}}"#);
        let one = r#"{"id":"444455556666","name":"a"}"#;
        assert!(parsed(&chunk(one)).is_ok());
        let many =
            (0..26).map(|index| one.replace("444455556666", &format!("{index:012}"))).collect::<Vec<_>>().join(",");
        let errors = [
            chunk(""),
            chunk(&many),
            chunk(&format!("{one},{one}")),
            chunk("7"),
            chunk(r#"{"id":"444455556666"}"#),
            chunk(r#"{"id":444455556666,"name":"a"}"#),
            chunk(r#"{"id":"444455556666","name":"a","state":"ACTIVE"}"#),
            chunk(r#"{"id":"444455556666","name":"a","joined_at":-1}"#),
            chunk(r#"{"id":"444455556666","name":"a","joined":"BOUGHT"}"#),
            chunk(r#"{"id":"444455556666","name":"a","path":"o-a/r-b/111122223333/"}"#),
            chunk(r#"{"id":"444455556666","name":"a","mode":"apply"}"#),
            chunk(one).replace("\"version\":1", "\"version\":2"),
            chunk(one).replace("\"version\":1", "\"version\":\"1\""),
            chunk(one).replace("\"version\":1,", ""),
            chunk(one).replace("\"version\":1", "\"version\":1,\"page\":\"x\""),
        ]
        .map(|message| parsed(&message).unwrap_err());
        insta::assert_snapshot!(errors.join("\n"), @r#"
        `sweep.accounts` must be an array of 1 to 25 accounts
        `sweep.accounts` must be an array of 1 to 25 accounts
        `sweep.accounts` contains an account twice
        `sweep.accounts` has an invalid account at index 0: it is not an object
        `sweep.accounts` has an invalid account at index 0: `name` is missing or too long
        `sweep.accounts` has an invalid account at index 0: `id` is not a string
        `sweep.accounts` has an invalid account at index 0: it has an unknown key; the keys are `id`, `name`, `joined_at`, `joined`, `path`, `mode`
        `sweep.accounts` has an invalid account at index 0: `joined_at` is not a time
        `sweep.accounts` has an invalid account at index 0: `joined` is neither `CREATED` nor `INVITED`
        `sweep.accounts` has an invalid account at index 0: `path` is not a path of this account
        `sweep.accounts` has an invalid account at index 0: `mode` is not `plan`
        `sweep.version` is not 1: another version of this tool sent the message; deploy the newest version, then send `{"sweep": {}}`
        `sweep.version` is not 1: another version of this tool sent the message; deploy the newest version, then send `{"sweep": {}}`
        `sweep.version` is not 1: another version of this tool sent the message; deploy the newest version, then send `{"sweep": {}}`
        `sweep.accounts` must not be next to other keys than `version`
        "#);
    }
}
