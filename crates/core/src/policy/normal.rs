//! The normal form of a document: equal for documents that mean the same to IAM.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Principal;
use super::condition::texts;

/// Lists are sorted, scalars become lists, accounts get one spelling, and condition names one case.
///
/// What is not understood is kept as it is, so that documents that differ in it are different.
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
    // No condition can be written as an empty one.
    out.retain(|key, value| key != "Condition" || value.as_array().is_none_or(|tests| !tests.is_empty()));
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

/// Each test by itself, for all must hold; an operator without a key tests nothing.
fn conditions(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let mut tests = BTreeMap::new();
    for (operator, keys) in operators {
        let operator = operator.to_ascii_lowercase();
        let Some(keys) = keys.as_object() else { return value.clone() };
        for (key, values) in keys {
            let test =
                Value::from([operator.as_str().into(), key.to_ascii_lowercase().into(), set(values, &str::to_owned)]);
            tests.insert(test.to_string(), test);
        }
    }
    Value::Array(tests.into_values().collect())
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
    fn what_iam_rewrites_on_save_is_no_difference() {
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
    fn a_condition_is_the_tests_in_it() {
        let policy = |condition: &str| {
            format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}}}"#
            )
        };
        let same = |a: &str, b: &str| same(&policy(a), &policy(b));
        assert!(same("{}", r#"{"StringEquals":{}}"#), "an operator without a key tests nothing");
        assert!(same(r#"{"Bool":{"a":"x"}}"#, r#"{"bool":{"A":"x"},"Bool":{"a":["x"]},"Null":{}}"#));
        assert!(!same(r#"{"Bool":{"a":["x","y"]}}"#, r#"{"Bool":{"a":"x"},"bool":{"a":"y"}}"#), "both must hold");
        assert!(!same("{}", r#"{"Bool":{"a":[]}}"#), "a test without a value");
    }
}
