//! The owner of a managed role: what in the configuration asks for it.
//!
//! The owner is the value of the tag [`OWNER_TAG`]. A role that has the tag is managed by this tool, whatever the value is:
//! a value that this version does not know may come from another version, or from a configuration that has changed since.
//! See `ObservedRole::is_managed`.

use std::fmt;

use crate::role::RoleName;

/// The tag that marks the roles that this tool manages. The value is the [`Owner`], such as `vendor/trelica`.
pub const OWNER_TAG: &str = "account-onboarding";

/// What in the configuration asks for a role. Displayed as the value of the tag [`OWNER_TAG`].
///
/// ```
/// # use onboarding_core::owner::Owner;
/// assert_eq!(Owner::Vendor("trelica".to_owned()).to_string(), "vendor/trelica");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// `[vendors.NAME]`, by the name of the vendor: `vendor/trelica`.
    Vendor(String),
    /// An entry of `[[role]]`, by the name of the role: `role/app-deployer`.
    Role(RoleName),
}

impl Owner {
    /// The owner that the value of a tag names, if it names one.
    #[must_use]
    pub(crate) fn from_tag(value: &str) -> Option<Self> {
        match value.split_once('/')? {
            ("vendor", name) => is_vendor_name(name).then(|| Self::Vendor(name.to_owned())),
            ("role", name) => name.parse().ok().map(Self::Role),
            _ => None,
        }
    }

    /// Whether both are the same vendor, or the same role: the names of roles are case-insensitive.
    #[must_use]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.to_string().eq_ignore_ascii_case(&other.to_string())
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_is_displayed_as_the_tag_value() {
        let role = Owner::Role("app-deployer".parse().unwrap());
        for (owner, text) in [(Owner::Vendor("trelica".to_owned()), "vendor/trelica"), (role, "role/app-deployer")] {
            assert_eq!(owner.to_string(), text);
        }
        assert!(Owner::Vendor("trelica".to_owned()).is_vendor());
        assert!(!Owner::Role("vendor".parse().unwrap()).is_vendor());
    }

    #[test]
    fn owner_is_read_from_the_tag_and_anything_else_names_none() {
        for text in ["vendor/trelica", "role/app-deployer"] {
            assert_eq!(Owner::from_tag(text).unwrap().to_string(), text);
        }
        for text in ["", "trelica", "vendor/", "vendor/a\n[x]", "vendor/\"", "role/a b", "team/x"] {
            assert_eq!(Owner::from_tag(text), None, "{text:?}");
        }
    }

    #[test]
    fn vendor_name_has_lowercase_letters_digits_and_hyphens() {
        assert!(is_vendor_name("workload-security-2") && is_vendor_name(&"x".repeat(64)));
        for text in ["", "A", "a/b", "é", "\u{1b}[2J", &"x".repeat(65)] {
            assert!(!is_vendor_name(text), "{text}");
        }
    }
}
