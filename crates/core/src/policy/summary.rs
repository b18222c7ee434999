//! Policies in a few words, for a plan that fits on a screen. The full documents are shown on request.

use std::collections::BTreeSet;

use super::condition_text::{ConditionDisplay, ExternalIdDisplay};
use super::document::{Actions, Document, Effect, Statement};
use super::explain::{PrincipalAccess, explain};
use crate::suggestion::plain_list_of;
use crate::text::excerpt;

/// The most actions that are listed by name.
const LISTED: usize = 3;

/// The most sentences of one policy, and the most characters of one sentence.
const SENTENCES: usize = 12;
const LONGEST: usize = 300;

/// Who can assume a role and under which conditions, one sentence for each principal. External IDs are hidden.
#[must_use]
pub(crate) fn trust_summary(trust: &Document) -> Vec<String> {
    shortened(explain(trust, ExternalIdDisplay::Hidden).iter().map(principal).collect())
}

fn principal(access: &PrincipalAccess) -> String {
    let verb = match access.effect {
        Effect::Allow => "trusts",
        Effect::Deny => "denies",
    };
    let mut text = format!("{verb} {}", access.principal);
    let is_external_id = |condition: &&ConditionDisplay| {
        condition.key.eq_ignore_ascii_case("sts:ExternalId") && condition.operator == "StringEquals"
    };
    let (external_id, other): (Vec<_>, Vec<_>) = access.conditions.iter().partition(is_external_id);
    if !external_id.is_empty() {
        text.push_str(" with an external ID (hidden)");
    }
    if !other.is_empty() {
        let other: Vec<_> = other.iter().map(ToString::to_string).collect();
        text.push_str(&format!(" when {}", other.join(" and ")));
    }
    text
}

/// What a permissions policy allows and denies, one sentence for each statement.
#[must_use]
pub(crate) fn permissions_summary(policy: &Document) -> Vec<String> {
    shortened(policy.statements().iter().map(statement).collect())
}

/// The first sentences, each cut, and how many more there are.
fn shortened(sentences: Vec<String>) -> Vec<String> {
    let more = sentences.len().saturating_sub(SENTENCES);
    let mut shortened: Vec<_> = sentences.iter().take(SENTENCES).map(|sentence| excerpt(sentence, LONGEST)).collect();
    if more > 0 {
        shortened.push(format!("and {more} more"));
    }
    shortened
}

fn statement(statement: &Statement) -> String {
    let verb = match statement.effect {
        Effect::Allow => "allows",
        Effect::Deny => "denies",
    };
    let on = match statement.resources.as_deref() {
        None => " on all resources except some".to_owned(),
        Some(all) if all.iter().any(|resource| resource == "*") => " on all resources".to_owned(),
        Some([one]) => format!(" on {one}"),
        Some(several) => format!(" on {} resources", several.len()),
    };
    let clauses = statement.condition.clauses();
    let keys: BTreeSet<_> = clauses.iter().map(|clause| clause.key.as_str()).collect();
    let when = if keys.is_empty() { String::new() } else { format!(", under conditions on {}", plain_list_of(keys)) };
    format!("{verb} {}{on}{when}", actions(&statement.actions))
}

fn actions(actions: &Actions) -> String {
    let actions = match actions {
        Actions::AllBut(except) => return format!("all actions except {}", named(except)),
        Actions::Only(actions) => actions,
    };
    if actions.iter().any(|action| action.chars().all(|c| matches!(c, '*' | '?' | ':'))) {
        return "all actions".to_owned();
    }
    named(actions)
}

/// A few actions by name. Of many, those with wildcards are named, because they are the broad ones.
fn named(actions: &[String]) -> String {
    if actions.len() <= LISTED {
        return plain_list_of(actions.iter().map(String::as_str));
    }
    let services: BTreeSet<_> =
        actions.iter().filter_map(|action| action.split(':').next()).map(str::to_ascii_lowercase).collect();
    let services = match services.len() {
        0..=6 => plain_list_of(services.iter().map(String::as_str)),
        many => format!("{many} services"),
    };
    let count = format!("{} actions of {services}", actions.len());
    let patterns: Vec<_> = actions.iter().map(String::as_str).filter(|action| action.contains(['*', '?'])).collect();
    match patterns.as_slice() {
        [] => count,
        all if all.len() <= LISTED => format!("{count}, among them {}", plain_list_of(all.iter().copied())),
        all => format!("{count}, {} of them with wildcards", all.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(statements: &str) -> String {
        let policy = Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap();
        permissions_summary(&policy).join("; ")
    }

    #[test]
    fn permissions_are_listed_or_counted() {
        let few = r#"{"Effect":"Allow","Action":["iam:ListUsers","iam:GetUser"],"Resource":"*"}"#;
        assert_eq!(permissions(few), "allows iam:ListUsers and iam:GetUser on all resources");
        let many = r#"{"Effect":"Deny","Action":["a:1","a:2","b:3","c:*"],"Resource":["x","y"]}"#;
        assert_eq!(permissions(many), "denies 4 actions of a, b and c, among them c:* on 2 resources");
    }

    #[test]
    fn broad_permissions_are_named_as_such() {
        for all in ["*", "*:*", "?*", "**"] {
            let statement = format!(r#"{{"Effect":"Allow","Action":["iam:GetRole","{all}"],"Resource":["x","*"]}}"#);
            assert_eq!(permissions(&statement), "allows all actions on all resources", "{all}");
        }
        let except = r#"{"Effect":"Allow","NotAction":["iam:CreateUser"],"NotResource":"x"}"#;
        assert_eq!(permissions(except), "allows all actions except iam:CreateUser on all resources except some");
    }

    /// Only the plain comparison protects against the confused deputy problem; any other has to be seen.
    #[test]
    fn weak_external_id_condition_is_shown_as_it_is() {
        for (operator, value) in [("StringLike", "*"), ("StringNotEquals", "x"), ("StringEqualsIfExists", "x")] {
            let trust = format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"123456789012"}},"Action":"sts:AssumeRole",
                "Condition":{{"{operator}":{{"sts:ExternalId":"{value}"}}}}}}]}}"#
            );
            let summary = trust_summary(&Document::parse(&trust).unwrap());
            assert_eq!(summary, [format!("trusts account 123456789012 when sts:ExternalId {operator} (hidden)")]);
        }
    }

    #[test]
    fn external_id_is_hidden_and_other_conditions_are_shown() {
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":"s3cret"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}"#;
        let summary = trust_summary(&Document::parse(trust).unwrap());
        assert_eq!(
            summary,
            ["trusts account 123456789012 with an external ID (hidden) when aws:MultiFactorAuthPresent Bool `true`"]
        );
    }
}
