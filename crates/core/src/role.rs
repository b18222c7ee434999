//! Role names and external IDs.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::account::{Account, AccountId, Partition};
use crate::redaction::KnownSecrets;
use crate::template::{Place, UnfitPlaceholder, check, expand};
use crate::text::Untrusted;

/// The name of an IAM role: 1 to 64 characters of `[\w+=,.@-]`.
///
/// See <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RoleName(String);

/// A string is not a valid role name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`")]
pub struct InvalidRoleName(Untrusted);

impl RoleName {
    /// The name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether IAM treats both as the same name, because role names are case-insensitive.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// The ARN of the role with this path.
    #[must_use]
    pub fn arn(&self, partition: &Partition, account: &AccountId, path: &str) -> String {
        format!("arn:{partition}:iam::{account}:role{path}{self}")
    }
}

impl FromStr for RoleName {
    type Err = InvalidRoleName;

    fn from_str(text: &str) -> Result<Self, InvalidRoleName> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRoleName(text.into()))
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An external ID: 2 to 1224 characters of `[\w+=,.@:/-]`. Never printed.
///
/// A third party passes it when it assumes a role, so that no one can make the third party access an account that did not
/// authorize it (the confused deputy problem).
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html>.
#[derive(Clone)]
pub struct ExternalId(SecretString);

/// A string is not a valid external ID. The error does not contain the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`")]
pub struct InvalidExternalId;

impl ExternalId {
    /// The plain value. Use it only for policies that are sent to IAM.
    #[must_use]
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value, for a call that passes it.
    #[must_use]
    pub fn to_secret(&self) -> SecretString {
        self.0.clone()
    }

    /// Adds the external ID to the secrets that no text may contain.
    pub fn add_to(&self, known: &KnownSecrets) {
        known.add(self.expose());
    }
}

impl FromStr for ExternalId {
    type Err = InvalidExternalId;

    fn from_str(text: &str) -> Result<Self, InvalidExternalId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        if (2..=1224).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidExternalId)
        }
    }
}

/// An external ID with placeholders, such as `{account-id}`. Never printed.
#[derive(Debug, Clone)]
pub struct ExternalIdTemplate(ExternalId);

impl ExternalIdTemplate {
    /// Validates a template by its expansion for an account.
    pub(crate) fn parse(text: &str, example: &Account) -> Result<Self, InvalidExternalId> {
        let template = Self(ExternalId(SecretString::from(text)));
        template.expand(example).map_err(|_| InvalidExternalId)?;
        Ok(template)
    }

    /// The text with the placeholders, as what must not be printed.
    #[must_use]
    pub(crate) fn as_secret(&self) -> &ExternalId {
        &self.0
    }

    /// The external ID of one account.
    pub(crate) fn expand(&self, account: &Account) -> Result<ExternalId, UnfitExternalId> {
        let text = self.0.expose();
        check(text, account, Place::Identifier)?;
        Ok(expand(text, account, Place::Identifier).parse()?)
    }
}

/// Why an external ID with placeholders cannot be made for an account. The error does not contain the external ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnfitExternalId {
    /// A placeholder cannot be replaced.
    #[error(transparent)]
    Placeholder(#[from] UnfitPlaceholder),
    /// The result is not an external ID.
    #[error(transparent)]
    Invalid(#[from] InvalidExternalId),
}

/// A pattern of external IDs, in which `*` is any text and `?` any character. Never printed.
#[derive(Debug, Clone)]
pub struct ExternalIdPattern(ExternalId);

/// A string is not a valid pattern of external IDs. The error does not contain the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the value is not a valid pattern of external IDs; use letters, digits and `_+=,.@:/-` with the wildcards `*` and `?`, and \
     at least two characters that are not wildcards"
)]
pub struct InvalidExternalIdPattern;

impl ExternalIdPattern {
    /// The pattern, as what must not be printed.
    #[must_use]
    pub(crate) fn as_secret(&self) -> &ExternalId {
        &self.0
    }
}

impl FromStr for ExternalIdPattern {
    type Err = InvalidExternalIdPattern;

    fn from_str(text: &str) -> Result<Self, InvalidExternalIdPattern> {
        // The remainder without the wildcards is valid itself, so that the pattern does not match everything.
        let fixed = text.replace(['*', '?'], "").parse::<ExternalId>();
        if fixed.is_ok() && text.len() <= 1224 {
            Ok(Self(ExternalId(SecretString::from(text))))
        } else {
            Err(InvalidExternalIdPattern)
        }
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_follow_the_rules_of_iam() {
        for good in ["a", "TrelicaIntegration", "a_+=,.@-z", &"x".repeat(64)] {
            assert!(good.parse::<RoleName>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<RoleName>().is_err(), "{bad}");
        }
        let a: RoleName = "Trelica".parse().unwrap();
        let b: RoleName = "TRELICA".parse().unwrap();
        assert!(a != b && a.is_same(&b));
    }

    #[test]
    fn template_of_an_external_id_is_expanded_and_never_printed() {
        let account = crate::plan::sample::account();
        let template = ExternalIdTemplate::parse("s3cret:{account-id}/{account-name}", &account).unwrap();
        assert_eq!(template.expand(&account).unwrap().expose(), "s3cret:444455556666/payments-dev");
        assert!(!format!("{template:?}").contains("s3cret"));
        let hostile = Account { name: "Team \"A\"".into(), ..account.clone() };
        insta::assert_snapshot!(template.expand(&hostile).unwrap_err(), @r#"the name of the account, `Team "A"`, cannot replace `{account-name}` here, because it is empty or contains other characters than letters, digits and `_+=,.@-`; rename the account, or use `{account-id}`"#);
        let long = ExternalIdTemplate::parse(&format!("{}{{account-id}}", "x".repeat(1213)), &account);
        assert!(long.is_err() && ExternalIdTemplate::parse("has space {account-id}", &account).is_err());
    }

    #[test]
    fn external_id_is_never_printed() {
        let id: ExternalId = "s3cret/id".parse().unwrap();
        assert_eq!(format!("{id:?}"), "ExternalId(hidden)");
        assert!("s3cret id".parse::<ExternalId>().unwrap_err().to_string().find("s3cret").is_none());
        assert!("x".parse::<ExternalId>().is_err());
        let pattern = "s3cret-*".parse::<ExternalIdPattern>().unwrap();
        assert!(!format!("{pattern:?}").contains("s3cret"));
        for bad in ["*", "?*", "a*", "s3cret id*", &"x".repeat(1225)] {
            assert!(!bad.parse::<ExternalIdPattern>().unwrap_err().to_string().contains("s3cret"), "{bad}");
        }
    }
}
