//! A policy document: lossless, with a typed view of its statements.

use serde::Serialize;
use serde_json::{Map, Value};

use super::condition::{Condition, texts};
use super::{Principal, normal};
use crate::account::Partition;
use crate::json::{self, JsonError};
use crate::text::Untrusted;

/// A policy document that keeps what it does not understand, in order.
///
/// INVARIANT: `statements` is the view of `raw`, statement for statement.
#[derive(Clone)]
pub struct Document {
    raw: Map<String, Value>,
    statements: Vec<Statement>,
}

/// One statement, as far as trust and permissions depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The statement's own name.
    pub sid: Option<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// Whom it is about; permissions policies have none.
    pub principals: Principals,
    /// What they may or may not do.
    pub actions: Actions,
    /// On what; empty in a trust policy. `None` where the statement says `NotResource`.
    pub resources: Option<Vec<String>>,
    /// Under which condition.
    pub condition: Condition,
    /// Whether the statement holds nothing but the elements above, so that it can be edited knowingly.
    pub understood: bool,
}

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The statement grants.
    Allow,
    /// The statement forbids, whatever others grant.
    Deny,
}

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// No `Principal` and no `NotPrincipal`.
    Absent,
    /// `Principal`.
    Only(Vec<Principal>),
    /// `NotPrincipal`.
    AllBut(Vec<Principal>),
}

/// The actions of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// `Action`.
    Only(Vec<String>),
    /// `NotAction`.
    AllBut(Vec<String>),
}

/// Why a text is no policy document.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or a key stands twice.
    #[error("the policy is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// JSON, but no object.
    #[error("the policy is not a JSON object; it starts with `{{`")]
    NotAnObject,
    /// An element of the wrong type.
    #[error("`{element}` is not understood; it should be {expected}")]
    Shape {
        /// The element, as `Statement[1].Effect`.
        element: String,
        /// What would be understood.
        expected: String,
    },
}

impl From<JsonError> for PolicyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) | JsonError::Key(error) => Self::NotJson(error),
            JsonError::NotAnObject => Self::NotAnObject,
        }
    }
}

impl Document {
    /// Reads a policy as people and IAM write them: one statement or a list, texts or lists.
    ///
    /// # Errors
    /// When it is not JSON, has a key twice, or an element that decides about access is not understood.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::from_map(json::object(text)?)
    }

    /// Makes a document of statements in the current version of the policy language.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_statements(statements: Vec<Value>) -> Result<Self, PolicyError> {
        let mut raw = Map::new();
        raw.insert("Version".to_owned(), "2012-10-17".into());
        raw.insert("Statement".to_owned(), Value::Array(statements));
        Self::from_map(raw)
    }

    fn from_map(raw: Map<String, Value>) -> Result<Self, PolicyError> {
        let statements = match raw.get("Statement") {
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(i, item)| Statement::parse(i, item)).collect::<Result<_, _>>()?
            }
            Some(one @ Value::Object(_)) => vec![Statement::parse(0, one)?],
            _ => return Err(shape("Statement", "a statement or a list of statements")),
        };
        Ok(Self { raw, statements })
    }

    /// The same document after an edit of its list of statements. One that stands without a list stays without it.
    pub(super) fn edited(self, edit: impl FnOnce(&mut Vec<Value>)) -> Result<Self, PolicyError> {
        let mut raw = self.raw;
        let (mut statements, alone) = match raw.get_mut("Statement").map(Value::take) {
            Some(Value::Array(items)) => (items, false),
            Some(one) => (vec![one], true),
            None => (Vec::new(), false),
        };
        edit(&mut statements);
        let value = match (alone, statements.len()) {
            (true, 1) => statements.remove(0),
            _ => Value::Array(statements),
        };
        raw.insert("Statement".to_owned(), value);
        Self::from_map(raw)
    }

    /// The statements, in order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The JSON text without white space, as it goes to IAM.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.raw).unwrap_or_default()
    }

    /// The JSON text for people.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        serde_json::to_string_pretty(&self.raw).unwrap_or_default()
    }

    /// The JSON object.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// Whether both mean the same to IAM: order, one-element lists and the two spellings of an account aside.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        normal::form(&self.raw) == normal::form(&other.raw)
    }

    /// How a statement is called in a sentence: its Sid, or its place counted from one.
    #[must_use]
    pub fn name_of(&self, index: usize) -> String {
        match self.statements.get(index).and_then(|s| s.sid.as_deref()) {
            Some(sid) if !sid.is_empty() => format!("statement `{}`", Untrusted::new(sid)),
            _ => format!("statement {}", index + 1),
        }
    }

    /// The partition that the first ARN among its principals names.
    #[must_use]
    pub fn partition(&self) -> Option<Partition> {
        let statements = self.raw.get("Statement").map(|s| s.as_array().map_or(std::slice::from_ref(s), Vec::as_slice));
        let named = |value: &Value| {
            let aws = value.get("Principal")?.get("AWS")?;
            texts(aws)?.iter().find_map(|text| Partition::from_arn(text).ok())
        };
        statements?.iter().find_map(named)
    }

    /// The orphaned principals, with the index of the statement that holds each.
    pub fn orphans(&self) -> impl Iterator<Item = (usize, &Principal)> {
        self.statements.iter().enumerate().flat_map(|(index, statement)| {
            let all = match &statement.principals {
                Principals::Absent => &[],
                Principals::Only(all) | Principals::AllBut(all) => all.as_slice(),
            };
            all.iter().filter(|p| matches!(p, Principal::Orphan(_))).map(move |p| (index, p))
        })
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Document {}

impl std::fmt::Debug for Document {
    /// Shows no content: a trust policy holds an external id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} statements)", self.statements.len())
    }
}

