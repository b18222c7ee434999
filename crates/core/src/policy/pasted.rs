//! Trust policies as people paste them: URL-encoded as the IAM API returns them, within the answer of an AWS CLI command,
//! a CloudFormation resource, an event of CloudTrail or an item of AWS Config, or as a JSON string.

use serde_json::{Map, Value};

use super::document::{Document, Principals};
use super::error::PolicyError;
use super::located::path_of_policy;
use crate::json;
use crate::suggestion::list_of;
use crate::text::Untrusted;

/// A trust policy, and what it was taken out of.
#[derive(Debug)]
pub struct PastedPolicy {
    /// The policy.
    pub document: Document,
    /// One note for each step of unwrapping, such as `the policy is URL-encoded`.
    pub notes: Vec<&'static str>,
    /// What the form says about the origin of the policy.
    pub origin: PolicyOrigin,
}

/// Where a policy comes from. In a policy that IAM returned, a unique ID is that of a deleted role or user; in one that was
/// written manually, it may be that of a role or user that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyOrigin {
    /// IAM returned it: it is within an answer of the API.
    Iam,
    /// The form does not show it.
    Unknown,
}

const RESOURCE: &str = "the input is a resource of a CloudFormation template";
const AS_POLICY: &str = r#"`{"Version": "2012-10-17", "Statement": [ … ]}`"#;
const EVENT: &str = "the input is an event of CloudTrail";

/// The command that prints a trust policy.
const QUERY: &str = "aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument";

/// More layers than any answer has.
const LAYERS: usize = 8;

/// The contents of one layer, the name of the layer, and whether only answers of IAM have it.
struct Layer {
    inner: String,
    note: &'static str,
    origin: PolicyOrigin,
}

impl PastedPolicy {
    /// Finds the trust policy in a text.
    ///
    /// # Errors
    /// When it contains none, or more than one, or a permissions policy; with what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut text = text.to_owned();
        let mut notes = Vec::new();
        let mut origin = PolicyOrigin::Unknown;
        for _ in 0..LAYERS {
            let Some(layer) = layer(&text)? else { break };
            text = layer.inner;
            notes.push(layer.note);
            if layer.origin == PolicyOrigin::Iam {
                origin = PolicyOrigin::Iam;
            }
        }
        let document = Document::parse(trimmed(&text)).map_err(|error| explained(&error, trimmed(&text)))?;
        let has_principal = document.statements().iter().any(|s| s.principals != Principals::Absent);
        let has_resource = document.statements().iter().any(|s| s.resources.as_ref().is_none_or(|all| !all.is_empty()));
        if has_resource && !has_principal {
            return Err(format!(
                "it is a permissions policy (it has `Resource` and no `Principal`), which says what a role may do and not who may assume it; get the trust policy with `{QUERY}`"
            ));
        }
        Ok(Self { document, notes, origin })
    }
}

/// Why a text is not a policy, and where it contains one.
fn explained(error: &PolicyError, text: &str) -> String {
    let path = match error {
        PolicyError::Missing { element, .. } if element == "Statement" => {
            json::object(text).ok().and_then(|object| path_of_policy(&object))
        }
        _ => None,
    };
    match path {
        Some(path) => format!("it is another document; its `{path}` is a policy, so pass only that"),
        None => error.to_string(),
    }
}

/// White space and a byte order mark do not belong to the policy.
fn trimmed(text: &str) -> &str {
    text.trim().trim_start_matches('\u{feff}').trim()
}

