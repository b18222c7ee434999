//! Strings of the configuration with placeholders that are replaced per account.
//!
//! The name of an account is any text that its owner chooses. In a policy it could end a string, become a wildcard or a policy
//! variable, or continue an ARN. So each place of a placeholder has characters that fit it, and a name with any other is never
//! put there: [`expand`] leaves the placeholder as it is, and [`check`], which is asked first, says why.

use crate::account::Account;
use crate::text::Untrusted;

/// The placeholders, without their braces.
pub(crate) const PLACEHOLDERS: [&str; 4] = ["partition", "account-id", "account-name", "organization-id"];

const ACCOUNT_NAME: &str = "{account-name}";
const ORGANIZATION_ID: &str = "{organization-id}";

/// A string that may contain the placeholders `{partition}`, `{account-id}`, `{account-name}` and `{organization-id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(pub String);

/// Where a placeholder is replaced, which decides the characters that a name may have there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In an ARN, or an external ID.
    Identifier,
    /// In a string of a policy, or the value of a condition.
    PolicyString,
}

/// Why the placeholders of a text cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnfitPlaceholder {
    /// The account's name does not fit the place.
    #[error(
        "the name of the account, `{name}`, cannot replace `{{account-name}}` here, because it is empty or contains other \
         characters than {allowed}; rename the account, or use `{{account-id}}`"
    )]
    AccountName { name: Untrusted, allowed: &'static str },
    /// Organizations did not return the account's path, which contains the ID of the organization.
    #[error("the ID of the organization is not known, because Organizations did not return the path of the account")]
    OrganizationUnknown,
}

impl Place {
    fn fits(self, name: &str) -> bool {
        let allowed =
            |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b) || (b == b' ' && self == Self::PolicyString);
        !name.is_empty() && name.bytes().all(allowed)
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Identifier => "letters, digits and `_+=,.@-`",
            Self::PolicyString => "letters, digits, spaces and `_+=,.@-`",
        }
    }
}

impl Template {
    /// The string with the placeholders replaced for one account.
    #[must_use]
    pub(crate) fn expand(&self, account: &Account, place: Place) -> String {
        expand(&self.0, account, place)
    }
}

/// A text with the placeholders replaced for one account, as far as their values fit the place.
#[must_use]
pub(crate) fn expand(text: &str, account: &Account, place: Place) -> String {
    let mut text = text.replace("{partition}", account.partition.as_str()).replace("{account-id}", account.id.as_str());
    if let Some(organization) = account.organization() {
        text = text.replace(ORGANIZATION_ID, organization);
    }
    match account.name.raw() {
        name if place.fits(name) => text.replace(ACCOUNT_NAME, name),
        _ => text,
    }
}

/// Whether all placeholders of a text can be replaced for an account.
pub(crate) fn check(text: &str, account: &Account, place: Place) -> Result<(), UnfitPlaceholder> {
    let name = account.name.raw();
    if text.contains(ACCOUNT_NAME) && !place.fits(name) {
        return Err(UnfitPlaceholder::AccountName { name: account.name.clone(), allowed: place.allowed() });
    }
    if text.contains(ORGANIZATION_ID) && account.organization().is_none() {
        return Err(UnfitPlaceholder::OrganizationUnknown);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    const TEXT: &str = "arn:{partition}:s3:::{account-name}-{account-id}/{organization-id}";

    fn account(name: &str, path: Option<&str>) -> Account {
        Account { name: name.into(), ou_path: path.map(str::to_owned), ..sample::account() }
    }

    fn expanded(name: &str, path: Option<&str>, place: Place) -> Result<String, String> {
        let account = account(name, path);
        check(TEXT, &account, place).map(|()| expand(TEXT, &account, place)).map_err(|error| error.to_string())
    }

    #[test]
    fn placeholders_are_replaced_where_their_values_fit() {
        let path = Some("o-exampleorg1/r-ab12/444455556666/");
        let arn = expanded("payments-dev", path, Place::Identifier);
        assert_eq!(arn.as_deref(), Ok("arn:aws:s3:::payments-dev-444455556666/o-exampleorg1"));
        assert!(expanded("Team A", path, Place::PolicyString).is_ok());
        insta::assert_snapshot!(expanded("Team A", path, Place::Identifier).unwrap_err(), @"the name of the account, `Team A`, cannot replace `{account-name}` here, because it is empty or contains other characters than letters, digits and `_+=,.@-`; rename the account, or use `{account-id}`");
        insta::assert_snapshot!(expanded("payments-dev", None, Place::Identifier).unwrap_err(), @"the ID of the organization is not known, because Organizations did not return the path of the account");
    }

    #[test]
    fn hostile_name_is_refused_and_never_inserted() {
        for name in [
            "",
            "*",
            "a?",
            "${aws:username}",
            "x\"}],\"Principal\":\"*",
            "a:b",
            "a/b",
            "a\\",
            "é",
            "{account-id}",
            "a\n",
        ] {
            for place in [Place::Identifier, Place::PolicyString] {
                assert!(expanded(name, Some("o-exampleorg1/"), place).is_err(), "{name}");
                let text = expand(TEXT, &account(name, None), place);
                assert_eq!(text, "arn:aws:s3:::{account-name}-444455556666/{organization-id}");
            }
        }
    }

    #[test]
    fn hostile_path_is_not_the_id_of_an_organization() {
        for path in ["", "o-", "o-exampleorg1\"/r-ab12/", "r-ab12/o-exampleorg1/", "o-EXAMPLEORG1/r-ab12/"] {
            assert_eq!(account("", Some(path)).organization(), None, "{path}");
        }
    }
}
