//! Permissions policies, as people write them into files that are no policies.

use std::collections::BTreeMap;

use super::table::Value;
use super::validators::{sample_account, template};
use crate::policy::{Document, Principals, is_operator};
use crate::template::Template;
use crate::text::Untrusted;

/// Characters of all inline policies of a role, white space not counted.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
const QUOTA: usize = 10_240;

/// A permissions policy that IAM would take.
pub(crate) fn permissions_policy(text: &str) -> Result<Template, String> {
    template(text, |expanded| {
        let policy = Document::parse(expanded).map_err(|e| e.to_string())?;
        if policy.statements().is_empty() {
            return Err("the policy has no statement; write at least one".to_owned());
        }
        for (index, statement) in policy.statements().iter().enumerate() {
            let name = policy.name_of(index);
            if statement.principals != Principals::Absent {
                return Err(format!(
                    "{name} of the policy names a principal; who may assume the role stands in its trust"
                ));
            }
            if let Some(test) = statement.condition.clauses().iter().find(|test| !is_operator(&test.operator)) {
                return Err(format!(
                    "{name} of the policy has the operator `{}`, which IAM has not",
                    Untrusted::new(&test.operator)
                ));
            }
            if statement.resources.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!("{name} of the policy names no `Resource`; write `\"Resource\": \"*\"` or ARNs"));
            }
        }
        let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        match expanded.chars().find(|c| !allowed(c)) {
            None => Ok(()),
            Some(bad) => Err(format!("IAM takes no `{}` in a policy; write it as ASCII", bad.escape_default())),
        }
    })
}

/// Says when the inline policies of a role are together larger than IAM takes.
pub(crate) fn check_quota(value: &Value<'_>, policies: &BTreeMap<String, Template>) {
    let size = |policy: &Template| {
        let text = sample_account().map_or_else(|| policy.0.clone(), |account| policy.expand(&account));
        let json = Document::parse(&text).map_or(text, |policy| policy.to_json());
        json.chars().filter(|c| !c.is_ascii_whitespace()).count()
    };
    let size: usize = policies.values().map(size).sum();
    if size > QUOTA {
        value.problem(format!(
            "the inline policies have {size} characters together, without white space, and IAM takes {QUOTA}; move \
             some into a managed policy"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_permissions_policy_is_refused() {
        let error = |text: &str| permissions_policy(text).unwrap_err();
        assert!(permissions_policy(r#"{"Statement":{"Effect":"Allow","Action":"s3:Get*","NotResource":"*"}}"#).is_ok());
        insta::assert_snapshot!(error("{"), @"the policy is not JSON: EOF while parsing an object at line 1 column 1");
        insta::assert_snapshot!(error("[]"), @"the policy is not a JSON object; it starts with `{`");
        insta::assert_snapshot!(error("{}"), @"`Statement` is not understood; it should be a statement or a list of statements");
        insta::assert_snapshot!(error(r#"{"Statement":[]}"#), @"the policy has no statement; write at least one");
        insta::assert_snapshot!(error(r#"{"Version":"1","Version":"2","Statement":[]}"#), @"the policy is not JSON: the key `Version` stands twice at line 1 column 28");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#), @"statement 1 of the policy names a principal; who may assume the role stands in its trust");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}"#), @r#"statement 1 of the policy names no `Resource`; write `"Resource": "*"` or ARNs"#);
        insta::assert_snapshot!(error(r#"{"Statement":{"Sid":"–","Effect":"Allow","Action":"a:b","Resource":"*"}}"#), @r"IAM takes no `\u{2013}` in a policy; write it as ASCII");
    }
}
