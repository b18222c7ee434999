//! Uniqueness of role names within one configuration. IAM role names are case-insensitive, and so is this check.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::role::RoleName;
use crate::toml_reader::Value;

/// The lowercase role names.
#[derive(Default)]
pub(super) struct Names {
    /// Those that are in use, with a description of what uses them.
    used: BTreeMap<String, String>,
    /// Those that are removed, with the lines.
    removed: BTreeMap<String, String>,
}

impl Names {
    /// Reserves a default name, which does not appear in the file. `used_by` says what uses it.
    pub(super) fn reserve_default(&mut self, name: &RoleName, used_by: &str) {
        self.used.entry(name.as_str().to_ascii_lowercase()).or_insert_with(|| used_by.to_owned());
    }

    /// Reserves the name that `value` sets; records a problem at `value` if the name is in use already.
    pub(super) fn reserve(&mut self, name: &RoleName, used_by: &dyn Display, value: &Value<'_>) {
        let line = value.source().line_of(&value.span());
        let first = self.used.entry(name.as_str().to_ascii_lowercase()).or_default();
        if first.is_empty() {
            *first = format!("{used_by} ({line})");
        } else {
            value.problem(format!(
                "the role name `{name}` is already used by {first}; IAM role names are case-insensitive, so choose \
                 another name"
            ));
        }
    }

    /// Reserves the name of a role that `value` removes; records a problem if the role is configured or already removed. Every name
    /// in use is known by then.
    pub(super) fn reserve_removed(&mut self, name: &RoleName, value: &Value<'_>) {
        let line = value.source().line_of(&value.span());
        let lowercase = name.as_str().to_ascii_lowercase();
        if let Some(used_by) = self.used.get(&lowercase) {
            value.problem(format!(
                "the role `{name}` is both configured by {used_by} and removed; delete one of the two"
            ));
        } else if let Some(first) = self.removed.get(&lowercase) {
            value.problem(format!("the role `{name}` is already removed in {first}; delete one of the two blocks"));
        } else {
            self.removed.insert(lowercase, line);
        }
    }
}
