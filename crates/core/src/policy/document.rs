//! A policy document: lossless, with a typed view of its statements.
//!
//! The tool edits trust policies that others wrote, so a document keeps everything that it reads, in order, including
//! elements that it does not know. The typed view covers what decides about access. If that part is not valid, the
//! document is rejected; a statement with unknown elements is accepted, but is not extended with further principals
//! ([`Statement::understood`]).

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::condition::Condition;
use super::error::PolicyError;
use super::normal;
use super::principal::Principal;
use crate::account::Partition;
use crate::json::{self, texts};
use crate::text::Untrusted;

/// A policy document that preserves unknown elements and the order of all elements.
///
/// INVARIANT: `statements` is the typed view of `raw`, statement by statement.
#[derive(Clone)]
pub struct Document {
    raw: Map<String, Value>,
    statements: Vec<Statement>,
    partition: Option<Partition>,
    /// The text that was parsed, if it is kept and was not edited.
    text: Option<Box<str>>,
}

/// The elements of a statement that decide about access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The `Sid`.
    pub sid: Option<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// The principals; absent in a permissions policy.
    pub principals: Principals,
    /// The actions.
    pub actions: Actions,
    /// The resources; empty in a trust policy. `None` if the statement has `NotResource`.
    pub resources: Option<Vec<String>>,
    /// The condition.
    pub condition: Condition,
    /// The elements that a trust policy does not have: those that the policy grammar does not have, and the resources.
    pub(super) foreign_elements: Vec<String>,
    /// Whether the statement has an element that the policy grammar does not have.
    pub(super) has_unknown_elements: bool,
    /// Whether the statement has no elements other than those of a plain trust statement (`Sid`, `Effect`, `Principal`,
    /// `Action`, `Condition`), so that adding a principal has a known effect.
    pub understood: bool,
}

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`, which overrides every `Allow`.
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

impl Document {
    /// Parses a policy in any form that IAM accepts: a statement or an array of statements, strings or arrays of strings.
    ///
    /// # Errors
    /// When it is not JSON, has a duplicate key, or has an invalid element that decides about access.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::from_map(json::object(text)?, None)
    }

    /// The same, and keeps the text until the document is edited, so that it can be written again byte for byte.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_verbatim(text: &str) -> Result<Self, PolicyError> {
        Ok(Self { text: Some(text.into()), ..Self::parse(text)? })
    }

    /// A document with these statements, in the current version of the policy language.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_statements(statements: Vec<Value>) -> Result<Self, PolicyError> {
        let mut raw = Map::new();
        raw.insert("Version".to_owned(), "2012-10-17".into());
        raw.insert("Statement".to_owned(), Value::Array(statements));
        Self::from_map(raw, None)
    }

    fn from_map(raw: Map<String, Value>, partition: Option<Partition>) -> Result<Self, PolicyError> {
        let statements = match raw.get("Statement") {
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| Statement::parse(i, item, partition.as_ref()))
                .collect::<Result<_, _>>()?,
            Some(one @ Value::Object(_)) => vec![Statement::parse(0, one, partition.as_ref())?],
            Some(other) => {
                return Err(PolicyError::of_type("Statement", "a statement object or an array of statements", other));
            }
            None => return Err(PolicyError::missing("Statement", "Statement", &raw)),
        };
        Ok(Self { raw, statements, partition, text: None })
    }

    /// The same document as a policy of a role in this partition. An account of another partition is another account,
    /// even if it has the same number; without a partition, the two are not distinguished.
    #[must_use]
    pub(crate) fn in_partition(&self, partition: &Partition) -> Self {
        // A document that was parsed once is valid.
        Self::from_map(self.raw.clone(), Some(partition.clone())).unwrap_or_else(|_| self.clone())
    }

    /// The same document without the partition of [`Document::in_partition`].
    pub(super) fn in_any_partition(self) -> Self {
        Self::from_map(self.raw.clone(), None).unwrap_or(self)
    }

    /// The same document after an edit of its statements. A single statement that is not in an array stays so.
    pub(super) fn edited(self, edit: impl FnOnce(&mut Vec<Value>)) -> Result<Self, PolicyError> {
        let mut raw = self.raw;
        let (mut statements, is_bare) = match raw.get_mut("Statement").map(Value::take) {
            Some(Value::Array(items)) => (items, false),
            Some(one) => (vec![one], true),
            None => (Vec::new(), false),
        };
        edit(&mut statements);
        let value = match (is_bare, statements.len()) {
            (true, 1) => statements.remove(0),
            _ => Value::Array(statements),
        };
        raw.insert("Statement".to_owned(), value);
        Self::from_map(raw, self.partition)
    }

    /// The statements as JSON, in order.
    pub(super) fn raw_statements(&self) -> &[Value] {
        let raw = self.raw.get("Statement").map(|s| s.as_array().map_or(std::slice::from_ref(s), Vec::as_slice));
        raw.unwrap_or_default()
    }

    /// The statements, in order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The text of [`Document::parse_verbatim`], if the document was not edited since; otherwise compact JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.text.as_deref().map_or_else(|| self.to_json(), str::to_owned)
    }

    /// The document as compact JSON, as it is sent to IAM.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.raw).unwrap_or_default()
    }

    /// The document as indented JSON.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        serde_json::to_string_pretty(&self.raw).unwrap_or_default()
    }

    /// The JSON object.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// Whether both have the same meaning for IAM. See the `normal` module for the differences that are ignored.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        normal::form(&self.raw) == normal::form(&other.raw)
    }

    /// A statement's name for a sentence: its `Sid`, or its number, counted from one.
    #[must_use]
    pub fn name_of(&self, index: usize) -> String {
        match self.statements.get(index).and_then(|s| s.sid.as_deref()) {
            Some(sid) if !sid.is_empty() => format!("statement `{}`", Untrusted::new(sid)),
            _ => format!("statement {}", index + 1),
        }
    }

    /// The partitions of the ARNs among its principals.
    #[must_use]
    pub fn partitions(&self) -> BTreeSet<Partition> {
        let principals = self.raw_statements().iter().flat_map(|statement| {
            let kinds = ["Principal", "NotPrincipal"].into_iter().filter_map(|key| statement.get(key)?.as_object());
            kinds.flat_map(|kinds| ["AWS", "Federated"].into_iter().filter_map(|kind| kinds.get(kind)))
        });
        let arns = principals.filter_map(texts).flatten();
        // An ARN with a common wrong name shows nothing about the partition.
        let named = |arn: &str| Partition::from_user(Partition::from_arn(arn).ok()?.as_str()).ok();
        arns.filter_map(|arn| named(&arn)).collect()
    }

    /// The deleted identities among the principals, each with the index of its statement.
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
    /// Hides the content: a trust policy may contain an external ID.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} statements)", self.statements.len())
    }
}

impl Statement {
    fn parse(index: usize, value: &Value, partition: Option<&Partition>) -> Result<Self, PolicyError> {
        let at = |key: &str| format!("Statement[{index}].{key}");
        let map = value.as_object().ok_or_else(|| shape(format!("Statement[{index}]"), "an object"))?;
        let effect = match map.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" => Effect::Allow,
            Some(Value::String(effect)) if effect == "Deny" => Effect::Deny,
            Some(other) => return Err(PolicyError::of_type(at("Effect"), "`Allow` or `Deny`", other)),
            None => return Err(PolicyError::missing(at("Effect"), "Effect", map)),
        };
        let list = |key: &str| match map.get(key) {
            None => Ok(None),
            Some(value) => texts(value).map(Some).ok_or_else(|| PolicyError::of_type(at(key), TEXTS, value)),
        };
        let actions = match (list("Action")?, list("NotAction")?) {
            (Some(actions), None) => Actions::Only(actions),
            (None, Some(actions)) => Actions::AllBut(actions),
            (None, None) => return Err(PolicyError::missing(at("Action"), "Action", map)),
            _ => return Err(shape(at("Action"), "exactly one of `Action` and `NotAction`")),
        };
        let principals = match (map.get("Principal"), map.get("NotPrincipal")) {
            (None, None) => Principals::Absent,
            (Some(value), None) => Principals::Only(principals(value, partition, &at("Principal"))?),
            (None, Some(value)) => Principals::AllBut(principals(value, partition, &at("NotPrincipal"))?),
            _ => return Err(shape(at("Principal"), "at most one of `Principal` and `NotPrincipal`")),
        };
        let condition = map
            .get("Condition")
            .map(|value| Condition::parse(value).map_err(|error| error.within(&format!("Statement[{index}]"))))
            .transpose()?
            .unwrap_or_default();
        let resources = list("Resource")?;
        let sid = match map.get("Sid") {
            None => None,
            Some(Value::String(sid)) => Some(sid.clone()),
            Some(_) => return Err(shape(at("Sid"), "a string")),
        };
        let resources = if map.contains_key("NotResource") { None } else { Some(resources.unwrap_or_default()) };
        let known = ["Sid", "Effect", "Principal", "Action", "Condition"];
        let understood = map.keys().all(|key| known.contains(&key.as_str()));
        let grammar = ["NotPrincipal", "NotAction", "Resource", "NotResource"];
        let has_unknown_elements =
            !map.keys().all(|key| known.contains(&key.as_str()) || grammar.contains(&key.as_str()));
        let of_trust = |key: &String| known.iter().chain(&grammar[..2]).any(|known| known == key);
        let foreign_elements = map.keys().filter(|key| !of_trust(key)).cloned().collect();
        Ok(Self {
            sid,
            effect,
            principals,
            actions,
            resources,
            condition,
            foreign_elements,
            has_unknown_elements,
            understood,
        })
    }

    /// Whether it has only elements that IAM accepts in a trust policy, so that its effect is known.
    pub(super) fn is_trust_statement(&self) -> bool {
        !self.has_unknown_elements && self.resources.as_ref().is_some_and(Vec::is_empty)
    }
}

fn principals(value: &Value, partition: Option<&Partition>, element: &str) -> Result<Vec<Principal>, PolicyError> {
    match value {
        Value::String(all) if all == "*" => Ok(vec![Principal::Anyone]),
        Value::Object(kinds) => {
            let mut found = Vec::new();
            for (kind, values) in kinds {
                let of_kind = || format!("{element}.{}", Untrusted::new(kind));
                let texts = texts(values).ok_or_else(|| PolicyError::of_type(of_kind(), TEXTS, values))?;
                if kind == "AWS" && texts.iter().any(|text| is_wrong_number(text)) {
                    let expected = "account IDs of twelve digits, in quotes; a leading zero may be missing";
                    return Err(shape(format!("{element}.AWS"), expected));
                }
                found.extend(texts.iter().map(|text| principal_in(kind, text, partition)));
            }
            Ok(found)
        }
        _ => Err(shape(element, "`\"*\"` or an object such as `{\"AWS\": \"111122223333\"}`")),
    }
}

/// A principal of a policy in a partition.
pub(super) fn principal_in(kind: &str, text: &str, partition: Option<&Partition>) -> Principal {
    match Principal::from_policy(kind, text) {
        Principal::Account(_) | Principal::Arn(_) if is_elsewhere(text, partition) => {
            Principal::Foreign(text.to_owned())
        }
        principal => principal,
    }
}

fn is_wrong_number(text: &str) -> bool {
    !text.is_empty() && text.len() != 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an ARN is one of another partition. A bare account ID is one of the document's partition.
fn is_elsewhere(text: &str, partition: Option<&Partition>) -> bool {
    match (Partition::from_arn(text), partition) {
        (Ok(named), Some(partition)) => named != *partition,
        _ => false,
    }
}

const TEXTS: &str = "a string or an array of strings";

fn shape(element: impl Into<String>, expected: &str) -> PolicyError {
    PolicyError::Shape { element: element.into(), expected: expected.to_owned() }
}