/// The outermost layer; `None` for a policy, or for what is neither.
fn layer(text: &str) -> Result<Option<Layer>, String> {
    let text = trimmed(text);
    if text.starts_with('%') || (text.contains("%22") && !text.contains('"')) {
        let decoded = url_decoded(text).ok_or("it is URL-encoded, and the encoding is not valid; copy it again")?;
        return Ok(Some(Layer { inner: decoded, note: "the policy is URL-encoded", origin: PolicyOrigin::Iam }));
    }
    if text.starts_with('"') {
        return Ok(json_string(text, "the policy is a JSON string"));
    }
    if text.starts_with('[') {
        return array(text);
    }
    if text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('\\')) {
        // Line breaks between the escaped lines are not part of a JSON string.
        let quoted = format!("\"{}\"", text.replace(['\n', '\r', '\t'], " "));
        return Ok(json_string(&quoted, "the policy is a JSON string without its quotes"));
    }
    let Ok(map) = json::object(text) else { return Ok(None) };
    if map.contains_key("Statement") {
        return Ok(None);
    }
    if map.contains_key("Effect") && (map.contains_key("Action") || map.contains_key("NotAction")) {
        return Err(format!("it is one statement and not a policy; write it as {AS_POLICY}"));
    }
    let is_role = ["RoleId", "CreateDate"].iter().any(|key| map.contains_key(*key));
    let of_role = if is_role { PolicyOrigin::Iam } else { PolicyOrigin::Unknown };
    for (path, note, origin) in [
        (&["AssumeRolePolicyDocument"][..], "the policy is the `AssumeRolePolicyDocument`", of_role),
        (&["Role"], "the input is the answer of `aws iam get-role`", PolicyOrigin::Iam),
        (&["PolicyDocument"], "the policy is the `PolicyDocument`", PolicyOrigin::Unknown),
        (&["PolicyVersion", "Document"], "the policy is the `PolicyVersion.Document`", PolicyOrigin::Unknown),
        (&["Properties", "AssumeRolePolicyDocument"], RESOURCE, PolicyOrigin::Unknown),
        (&["Properties", "PolicyDocument"], RESOURCE, PolicyOrigin::Unknown),
        (&["assumeRolePolicyDocument"], "the policy is the `assumeRolePolicyDocument`", of_role),
        (&["configuration", "assumeRolePolicyDocument"], "the input is an item of AWS Config", PolicyOrigin::Iam),
        (&["policyDocument"], "the policy is the `policyDocument`", PolicyOrigin::Unknown),
        (&["requestParameters", "policyDocument"], EVENT, PolicyOrigin::Unknown),
        (&["requestParameters", "assumeRolePolicyDocument"], EVENT, PolicyOrigin::Unknown),
        (&["detail", "requestParameters", "policyDocument"], EVENT, PolicyOrigin::Unknown),
        (&["detail", "requestParameters", "assumeRolePolicyDocument"], EVENT, PolicyOrigin::Unknown),
        (&["assume_role_policy"], "the policy is the `assume_role_policy` of Terraform", PolicyOrigin::Unknown),
        (&["values", "assume_role_policy"], "the input is a resource of Terraform", PolicyOrigin::Unknown),
    ] {
        if let Some(value) = at(&map, path) {
            return Ok(Some(Layer { inner: inner(value), note, origin }));
        }
    }
    for (list, note) in [
        ("RoleDetailList", "the input is the answer of `aws iam get-account-authorization-details`"),
        ("Roles", "the input is the answer of `aws iam list-roles`"),
    ] {
        match map.get(list).and_then(Value::as_array).map(Vec::as_slice) {
            Some([one]) => return Ok(Some(Layer { inner: inner(one), note, origin: PolicyOrigin::Iam })),
            Some(roles) => {
                return Err(format!(
                    "it has {} roles in `{list}`; choose one with `--query \"{list}[?RoleName=='NAME'] | [0].AssumeRolePolicyDocument\"`, or use `{QUERY}`",
                    roles.len()
                ));
            }
            None => {}
        }
    }
    of_template(&map)
}

/// The only role of a CloudFormation template.
fn of_template(template: &Map<String, Value>) -> Result<Option<Layer>, String> {
    let Some(resources) = template.get("Resources").and_then(Value::as_object) else { return Ok(None) };
    let document = |resource: &'_ Value| resource.pointer("/Properties/AssumeRolePolicyDocument").map(inner);
    let roles: Vec<_> = resources.iter().filter_map(|(name, one)| Some((name, document(one)?))).collect();
    match roles.as_slice() {
        [(_, inner)] => {
            let note = "the policy is that of the only role in a CloudFormation template";
            Ok(Some(Layer { inner: inner.clone(), note, origin: PolicyOrigin::Unknown }))
        }
        [] => Ok(None),
        several => {
            let names: Vec<_> = several.iter().map(|(name, _)| Untrusted::new(name).to_string()).collect();
            let names = list_of(names.iter().map(String::as_str));
            Err(format!(
                "it is a CloudFormation template with several roles: {names}; keep only the `AssumeRolePolicyDocument` of one"
            ))
        }
    }
}

