//! Policies in a few words, for a plan that fits on a screen. The full documents are shown on request.

use std::collections::BTreeSet;

use super::document::{Actions, Document, Effect, Statement};
use super::explain::{ExternalIdDisplay, PrincipalAccess, explain};
use crate::suggestion::plain_list_of;

/// The most actions that are listed by name.
const LISTED: usize = 3;

/// Who can assume a role and under which conditions, one sentence for each principal. External IDs are hidden.
#[must_use]
pub(crate) fn trust_summary(trust: &Document) -> Vec<String> {
    explain(trust, ExternalIdDisplay::Hidden).iter().map(principal).collect()
}

fn principal(access: &PrincipalAccess) -> String {
    let verb = match access.effect {
        Effect::Allow => "trusts",
        Effect::Deny => "denies",
    };
    let mut text = format!("{verb} {}", access.principal);
    let (external_id, other): (Vec<_>, Vec<_>) =
        access.conditions.iter().partition(|condition| condition.key.eq_ignore_ascii_case("sts:ExternalId"));
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
    policy.statements().iter().map(statement).collect()
}

fn statement(statement: &Statement) -> String {
    let verb = match statement.effect {
        Effect::Allow => "allows",
        Effect::Deny => "denies",
    };
    let on = match statement.resources.as_deref() {
        None => " on all resources except some".to_owned(),
        Some([one]) if one == "*" => String::new(),
        Some([one]) => format!(" on {one}"),
        Some(several) => format!(" on {} resources", several.len()),
    };
    let when = if statement.condition.is_empty() { "" } else { ", under a condition" };
    format!("{verb} {}{on}{when}", actions(&statement.actions))
}

fn actions(actions: &Actions) -> String {
    let actions = match actions {
        Actions::AllBut(all) => return format!("all actions except {}", all.len()),
        Actions::Only(actions) => actions,
    };
    if actions.iter().any(|action| action == "*" || action == "*:*") {
        return "all actions".to_owned();
    }
    if actions.len() <= LISTED {
        return plain_list_of(actions.iter().map(String::as_str));
    }
    let services: BTreeSet<_> = actions.iter().filter_map(|action| action.split(':').next()).collect();
    let patterns = actions.iter().filter(|action| action.contains(['*', '?'])).count();
    let wildcards = if patterns == 0 { String::new() } else { format!(", {patterns} of them with wildcards") };
    format!("{} actions of {}{wildcards}", actions.len(), plain_list_of(services))
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
        assert_eq!(permissions(few), "allows iam:ListUsers and iam:GetUser");
        let many = r#"{"Effect":"Deny","Action":["a:1","a:2","b:3","c:*"],"Resource":["x","y"]}"#;
        assert_eq!(permissions(many), "denies 4 actions of a, b and c, 1 of them with wildcards on 2 resources");
    }

    #[test]
    fn broad_permissions_are_named_as_such() {
        assert_eq!(permissions(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#), "allows all actions");
        let except = r#"{"Effect":"Allow","NotAction":["iam:CreateUser"],"NotResource":"x"}"#;
        assert_eq!(permissions(except), "allows all actions except 1 on all resources except some");
    }

    #[test]
    fn external_id_is_hidden_and_other_conditions_are_shown() {
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":"s3cret"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}"#;
        let summary = trust_summary(&Document::parse(trust).unwrap());
        assert_eq!(
            summary,
            ["trusts account 123456789012 with an external ID (hidden) when aws:MultiFactorAuthPresent Bool true"]
        );
    }
}
