//! The desired state of one account: the configuration, with templates expanded for the account and secrets resolved.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

pub use crate::access_grant::{AccessGrant, EndedGrant};
pub use crate::role_removal::{RemovalReason, RoleRemoval};
pub use crate::unselected::{Unselected, UnselectedPart};

use crate::access_grant::split_ended;
use crate::account::{Account, AccountId};
use crate::config::{
    AccessRole, Config, ExternalIdSource, GrantSpec, PrincipalSpec, RegistrationTemplate, RoleTemplate, TrustSpec,
    VendorTenant,
};
use crate::display_name::DisplayName;
use crate::observed::ExistingRegistration;
use crate::outcome::Stop;
use crate::owner::{OWNER_TAG, Owner};
use crate::policy::{Document, Grant, Principal, Severity, lint_trust};
use crate::revoked_principals::{RevokedPrincipals, revoked_principals};
use crate::role::{ExternalId, InvalidExternalId, RoleName, UnfitExternalId};
use crate::role_settings::RoleDefinition;
use crate::secret_values::parameter;
use crate::targets::{AccountFacts, TargetDecision, Unknown};
use crate::template::{Place, Template, UnfitPlaceholder, check, expand};
use crate::vendor::{Api, ApiAccess};

pub use crate::secret_values::{SecretValues, key_parameters, parameters, placeholder_secrets, tenant_access, tenants};

/// The desired state of one account.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The account.
    pub account: Account,
    /// The grants on the access role, in addition to the existing ones. Which of them apply depends on the access role that the
    /// account has: see [`Blueprint::grants_on`].
    pub grants: Vec<AccessGrant>,
    /// The grants on the access role whose last day is over: see [`Blueprint::end_grants`].
    pub ended: Vec<EndedGrant>,
    /// The principals that are removed from the access role's trust policy.
    pub revoked: Vec<Principal>,
    /// The entries of `[[access-role.revoke]]` that name no principal in this account, each in a sentence.
    pub not_revoked: Vec<String>,
    /// Whether deleted identities are removed from the access role's trust policy.
    pub prune_orphans: bool,
    /// The names of the access role to try, in order.
    pub access_roles: Vec<RoleName>,
    /// The roles.
    pub roles: Vec<RoleSpec>,
    /// The configured grants and roles that are not for this account, because their targets do not select it.
    pub unselected: Vec<Unselected>,
    /// The grants of which it is not known whether their targets select the account. They are left as they are.
    pub undecided_grants: Vec<AccessGrant>,
    /// Those of them whose last day is over: they hold nothing back that is removed.
    pub ended_undecided_grants: Vec<AccessGrant>,
    /// The roles that are deleted.
    pub removed: Vec<RoleRemoval>,
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
    /// The [label](VendorTenant::label) of the tenant in which the account is registered.
    pub tenant: String,
    /// The API of the vendor.
    pub api: Api,
    /// The endpoint and the API key, or why they are not available; the role is installed nevertheless.
    pub access: Result<ApiAccess, String>,
    /// The registration.
    pub registration: AccountRegistration,
    /// Whether a display name that was changed in the vendor's console is kept.
    pub edited_name: EditedName,
}

impl RegistrationSpec {
    /// Whether a registration is for the role.
    #[must_use]
    pub fn has_role(&self, existing: &ExistingRegistration) -> bool {
        existing.has_role(&self.registration.role_arn)
    }

    /// Whether a registration is as configured.
    pub(crate) fn is_satisfied_by(&self, existing: &ExistingRegistration) -> bool {
        let AccountRegistration { display_name, workspaces, .. } = &self.registration;
        let name = existing.display_name.as_deref().map(str::trim);
        let has_name = self.edited_name == EditedName::Kept || name == Some(display_name);
        self.has_role(existing) && has_name && workspaces.is_none_or(|workspaces| workspaces == existing.workspaces)
    }
}

