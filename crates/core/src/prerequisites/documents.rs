//! The policy documents, with placeholders in the place of values.
//!
//! | Placeholder | Value |
//! |---|---|
//! | `{partition}` | the AWS partition |
//! | `{account}` | the ID of the account that the prerequisite belongs to |
//! | `{access-role}` | the access role of the member accounts |
//! | `{application-service}`, `{application-target}` | the service of the applications, and the role that they assume |
//! | `{account-creation-role}` | the role that creates accounts |
//! | `{session-tag}` | the key of the session tag |
//!
//! Policy variables, such as `${aws:PrincipalOrgID}`, are part of the policies and stay as they are.
//!
//! - MFA is required with `Bool`, not `BoolIfExists`: a request with long-term access keys has no key
//!   `aws:MultiFactorAuthPresent` and must be denied.
//!   See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.
//! - `aws:ResourceOrgID` limits a pattern of accounts to those of the organization: a role of the same name in an account of
//!   someone else cannot be assumed by mistake. A new account may not have the key yet, therefore `IfExists`.
//! - With a session tag, a person has to pass the tag with the value of the person's own tag, and no other tag, so that no one
//!   can pass the tag of another team.

use serde_json::{Map, Value, json};

use super::kind::Prerequisite;
use super::settings::{MfaRequirement, Settings};

/// Whether people pass a session tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionTags {
    None,
    One,
}

/// The policy variable with the caller's own value of the session tag.
pub(super) const OWN_TAG: &str = "${aws:PrincipalTag/{session-tag}}";

/// The policy document of a prerequisite with these settings.
pub(super) fn chosen(prerequisite: Prerequisite, settings: &Settings) -> Value {
    let tags = if settings.session_tag.is_some() { SessionTags::One } else { SessionTags::None };
    document(prerequisite, settings.mfa, tags)
}

/// The policy document of a prerequisite. Only the policies of people depend on MFA, and only that of the identity account has
/// a variant with a session tag.
pub(super) fn document(prerequisite: Prerequisite, mfa: MfaRequirement, tags: SessionTags) -> Value {
    let statement = match prerequisite {
        Prerequisite::IdentityAccessPolicy => access(mfa, tags),
        Prerequisite::ManagementAccessPolicy => access(mfa, SessionTags::None),
        Prerequisite::ApplicationRole => json!({
            "Effect": "Allow",
            "Principal": { "Service": "{application-service}" },
            "Action": "sts:AssumeRole",
            // Against the confused deputy problem. Not every service sets the key.
            "Condition": { "StringEqualsIfExists": { "aws:SourceAccount": "{account}" } },
        }),
        Prerequisite::ApplicationPolicy => json!({
            "Sid": "AssumeRoleOfApplication",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:{partition}:iam::*:role/{application-target}",
            "Condition": in_the_organization(),
        }),
        Prerequisite::AccountCreationAccessPolicy => with_condition(
            json!({
                "Sid": "AssumeAccountCreationRole",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": "arn:{partition}:iam::{account}:role/{account-creation-role}",
            }),
            with_mfa(Map::new(), mfa),
        ),
        Prerequisite::AccountCreationRole => with_condition(
            json!({
                "Effect": "Allow",
                "Principal": { "AWS": "arn:{partition}:iam::{account}:root" },
                "Action": "sts:AssumeRole",
            }),
            with_mfa(Map::new(), mfa),
        ),
        // Neither action supports resource-level permissions.
        Prerequisite::AccountCreationPolicy => json!({
            "Sid": "CreateAccounts",
            "Effect": "Allow",
            "Action": ["organizations:CreateAccount", "organizations:DescribeCreateAccountStatus"],
            "Resource": "*",
        }),
    };
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn access(mfa: MfaRequirement, tags: SessionTags) -> Value {
    let mut condition = in_the_organization();
    let actions = match tags {
        SessionTags::None => json!("sts:AssumeRole"),
        SessionTags::One => {
            condition.insert("StringEquals".to_owned(), json!({ "aws:RequestTag/{session-tag}": OWN_TAG }));
            condition.insert("ForAllValues:StringEquals".to_owned(), json!({ "aws:TagKeys": "{session-tag}" }));
            json!(["sts:AssumeRole", "sts:TagSession"])
        }
    };
    with_condition(
        json!({
            "Sid": "AssumeAccessRole",
            "Effect": "Allow",
            "Action": actions,
            "Resource": "arn:{partition}:iam::*:role/{access-role}",
        }),
        with_mfa(condition, mfa),
    )
}

fn in_the_organization() -> Map<String, Value> {
    let same = json!({ "aws:ResourceOrgID": "${aws:PrincipalOrgID}" });
    Map::from_iter([("StringEqualsIfExists".to_owned(), same)])
}

fn with_mfa(mut condition: Map<String, Value>, mfa: MfaRequirement) -> Map<String, Value> {
    if mfa == MfaRequirement::Required {
        condition.insert("Bool".to_owned(), json!({ "aws:MultiFactorAuthPresent": "true" }));
    }
    condition
}

/// The statement with a condition, unless that is empty.
fn with_condition(mut statement: Value, condition: Map<String, Value>) -> Value {
    if let (Some(elements), false) = (statement.as_object_mut(), condition.is_empty()) {
        elements.insert("Condition".to_owned(), Value::Object(condition));
    }
    statement
}

/// The document with every string replaced, keys included.
pub(super) fn map_strings(value: &Value, replace: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => json!(replace(text)),
        Value::Array(items) => items.iter().map(|item| map_strings(item, replace)).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (replace(key), map_strings(value, replace))).collect()
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
#[path = "documents_tests.rs"]
mod tests;
