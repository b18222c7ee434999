//! The validated configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::examples::ExampleValue;
use crate::console::ConsoleSettings;
use crate::display_name::DisplayName;
use crate::exclude::Exclude;
use crate::policy::{AssumeAction, AssumeActions, Condition, ExternalIdRequirement, Principal};
use crate::rate::RateLimits;
use crate::role::{ExternalId, ExternalIdPattern, RoleName};
use crate::role_settings::RoleDefinition;
use crate::template::Template;
use crate::vendor::{Api, Endpoint, HandoffTemplate};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The role that the tool assumes in member accounts.
    pub access_role: AccessRole,
    /// How people open accounts in the console.
    pub console: ConsoleSettings,
    /// Accounts and units that are never changed.
    pub excluded: BTreeSet<Exclude>,
    /// How long after joining an account counts as new. A new account may not be usable yet, so failures to
    /// access it are retried.
    pub new_for: Duration,
    /// How long an account is retried before it is reported as needing attention.
    pub give_up_after: Duration,
    /// How fast AWS is called.
    pub limits: RateLimits,
    /// The vendor roles, then the `[[role]]` entries, each in file order.
    pub roles: Vec<RoleTemplate>,
    /// The hash of the text and of every file that it refers to. Records keep it, to show which accounts were processed with
    /// the present configuration.
    pub hash: String,
    /// The example values that it and its files still contain, in file order.
    pub example_values: Vec<ExampleValue>,
    /// Settings that are valid but deserve review, such as policies that allow every action.
    pub warnings: Vec<String>,
}

impl Config {
    /// The external IDs that are written in the file, so that they can be redacted from messages.
    #[must_use]
    pub fn external_ids(&self) -> Vec<ExternalId> {
        let granted = self.access_role.grants.iter().map(|grant| &grant.trust);
        let specs = granted.chain(self.roles.iter().flat_map(|role| &role.trust));
        let written = |source: &ExternalIdSource| match source {
            ExternalIdSource::Literal(id) => Some(id.clone()),
            ExternalIdSource::Pattern(pattern) => Some(pattern.as_secret().clone()),
            ExternalIdSource::Parameter(_) | ExternalIdSource::Tenant(_) => None,
        };
        specs.flat_map(|spec| &spec.external_ids).filter_map(written).collect()
    }
}

/// The role that the tool assumes in member accounts, and the principals that are granted access to it.
#[derive(Debug, Clone)]
pub struct AccessRole {
    /// The role names to try, in order. Not empty.
    pub names: Vec<RoleName>,
    /// The principals to add to its trust policy.
    pub grants: Vec<GrantSpec>,
    /// Whether to remove principals from the trust policy that no longer exist.
    pub prune_orphans: bool,
}

impl AccessRole {
    /// The grants that apply to an access role.
    pub(crate) fn grants_on(&self, access_role: &RoleName) -> impl Iterator<Item = &GrantSpec> {
        let applies = |grant: &&GrantSpec| grant.access_role.as_ref().is_none_or(|only| only.is_same(access_role));
        self.grants.iter().filter(applies)
    }
}

/// Principals that are granted access to the access role of an account.
#[derive(Debug, Clone)]
pub struct GrantSpec {
    /// The only access role that they are granted access to: one of the configured names. `None` for whichever is used.
    pub access_role: Option<RoleName>,
    /// The principals.
    pub trust: TrustSpec,
}

/// Principals that may assume a role under the same condition.
#[derive(Debug, Clone)]
pub struct TrustSpec {
    /// The principals.
    pub principals: Vec<PrincipalSpec>,
    /// The external IDs of which they must pass one; if empty, none is required. Either all or none are patterns.
    pub external_ids: Vec<ExternalIdSource>,
    /// Further conditions, whose values may contain placeholders.
    pub condition: Condition,
    /// What they may do.
    pub actions: AssumeActions,
}

/// A principal in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalSpec {
    /// An account ID, or the ARN of a role or user. In roles also a unique ID (`AROA…`, `AIDA…`).
    Aws(Template),
    /// An AWS service such as `lambda.amazonaws.com`. Only allowed in `[[role]]`.
    Service(String),
    /// An identity provider: the ARN of an OpenID Connect or SAML provider, or one that AWS knows by name. Only allowed in
    /// `[[role]]`.
    Federated(Template),
}

impl PrincipalSpec {
    /// Whether it is the unique ID of a role or user.
    #[must_use]
    pub(super) fn is_unique_id(&self) -> bool {
        matches!(self, Self::Aws(text) if matches!(Principal::from_policy("AWS", &text.0), Principal::Orphan(_)))
    }

    /// The action by which the principal assumes a role.
    #[must_use]
    pub fn assumes_by(&self) -> AssumeAction {
        match self {
            Self::Aws(_) | Self::Service(_) => AssumeAction::AssumeRole,
            Self::Federated(provider) if provider.0.contains(":saml-provider/") => AssumeAction::AssumeRoleWithSaml,
            Self::Federated(_) => AssumeAction::AssumeRoleWithWebIdentity,
        }
    }
}

/// The source of an external ID.
#[derive(Debug, Clone)]
pub enum ExternalIdSource {
    /// The value is in the configuration file.
    Literal(ExternalId),
    /// The value is in this SSM parameter.
    Parameter(String),
    /// Every value that matches this pattern.
    Pattern(ExternalIdPattern),
    /// The vendor's API returns the value, one for the whole tenant.
    Tenant(VendorTenant),
}

/// A role to install in every account.
#[derive(Debug, Clone)]
pub struct RoleTemplate {
    /// The role without its policies.
    pub definition: RoleDefinition<Template>,
    /// Who may assume the role.
    pub trust: Vec<TrustSpec>,
    /// Whether every principal must pass an external ID.
    pub external_id_requirement: ExternalIdRequirement,
    /// Why a vendor passes no external ID.
    pub no_external_id: Option<String>,
    /// The inline policies: name to JSON document.
    pub policies: BTreeMap<String, Template>,
    /// Where to register the account and this role with the vendor.
    pub registration: Option<RegistrationTemplate>,
    /// What a person does at the vendor, unless a registration does it.
    pub handoff: Option<HandoffTemplate>,
    /// What a person does at the vendor once, for all accounts.
    pub once: Vec<String>,
    /// What the configuration selects and AWS allows in the management account only.
    pub management_only: Option<ManagementOnly>,
}

/// Permissions that AWS allows in the management account only. This tool never writes there, and leaves them out in member
/// accounts; a person who installs the role in the management account adds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementOnly {
    /// The actions.
    pub actions: BTreeSet<String>,
    /// All inline policies of the role in the management account: name to JSON document.
    pub policies: BTreeMap<String, Template>,
}

/// Where accounts are registered with a vendor, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationTemplate {
    /// The customer account at the vendor.
    pub tenant: VendorTenant,
    /// Whether the vendor also reads Amazon WorkSpaces; `None` to leave that as it is.
    pub workspaces: Option<bool>,
    /// The display name in the vendor's console. Without it, an account gets [`DisplayName::default`], and a name that was
    /// changed there is kept.
    pub display_name: Option<DisplayName>,
}

/// A customer account at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VendorTenant {
    /// The kind of API.
    pub api: Api,
    /// The API endpoint.
    pub endpoint: Endpoint,
    /// The SSM parameter with the API key.
    pub key_parameter: String,
}

impl VendorTenant {
    /// The endpoint and the name of the key's parameter. The IDs of registrations are unique within one tenant only.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.endpoint.url(), self.key_parameter)
    }
}
