//! The length of the trust policies that a configuration needs, compared with IAM's quota.
//!
//! The length is a lower bound: external IDs in SSM parameters count as the shortest that STS accepts, and the statements that
//! the access role of an account has already are not known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{AccessRole, ExternalIdSource, PrincipalSpec, TrustSpec};
use crate::account::Account;
use crate::policy::{Document, Principal, inline_length};
use crate::template::{Place, expand};
use crate::toml_reader::{Value, sample_account};

/// The maximum length of a trust policy in characters without whitespace: by default, and with the quota `L-C07B4B0D` raised
/// as far as AWS raises it.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub(super) const QUOTA: (usize, usize) = (2048, 8192);

/// The shortest external ID that STS accepts.
const SHORTEST_EXTERNAL_ID: &str = "xx";

/// Records a problem if a trust policy with these entries is longer than IAM ever accepts.
pub(super) fn check(value: &Value<'_>, length: usize) {
    if length > QUOTA.1 {
        value.problem(format!(
            "the trust policy would have at least {length} characters without whitespace, and IAM allows {} at most; name \
             fewer principals, shorten conditions, or divide the principals among several roles",
            QUOTA.1
        ));
    }
}

/// The warning about a trust policy that needs a raised quota.
pub(super) fn warning(length: usize) -> Option<String> {
    (length > QUOTA.0).then(|| {
        format!(
            "the trust policy has at least {length} characters without whitespace, more than IAM's default quota of {}; raise \
             the quota L-C07B4B0D in every account, or name fewer principals",
            QUOTA.0
        )
    })
}

/// The length of the trust policy of a role, which has one statement for each entry.
pub(super) fn of_role(trust: &[TrustSpec]) -> usize {
    sample_account().map_or(0, |account| {
        length(trust.iter().map(|spec| statement(&principals(spec, &account), spec, &account)).collect())
    })
}

/// The length of what the grants add to the trust policy of the access role that gets most of them. Grants under the same
/// condition share a statement.
pub(super) fn of_grants(access_role: &AccessRole) -> usize {
    let Some(account) = sample_account() else { return 0 };
    let of_name = |name| {
        let mut statements: BTreeMap<String, (BTreeSet<String>, &TrustSpec)> = BTreeMap::new();
        for spec in access_role.grants_on(name).map(|grant| &grant.trust) {
            let terms = json!([condition(spec, &account), spec.actions.to_policy()]).to_string();
            statements.entry(terms).or_insert((BTreeSet::new(), spec)).0.extend(principals(spec, &account));
        }
        length(statements.values().map(|(principals, spec)| statement(principals, spec, &account)).collect())
    };
    access_role.all_names().map(of_name).max().unwrap_or_default()
}

fn length(statements: Vec<Json>) -> usize {
    Document::from_statements(statements).map_or(0, |policy| inline_length(&policy.to_json()))
}

fn principals(spec: &TrustSpec, account: &Account) -> BTreeSet<String> {
    let in_policy = |principal: &PrincipalSpec| match principal {
        PrincipalSpec::Aws(text) => {
            let text = text.expand(account, Place::Identifier);
            Principal::to_trust(&text).map_or(text, |principal| principal.to_policy(&account.partition))
        }
        PrincipalSpec::Service(name) => name.clone(),
        PrincipalSpec::Federated(provider) => provider.expand(account, Place::Identifier),
    };
    spec.principals.iter().map(in_policy).collect()
}

fn condition(spec: &TrustSpec, account: &Account) -> Json {
    let condition = spec.condition.clone().map_values(|value| expand(value, account, Place::PolicyString));
    let value = |source: &ExternalIdSource| match source {
        ExternalIdSource::Literal(id) => id.expose().to_owned(),
        ExternalIdSource::Pattern(pattern) => pattern.as_secret().expose().to_owned(),
        ExternalIdSource::Template(template) => {
            template.expand(account).map_or_else(|_| SHORTEST_EXTERNAL_ID.to_owned(), |id| id.expose().to_owned())
        }
        ExternalIdSource::Parameter(_) | ExternalIdSource::Tenant(_) => SHORTEST_EXTERNAL_ID.to_owned(),
    };
    match spec.external_ids.is_empty() {
        true => condition.to_json(),
        false => condition.with_external_ids("StringLike", spec.external_ids.iter().map(value).collect()).to_json(),
    }
}

