//! What IAM accepts in the elements and actions of a permissions policy.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value};

use crate::json;
use crate::policy::VERSIONS;
use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

const OF_POLICY: [&str; 3] = ["Version", "Id", "Statement"];
const OF_STATEMENT: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
/// Elements of other policies, which are reported with their own message.
const PRINCIPALS: [&str; 2] = ["Principal", "NotPrincipal"];

/// Checks the names of the elements of a policy, its version, and the elements that exclude each other. What is not JSON is left to
/// other checks.
pub(super) fn check_elements(text: &str) -> Result<(), String> {
    let Ok(policy) = json::object(text) else { return Ok(()) };
    if let Some(unknown) = policy.keys().find(|key| !OF_POLICY.contains(&key.as_str())) {
        let of_statement = OF_STATEMENT.contains(&unknown.as_str());
        let hint = if of_statement { "; move it into a statement".to_owned() } else { remedy(unknown, &OF_POLICY) };
        let unknown = Untrusted::new(unknown);
        return Err(format!("the policy has the element `{unknown}`, which IAM does not accept there{hint}"));
    }
    match policy.get("Version") {
        None => {}
        Some(Value::String(version)) if VERSIONS.contains(&version.as_str()) => {}
        Some(_) => {
            return Err("the `Version` of the policy is not one that IAM accepts; write `\"2012-10-17\"`".to_owned());
        }
    }
    if policy.get("Id").is_some_and(|id| !id.is_string()) {
        return Err("the `Id` of the policy is not a string; write it in quotes, or remove it".to_owned());
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut objects = statements.iter().enumerate().filter_map(|(index, one)| Some((index, one.as_object()?)));
    objects.try_for_each(|(index, statement)| {
        check_statement(statement).map_err(|error| format!("statement {} of the policy {error}", index + 1))
    })
}

fn check_statement(statement: &Map<String, Value>) -> Result<(), String> {
    let is_known = |key: &str| OF_STATEMENT.contains(&key) || PRINCIPALS.contains(&key);
    if let Some(unknown) = statement.keys().find(|key| !is_known(key)) {
        let hint = remedy(unknown, &OF_STATEMENT);
        return Err(format!("has the element `{}`, which IAM does not accept there{hint}", Untrusted::new(unknown)));
    }
    for pair in [["Action", "NotAction"], ["Resource", "NotResource"]] {
        if pair.iter().all(|key| statement.contains_key(*key)) {
            return Err(format!("has both {}, and IAM accepts only one of them; remove one", list_of(pair)));
        }
    }
    Ok(())
}

fn remedy(unknown: &str, known: &[&str]) -> String {
    let hint = did_you_mean(unknown, known.iter().copied());
    if hint.is_empty() { "; remove it".to_owned() } else { hint }
}

/// Checks an action: a service and a name, with wildcards in the name only, or a wildcard alone.
///
/// # Errors
/// The end of a sentence about the action.
pub(crate) fn check_action(action: &str) -> Result<(), String> {
    // IAM does not accept two wildcards in a row.
    if action.contains("**") {
        return Err("and IAM does not accept `**`; write `*`".to_owned());
    }
    if !action.is_empty() && action.bytes().all(|b| b == b'*' || b == b'?') {
        return Ok(());
    }
    let parts = action.split_once(':').filter(|(service, name)| !service.is_empty() && !name.is_empty());
    let Some((service, name)) = parts else {
        return Err("which names no service; write it as in `s3:GetObject`".to_owned());
    };
    if service != "*" && service.contains(['*', '?']) {
        return Err("and IAM accepts no wildcard in the name of a service; write it as in `s3:GetObject`".to_owned());
    }
    if name.contains(':') {
        return Err("and IAM accepts only one `:`; write it as in `s3:GetObject`".to_owned());
    }
    let are_allowed =
        |text: &str, others: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || others.contains(&b));
    if (service == "*" || are_allowed(service, b"-.")) && are_allowed(name, b"*?-_") {
        return Ok(());
    }
    Err("which contains a space or another character that no action has; write it as in `s3:GetObject`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: &str = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;

    #[test]
    fn elements_and_versions_that_iam_rejects_are_named() {
        let of_policy =
            |elements: &str| check_elements(&format!(r#"{{{elements}"Statement":[{STATEMENT}]}}"#)).unwrap_err();
        let of_statement = |elements: &str| {
            check_elements(&format!(r#"{{"Statement":[{STATEMENT},{{"Effect":"Allow",{elements}}}]}}"#)).unwrap_err()
        };
        let all = [
            of_policy(r#""Comment":"for backups","#),
            of_policy(r#""version":"2012-10-17","#),
            of_policy(r#""Condition":{},"#),
            of_policy(r#""Version":"2012-10-18","#),
            of_policy(r#""Version":"","#),
            of_policy(r#""Version":null,"#),
            of_policy(r#""Version":20121017,"#),
            of_policy(r#""Id":7,"#),
            of_statement(r#""Conditions":{"Bool":{"aws:SecureTransport":"true"}}"#),
            of_statement(r#""Actions":["s3:*"],"Resource":"*""#),
            of_statement(r#""Description":"x""#),
            of_statement(r#""Action":"s3:*","Resource":"*","NotResource":"arn:aws:s3:::x""#),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        the policy has the element `Comment`, which IAM does not accept there; remove it
        the policy has the element `version`, which IAM does not accept there; did you mean `Version`?
        the policy has the element `Condition`, which IAM does not accept there; move it into a statement
        the `Version` of the policy is not one that IAM accepts; write `"2012-10-17"`
        the `Version` of the policy is not one that IAM accepts; write `"2012-10-17"`
        the `Version` of the policy is not one that IAM accepts; write `"2012-10-17"`
        the `Version` of the policy is not one that IAM accepts; write `"2012-10-17"`
        the `Id` of the policy is not a string; write it in quotes, or remove it
        statement 2 of the policy has the element `Conditions`, which IAM does not accept there; did you mean `Condition`?
        statement 2 of the policy has the element `Actions`, which IAM does not accept there; did you mean `Action`?
        statement 2 of the policy has the element `Description`, which IAM does not accept there; remove it
        statement 2 of the policy has both `Resource` and `NotResource`, and IAM accepts only one of them; remove one
        "#);
        for good in [r#""Version":"2012-10-17","#, r#""Version":"2008-10-17","Id":"x","#, ""] {
            assert_eq!(check_elements(&format!(r#"{{{good}"Statement":{STATEMENT}}}"#)), Ok(()), "{good}");
        }
    }

    #[test]
    fn invalid_actions_are_rejected() {
        let all = [
            "",
            "s3",
            "s3:",
            ":x",
            "iam:**",
            "s*:GetObject",
            "s3::GetObject",
            "s3:GetObject ",
            "s3:Get Object",
            "s 3:x",
            "s3:Gét",
        ];
        let text = all.map(|action| format!("`{action}`, {}", check_action(action).unwrap_err())).join("\n");
        insta::assert_snapshot!(text, @"
        ``, which names no service; write it as in `s3:GetObject`
        `s3`, which names no service; write it as in `s3:GetObject`
        `s3:`, which names no service; write it as in `s3:GetObject`
        `:x`, which names no service; write it as in `s3:GetObject`
        `iam:**`, and IAM does not accept `**`; write `*`
        `s*:GetObject`, and IAM accepts no wildcard in the name of a service; write it as in `s3:GetObject`
        `s3::GetObject`, and IAM accepts only one `:`; write it as in `s3:GetObject`
        `s3:GetObject `, which contains a space or another character that no action has; write it as in `s3:GetObject`
        `s3:Get Object`, which contains a space or another character that no action has; write it as in `s3:GetObject`
        `s 3:x`, which contains a space or another character that no action has; write it as in `s3:GetObject`
        `s3:Gét`, which contains a space or another character that no action has; write it as in `s3:GetObject`
        ");
        for good in ["*", "?*", "*:*", "S3:Get*", "iam:Get?ole", "execute-api:Invoke", "service-prefix:action-name"] {
            assert_eq!(check_action(good), Ok(()), "{good}");
        }
    }
}
