//! Principals in trust policies: the form in which IAM saves them.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use onboarding_core::account::{AccountId, Partition};
use onboarding_core::policy::{Document, Principal};

/// The principal in the form of IAM's error message.
pub(super) fn quote(principal: &Principal) -> String {
    let (kind, text) = match principal {
        Principal::Anyone => ("AWS", "*"),
        Principal::Account(id) => ("AWS", id.as_str()),
        Principal::Arn(text) | Principal::Foreign(text) | Principal::Orphan(text) => ("AWS", text.as_str()),
        Principal::Service(text) => ("SERVICE", text.as_str()),
        Principal::Federated(text) => ("FEDERATED", text.as_str()),
        Principal::CanonicalUser(text) => ("CANONICALUSER", text.as_str()),
        Principal::Unknown(kind, text) => (kind.as_str(), text.as_str()),
    };
    format!("\"{kind}\":\"{text}\"")
}

/// The document as IAM saves it: account IDs become root ARNs, unique IDs become the ARNs that they belong to, and an array of one
/// principal becomes a string.
pub(super) fn as_saved(
    document: &Document,
    partition: &Partition,
    unique_ids: &BTreeMap<String, String>,
) -> Option<String> {
    let mut map = document.as_map().clone();
    for_each_principal(&mut map, |kind, value| {
        if let Value::Array(items) = value
            && let [one] = items.as_slice()
        {
            *value = one.clone();
        }
        if kind == "AWS" {
            replace_strings(value, |text| {
                let account = text.parse::<AccountId>().ok();
                let root = account.map(|id| Principal::Account(id).to_policy(partition));
                root.or_else(|| unique_ids.get(text).cloned())
            });
        }
    });
    serde_json::to_string(&map).ok()
}

/// The document with one principal replaced; `None` if the document does not contain it.
pub(super) fn replace(text: &str, old: &str, new: &str) -> Option<String> {
    let mut map = Document::parse(text).ok()?.as_map().clone();
    let mut found = false;
    for_each_principal(&mut map, |_, value| {
        replace_strings(value, |text| {
            let hit = text == old;
            found |= hit;
            hit.then(|| new.to_owned())
        });
    });
    if found { serde_json::to_string(&map).ok() } else { None }
}

/// Visits the principals of each kind in each statement.
fn for_each_principal(map: &mut Map<String, Value>, mut visit: impl FnMut(&str, &mut Value)) {
    let statements = match map.get_mut("Statement") {
        Some(Value::Array(all)) => all.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => return,
    };
    for statement in statements.iter_mut().filter_map(Value::as_object_mut) {
        for element in ["Principal", "NotPrincipal"] {
            for (kind, value) in statement.get_mut(element).and_then(Value::as_object_mut).into_iter().flatten() {
                visit(kind, value);
            }
        }
    }
}

fn replace_strings(value: &mut Value, mut change: impl FnMut(&str) -> Option<String>) {
    let texts = match value {
        Value::Array(all) => all.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for text in texts {
        if let Some(new) = text.as_str().and_then(&mut change) {
            *text = new.into();
        }
    }
}
