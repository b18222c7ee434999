//! The objects of a payload, read one level at a time.
//!
//! A payload is not made a tree, which may take a hundred times the memory of its text. The members of an object keep the text of
//! their values, and only the objects on the path to a field are read. Where a field is not at a known path, [`super::member`]
//! searches a part of the event.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{self, JsonError};

/// The members of an object, in their order, and the text of their values.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads one JSON object whose keys are unique at every level.
    pub(super) fn parse(text: &'a str) -> Result<Self, JsonError> {
        json::check(text)?;
        serde_json::from_str(text).map_err(JsonError::Syntax)
    }

    /// Reads a value that was checked; `None` if it is not an object.
    pub(super) fn from_value(value: &'a RawValue) -> Option<Self> {
        serde_json::from_str(value.get()).ok()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries().map(|(key, _)| key)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }
}

/// The text of a string; `None` for any other value.
pub(super) fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

pub(super) fn is_number(value: &RawValue) -> bool {
    value.get().starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_the_text_of_their_values() {
        let object = Object::parse(r#" {"b": {"c": [1, "x"]}, "a": "\u0041\n", "n": -1, "nothing": null} "#).unwrap();
        assert_eq!(object.keys().collect::<Vec<_>>(), ["b", "a", "n", "nothing"]);
        let inner = Object::from_value(object.get("b").unwrap()).unwrap();
        assert_eq!(inner.get("c").unwrap().get(), r#"[1, "x"]"#);
        let value = |key: &str| object.get(key).unwrap();
        assert_eq!(string(value("a")).as_deref(), Some("A\n"));
        assert!(is_number(value("n")) && is_null(value("nothing")) && !object.has("c"));
        assert!(string(value("n")).is_none() && Object::from_value(value("a")).is_none());
    }

    #[test]
    fn only_objects_with_unique_keys_are_read() {
        assert!(matches!(Object::parse("[]"), Err(JsonError::NotAnObject)));
        assert!(matches!(Object::parse(r#"{"a":{"b":1,"b":2}}"#), Err(JsonError::Key(_))));
        assert!(matches!(Object::parse("{} {}"), Err(JsonError::Syntax(_))));
    }
}
