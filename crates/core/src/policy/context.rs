//! The known condition keys of a request, and whether it meets a condition.
//!
//! Where AWS does not document how a condition is evaluated, the result is unknown, so that no proof relies on a guess:
//! `Null` with both values or neither, a quantifier (`ForAllValues`, `ForAnyValue`) with `IfExists` or of another name,
//! operators that IAM does not know, and ARN patterns without six fields.

use std::collections::BTreeMap;

use super::condition::{Condition, ConditionClause};
use super::operators::{Actual, comparison, is_operator};
use super::truth::Truth;

/// The knowledge about one condition key of a request.
#[derive(Clone)]
enum Known {
    Absent,
    Exactly(String),
    Like(String),
}

/// The known condition keys of a request. Keys are case-insensitive.
#[derive(Clone, Default)]
pub struct RequestContext {
    known: BTreeMap<String, Known>,
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
        self.known.insert(key.to_ascii_lowercase(), Known::Exactly(value.to_owned()));
        self
    }

    /// Adds a key that is not in the request.
    #[must_use]
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), Known::Absent);
        self
    }

    /// Adds a key that is in the request, with some value that matches this pattern, of which only the `*` are wildcards.
    #[must_use]
    pub(super) fn with_like(mut self, key: &str, pattern: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), Known::Like(pattern.to_owned()));
        self
    }

    /// The value of a key, if it is known exactly.
    pub(super) fn exact(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Known::Exactly(value)) => Some(value),
            _ => None,
        }
    }

    /// `None` if nothing is known about the key.
    fn get(&self, key: &str) -> Option<&Known> {
        match self.known.get(&key.to_ascii_lowercase()) {
            None if self.complete => Some(&Known::Absent),
            known => known,
        }
    }
}

pub(super) fn matches_condition(condition: &Condition, context: &RequestContext) -> Truth {
    let clauses = condition.clauses().iter();
    clauses.map(|clause| matches_clause(clause, context)).fold(Truth::Yes, |all, one| all.and(|| one))
}

fn matches_clause(clause: &ConditionClause, context: &RequestContext) -> Truth {
    let Some(known) = context.get(&clause.key) else { return Truth::Unknown };
    if !is_operator(&clause.operator) {
        return Truth::Unknown;
    }
    let operator = clause.operator.to_ascii_lowercase();
    if operator == "null" {
        return is_null(&clause.values, known);
    }
    let (operator, if_exists) = match operator.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (operator.as_str(), false),
    };
    let (quantifier, operator) = match operator.split_once(':') {
        Some((quantifier, operator)) => (quantifier, operator),
        None => ("", operator),
    };
    if if_exists && !quantifier.is_empty() {
        return Truth::Unknown;
    }
    let Some((negated, comparison)) = comparison(operator) else { return Truth::Unknown };
    let actual = match known {
        // An absent key does not match a plain comparison, but matches a negated one, and `ForAllValues` vacuously.
        Known::Absent => {
            return Truth::new(if_exists || (negated && quantifier != "foranyvalue") || quantifier == "forallvalues");
        }
        Known::Exactly(value) => Actual::Exactly(value),
        Known::Like(pattern) => Actual::Like(pattern),
    };
    let values = clause.values.iter().map(|wanted| comparison.matches(wanted, actual));
    values.fold(Truth::No, Truth::or).negated_if(negated)
}

/// Whether a key is absent (`true`) or present (`false`).
fn is_null(values: &[String], known: &Known) -> Truth {
    let is = |wanted: &str| values.iter().all(|value| value.eq_ignore_ascii_case(wanted));
    match (is("true"), is("false")) {
        (true, false) => Truth::new(matches!(known, Known::Absent)),
        (false, true) => Truth::new(!matches!(known, Known::Absent)),
        _ => Truth::Unknown,
    }
}
