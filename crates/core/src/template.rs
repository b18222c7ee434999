//! Texts of the configuration that differ from account to account.

use crate::account::Account;

/// A text with `{partition}` and `{account-id}` in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(pub String);

impl Template {
    /// The text for one account.
    #[must_use]
    pub fn expand(&self, account: &Account) -> String {
        self.0.replace("{partition}", account.partition.as_str()).replace("{account-id}", account.id.as_str())
    }
}
