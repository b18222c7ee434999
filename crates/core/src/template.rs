//! Strings of the configuration with placeholders that are replaced per account.

use crate::account::Account;

/// A string that may contain the placeholders `{partition}` and `{account-id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(pub String);

impl Template {
    /// The string with the placeholders replaced for one account.
    #[must_use]
    pub(crate) fn expand(&self, account: &Account) -> String {
        expand(&self.0, account)
    }
}

/// A text with the placeholders replaced for one account.
#[must_use]
pub(crate) fn expand(text: &str, account: &Account) -> String {
    text.replace("{partition}", account.partition.as_str()).replace("{account-id}", account.id.as_str())
}
