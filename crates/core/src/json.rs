//! Strict parsing of JSON objects: a duplicate key is an error.
//!
//! JSON parsers disagree on which value of a duplicate key to use. AWS and this tool could therefore interpret the same
//! policy or event differently, so such documents are rejected.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::text::Untrusted;

/// A string that is not an acceptable JSON object.
#[derive(Debug)]
pub(crate) enum JsonError {
    /// Not JSON, or nested too deeply.
    Syntax(serde_json::Error),
    /// A duplicate key, or the key that `serde_json` treats specially.
    Key(serde_json::Error),
    /// JSON, but not an object.
    NotAnObject,
    /// More than [`MAX_VALUES`] values.
    TooManyValues(serde_json::Error),
}

/// `serde_json` replaces an object with this key by the JSON in its string, which would bypass the check for duplicates.
const RAW_VALUE_KEY: &str = "$serde_json::private::RawValue";

/// The maximum number of values in an object, nested ones included. Events and policies have a few hundred.
pub(crate) const MAX_VALUES: usize = 10_000;

/// Parses one JSON object of at most [`MAX_VALUES`] values.
///
/// A tree takes up to a hundred times the memory of its text: `[{"":0},{"":0},…]` has a map for every eight bytes. The text
/// is therefore walked through first, which needs hardly any memory, and only a document with few values becomes a tree.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, JsonError> {
    check(text)?;
    serde_json::from_str(text).map_err(classify)
}

/// Checks that a text is one JSON object of at most [`MAX_VALUES`] values whose keys are unique, and makes no tree.
pub(crate) fn check(text: &str) -> Result<(), JsonError> {
    let left = Cell::new(MAX_VALUES);
    let mut reader = serde_json::Deserializer::from_str(text);
    let walked = UniqueKeys { left: &left }.deserialize(&mut reader).and_then(|()| reader.end());
    match walked {
        Err(error) if error.is_data() && left.get() == 0 => return Err(JsonError::TooManyValues(error)),
        walked => walked.map_err(classify)?,
    }
    if text.trim_start().starts_with('{') { Ok(()) } else { Err(JsonError::NotAnObject) }
}

fn classify(error: serde_json::Error) -> JsonError {
    if error.is_data() { JsonError::Key(error) } else { JsonError::Syntax(error) }
}

/// Walks through a JSON document and remembers only the keys of the objects that enclose the current position.
#[derive(Clone, Copy)]
struct UniqueKeys<'a> {
    /// How many more values are accepted.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for UniqueKeys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom(format_args!("more than {MAX_VALUES} values")))?;
        self.left.set(left);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == RAW_VALUE_KEY {
                return Err(A::Error::custom(format_args!("the key `{key}` is reserved and must not be used")));
            }
            entries.next_value_seed(self)?;
            if let Some(duplicate) = keys.replace(key) {
                return Err(A::Error::custom(format_args!("the key `{}` appears twice", Untrusted::new(&duplicate))));
            }
        }
        Ok(())
    }
}

/// A scalar or an array of scalars, as the strings that IAM compares. `None` if an item is of another type.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        match object(text) {
            Err(JsonError::Key(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn duplicate_keys_are_errors() {
        assert!(object(r#"{"a":{"b":1},"c":{"b":[1.5,null,true,"x"]}}"#).is_ok());
        insta::assert_snapshot!(key(r#"{"a":{"b":1,"b":2}}"#), @"the key `b` appears twice at line 1 column 18");
        insta::assert_snapshot!(key(r#"[{"b":1,"\u0062":2}]"#), @"the key `b` appears twice at line 1 column 19");
        let long = "x".repeat(1 << 20);
        assert!(key(&format!(r#"{{"{long}":1,"{long}":2}}"#)).len() < 200);
        assert!(matches!(object("[]"), Err(JsonError::NotAnObject)));
        assert!(matches!(object("{} {}"), Err(JsonError::Syntax(_))));
    }

    #[test]
    fn document_with_too_many_values_is_not_made_a_tree() {
        // The object and its array are values, too.
        let array = |strings: usize| format!(r#"{{"a":["x"{}]}}"#, r#","x""#.repeat(strings - 1));
        assert!(object(&array(MAX_VALUES - 2)).is_ok());
        assert!(matches!(object(&array(MAX_VALUES - 1)), Err(JsonError::TooManyValues(_))));
        let maps = format!(r#"{{"a":[{}0]}}"#, r#"{"":0},"#.repeat(100_000));
        assert!(matches!(object(&maps), Err(JsonError::TooManyValues(_))));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            assert!(matches!(object(&deep), Err(JsonError::Syntax(_))));
        }
    }

    #[test]
    fn raw_value_key_is_rejected() {
        let text = r#"{"a":{"$serde_json::private::RawValue":"{\"b\":1,\"b\":2}"}}"#;
        insta::assert_snapshot!(key(text), @"the key `$serde_json::private::RawValue` is reserved and must not be used at line 1 column 38");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":12345678901234567890123.10}"#;
        assert_eq!(serde_json::to_string(&object(text).unwrap()).unwrap(), text);
    }
}