/// An array, such as the output of `aws iam list-roles --query Roles`: of roles, or of policies.
fn array(text: &str) -> Result<Option<Layer>, String> {
    let Ok(map) = json::object(&format!("{{\"Array\":{text}}}")) else { return Ok(None) };
    let Some(items) = map.get("Array").and_then(Value::as_array) else { return Ok(None) };
    let has_role = items.iter().any(|item| item.get("AssumeRolePolicyDocument").is_some());
    let has_policy = items.iter().any(|item| item.get("Statement").is_some());
    if items.iter().any(|item| item.get("Effect").is_some()) {
        return Err(format!("it is an array of statements and not a policy; write it as {AS_POLICY}"));
    }
    let (what, note, origin) = match (has_role, has_policy) {
        (true, _) => ("roles", "the input is an array of roles", PolicyOrigin::Iam),
        (false, true) => ("policies", "the input is an array of policies", PolicyOrigin::Unknown),
        (false, false) => return Ok(None),
    };
    match items.as_slice() {
        [one] => Ok(Some(Layer { inner: inner(one), note, origin })),
        _ => Err(format!("it is an array of {} {what}; get one trust policy with `{QUERY}`", items.len())),
    }
}

/// A policy is an object, or a string that contains one.
fn inner(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn json_string(text: &str, note: &'static str) -> Option<Layer> {
    let inner = serde_json::from_str(text).ok()?;
    Some(Layer { inner, note, origin: PolicyOrigin::Unknown })
}

fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, key| value.get(key))
}

/// The decoded text. Forms encode a space as `+`, which JSON does not contain between its strings; IAM encodes it as `%20`.
fn url_decoded(text: &str) -> Option<String> {
    let decoded = percent_decoded(text)?;
    if text.contains('+') && serde_json::from_str::<serde::de::IgnoredAny>(trimmed(&decoded)).is_err() {
        return percent_decoded(&text.replace('+', " "));
    }
    Some(decoded)
}

