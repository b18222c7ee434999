//! The access portal of IAM Identity Center, and the permission sets that its users get.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use url::Url;

use crate::text::Untrusted;

/// The URL of an access portal, such as `https://example.awsapps.com/start`, without a slash at its end.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/userguide/using-the-portal.html>. GovCloud and China have portals with
/// other hosts, and an organization may have a host of its own, so that every host is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPortal(String);

/// A string is not the URL of an access portal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the URL of an access portal; copy it from IAM Identity Center, such as `https://example.awsapps.com/start`"
)]
pub struct InvalidAccessPortal(Untrusted);

impl AccessPortal {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccessPortal {
    type Err = InvalidAccessPortal;

    /// The fragment is dropped: a browser shows the portal as `…/start/#/?tab=accounts`.
    fn from_str(text: &str) -> Result<Self, InvalidAccessPortal> {
        let invalid = || InvalidAccessPortal(text.into());
        let mut url = Url::parse(text).map_err(|_| invalid())?;
        let has_login = !url.username().is_empty() || url.password().is_some();
        if url.scheme() != "https" || url.host_str().is_none() || has_login || url.query().is_some() {
            return Err(invalid());
        }
        url.set_fragment(None);
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for AccessPortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a permission set: 1 to 32 characters of `[\w+=,.@-]`.
///
/// See `Name` in <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionSet.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PermissionSet(String);

/// A string is not the name of a permission set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a permission set; use 1 to 32 letters, digits and `_+=,.@-`")]
pub struct InvalidPermissionSet(Untrusted);

impl PermissionSet {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PermissionSet {
    type Err = InvalidPermissionSet;

    fn from_str(text: &str) -> Result<Self, InvalidPermissionSet> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPermissionSet(text.into()))
        }
    }
}

impl fmt::Display for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portal_is_read_as_browsers_show_it() {
        for text in [
            "https://example.awsapps.com/start",
            "https://example.awsapps.com/start/",
            "https://example.awsapps.com/start#/",
            "https://example.awsapps.com/start/#/?tab=accounts",
        ] {
            assert_eq!(text.parse::<AccessPortal>().unwrap().as_str(), "https://example.awsapps.com/start", "{text}");
        }
        let china = "https://start.home.awsapps.cn/directory/d-1234567890";
        assert_eq!(china.parse::<AccessPortal>().unwrap().as_str(), china);
    }

    #[test]
    fn url_that_is_not_a_portal_is_rejected() {
        for bad in [
            "",
            "example.awsapps.com/start",
            "http://example.awsapps.com/start",
            "https://user:secret@example.awsapps.com/start",
            "https://example.awsapps.com/start?next=https://example.com",
            "javascript:alert(1)",
        ] {
            assert!(bad.parse::<AccessPortal>().is_err(), "{bad}");
        }
        // Line breaks and spaces cannot get into a file or a terminal through a URL.
        let hostile = "https://example.awsapps.com/sta\nrt x\u{1b}[2J".parse::<AccessPortal>().unwrap();
        assert!(hostile.as_str().bytes().all(|b| b.is_ascii_graphic()), "{hostile}");
    }

    #[test]
    fn permission_set_names_follow_the_rules_of_identity_center() {
        for good in ["AdministratorAccess", "a", "a_+=,.@-z", &"x".repeat(32)] {
            assert!(good.parse::<PermissionSet>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "é", "a\nb", &"x".repeat(33)] {
            assert!(bad.parse::<PermissionSet>().is_err(), "{bad}");
        }
    }
}
