//! Forms in which policies are copied from elsewhere, and that are not a policy document.

use serde_json::Value;

/// Where responses of AWS and templates contain a policy.
const WRAPPERS: [(&[&str], &str, FromAwsCli); 5] = [
    (&["PolicyDocument"], "the whole response of `aws iam get-role-policy`", FromAwsCli::Yes),
    (&["PolicyVersion", "Document"], "the whole response of `aws iam get-policy-version`", FromAwsCli::Yes),
    (&["Properties", "PolicyDocument"], "a resource of a CloudFormation template", FromAwsCli::No),
    (&["requestParameters", "policyDocument"], "an event of CloudTrail", FromAwsCli::No),
    (&["policyDocument"], "the parameters of a request in an event of CloudTrail", FromAwsCli::No),
];

/// Whether a command of the AWS CLI prints the text, so that its `--query` can print the policy alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FromAwsCli {
    Yes,
    No,
}

/// What a text is instead of a policy document, and how to get the document out of it.
pub(super) fn describe(text: &str) -> Option<String> {
    if text.trim_start().get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%7b")) {
        return Some("the policy is URL-encoded; decode it, so that it starts with `{`".to_owned());
    }
    let value: Value = serde_json::from_str(text).ok()?;
    if value.as_str().is_some_and(|inner| inner.trim_start().starts_with('{')) {
        return Some("the policy is a JSON string; write its content, which starts with `{`".to_owned());
    }
    let contains = |path: &[&str]| path.iter().try_fold(&value, |value, key| value.get(key)).is_some();
    if contains(&["Role", "AssumeRolePolicyDocument"]) {
        let what = "the whole response of `aws iam get-role`, which has a trust policy and no permissions";
        return Some(format!("this is {what}; configure who may assume the role in its `trust`"));
    }
    if let (Some(_), Some(_)) = (value.get("Effect"), value.get("Action").or_else(|| value.get("NotAction"))) {
        let policy = r#"{"Version": "2012-10-17", "Statement": [ … ]}"#;
        return Some(format!("this is one statement and not a policy; write it as `{policy}`"));
    }
    let (path, what, from_aws_cli) = WRAPPERS.into_iter().find(|(path, ..)| contains(path))?;
    let path = path.join(".");
    let query = match from_aws_cli {
        FromAwsCli::Yes => format!(" (AWS CLI: `--query {path}`)"),
        FromAwsCli::No => String::new(),
    };
    Some(format!("this is {what}; keep only its `{path}`{query}"))
}
