//! Policy evaluation: whether a document allows a request, given what is known about the request.
//!
//! IAM's rules decide: an explicit deny overrides every allow, and what no statement allows is denied. IAM evaluates a
//! concrete request, whereas this module has to answer before there is one: whether someone has used MFA, or calls from a
//! certain network, is not known. So every check has one of three results (`Truth`): yes, no, or unknown. They are
//! combined so that the answer holds for every possible request:
//!
//! | Statement | applies | does not apply | unknown |
//! |---|---|---|---|
//! | `Deny` | [`Verdict::Denied`] | ignored | an allow becomes [`Verdict::Depends`] |
//! | `Allow` | [`Verdict::Allowed`] | ignored | [`Verdict::Depends`] |
//!
//! Unknown are condition keys that the [`RequestContext`] says nothing about, operators that are not implemented (dates,
//! numbers, IP addresses), and whether a caller of whom only the account is known is a certain role of that account.
//!
//! For example, a trust policy allows account 222233334444 with the external ID `one`. With
//! `RequestContext::default().with("sts:ExternalId", "one")` the verdict is `Allowed`, with `.without("sts:ExternalId")`
//! it is `NotAllowed`, and with neither it is `Depends`.
//!
//! The policies of the caller's own account, control policies and permissions boundaries are not part of a trust policy
//! and are not evaluated here.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;

use super::condition::{Condition, ConditionClause};
use super::document::{Actions, Document, Effect, Principals, Statement};
use super::operators::{comparison, like};
use super::principal::Principal;
use crate::account::AccountId;

/// The principal that makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the role or user; `None` for any role or user that its own account allows to make the request.
    pub arn: Option<String>,
}

/// Whether a role or user that a statement names may be the caller, if only the account of the caller is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnnamedIdentities {
    Included,
    Excluded,
}

impl Caller {
    /// The caller that a grant is for; `None` for principals other than accounts, roles and users.
    #[must_use]
    pub fn from_principal(principal: &Principal) -> Option<Self> {
        let arn = match principal {
            Principal::Account(_) => None,
            Principal::Arn(arn) => Some(arn.clone()),
            _ => return None,
        };
        Some(Self { account: principal.account()?, arn })
    }

    /// Whether a principal in a statement is this caller.
    fn is(&self, principal: &Principal, identities: UnnamedIdentities) -> Truth {
        match (principal, &self.arn) {
            (Principal::Anyone, _) => Truth::Yes,
            (Principal::Account(id), _) => truth(*id == self.account),
            (Principal::Arn(arn), Some(own)) => truth(arn == own),
            (Principal::Arn(_), None)
                if identities == UnnamedIdentities::Included && principal.account().as_ref() == Some(&self.account) =>
            {
                Truth::Unknown
            }
            _ => Truth::No,
        }
    }

    /// Whether a statement with these principals is about this caller.
    fn is_among(&self, principals: &Principals, identities: UnnamedIdentities) -> Truth {
        let any = |all: &[Principal]| all.iter().map(|p| self.is(p, identities)).fold(Truth::No, Truth::or);
        match principals {
            Principals::Absent => Truth::No,
            Principals::Only(all) => any(all),
            Principals::AllBut(all) => match (any(all), &self.arn) {
                (Truth::No, _) => Truth::Yes,
                // A deny statement may still apply to a role or user that is listed while its account is not:
                // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
                (_, Some(_)) if !all.contains(&Principal::Account(self.account.clone())) => Truth::Unknown,
                (Truth::Unknown, _) => Truth::Unknown,
                (Truth::Yes, _) => Truth::No,
            },
        }
    }
}

/// What is known about the condition keys of a request. Keys are case-insensitive.
#[derive(Clone, Default)]
pub struct RequestContext {
    known: BTreeMap<String, Option<Vec<String>>>,
    complete: bool,
}

impl RequestContext {
    /// A context in which all keys are known: a key that is not added is absent from the request.
    #[must_use]
    pub fn complete() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Adds a key that is in the request, with its value.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), Some(vec![value.to_owned()]));
        self
    }

    /// Adds a key that is not in the request.
    #[must_use]
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), None);
        self
    }

    /// `None`: not known. `Some(None)`: not in the request.
    fn get(&self, key: &str) -> Option<Option<&[String]>> {
        match self.known.get(&key.to_ascii_lowercase()) {
            Some(values) => Some(values.as_deref()),
            None if self.complete => Some(None),
            None => None,
        }
    }
}

/// The result of an evaluation. Statements are given by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed by this statement.
    Allowed(usize),
    /// Allowed by this statement if further conditions are met, which the context does not decide.
    Depends(usize),
    /// Denied by this statement, whatever else the request contains.
    Denied(usize),
    /// No statement allows it.
    NotAllowed,
}

impl Verdict {
    /// Whether the request can succeed, depending on what is not known.
    #[must_use]
    pub fn can(&self) -> bool {
        matches!(self, Self::Allowed(_) | Self::Depends(_))
    }
}

