//! Trust policies as people paste them: URL-encoded as the IAM API returns them, within the answer of an AWS CLI command,
//! or as a JSON string.

use serde_json::{Map, Value};

use super::document::{Document, Principals};
use crate::json;

/// A trust policy, and what it was taken out of.
#[derive(Debug)]
pub struct PastedPolicy {
    /// The policy.
    pub document: Document,
    /// One note for each step of unwrapping, such as `the policy is URL-encoded`.
    pub notes: Vec<&'static str>,
}

/// The command that prints a trust policy.
const QUERY: &str = "aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument";

/// More layers than any answer has.
const LAYERS: usize = 6;

impl PastedPolicy {
    /// Finds the trust policy in a text.
    ///
    /// # Errors
    /// When it contains none, or more than one, or a permissions policy; with what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut text = text.to_owned();
        let mut notes = Vec::new();
        for _ in 0..LAYERS {
            match layer(&text)? {
                Some((inner, note)) => {
                    text = inner;
                    notes.push(note);
                }
                None => break,
            }
        }
        let document = Document::parse(trimmed(&text)).map_err(|error| error.to_string())?;
        let has_principal = document.statements().iter().any(|s| s.principals != Principals::Absent);
        let has_resource = document.statements().iter().any(|s| s.resources.as_ref().is_none_or(|all| !all.is_empty()));
        if has_resource && !has_principal {
            return Err(format!(
                "it is a permissions policy (it has `Resource` and no `Principal`), which says what a role may do and not who may assume it; get the trust policy with `{QUERY}`"
            ));
        }
        Ok(Self { document, notes })
    }
}

/// White space and a byte order mark do not belong to the policy.
fn trimmed(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}

/// The contents of one layer, and the name of the layer; `None` for a policy, or for what is neither.
fn layer(text: &str) -> Result<Option<(String, &'static str)>, String> {
    let text = trimmed(text);
    if text.starts_with("%7B") || text.starts_with("%7b") || text.starts_with("%22") {
        let decoded = percent_decoded(text).ok_or("it is URL-encoded, and the encoding is not valid; copy it again")?;
        return Ok(Some((decoded, "the policy is URL-encoded")));
    }
    if text.starts_with('"') {
        return Ok(serde_json::from_str(text).ok().map(|inner| (inner, "the policy is a JSON string")));
    }
    let Ok(map) = json::object(text) else { return Ok(None) };
    if map.contains_key("Statement") {
        return Ok(None);
    }
    let inner = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (path, note) in [
        (&["AssumeRolePolicyDocument"][..], "the policy is the `AssumeRolePolicyDocument`"),
        (&["Role"], "the input is the answer of `aws iam get-role`"),
        (&["PolicyDocument"], "the policy is the `PolicyDocument`"),
        (&["PolicyVersion", "Document"], "the policy is the `PolicyVersion.Document`"),
    ] {
        if let Some(value) = at(&map, path) {
            return Ok(Some((inner(value), note)));
        }
    }
    for (list, note) in [
        ("RoleDetailList", "the input is the answer of `aws iam get-account-authorization-details`"),
        ("Roles", "the input is the answer of `aws iam list-roles`"),
    ] {
        match map.get(list).and_then(Value::as_array).map(Vec::as_slice) {
            Some([one]) => return Ok(Some((inner(one), note))),
            Some(roles) => {
                return Err(format!(
                    "it has {} roles in `{list}`; choose one with `--query \"{list}[?RoleName=='NAME'] | [0].AssumeRolePolicyDocument\"`, or use `{QUERY}`",
                    roles.len()
                ));
            }
            None => {}
        }
    }
    Ok(None)
}

fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, key| value.get(key))
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
        insta::assert_snapshot!(error("%7B%2"), @"it is URL-encoded, and the encoding is not valid; copy it again");
        assert!(error(&"\"".repeat(9)).contains("not valid JSON"));
    }
}
