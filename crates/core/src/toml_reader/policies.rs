//! Validation of permissions policies in configuration files, before IAM sees them.

use std::collections::BTreeMap;

use super::pasted;
use super::table::Value;
use super::validators::{sample_account, template};
use crate::policy::{Actions, Document, INLINE_QUOTA, Principals, inline_size, is_operator};
use crate::template::Template;
use crate::text::Untrusted;

/// Validates a permissions policy. A byte order mark, which some editors write, is ignored.
pub(crate) fn permissions_policy(text: &str) -> Result<Template, String> {
    template(text.trim_start_matches('\u{feff}'), |expanded| {
        let policy = Document::parse(expanded)
            .map_err(|error| pasted::describe(expanded).unwrap_or_else(|| error.to_string()))?;
        if policy.statements().is_empty() {
            return Err("the policy has no statement; add at least one".to_owned());
        }
        for (index, statement) in policy.statements().iter().enumerate() {
            let name = policy.name_of(index);
            if statement.principals != Principals::Absent {
                return Err(format!(
                    "{name} of the policy has a `Principal`, which is not allowed in a permissions policy; configure who may assume the role in its `trust`"
                ));
            }
            let (Actions::Only(actions) | Actions::AllBut(actions)) = &statement.actions;
            if let Some(action) = actions.iter().find(|action| action.contains("**")) {
                return Err(format!(
                    "{name} of the policy has the action `{}`, and IAM does not accept `**`; write `*`",
                    Untrusted::new(action)
                ));
            }
            if let Some(clause) = statement.condition.clauses().iter().find(|clause| !is_operator(&clause.operator)) {
                return Err(format!(
                    "{name} of the policy uses the condition operator `{}`, which does not exist in IAM",
                    Untrusted::new(&clause.operator)
                ));
            }
            if statement.resources.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!("{name} of the policy has no `Resource`; add `\"Resource\": \"*\"` or ARNs"));
            }
        }
        let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        match expanded.chars().find(|c| !allowed(c)) {
            None => Ok(()),
            Some(bad) => {
                Err(format!("IAM does not allow `{}` in a policy; use ASCII characters", bad.escape_default()))
            }
        }
    })
}

/// The total size of inline policies as it counts towards the quota, in characters.
pub(crate) fn inline_policies_size(policies: &BTreeMap<String, Template>) -> usize {
    let size = |policy: &Template| {
        let text = sample_account().map_or_else(|| policy.0.clone(), |account| policy.expand(&account));
        let json = Document::parse(&text).map_or(text, |policy| policy.to_json());
        inline_size(&json)
    };
    policies.values().map(size).sum()
}

/// Records a problem if the inline policies of a role exceed the IAM quota together.
pub(crate) fn check_quota(value: &Value<'_>, policies: &BTreeMap<String, Template>) {
    let size = inline_policies_size(policies);
    if size > INLINE_QUOTA {
        value.problem(format!(
            "the inline policies have {size} characters in total, without whitespace, and IAM allows {INLINE_QUOTA}; {SHORTER_POLICIES}"
        ));
    }
}

/// How to make inline policies shorter.
pub(crate) const SHORTER_POLICIES: &str = "shorten them with wildcards in actions, attach managed policies that exist in every account \
     (`managed-policies`), or divide the permissions among several roles";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_permissions_policy_is_rejected() {
        let error = |text: &str| permissions_policy(text).unwrap_err();
        assert!(permissions_policy(r#"{"Statement":{"Effect":"Allow","Action":"s3:Get*","NotResource":"*"}}"#).is_ok());
        insta::assert_snapshot!(error("{"), @"the policy is not valid JSON: EOF while parsing an object at line 1 column 1");
        insta::assert_snapshot!(error("[]"), @"the policy is not a JSON object; it must start with `{`");
        insta::assert_snapshot!(error("{}"), @"`Statement` is not valid: expected a statement object or an array of statements");
        insta::assert_snapshot!(error(r#"{"Statement":[]}"#), @"the policy has no statement; add at least one");
        insta::assert_snapshot!(error(r#"{"Version":"1","Version":"2","Statement":[]}"#), @"the policy is not valid JSON: the key `Version` appears twice at line 1 column 28");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#), @"statement 1 of the policy has a `Principal`, which is not allowed in a permissions policy; configure who may assume the role in its `trust`");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":["s3:GetObject","iam:**"],"Resource":"*"}}"#), @"statement 1 of the policy has the action `iam:**`, and IAM does not accept `**`; write `*`");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}"#), @r#"statement 1 of the policy has no `Resource`; add `"Resource": "*"` or ARNs"#);
        insta::assert_snapshot!(error(r#"{"Statement":{"Sid":"–","Effect":"Allow","Action":"a:b","Resource":"*"}}"#), @r"IAM does not allow `\u{2013}` in a policy; use ASCII characters");
    }
}
