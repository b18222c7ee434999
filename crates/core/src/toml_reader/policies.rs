//! Validation of permissions policies in configuration files, before IAM sees them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::pasted;
use super::permissions::{check_action, check_elements};
use super::table::Value;
use super::validators::{sample_account, template};
use crate::json::texts;
use crate::policy::{Actions, Document, INLINE_QUOTA, Principals, check_key, check_values, inline_length, is_operator};
use crate::template::{Place, Template};
use crate::text::Untrusted;

/// Validates a permissions policy. A byte order mark, which some editors write, is ignored.
pub(crate) fn permissions_policy(text: &str) -> Result<Template, String> {
    template(text.trim_start_matches('\u{feff}'), |expanded| {
        let parsed = Document::parse(expanded);
        if let Some(error) = parsed.as_ref().err().and_then(|_| pasted::describe(expanded)) {
            return Err(error);
        }
        check_elements(expanded)?;
        let policy = parsed.map_err(|error| error.to_string())?;
        if policy.statements().is_empty() {
            return Err("the policy has no statement; add at least one".to_owned());
        }
        let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if let Some(bad) = expanded.chars().find(|c| !allowed(c)) {
            return Err(format!("IAM does not allow `{}` in a policy; use ASCII characters", bad.escape_default()));
        }
        let mut sids = BTreeSet::new();
        for (index, statement) in policy.statements().iter().enumerate() {
            let name = policy.name_of(index);
            let fail = |error| format!("{name} of the policy {error}");
            if statement.principals != Principals::Absent {
                return Err(format!(
                    "{name} of the policy has a `Principal`, which is not allowed in a permissions policy; configure who may assume the role in its `trust`"
                ));
            }
            let (Actions::Only(actions) | Actions::AllBut(actions)) = &statement.actions;
            if actions.is_empty() {
                return Err(fail("has no action; add at least one".to_owned()));
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
            check_sid(statement.sid.as_deref(), &mut sids).map_err(fail)?;
            for action in actions {
                let of_action = |error| fail(format!("has the action `{}`, {error}", Untrusted::new(action)));
                check_action(action).map_err(of_action)?;
            }
            let resources = resources_of(&policy, index);
            resources.iter().try_for_each(|resource| check_resource(resource)).map_err(fail)?;
            for clause in statement.condition.clauses() {
                let of_clause = |error| fail(format!("has a condition on `{}`: {error}", Untrusted::new(&clause.key)));
                check_values(clause).map_err(of_clause)?;
                let of_key =
                    |error| fail(format!("has the condition key `{}`, which {error}", Untrusted::new(&clause.key)));
                check_key(&clause.key).map_err(of_key)?;
            }
        }
        Ok(())
    })
}

/// Checks the identifier of a statement, which may be empty.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>.
fn check_sid<'a>(sid: Option<&'a str>, earlier: &mut BTreeSet<&'a str>) -> Result<(), String> {
    let Some(sid) = sid else { return Ok(()) };
    if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(format!(
            "has the `Sid` `{}`, and IAM accepts only ASCII letters and digits; rename it",
            Untrusted::new(sid)
        ));
    }
    if !sid.is_empty() && !earlier.insert(sid) {
        return Err("has the `Sid` of an earlier statement, and IAM accepts each only once; rename one".to_owned());
    }
    Ok(())
}

/// Checks that a resource is an ARN or a pattern of ARNs. Its fields are left to IAM.
fn check_resource(resource: &str) -> Result<(), String> {
    let is_arn = resource.starts_with("arn:") && (resource.contains('*') || resource.splitn(6, ':').count() == 6);
    // IAM accepts a wildcard at any place.
    (is_arn || resource.starts_with(['*', '?'])).then_some(()).ok_or_else(|| {
        format!(
            "has the resource `{}`, which is not an ARN; write an ARN, a pattern of ARNs or `*`",
            Untrusted::new(resource)
        )
    })
}

/// The values of `Resource` and `NotResource`.
fn resources_of(policy: &Document, index: usize) -> Vec<String> {
    let statement = match policy.as_map().get("Statement") {
        Some(Json::Array(all)) => all.get(index),
        one => one,
    };
    let values = ["Resource", "NotResource"].map(|key| statement.and_then(|one| texts(one.get(key)?)));
    values.into_iter().flatten().flatten().collect()
}

