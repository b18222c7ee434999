//! Policies as JSON, with marked placeholders for what is not known.

use serde_json::{Map, Value};

use super::role::VendorDocuments;
use super::symbols::Piece;
use crate::account::{AccountId, Partition};
use crate::policy::Document;
use crate::suggestion::list_of;
use crate::text::escaped_json;

/// The values of the placeholders.
#[derive(Debug, Clone)]
pub struct JsonValues {
    /// The account, if it is known.
    pub account: Option<AccountId>,
    /// The partition.
    pub partition: Partition,
}

impl VendorDocuments {
    /// The permissions policy; `None` if the role has only attached policies.
    #[must_use]
    pub fn policy_json(&self, values: &JsonValues) -> Option<String> {
        self.permissions().map(|(_, policy)| self.json(policy, values))
    }

    /// The trust policy.
    #[must_use]
    pub fn trust_json(&self, values: &JsonValues) -> String {
        self.json(&self.role.trust, values)
    }

    /// What to do with a JSON document, in one sentence each.
    #[must_use]
    pub fn notes_for_json(&self, document: &str, values: &JsonValues) -> Vec<String> {
        let mut notes = Vec::new();
        for (index, place) in self.external_ids.iter().enumerate() {
            let marker = self.external_id_marker(index);
            if document.contains(&marker) {
                notes.push(format!("replace `{marker}` with the external ID {}", place.text));
            }
        }
        if document.contains(ACCOUNT) {
            notes.push(format!("replace `{ACCOUNT}` with the ID of the account, or pass `--account`"));
        }
        let definition = &self.role.definition;
        let mut name = format!("the name of the role is `{}`", definition.name);
        if let Some((policy, _)) = self.permissions() {
            name = format!("{name}, and that of its inline policy `{policy}`");
        }
        notes.push(name);
        if !definition.attached.is_empty() {
            let arns: Vec<_> = definition.attached.iter().map(|arn| self.filled(arn, values)).collect();
            notes.push(format!("attach {}", list_of(arns.iter().map(String::as_str))));
        }
        notes
    }

    fn json(&self, document: &Document, values: &JsonValues) -> String {
        let filled = self.filled_value(&Value::Object(document.as_map().clone()), values);
        escaped_json(&serde_json::to_string_pretty(&filled).unwrap_or_default())
    }

    fn filled_value(&self, value: &Value, values: &JsonValues) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text, values)),
            Value::Array(items) => items.iter().map(|item| self.filled_value(item, values)).collect(),
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| (key.clone(), self.filled_value(value, values));
                Value::Object(map.iter().map(entry).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn filled(&self, text: &str, values: &JsonValues) -> String {
        let filled = |piece: Piece| match piece {
            Piece::Text(text) => text,
            Piece::AccountId => values.account.as_ref().map_or_else(|| ACCOUNT.to_owned(), ToString::to_string),
            Piece::Partition => values.partition.to_string(),
            Piece::ExternalId(index) => self.external_id_marker(index),
        };
        self.symbols.pieces(text).into_iter().map(filled).collect()
    }

    /// No external ID contains `<`, so that a forgotten placeholder grants access to no caller.
    fn external_id_marker(&self, index: usize) -> String {
        match self.external_ids.len() {
            1 => "<EXTERNAL_ID>".to_owned(),
            _ => format!("<EXTERNAL_ID_{}>", index + 1),
        }
    }
}

const ACCOUNT: &str = "<ACCOUNT_ID>";
