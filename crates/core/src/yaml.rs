//! Writes a CloudFormation template in YAML, with the short forms of intrinsic functions (`!Ref`).
//!
//! A string is written without quotes only if every YAML parser reads it as the same string. All others are quoted as in JSON,
//! which is valid YAML; characters that are not printable are escaped.

use serde_json::{Map, Value};

use crate::text::is_printable;

/// The longest string or array that is written in its line.
const LONGEST: usize = 100;

/// The text of a template.
pub(crate) fn document(template: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (name, section) in template {
        if !matches!(section, Value::String(_)) || name == "Description" {
            out.push('\n');
        }
        entry(&mut out, name, section, 0);
    }
    out
}

/// One entry of a mapping, at an indentation.
fn entry(out: &mut String, name: &str, value: &Value, indent: usize) {
    // Parameters and resources are separated by blank lines.
    if indent == 2 && out.ends_with('\n') && !out.ends_with(":\n") && value.is_object() && function(value).is_none() {
        out.push('\n');
    }
    out.push_str(&format!("{:indent$}{}:", "", scalar(name)));
    node(out, value, indent);
}

/// A value after `name:` or `-`, to the end of its last line. `indent` is that of the line in which it begins.
fn node(out: &mut String, value: &Value, indent: usize) {
    if let Some((short, argument)) = function(value) {
        out.push_str(&format!(" !{short}"));
        return node(out, argument, indent);
    }
    match value {
        Value::Object(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Value::Object(entries) => {
            out.push('\n');
            for (name, value) in entries {
                entry(out, name, value, indent + 2);
            }
        }
        Value::Array(items) => {
            if let Some(array) = inline_array(items) {
                out.push_str(&format!(" {array}\n"));
                return;
            }
            out.push('\n');
            for item in items {
                out.push_str(&format!("{:1$}-", "", indent + 2));
                list_item(out, item, indent + 2);
            }
        }
        Value::String(text) if is_block(text) => {
            out.push_str(" |-\n");
            for line in text.lines() {
                out.push_str(&format!("{:1$}{line}\n", "", indent + 2));
            }
        }
        Value::String(text) if is_folded(text) => {
            out.push_str(" >-\n");
            for line in wrapped(text) {
                out.push_str(&format!("{:1$}{line}\n", "", indent + 2));
            }
        }
        Value::String(text) => out.push_str(&format!(" {}\n", scalar(text))),
        plain => out.push_str(&format!(" {plain}\n")),
    }
}

/// An item after `-`. The first entry of a mapping continues the line.
fn list_item(out: &mut String, item: &Value, indent: usize) {
    match item {
        Value::Object(entries) if !entries.is_empty() && function(item).is_none() => {
            let mut text = String::new();
            for (name, value) in entries {
                entry(&mut text, name, value, indent + 2);
            }
            out.push_str(&format!(" {}", text.trim_start()));
        }
        item => node(out, item, indent),
    }
}

/// The short form of an intrinsic function, and its argument.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (name, argument) = entries.iter().next()?;
    match name.as_str() {
        // The condition of a resource is a string in a larger mapping.
        "Ref" | "Condition" if argument.is_string() => Some((name, argument)),
        name => Some((name.strip_prefix("Fn::")?, argument)),
    }
}

/// Whether the lines of a string are the lines of a block. The first one decides the indentation.
fn is_block(text: &str) -> bool {
    let is_plain = |line: &str| !line.is_empty() && line.chars().all(is_printable);
    text.contains('\n') && !text.starts_with(' ') && text.split('\n').all(is_plain)
}

/// Whether a string is long, and the line breaks between its words are read as the same spaces.
fn is_folded(text: &str) -> bool {
    let is_plain = |word: &str| !word.is_empty() && word.chars().all(is_printable);
    text.len() > LONGEST && !text.contains("${") && text.split(' ').all(is_plain)
}

/// An array in one line, if it fits.
fn inline_array(items: &[Value]) -> Option<String> {
    let array = items.iter().all(is_inline).then(|| items.iter().map(inline).collect::<Vec<_>>().join(", "))?;
    (array.len() <= LONGEST).then(|| format!("[{array}]"))
}

