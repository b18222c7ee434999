//! The name of an account in a vendor's console, from a template of the configuration.
//!
//! The name of an account can be any text. It is filtered and shortened, and replaced last, so that an account that is called
//! `{account-id}` has that name in the console. White space at both ends is removed, because a vendor may remove it, and the name
//! would then differ in every run.

use crate::account::Account;
use crate::suggestion::{did_you_mean, one_of};
use crate::text::{Untrusted, excerpt};

/// The placeholders.
const PLACEHOLDERS: [&str; 2] = ["account-name", "account-id"];

/// The longest template, in characters.
const LONGEST_TEMPLATE: usize = 100;

/// The longest account name in a display name, in characters. The console shows it in a list.
const LONGEST_NAME: usize = 64;

/// A display name with the placeholders `{account-name}` and `{account-id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl Default for DisplayName {
    fn default() -> Self {
        Self("{account-name} ({account-id})".to_owned())
    }
}

impl DisplayName {
    /// Validates a template.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) || text.trim() != text || text.chars().count() > LONGEST_TEMPLATE {
            return Err(format!(
                "must be one line of at most {LONGEST_TEMPLATE} characters, without white space at its ends"
            ));
        }
        let as_written = || PLACEHOLDERS.map(|name| format!("{{{name}}}"));
        let mut rest = text;
        let mut found = false;
        while let Some((_, after)) = rest.split_once('{') {
            let (name, end) = after.split_once('}').map_or((after, ""), |(name, _)| (name, "}"));
            if !PLACEHOLDERS.contains(&name) || end.is_empty() {
                return Err(format!(
                    "`{{{}{end}` is not a placeholder; use {}{}",
                    Untrusted::new(name),
                    one_of(as_written().iter().map(String::as_str)),
                    did_you_mean(name, PLACEHOLDERS)
                ));
            }
            found = true;
            rest = after;
        }
        if !found {
            return Err(format!(
                "would be the same for every account; add {}",
                one_of(as_written().iter().map(String::as_str))
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of one account. It is never empty.
    pub(crate) fn expand(&self, account: &Account) -> String {
        let name = excerpt(account.name.raw(), LONGEST_NAME);
        let expanded = self.0.replace("{account-id}", account.id.as_str()).replace("{account-name}", &name);
        match expanded.trim() {
            "" => account.id.to_string(),
            text => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample::account;

    fn expanded(template: &str, name: &str) -> String {
        let account = Account { name: name.into(), ..account() };
        DisplayName::parse(template).unwrap().expand(&account)
    }

    #[test]
    fn placeholders_are_replaced_once_and_account_names_last() {
        assert_eq!(expanded("{account-name} ({account-id})", "payments"), "payments (444455556666)");
        assert_eq!(expanded("AWS {account-id}", "payments"), "AWS 444455556666");
        assert_eq!(expanded("{account-name}", "{account-id}"), "{account-id}");
        assert_eq!(DisplayName::parse("{account-name} ({account-id})"), Ok(DisplayName::default()));
    }

    #[test]
    fn hostile_account_name_is_filtered_shortened_and_never_empty() {
        let long = expanded("{account-name}", &"x".repeat(10_000));
        assert!(long.chars().count() <= LONGEST_NAME + 1, "{long}");
        let control = expanded("{account-name}", "a\u{1b}[2J\nb\u{202e}");
        assert!(control.chars().all(crate::text::is_printable), "{control:?}");
        assert_eq!(expanded("{account-name}", "  payments  "), "payments");
        assert_eq!(expanded("{account-name}", "   "), "444455556666");
    }

    #[test]
    fn templates_that_are_not_valid_are_refused() {
        let refused = ["AWS", "", "{account}", "{account-name", "{account-name} {", " {account-id}", "{account-id}\n"]
            .map(|text| DisplayName::parse(text).unwrap_err());
        insta::assert_snapshot!(refused.join("\n"), @"
        would be the same for every account; add `{account-name}` or `{account-id}`
        would be the same for every account; add `{account-name}` or `{account-id}`
        `{account}` is not a placeholder; use `{account-name}` or `{account-id}`
        `{account-name` is not a placeholder; use `{account-name}` or `{account-id}`; did you mean `account-name`?
        `{` is not a placeholder; use `{account-name}` or `{account-id}`
        must be one line of at most 100 characters, without white space at its ends
        must be one line of at most 100 characters, without white space at its ends
        ");
        assert!(DisplayName::parse(&format!("{{account-id}}{}", "x".repeat(100))).is_err());
    }
}
