//! The prerequisites by name.

use std::fmt;
use std::str::FromStr;

use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

/// The account that a prerequisite belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKind {
    /// The account in which people sign in.
    Identity,
    /// The management account of the organization, also called the billing account.
    Management,
}

impl AccountKind {
    /// `identity` or `management`, as in the template's parameter `Account`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Management => "management",
        }
    }
}

/// A policy document. The trust policy and the permissions of a role are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prerequisite {
    /// Allows the people of the identity account to assume the access role of the member accounts.
    IdentityAccessPolicy,
    /// The trust policy of the role with which applications of the identity account assume a role in the member accounts.
    ApplicationRole,
    /// The permissions of that role.
    ApplicationPolicy,
    /// Allows the people of the management account to assume the access role of the member accounts.
    ManagementAccessPolicy,
    /// Allows the people of the management account to assume the role that creates accounts.
    AccountCreationAccessPolicy,
    /// The trust policy of the role that creates accounts.
    AccountCreationRole,
    /// The permissions of that role.
    AccountCreationPolicy,
}

/// A string is not the name of a prerequisite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a prerequisite; the prerequisites are {}{hint}", list_of(Prerequisite::ALL.map(Prerequisite::as_str)))]
pub struct InvalidPrerequisite {
    name: Untrusted,
    hint: String,
}

impl Prerequisite {
    /// All, in the order in which they are printed.
    pub const ALL: [Self; 7] = [
        Self::IdentityAccessPolicy,
        Self::ApplicationRole,
        Self::ApplicationPolicy,
        Self::ManagementAccessPolicy,
        Self::AccountCreationAccessPolicy,
        Self::AccountCreationRole,
        Self::AccountCreationPolicy,
    ];

    /// The name, for arguments and output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityAccessPolicy => "identity-access-policy",
            Self::ApplicationRole => "application-role",
            Self::ApplicationPolicy => "application-policy",
            Self::ManagementAccessPolicy => "management-access-policy",
            Self::AccountCreationAccessPolicy => "account-creation-access-policy",
            Self::AccountCreationRole => "account-creation-role",
            Self::AccountCreationPolicy => "account-creation-policy",
        }
    }

    /// The account that it belongs to.
    #[must_use]
    pub fn account(self) -> AccountKind {
        match self {
            Self::IdentityAccessPolicy | Self::ApplicationRole | Self::ApplicationPolicy => AccountKind::Identity,
            Self::ManagementAccessPolicy
            | Self::AccountCreationAccessPolicy
            | Self::AccountCreationRole
            | Self::AccountCreationPolicy => AccountKind::Management,
        }
    }

    /// What it is for, in one line.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::IdentityAccessPolicy => {
                "People of the identity account assume the access role of the member accounts"
            }
            Self::ApplicationRole => "Role with which applications assume a role of the member accounts",
            Self::ApplicationPolicy => "Applications assume a role of the member accounts",
            Self::ManagementAccessPolicy => {
                "People of the management account assume the access role of the member accounts"
            }
            Self::AccountCreationAccessPolicy => {
                "People of the management account assume the role that creates accounts"
            }
            Self::AccountCreationRole => "Role that creates accounts of the organization",
            Self::AccountCreationPolicy => "Create accounts and follow their progress",
        }
    }
}

impl FromStr for Prerequisite {
    type Err = InvalidPrerequisite;

    fn from_str(text: &str) -> Result<Self, InvalidPrerequisite> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| InvalidPrerequisite {
            name: text.into(),
            hint: did_you_mean(text, Self::ALL.map(Self::as_str)),
        })
    }
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
