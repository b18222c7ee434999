//! Uniqueness of role names within one configuration. IAM role names are case-insensitive, and so is this check.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::role::RoleName;
use crate::toml_reader::Value;

/// The role names that are in use: the lowercase name, and a description of what uses it.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Reserves a default name, which does not appear in the file. `used_by` says what uses it.
    pub(super) fn reserve_default(&mut self, name: &RoleName, used_by: &str) {
        self.0.entry(name.as_str().to_ascii_lowercase()).or_insert_with(|| used_by.to_owned());
    }

    /// Reserves the name that `value` sets; records a problem at `value` if the name is in use already.
    pub(super) fn reserve(&mut self, name: &RoleName, used_by: &dyn Display, value: &Value<'_>) {
        let line = value.source().line_of(&value.span());
        let first = self.0.entry(name.as_str().to_ascii_lowercase()).or_default();
        if first.is_empty() {
            *first = format!("{used_by} ({line})");
        } else {
            value.problem(format!(
                "the role name `{name}` is already used by {first}; IAM role names are case-insensitive, so choose \
                 another name"
            ));
        }
    }
}