/// Whether a display name that was changed in the vendor's console is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditedName {
    /// It is kept: the configuration sets no display name.
    Kept,
    /// It is replaced by the configured one.
    Replaced,
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
    /// Whether the vendor also reads Amazon WorkSpaces; `None` if that is not configured, and so not changed.
    pub workspaces: Option<bool>,
}

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
    fn undecided(part: ConfiguredPart, unknown: &Unknown, account: &Account) -> Self {
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
        Self::from_facts(config, &account.into(), secrets)
    }

    /// The same, of an account about which more is known, to decide which parts of the configuration are for it. A part for
    /// which that is not decided is among the errors.
    ///
    /// # Errors
    /// When the grants on the access role cannot be built.
    pub fn from_facts(
        config: &Config,
        facts: &AccountFacts<'_>,
        secrets: &SecretValues,
    ) -> Result<(Self, Vec<BlueprintError>), BlueprintError> {
        let account = facts.account();
        let undecided = |unknown: Unknown| BlueprintError::undecided(ConfiguredPart::AccessRole, &unknown, account);
        let access_roles = config.access_role.names_in(facts).map_err(undecided)?;
        let AccessRole { revoked, prune_orphans, .. } = &config.access_role;
        let RevokedPrincipals { principals, not_named, not_known } = revoked_principals(revoked, account);
        let fail = |problem| BlueprintError { part: ConfiguredPart::AccessRole, problem, stop: None };
        let mut errors: Vec<_> = not_known.iter().map(|error| unfit(&fail, error, account)).collect();
        let mut blueprint = Self {
            account: account.clone(),
            grants: Vec::new(),
            ended: Vec::new(),
            revoked: principals,
            not_revoked: not_named,
            prune_orphans: *prune_orphans,
            access_roles,
            roles: Vec::new(),
            unselected: Vec::new(),
            undecided_grants: Vec::new(),
            ended_undecided_grants: Vec::new(),
            removed: config.removed.iter().map(|role| RoleRemoval::new(role, secrets)).collect(),
        };
        for spec in &config.access_role.grants {
            match spec.targets.decide(facts) {
                TargetDecision::Selected => blueprint.grants.extend(access_grants(spec, account, secrets)?),
                TargetDecision::NotSelected => {
                    // They are only looked for, so that one that cannot be built is not an error.
                    let grants = access_grants(spec, account, secrets).unwrap_or_default();
                    let unselected = grants.into_iter().map(|grant| Unselected::grant(grant, spec.targets.on_unselect));
                    blueprint.unselected.extend(unselected);
                }
                TargetDecision::NotKnown(unknown) => {
                    blueprint.undecided_grants.extend(access_grants(spec, account, secrets).unwrap_or_default());
                    errors.push(BlueprintError::undecided(ConfiguredPart::AccessRole, &unknown, account));
                }
            }
        }
        for template in &config.roles {
            let RoleDefinition { owner, name, .. } = &template.definition;
            match template.targets.decide(facts) {
                TargetDecision::Selected => match role_of_account(template, account, secrets) {
                    Ok(role) => blueprint.roles.push(role),
                    Err(error) => errors.push(error),
                },
                TargetDecision::NotSelected => {
                    let removal = RoleRemoval::unselected(template, secrets);
                    blueprint.unselected.push(Unselected::role(removal, template.targets.on_unselect));
                }
                TargetDecision::NotKnown(unknown) => {
                    let part = ConfiguredPart::Role { owner: owner.clone(), name: name.clone() };
                    errors.push(BlueprintError::undecided(part, &unknown, account));
                }
            }
        }
        Ok((blueprint, errors))
    }

    /// The roles that are configured and not for this account.
    pub fn unselected_roles(&self) -> impl Iterator<Item = &RoleName> {
        self.unselected.iter().filter_map(Unselected::role_name)
    }

    /// The grants on an access role that are configured and not for this account.
    #[must_use]
    pub fn unselected_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        self.unselected.iter().filter_map(|unselected| unselected.grant_on(access_role)).cloned().collect()
    }

    /// Those of them that are removed. A grant stays if the same one is also configured for the account, or kept in it. It also
    /// stays while it is not known whether another grant to the same principal under the same condition is for the account: the
    /// other one may rely on its statement.
    #[must_use]
    pub fn unselected_grants_to_remove(&self, access_role: &RoleName) -> Vec<Grant> {
        let on_role = |removed: bool| {
            let some = self.unselected.iter().filter(move |unselected| unselected.is_removed() == removed);
            some.filter_map(|unselected| unselected.grant_on(access_role))
        };
        let kept: Vec<_> = self.grants_on(access_role).into_iter().chain(on_role(false).cloned()).collect();
        let undecided = self.ongoing_undecided_grants_on(access_role);
        let is_undecided = |grant: &Grant| {
            undecided.iter().any(|other| other.principal == grant.principal && other.condition == grant.condition)
        };
        on_role(true).filter(|grant| !kept.contains(*grant) && !is_undecided(grant)).cloned().collect()
    }

    /// The grants on an access role of which it is not known whether they are for this account.
    #[must_use]
    pub fn undecided_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        let all = self.undecided_grants.iter().chain(&self.ended_undecided_grants);
        all.filter(|grant| grant.is_on(access_role)).map(|grant| grant.grant.clone()).collect()
    }

    /// Those of them whose last day is not over.
    #[must_use]
    pub fn ongoing_undecided_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        let on_role = self.undecided_grants.iter().filter(|grant| grant.is_on(access_role));
        on_role.map(|grant| grant.grant.clone()).collect()
    }

    /// Takes the grants whose last day is over out of those that are configured. One that is also configured without an end, or
    /// with a later one, goes on, and is left as it is while it is not known whether that one is for the account.
    pub fn end_grants(&mut self, now: SystemTime) {
        let is_over = |grant: &mut AccessGrant| grant.until.is_some_and(|until| until.is_over(now));
        self.ended_undecided_grants.extend(self.undecided_grants.extract_if(.., is_over));
        (self.grants, self.ended) = split_ended(std::mem::take(&mut self.grants), &self.undecided_grants, now);
    }

    /// The grants on an access role whose last day is over.
    pub fn ended_on(&self, access_role: &RoleName) -> impl Iterator<Item = &EndedGrant> {
        self.ended.iter().filter(|one| one.access_role.as_ref().is_none_or(|only| only.is_same(access_role)))
    }

    /// The grants that are removed from an access role: those that ended, and those whose targets no longer select the account.
    #[must_use]
    pub fn withdrawn_from(&self, access_role: &RoleName) -> Vec<Grant> {
        let ended = self.ended_on(access_role).filter(|one| one.is_recorded).map(|one| one.grant.clone());
        ended.chain(self.unselected_grants_to_remove(access_role)).collect()
    }

    /// The grants on an access role.
    #[must_use]
    pub fn grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        self.grants.iter().filter(|grant| grant.is_on(access_role)).map(|grant| grant.grant.clone()).collect()
    }
}

