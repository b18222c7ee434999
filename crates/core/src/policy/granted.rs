//! What a trust policy gives to a grant: the verdict on the requests that the grant is meant for.
//!
//! The guard, the proofs and `onboard policy grant` all ask this module, so that they agree. It evaluates the policy (see
//! the `evaluate` module) with everything that is known about such a request:
//!
//! - every request of an account, a role or a user has `aws:PrincipalAccount` and `aws:PrincipalArn`. If only the account
//!   is known, the ARN is known to be one of that account, which decides conditions such as `ArnNotLike` with the ARNs of
//!   another account;
//! - the request meets the grant's own condition. Of several values each is tried, because the caller may have any: if
//!   some are allowed and others are not, the verdict is [`Verdict::Depends`].

use super::condition::{Condition, ConditionClause};
use super::context::{RequestContext, matches_condition};
use super::document::{Document, Effect, Statement};
use super::evaluate::{Caller, Verdict, applies, can_anybody_assume, can_assume, can_other_assume};
use super::operators::has_variable;
use super::principal::Principal;
use super::truth::Truth;
use crate::account::Partition;

/// The most contexts that are tried. The values of further clauses are unknown.
const MOST_CONTEXTS: usize = 256;

/// Who may assume a role, and under which condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The principal that gets access.
    pub principal: Principal,
    /// The condition, usually empty.
    pub condition: Condition,
}

/// The external ID that the caller presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The configured one, or none if none is configured.
    Configured,
    /// None, although one is configured.
    None,
    /// Another one than the configured one.
    Wrong,
}

/// The deny statement by which a trust policy certainly cancels a grant, if there is one.
#[must_use]
pub fn denied(trust: &Document, grant: &Grant, partition: &Partition) -> Option<usize> {
    match grant_verdict(trust, grant, Presented::Configured, partition) {
        Verdict::Denied(by) => Some(by),
        _ => None,
    }
}

/// Whether the principal of a grant can assume a role that has this trust policy.
#[must_use]
pub(crate) fn grant_verdict(trust: &Document, grant: &Grant, presented: Presented, partition: &Partition) -> Verdict {
    let trust = &trust.in_partition(partition);
    let caller = Caller::from_principal(&grant.principal);
    let contexts = contexts(trust.statements(), grant, presented, partition);
    let verdicts = contexts.iter().map(|context| match (&caller, presented) {
        (None, _) => can_other_assume(trust, &grant.principal, context),
        (Some(caller), Presented::Configured) => can_assume(trust, caller, context),
        (Some(caller), Presented::None | Presented::Wrong) => can_anybody_assume(trust, caller, context),
    });
    let combine = match presented {
        Presented::Configured => in_every_case,
        Presented::None | Presented::Wrong => in_some_case,
    };
    verdicts.reduce(combine).unwrap_or(Verdict::NotAllowed)
}

/// Whether a statement applies to the requests that a grant is meant for.
pub(super) fn applies_to_grant(statement: &Statement, grant: &Grant, partition: &Partition) -> Truth {
    let contexts = contexts(&[], grant, Presented::Configured, partition);
    let each = contexts.iter().map(|context| applies(statement, &grant.principal, context));
    each.reduce(|a, b| if a == b { a } else { Truth::Unknown }).unwrap_or(Truth::Unknown)
}

fn in_every_case(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (a, b) if a == b => a,
        (Verdict::Allowed(by) | Verdict::Depends(by), _) | (_, Verdict::Allowed(by) | Verdict::Depends(by)) => {
            Verdict::Depends(by)
        }
        (a @ Verdict::Denied(_), Verdict::Denied(_)) => a,
        _ => Verdict::NotAllowed,
    }
}

fn in_some_case(a: Verdict, b: Verdict) -> Verdict {
    if a.can() { a } else { b }
}

/// The requests that a grant is meant for, as far as they are known; at least one.
fn contexts(trust: &[Statement], grant: &Grant, presented: Presented, partition: &Partition) -> Vec<RequestContext> {
    let mut all = vec![RequestContext::default()];
    for clause in grant.condition.clauses() {
        let alternatives = alternatives(trust, &grant.condition, clause, presented);
        if alternatives.is_empty() || all.len() * alternatives.len() > MOST_CONTEXTS {
            continue;
        }
        let extended = all.iter().flat_map(|context| {
            alternatives.iter().map(move |value| match value {
                Some(value) => context.clone().with(&clause.key, value),
                None => context.clone().without(&clause.key),
            })
        });
        all = extended.collect();
    }
    all = all.into_iter().map(|context| identified(context, &grant.principal, partition.as_str())).collect();
    if presented == Presented::Configured {
        let meets = |context: &RequestContext| matches_condition(&grant.condition, context) != Truth::No;
        if all.iter().any(meets) {
            all.retain(meets);
        }
    }
    all
}

/// Adds the keys that every request of a principal has, whatever the condition of the grant says. The partition may be `*`.
pub(super) fn identified(context: RequestContext, principal: &Principal, partition: &str) -> RequestContext {
    let Some(caller) = Caller::from_principal(principal) else { return context };
    let context = context.with("aws:PrincipalAccount", caller.account.as_str());
    match &caller.arn {
        Some(arn) => context.with("aws:PrincipalArn", arn),
        // Only roles and users can call `sts:AssumeRole`: the root user and federated users cannot.
        None => context.with_like("aws:PrincipalArn", &format!("arn:{partition}:iam::{}:*", caller.account)),
    }
}

/// The values of a key to try, `None` for an absent key; empty if nothing is known about the key.
fn alternatives(
    trust: &[Statement],
    condition: &Condition,
    clause: &ConditionClause,
    presented: Presented,
) -> Vec<Option<String>> {
    match (clause.is_external_id(), presented) {
        (true, Presented::None) => vec![None],
        (true, Presented::Wrong) => wrong_external_ids(trust, condition).into_iter().map(Some).collect(),
        (true, Presented::Configured) => clause.values.iter().cloned().map(Some).collect(),
        (false, _) if clause.is_positive() && clause.values.iter().all(|value| is_literal(value)) => {
            clause.values.iter().cloned().map(Some).collect()
        }
        (false, _) => Vec::new(),
    }
}

fn is_literal(value: &str) -> bool {
    !has_variable(value) && !value.contains(['*', '?'])
}

/// External IDs other than the configured ones: one that nobody has configured, and those that the policy accepts.
fn wrong_external_ids(trust: &[Statement], condition: &Condition) -> Vec<String> {
    let ids = |condition: &Condition| -> Vec<String> {
        let clauses = condition.clauses().iter().filter(|clause| clause.is_external_id());
        clauses.flat_map(|clause| clause.values.iter().cloned()).collect()
    };
    let configured = ids(condition);
    // `!` is not allowed in an external ID, so no configured ID equals it.
    let mut wrong = vec!["!".to_owned()];
    for statement in trust.iter().filter(|statement| statement.effect == Effect::Allow) {
        // A string that a pattern matches, such as `team-!` for `team-*`.
        let accepted = ids(&statement.condition).into_iter().map(|id| id.replace(['*', '?'], "!"));
        wrong.extend(accepted.filter(|id| !configured.contains(id)));
    }
    wrong.sort();
    wrong.dedup();
    wrong.truncate(MOST_CONTEXTS);
    wrong
}

#[cfg(test)]
#[path = "granted_tests.rs"]
mod tests;
