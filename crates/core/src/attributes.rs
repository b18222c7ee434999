//! The attributes of a stored item, as far as records use them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::time::{from_unix_seconds, unix_seconds};

/// The attributes of a stored item, without its key.
pub type Attributes = BTreeMap<String, Attribute>;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// A string.
    Text(String),
    /// A whole number. Times are numbers: seconds since 1970.
    Number(u64),
    /// A map of strings.
    Map(BTreeMap<String, String>),
}

pub(crate) fn seconds(time: SystemTime) -> Attribute {
    Attribute::Number(unix_seconds(time))
}

pub(crate) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(Attribute::Text(text)) => Some(text),
        _ => None,
    }
}

pub(crate) fn time(item: &Attributes, name: &str) -> Option<SystemTime> {
    match item.get(name) {
        Some(Attribute::Number(seconds)) => from_unix_seconds(i64::try_from(*seconds).ok()?),
        _ => None,
    }
}

pub(crate) fn map<'a>(item: &'a Attributes, name: &str) -> Option<&'a BTreeMap<String, String>> {
    match item.get(name) {
        Some(Attribute::Map(map)) => Some(map),
        _ => None,
    }
}