/// Whether the caller can assume a role that has this trust policy.
#[must_use]
pub fn can_assume(trust: &Document, caller: &Caller, context: &RequestContext) -> Verdict {
    assume(trust, context, |principals| caller.is_among(principals, UnnamedIdentities::Excluded))
}

/// Whether any role or user of the caller's account might be able to: a statement that names one of them counts.
#[must_use]
pub fn can_anybody_assume(trust: &Document, caller: &Caller, context: &RequestContext) -> Verdict {
    assume(trust, context, |principals| caller.is_among(principals, UnnamedIdentities::Included))
}

/// Whether a principal other than an account, a role or a user, such as a service, can assume the role.
#[must_use]
pub fn can_other_assume(trust: &Document, principal: &Principal, context: &RequestContext) -> Verdict {
    let named = |all: &[Principal]| all.contains(principal) || all.contains(&Principal::Anyone);
    assume(trust, context, |principals| match principals {
        Principals::Absent => Truth::No,
        Principals::Only(all) => truth(named(all)),
        Principals::AllBut(all) => truth(!named(all)),
    })
}

fn assume(trust: &Document, context: &RequestContext, about: impl Fn(&Principals) -> Truth) -> Verdict {
    verdict(trust, |statement| {
        let about = if statement.actions.cover_assume_role() { about(&statement.principals) } else { Truth::No };
        about.and(|| matches_condition(&statement.condition, context))
    })
}

/// Whether a permissions or session policy permits an action on a resource.
#[must_use]
pub fn permits(policy: &Document, action: &str, resource: &str, context: &RequestContext) -> Verdict {
    verdict(policy, |statement| {
        let on = match &statement.resources {
            Some(patterns) => patterns.iter().any(|pattern| like(pattern, resource)),
            // `NotResource` is not evaluated: a deny is assumed to apply and an allow is assumed not to.
            None => statement.effect == Effect::Deny,
        };
        if on && statement.actions.cover(action) { matches_condition(&statement.condition, context) } else { Truth::No }
    })
}

impl Actions {
    /// Whether they include an action. Actions are case-insensitive and may have wildcards.
    pub(super) fn cover(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let any = |all: &[String]| all.iter().any(|pattern| like(&pattern.to_ascii_lowercase(), &action));
        match self {
            Self::Only(all) => any(all),
            Self::AllBut(all) => !any(all),
        }
    }
}

fn verdict(document: &Document, applies: impl Fn(&Statement) -> Truth) -> Verdict {
    let mut allowed = None;
    let mut depends = None;
    let mut may_be_denied = false;
    for (index, statement) in document.statements().iter().enumerate() {
        match (statement.effect, applies(statement)) {
            (_, Truth::No) => {}
            (Effect::Deny, Truth::Yes) => return Verdict::Denied(index),
            (Effect::Deny, Truth::Unknown) => may_be_denied = true,
            (Effect::Allow, Truth::Yes) => allowed = allowed.or(Some(index)),
            (Effect::Allow, Truth::Unknown) => depends = depends.or(Some(index)),
        }
    }
    match (allowed, depends) {
        (Some(index), _) if !may_be_denied => Verdict::Allowed(index),
        (Some(index), _) | (None, Some(index)) => Verdict::Depends(index),
        (None, None) => Verdict::NotAllowed,
    }
}

/// Three-valued logic: a check that depends on something unknown is neither true nor false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::No, Self::No) => Self::No,
        }
    }

    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unknown => Self::Unknown,
            },
        }
    }
}

fn matches_condition(condition: &Condition, context: &RequestContext) -> Truth {
    let mut all = Truth::Yes;
    for clause in condition.clauses() {
        match matches_clause(clause, context) {
            Truth::No => return Truth::No,
            Truth::Unknown => all = Truth::Unknown,
            Truth::Yes => {}
        }
    }
    all
}

fn matches_clause(clause: &ConditionClause, context: &RequestContext) -> Truth {
    let operator = clause.operator.to_ascii_lowercase();
    let (operator, if_exists) = match operator.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (operator.as_str(), false),
    };
    let Some(actual) = context.get(&clause.key) else { return Truth::Unknown };
    if operator == "null" {
        let wants_absent = clause.values.iter().any(|v| v.eq_ignore_ascii_case("true"));
        return truth(wants_absent == actual.is_none());
    }
    let (quantifier, operator) = match operator.split_once(':') {
        Some((quantifier, operator)) => (quantifier, operator),
        None => ("", operator),
    };
    let Some((negated, compare)) = comparison(operator) else { return Truth::Unknown };
    let Some(actual) = actual else {
        // An absent key does not match a plain comparison, but matches a negated one, and `ForAllValues` vacuously.
        return truth(if_exists || (negated && quantifier != "foranyvalue") || quantifier == "forallvalues");
    };
    let matches = |value: &String| clause.values.iter().any(|wanted| compare(wanted, value)) != negated;
    truth(if quantifier == "forallvalues" { actual.iter().all(matches) } else { actual.iter().any(matches) })
}

fn truth(value: bool) -> Truth {
    if value { Truth::Yes } else { Truth::No }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
