//! YAML in block style, as far as CloudFormation templates need it.
//!
//! Strings are quoted like in JSON, which is valid YAML and leaves no string to be taken for a number or a boolean.

use crate::text::escaped_json;

/// A node.
pub(super) enum Yaml {
    /// A string, in quotes.
    Text(String),
    /// A string with a tag such as `!Sub`, in quotes.
    Tagged(&'static str, String),
    Number(u64),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
    /// JSON scalars other than strings.
    Json(serde_json::Value),
}

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A document whose top level is a map.
    pub(super) fn document(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text
    }

    /// Writes the node from the start of a line.
    fn write(&self, indent: usize, text: &mut String) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    text.push_str(&" ".repeat(indent));
                    value.write_entry(key, indent, text);
                }
            }
            Self::List(items) if !items.is_empty() => {
                for item in items {
                    text.push_str(&format!("{}- ", " ".repeat(indent)));
                    item.write_item(indent + 2, text);
                }
            }
            scalar => text.push_str(&format!("{}{}\n", " ".repeat(indent), scalar.scalar())),
        }
    }

    fn write_entry(&self, key: &str, indent: usize, text: &mut String) {
        text.push_str(&format!("{}:", self::key(key)));
        match self.is_scalar() {
            true => text.push_str(&format!(" {}\n", self.scalar())),
            false => {
                text.push('\n');
                self.write(indent + 2, text);
            }
        }
    }

    /// Writes the node behind `- `; `indent` is the column after it.
    fn write_item(&self, indent: usize, text: &mut String) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        text.push_str(&" ".repeat(indent));
                    }
                    value.write_entry(key, indent, text);
                }
            }
            Self::List(items) if !items.is_empty() => {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                self.write(indent, text);
            }
            scalar => text.push_str(&format!("{}\n", scalar.scalar())),
        }
    }

    fn is_scalar(&self) -> bool {
        match self {
            Self::Map(entries) => entries.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => true,
        }
    }

    fn scalar(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Tagged(tag, text) => format!("{tag} {}", quoted(text)),
            Self::Number(number) => number.to_string(),
            Self::Json(value) => value.to_string(),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

fn quoted(text: &str) -> String {
    escaped_json(&serde_json::Value::from(text).to_string())
}

fn key(key: &str) -> String {
    let is_plain = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
    // These words are booleans in YAML 1.1.
    let is_boolean =
        ["y", "n", "yes", "no", "true", "false", "on", "off", "null"].contains(&key.to_lowercase().as_str());
    if is_plain && !is_boolean { key.to_owned() } else { quoted(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_lists_and_maps_are_indented() {
        let list = Yaml::List(vec![
            Yaml::map([("A", Yaml::text("x: \"y\"")), ("aws:B", Yaml::List(vec![Yaml::text("1"), Yaml::text("yes")]))]),
            Yaml::List(vec![Yaml::Number(1), Yaml::Map(Vec::new())]),
            Yaml::Tagged("!Sub", "${AWS::Region}".to_owned()),
        ]);
        insta::assert_snapshot!(Yaml::map([("L", list), ("no", Yaml::Json(true.into()))]).document(), @r#"
        L:
          - A: "x: \"y\""
            "aws:B":
              - "1"
              - "yes"
          -
            - 1
            - {}
          - !Sub "${AWS::Region}"
        "no": true
        "#);
    }
}
