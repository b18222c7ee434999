//! The owner of a managed role: what in the configuration asks for it.
//!
//! The owner is the value of the tag [`OWNER_TAG`]. A role that has the tag is managed by this tool, whatever the value is:
//! a value that this version does not know may come from another version, or from a configuration that has changed since.
//! See `ObservedRole::is_managed`.

use std::fmt;
use std::str::FromStr;

use crate::role::RoleName;
use crate::text::Untrusted;

/// The tag that marks the roles that this tool manages. The value is the [`Owner`], such as `vendor/trelica`.
pub const OWNER_TAG: &str = "account-onboarding";

/// What in the configuration asks for a role. Displayed as the value of the tag [`OWNER_TAG`].
///
/// ```
/// # use onboarding_core::owner::Owner;
/// let owner: Owner = "vendor/trelica".parse()?;
/// assert_eq!(owner, Owner::Vendor("trelica".to_owned()));
/// assert_eq!(owner.to_string(), "vendor/trelica");
/// # Ok::<(), onboarding_core::owner::InvalidOwner>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// `[vendors.NAME]`, by the name of the vendor: `vendor/trelica`.
    Vendor(String),
    /// An entry of `[[role]]`, by the name of the role: `role/app-deployer`.
    Role(RoleName),
}

/// A tag value is not an owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid owner; expected `vendor/NAME` or `role/NAME`")]
pub struct InvalidOwner(Untrusted);

impl Owner {
    /// Whether the role is a vendor's.
    #[must_use]
    pub(crate) fn is_vendor(&self) -> bool {
        matches!(self, Self::Vendor(_))
    }
}

/// Whether a string is a valid name of a vendor, which is used in a tag value, a TOML key and a file name.
pub(crate) fn is_vendor_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(name) => write!(f, "vendor/{name}"),
            Self::Role(name) => write!(f, "role/{name}"),
        }
    }
}

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, InvalidOwner> {
        let owner = match text.split_once('/') {
            Some(("vendor", name)) => is_vendor_name(name).then(|| Self::Vendor(name.to_owned())),
            Some(("role", name)) => name.parse().ok().map(Self::Role),
            _ => None,
        };
        owner.ok_or_else(|| InvalidOwner(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_is_displayed_as_the_tag_value_and_parsed_from_it() {
        let role = Owner::Role("app-deployer".parse().unwrap());
        for (owner, text) in [(Owner::Vendor("trelica".to_owned()), "vendor/trelica"), (role, "role/app-deployer")] {
            assert_eq!(owner.to_string(), text);
            assert_eq!(text.parse(), Ok(owner));
        }
        assert!(Owner::Vendor("trelica".to_owned()).is_vendor());
        assert!(!"role/vendor".parse::<Owner>().unwrap().is_vendor());
    }

    #[test]
    fn unknown_tag_value_is_rejected() {
        for text in ["", "/", "vendor", "vendor/", "vendor/A", "vendor/a/b", "role/", "role/é", "team/x", "Vendor/x"] {
            assert!(text.parse::<Owner>().is_err(), "{text}");
        }
        let error = "vendor/\u{1b}[2J".parse::<Owner>().unwrap_err();
        assert_eq!(error.to_string(), "`vendor/?[2J` is not a valid owner; expected `vendor/NAME` or `role/NAME`");
    }

    proptest::proptest! {
        #[test]
        fn parsed_owner_is_displayed_unchanged(text in "(vendor|role|[a-z]*)/?[\\PC]*") {
            if let Ok(owner) = text.parse::<Owner>() {
                proptest::prop_assert_eq!(owner.to_string(), text);
            }
        }
    }
}