/// Whether a value of an array fits into the line of the array.
fn is_inline(value: &Value) -> bool {
    match function(value) {
        Some((_, Value::Array(items))) => items.iter().all(is_inline),
        Some((_, argument)) => is_inline(argument),
        None => value.as_str().is_some_and(|text| !text.contains('\n') && text.len() <= LONGEST),
    }
}

fn inline(value: &Value) -> String {
    match (function(value), value) {
        (Some((short, Value::Array(items))), _) => {
            format!("!{short} [{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        (Some((short, argument)), _) => format!("!{short} {}", inline(argument)),
        (None, Value::String(text)) => inline_scalar(text),
        (None, plain) => plain.to_string(),
    }
}

/// A string in an array in one line, in which `{`, `}`, `[`, `]` and `,` separate.
fn inline_scalar(text: &str) -> String {
    if text.contains(['{', '}', '[', ']', ',']) { quoted(text) } else { scalar(text) }
}

/// A string without quotes if YAML reads it as the same string.
fn scalar(text: &str) -> String {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word =
        !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    let allowed = |c: char| c.is_ascii_alphanumeric() || " :/._-*${}(),".contains(c);
    let separates = text.contains(": ") || text.ends_with([':', ' ']);
    if starts && is_word && text.chars().all(allowed) && !separates { text.to_owned() } else { quoted(text) }
}

/// A string as in JSON, except that YAML escapes a character of more than 16 bits as one, not as two surrogates.
fn quoted(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in Value::from(text).to_string().chars() {
        match u32::from(c) {
            _ if is_printable(c) => escaped.push(c),
            code @ ..=0xFFFF => escaped.push_str(&format!("\\u{code:04x}")),
            code => escaped.push_str(&format!("\\U{code:08x}")),
        }
    }
    escaped
}

/// A text in lines of at most 110 characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= 110 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use saphyr::{LoadableYamlNode, Scalar, Yaml};
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        value(&Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))[0])
    }

    fn value(node: &Yaml) -> Value {
        match node {
            Yaml::Value(Scalar::String(text)) => json!(text),
            Yaml::Sequence(items) => items.iter().map(value).collect(),
            Yaml::Mapping(map) => Value::Object(
                map.iter().map(|(key, item)| (value(key).as_str().unwrap().to_owned(), value(item))).collect(),
            ),
            other => panic!("{other:?}"),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let texts = prop_oneof![
            ".{0,12}",
            "[a-z0-9:#{}\\[\\],&*!|>'\"%@`~ \n\r\t-]{0,160}",
            "(yes|No|null|1e3|0x1|a: b|a #b|[a-z ]{90,130})"
        ];
        texts.prop_map(Value::from).prop_recursive(3, 24, 5, |inner| {
            let map = prop::collection::vec(("[A-Z][a-z]{1,4}|.{0,6}", inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::Array),
                map.prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    fn has_function(item: &Value) -> bool {
        function(item).is_some()
            || item.as_array().is_some_and(|items| items.iter().any(has_function))
            || item.as_object().is_some_and(|map| map.values().any(has_function))
    }

    proptest! {
        #[test]
        fn any_value_is_read_as_it_was(item in values()) {
            prop_assume!(!has_function(&item));
            let template = Map::from_iter([("Resources".to_owned(), json!({ "Role": { "Properties": item } }))]);
            let text = document(&template);
            prop_assert_eq!(read(&text), Value::Object(template), "{}", text);
        }
    }

    #[test]
    fn long_arrays_and_nested_nodes_are_indented() {
        let names: Vec<_> = (0..12).map(|number| format!("service:Action{number}")).collect();
        let template = json!({ "Top": { "A": { "Long": names.get(..6), "Short": ["a", "yes", { "Ref": "B" }], "None": {} }, "L": [[{ "x": "1" }, []]] } });
        insta::assert_snapshot!(document(template.as_object().unwrap()), @r#"
        Top:
          A:
            Long: [service:Action0, service:Action1, service:Action2, service:Action3, service:Action4, service:Action5]
            Short: [a, "yes", !Ref B]
            None: {}
          L:
            -
              - x: "1"
              - []
        "#);
    }
}