/// The total size of inline policies as it counts towards the quota, in characters.
pub(crate) fn inline_policies_size(policies: &BTreeMap<String, Template>) -> usize {
    let size = |policy: &Template| {
        let text =
            sample_account().map_or_else(|| policy.0.clone(), |account| policy.expand(&account, Place::PolicyString));
        let json = Document::parse(&text).map_or(text, |policy| policy.to_json());
        inline_length(&json)
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
        insta::assert_snapshot!(error("{}"), @"`Statement` is missing");
        insta::assert_snapshot!(error(r#"{"Statement":[]}"#), @"the policy has no statement; add at least one");
        insta::assert_snapshot!(error(r#"{"Version":"1","Version":"2","Statement":[]}"#), @"the policy is not valid JSON: the key `Version` appears twice at line 1 column 28");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#), @"statement 1 of the policy has a `Principal`, which is not allowed in a permissions policy; configure who may assume the role in its `trust`");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":["s3:GetObject","iam:**"],"Resource":"*"}}"#), @"statement 1 of the policy has the action `iam:**`, and IAM does not accept `**`; write `*`");
        insta::assert_snapshot!(error(r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}"#), @r#"statement 1 of the policy has no `Resource`; add `"Resource": "*"` or ARNs"#);
        insta::assert_snapshot!(error(r#"{"Statement":{"Sid":"–","Effect":"Allow","Action":"a:b","Resource":"*"}}"#), @r"IAM does not allow `\u{2013}` in a policy; use ASCII characters");
    }

    #[test]
    fn elements_that_iam_never_accepts_are_rejected() {
        let check = |elements: &str| {
            permissions_policy(&format!(r#"{{"Statement":[{{"Effect":"Allow",{elements}}}]}}"#))
                .map(|_| ())
                .unwrap_err()
        };
        insta::assert_snapshot!(check(r#""Action":"nonsense","Resource":"*""#), @"statement 1 of the policy has the action `nonsense`, which names no service; write it as in `s3:GetObject`");
        insta::assert_snapshot!(check(r#""NotAction":["s3:*",":x"],"Resource":"*""#), @"statement 1 of the policy has the action `:x`, which names no service; write it as in `s3:GetObject`");
        insta::assert_snapshot!(check(r#""Action":"s3:*","Resource":["arn:aws:s3:::x","foo"]"#), @"statement 1 of the policy has the resource `foo`, which is not an ARN; write an ARN, a pattern of ARNs or `*`");
        insta::assert_snapshot!(check(r#""Action":"s3:*","NotResource":"arn:aws:s3""#), @"statement 1 of the policy has the resource `arn:aws:s3`, which is not an ARN; write an ARN, a pattern of ARNs or `*`");
        insta::assert_snapshot!(check(r#""Sid":"a b!","Action":"s3:*","Resource":"*""#), @"statement `a b!` of the policy has the `Sid` `a b!`, and IAM accepts only ASCII letters and digits; rename it");
        insta::assert_snapshot!(check(r#""Sid":"A","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*""#), @"statement `A` of the policy has the `Sid` of an earlier statement, and IAM accepts each only once; rename one");
        insta::assert_snapshot!(check(r#""Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"yes"}}"#), @"statement 1 of the policy has a condition on `aws:SecureTransport`: IAM compares the values of `Bool` with `true` or `false` only; correct the value");
        insta::assert_snapshot!(check(r#""Action":[],"Resource":"*""#), @"statement 1 of the policy has no action; add at least one");
        insta::assert_snapshot!(check(r#""Action":"s3:GetObject ","Resource":"*""#), @"statement 1 of the policy has the action `s3:GetObject `, which contains a space or another character that no action has; write it as in `s3:GetObject`");
        insta::assert_snapshot!(check(r#""Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"SourceVpc":"vpc-1"}}"#), @"statement 1 of the policy has the condition key `SourceVpc`, which does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:SourceVpc`");
        insta::assert_snapshot!(check(r#""Action":"s3:*","Resource":"*","Conditions":{"Bool":{"aws:SecureTransport":"true"}}"#), @"statement 1 of the policy has the element `Conditions`, which IAM does not accept there; did you mean `Condition`?");
        for good in [
            r#""Action":"*","Resource":"*""#,
            r#""Action":["iam:Get?ole","S3:*"],"Resource":"arn:{partition}:s3:::x/${aws:username}/*""#,
            r#""Sid":"","Action":"s3:*","Resource":["arn:*","*:role/x"],"Condition":{"Null":{"aws:TagKeys":true}}"#,
        ] {
            let policy = format!(r#"{{"Statement":[{{"Effect":"Allow",{good}}}]}}"#);
            assert!(permissions_policy(&policy).is_ok(), "{good}");
        }
    }
}
