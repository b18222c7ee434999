//! The conditions of a statement.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::condition_keys::{is_external_id_key, may_hold_external_ids};
use super::error::PolicyError;
use super::operators::is_operator;
use crate::json::{self, texts};
use crate::text::Untrusted;

/// The condition block of a statement; empty where it has none.
#[derive(Clone, Default)]
pub struct Condition(Vec<ConditionClause>);

/// One operator, key and values of a condition. All clauses of a condition must match.
#[derive(Clone)]
pub struct ConditionClause {
    /// The operator as written, such as `StringEquals` or `ForAnyValue:StringLike`.
    pub operator: String,
    /// The key as written, such as `sts:ExternalId`.
    pub key: String,
    /// The values; booleans and numbers as strings, as IAM compares them.
    pub values: Vec<String>,
}

impl ConditionClause {
    /// Whether the values are external IDs: the key is `sts:ExternalId`.
    #[must_use]
    pub(crate) fn is_external_id(&self) -> bool {
        is_external_id_key(&self.key)
    }

    /// Whether the values may be external IDs, which must not appear in any output.
    pub(super) fn is_hidden(&self) -> bool {
        may_hold_external_ids(&self.key)
    }

    /// Whether the values are patterns of external IDs.
    #[must_use]
    pub(crate) fn is_pattern(&self) -> bool {
        self.operator.eq_ignore_ascii_case("StringLike")
    }

    /// Whether only sessions that show MFA match. Other operators, and `false`, do not require it.
    #[must_use]
    pub(crate) fn requires_mfa(&self) -> bool {
        self.key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent")
            && self.operator.eq_ignore_ascii_case("Bool")
            && self.values.iter().all(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether a request with the first value matches: the operator is a plain, non-negated comparison.
    #[must_use]
    pub(crate) fn is_positive(&self) -> bool {
        let plain = ["StringEquals", "StringEqualsIgnoreCase", "ArnEquals", "Bool"];
        plain.iter().any(|operator| self.operator.eq_ignore_ascii_case(operator))
    }
}

impl Condition {
    /// Parses the value of `Condition`.
    ///
    /// # Errors
    /// When it is not an object of objects of strings or arrays of strings.
    pub fn parse(value: &Value) -> Result<Self, PolicyError> {
        let shape = |element: String, expected: &str| PolicyError::Shape { element, expected: expected.to_owned() };
        let operators =
            value.as_object().ok_or_else(|| shape("Condition".to_owned(), "an object of condition operators"))?;
        let mut clauses = Vec::new();
        for (operator, keys) in operators {
            let element = format!("Condition.{}", Untrusted::new(operator));
            let keys = keys
                .as_object()
                .ok_or_else(|| shape(element.clone(), "an object of condition keys for each operator"))?;
            for (key, values) in keys {
                let values = texts(values).ok_or_else(|| {
                    let element = format!("{element}.{}", Untrusted::new(key));
                    PolicyError::of_type(element, "a string or an array of strings for each key", values)
                })?;
                clauses.push(ConditionClause { operator: operator.clone(), key: key.clone(), values });
            }
        }
        Ok(Self(clauses))
    }

    /// Parses a condition from JSON text that a user wrote. This is stricter than [`Condition::parse`], because a
    /// duplicate key or an empty condition would grant more than the user intended.
    ///
    /// # Errors
    /// When it is not JSON, has a duplicate key or an unknown operator, has no clause or a clause without values, or as
    /// [`Condition::parse`].
    pub fn parse_text(text: &str) -> Result<Self, PolicyError> {
        let condition = Self::parse(&Value::Object(json::object(text)?))?;
        if let Some(clause) = condition.clauses().iter().find(|clause| !is_operator(&clause.operator)) {
            let element = format!("Condition.{}", Untrusted::new(&clause.operator));
            return Err(PolicyError::Shape {
                element,
                expected: "an IAM condition operator such as `StringEquals`".to_owned(),
            });
        }
        let is_empty = condition.is_empty() || condition.clauses().iter().any(|clause| clause.values.is_empty());
        if is_empty {
            let expected =
                "at least one clause, such as `{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}}`".to_owned();
            return Err(PolicyError::Shape { element: "Condition".to_owned(), expected });
        }
        Ok(condition)
    }

    /// The clauses, all of which must match.
    #[must_use]
    pub fn clauses(&self) -> &[ConditionClause] {
        &self.0
    }

    /// Whether there are no clauses.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `Condition` as JSON: one value as a string, several as an array.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut operators = Map::new();
        for clause in &self.0 {
            let keys = operators.entry(clause.operator.clone()).or_insert_with(|| Value::Object(Map::new()));
            let values = match clause.values.as_slice() {
                [one] => Value::from(one.clone()),
                several => Value::from(several),
            };
            if let Value::Object(keys) = keys {
                keys.insert(clause.key.clone(), values);
            }
        }
        Value::Object(operators)
    }

    /// The condition with every value changed.
    #[must_use]
    pub(crate) fn map_values(mut self, change: impl Fn(&str) -> String) -> Self {
        for value in self.0.iter_mut().flat_map(|clause| &mut clause.values) {
            *value = change(value);
        }
        self
    }

    /// Requires this external ID, in place of any other.
    #[must_use]
    pub fn with_external_id(self, external_id: &str) -> Self {
        self.with_external_ids("StringEquals", vec![external_id.to_owned()])
    }

    /// Requires one of these external IDs or, with `StringLike`, one that matches one of these patterns.
    #[must_use]
    pub(crate) fn with_external_ids(mut self, operator: &str, values: Vec<String>) -> Self {
        self.0.retain(|clause| !clause.is_external_id());
        self.0.push(ConditionClause { operator: operator.to_owned(), key: "sts:ExternalId".to_owned(), values });
        self
    }

    /// A form for comparisons: operators and keys are case-insensitive; the order of clauses and of values is irrelevant.
    fn canonical(&self) -> BTreeSet<(String, String, BTreeSet<&str>)> {
        self.0
            .iter()
            .map(|clause| {
                let values = clause.values.iter().map(String::as_str).collect();
                (clause.operator.to_ascii_lowercase(), clause.key.to_ascii_lowercase(), values)
            })
            .collect()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Condition {}

impl std::fmt::Debug for Condition {
    /// Hides the values, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|clause| format!("{} {}", clause.operator, clause.key))).finish()
    }
}
