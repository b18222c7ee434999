//! The settings of a role, once for all the places that hold them.
//!
//! A role is described several times on its way from the configuration to IAM: by the vendor, by the configuration, by the
//! blueprint of an account, as it is observed, and as it is created. [`RoleSettings`] is what all of these descriptions
//! have in common, and [`RoleDefinition`] is what the configuration and the blueprint have in common. In the configuration
//! ARNs are [`Template`]s, and everywhere else they are strings; that is the only difference, and the type parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::account::Account;
use crate::owner::Owner;
use crate::role::RoleName;
use crate::template::{Place, Template};

/// The maximum session duration of a role for which none is set.
///
/// See `MaxSessionDuration` in <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.
pub const DEFAULT_MAX_SESSION: Duration = Duration::from_secs(3600);

/// The settings of a role: everything that `iam:CreateRole` sets besides its name and its trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSettings<Arn = String> {
    /// The path: `/` or `/…/`.
    pub path: String,
    /// The description; empty if it has none.
    pub description: String,
    /// The maximum session duration: one to twelve hours, in whole seconds.
    pub max_session: Duration,
    /// The ARN of the permissions boundary.
    pub boundary: Option<Arn>,
    /// The tags. The owner tag is among them in an account, and not in the configuration.
    pub tags: BTreeMap<String, String>,
}

impl<Arn> Default for RoleSettings<Arn> {
    /// The settings of a role for which none are set.
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            description: String::new(),
            max_session: DEFAULT_MAX_SESSION,
            boundary: None,
            tags: BTreeMap::new(),
        }
    }
}

impl RoleSettings<Template> {
    /// The settings in one account.
    #[must_use]
    pub(crate) fn expand(&self, account: &Account) -> RoleSettings {
        RoleSettings {
            path: self.path.clone(),
            description: self.description.clone(),
            max_session: self.max_session,
            boundary: self.boundary.as_ref().map(|arn| arn.expand(account, Place::Identifier)),
            tags: self.tags.clone(),
        }
    }
}

/// What the configuration says about a role that does not have to be resolved first, unlike its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDefinition<Arn = String> {
    /// What in the configuration asks for the role.
    pub owner: Owner,
    /// The name in output: `Trelica` or `app-deployer`.
    pub title: String,
    /// The name.
    pub name: RoleName,
    /// Whether to adopt an existing role of this name that this tool does not manage.
    pub adopt: bool,
    /// The settings.
    pub settings: RoleSettings<Arn>,
    /// The ARNs of the managed policies.
    pub attached: BTreeSet<Arn>,
}

impl RoleDefinition<Template> {
    /// The definition in one account.
    #[must_use]
    pub(crate) fn expand(&self, account: &Account) -> RoleDefinition {
        RoleDefinition {
            owner: self.owner.clone(),
            title: self.title.clone(),
            name: self.name.clone(),
            adopt: self.adopt,
            settings: self.settings.expand(account),
            attached: self.attached.iter().map(|arn| arn.expand(account, Place::Identifier)).collect(),
        }
    }
}
