//! Whether IAM accepts a value of `"Principal": {"AWS": …}` in a trust policy.
//!
//! IAM accepts an account, a role, a user, a session or `*`, and no pattern. It refuses a policy with another value as a
//! whole ("Invalid principal in policy"), so a policy that IAM returned has none. The answer is therefore only for people
//! who write a policy: the evaluation of policies in accounts does not depend on it.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use super::principal::Principal;
use crate::account::{AccountId, Partition};
use crate::text::Untrusted;

/// What IAM does with a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PrincipalForm {
    /// It has a form that IAM accepts. Whether the role or user exists is not known.
    Accepted,
    /// An ARN of IAM or STS of a kind that is not known here.
    Unknown,
    /// IAM refuses it: the cause and what to write, as in `it has a wildcard; …`.
    Refused(String),
}

/// The form of a principal by its kind and its value.
pub(super) fn form(kind: &str, text: &str) -> PrincipalForm {
    let refused = |cause: &str| PrincipalForm::Refused(cause.to_owned());
    if text.is_empty() {
        return refused("it is empty; remove it");
    }
    if text.contains(['{', '}', '<', '>']) || text.contains("$(") {
        return refused("it has a placeholder, which nothing replaces; write the value itself");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) && without_separators(text).is_none() {
        return refused("it has white space; remove it");
    }
    match kind {
        "AWS" => aws(text),
        _ if text.contains(['*', '?']) => {
            refused("IAM accepts a wildcard as an AWS principal only; write the whole name")
        }
        "Service" if !text.contains('.') || text.contains(['/', ':']) => {
            refused("it is not the name of a service; write it as in `lambda.amazonaws.com`")
        }
        _ => PrincipalForm::Accepted,
    }
}

fn aws(text: &str) -> PrincipalForm {
    let refused = |cause: &str| PrincipalForm::Refused(cause.to_owned());
    if let Some(id) = without_separators(text) {
        return PrincipalForm::Refused(format!(
            "an account ID has twelve digits and nothing between them; write `{id}`"
        ));
    }
    if text == "*" || text.parse::<AccountId>().is_ok() {
        return PrincipalForm::Accepted;
    }
    if text.contains(['*', '?']) {
        return refused(
            "IAM accepts no wildcard in an account ID or ARN; name the account, and its roles in a condition with `ArnLike` \
             and `aws:PrincipalArn`",
        );
    }
    if matches!(Principal::from_policy("AWS", text), Principal::Orphan(_)) {
        return PrincipalForm::Accepted;
    }
    if !text.starts_with("arn:") {
        return refused(match text.get(..4) {
            Some("AKIA" | "ASIA") => "it is an access key ID; write the ARN of the user or role",
            Some("AROA" | "AIDA") => "it is not a whole unique ID; write the ARN of the role or user",
            Some("AGPA") => {
                "it is the unique ID of a group, and a group is not a principal; name users, roles or the account"
            }
            _ if text.ends_with(".amazonaws.com") => "it is a service; write it as `Service` instead of `AWS`",
            _ => "it is neither an account ID nor an ARN; write one of them",
        });
    }
    arn(text)
}

/// The twelve digits of an account ID that was written as in `1111-2222-3333`.
fn without_separators(text: &str) -> Option<String> {
    let is_written_so = text.bytes().all(|b| b.is_ascii_digit() || b"- ".contains(&b));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (is_written_so && digits.len() == 12 && digits.len() < text.len()).then_some(digits)
}