/// A statement that is as long as the one that is sent to IAM, or shorter.
fn statement(principals: &BTreeSet<String>, spec: &TrustSpec, account: &Account) -> Json {
    let kind = if spec.principals.iter().any(|one| matches!(one, PrincipalSpec::Aws(_))) { "AWS" } else { "Service" };
    let several: Vec<_> = principals.iter().collect();
    let principals = if let [one] = several.as_slice() { json!(one) } else { json!(several) };
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { kind: principals },
        "Action": spec.actions.to_policy(),
    });
    let has_condition = !(spec.condition.is_empty() && spec.external_ids.is_empty());
    if let Some(map) = statement.as_object_mut().filter(|_| has_condition) {
        map.insert("Condition".to_owned(), condition(spec, account));
    }
    statement
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn result(text: &str) -> String {
        match Config::parse_without_files(text) {
            Ok(config) => config.warnings.join("\n"),
            Err(problems) => problems.to_string(),
        }
    }

    fn arns(count: usize) -> String {
        (0..count).map(|n| format!("'arn:aws:iam::222233334444:role/team-{n}',")).collect()
    }

    #[test]
    fn length_of_trust_policy_of_role_is_compared_with_quota() {
        let role = |count| result(&format!("[[role]]\nname = 'r'\ntrust = [{{ principal = [{}] }}]\n", arns(count)));
        assert_eq!(role(40), "");
        insta::assert_snapshot!(role(60), @"role/r: the trust policy has at least 2555 characters without whitespace, more than IAM's default quota of 2048; raise the quota L-C07B4B0D in every account, or name fewer principals");
        insta::assert_snapshot!(role(300), @"onboarding.toml:3:9: `trust`: the trust policy would have at least 12595 characters without whitespace, and IAM allows 8192 at most; name fewer principals, shorten conditions, or divide the principals among several roles");
        let vendor = format!(
            "[catalogue.v]\ntitle = 'V'\ntrust = {{ accounts = [{}], external-id = 'required' }}\n\
             role = {{ name = 'V', managed-policies = ['arn:{{partition}}:iam::aws:policy/ReadOnlyAccess'] }}\n\
             [vendors.v]\nexternal-id = 'x-1'\n",
            arns(300)
        );
        insta::assert_snapshot!(result(&vendor), @"onboarding.toml:5:10: `v`: the trust policy would have at least 12647 characters without whitespace, and IAM allows 8192 at most; name fewer principals, shorten conditions, or divide the principals among several roles");
    }

    #[test]
    fn length_of_grants_is_compared_with_quota() {
        let grant = |count| result(&format!("[[access-role.grant]]\nprincipal = [{}]\n", arns(count)));
        assert_eq!(grant(40), "");
        insta::assert_snapshot!(grant(60), @"access-role: the trust policy has at least 2555 characters without whitespace, more than IAM's default quota of 2048; raise the quota L-C07B4B0D in every account, or name fewer principals");
        insta::assert_snapshot!(grant(300), @"onboarding.toml:1:1: `grant`: the trust policy would have at least 12595 characters without whitespace, and IAM allows 8192 at most; name fewer principals, shorten conditions, or divide the principals among several roles");
        let separate = |more: &str| -> String {
            let grants = (0..60)
                .map(|n| format!("[[access-role.grant]]\nprincipal = 'arn:aws:iam::222233334444:role/t{n}'\n{more}"));
            result(&grants.collect::<String>())
        };
        assert!(separate("").contains("has at least 2"), "grants under one condition share a statement");
        let mixed = "access-role = 'OrganizationAccountAccessRole'\n";
        assert_eq!(separate(mixed), separate(""));
    }

    #[test]
    fn length_counts_what_the_engine_writes() {
        let text = "[[role]]\nname = 'r'\ntrust = [{ principal = ['222233334444', '333344445555'], external-id = 'x-1', \
                    condition = { Bool = { 'aws:MultiFactorAuthPresent' = true } } }]\n";
        let config = Config::parse_without_files(text).unwrap();
        let account = crate::toml_reader::sample_account().unwrap();
        let (blueprint, _) = crate::blueprint::Blueprint::new(&config, &account, &Default::default()).unwrap();
        let written = blueprint.roles[0].trust.to_json().len();
        let counted = super::of_role(&config.roles[0].trust);
        assert_eq!(counted, written - 2, "`StringLike` is shorter than `StringEquals`");
    }
}
