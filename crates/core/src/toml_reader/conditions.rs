//! Conditions in TOML, with the structure that they have in policies. Their values may contain placeholders.

use serde_json::{Map, Number, Value as Json};
use toml::de::DeValue;

use super::references::check_references;
use super::table::Value;
use crate::policy::{Condition, check_key, check_values, is_operator, may_hold_external_ids};
use crate::text::Untrusted;

/// The condition of a trust policy. An external ID has a key of its own, so that it is never printed.
pub(crate) fn trust_condition(value: &Value<'_>) -> Condition {
    read(value, |operator, key| {
        // A tag of this name is not the external ID of a request.
        let is_tag = key.key().split_once(':').is_some_and(|(_, name)| name.contains('/'));
        let is_external_id = may_hold_external_ids(key.key()) && !is_tag;
        if is_external_id {
            let is_pattern = operator.key().to_ascii_lowercase().starts_with("stringlike");
            let form = if is_pattern { "`external-id = { like = \"…\" }`" } else { "`external-id`" };
            key.problem(format!("must not be set as a condition; use {form} next to `principal`"));
        }
        !is_external_id
    })
}

/// The condition of a permissions policy.
pub(crate) fn permissions_condition(value: &Value<'_>) -> Condition {
    read(value, |_, _| true)
}

/// Reads operator → key → value or values, as in a policy, with the keys that are allowed.
fn read(value: &Value<'_>, is_allowed: impl Fn(&Value<'_>, &Value<'_>) -> bool) -> Condition {
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
            if !is_allowed(&operator, &key) {
                continue;
            }
            if let Err(error) = check_key(key.key()) {
                key.problem(error);
            }
            if let Some(values) = values(&key) {
                values_by_key.insert(key.key().to_owned(), values);
            }
        }
        operators.insert(operator.key().to_owned(), Json::Object(values_by_key));
    }
    let condition = Condition::parse(&Json::Object(operators)).unwrap_or_else(|error| {
        value.problem(error);
        Condition::default()
    });
    for clause in condition.clauses() {
        if let Err(error) = check_values(clause) {
            value.problem(format!("`{}`: {error}", Untrusted::new(&clause.key)));
        }
    }
    condition
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
            if let Err(error) = check_references(text) {
                value.problem(error);
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
