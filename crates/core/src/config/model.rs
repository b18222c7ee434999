//! What the configuration says, checked: the value that the rest of the house trusts.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::AccountId;
use crate::policy::Condition;
use crate::role::{ExternalId, RoleName};
use crate::template::Template;
use crate::vendor::{Api, Endpoint};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The role by which accounts are entered.
    pub access_role: AccessRole,
    /// Accounts that are left alone.
    pub excluded: BTreeSet<AccountId>,
    /// How long after it joined an account may still be getting ready, in seconds.
    pub new_for: i64,
    /// How long an account is waited for before a person is asked, in seconds.
    pub give_up_after: i64,
    /// The vendors' roles, then the user's own, each in the order of the file.
    pub roles: Vec<RoleTemplate>,
}

impl Config {
    /// The external ids that stand in the configuration itself, so that they can be taken out of messages.
    #[must_use]
    pub fn external_ids(&self) -> Vec<ExternalId> {
        let specs = self.access_role.grants.iter().chain(self.roles.iter().flat_map(|role| &role.trust));
        let literal = |spec: &TrustSpec| match &spec.external_id {
            Some(ExternalIdSource::Literal(id)) => Some(id.clone()),
            _ => None,
        };
        specs.filter_map(literal).collect()
    }
}

/// The role by which accounts are entered, and who else may.
#[derive(Debug, Clone)]
pub struct AccessRole {
    /// The names that are tried, in order; at least one.
    pub names: Vec<RoleName>,
    /// Who is granted access.
    pub grants: Vec<TrustSpec>,
    /// Whether deleted identities are taken out of the trust policy.
    pub prune_orphans: bool,
}

/// Principals that may assume a role, under one condition.
#[derive(Debug, Clone)]
pub struct TrustSpec {
    /// Who.
    pub principals: Vec<PrincipalSpec>,
    /// The external id that they give, if any.
    pub external_id: Option<ExternalIdSource>,
    /// Further conditions.
    pub condition: Condition,
}

/// A principal as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalSpec {
    /// An account id, or the ARN of a role or user.
    Aws(Template),
    /// An AWS service, as `lambda.amazonaws.com`; in roles of the user's own alone.
    Service(String),
}

/// Where an external id comes from.
#[derive(Debug, Clone)]
pub enum ExternalIdSource {
    /// It stands in the configuration.
    Literal(ExternalId),
    /// It is the value of this SSM parameter.
    Parameter(String),
}

/// A role to install in every account.
#[derive(Debug, Clone)]
pub struct RoleTemplate {
    /// What it is for: `vendor/trelica`, `role/app-deployer`. The value of the owner tag.
    pub owner: String,
    /// What people call it: `Trelica`, `app-deployer`.
    pub title: String,
    /// Its name.
    pub name: RoleName,
    /// Its path; `/` or `/…/`.
    pub path: String,
    /// Its description.
    pub description: String,
    /// The longest session, in seconds; 3600 to 43200.
    pub max_session_seconds: i32,
    /// The ARN of its permissions boundary.
    pub boundary: Option<Template>,
    /// Its tags, without the owner tag.
    pub tags: BTreeMap<String, String>,
    /// Whether a role of this name that somebody else made is taken over.
    pub adopt: bool,
    /// Who may assume it.
    pub trust: Vec<TrustSpec>,
    /// Whether whoever assumes it must give an external id.
    pub external_id_required: bool,
    /// Inline policies by name; JSON.
    pub policies: BTreeMap<String, Template>,
    /// ARNs of attached managed policies.
    pub managed: BTreeSet<Template>,
    /// Where the vendor is told of the account and this role.
    pub registration: Option<Registration>,
}

/// Where a vendor is told of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The API.
    pub api: Api,
    /// Its address.
    pub endpoint: Endpoint,
    /// The SSM parameter that holds its key.
    pub key_parameter: String,
}
