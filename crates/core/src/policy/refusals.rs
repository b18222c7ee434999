//! What IAM refuses in a trust policy that it has not seen yet.
//!
//! Parsing a policy is lenient, because a policy that IAM returned is one that IAM accepts, whatever this version knows
//! about it. A policy that a person wrote may be one that IAM refuses as a whole: with a misspelled element, it is not a
//! policy with one element less. `onboard policy explain` and `onboard policy grant` say so; the engine does not ask.
//!
//! Only what IAM certainly refuses is listed. What it may refuse, such as a role that does not exist, is not.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::assume_action::AssumeAction;
use super::condition::{Condition, ConditionClause};
use super::condition_keys::check_key;
use super::condition_values::check_values;
use super::document::{Actions, Document, Principals, Statement};
use super::operators::{is_operator, operator_hint};
use super::principal_form::{PrincipalForm, form};
use crate::json::texts;
use crate::suggestion::did_you_mean;
use crate::text::Untrusted;

/// An element of a policy that IAM refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The element, such as `Statement[0].Principal.AWS`.
    pub element: String,
    /// The problem, as the rest of a sentence that begins with the element.
    pub problem: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.element, self.problem)
    }
}

/// The elements of a trust policy.
const ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

/// The elements of a statement of a trust policy.
const STATEMENT_ELEMENTS: [&str; 7] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"];

/// The kinds of principals.
const KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// What IAM refuses in a trust policy, in the order of the document.
#[must_use]
pub fn refusals(trust: &Document) -> Vec<Refusal> {
    let mut found = Found(Vec::new());
    for key in trust.as_map().keys().filter(|key| !ELEMENTS.contains(&key.as_str())) {
        let hint = did_you_mean(key, ELEMENTS);
        found.add(Untrusted::new(key), format!("is not an element of a policy{hint}"));
    }
    if trust.as_map().get("Version").is_some_and(|version| !VERSIONS.iter().any(|known| version == known)) {
        found.add("Version", format!("is not a version of the policy language; write `{}`", VERSIONS[0]));
    }
    let mut sids = BTreeSet::new();
    for (index, (raw, statement)) in trust.raw_statements().iter().zip(trust.statements()).enumerate() {
        let Some(raw) = raw.as_object() else { continue };
        let mut within = Within { found: &mut found, statement: format!("Statement[{index}]") };
        within.unknown_elements(raw);
        within.sid(statement, &mut sids);
        within.principals(raw, statement);
        within.actions(statement);
        within.condition(&statement.condition);
    }
    found.0
}

/// The versions of the policy language.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>.
pub(crate) const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

/// Whether IAM accepts each principal of the `Principal` of a statement, in the order of [`Principals::Only`].
pub(super) fn principal_forms(trust: &Document, index: usize) -> Vec<PrincipalForm> {
    let principal = trust.raw_statements().get(index).and_then(|statement| statement.get("Principal"));
    match principal {
        Some(Value::Object(kinds)) => named(kinds).map(|(kind, text)| form(kind, &text)).collect(),
        _ => vec![PrincipalForm::Accepted],
    }
}

/// The kinds and values of the principals, in order.
fn named(kinds: &Map<String, Value>) -> impl Iterator<Item = (&str, String)> {
    kinds
        .iter()
        .flat_map(|(kind, values)| texts(values).unwrap_or_default().into_iter().map(move |text| (kind.as_str(), text)))
}

struct Found(Vec<Refusal>);

impl Found {
    fn add(&mut self, element: impl fmt::Display, problem: impl Into<String>) {
        self.0.push(Refusal { element: element.to_string(), problem: problem.into() });
    }
}

/// Collects what is refused within one statement.
struct Within<'a> {
    found: &'a mut Found,
    statement: String,
}

