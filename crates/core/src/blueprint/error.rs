//! Why a part of a blueprint cannot be built.

use std::fmt;

use crate::account::Account;
use crate::outcome::Stop;
use crate::owner::Owner;
use crate::role::RoleName;
use crate::targets::Unknown;
use crate::template::UnfitPlaceholder;

/// Why a blueprint cannot be built: an error in the configuration or in an SSM parameter, or a vendor that does not return the
/// external ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {problem}")]
pub struct BlueprintError {
    /// The part of the configuration with the error.
    pub part: ConfiguredPart,
    /// The problem, and what to do.
    pub problem: String,
    /// How the role ends, if the reason is not the configuration.
    pub stop: Option<Box<Stop>>,
}

impl BlueprintError {
    /// A part of which it is not known whether its targets select the account.
    pub(super) fn undecided(part: ConfiguredPart, unknown: &Unknown, account: &Account) -> Self {
        let stop = unknown.stop(&account.id).about(&"it is not known whether its targets select the account");
        let problem = stop.cause().message.clone();
        let stop = stop.about(&part);
        Self { part, problem, stop: Some(Box::new(stop)) }
    }

    /// Waiting, if the reason passes with time.
    #[must_use]
    pub fn wait(&self) -> Option<Stop> {
        self.stop.as_deref().filter(|stop| matches!(stop, Stop::Wait(_))).cloned()
    }
}

/// A part of the configuration that becomes a part of a blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfiguredPart {
    /// `[access-role]`.
    AccessRole,
    /// A role.
    Role {
        /// What in the configuration asks for it.
        owner: Owner,
        /// Its name.
        name: RoleName,
    },
}

impl fmt::Display for ConfiguredPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessRole => f.write_str("access-role"),
            Self::Role { owner, .. } => owner.fmt(f),
        }
    }
}

/// A placeholder that cannot be replaced: a name that does not fit blocks, and an unknown path is waited for.
pub(super) fn unfit(
    fail: &dyn Fn(String) -> BlueprintError,
    error: &UnfitPlaceholder,
    account: &Account,
) -> BlueprintError {
    let failed = fail(error.to_string());
    let stop = match error {
        UnfitPlaceholder::AccountName { .. } => None,
        UnfitPlaceholder::OrganizationUnknown => Some(Box::new(Unknown::Path.stop(&account.id).about(&failed.part))),
    };
    BlueprintError { stop, ..failed }
}
