//! Principals and conditions of trust policies.

use serde_json::{Map, Number, Value as Json};
use toml::de::DeValue;

use super::context::ReadContext;
use super::parameters::ParameterUse;
use super::{ExternalIdSource, PrincipalSpec, TrustSpec};
use crate::policy::{AssumeAction, Condition, is_operator};
use crate::role::ExternalId;
use crate::toml_reader::{Value, assume_actions, identity_or_account, parameter_name, service};

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
    let condition = table.get("condition").map(|value| condition(&value)).unwrap_or_default();
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

/// A condition with the structure of IAM policies: operator → key → value or values.
fn condition(value: &Value<'_>) -> Condition {
    let mut operators = Map::new();
    let entries = value.entries().unwrap_or_default();
    if entries.is_empty() && value.node().is_table() {
        value.problem("is empty; write `{ Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }`, or remove it");
    }
    for operator in entries {
        if !is_operator(operator.key()) {
            operator.problem("is not an IAM condition operator; use one such as `StringEquals` or `Bool`");
        }
        let keys = operator.entries().unwrap_or_default();
        if keys.is_empty() && operator.node().is_table() {
            operator.problem("is empty; write `{ \"aws:Key\" = \"value\" }`, or remove it");
        }
        let mut values_by_key = Map::new();
        for key in keys {
            if key.key().eq_ignore_ascii_case("sts:ExternalId") {
                key.problem("must not be set as a condition; use `external-id` next to `principal`");
            } else if let Some(values) = values(&key) {
                values_by_key.insert(key.key().to_owned(), values);
            }
        }
        operators.insert(operator.key().to_owned(), Json::Object(values_by_key));
    }
    Condition::parse(&Json::Object(operators)).unwrap_or_else(|error| {
        value.problem(error);
        Condition::default()
    })
}

fn values(value: &Value<'_>) -> Option<Json> {
    match value.node() {
        DeValue::Array(_) => {
            let items = value.list()?;
            if items.is_empty() {
                value.problem("is empty; add at least one value");
            }
            Some(Json::Array(items.iter().filter_map(scalar).collect()))
        }
        _ => scalar(value),
    }
}

fn scalar(value: &Value<'_>) -> Option<Json> {
    match value.node() {
        DeValue::String(text) => {
            if text.contains("{partition}") || text.contains("{account-id}") {
                value.problem(
                    "`{partition}` and `{account-id}` are not expanded in conditions; write the literal value",
                );
            }
            Some(Json::from(text.as_ref()))
        }
        DeValue::Boolean(flag) => Some(Json::from(*flag)),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
            if number.is_none() {
                value.problem("the number is too large; write it in quotes");
            }
            number.map(Json::from)
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(Number::from_f64);
            if number.is_none() {
                value.problem("is not a valid JSON number; write it in quotes");
            }
            number.map(Json::Number)
        }
        _ => {
            value.wrong_type("a string, a number, a boolean, or an array of these");
            None
        }
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
