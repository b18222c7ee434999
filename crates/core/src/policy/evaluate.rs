//! Evaluation: what a document permits, as far as it can be known.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;

use super::operators::{comparison, like};
use super::{Actions, Condition, ConditionClause, Document, Effect, Principal, Principals, Statement};
use crate::account::AccountId;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the role or user; `None` for whoever in the account has been given the permission there.
    pub arn: Option<String>,
}

impl Caller {
    /// The caller that a grant is meant for; `None` for principals that are no account, role or user.
    #[must_use]
    pub fn from_principal(principal: &Principal) -> Option<Self> {
        let arn = match principal {
            Principal::Account(_) => None,
            Principal::Arn(arn) => Some(arn.clone()),
            _ => return None,
        };
        Some(Self { account: principal.account()?, arn })
    }

    /// Whether a statement's principal is this caller. Where nothing but the caller's account is known, one of its roles
    /// or users may be.
    fn is(&self, principal: &Principal, anybody: bool) -> Truth {
        match (principal, &self.arn) {
            (Principal::Anyone, _) => Truth::Yes,
            (Principal::Account(id), _) => truth(*id == self.account),
            (Principal::Arn(arn), Some(own)) => truth(arn == own),
            (Principal::Arn(_), None) if anybody && principal.account().as_ref() == Some(&self.account) => {
                Truth::Unknown
            }
            _ => Truth::No,
        }
    }

    /// Whether a statement is about this caller.
    fn is_among(&self, principals: &Principals, anybody: bool) -> Truth {
        let any = |all: &[Principal]| all.iter().map(|p| self.is(p, anybody)).fold(Truth::No, Truth::or);
        match principals {
            Principals::Absent => Truth::No,
            Principals::Only(all) => any(all),
            Principals::AllBut(all) => match (any(all), &self.arn) {
                (Truth::No, _) => Truth::Yes,
                // A role or user that is spared while its account is not may be meant all the same:
                // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
                (_, Some(_)) if !all.contains(&Principal::Account(self.account.clone())) => Truth::Unknown,
                (Truth::Unknown, _) => Truth::Unknown,
                (Truth::Yes, _) => Truth::No,
            },
        }
    }
}

/// What is known of the condition keys of a request. Keys know no case.
#[derive(Clone, Default)]
pub struct RequestContext {
    known: BTreeMap<String, Option<Vec<String>>>,
    complete: bool,
}

impl RequestContext {
    /// Facts beyond which nothing is there: a key that is not named is absent from the request.
    #[must_use]
    pub fn complete() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// The key is in the request, with this value.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), Some(vec![value.to_owned()]));
        self
    }

    /// The key is not in the request.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
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

/// The answer of an evaluation. Statements are given by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allowed(usize),
    /// Allowed when the statement's condition holds, which the facts do not decide.
    Depends(usize),
    /// Denied by a statement.
    Denied(usize),
    /// No statement allows it.
    NotAllowed,
}

impl Verdict {
    /// Whether the request can succeed, given facts that are not known.
    #[must_use]
    pub fn can(&self) -> bool {
        matches!(self, Self::Allowed(_) | Self::Depends(_))
    }
}

/// Whether the caller can assume a role that has this trust policy.
#[must_use]
pub fn can_assume(trust: &Document, caller: &Caller, facts: &RequestContext) -> Verdict {
    assume(trust, facts, |principals| caller.is_among(principals, false))
}

/// Whether anybody in the caller's account might: a statement for one of its roles or users counts, too.
#[must_use]
pub fn can_anybody_assume(trust: &Document, caller: &Caller, facts: &RequestContext) -> Verdict {
    assume(trust, facts, |principals| caller.is_among(principals, true))
}

/// Whether a service, an identity provider or anybody else who is no role, user or account can.
#[must_use]
pub fn can_other_assume(trust: &Document, principal: &Principal, facts: &RequestContext) -> Verdict {
    let named = |all: &[Principal]| all.contains(principal) || all.contains(&Principal::Anyone);
    assume(trust, facts, |principals| match principals {
        Principals::Absent => Truth::No,
        Principals::Only(all) => truth(named(all)),
        Principals::AllBut(all) => truth(!named(all)),
    })
}

fn assume(trust: &Document, facts: &RequestContext, about: impl Fn(&Principals) -> Truth) -> Verdict {
    verdict(trust, |statement| {
        let about = if statement.actions.cover_assume_role() { about(&statement.principals) } else { Truth::No };
        about.and(|| holds(&statement.condition, facts))
    })
}

/// Whether a permissions or session policy permits an action on a resource.
#[must_use]
pub fn permits(policy: &Document, action: &str, resource: &str, facts: &RequestContext) -> Verdict {
    verdict(policy, |statement| {
        let on = match &statement.resources {
            Some(patterns) => patterns.iter().any(|pattern| like(pattern, resource)),
            // `NotResource` is not read here; it must not grant by being misunderstood.
            None => statement.effect == Effect::Deny,
        };
        if on && statement.actions.cover(action) { holds(&statement.condition, facts) } else { Truth::No }
    })
}

impl Actions {
    /// Whether an action is among them; actions know no case and have wildcards.
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
    let (mut allowed, mut depends) = (None, None);
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

fn holds(condition: &Condition, facts: &RequestContext) -> Truth {
    let mut all = Truth::Yes;
    for test in condition.clauses() {
        match holds_test(test, facts) {
            Truth::No => return Truth::No,
            Truth::Unknown => all = Truth::Unknown,
            Truth::Yes => {}
        }
    }
    all
}

fn holds_test(test: &ConditionClause, facts: &RequestContext) -> Truth {
    let operator = test.operator.to_ascii_lowercase();
    let (operator, if_exists) = match operator.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (operator.as_str(), false),
    };
    let Some(actual) = facts.get(&test.key) else { return Truth::Unknown };
    if operator == "null" {
        let wants_absent = test.values.iter().any(|v| v.eq_ignore_ascii_case("true"));
        return truth(wants_absent == actual.is_none());
    }
    let (quantifier, operator) = match operator.split_once(':') {
        Some((quantifier, operator)) => (quantifier, operator),
        None => ("", operator),
    };
    let Some((negated, compare)) = comparison(operator) else { return Truth::Unknown };
    let Some(actual) = actual else {
        // An absent key fails a plain comparison, passes a negated one, and passes `ForAllValues` vacuously.
        return truth(if_exists || (negated && quantifier != "foranyvalue") || quantifier == "forallvalues");
    };
    let matches = |value: &String| test.values.iter().any(|wanted| compare(wanted, value)) != negated;
    truth(if quantifier == "forallvalues" { actual.iter().all(matches) } else { actual.iter().any(matches) })
}

fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
