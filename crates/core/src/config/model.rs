//! The validated configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::examples::ExampleValue;
use crate::account::Account;
use crate::console::ConsoleSettings;
use crate::display_name::DisplayName;
use crate::exclude::Exclude;
use crate::last_day::LastDay;
use crate::management_role::{ManagementExternalId, ManagementRole};
use crate::owner::Owner;
use crate::policy::{AssumeAction, AssumeActions, Condition, ExternalIdRequirement, Principal};
use crate::rate::RateLimits;
use crate::role::{ExternalId, ExternalIdPattern, ExternalIdTemplate, RoleName};
use crate::role_settings::RoleDefinition;
use crate::rollout::SweepSettings;
use crate::suggestion::list_of;
use crate::targets::{AccountFacts, TargetDecision, Targets, Unknown};
use crate::template::Template;
use crate::vendor::{Api, Endpoint, HandoffTemplate};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The role that the tool assumes in member accounts.
    pub access_role: AccessRole,
    /// The role through which a tool outside the management account acts; `None` for one that runs in it.
    pub management: Option<ManagementRole>,
    /// How people open accounts in the console.
    pub console: ConsoleSettings,
    /// Accounts and units that are never changed.
    pub excluded: BTreeSet<Exclude>,
    /// What sweeps change.
    pub sweep: SweepSettings,
    /// How long after joining an account counts as new. A new account may not be usable yet, so failures to
    /// access it are retried.
    pub new_for: Duration,
    /// How long an account is retried before it is reported as needing attention.
    pub give_up_after: Duration,
    /// How fast AWS is called.
    pub limits: RateLimits,
    /// The vendor roles, then the `[[role]]` entries, each in file order.
    pub roles: Vec<RoleTemplate>,
    /// The roles that are deleted, in file order.
    pub removed: Vec<RemovedRole>,
    /// The hash of the text and of every file that it refers to. Records keep it, to show which accounts were processed with
    /// the present configuration.
    pub hash: String,
    /// The example values that it and its files still contain, in file order.
    pub example_values: Vec<ExampleValue>,
    /// Settings that are valid but deserve review, such as policies that allow every action.
    pub warnings: Vec<String>,
}

/// Within how many days a grant ends soon, today included.
const SOON: u64 = 31;

impl Config {
    /// The targets of all grants, vendors, roles and access roles.
    pub fn targets(&self) -> impl Iterator<Item = &Targets> {
        let granted = self.access_role.grants.iter().map(|grant| &grant.targets);
        let others = self.access_role.others.iter().map(|other| &other.targets);
        granted.chain(self.roles.iter().map(|role| &role.targets)).chain(others)
    }

    fn external_id_sources(&self) -> impl Iterator<Item = &ExternalIdSource> {
        let granted = self.access_role.grants.iter().map(|grant| &grant.trust);
        granted.chain(self.roles.iter().flat_map(|role| &role.trust)).flat_map(|spec| &spec.external_ids)
    }

    /// The external IDs that are written in the file, and those that its placeholders make for an account, so that they can be
    /// redacted from messages.
    #[must_use]
    pub fn external_ids_of(&self, account: Option<&Account>) -> Vec<ExternalId> {
        let expanded = |source: &ExternalIdSource| match source {
            ExternalIdSource::Template(template) => template.expand(account?).ok(),
            _ => None,
        };
        let mut ids = self.external_ids();
        ids.extend(self.external_id_sources().filter_map(expanded));
        ids
    }

    /// The grants on the access role that end soon, and those that have ended, each in a sentence.
    #[must_use]
    pub fn ending_grants(&self, now: SystemTime) -> Vec<String> {
        let sentence = |grant: &GrantSpec| {
            let until = grant.until?;
            let principals = grant.trust.principals.iter().filter_map(|principal| match principal {
                PrincipalSpec::Aws(text) => Some(text.0.as_str()),
                PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
            });
            let who = list_of(principals);
            match until.days_left(now)? {
                0 => Some(format!(
                    "access-role: the grant for {who} ended on {until}; it is removed from the accounts whose record shows that this \
                     tool made it, and can be deleted here when no account has it"
                )),
                1 => Some(format!("access-role: the grant for {who} ends today, on {until}")),
                days if days <= SOON => {
                    Some(format!("access-role: the grant for {who} ends on {until}, in {} days", days - 1))
                }
                _ => None,
            }
        };
        self.access_role.grants.iter().filter_map(sentence).collect()
    }

