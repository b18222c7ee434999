//! The normal form of a document, which is equal for documents with the same meaning for IAM.
//!
//! IAM does not return a policy as it was sent: it reorders arrays, turns arrays of one element into strings and account
//! ids into root ARNs. A comparison of texts would report these as drift in every run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::principal::Principal;
use crate::json::texts;

/// The normal form: arrays are sorted, scalars become arrays, accounts have one spelling, and actions, condition
/// operators and condition keys are lowercase.
///
/// Unknown elements are kept unchanged, so that documents that differ in them are different.
pub(super) fn form(raw: &Map<String, Value>) -> Value {
    let mut out = sorted(raw, |key, value| match key {
        "Statement" => statements(value),
        _ => value.clone(),
    });
    // The default version: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    out.entry("Version").or_insert_with(|| "2008-10-17".into());
    Value::Object(out)
}

fn statements(value: &Value) -> Value {
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    Value::Array(items.iter().map(statement).collect())
}

fn statement(value: &Value) -> Value {
    let Some(map) = value.as_object() else { return value.clone() };
    let mut out = sorted(map, |key, value| match key {
        "Action" | "NotAction" => set(value, &|text| text.to_ascii_lowercase()),
        "Resource" | "NotResource" => set(value, &str::to_owned),
        "Principal" | "NotPrincipal" => principals(value),
        "Condition" => conditions(value),
        _ => value.clone(),
    });
    // An empty condition is equal to no condition.
    out.retain(|key, value| key != "Condition" || value.as_array().is_none_or(|clauses| !clauses.is_empty()));
    Value::Object(out)
}

fn principals(value: &Value) -> Value {
    match value {
        Value::Object(kinds) => Value::Object(sorted(kinds, |kind, value| {
            set(value, &|text| match Principal::from_policy(kind, text) {
                Principal::Account(id) => id.as_str().to_owned(),
                _ => text.to_owned(),
            })
        })),
        // `"*"` equals `{"AWS": "*"}` in a policy that is attached to a resource.
        other => Value::Object(Map::from_iter([("AWS".to_owned(), set(other, &str::to_owned))])),
    }
}

/// One entry for each clause, because all of them must match. An operator without a key has no effect.
fn conditions(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let mut clauses = BTreeMap::new();
    for (operator, keys) in operators {
        let operator = operator.to_ascii_lowercase();
        let Some(keys) = keys.as_object() else { return value.clone() };
        for (key, values) in keys {
            let clause =
                Value::from([operator.as_str().into(), key.to_ascii_lowercase().into(), set(values, &str::to_owned)]);
            clauses.insert(clause.to_string(), clause);
        }
    }
    Value::Array(clauses.into_values().collect())
}

fn sorted(map: &Map<String, Value>, each: impl Fn(&str, &Value) -> Value) -> Map<String, Value> {
    let mut keys: Vec<_> = map.iter().collect();
    keys.sort_by(|a, b| a.0.cmp(b.0));
    keys.into_iter().map(|(key, value)| (key.clone(), each(key, value))).collect()
}

fn set(value: &Value, spell: &dyn Fn(&str) -> String) -> Value {
    match texts(value) {
        Some(items) => {
            let items: BTreeSet<String> = items.iter().map(|text| spell(text)).collect();
            Value::Array(items.into_iter().map(Value::from).collect())
        }
        None => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::Document;

    fn same(a: &str, b: &str) -> bool {
        Document::parse(a).unwrap().equivalent(&Document::parse(b).unwrap())
    }

    #[test]
    fn rewriting_by_iam_is_not_a_difference() {
        let ours = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},
            "Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"sts:ExternalId":["x"]}}}]}"#;
        let saved = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:assumeRole",
            "Principal":{"AWS":["arn:aws:iam::111122223333:root"]},"Condition":{"StringEquals":{"sts:externalid":"x"}}}}"#;
        assert!(same(ours, saved));
        assert!(!same(ours, &saved.replace("\"x\"", "\"y\"")));
        assert!(!same(ours, &saved.replace("111122223333", "222233334444")));
        assert!(!same(ours, &saved.replace("\"Effect\"", "\"Extra\":1,\"Effect\"")));
    }

    #[test]
    fn conditions_are_compared_by_their_clauses() {
        let policy = |condition: &str| {
            format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}}}"#
            )
        };
        let same = |a: &str, b: &str| same(&policy(a), &policy(b));
        assert!(same("{}", r#"{"StringEquals":{}}"#), "an operator without a key has no effect");
        assert!(same(r#"{"Bool":{"a":"x"}}"#, r#"{"bool":{"A":"x"},"Bool":{"a":["x"]},"Null":{}}"#));
        assert!(!same(r#"{"Bool":{"a":["x","y"]}}"#, r#"{"Bool":{"a":"x"},"bool":{"a":"y"}}"#), "both must hold");
        assert!(!same("{}", r#"{"Bool":{"a":[]}}"#), "a clause without a value never matches");
    }
}
