//! A trust policy in plain words: who can assume the role, and under which conditions.

use serde::Serialize;

use super::{
    Caller, Condition, Document, Effect, Principal, Principals, RequestContext, Statement, Verdict, can_assume,
};

/// The ways into a role.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html>.
const WAYS: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// What a trust policy says of one principal in one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrincipalAccess {
    /// The statement's name.
    pub statement: String,
    /// The principal in words, as `account 111122223333`.
    pub principal: String,
    /// `anyone`, `account`, `identity`, `deleted`, `service`, `federated`, `canonical_user`, `unknown` or `others`.
    pub kind: &'static str,
    /// Whether the statement allows or denies.
    pub effect: Effect,
    /// Whether the principal can enter; of a denial, whether it always applies (`never`) or under conditions.
    pub can: Can,
    /// The ways in, as `sts:AssumeRole`.
    pub actions: Vec<String>,
    /// The statement's conditions, external ids hidden.
    pub conditions: Vec<Shown>,
    /// Why, where it is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Whether a principal can enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// Whatever the request.
    Always,
    /// When conditions hold.
    Conditionally,
    /// Never.
    Never,
}

/// A condition, external ids hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The operator.
    pub operator: String,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

/// Explains a trust policy, statement by statement. External ids are hidden unless they are to be revealed.
#[must_use]
pub fn explain(trust: &Document, reveal: bool) -> Vec<PrincipalAccess> {
    let mut entries = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate() {
        let actions: Vec<_> = WAYS.into_iter().filter(|way| statement.actions.cover(way)).map(str::to_owned).collect();
        if actions.is_empty() {
            continue;
        }
        let name = trust.name_of(index);
        let conditions = shown(&statement.condition, reveal);
        let entry = |principal: String, kind, can, why| PrincipalAccess {
            statement: name.clone(),
            principal,
            kind,
            effect: statement.effect,
            can,
            actions: actions.clone(),
            conditions: conditions.clone(),
            why,
        };
        match &statement.principals {
            Principals::Absent => {}
            Principals::Only(all) => entries.extend(all.iter().map(|principal| {
                let (can, why) = judge(trust, statement, principal);
                entry(principal.to_string(), kind(principal), can, why)
            })),
            Principals::AllBut(all) => {
                let but: Vec<_> = all.iter().map(ToString::to_string).collect();
                let (can, why) = of_statement(statement);
                entries.push(entry(format!("everybody but {}", but.join(", ")), "others", can, why));
            }
        }
    }
    entries
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.key, self.operator, self.values.join(" or "))
    }
}

fn judge(trust: &Document, statement: &Statement, principal: &Principal) -> (Can, Option<String>) {
    if matches!(principal, Principal::Orphan(_)) {
        return (Can::Never, Some("the role or user was deleted; IAM refuses to save the policy as it is".to_owned()));
    }
    if statement.effect == Effect::Deny {
        return of_statement(statement);
    }
    let may_be_denied = match denial(trust, statement, principal) {
        Denial::Certain(by) => return (Can::Never, Some(format!("{} denies it", trust.name_of(by)))),
        Denial::Possible => true,
        Denial::None => false,
    };
    match of_statement(statement).0 {
        Can::Always if may_be_denied => (Can::Conditionally, Some("a deny statement may apply".to_owned())),
        can => (can, None),
    }
}

fn of_statement(statement: &Statement) -> (Can, Option<String>) {
    match (statement.effect, statement.condition.is_empty()) {
        (Effect::Deny, true) => (Can::Never, None),
        (Effect::Allow, true) => (Can::Always, None),
        (_, false) => (Can::Conditionally, None),
    }
}

enum Denial {
    None,
    Possible,
    Certain(usize),
}

/// What denies a principal the ways in that a statement allows it.
fn denial(trust: &Document, allowed: &Statement, principal: &Principal) -> Denial {
    let facts = RequestContext::default();
    if allowed.actions.cover_assume_role()
        && let Some(caller) = Caller::from_principal(principal)
    {
        return match can_assume(trust, &caller, &facts) {
            Verdict::Denied(by) => Denial::Certain(by),
            Verdict::Depends(_) => Denial::Possible,
            Verdict::Allowed(_) | Verdict::NotAllowed => Denial::None,
        };
    }
    let ways: Vec<_> = WAYS.into_iter().filter(|way| allowed.actions.cover(way)).collect();
    let mut found = Denial::None;
    for (index, deny) in trust.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Deny) {
        if !ways.iter().any(|way| deny.actions.cover(way)) {
            continue;
        }
        let whole = deny.condition.is_empty() && ways.iter().all(|way| deny.actions.cover(way));
        match deny.covers(principal) {
            true if whole => return Denial::Certain(index),
            // Of `*`, a part may be denied.
            covers if covers || *principal == Principal::Anyone => found = Denial::Possible,
            _ => {}
        }
    }
    found
}

fn shown(condition: &Condition, reveal: bool) -> Vec<Shown> {
    let show = |test: &super::ConditionClause| {
        let values = if test.is_external_id() && !reveal { vec!["(hidden)".to_owned()] } else { test.values.clone() };
        Shown { operator: test.operator.clone(), key: test.key.clone(), values }
    };
    condition.clauses().iter().map(show).collect()
}

fn kind(principal: &Principal) -> &'static str {
    match principal {
        Principal::Anyone => "anyone",
        Principal::Account(_) => "account",
        Principal::Arn(_) => "identity",
        Principal::Orphan(_) => "deleted",
        Principal::Service(_) => "service",
        Principal::Federated(_) => "federated",
        Principal::CanonicalUser(_) => "canonical_user",
        Principal::Unknown(..) => "unknown",
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