impl Statement {
    fn parse(index: usize, value: &Value) -> Result<Self, PolicyError> {
        let at = |key: &str| format!("Statement[{index}].{key}");
        let map = value.as_object().ok_or_else(|| shape(format!("Statement[{index}]"), "an object"))?;
        let effect = match map.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(shape(at("Effect"), "`Allow` or `Deny`")),
        };
        let list = |key: &str| match map.get(key) {
            None => Ok(None),
            Some(value) => texts(value).map(Some).ok_or_else(|| shape(at(key), "a text or a list of texts")),
        };
        let actions = match (list("Action")?, list("NotAction")?) {
            (Some(actions), None) => Actions::Only(actions),
            (None, Some(actions)) => Actions::AllBut(actions),
            _ => return Err(shape(at("Action"), "there once, or `NotAction` in its place")),
        };
        let principals = match (map.get("Principal"), map.get("NotPrincipal")) {
            (None, None) => Principals::Absent,
            (Some(value), None) => Principals::Only(principals(value).ok_or_else(|| bad_principal(at("Principal")))?),
            (None, Some(value)) => {
                Principals::AllBut(principals(value).ok_or_else(|| bad_principal(at("NotPrincipal")))?)
            }
            _ => return Err(shape(at("Principal"), "there without `NotPrincipal`")),
        };
        let condition = map.get("Condition").map(Condition::parse).transpose()?.unwrap_or_default();
        let resources = list("Resource")?;
        let sid = match map.get("Sid") {
            None => None,
            Some(Value::String(sid)) => Some(sid.clone()),
            Some(_) => return Err(shape(at("Sid"), "a text")),
        };
        let resources = if map.contains_key("NotResource") { None } else { Some(resources.unwrap_or_default()) };
        let known = ["Sid", "Effect", "Principal", "Action", "Condition"];
        let understood = map.keys().all(|key| known.contains(&key.as_str()));
        Ok(Self { sid, effect, principals, actions, resources, condition, understood })
    }
}

fn principals(value: &Value) -> Option<Vec<Principal>> {
    match value {
        Value::String(all) if all == "*" => Some(vec![Principal::Anyone]),
        Value::Object(kinds) => {
            let mut found = Vec::new();
            for (kind, values) in kinds {
                found.extend(texts(values)?.iter().map(|text| Principal::from_policy(kind, text)));
            }
            Some(found)
        }
        _ => None,
    }
}

fn bad_principal(element: String) -> PolicyError {
    shape(element, "`\"*\"` or an object of lists, as `{\"AWS\": \"111122223333\"}`")
}

fn shape(element: impl Into<String>, expected: &str) -> PolicyError {
    PolicyError::Shape { element: element.into(), expected: expected.to_owned() }
}
