//! What a trust policy gives to a grant: the verdict on the requests that the grant is meant for.
//!
//! The guard, the proofs and `onboard policy grant` all ask this module, so that they agree. It evaluates the policy (see
//! the `evaluate` module) with everything that is known about such a request:
//!
//! - every request of an account, a role or a user has `aws:PrincipalAccount` and `aws:PrincipalArn`. If only the account
//!   is known, the ARN is known to be one of that account, which decides conditions such as `ArnNotLike` with the ARNs of
//!   another account;
//! - if the grant's condition lists roles of its account by `aws:PrincipalArn`, the request is one of theirs;
//! - the request meets the grant's own condition. Of several values each is tried, because the caller may have any: if
//!   some are allowed and others are not, the verdict is [`Verdict::Depends`].

use serde_json::{Map, Value, json};

use super::assume_action::{AssumeAction, AssumeActions};
use super::condition::{Condition, ConditionClause};
use super::context::{RequestContext, matches_condition};
use super::document::{Document, Effect, Statement};
use super::evaluate::{Caller, Verdict, applies, can_anybody_assume, can_assume, can_other_assume};
use super::glob::{like, some_match};
use super::operators::has_variable;
use super::principal::{Principal, RoleSession, role_session};
use super::truth::Truth;
use crate::account::Partition;

/// The most contexts that are tried. The values of further clauses are unknown.
const MOST_CONTEXTS: usize = 256;

/// A principal that may assume a role, and under which condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The principal that gets access.
    pub principal: Principal,
    /// The condition, usually empty.
    pub condition: Condition,
    /// The allowed actions, usually only `sts:AssumeRole`.
    pub actions: AssumeActions,
}

impl Caller {
    /// The caller, with its ARN if the request shows which role or user of the account it is.
    fn known_by(&self, context: &RequestContext) -> Self {
        let arn = self.arn.clone().or_else(|| context.exact(PRINCIPAL_ARN).map(str::to_owned));
        Self { account: self.account.clone(), arn }
    }
}

impl Grant {
    /// The principal may assume the role under this condition.
    #[must_use]
    pub fn new(principal: Principal, condition: Condition) -> Self {
        Self { principal, condition, actions: AssumeActions::default() }
    }

    /// The elements of a statement that makes the grant to an AWS principal, in the order in which they are written.
    pub(crate) fn to_statement(&self, partition: &Partition) -> Map<String, Value> {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), "Allow".into());
        statement.insert("Principal".to_owned(), json!({ "AWS": self.principal.to_policy(partition) }));
        statement.insert("Action".to_owned(), self.actions.to_policy());
        if !self.condition.is_empty() {
            statement.insert("Condition".to_owned(), self.condition.to_json());
        }
        statement
    }
}

/// The external ID that the caller presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The configured one, or none if none is configured.
    Configured,
    /// One of several configured ones: its index.
    Nth(usize),
    /// One that matches the configured pattern.
    Matching,
    /// None, although one is configured.
    None,
    /// Another one than the configured one.
    Wrong,
}

impl Presented {
    /// Whether a caller that presents this should be able to assume the role.
    pub(crate) fn is_right(self) -> bool {
        matches!(self, Self::Configured | Self::Nth(_) | Self::Matching)
    }
}

/// The deny statement by which a trust policy certainly cancels a grant, if there is one.
#[must_use]
pub fn denied(trust: &Document, grant: &Grant, partition: &Partition) -> Option<usize> {
    match grant_verdict(trust, grant, Presented::Configured, partition) {
        Verdict::Denied(by) => Some(by),
        _ => None,
    }
}

/// Whether the principal of a grant can assume a role that has this trust policy, with all that the grant lets it pass: STS
/// denies a request of which any part is denied. A caller that should be denied must not be able to assume the role in any
/// way.
#[must_use]
pub(crate) fn grant_verdict(trust: &Document, grant: &Grant, presented: Presented, partition: &Partition) -> Verdict {
    let expected = |action: &AssumeAction| presented.is_right() || action.assumes();
    let actions = grant.actions.iter().filter(expected);
    let verdicts = actions.map(|action| verdict_on(action, trust, grant, presented, partition));
    let from_worst = |verdict: &Verdict| match verdict {
        Verdict::Denied(_) => 0,
        Verdict::NotAllowed => 1,
        Verdict::Depends(_) => 2,
        Verdict::Allowed(_) => 3,
    };
    verdicts.min_by_key(from_worst).unwrap_or(Verdict::NotAllowed)
}

/// Whether the grant lets its principal pass session tags or a source identity, and the trust policy lets it assume the role
/// if it passes neither.
#[must_use]
pub(crate) fn can_pass_nothing(trust: &Document, grant: &Grant, presented: Presented, partition: &Partition) -> bool {
    let can = |action| verdict_on(action, trust, grant, presented, partition).can();
    grant.actions.iter().filter(|action| action.assumes()).any(can) && !grant.actions.passed().is_empty()
}

