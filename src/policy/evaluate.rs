//! Evaluation: what a document permits, as far as it can be known.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;

use super::{Actions, Condition, Document, Effect, Principal, Principals, Statement, Test};
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
    pub fn of(principal: &Principal) -> Option<Self> {
        let arn = match principal {
            Principal::Account(_) => None,
            Principal::Arn(arn) => Some(arn.clone()),
            _ => return None,
        };
        Some(Self { account: principal.account()?, arn })
    }

    fn is(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Anyone => true,
            Principal::Account(id) => *id == self.account,
            Principal::Arn(arn) => self.arn.as_ref() == Some(arn),
            _ => false,
        }
    }
}

/// What is known of the condition keys of a request. Keys know no case.
#[derive(Clone, Default)]
pub struct Facts {
    known: BTreeMap<String, Option<Vec<String>>>,
    complete: bool,
}

impl Facts {
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
pub fn can_assume(trust: &Document, caller: &Caller, facts: &Facts) -> Verdict {
    verdict(trust, |statement| {
        let named = match &statement.principals {
            Principals::Absent => false,
            Principals::Only(all) => all.iter().any(|p| caller.is(p)),
            Principals::AllBut(all) => !all.iter().any(|p| caller.is(p)),
        };
        if named && statement.actions.cover_assume_role() { holds(&statement.condition, facts) } else { Truth::No }
    })
}

/// Whether a permissions or session policy permits an action on a resource.
#[must_use]
pub fn permits(policy: &Document, action: &str, resource: &str, facts: &Facts) -> Verdict {
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

fn holds(condition: &Condition, facts: &Facts) -> Truth {
    let mut all = Truth::Yes;
    for test in condition.tests() {
        match holds_test(test, facts) {
            Truth::No => return Truth::No,
            Truth::Unknown => all = Truth::Unknown,
            Truth::Yes => {}
        }
    }
    all
}

fn holds_test(test: &Test, facts: &Facts) -> Truth {
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

/// Compares what the policy wants with what the request has.
type Compare = fn(&str, &str) -> bool;

/// The comparison of an operator without its modifiers, and whether it is negated; `None` for those not evaluated here.
fn comparison(operator: &str) -> Option<(bool, Compare)> {
    let (negated, operator) = match operator.find("not") {
        Some(at) => (true, format!("{}{}", operator.get(..at)?, operator.get(at + 3..)?)),
        None => (false, operator.to_owned()),
    };
    let compare: Compare = match operator.as_str() {
        "stringequals" => |wanted, actual| wanted == actual,
        "stringequalsignorecase" | "bool" => |wanted, actual| wanted.eq_ignore_ascii_case(actual),
        "stringlike" | "arnequals" | "arnlike" => like,
        _ => return None,
    };
    Some((negated, compare))
}

fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

/// Whether a text matches a pattern in which `*` stands for any text and `?` for one character.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