/// RFC 3986: `%` and two hexadecimal digits stand for a byte.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#;

    fn encoded(text: &str) -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    }

    #[test]
    fn pasted_forms_are_unwrapped() {
        let string = serde_json::to_string(POLICY).unwrap();
        for (pasted, layers) in [
            (POLICY.to_owned(), 0),
            (format!("\u{feff}\n {POLICY}\n"), 0),
            (encoded(POLICY), 1),
            (encoded(POLICY).replace("%7B", "%7b"), 1),
            (string.clone(), 1),
            (encoded(&string), 2),
            (format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{POLICY}}}}}"#), 2),
            (format!(r#"{{"Role":{{"AssumeRolePolicyDocument":"{}"}}}}"#, encoded(POLICY)), 3),
            (format!(r#"{{"AssumeRolePolicyDocument":{string}}}"#), 1),
            (format!(r#"{{"RoleDetailList":[{{"AssumeRolePolicyDocument":{POLICY}}}]}}"#), 2),
            (format!(r#"[{{"RoleName":"r","AssumeRolePolicyDocument":{POLICY}}}]"#), 2),
            (format!("\n[\n{POLICY}\n]"), 1),
            (string.trim_matches('"').to_owned(), 1),
            (string.trim_matches('"').replace('[', "\n  ["), 1),
            (format!("%0A%20%20{}", encoded(POLICY)), 1),
            (format!("%EF%BB%BF{}", encoded(POLICY)), 1),
            (POLICY.replace('"', "%22"), 1),
            (encoded(&POLICY.replace(',', ", ")).replace("%20", "+"), 1),
            (encoded(&encoded(POLICY)), 2),
            (format!(r#"{{"Type":"AWS::IAM::Role","Properties":{{"AssumeRolePolicyDocument":{POLICY}}}}}"#), 1),
            (
                format!(
                    r#"{{"Resources":{{"B":{{"Type":"AWS::SQS::Queue"}},"R":{{"Properties":{{"AssumeRolePolicyDocument":{POLICY}}}}}}}}}"#
                ),
                1,
            ),
            (
                format!(
                    r#"{{"eventName":"UpdateAssumeRolePolicy","requestParameters":{{"roleName":"r","policyDocument":{string}}}}}"#
                ),
                1,
            ),
            (format!(r#"{{"detail":{{"requestParameters":{{"assumeRolePolicyDocument":{string}}}}}}}"#), 1),
            (format!(r#"{{"configuration":{{"assumeRolePolicyDocument":"{}"}}}}"#, encoded(POLICY)), 2),
            (format!(r#"{{"roleName":"r","assumeRolePolicyDocument":{string}}}"#), 1),
            (format!(r#"{{"type":"aws_iam_role","values":{{"assume_role_policy":{string}}}}}"#), 1),
        ] {
            let parsed = PastedPolicy::parse(&pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
            assert_eq!((parsed.notes.len(), parsed.document.to_json().as_str()), (layers, POLICY), "{pasted}");
        }
    }

    #[test]
    fn other_documents_are_refused_with_the_way_to_get_a_trust_policy() {
        let error = |text: &str| PastedPolicy::parse(text).unwrap_err();
        let permissions = r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        insta::assert_snapshot!(error(permissions), @"it is a permissions policy (it has `Resource` and no `Principal`), which says what a role may do and not who may assume it; get the trust policy with `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`");
        assert_eq!(
            error(&format!(r#"{{"RoleName":"r","PolicyName":"p","PolicyDocument":{permissions}}}"#)),
            error(permissions)
        );
        insta::assert_snapshot!(error(r#"{"RoleDetailList":[{},{}]}"#), @r#"it has 2 roles in `RoleDetailList`; choose one with `--query "RoleDetailList[?RoleName=='NAME'] | [0].AssumeRolePolicyDocument"`, or use `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`"#);
        insta::assert_snapshot!(error(r#"[{"AssumeRolePolicyDocument":{}},{}]"#), @"it is an array of 2 roles; get one trust policy with `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`");
        insta::assert_snapshot!(error(r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#), @r#"it is one statement and not a policy; write it as `{"Version": "2012-10-17", "Statement": [ … ]}`"#);
        insta::assert_snapshot!(error(r#"{"version":"2012-10-17","statement":[]}"#), @"`Statement` is missing; write `statement` as `Statement`");
        insta::assert_snapshot!(error(r#"[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]"#), @r#"it is an array of statements and not a policy; write it as `{"Version": "2012-10-17", "Statement": [ … ]}`"#);
        insta::assert_snapshot!(error(r#"{"instances":[{"attributes":{"assume_role_policy":"{}"}}]}"#), @"it is another document; its `instances[0].attributes.assume_role_policy` is a policy, so pass only that");
        let role = r#"{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":{}}}"#;
        insta::assert_snapshot!(error(&format!(r#"{{"Resources":{{"One":{role},"Two":{role}}}}}"#)), @"it is a CloudFormation template with several roles: `One` and `Two`; keep only the `AssumeRolePolicyDocument` of one");
        let function = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333",{"Fn::GetAtt":["R","Arn"]}]},"Action":"sts:AssumeRole"}]}"#;
        insta::assert_snapshot!(error(function), @"`Statement[0].Principal.AWS` is not valid: expected a string or an array of strings, and not `Fn::GetAtt`, a CloudFormation function; write the value");
        assert!(error("[]").contains("not a JSON object") && error("[1]").contains("not a JSON object"));
        insta::assert_snapshot!(error("%7B%2"), @"it is URL-encoded, and the encoding is not valid; copy it again");
        assert!(error("{\\x").contains("not valid JSON"));
        assert!(error(&"\"".repeat(9)).contains("not valid JSON"));
    }
}
