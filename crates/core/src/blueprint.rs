//! The desired state of one account: the configuration, with templates expanded for the account and secrets resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::account::{Account, AccountId};
use crate::config::{Config, ExternalIdSource, PrincipalSpec, RegistrationTemplate, RoleTemplate, TrustSpec};
use crate::owner::{OWNER_TAG, Owner};
use crate::policy::{Document, Grant, Principal, Severity, lint_trust};
use crate::role::RoleName;
use crate::role_settings::RoleDefinition;
use crate::template::expand;
use crate::text::excerpt;
use crate::vendor::{Api, ApiAccess};

/// The desired state of one account.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The account.
    pub account: Account,
    /// The grants on the access role, in addition to the existing ones. Which of them apply depends on the access role that the
    /// account has: see [`Blueprint::grants_on`].
    pub grants: Vec<AccessGrant>,
    /// Whether deleted identities are removed from the access role's trust policy.
    pub prune_orphans: bool,
    /// The roles.
    pub roles: Vec<RoleSpec>,
}

/// A grant on the access role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGrant {
    /// The only access role that it is for; `None` for whichever the account has.
    pub access_role: Option<RoleName>,
    /// The grant.
    pub grant: Grant,
}

/// The desired state of a role.
#[derive(Debug, Clone)]
pub struct RoleSpec {
    /// The role without its policies. The owner tag is among its tags.
    pub definition: RoleDefinition,
    /// The trust policy.
    pub trust: Document,
    /// The principals of the trust policy, each with its condition.
    pub trusted: Vec<Grant>,
    /// The inline policies, by name.
    pub policies: BTreeMap<String, Document>,
    /// The registration of the account with the vendor.
    pub registration: Option<RegistrationSpec>,
}

impl RoleSpec {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &RoleName {
        &self.definition.name
    }

    /// The path.
    #[must_use]
    pub(crate) fn path(&self) -> &str {
        &self.definition.settings.path
    }
}

/// The desired state of a registration with a vendor.
#[derive(Debug, Clone)]
pub struct RegistrationSpec {
    /// The API of the vendor.
    pub api: Api,
    /// The endpoint and the API key, or why they are not available; the role is installed nevertheless.
    pub access: Result<ApiAccess, String>,
    /// The registration.
    pub registration: AccountRegistration,
}

/// The registration of an account, as a vendor stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRegistration {
    /// The account.
    pub account: AccountId,
    /// The ARN of the role that the vendor assumes.
    pub role_arn: String,
    /// The display name in the vendor's console.
    pub display_name: String,
}

/// The values of SSM parameters by name (external IDs and API keys), or why a value is not available.
pub type SecretValues = BTreeMap<String, Result<SecretString, String>>;