/// The grants of an entry in one account.
fn access_grants(
    spec: &GrantSpec,
    account: &Account,
    secrets: &SecretValues,
) -> Result<Vec<AccessGrant>, BlueprintError> {
    let fail = |problem| BlueprintError { part: ConfiguredPart::AccessRole, problem, stop: None };
    let some = trusted(&spec.trust, account, secrets, &fail)?;
    let grant = |grant| AccessGrant { access_role: spec.access_role.clone(), grant, until: spec.until };
    Ok(some.into_iter().map(grant).collect())
}

/// The role of a template in one account.
pub(crate) fn role_of_account(
    template: &RoleTemplate,
    account: &Account,
    secrets: &SecretValues,
) -> Result<RoleSpec, BlueprintError> {
    let RoleDefinition { owner, name, .. } = &template.definition;
    let part = || ConfiguredPart::Role { owner: owner.clone(), name: name.clone() };
    let fail = |problem: String| BlueprintError { part: part(), problem, stop: None };
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
        check(&text.0, account, Place::PolicyString)
            .map_err(|error| unfit(&|problem| fail(format!("policy `{name}`: {problem}")), &error, account))?;
        let policy = Document::parse(&text.expand(account, Place::PolicyString))
            .map_err(|e| fail(format!("policy `{name}`: {e}")))?;
        policies.insert(name.clone(), policy);
    }
    for arn in template.definition.settings.boundary.iter().chain(&template.definition.attached) {
        check(&arn.0, account, Place::Identifier).map_err(|error| unfit(&fail, &error, account))?;
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
    let (display_name, edited_name) = match &template.display_name {
        Some(name) => (name.expand(account), EditedName::Replaced),
        None => (DisplayName::default().expand(account), EditedName::Kept),
    };
    let workspaces = template.workspaces;
    let registration = AccountRegistration { account: account.id.clone(), role_arn, display_name, workspaces };
    let access = tenant_access(&template.tenant, secrets);
    RegistrationSpec { tenant: template.tenant.label(), api: template.tenant.api, access, registration, edited_name }
}

