//! JSON objects, read strictly: a key that stands twice is an error, since one of the two would be lost.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::PolicyError;
use crate::account::shorten;

/// Reads one JSON object.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, PolicyError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    UniqueKeys.deserialize(&mut reader).and_then(|()| reader.end()).map_err(PolicyError::NotJson)?;
    match serde_json::from_str(text).map_err(PolicyError::NotJson)? {
        Value::Object(map) => Ok(map),
        _ => Err(PolicyError::NotAnObject),
    }
}

/// Walks a JSON text and keeps nothing but the set of keys of the object that it is in.
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
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
        while items.next_element_seed(UniqueKeys)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value_seed(UniqueKeys)?;
            if let Some(twice) = keys.replace(key) {
                return Err(A::Error::custom(format_args!("the key `{}` stands twice", shorten(&twice))));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_once() {
        assert!(object(r#"{"a":{"b":1},"c":{"b":[1.5,null,true,"x"]}}"#).is_ok());
        insta::assert_snapshot!(object(r#"{"a":{"b":1,"b":2}}"#).unwrap_err(), @"the policy is not JSON: the key `b` stands twice at line 1 column 18");
        insta::assert_snapshot!(object("[]").unwrap_err(), @"the policy is not a JSON object; it starts with `{`");
        assert!(object(&"[".repeat(100_000)).is_err(), "deep nesting is an error and no crash");
        assert!(object("{} {}").is_err());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":12345678901234567890123.10}"#;
        assert_eq!(serde_json::to_string(&object(text).unwrap()).unwrap(), text);
    }
}
