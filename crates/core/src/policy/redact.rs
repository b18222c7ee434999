//! Policies for output. An external ID is a shared secret, so it is replaced by a numbered placeholder.

use serde_json::{Map, Value};

use super::condition_keys::may_hold_external_ids;
use super::document::Document;
use crate::json::texts;

/// The external IDs in a document.
#[must_use]
pub fn external_ids(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    document.as_map().iter().for_each(|(key, value)| collect(key, value, &mut found));
    found
}

fn collect(key: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        _ if may_hold_external_ids(key) => found.extend(texts(value).unwrap_or_default()),
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(key, value, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(key, item, found)),
        _ => {}
    }
}

/// Replaces external IDs by numbered placeholders. Equal IDs get equal placeholders, so that a diff still shows whether
/// an ID changed.
#[derive(Default)]
pub struct Redactor {
    seen: Vec<Value>,
}

impl Redactor {
    /// The document as indented JSON, without its external IDs.
    #[must_use]
    pub fn pretty(&mut self, document: &Document) -> String {
        serde_json::to_string_pretty(&self.object(document.as_map())).unwrap_or_default()
    }

    /// The value without the external IDs in it.
    #[must_use]
    pub(crate) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.object(map)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item)).collect()),
            other => other.clone(),
        }
    }

    fn object(&mut self, map: &Map<String, Value>) -> Map<String, Value> {
        let hide = |(key, value): (&String, &Value)| {
            let hidden = if may_hold_external_ids(key) { self.placeholder(value) } else { self.value(value) };
            (key.clone(), hidden)
        };
        map.iter().map(hide).collect()
    }

    fn placeholder(&mut self, value: &Value) -> Value {
        match value {
            Value::Array(items) if items.len() != 1 => {
                Value::Array(items.iter().map(|item| self.placeholder(item)).collect())
            }
            Value::Array(items) => items.first().map_or(Value::Null, |item| self.placeholder(item)),
            one => {
                let number = self.seen.iter().position(|seen| seen == one).unwrap_or_else(|| {
                    self.seen.push(one.clone());
                    self.seen.len() - 1
                });
                Value::from(format!("(external ID {}, hidden)", number + 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_become_placeholders() {
        let policy = |id: &str| {
            let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
                "Condition":{"StringLike":{"STS:externalid":["ID"],"aws:PrincipalOrgID":"o-1"}}}}"#;
            Document::parse(&text.replace("ID\"]", &format!("{id}\"]"))).unwrap()
        };
        let mut redactor = Redactor::default();
        let first = redactor.pretty(&policy("s3cret"));
        assert!(!first.contains("s3cret") && first.contains("(external ID 1, hidden)") && first.contains("o-1"));
        assert!(redactor.pretty(&policy("other")).contains("external ID 2"));
        assert_eq!(redactor.pretty(&policy("s3cret")), first);
        for key in ["ExternalId", "aws:ExternalID", "sts:External-Id"] {
            let text = policy("s3cret").to_json().replace("STS:externalid", key);
            let document = Document::parse(&text).unwrap();
            assert_eq!(external_ids(&document), ["s3cret"], "{key}");
            assert!(!redactor.pretty(&document).contains("s3cret"), "{key}");
        }
    }
}