fn arn(text: &str) -> PrincipalForm {
    let refused = |cause: &str| PrincipalForm::Refused(cause.to_owned());
    let fields: Vec<_> = text.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = fields.as_slice() else {
        return refused("it is not a whole ARN; write it as in `arn:aws:iam::111122223333:root`");
    };
    if let Err(error) = Partition::from_user(partition) {
        return PrincipalForm::Refused(error.to_string());
    }
    if !["iam", "sts"].contains(service) {
        let service = Untrusted::new(*service);
        return PrincipalForm::Refused(format!("an ARN of the service `{service}` is not a principal; {EXPECTED}"));
    }
    if !region.is_empty() {
        return refused("the ARN of a principal has no region; leave the field empty");
    }
    if account.parse::<AccountId>().is_err() {
        return refused("its account ID does not have exactly twelve digits");
    }
    let (what, name) = resource.split_once('/').unwrap_or((resource, ""));
    match (*service, what, name) {
        ("iam", "root", "") if !resource.contains('/') => PrincipalForm::Accepted,
        ("iam", "role" | "user", name) if is_name(name) => PrincipalForm::Accepted,
        ("iam", "role" | "user", _) => refused("the name of the role or user is not valid"),
        ("iam", _, "") if !resource.contains('/') => refused("the ARN of an account ends in `:root`"),
        ("sts", "assumed-role" | "federated-user", name) if is_name(name) => PrincipalForm::Accepted,
        ("iam", "saml-provider" | "oidc-provider", _) => {
            refused("it is an identity provider; write it as `\"Federated\"` instead of `\"AWS\"`")
        }
        ("iam", "group" | "policy" | "instance-profile" | "mfa" | "server-certificate", _) => {
            PrincipalForm::Refused(format!("a resource of the type `{what}` is not a principal; {EXPECTED}"))
        }
        _ => PrincipalForm::Unknown,
    }
}

const EXPECTED: &str = "name an account, a role, a user or a session";