/// Why a blueprint cannot be built; always an error in the configuration or in an SSM parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {problem}")]
pub struct BlueprintError {
    /// The part of the configuration with the error.
    pub part: ConfiguredPart,
    /// The problem, and what to do.
    pub problem: String,
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

/// The SSM parameters that a configuration refers to.
#[must_use]
pub fn parameters(config: &Config) -> BTreeSet<&str> {
    let granted = config.access_role.grants.iter().map(|grant| &grant.trust);
    let specs = granted.chain(config.roles.iter().flat_map(|role| &role.trust));
    let ids = specs.flat_map(|spec| &spec.external_ids).filter_map(|source| match source {
        ExternalIdSource::Parameter(name) => Some(name.as_str()),
        ExternalIdSource::Literal(_) | ExternalIdSource::Pattern(_) => None,
    });
    ids.chain(key_parameters(config)).collect()
}

/// The SSM parameters that hold API keys of vendors.
#[must_use]
pub fn key_parameters(config: &Config) -> BTreeSet<&str> {
    config.roles.iter().filter_map(|role| Some(role.registration.as_ref()?.key_parameter.as_str())).collect()
}

/// A value for every parameter, for a blueprint that is made before the parameters were read. Only the session policies are
/// computed from it: they name roles and policies, and contain neither external IDs nor keys.
#[must_use]
pub fn placeholder_secrets(config: &Config) -> SecretValues {
    parameters(config).into_iter().map(|name| (name.to_owned(), Ok(SecretString::from("placeholder")))).collect()
}

/// The value of a parameter, parsed as what it is used for.
fn parameter<T: FromStr<Err: fmt::Display>>(secrets: &SecretValues, name: &str, what: &str) -> Result<T, String> {
    let value = match secrets.get(name) {
        Some(value) => value.as_ref().map_err(Clone::clone),
        None => Err("the parameter was not read".to_owned()),
    };
    let parsed =
        value.and_then(|value| value.expose_secret().trim().parse().map_err(|error: T::Err| error.to_string()));
    parsed.map_err(|problem| format!("cannot read the {what} from the SSM parameter `{name}`: {problem}"))
}

impl Blueprint {
    /// The blueprint of one account, and the roles that cannot be built. They are reported and do not affect the others.
    ///
    /// # Errors
    /// When the grants on the access role cannot be built.
    pub fn new(
        config: &Config,
        account: &Account,
        secrets: &SecretValues,
    ) -> Result<(Self, Vec<BlueprintError>), BlueprintError> {
        let fail = |problem| BlueprintError { part: ConfiguredPart::AccessRole, problem };
        let mut grants = Vec::new();
        for spec in &config.access_role.grants {
            let some = trusted(&spec.trust, account, secrets, &fail)?;
            grants.extend(some.into_iter().map(|grant| AccessGrant { access_role: spec.access_role.clone(), grant }));
        }
        let mut roles = Vec::new();
        let mut errors = Vec::new();
        for template in &config.roles {
            match role_of_account(template, account, secrets) {
                Ok(role) => roles.push(role),
                Err(error) => errors.push(error),
            }
        }
        let prune_orphans = config.access_role.prune_orphans;
        Ok((Self { account: account.clone(), grants, prune_orphans, roles }, errors))
    }

    /// The grants on an access role.
    #[must_use]
    pub fn grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        let applies = |grant: &&AccessGrant| grant.access_role.as_ref().is_none_or(|only| only.is_same(access_role));
        self.grants.iter().filter(applies).map(|grant| grant.grant.clone()).collect()
    }
}

/// The role of a template in one account.
pub(crate) fn role_of_account(
    template: &RoleTemplate,
    account: &Account,
    secrets: &SecretValues,
) -> Result<RoleSpec, BlueprintError> {
    let RoleDefinition { owner, name, .. } = &template.definition;
    let part = || ConfiguredPart::Role { owner: owner.clone(), name: name.clone() };
    let fail = |problem: String| BlueprintError { part: part(), problem };
    let mut all = Vec::new();
    let mut statements = Vec::new();
    for spec in &template.trust {
        let some = trusted(spec, account, secrets, &fail)?;
        statements.push(statement(spec, &some, account));
        all.extend(some);
    }
    let own_arn = name.arn(&account.partition, &account.id, &template.definition.settings.path);
    if all.iter().any(|trusted| matches!(&trusted.principal, Principal::Arn(arn) if arn.eq_ignore_ascii_case(&own_arn)))
    {
        return Err(fail(format!(
            "in this account, `{own_arn}` is the role itself, and IAM accepts a role as a principal only once it exists; \
             exclude the account, or trust its root with the condition `aws:PrincipalArn`"
        )));
    }
    let trust = Document::from_statements(statements).map_err(|e| fail(e.to_string()))?;
    let findings = lint_trust(&trust, template.external_id_requirement);
    if let Some(finding) = findings.into_iter().find(|f| f.severity == Severity::Refused) {
        return Err(fail(finding.message));
    }
    let mut policies = BTreeMap::new();
    for (name, text) in &template.policies {
        let policy = Document::parse(&text.expand(account)).map_err(|e| fail(format!("policy `{name}`: {e}")))?;
        policies.insert(name.clone(), policy);
    }
    let mut definition = template.definition.expand(account);
    definition.settings.tags.insert(OWNER_TAG.to_owned(), owner.to_string());
    let registration = template.registration.as_ref().map(|one| registration(one, &definition, account, secrets));
    Ok(RoleSpec { definition, trust, trusted: all, policies, registration })
}

