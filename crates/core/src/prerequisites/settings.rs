//! What users choose about the prerequisites.

use std::fmt;
use std::str::FromStr;

use crate::account::{AccountId, Partition};
use crate::role::RoleName;
use crate::text::Untrusted;

/// Whether people must have signed in with MFA.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MfaRequirement {
    /// With MFA only.
    #[default]
    Required,
    /// With or without MFA. AWS has no record of the MFA of people who sign in with IAM Identity Center, so their policies
    /// cannot require it; Identity Center itself can.
    NotRequired,
}

/// The key of a session tag: 1 to 128 characters that need no quoting in any of the formats.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagKey(String);

/// A string is not a valid key of a session tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid tag key; use 1 to 128 letters, digits and `_.:/+=@-`, not beginning with `aws:`")]
pub struct InvalidTagKey(Untrusted);

impl TagKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagKey {
    type Err = InvalidTagKey;

    fn from_str(text: &str) -> Result<Self, InvalidTagKey> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.:/+=@-".contains(&b);
        let reserved = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !reserved {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTagKey(text.into()))
        }
    }
}

/// The principal of an AWS service, such as `ec2.amazonaws.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePrincipal(String);

/// A string is not a service principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a service principal; write it as `ec2.amazonaws.com`")]
pub struct InvalidServicePrincipal(Untrusted);

impl ServicePrincipal {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServicePrincipal {
    type Err = InvalidServicePrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidServicePrincipal> {
        let name = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"));
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
        match name {
            Some(name) if !name.is_empty() && name.len() <= 64 && name.bytes().all(allowed) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidServicePrincipal(text.into())),
        }
    }
}

impl fmt::Display for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The values of the placeholders, and which variant of a policy is meant. In a template, they are the defaults of its
/// parameters.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether people must have signed in with MFA.
    pub mfa: MfaRequirement,
    /// The access role of the member accounts.
    pub access_role: RoleName,
    /// The session tag that people pass on, if any, for attribute-based access control (ABAC).
    pub session_tag: Option<TagKey>,
    /// The service that runs the applications; `None` for `ec2.amazonaws.com`, and for no role in a template.
    pub application_service: Option<ServicePrincipal>,
    /// The role of the applications.
    pub application_role: RoleName,
    /// The role of the member accounts that the applications assume.
    pub application_target: RoleName,
    /// The role that creates accounts.
    pub account_creation_role: RoleName,
    /// The partition, for JSON.
    pub partition: Partition,
    /// The identity account, for JSON.
    pub identity_account: Option<AccountId>,
    /// The management account, for JSON.
    pub management_account: Option<AccountId>,
}

impl Settings {
    pub(super) fn service(&self) -> &str {
        self.application_service.as_ref().map_or("ec2.amazonaws.com", ServicePrincipal::as_str)
    }
}