/// Whether a path with a name ends in a name of allowed characters.
fn is_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_that_iam_accepts_are_accepted() {
        for good in [
            "*",
            "222233334444",
            "arn:aws-us-gov:iam::222233334444:root",
            "arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b",
            "arn:aws:iam::222233334444:role/a:b!/x",
            "arn:aws:iam::222233334444:user/ann@example.com",
            "arn:aws:sts::222233334444:assumed-role/deployer/ci",
            "arn:aws:sts::222233334444:federated-user/bob",
            "arn:aws-new:iam::222233334444:root",
            "AROAIOSFODNN7EXAMPLE1",
        ] {
            assert_eq!(form("AWS", good), PrincipalForm::Accepted, "{good}");
        }
        assert_eq!(form("AWS", "arn:aws:iam::222233334444:newkind/x"), PrincipalForm::Unknown);
        for (kind, good) in [
            ("Service", "ec2.amazonaws.com"),
            ("Service", "states.eu-west-1.amazonaws.com"),
            ("Service", "ec2.amazonaws.com.cn"),
            ("Federated", "accounts.google.com"),
            ("Federated", "arn:aws:iam::222233334444:oidc-provider/example.com/a"),
            ("CanonicalUser", "79a59df900b949e5"),
        ] {
            assert_eq!(form(kind, good), PrincipalForm::Accepted, "{good}");
        }
    }

    #[test]
    fn principals_of_the_configuration_are_accepted() {
        for text in [
            "222233334444",
            "arn:aws-cn:iam::222233334444:root",
            "arn:aws:iam::222233334444:role/a/b.c",
            "arn:aws:iam::222233334444:user/x+y=z,@_-",
            "arn:aws:sts::222233334444:assumed-role/a/b",
            "AIDAIOSFODNN7EXAMPLE1",
        ] {
            let parsed = [Principal::to_grant(text), Principal::to_trust(text), Principal::to_revoke(text)];
            assert!(parsed.iter().any(Result::is_ok) && form("AWS", text) == PrincipalForm::Accepted, "{text}");
        }
    }

    #[test]
    fn principals_that_iam_refuses_have_a_cause() {
        let causes = [
            ("AWS", ""),
            ("AWS", "2222-3333-4444"),
            ("AWS", "2222 3333 4444"),
            ("AWS", "222233334444 "),
            ("AWS", "\tarn:aws:iam::222233334444:root"),
            ("AWS", "arn:aws:iam::222233334444:role/app-*"),
            ("AWS", "arn:aws:iam::????33334444:root"),
            ("AWS", "arn:aws:iam::${local.account}:root"),
            ("AWS", "arn:aws:iam::<account id>:root"),
            ("AWS", "arn:aws:iam::$(id):root"),
            ("AWS", "ASIAIOSFODNN7EXAMPLE"),
            ("AWS", "AIDA12"),
            ("AWS", "AGPAIOSFODNN7EXAMPLE1"),
            ("AWS", "admin"),
            ("AWS", "arn:aws:iam:222233334444:root"),
            ("AWS", "arn:azure:iam::222233334444:root"),
            ("AWS", "arn:aws-china:iam::222233334444:root"),
            ("AWS", "arn:aws:lambda::222233334444:function:x"),
            ("AWS", "arn:aws:iam:eu-west-1:222233334444:root"),
            ("AWS", "arn:aws:iam::2222333344445:root"),
            ("AWS", "arn:aws:iam::222233334444:role/"),
            ("AWS", "arn:aws:iam::222233334444:user/a#b"),
            ("AWS", "arn:aws:iam::222233334444:group/team"),
            ("AWS", "arn:aws:iam::222233334444:saml-provider/okta"),
            ("AWS", "arn:aws:iam::222233334444:Root"),
            ("Service", ""),
            ("Service", "*"),
            ("Service", "lambda"),
            ("Service", "https://lambda.amazonaws.com"),
            ("Federated", "arn:aws:iam::222233334444:oidc-provider/example.com/*"),
            ("Federated", "arn:aws:iam::{account-id}:oidc-provider/x"),
        ];
        let lines = causes.map(|(kind, text)| match form(kind, text) {
            PrincipalForm::Refused(cause) => format!("{text:?}: {cause}"),
            other => panic!("{text}: {other:?}"),
        });
        insta::assert_snapshot!(lines.join("\n"), @r#"
        "": it is empty; remove it
        "2222-3333-4444": an account ID has twelve digits and nothing between them; write `222233334444`
        "2222 3333 4444": an account ID has twelve digits and nothing between them; write `222233334444`
        "222233334444 ": an account ID has twelve digits and nothing between them; write `222233334444`
        "\tarn:aws:iam::222233334444:root": it has white space; remove it
        "arn:aws:iam::222233334444:role/app-*": IAM accepts no wildcard in an account ID or ARN; name the account, and its roles in a condition with `ArnLike` and `aws:PrincipalArn`
        "arn:aws:iam::????33334444:root": IAM accepts no wildcard in an account ID or ARN; name the account, and its roles in a condition with `ArnLike` and `aws:PrincipalArn`
        "arn:aws:iam::${local.account}:root": it has a placeholder, which nothing replaces; write the value itself
        "arn:aws:iam::<account id>:root": it has a placeholder, which nothing replaces; write the value itself
        "arn:aws:iam::$(id):root": it has a placeholder, which nothing replaces; write the value itself
        "ASIAIOSFODNN7EXAMPLE": it is an access key ID; write the ARN of the user or role
        "AIDA12": it is not a whole unique ID; write the ARN of the role or user
        "AGPAIOSFODNN7EXAMPLE1": it is the unique ID of a group, and a group is not a principal; name users, roles or the account
        "admin": it is neither an account ID nor an ARN; write one of them
        "arn:aws:iam:222233334444:root": it is not a whole ARN; write it as in `arn:aws:iam::111122223333:root`
        "arn:azure:iam::222233334444:root": `azure` is not a valid AWS partition; expected a name such as `aws` or `aws-us-gov`
        "arn:aws-china:iam::222233334444:root": `aws-china` is not an AWS partition; did you mean `aws-cn`?
        "arn:aws:lambda::222233334444:function:x": an ARN of the service `lambda` is not a principal; name an account, a role, a user or a session
        "arn:aws:iam:eu-west-1:222233334444:root": the ARN of a principal has no region; leave the field empty
        "arn:aws:iam::2222333344445:root": its account ID does not have exactly twelve digits
        "arn:aws:iam::222233334444:role/": the name of the role or user is not valid
        "arn:aws:iam::222233334444:user/a#b": the name of the role or user is not valid
        "arn:aws:iam::222233334444:group/team": a resource of the type `group` is not a principal; name an account, a role, a user or a session
        "arn:aws:iam::222233334444:saml-provider/okta": it is an identity provider; write it as `"Federated"` instead of `"AWS"`
        "arn:aws:iam::222233334444:Root": the ARN of an account ends in `:root`
        "": it is empty; remove it
        "*": IAM accepts a wildcard as an AWS principal only; write the whole name
        "lambda": it is not the name of a service; write it as in `lambda.amazonaws.com`
        "https://lambda.amazonaws.com": it is not the name of a service; write it as in `lambda.amazonaws.com`
        "arn:aws:iam::222233334444:oidc-provider/example.com/*": IAM accepts a wildcard as an AWS principal only; write the whole name
        "arn:aws:iam::{account-id}:oidc-provider/x": it has a placeholder, which nothing replaces; write the value itself
        "#);
    }
}
