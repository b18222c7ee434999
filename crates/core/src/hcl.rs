//! Writes Terraform's language (HCL) as `terraform fmt` formats it.
//!
//! Successive attributes of one line are aligned at their `=`. An attribute of several lines is not, and ends the run.

use serde_json::Value;

/// A node. Strings are HCL already: [`quoted`] makes one of a text.
pub(crate) enum Hcl {
    /// An expression of one line.
    Inline(String),
    List(Vec<Hcl>),
    Object(Vec<(String, Hcl)>),
    /// A function call with one argument.
    Call(&'static str, Box<Hcl>),
}

impl Hcl {
    /// A JSON value; `string` converts its strings.
    pub(crate) fn from_json(value: &Value, string: &dyn Fn(&str) -> String) -> Self {
        match value {
            Value::String(text) => Self::Inline(string(text)),
            Value::Array(items) => Self::List(items.iter().map(|item| Self::from_json(item, string)).collect()),
            Value::Object(map) => {
                Self::Object(map.iter().map(|(key, value)| (key.clone(), Self::from_json(value, string))).collect())
            }
            other => Self::Inline(other.to_string()),
        }
    }

    /// The text of the node, whose first line is `indent` columns deep.
    fn text(&self, indent: usize) -> String {
        let spaces = " ".repeat(indent);
        match self {
            Self::Inline(text) => text.clone(),
            Self::Call(function, argument) => format!("{function}({})", argument.text(indent)),
            Self::List(items) => match items.as_slice() {
                [] => "[]".to_owned(),
                [one] => format!("[{}]", one.text(indent)),
                several => {
                    let items = several.iter().map(|item| format!("{spaces}  {},\n", item.text(indent + 2)));
                    format!("[\n{}{spaces}]", items.collect::<String>())
                }
            },
            Self::Object(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| (object_key(key), value));
                format!("{{\n{}{spaces}}}", attributes(entries, indent + 2))
            }
        }
    }
}

/// The lines of a block: `head {`, its attributes and, after empty lines, the nested text.
pub(crate) fn block(head: &str, groups: &[Vec<(&str, Hcl)>]) -> String {
    let groups = groups.iter().filter(|group| !group.is_empty());
    let bodies: Vec<_> =
        groups.map(|group| attributes(group.iter().map(|(key, value)| ((*key).to_owned(), value)), 2)).collect();
    format!("{head} {{\n{}}}\n", bodies.join("\n"))
}

/// Attributes, one below the other.
fn attributes<'a>(entries: impl Iterator<Item = (String, &'a Hcl)>, indent: usize) -> String {
    let entries: Vec<_> = entries.map(|(key, value)| (key, value.text(indent))).collect();
    let is_short = |(_, text): &(String, String)| !text.contains('\n');
    let mut out = String::new();
    for run in entries.chunk_by(|one, next| is_short(one) && is_short(next)) {
        let width = run.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, text) in run {
            out.push_str(&format!("{:indent$}{name:width$} = {text}\n", ""));
        }
    }
    out
}

fn object_key(key: &str) -> String {
    let is_identifier = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let is_keyword = ["for", "null", "true", "false"].contains(&key);
    if is_identifier && !is_keyword { key.to_owned() } else { quoted(key) }
}

/// A text as a string.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text inside of a string: without the sequences that HCL evaluates.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if !crate::text::is_printable(c) => escaped.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_aligned_as_terraform_fmt_does() {
        let object = serde_json::json!({
            "Version": "2012-10-17",
            "Id": "a",
            "Statement": [{"Effect": "Allow", "Action": ["b", "c"], "aws:x": true, "Y": {}}],
            "Z": 1,
        });
        let node = Hcl::Call("jsonencode", Box::new(Hcl::from_json(&object, &quoted)));
        insta::assert_snapshot!(block("resource \"x\" \"y\"", &[vec![("name", Hcl::Inline(quoted("${a}%{b}\"\\")))], vec![("policy", node)]]), @r#"
        resource "x" "y" {
          name = "$${a}%%{b}\"\\"

          policy = jsonencode({
            Version = "2012-10-17"
            Id      = "a"
            Statement = [{
              Effect = "Allow"
              Action = [
                "b",
                "c",
              ]
              "aws:x" = true
              Y       = {}
            }]
            Z = 1
          })
        }
        "#);
    }
}
