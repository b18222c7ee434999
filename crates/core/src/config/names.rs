//! One name, one role: IAM tells names apart without regard to case.

use std::collections::BTreeMap;

use crate::role::RoleName;
use crate::toml_reader::Value;

/// The names that roles of the configuration have.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Takes a name that stands nowhere in the text.
    pub(super) fn reserve(&mut self, name: &RoleName, owner: &str) {
        self.0.entry(name.as_str().to_ascii_lowercase()).or_insert_with(|| owner.to_owned());
    }

    /// Takes a name for a use, which stands at `value`; says so when another has it.
    pub(super) fn claim(&mut self, name: &RoleName, owner: &str, value: &Value<'_>) {
        let line = value.source().line_of(&value.span());
        let taken = self.0.entry(name.as_str().to_ascii_lowercase());
        let first = taken.or_default();
        if first.is_empty() {
            *first = format!("{owner} ({line})");
        } else {
            let message =
                format!("the role name `{name}` is taken by {first}, and IAM ignores case; choose another name");
            value.problem(message);
        }
    }
}
