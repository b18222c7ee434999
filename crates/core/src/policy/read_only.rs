//! Whether actions only read, judged by their names.
//!
//! AWS publishes the access level of each action, and no list of them is part of this program: it would be out of date with each
//! new action. By convention the name of an action that reads starts with one of few verbs. Any other counts as one that may
//! write, and so does a pattern that does not start with such a verb, so that the mistakes are on the safe side. A few
//! exceptions read and return credentials, such as `sts:GetFederationToken`.

use super::document::{Actions, Document, Effect};

/// The verbs of actions that read.
const VERBS: [&str; 13] = [
    "BatchDescribe",
    "BatchGet",
    "Describe",
    "Get",
    "List",
    "Lookup",
    "Query",
    "Read",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "View",
];

/// Actions of services whose names say so and that give more than that.
const EXCEPTIONS: [&str; 3] = ["sts:GetFederationToken", "sts:GetSessionToken", "sso:GetRoleCredentials"];

/// Whether an action, or every action that a pattern matches, only reads by its name.
#[must_use]
pub(crate) fn is_read_only(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return false };
    let starts_a_word = |rest: &str| rest.chars().next().is_none_or(|next| next == '*' || next.is_ascii_uppercase());
    let is_exception = EXCEPTIONS
        .iter()
        .any(|exception| super::glob::like(&action.to_ascii_lowercase(), &exception.to_ascii_lowercase()));
    !service.contains(['*', '?'])
        && !is_exception
        && VERBS.iter().filter_map(|verb| name.strip_prefix(verb)).any(starts_a_word)
}

/// The actions and patterns that a policy allows, in the order of its statements; `None` for all except some.
pub(crate) fn allowed_actions(policy: &Document) -> impl Iterator<Item = Option<&str>> {
    let allowing = policy.statements().iter().filter(|statement| statement.effect == Effect::Allow);
    allowing.flat_map(|statement| match &statement.actions {
        Actions::Only(actions) => actions.iter().map(|action| Some(action.as_str())).collect(),
        Actions::AllBut(_) => vec![None],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_certainly_read_count_as_read_only() {
        for action in
            ["ec2:DescribeInstances", "ec2:Describe*", "s3:GetObject", "iam:List*", "dynamodb:BatchGetItem", "s3:Get"]
        {
            assert!(is_read_only(action), "{action}");
        }
        for action in [
            "*",
            "ec2:*",
            "ec2:D*",
            "*:Get*",
            "e*:Get*",
            "s3:PutObject",
            "iam:getrole",
            "x:Gettysburg",
            "nonsense",
            "sts:GetFederationToken",
            "sts:Get*",
            "ecs:UpdateService",
        ] {
            assert!(!is_read_only(action), "{action}");
        }
    }

    #[test]
    fn denied_actions_are_not_among_the_allowed_ones() {
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":["a:1","a:2"],"Resource":"*"},
            {"Effect":"Deny","Action":"b:1","Resource":"*"},{"Effect":"Allow","NotAction":"c:1","Resource":"*"}]}"#;
        let policy = Document::parse(policy).unwrap();
        assert_eq!(allowed_actions(&policy).collect::<Vec<_>>(), [Some("a:1"), Some("a:2"), None]);
    }
}
