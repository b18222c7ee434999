//! Writes a CloudFormation template in YAML, with the short forms of intrinsic functions (`!Ref`).

use serde_json::{Map, Value};

/// The longest description that is written in its line.
const LONGEST: usize = 100;

/// The text of a template.
pub(super) fn document(template: &Map<String, Value>) -> String {
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
        Value::Object(entries) => {
            out.push('\n');
            for (name, value) in entries {
                entry(out, name, value, indent + 2);
            }
        }
        Value::Array(items) if items.iter().all(is_inline) => {
            let items: Vec<_> = items.iter().map(inline).collect();
            out.push_str(&format!(" [{}]\n", items.join(", ")));
        }
        Value::Array(items) => {
            out.push('\n');
            for item in items {
                out.push_str(&format!("{:1$}-", "", indent + 2));
                list_item(out, item, indent + 2);
            }
        }
        Value::String(text) if text.contains('\n') => {
            out.push_str(" |-\n");
            for line in text.lines() {
                out.push_str(&format!("{:1$}{line}\n", "", indent + 2));
            }
        }
        Value::String(text) if text.len() > LONGEST && !text.contains("${") => {
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
        Value::Object(entries) if function(item).is_none() => {
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
    if text.contains(['{', '}', '[', ']', ',']) { Value::from(text).to_string() } else { scalar(text) }
}

/// A string without quotes if YAML reads it as the same string.
fn scalar(text: &str) -> String {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word =
        !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    let allowed = |c: char| c.is_ascii_alphanumeric() || " :/._-*${}(),".contains(c);
    let separates = text.contains(": ") || text.ends_with([':', ' ']);
    if starts && is_word && text.chars().all(allowed) && !separates {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
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
