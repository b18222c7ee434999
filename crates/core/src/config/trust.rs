//! Principals and conditions of trust policies.

use toml::de::DeValue;

use super::context::ReadContext;
use super::parameters::ParameterUse;
use super::{ExternalIdSource, GrantSpec, PrincipalSpec, Template, TrustSpec, targets};
use crate::policy::{AssumeAction, ConditionClause};
use crate::role::{ExternalId, RoleName};
use crate::suggestion::{did_you_mean, one_of};
use crate::text::Untrusted;
use crate::toml_reader::{
    Table, Value, assume_actions, external_id_template, identity_or_account, identity_provider, parameter_name,
    service, trust_condition,
};

const TRUST: &[&str] = &["principal", "external-id", "condition", "actions"];
const GRANT: &[&str] =
    &["principal", "external-id", "condition", "actions", "access-role", "targets", "on-unselect", "until"];

/// Reads an entry of `[[access-role.grant]]`. `names` are the access roles.
pub(super) fn grant(value: &Value<'_>, context: &ReadContext<'_>, names: &[RoleName]) -> Option<GrantSpec> {
    let table = value.table(GRANT)?;
    let access_role = table.get("access-role").and_then(|value| access_role(&value, names));
    let until = table.get("until").and_then(|value| value.day());
    let (values, spec) = entry(&table, context);
    for (value, principal) in values.iter().zip(&spec.principals) {
        match principal {
            PrincipalSpec::Service(_) => value.problem(
                "a service cannot be granted access to accounts; use an account ID or the ARN of a role or user",
            ),
            PrincipalSpec::Federated(_) => value.problem(
                "an identity provider cannot be granted access to accounts; install a role for it with `[[role]]`",
            ),
            PrincipalSpec::Aws(_) if principal.is_unique_id() => value.problem(
                "a unique ID cannot be granted access, because IAM stores the ARN of the role or user in its place and the grant \
                 would not be recognized in the trust policy of the access role; write the ARN",
            ),
            PrincipalSpec::Aws(_) => {}
        }
    }
    Some(GrantSpec { until, access_role, trust: spec, targets: targets::targets(&table) })
}

/// The access role that a grant is for.
fn access_role(value: &Value<'_>, names: &[RoleName]) -> Option<RoleName> {
    let name = value.parse::<RoleName>()?;
    let known = names.iter().find(|known| known.is_same(&name)).cloned();
    // Without names, there is another problem already.
    if known.is_none() && !names.is_empty() {
        let names = || names.iter().map(RoleName::as_str);
        value.problem(format!(
            "`{name}` is not an access role; use {}, or add it to `names`{}",
            one_of(names()),
            did_you_mean(name.as_str(), names())
        ));
    }
    known
}

/// Reads an entry of `[[role.trust]]`.
pub(super) fn trust_entry(value: &Value<'_>, context: &ReadContext<'_>) -> Option<TrustSpec> {
    Some(entry(&value.table(TRUST)?, context).1)
}

/// Reads an entry. Also returns where each of its principals is.
fn entry<'a>(table: &Table<'a>, context: &ReadContext<'_>) -> (Vec<Value<'a>>, TrustSpec) {
    let principals = table.require("principal").map(|value| principals(&value)).unwrap_or_default();
    let (values, principals): (Vec<_>, Vec<_>) = principals.into_iter().unzip();
    let external_ids = table.get("external-id").map(|value| external_ids(&value, context)).unwrap_or_default();
    let condition = table.get("condition").map(|value| trust_condition(&value)).unwrap_or_default();
    let has_service = principals.iter().any(|p| matches!(p, PrincipalSpec::Service(_)));
    if has_service && !external_ids.is_empty() {
        table.problem(
            "a service cannot pass an external ID; remove `external-id`, or put the service in a separate entry",
        );
    }
    let assumed_by = principals.first().map_or(AssumeAction::AssumeRole, PrincipalSpec::assumes_by);
    if principals.iter().any(|principal| principal.assumes_by() != assumed_by) {
        table.problem(
            "identity providers of one kind and other principals need different actions; put them in separate entries",
        );
    }
    let providers = principals.iter().filter_map(|principal| match principal {
        PrincipalSpec::Federated(provider) => Some(provider),
        PrincipalSpec::Aws(_) | PrincipalSpec::Service(_) => None,
    });
    for provider in providers {
        if !external_ids.is_empty() {
            table.problem("users of an identity provider cannot pass an external ID; remove `external-id`");
        }
        let prefix = condition_prefix(provider);
        let is_restricted = |clause: &ConditionClause| clause.key.to_ascii_lowercase().starts_with(&prefix);
        if !condition.clauses().iter().any(is_restricted) {
            table.problem(format!(
                "without a condition, every user of the identity provider could assume the role; add a `condition` for a key \
                 that starts with `{}`",
                Untrusted::new(&prefix)
            ));
        }
    }
    let actions = table.get("actions").and_then(|value| assume_actions(&value, assumed_by));
    let actions = actions.unwrap_or_else(|| [assumed_by].into_iter().collect());
    (values, TrustSpec { principals, external_ids, condition, actions })
}

