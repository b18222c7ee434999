//! The desired state of a role, made from its template for one account.

use std::collections::BTreeMap;

use super::error::{BlueprintError, ConfiguredPart, unfit};
use super::registration::{RegistrationSpec, registration};
use super::trust::{statement, trusted};
use crate::account::Account;
use crate::config::RoleTemplate;
use crate::owner::OWNER_TAG;
use crate::policy::{Document, Grant, Principal, Severity, lint_trust};
use crate::role::RoleName;
use crate::role_settings::RoleDefinition;
use crate::secret_values::SecretValues;
use crate::template::{Place, check};

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
