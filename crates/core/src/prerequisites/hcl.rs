//! Writes values in Terraform's language, as `terraform fmt` formats them.

use serde_json::Value;

use crate::hcl::aligned;

/// A value as an expression. The text begins in a line that is indented by `indent` spaces. Strings may contain interpolations
/// (`${…}`); a literal `${` is written as `$${`.
pub(super) fn expression(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(entries) => {
            let entries: Vec<_> = entries.iter().map(|(name, value)| (key(name), value)).collect();
            format!("{{\n{}{:indent$}}}", attributes(&entries, indent + 2), "")
        }
        Value::Array(items) => match items.as_slice() {
            [one @ Value::Object(_)] => format!("[{}]", expression(one, indent)),
            items => {
                let items: Vec<_> = items.iter().map(|item| expression(item, indent)).collect();
                format!("[{}]", items.join(", "))
            }
        },
        // A string that is one interpolation is the expression itself.
        Value::String(text) => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(inner) if !inner.contains('$') => inner.to_owned(),
            // JSON's escapes are valid in Terraform.
            _ => value.to_string(),
        },
        plain => plain.to_string(),
    }
}

/// Attributes, one below the other. Those that fit into one line are aligned with their neighbors.
fn attributes(entries: &[(String, &Value)], indent: usize) -> String {
    let written: Vec<_> = entries.iter().map(|(name, value)| (name.as_str(), expression(value, indent))).collect();
    aligned(&written, indent)
}

/// The name of an attribute, in quotes if it is not an identifier.
fn key(name: &str) -> String {
    let is_identifier = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_identifier { name.to_owned() } else { Value::from(name).to_string() }
}
