//! Conditions as text. The values of a condition are untrusted, so each is quoted: otherwise a value such as
//! `x or aws:PrincipalOrgID StringEquals o-1` would read like a part of the sentence.

use std::fmt;

use serde::Serialize;

use super::condition::{Condition, ConditionClause};
use super::operators::is_negated;

/// A condition, with external IDs hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionDisplay {
    /// The operator.
    pub operator: String,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
    #[serde(skip)]
    is_hidden: bool,
}

/// Whether an explanation contains external IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalIdDisplay {
    /// They are replaced by `(hidden)`.
    Hidden,
    /// They are shown.
    Revealed,
}

/// The clauses of a condition, all of which must match.
pub(super) fn shown(condition: &Condition, external_ids: ExternalIdDisplay) -> Vec<ConditionDisplay> {
    let show = |clause: &ConditionClause| {
        let is_hidden = clause.is_hidden() && external_ids == ExternalIdDisplay::Hidden;
        let values = if is_hidden { vec!["(hidden)".to_owned()] } else { clause.values.clone() };
        ConditionDisplay { operator: clause.operator.clone(), key: clause.key.clone(), values, is_hidden }
    };
    condition.clauses().iter().map(show).collect()
}

impl fmt::Display for ConditionDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = name(&self.key);
        let operator = name(&self.operator);
        if self.is_hidden {
            return write!(f, "{key} {operator} (hidden)");
        }
        let values: Vec<_> = self.values.iter().map(|value| quoted(value)).collect();
        match values.len() {
            0 => write!(f, "{key} {operator} no value"),
            // A negated operator matches if no value does.
            2.. if is_negated(&self.operator) => write!(f, "{key} is none of {} ({operator})", values.join(", ")),
            _ => write!(f, "{key} {operator} {}", values.join(" or ")),
        }
    }
}

/// A key or an operator: quoted unless it has the form of one.
fn name(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/-_.+=@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(condition: &str) -> String {
        let condition = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap();
        let shown = shown(&condition, ExternalIdDisplay::Hidden);
        shown.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn values_are_quoted_and_negated_operators_read_correctly() {
        for (condition, expected) in [
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, "aws:PrincipalOrgID StringEquals `o-1`"),
            (r#"{"StringLike":{"k":["a","b"]}}"#, "k StringLike `a` or `b`"),
            (r#"{"StringNotEquals":{"k":"a"}}"#, "k StringNotEquals `a`"),
            (r#"{"ArnNotLike":{"k":["a","b"]}}"#, "k is none of `a`, `b` (ArnNotLike)"),
            (
                r#"{"ForAnyValue:StringNotLikeIfExists":{"k":["a","b"]}}"#,
                "k is none of `a`, `b` (ForAnyValue:StringNotLikeIfExists)",
            ),
            (r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, "sts:ExternalId StringEquals (hidden)"),
            (r#"{"StringLike":{"ExternalId":["secret","s"]}}"#, "ExternalId StringLike (hidden)"),
            (r#"{"StringEquals":{"aws:external-id":"secret"}}"#, "aws:external-id StringEquals (hidden)"),
            (r#"{"Bool":{"k":[]}}"#, "k Bool no value"),
        ] {
            assert_eq!(text(condition), expected);
        }
    }

    #[test]
    fn condition_cannot_imitate_the_sentence() {
        assert_eq!(text(r#"{"Bool":{"k":"a` or x Bool `b"}}"#), "k Bool `a' or x Bool 'b`");
        assert_eq!(text(r#"{"Bool":{"k Bool a":"(hidden)"}}"#), "`k Bool a` Bool `(hidden)`");
    }
}
