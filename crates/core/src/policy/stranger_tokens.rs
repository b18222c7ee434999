//! The tokens that a stranger gets from an issuer, and the requests that the stranger makes with them.
//!
//! Whoever has an account at an issuer such as GitHub gets tokens from it, whose fields (claims) are of two kinds. Some name the owner, and a stranger
//! cannot have those of another owner: the subject of GitHub begins with `repo:OWNER/`. The stranger chooses the others, such as the
//! name of the repository and of the branch. So the subject of a stranger is any text that begins with `repo:!/`, where `!` is an owner
//! that no policy names:
//!
//! | Condition on the subject | a stranger can meet it |
//! |---|---|
//! | `StringLike` `repo:acme/*` | no |
//! | `StringLike` `repo:*/app:*` | yes, with a repository named `app` |
//! | `StringLike` `repo:acme*` | yes, with the owner `acme!` |
//! | `StringNotEquals` `repo:acme/app:…`, `Null` `false` | yes |
//!
//! A field that AWS does not pass on is absent, so both are tried for the fields that are not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::ConditionClause;
use super::context::RequestContext;

/// What a stranger can have as the value of a field.
#[derive(Clone, Copy)]
enum Field {
    /// A text that begins with this, the name of an owner, and this.
    Owner(&'static str, char),
    /// A text that matches this pattern.
    Like(&'static str),
    /// Whatever the stranger chooses.
    Chosen,
}

/// The fields of issuers that everyone can get tokens from.
///
/// See <https://docs.github.com/en/actions/reference/security/oidc>,
/// <https://docs.gitlab.com/ci/secrets/id_token_authentication/>,
/// <https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif>.
const ISSUERS: [(&str, &[(&str, Field)]); 5] = [
    (
        "token.actions.githubusercontent.com",
        &[
            ("sub", Field::Owner("repo:", '/')),
            ("repository", Field::Owner("", '/')),
            // A stranger can call a reusable workflow of another owner, if that is public.
            ("job_workflow_ref", Field::Chosen),
            ("environment", Field::Chosen),
            ("ref", Field::Chosen),
            ("workflow", Field::Chosen),
        ],
    ),
    ("gitlab.com", &[("sub", Field::Owner("project_path:", '/'))]),
    ("app.terraform.io", &[("sub", Field::Owner("organization:", ':'))]),
    // A region and an ID that Cognito assigns.
    (
        "cognito-identity.amazonaws.com",
        &[("aud", Field::Like("*:!")), ("sub", Field::Like("*:!")), ("amr", Field::Chosen)],
    ),
    // Whoever requests a token chooses the audience, which is `aud` only in tokens without an authorized party.
    ("accounts.google.com", &[("oaud", Field::Chosen)]),
];

/// The fields that name the application at a provider that AWS knows by name, which every account accepts.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html>.
const APPLICATION: [&str; 2] = ["aud", "app_id"];

/// Which audiences a provider accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audiences {
    /// Those that are registered for it in the account of the role.
    Registered,
    /// All: it is a provider that AWS knows by name.
    All,
}

/// The most requests that are tried. Nothing is known about the further fields.
const MOST_CONTEXTS: usize = 512;

/// The known condition keys of the requests of a stranger, as far as these conditions depend on them; at least one context.
pub(super) fn contexts<'a>(
    issuer: &str,
    audiences: Audiences,
    conditions: impl Iterator<Item = &'a ConditionClause>,
) -> Vec<RequestContext> {
    let mut values: BTreeMap<String, Vec<&str>> = BTreeMap::from([("sub".to_owned(), Vec::new())]);
    if audiences == Audiences::All {
        values.extend(APPLICATION.map(|field| (field.to_owned(), Vec::new())));
    }
    for clause in conditions {
        if let Some((of, field)) = clause.key.rsplit_once(':')
            && of.eq_ignore_ascii_case(issuer)
        {
            values.entry(field.to_ascii_lowercase()).or_default().extend(clause.values.iter().map(String::as_str));
        }
    }
    let host = issuer.split('/').next().unwrap_or_default();
    let fields = ISSUERS.iter().find(|(known, _)| *known == host).map_or(&[][..], |(_, fields)| *fields);
    let mut contexts = vec![RequestContext::default()];
    for (field, values) in &values {
        let key = format!("{issuer}:{field}");
        let known = fields.iter().find(|(name, _)| name == field).map(|(_, field)| *field);
        let extended: Vec<_> =
            contexts.iter().flat_map(|one| alternatives(one, &key, field, known, values, audiences)).collect();
        if !extended.is_empty() && extended.len() <= MOST_CONTEXTS {
            contexts = extended;
        }
    }
    contexts
}

/// A context with each value of a field that a stranger can have; none if nothing is known about it.
fn alternatives(
    context: &RequestContext,
    key: &str,
    field: &str,
    known: Option<Field>,
    values: &[&str],
    audiences: Audiences,
) -> Vec<RequestContext> {
    let with = |value: &str| context.clone().with(key, value);
    let like = |pattern: &str| context.clone().with_like(key, pattern);
    match known {
        Some(Field::Chosen) => Vec::new(),
        Some(Field::Like(pattern)) => vec![like(pattern)],
        Some(Field::Owner(before, after)) => {
            owners(values, before, after).iter().map(|owner| like(&format!("{before}{owner}{after}*"))).collect()
        }
        None if field == "aud" && audiences == Audiences::Registered => {
            values.iter().map(|value| with(value)).collect()
        }
        None if field == "sub" || APPLICATION.contains(&field) => vec![with(STRANGER)],
        None => vec![with(STRANGER), context.clone().without(key)],
    }
}

/// A name that no policy contains.
const STRANGER: &str = "!";

/// Names of owners that are not those of a policy: one, and those that match the patterns in the place of an owner.
fn owners(values: &[&str], before: &str, after: char) -> BTreeSet<String> {
    let named = values.iter().filter_map(|value| value.strip_prefix(before)?.split(after).next());
    let patterns = named.filter(|name| name.contains(['*', '?']));
    patterns.map(|name| name.replace(['*', '?'], STRANGER)).chain([STRANGER.to_owned()]).collect()
}
