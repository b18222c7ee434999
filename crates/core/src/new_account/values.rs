//! The name and the email of an account, and who may see its billing, as AWS accepts them.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>.

use std::fmt;
use std::str::FromStr;

use crate::text::Untrusted;

/// The name of an account to create: 1 to 50 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(String);

/// A string is not a valid account name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid account name; use 1 to 50 printable ASCII characters, without a space at the beginning or the end"
)]
pub struct InvalidName(Untrusted);

impl AccountName {
    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if (1..=50).contains(&text.len()) && is_printable && text.trim() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.into()))
        }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The email address of the owner (root user) of an account to create. No other AWS account may have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountEmail(String);

/// A string is not a valid email address of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{email}` is not a valid email address of an account: {problem}")]
pub struct InvalidEmail {
    email: Untrusted,
    problem: &'static str,
}

impl AccountEmail {
    /// The address as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the same address, ignoring case.
    #[must_use]
    pub fn is_same(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }

    /// The address in lowercase, by which duplicates are found.
    #[must_use]
    pub fn lowercase(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for AccountEmail {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        match problem_with_email(text) {
            Some(problem) => Err(InvalidEmail { email: text.into(), problem }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// The first rule of AWS that an address breaks.
fn problem_with_email(text: &str) -> Option<&'static str> {
    const FORBIDDEN: &[u8] = b"\"'()<>[]:;,\\|%&";
    if !(6..=64).contains(&text.len()) {
        return Some("it must have 6 to 64 characters");
    }
    if !text.is_ascii() {
        return Some("it must have ASCII characters only");
    }
    let Some((local, domain)) = text.split_once('@').filter(|(_, domain)| !domain.contains('@')) else {
        return Some("it must have exactly one `@`");
    };
    let in_local = |byte: u8| byte.is_ascii_graphic() && !FORBIDDEN.contains(&byte);
    if local.is_empty() || local.starts_with('.') || !local.bytes().all(in_local) {
        return Some(
            "before the `@`, it needs characters other than spaces and `\"'()<>[]:;,\\|%&`, of which the first is not a dot",
        );
    }
    let in_domain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let has_ends = !domain.starts_with(['-', '.']) && !domain.ends_with(['-', '.']);
    if !domain.contains('.') || !has_ends || !domain.bytes().all(in_domain) {
        return Some("after the `@`, it needs a domain such as `example.com`");
    }
    None
}

impl fmt::Display for AccountEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether IAM users and roles of the account can be given permission to see its billing. With `Deny`, only its root user sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BillingAccess {
    /// They can; the default of AWS.
    #[default]
    Allow,
    /// They cannot.
    Deny,
}

impl BillingAccess {
    /// The word: `allow` or `deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl FromStr for BillingAccess {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err(format!("`{}` is not `allow` or `deny`", Untrusted::new(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_name_is_printable_ascii() {
        assert_eq!("Payments (dev) ~1".parse::<AccountName>().unwrap().as_str(), "Payments (dev) ~1");
        for bad in ["", " a", "a ", "a\tb", "a\u{1b}[2Jb", "zahlungen-ä", &"x".repeat(51)] {
            assert!(bad.parse::<AccountName>().is_err(), "{bad:?}");
        }
        insta::assert_snapshot!("a\u{1b}b".parse::<AccountName>().unwrap_err(), @"`a?b` is not a valid account name; use 1 to 50 printable ASCII characters, without a space at the beginning or the end");
    }

    #[test]
    fn email_follows_the_rules_of_aws() {
        for good in ["a@b.cd", "aws+payments-dev@example.com", "x{}!#$*/=?^_`~@a-b.example"] {
            assert!(good.parse::<AccountEmail>().is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "x".repeat(53));
        for bad in [
            "",
            "a@b.c",
            long.as_str(),
            "awsexample.com",
            "a@b@example.com",
            "@example.com",
            ".a@example.com",
            "a b@example.com",
            "a;b@example.com",
            "a%b@example.com",
            "aws@example",
            "aws@-example.com",
            "aws@example.com.",
            "aws@exam_ple.com",
            "käse@example.com",
            "a\u{1b}@example.com",
        ] {
            assert!(bad.parse::<AccountEmail>().is_err(), "{bad}");
        }
        insta::assert_snapshot!("aws@example".parse::<AccountEmail>().unwrap_err(), @"`aws@example` is not a valid email address of an account: after the `@`, it needs a domain such as `example.com`");
    }

    #[test]
    fn email_is_the_same_in_another_case() {
        let email: AccountEmail = "AWS+Dev@Example.com".parse().unwrap();
        assert!(email.is_same("aws+dev@example.COM") && !email.is_same("aws@example.com"));
        assert_eq!(email.lowercase(), "aws+dev@example.com");
    }

    #[test]
    fn access_to_billing_is_allowed_or_denied() {
        assert_eq!("ALLOW".parse(), Ok(BillingAccess::Allow));
        assert_eq!("deny".parse(), Ok(BillingAccess::Deny));
        assert_eq!("no".parse::<BillingAccess>(), Err("`no` is not `allow` or `deny`".to_owned()));
    }
}
