//! Access as a set, to compare two documents by who is allowed or denied what.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Document;
use super::normal;
use super::principal::Principal;

/// Whether an entry denies.
#[must_use]
pub(crate) fn is_denial(entry: &str) -> bool {
    entry.contains(r#""Effect":"Deny""#)
}

/// One entry for each principal of each statement, in the normal form and without the `Sid`.
///
/// A deleted identity has no entry, because it matches no caller. A statement with `NotPrincipal` is a single entry.
#[must_use]
pub fn access_entries(document: &Document) -> BTreeSet<String> {
    let form = normal::form(document.as_map());
    let statements = form.get("Statement").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut entries = BTreeSet::new();
    for statement in statements {
        let mut entry = statement.clone();
        if let Some(map) = entry.as_object_mut() {
            map.shift_remove("Sid");
        }
        let Some(kinds) = statement.get("Principal").and_then(Value::as_object) else {
            entries.insert(entry.to_string());
            continue;
        };
        for (kind, principals) in kinds {
            for principal in principals.as_array().map_or(&[][..], Vec::as_slice) {
                let text = principal.as_str().unwrap_or_default();
                if matches!(Principal::from_policy(kind, text), Principal::Orphan(_)) {
                    continue;
                }
                if let Some(map) = entry.as_object_mut() {
                    map.insert("Principal".to_owned(), Value::from(format!("{kind} {text}")));
                }
                entries.insert(entry.to_string());
            }
        }
    }
    entries
}

/// The AWS principal of an entry that allows; `None` of any other entry.
fn allowed_principal(entry: &str) -> Option<Principal> {
    let entry: Value = serde_json::from_str(entry).ok()?;
    let text = entry.get("Principal")?.as_str()?.strip_prefix("AWS ")?;
    (entry.get("Effect")? == "Allow").then(|| Principal::from_policy("AWS", text))
}

/// Whether two entries allow the same to the same principal, and the external IDs that they require differ and have one in common: one
/// of them is from the middle of a rotation.
#[must_use]
pub(crate) fn is_rotation(one: &str, other: &str) -> bool {
    let is_denied = is_denial(one);
    let without_ids = |entry: &str| {
        let mut entry: Value = serde_json::from_str(entry).ok()?;
        let clauses = entry.get_mut("Condition")?.as_array_mut()?;
        let is_id = |clause: &Value| {
            let is = |index: usize, text: &str| clause.get(index).and_then(Value::as_str) == Some(text);
            is(0, "stringequals") && is(1, "sts:externalid")
        };
        let ids = clauses.remove(clauses.iter().position(is_id)?);
        let ids: BTreeSet<_> = ids.get(2)?.as_array()?.iter().map(ToString::to_string).collect();
        Some((entry, ids))
    };
    match (without_ids(one), without_ids(other)) {
        (Some((one, ids)), Some((other, others))) => one == other && !ids.is_disjoint(&others) && !is_denied,
        _ => false,
    }
}

/// Whether an entry allows something to one of these principals.
#[must_use]
pub(crate) fn is_access_of(entry: &str, principals: &[Principal]) -> bool {
    allowed_principal(entry).is_some_and(|principal| principals.contains(&principal))
}

/// The principals that an edit removes from a trust policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RemovedPrincipals {
    /// Those that the policy allowed something by name, and no longer does.
    pub(crate) principals: BTreeSet<Principal>,
    /// What the same edit does as well.
    pub(crate) besides: Besides,
}

/// What an edit does in addition to removing principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Besides {
    /// Nothing.
    #[default]
    Nothing,
    /// It only adds principals.
    Adds,
    /// It changes something else.
    Changes,
}

/// The principals that an edit removes from a trust policy: they keep no statement that allows them something by name.
#[must_use]
pub(crate) fn removed_principals(before: &Document, after: &Document) -> RemovedPrincipals {
    let (old, new) = (access_entries(before), access_entries(after));
    let allowed = |entries: &BTreeSet<String>| -> BTreeSet<_> {
        entries.iter().filter_map(|entry| allowed_principal(entry)).collect()
    };
    let principals: BTreeSet<_> = allowed(&old).difference(&allowed(&new)).cloned().collect();
    let is_of_removed = |entry: &String| allowed_principal(entry).is_some_and(|one| principals.contains(&one));
    let besides = if !old.difference(&new).all(is_of_removed) {
        Besides::Changes
    } else if new.is_subset(&old) {
        Besides::Nothing
    } else if new.difference(&old).all(|entry| allowed_principal(entry).is_some()) {
        Besides::Adds
    } else {
        Besides::Changes
    };
    RemovedPrincipals { principals, besides }
}
