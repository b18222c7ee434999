//! The conditions of a statement.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::PolicyError;
use super::operators::is_operator;
use crate::json;
use crate::text::Untrusted;

/// The condition block of a statement; empty where it has none.
#[derive(Clone, Default)]
pub struct Condition(Vec<ConditionClause>);

/// One key that an operator compares with values.
#[derive(Clone)]
pub struct ConditionClause {
    /// The operator as it is written, as `StringEquals` or `ForAnyValue:StringLike`.
    pub operator: String,
    /// The key as it is written, as `sts:ExternalId`.
    pub key: String,
    /// The values; booleans and numbers as IAM spells them.
    pub values: Vec<String>,
}

impl ConditionClause {
    /// Whether the values are an external id, which no output may show.
    #[must_use]
    pub fn is_external_id(&self) -> bool {
        is_external_id_key(&self.key)
    }

    /// Whether a request that has the first value passes: the operator is a plain comparison.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        let plain = ["StringEquals", "StringEqualsIgnoreCase", "ArnEquals", "Bool"];
        plain.iter().any(|operator| self.operator.eq_ignore_ascii_case(operator))
    }
}

/// Whether a condition key is the external id's; keys know no case.
pub(super) fn is_external_id_key(key: &str) -> bool {
    key.eq_ignore_ascii_case("sts:ExternalId")
}

impl Condition {
    /// Reads the value of `Condition`.
    ///
    /// # Errors
    /// When it is not an object of objects of texts.
    pub fn parse(value: &Value) -> Result<Self, PolicyError> {
        let shape = |what: &str| PolicyError::Shape { element: "Condition".to_owned(), expected: what.to_owned() };
        let operators = value.as_object().ok_or_else(|| shape("an object of operators"))?;
        let mut tests = Vec::new();
        for (operator, keys) in operators {
            let keys = keys.as_object().ok_or_else(|| shape("for each operator an object of keys"))?;
            for (key, values) in keys {
                let values = texts(values).ok_or_else(|| shape("for each key a text or a list of texts"))?;
                tests.push(ConditionClause { operator: operator.clone(), key: key.clone(), values });
            }
        }
        Ok(Self(tests))
    }

    /// Reads the text of a condition, strictly: a key that stands twice, or no test at all, would grant more than asked.
    ///
    /// # Errors
    /// When it is not JSON, has a key twice, tests nothing, or as [`Condition::parse`].
    pub fn parse_text(text: &str) -> Result<Self, PolicyError> {
        let condition = Self::parse(&Value::Object(json::object(text)?))?;
        if let Some(test) = condition.clauses().iter().find(|test| !is_operator(&test.operator)) {
            let element = format!("Condition.{}", Untrusted::new(&test.operator));
            return Err(PolicyError::Shape { element, expected: "an operator of IAM, as `StringEquals`".to_owned() });
        }
        let nothing = condition.is_empty() || condition.clauses().iter().any(|test| test.values.is_empty());
        if nothing {
            let expected = "a test at least, as `{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}}`".to_owned();
            return Err(PolicyError::Shape { element: "Condition".to_owned(), expected });
        }
        Ok(condition)
    }

    /// The tests, all of which must hold.
    #[must_use]
    pub fn clauses(&self) -> &[ConditionClause] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the value of `Condition`; one value stands as a text, several as a list.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut operators = Map::new();
        for test in &self.0 {
            let keys = operators.entry(test.operator.clone()).or_insert_with(|| Value::Object(Map::new()));
            let values = match test.values.as_slice() {
                [one] => Value::from(one.clone()),
                several => Value::from(several),
            };
            if let Value::Object(keys) = keys {
                keys.insert(test.key.clone(), values);
            }
        }
        Value::Object(operators)
    }

    /// Adds the test that the caller gives this external id.
    #[must_use]
    pub fn with_external_id(mut self, external_id: &str) -> Self {
        self.0.retain(|test| !test.is_external_id());
        let (operator, key) = ("StringEquals".to_owned(), "sts:ExternalId".to_owned());
        self.0.push(ConditionClause { operator, key, values: vec![external_id.to_owned()] });
        self
    }

    /// Operators and keys know no case; the order of tests and of values has no meaning.
    fn canonical(&self) -> BTreeSet<(String, String, BTreeSet<&str>)> {
        let tests = self.0.iter();
        tests
            .map(|t| {
                let values = t.values.iter().map(String::as_str).collect();
                (t.operator.to_ascii_lowercase(), t.key.to_ascii_lowercase(), values)
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
    /// Names the tests; values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|t| format!("{} {}", t.operator, t.key))).finish()
    }
}

/// A scalar or a list of scalars, as the texts that IAM compares.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