/// The external ID that a vendor's API returned. It is not trusted: it was parsed when it was read, and is parsed again here.
fn tenant_external_id(
    tenant: &VendorTenant,
    secrets: &SecretValues,
    fail: &dyn Fn(String) -> BlueprintError,
) -> Result<ExternalId, BlueprintError> {
    match secrets.tenants.get(tenant) {
        Some(Ok(id)) => id.expose_secret().parse().map_err(|error: InvalidExternalId| fail(error.to_string())),
        Some(Err(stop)) => {
            let problem = format!("the external ID is not known: {}", stop.cause().message);
            Err(BlueprintError { stop: Some(Box::new(stop.clone())), ..fail(problem) })
        }
        None => Err(fail("the external ID was not read from the vendor's API".to_owned())),
    }
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
            ExternalIdSource::Template(template) => template.expand(account).map_err(|error| match error {
                UnfitExternalId::Placeholder(error) => unfit(fail, &error, account),
                UnfitExternalId::Invalid(error) => fail(error.to_string()),
            })?,
            ExternalIdSource::Pattern(pattern) => pattern.as_secret().clone(),
            ExternalIdSource::Parameter(name) => parameter(secrets, name, "external ID").map_err(fail)?,
            ExternalIdSource::Tenant(tenant) => tenant_external_id(tenant, secrets, fail)?,
        });
    }
    let has_patterns = spec.external_ids.iter().any(|source| matches!(source, ExternalIdSource::Pattern(_)));
    let operator = if has_patterns { "StringLike" } else { "StringEquals" };
    for clause in spec.condition.clauses() {
        for value in &clause.values {
            check(value, account, Place::PolicyString).map_err(|error| unfit(fail, &error, account))?;
        }
    }
    let expanded = spec.condition.clone().map_values(|value| expand(value, account, Place::PolicyString));
    let condition = match external_ids.is_empty() {
        true => expanded,
        false => expanded.with_external_ids(operator, external_ids.iter().map(|id| id.expose().to_owned()).collect()),
    };
    let arn = |text: &Template| {
        check(&text.0, account, Place::Identifier).map_err(|error| unfit(fail, &error, account))?;
        Ok(text.expand(account, Place::Identifier))
    };
    let one = |principal: &PrincipalSpec| {
        let principal = match principal {
            PrincipalSpec::Aws(text) => Principal::to_trust(&arn(text)?).map_err(|e| fail(e.to_string()))?,
            PrincipalSpec::Service(name) => Principal::Service(name.clone()),
            PrincipalSpec::Federated(provider) => Principal::Federated(arn(provider)?),
        };
        Ok(Grant { principal, condition: condition.clone(), actions: spec.actions.clone() })
    };
    spec.principals.iter().map(one).collect()
}

/// A placeholder that cannot be replaced: a name that does not fit blocks, and an unknown path is waited for.
fn unfit(fail: &dyn Fn(String) -> BlueprintError, error: &UnfitPlaceholder, account: &Account) -> BlueprintError {
    let failed = fail(error.to_string());
    let stop = match error {
        UnfitPlaceholder::AccountName { .. } => None,
        UnfitPlaceholder::OrganizationUnknown => Some(Box::new(Unknown::Path.stop(&account.id).about(&failed.part))),
    };
    BlueprintError { stop, ..failed }
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