fn verdict_on(
    action: AssumeAction,
    trust: &Document,
    grant: &Grant,
    presented: Presented,
    partition: &Partition,
) -> Verdict {
    let trust = &trust.as_decided_for(action).in_partition(partition);
    let caller = Caller::from_principal(&grant.principal);
    let contexts = contexts(trust.statements(), grant, presented, partition);
    let verdicts = contexts.iter().map(|context| match &caller {
        None => can_other_assume(trust, &grant.principal, context),
        Some(caller) if presented.is_right() => can_assume(trust, &caller.known_by(context), context),
        Some(caller) => can_anybody_assume(trust, caller, context),
    });
    let combine = if presented.is_right() { in_every_case } else { in_some_case };
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
    if presented.is_right() {
        let callers = callers_by_arn(grant, partition);
        if !callers.is_empty() && all.len() * callers.len() <= MOST_CONTEXTS {
            let with = |context: &RequestContext, arn: &str| match is_literal(arn) {
                true => context.clone().with(PRINCIPAL_ARN, arn),
                false => context.clone().with_like(PRINCIPAL_ARN, arn),
            };
            all = all.iter().flat_map(|context| callers.iter().map(move |arn| with(context, arn))).collect();
        }
        let meets = |context: &RequestContext| matches_condition(&grant.condition, context) != Truth::No;
        if all.iter().any(meets) {
            all.retain(meets);
        }
    }
    all
}

const PRINCIPAL_ARN: &str = "aws:PrincipalArn";

/// The roles and users of an account that the condition of a grant lists, as ARNs or as patterns with `*`.
fn callers_by_arn<'a>(grant: &'a Grant, partition: &Partition) -> Vec<&'a str> {
    let Principal::Account(account) = &grant.principal else { return Vec::new() };
    let prefix = format!("arn:{partition}:iam::{account}:");
    let operators = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"];
    let lists_arns = |clause: &&ConditionClause| {
        clause.key.eq_ignore_ascii_case(PRINCIPAL_ARN)
            && operators.iter().any(|operator| clause.operator.eq_ignore_ascii_case(operator))
    };
    let Some(clause) = grant.condition.clauses().iter().find(lists_arns) else { return Vec::new() };
    // `ArnEquals` has wildcards, too.
    let has_wildcards = !clause.operator.eq_ignore_ascii_case("StringEquals");
    let is_known = |arn: &&str| {
        arn.starts_with(&prefix) && !has_variable(arn) && !arn.contains('?') && (has_wildcards || !arn.contains('*'))
    };
    clause.values.iter().map(String::as_str).filter(is_known).collect()
}

/// Adds the keys that every request of a principal has, whatever the condition of the grant says. The partition may be `*`.
pub(super) fn identified(context: RequestContext, principal: &Principal, partition: &str) -> RequestContext {
    let Some(caller) = Caller::from_principal(principal) else { return context };
    let context = context.with("aws:PrincipalAccount", caller.account.as_str());
    match &caller.arn {
        // The requests of a session have the ARN of its role, whose path is not known.
        Some(arn) => match role_session(arn) {
            Some(RoleSession { partition, account, role }) => {
                context.with_like(PRINCIPAL_ARN, &format!("arn:{partition}:iam::{account}:role/*{role}"))
            }
            None => context.with(PRINCIPAL_ARN, arn),
        },
        // Only roles and users can call `sts:AssumeRole`: the root user and federated users cannot.
        None => context.with_like(PRINCIPAL_ARN, &format!("arn:{partition}:iam::{}:*", caller.account)),
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
        (true, Presented::Nth(index)) => clause.values.get(index).cloned().map(Some).into_iter().collect(),
        (true, Presented::Matching) => {
            clause.values.first().map(|pattern| Some(some_match(pattern))).into_iter().collect()
        }
        (false, _) if clause.is_positive() && clause.values.iter().all(|value| is_literal(value)) => {
            clause.values.iter().cloned().map(Some).collect()
        }
        (false, _) => Vec::new(),
    }
}

fn is_literal(value: &str) -> bool {
    !has_variable(value) && !value.contains(['*', '?'])
}

/// External IDs other than the configured ones: one that is not configured anywhere, and those that the policy accepts.
fn wrong_external_ids(trust: &[Statement], condition: &Condition) -> Vec<String> {
    let ids = |condition: &Condition| -> Vec<String> {
        let clauses = condition.clauses().iter().filter(|clause| clause.is_external_id());
        clauses.flat_map(|clause| clause.values.iter().cloned()).collect()
    };
    let configured = ids(condition);
    let patterns = condition.clauses().iter().any(|clause| clause.is_external_id() && clause.is_pattern());
    let is_right = |id: &String| configured.iter().any(|one| one == id || (patterns && like(one, id)));
    // `!` is not allowed in an external ID, so no configured ID equals it.
    let mut wrong = vec!["!".to_owned()];
    for statement in trust.iter().filter(|statement| statement.effect == Effect::Allow) {
        // A string that a pattern matches, such as `team-!` for `team-*`.
        let accepted = ids(&statement.condition).into_iter().map(|id| id.replace(['*', '?'], "!"));
        wrong.extend(accepted.filter(|id| !is_right(id)));
    }
    wrong.sort();
    wrong.dedup();
    wrong.truncate(MOST_CONTEXTS);
    wrong
}

#[cfg(test)]
#[path = "granted_tests.rs"]
mod tests;