/// The start of the condition keys of an identity provider, in lowercase.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>.
pub(super) fn condition_prefix(provider: &Template) -> String {
    match provider.0.split_once(":oidc-provider/") {
        Some((_, url)) => format!("{}:", url.to_ascii_lowercase()),
        None if provider.0.contains(":saml-provider/") => "saml:".to_owned(),
        None => format!("{}:", provider.0.to_ascii_lowercase()),
    }
}

/// One principal or an array of principals.
fn principals<'a>(value: &Value<'a>) -> Vec<(Value<'a>, PrincipalSpec)> {
    let several = value.node().is_array().then(|| value.list()).flatten();
    if several.as_ref().is_some_and(Vec::is_empty) {
        value.problem("is empty; add an account ID or the ARN of a role or user");
    }
    let several = several.unwrap_or_else(|| vec![value.clone()]);
    several.into_iter().filter_map(|value| principal(&value).map(|spec| (value, spec))).collect()
}

fn principal(value: &Value<'_>) -> Option<PrincipalSpec> {
    match value.node() {
        DeValue::Table(map) if map.keys().any(|key| key.get_ref().eq_ignore_ascii_case("aws")) => {
            value.problem("an account, a role or a user is not in a table; write its ID or ARN as a string");
            None
        }
        DeValue::Table(_) => {
            let table = value.table(&["service", "federated"])?;
            match table.get("federated") {
                Some(provider) => provider.checked(identity_provider).map(PrincipalSpec::Federated),
                None if table.misspells("federated") => None,
                None => table.require("service")?.checked(service).map(PrincipalSpec::Service),
            }
        }
        DeValue::String(_) => value.checked(identity_or_account).map(PrincipalSpec::Aws),
        _ => {
            value.wrong_type("a string");
            None
        }
    }
}

/// One external ID or several, of which callers must pass one.
pub(super) fn external_ids(value: &Value<'_>, context: &ReadContext<'_>) -> Vec<ExternalIdSource> {
    let several = value.node().is_array().then(|| value.list()).flatten();
    if several.as_ref().is_some_and(Vec::is_empty) {
        value.problem("is empty; add an external ID, or remove the key");
    }
    let values = several.unwrap_or_else(|| vec![value.clone()]);
    let found: Vec<_> = values.iter().flat_map(|value| external_id(value, context)).collect();
    let patterns = found.iter().filter(|source| matches!(source, ExternalIdSource::Pattern(_))).count();
    if patterns > 0 && patterns < found.len() {
        value.problem("contains both external IDs and patterns; use separate entries");
    }
    found
}

/// A literal, a reference to an SSM parameter, or patterns.
fn external_id(value: &Value<'_>, context: &ReadContext<'_>) -> Vec<ExternalIdSource> {
    match value.node() {
        DeValue::Table(map) if map.contains_key("like") => {
            let Some(like) = value.table(&["like"]).and_then(|table| table.require("like")) else { return Vec::new() };
            let several = like.node().is_array().then(|| like.list()).flatten();
            if several.as_ref().is_some_and(Vec::is_empty) {
                like.problem("is empty; add a pattern");
            }
            let patterns = several.unwrap_or_else(|| vec![like]);
            patterns.iter().filter_map(|pattern| pattern.parse().map(ExternalIdSource::Pattern)).collect()
        }
        DeValue::Table(_) => parameter(value, context).into_iter().map(ExternalIdSource::Parameter).collect(),
        DeValue::String(text) if text.contains('{') => {
            value.checked(external_id_template).into_iter().map(ExternalIdSource::Template).collect()
        }
        DeValue::String(_) => value.parse::<ExternalId>().into_iter().map(ExternalIdSource::Literal).collect(),
        _ => {
            value.wrong_type("a string or `{ ssm-parameter = \"/name\" }`");
            Vec::new()
        }
    }
}

fn parameter(value: &Value<'_>, context: &ReadContext<'_>) -> Option<String> {
    let name = value.table(&["ssm-parameter"])?.require("ssm-parameter")?;
    let parameter = name.checked(parameter_name)?;
    context.parameters.borrow_mut().reserve(&parameter, ParameterUse::ExternalId, &name);
    Some(parameter)
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