impl Within<'_> {
    fn add(&mut self, element: impl fmt::Display, problem: impl Into<String>) {
        self.found.add(format_args!("{}.{element}", self.statement), problem);
    }

    fn unknown_elements(&mut self, raw: &Map<String, Value>) {
        for key in raw.keys().filter(|key| !STATEMENT_ELEMENTS.contains(&key.as_str())) {
            let problem = match key.as_str() {
                "Resource" | "NotResource" => "is not allowed in a trust policy; remove it".to_owned(),
                _ => format!("is not an element of a statement{}", did_you_mean(key, STATEMENT_ELEMENTS)),
            };
            self.add(Untrusted::new(key), problem);
        }
    }

    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>.
    fn sid<'s>(&mut self, statement: &'s Statement, earlier: &mut BTreeSet<&'s str>) {
        let Some(sid) = statement.sid.as_deref() else { return };
        if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let sid = Untrusted::new(sid);
            self.add("Sid", format!("is `{sid}`, and IAM accepts only ASCII letters and digits; rename it"));
        } else if !sid.is_empty() && !earlier.insert(sid) {
            self.add("Sid", format!("is `{sid}`, as that of an earlier statement; rename one"));
        }
    }

    fn principals(&mut self, raw: &Map<String, Value>, statement: &Statement) {
        let element = match &statement.principals {
            Principals::Absent => {
                // A misspelled element is reported as such.
                if !raw.keys().any(|key| !did_you_mean(key, ["Principal"]).is_empty()) {
                    self.add("Principal", "is missing; name who may assume the role");
                }
                return;
            }
            Principals::Only(_) => "Principal",
            Principals::AllBut(_) => "NotPrincipal",
        };
        let Some(Value::Object(kinds)) = raw.get(element) else { return };
        if element == "Principal" && named(kinds).next().is_none() {
            self.add(element, "names no principal; name who may assume the role");
        }
        for kind in kinds.keys().filter(|kind| !KINDS.contains(&kind.as_str())) {
            let hint = did_you_mean(kind, KINDS);
            self.add(format_args!("{element}.{}", Untrusted::new(kind)), format!("is not a kind of principal{hint}"));
        }
        for (kind, text) in named(kinds).filter(|(kind, _)| KINDS.contains(kind)) {
            if let PrincipalForm::Refused(cause) = form(kind, &text) {
                let text = Untrusted::new(text);
                self.add(format_args!("{element}.{kind}"), format!("has the principal `{text}`: {cause}"));
            }
        }
    }

    fn actions(&mut self, statement: &Statement) {
        let (element, actions) = match &statement.actions {
            Actions::Only(actions) => ("Action", actions),
            Actions::AllBut(actions) => ("NotAction", actions),
        };
        if actions.is_empty() {
            self.add(element, "has no action; write `sts:AssumeRole`");
        }
        for action in actions {
            if let Some(problem) = action_problem(action) {
                self.add(element, format!("has the action `{}`, {problem}", Untrusted::new(action)));
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        for Refusal { element, problem } in refused_clauses(condition) {
            self.add(element, problem);
        }
    }
}

/// What IAM refuses in a condition. The texts do not contain values.
#[must_use]
pub fn refused_clauses(condition: &Condition) -> Vec<Refusal> {
    let refusal = |clause: &ConditionClause| {
        let problem = check_clause(clause).err()?;
        let operator = Untrusted::new(&clause.operator);
        let element = match is_operator(&clause.operator) {
            true => format!("Condition.{operator}.{}", Untrusted::new(&clause.key)),
            false => format!("Condition.{operator}"),
        };
        Some(Refusal { element, problem })
    };
    condition.clauses().iter().filter_map(refusal).collect()
}

fn check_clause(clause: &ConditionClause) -> Result<(), String> {
    if !is_operator(&clause.operator) {
        return Err(format!("is not a condition operator of IAM{}", operator_hint(&clause.operator)));
    }
    check_key(&clause.key)?;
    check_values(clause).map_err(|error| format!("is not valid: {error}"))
}

/// Why an action is not one of a trust policy. IAM accepts only actions of STS; wildcards are left to IAM.
fn action_problem(action: &str) -> Option<String> {
    let names = AssumeAction::ALL.map(AssumeAction::as_str);
    let has_wildcard = |text: &str| text.contains(['*', '?']);
    let Some((service, name)) = action.split_once(':') else {
        let meant = did_you_mean(&format!("sts:{action}"), names);
        return (!has_wildcard(action)).then(|| format!("which names no service{meant}"));
    };
    if has_wildcard(service) {
        return None;
    }
    if !service.eq_ignore_ascii_case("sts") {
        return Some("and IAM accepts only actions of `sts` in a trust policy, such as `sts:AssumeRole`".to_owned());
    }
    let is_known = ["sts:SetContext"].iter().chain(&names).any(|known| known.eq_ignore_ascii_case(action));
    let meant = did_you_mean(action, names);
    (!is_known && !has_wildcard(name) && !meant.is_empty()).then(|| format!("which is not an action of STS{meant}"))
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
