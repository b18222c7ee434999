//! Which identity providers a trust policy accepts, and whether it limits the subjects of their tokens.
//!
//! A role that trusts GitHub without a condition on the subject can be assumed by every workflow of every repository. As with
//! principals (see the `outside` module), this is decided by evaluation: with the tokens that a stranger gets from the issuer (see
//! the `stranger_tokens` module). `repo:*` and `repo:*/app:*` match the subject of one, and `repo:acme/*` does not.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif>.

use super::assume_action::AssumeAction;
use super::condition_text::{ConditionDisplay, ExternalIdDisplay, shown};
use super::context::RequestContext;
use super::document::{Document, Effect, Principals, Statement};
use super::evaluate::applies;
use super::principal::Principal;
use super::reach::{Can, usable_actions};
use super::stranger_tokens::{self, Audiences};
use super::truth::Truth;
use crate::account::Partition;

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

/// The identity providers that can assume a role, with one entry for each provider of each allow statement.
#[must_use]
pub fn provider_access(trust: &Document, partition: &Partition) -> Vec<ProviderAccess> {
    let trust = &trust.in_partition(partition);
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
                    entry(can, question.subject(issuer, action))
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
    /// Whether the statement accepts the token of a stranger, as far as that is not certain: a limit has to be certain.
    fn subject(&self, issuer: &str, action: AssumeAction) -> SubjectCheck {
        if action == AssumeAction::AssumeRoleWithSaml {
            // The provider, which is set up for this account, decides who receives an assertion.
            return SubjectCheck::Limited;
        }
        let audiences = match self.principal {
            Principal::Federated(arn) if arn.contains(":oidc-provider/") => Audiences::Registered,
            _ => Audiences::All,
        };
        let conditions = self.trust.statements().iter().flat_map(|statement| statement.condition.clauses());
        match self.best(&stranger_tokens::contexts(issuer, audiences, conditions)) {
            Can::Never => SubjectCheck::Limited,
            Can::Always | Can::Conditionally => SubjectCheck::Any,
        }
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
