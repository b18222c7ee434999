//! The principals of an entry of the configuration in one account, each with its condition, and the statement about them.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::error::{BlueprintError, unfit};
use crate::account::Account;
use crate::config::{ExternalIdSource, PrincipalSpec, TrustSpec, VendorTenant};
use crate::policy::{Grant, Principal};
use crate::role::{ExternalId, InvalidExternalId, UnfitExternalId};
use crate::secret_values::{SecretValues, parameter};
use crate::template::{Place, Template, check, expand};

/// The principals, each with its condition. `fail` makes the error of the part of the configuration that they are in.
pub(super) fn trusted(
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

/// One statement for principals that share a condition.
pub(super) fn statement(spec: &TrustSpec, trusted: &[Grant], account: &Account) -> Value {
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