fn registration(
    template: &RegistrationTemplate,
    role: &RoleDefinition,
    account: &Account,
    secrets: &SecretValues,
) -> RegistrationSpec {
    let role_arn = role.name.arn(&account.partition, &account.id, &role.settings.path);
    // An account name can be any string; in the vendor's console, it is shown in a list.
    let name = excerpt(account.name.raw(), 64);
    let registration =
        AccountRegistration { account: account.id.clone(), role_arn, display_name: format!("{name} ({})", account.id) };
    let key = parameter(secrets, &template.key_parameter, "API key");
    let access = key.map(|key| ApiAccess { endpoint: template.endpoint.clone(), key });
    RegistrationSpec { api: template.api, access, registration }
}

fn trusted(
    spec: &TrustSpec,
    account: &Account,
    secrets: &SecretValues,
    fail: &dyn Fn(String) -> BlueprintError,
) -> Result<Vec<Grant>, BlueprintError> {
    let mut external_ids = Vec::new();
    for source in &spec.external_ids {
        external_ids.push(match source {
            ExternalIdSource::Literal(id) => id.clone(),
            ExternalIdSource::Pattern(pattern) => pattern.as_secret().clone(),
            ExternalIdSource::Parameter(name) => parameter(secrets, name, "external ID").map_err(fail)?,
        });
    }
    let has_patterns = spec.external_ids.iter().any(|source| matches!(source, ExternalIdSource::Pattern(_)));
    let operator = if has_patterns { "StringLike" } else { "StringEquals" };
    let expanded = spec.condition.clone().map_values(|value| expand(value, account));
    let condition = match external_ids.is_empty() {
        true => expanded,
        false => expanded.with_external_ids(operator, external_ids.iter().map(|id| id.expose().to_owned()).collect()),
    };
    let one = |principal: &PrincipalSpec| {
        let principal = match principal {
            PrincipalSpec::Aws(text) => Principal::to_trust(&text.expand(account)).map_err(|e| fail(e.to_string()))?,
            PrincipalSpec::Service(name) => Principal::Service(name.clone()),
            PrincipalSpec::Federated(provider) => Principal::Federated(provider.expand(account)),
        };
        Ok(Grant { principal, condition: condition.clone(), actions: spec.actions.clone() })
    };
    spec.principals.iter().map(one).collect()
}

/// One statement for principals that share a condition.
fn statement(spec: &TrustSpec, trusted: &[Grant], account: &Account) -> Value {
    let mut kinds: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for one in trusted {
        let kind = match one.principal {
            Principal::Service(_) => "Service",
            Principal::Federated(_) => "Federated",
            _ => "AWS",
        };
        kinds.entry(kind).or_default().push(one.principal.to_policy(&account.partition).into());
    }
    let principals = kinds.into_iter().map(|(kind, mut all)| {
        let value = if all.len() == 1 { all.remove(0) } else { Value::Array(all) };
        (kind.to_owned(), value)
    });
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), "Allow".into());
    statement.insert("Principal".to_owned(), Value::Object(principals.collect()));
    statement.insert("Action".to_owned(), spec.actions.to_policy());
    if let Some(first) = trusted.first().filter(|grant| !grant.condition.is_empty()) {
        statement.insert("Condition".to_owned(), first.condition.to_json());
    }
    Value::Object(statement)
}

#[cfg(test)]
#[path = "blueprint_tests.rs"]
mod tests;
