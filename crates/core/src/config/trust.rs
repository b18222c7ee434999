//! Principals and conditions of trust policies.

use toml::de::DeValue;

use super::context::ReadContext;
use super::parameters::ParameterUse;
use super::{ExternalIdSource, PrincipalSpec, TrustSpec};
use crate::policy::AssumeAction;
use crate::role::ExternalId;
use crate::toml_reader::{Value, assume_actions, identity_or_account, parameter_name, service, trust_condition};

const TRUST: &[&str] = &["principal", "external-id", "condition", "actions"];

/// Reads an entry of `[[access-role.grant]]`.
pub(super) fn grant(value: &Value<'_>, context: &ReadContext<'_>) -> Option<TrustSpec> {
    let spec = trust_entry(value, context)?;
    if spec.principals.iter().any(|p| matches!(p, PrincipalSpec::Service(_))) {
        value.problem("a service cannot be granted access to accounts; use an account ID or the ARN of a role or user");
    }
    Some(spec)
}

/// Reads an entry of `[[role.trust]]`.
pub(super) fn trust_entry(value: &Value<'_>, context: &ReadContext<'_>) -> Option<TrustSpec> {
    let table = value.table(TRUST)?;
    let principals = table.require("principal").map(|value| principals(&value)).unwrap_or_default();
    let external_id = table.get("external-id").and_then(|value| external_id(&value, context));
    let condition = table.get("condition").map(|value| trust_condition(&value)).unwrap_or_default();
    let has_service = principals.iter().any(|p| matches!(p, PrincipalSpec::Service(_)));
    if has_service && external_id.is_some() {
        table.problem(
            "a service cannot pass an external ID; remove `external-id`, or put the service in a separate entry",
        );
    }
    let actions = table.get("actions").and_then(|value| assume_actions(&value, AssumeAction::AssumeRole));
    Some(TrustSpec { principals, external_id, condition, actions: actions.unwrap_or_default() })
}

/// One principal or an array of principals.
fn principals(value: &Value<'_>) -> Vec<PrincipalSpec> {
    let several = value.node().is_array().then(|| value.list()).flatten();
    if several.as_ref().is_some_and(Vec::is_empty) {
        value.problem("is empty; add an account ID or the ARN of a role or user");
    }
    several.unwrap_or_else(|| vec![value.clone()]).iter().filter_map(principal).collect()
}

fn principal(value: &Value<'_>) -> Option<PrincipalSpec> {
    match value.node() {
        DeValue::Table(_) => {
            let name = value.table(&["service"])?.require("service")?.checked(service)?;
            Some(PrincipalSpec::Service(name))
        }
        DeValue::String(_) => value.checked(identity_or_account).map(PrincipalSpec::Aws),
        _ => {
            value.wrong_type("a string");
            None
        }
    }
}

/// An external ID: a literal, or a reference to an SSM parameter.
pub(super) fn external_id(value: &Value<'_>, context: &ReadContext<'_>) -> Option<ExternalIdSource> {
    match value.node() {
        DeValue::Table(_) => {
            let name = value.table(&["ssm-parameter"])?.require("ssm-parameter")?;
            let parameter = name.checked(parameter_name)?;
            context.parameters.borrow_mut().reserve(&parameter, ParameterUse::ExternalId, &name);
            Some(ExternalIdSource::Parameter(parameter))
        }
        DeValue::String(_) => value.parse::<ExternalId>().map(ExternalIdSource::Literal),
        _ => {
            value.wrong_type("a string or `{ ssm-parameter = \"/name\" }`");
            None
        }
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
