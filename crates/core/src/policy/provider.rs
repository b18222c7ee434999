//! Which identity providers a trust policy accepts, and whether it limits the subjects of their tokens.
//!
//! A role that trusts GitHub without a condition on the subject can be assumed by every workflow of every repository. As with
//! principals (see the `outside` module), this is decided by evaluation: with the subject of a stranger, in the form in which
//! the issuer writes subjects. `repo:*` matches it, and `repo:acme/*` does not.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif>.

use super::assume_action::AssumeAction;
use super::condition_text::{ConditionDisplay, ExternalIdDisplay, shown};
use super::context::RequestContext;
use super::document::{Document, Effect, Principals, Statement};
use super::evaluate::applies;
use super::outside::OwnOrganization;
use super::principal::Principal;
use super::reach::{Can, usable_actions};
use super::truth::Truth;

/// The kind of an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProviderKind {
    /// An OpenID Connect issuer outside AWS.
    External,
    /// A SAML provider: the metadata, which names the issuer, is not part of a trust policy.
    Saml,
    /// A provider that AWS knows by name, such as Amazon Cognito, or a cluster of Amazon EKS.
    Aws,
}

/// Whether a trust policy limits whose tokens it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectCheck {
    /// Any subject of the issuer can assume the role.
    Any,
    /// A condition limits the subjects.
    Limited,
}

/// What one statement gives to one identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAccess {
    /// The name of the statement.
    pub statement: String,
    /// The provider as written: an ARN, or the name of one that AWS knows.
    pub provider: String,
    /// The issuer of its tokens, or the name of the SAML provider.
    pub issuer: String,
    /// Its kind.
    pub kind: ProviderKind,
    /// Whether its users can assume the role.
    pub can: Can,
    /// Whether the subjects are limited.
    pub subject: SubjectCheck,
    /// The conditions of the statement.
    pub conditions: Vec<ConditionDisplay>,
}

/// Issuers, and a subject of each that belongs to a stranger.
///
/// See <https://docs.github.com/en/actions/reference/security/oidc>,
/// <https://docs.gitlab.com/ci/secrets/id_token_authentication/>,
/// <https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens>.
const STRANGERS: [(&str, &str); 3] = [
    ("token.actions.githubusercontent.com", "repo:!/!:ref:refs/heads/!"),
    ("gitlab.com", "project_path:!/!:ref_type:branch:ref:!"),
    ("app.terraform.io", "organization:!:project:!:workspace:!:run_phase:!"),
];

/// The keys that name the application at a provider that AWS knows by name. Only they limit who can assume the role, because
/// these providers are accepted in every account.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html>.
const APPLICATION_KEYS: [&str; 2] = ["aud", "app_id"];

/// The identity providers that can assume a role, with one entry for each provider of each allow statement.
#[must_use]
pub fn provider_access(trust: &Document, own: &OwnOrganization) -> Vec<ProviderAccess> {
    let trust = &trust.in_partition(&own.partition);
    let mut found = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate().filter(|(_, one)| one.effect == Effect::Allow) {
        let Principals::Only(principals) = &statement.principals else { continue };
        for principal in principals {
            let Principal::Federated(provider) = principal else { continue };
            let (kind, issuer) = classified(provider);
            let entry = |can, subject| ProviderAccess {
                statement: trust.name_of(index),
                provider: provider.clone(),
                issuer: issuer.to_owned(),
                kind,
                can,
                subject,
                conditions: shown(&statement.condition, ExternalIdDisplay::Hidden),
            };
            let action = usable_actions(statement, principal).first().and_then(|action| action.parse().ok());
            found.push(match action {
                // This kind of provider has another action than those of the statement.
                None => entry(Can::Never, SubjectCheck::Limited),
                Some(action) => {
                    let question = Question { trust: &trust.as_decided_for(action), index, principal };
                    let can = question.best(&[RequestContext::default()]);
                    entry(can, question.subject(statement, issuer, action))
                }
            });
        }
    }
    found
}

/// The kind of a provider, and the issuer of its tokens.
fn classified(provider: &str) -> (ProviderKind, &str) {
    if let Some((_, name)) = provider.split_once(":saml-provider/") {
        return (ProviderKind::Saml, name);
    }
    match provider.split_once(":oidc-provider/") {
        Some((_, issuer)) => {
            let host = issuer.split('/').next().unwrap_or_default();
            let is_cluster = host.starts_with("oidc.eks.")
                && [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| host.ends_with(end));
            (if is_cluster { ProviderKind::Aws } else { ProviderKind::External }, issuer)
        }
        None if provider.ends_with(".amazonaws.com") => (ProviderKind::Aws, provider),
        None => (ProviderKind::External, provider),
    }
}

struct Question<'a> {
    trust: &'a Document,
    index: usize,
    principal: &'a Principal,
}

impl Question<'_> {
    /// Whether the statement accepts the token of a stranger.
    fn subject(&self, statement: &Statement, issuer: &str, action: AssumeAction) -> SubjectCheck {
        let limits = |wanted: &dyn Fn(&str) -> bool| {
            let clauses = statement.condition.clauses().iter();
            let claims = clauses
                .filter_map(|clause| clause.key.rsplit_once(':'))
                .filter(|(of, _)| of.eq_ignore_ascii_case(issuer));
            claims.into_iter().any(|(_, claim)| wanted(&claim.to_ascii_lowercase()))
        };
        if action == AssumeAction::AssumeRoleWithSaml {
            // The provider, which is set up for this account, decides who receives an assertion.
            return SubjectCheck::Limited;
        }
        let is_in_every_account =
            !matches!(self.principal, Principal::Federated(arn) if arn.contains(":oidc-provider/"));
        let sub = STRANGERS.iter().find(|(known, _)| *known == issuer).map_or("!", |(_, subject)| subject);
        let context = RequestContext::default().with(&format!("{issuer}:sub"), sub);
        let contexts = match is_in_every_account {
            true => {
                let with = |context: RequestContext, key: &&str| context.with(&format!("{issuer}:{key}"), "!");
                vec![APPLICATION_KEYS.iter().fold(context, with)]
            }
            false => self.audiences(statement, issuer, &context),
        };
        match self.best(&contexts) {
            Can::Always => SubjectCheck::Any,
            Can::Conditionally if !limits(&|claim| claim != "aud" && claim != "sub") => SubjectCheck::Any,
            _ => SubjectCheck::Limited,
        }
    }

    /// The context with each audience that the statement accepts: the provider accepts only those that are registered.
    fn audiences(&self, statement: &Statement, issuer: &str, context: &RequestContext) -> Vec<RequestContext> {
        let key = format!("{issuer}:aud");
        let clauses = statement.condition.clauses().iter().filter(|clause| clause.key.eq_ignore_ascii_case(&key));
        let each: Vec<_> =
            clauses.flat_map(|clause| &clause.values).map(|value| context.clone().with(&key, value)).collect();
        if each.is_empty() { vec![context.clone()] } else { each }
    }

    fn best(&self, contexts: &[RequestContext]) -> Can {
        let statements = self.trust.statements();
        let mut best = Can::Never;
        for context in contexts {
            let applied = |one: &Statement| applies(one, self.principal, context);
            let denials = statements.iter().filter(|one| one.effect == Effect::Deny);
            let denied = denials.map(applied).fold(Truth::No, Truth::or);
            match (statements.get(self.index).map_or(Truth::No, applied), denied) {
                (Truth::No, _) | (_, Truth::Yes) => {}
                (Truth::Yes, Truth::No) => return Can::Always,
                _ => best = Can::Conditionally,
            }
        }
        best
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
