//! Finds the member account in an event about the membership of an account.
//!
//! AWS does not document where these events name the account, and their format has changed before. So the documented place is
//! only the first to be looked at:
//!
//! 1. the place where the field is known to be, unless it names the management account;
//! 2. fields whose name ends in `accountId`, first in `serviceEventDetails`, then anywhere in `detail`;
//! 3. any account ID, and any ARN of a member account, in the same order, and then in `resources`.
//!
//! The management account is named next to the member: its own ID, and fields that start with `recipient`, `management` or
//! `master`, are passed over, and so is `userIdentity`, which is the caller. A step that finds two accounts decides nothing.
//! To take the wrong account would not matter, because a trigger only selects an account to look at, but it would hide that
//! the right one was not processed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::field::Field;
use super::object::Object;
use crate::account::AccountId;

/// The member account of an event, or why it is not known, as the end of a sentence.
pub(super) fn member(event: &Object<'_>, known_path: &str) -> Result<AccountId, String> {
    let id_at = |path| Field::at(event, path).optional()?.parse::<AccountId>().ok();
    let management: BTreeSet<_> = ["account", "detail/recipientAccountId"].into_iter().filter_map(id_at).collect();
    let known = id_at(known_path);
    if let Some(id) = known.as_ref().filter(|id| !management.contains(id)) {
        return Ok(id.clone());
    }
    // The shape of the event is not known, so that the parts that are searched become trees. They have few values.
    let tree = |path| serde_json::from_str::<Value>(Field::at(event, path).value()?.get()).ok();
    let [details, detail, resources] = ["detail/serviceEventDetails", "detail", "resources"].map(tree);
    let (details, detail, resources) = (details.as_ref(), detail.as_ref(), resources.as_ref());
    let steps = [
        (details, Names::EndInAccountId),
        (detail, Names::EndInAccountId),
        (details, Names::Any),
        (detail, Names::Any),
        (resources, Names::Any),
    ];
    for (value, names) in steps {
        let mut found = BTreeSet::new();
        if let Some(value) = value {
            collect(value, names, names == Names::Any, &mut found);
        }
        let mut members = found.difference(&management);
        match (members.next(), members.next()) {
            (Some(id), None) => return Ok(id.clone()),
            (Some(one), Some(other)) => return Err(format!("names several accounts, such as {one} and {other}")),
            (None, _) => {}
        }
    }
    known.ok_or_else(|| "names no member account".to_owned())
}

/// Which fields are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    EndInAccountId,
    Any,
}

/// Collects the account IDs in a value. `wanted` is whether the name of the field that holds the value is looked at.
fn collect(value: &Value, names: Names, wanted: bool, found: &mut BTreeSet<AccountId>) {
    match value {
        Value::String(text) if wanted => found.extend(account_id(text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, wanted, found)),
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.to_ascii_lowercase();
                let skipped = ["recipient", "management", "master"].iter().any(|start| key.starts_with(start));
                if !skipped && key != "useridentity" {
                    collect(value, names, names == Names::Any || key.ends_with("accountid"), found);
                }
            }
        }
        _ => {}
    }
}

/// An account ID, alone or at the end of an ARN such as `arn:aws:organizations::111122223333:account/o-ID/444455556666`.
fn account_id(text: &str) -> Option<AccountId> {
    let id = match text.strip_prefix("arn:") {
        Some(arn) => arn.split_once(":account/")?.1.rsplit('/').next()?,
        None => text,
    };
    id.parse().ok()
}