    /// The external IDs that are written in the file, so that they can be redacted from messages.
    #[must_use]
    pub fn external_ids(&self) -> Vec<ExternalId> {
        let written = |source: &ExternalIdSource| match source {
            ExternalIdSource::Literal(id) => Some(id.clone()),
            ExternalIdSource::Pattern(pattern) => Some(pattern.as_secret().clone()),
            ExternalIdSource::Template(template) => Some(template.as_secret().clone()),
            ExternalIdSource::Parameter(_) | ExternalIdSource::Tenant(_) => None,
        };
        let management = self.management.as_ref().and_then(|role| match &role.external_id {
            ManagementExternalId::Literal(id) => Some(id.clone()),
            ManagementExternalId::Parameter(_) => None,
        });
        self.external_id_sources().filter_map(written).chain(management).collect()
    }
}

/// The role that the tool assumes in member accounts, and the principals that are granted access to it.
#[derive(Debug, Clone)]
pub struct AccessRole {
    /// The role names to try, in order. Not empty.
    pub names: Vec<RoleName>,
    /// The access roles that some accounts have, which are tried first there.
    pub others: Vec<OtherAccessRole>,
    /// The principals to add to its trust policy.
    pub grants: Vec<GrantSpec>,
    /// The principals to remove from its trust policy: account IDs and ARNs.
    pub revoked: Vec<Template>,
    /// Whether to remove principals from the trust policy that no longer exist.
    pub prune_orphans: bool,
}

/// An access role that some accounts have, which is tried before the usual ones there.
#[derive(Debug, Clone)]
pub struct OtherAccessRole {
    /// Its name.
    pub name: RoleName,
    /// The accounts that have it.
    pub targets: Targets,
}

impl AccessRole {
    /// The name of every access role.
    pub fn all_names(&self) -> impl Iterator<Item = &RoleName> {
        self.names.iter().chain(self.others.iter().map(|other| &other.name))
    }

    /// The names to try in an account, in order: the other access roles whose targets select it, then the usual ones.
    ///
    /// # Errors
    /// When it is not known whether an access role is for the account.
    pub fn names_in(&self, facts: &AccountFacts<'_>) -> Result<Vec<RoleName>, Unknown> {
        let mut names = Vec::new();
        for other in &self.others {
            match other.targets.decide(facts) {
                TargetDecision::Selected => names.push(other.name.clone()),
                TargetDecision::NotSelected => {}
                TargetDecision::NotKnown(unknown) => return Err(unknown),
            }
        }
        names.extend(self.names.iter().cloned());
        Ok(names)
    }

    /// The grants that apply to an access role.
    pub(crate) fn grants_on(&self, access_role: &RoleName) -> impl Iterator<Item = &GrantSpec> {
        let applies = |grant: &&GrantSpec| grant.access_role.as_ref().is_none_or(|only| only.is_same(access_role));
        self.grants.iter().filter(applies)
    }
}

/// Principals that are granted access to the access role of an account.
#[derive(Debug, Clone)]
pub struct GrantSpec {
    /// The last day of the grant; `None` if it does not end.
    pub until: Option<LastDay>,
    /// The only access role that they are granted access to: one of the configured names. `None` for whichever is used.
    pub access_role: Option<RoleName>,
    /// The principals.
    pub trust: TrustSpec,
    /// The accounts in which they are granted access.
    pub targets: Targets,
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
    /// The value is in the configuration file, and contains placeholders.
    Template(ExternalIdTemplate),
    /// Every value that matches this pattern.
    Pattern(ExternalIdPattern),
    /// The vendor's API returns the value, one for the whole tenant.
    Tenant(VendorTenant),
}

/// A role to install in every account that its targets select.
#[derive(Debug, Clone)]
pub struct RoleTemplate {
    /// The role without its policies.
    pub definition: RoleDefinition<Template>,
    /// The principals that may assume the role.
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
    /// The accounts in which it is installed.
    pub targets: Targets,
}

/// A role that is deleted from every account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRole {
    /// What in the configuration asked for the role, which its owner tag must say.
    pub owner: Owner,
    /// The name to display: of a vendor, or of the role.
    pub title: String,
    /// The name of the role.
    pub name: RoleName,
    /// Whether a role is also deleted if no record shows that this tool created it.
    pub adopt: bool,
    /// The customer account at the vendor from which the registration of the account is removed first.
    pub tenant: Option<VendorTenant>,
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
