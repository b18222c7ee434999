//! Access as a set, so that two documents can be compared by whom they let do what.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Document, Principal, normal};

/// One entry for each principal of each statement, in the normal form and without the statement's name.
///
/// A deleted identity gets no entry: it lets nobody in. A statement with `NotPrincipal` is one entry as a whole.
#[must_use]
pub fn access_entries(document: &Document) -> BTreeSet<String> {
    let form = normal::form(document.as_map());
    let statements = form.get("Statement").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut entries = BTreeSet::new();
    for statement in statements {
        let mut bare = statement.clone();
        if let Some(map) = bare.as_object_mut() {
            map.shift_remove("Sid");
        }
        let Some(kinds) = statement.get("Principal").and_then(Value::as_object) else {
            entries.insert(bare.to_string());
            continue;
        };
        for (kind, principals) in kinds {
            for principal in principals.as_array().map_or(&[][..], Vec::as_slice) {
                let text = principal.as_str().unwrap_or_default();
                if matches!(Principal::from_policy(kind, text), Principal::Orphan(_)) {
                    continue;
                }
                if let Some(map) = bare.as_object_mut() {
                    map.insert("Principal".to_owned(), Value::from(format!("{kind} {text}")));
                }
                entries.insert(bare.to_string());
            }
        }
    }
    entries
}
