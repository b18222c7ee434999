//! The forms of things that IAM, STS and Systems Manager refuse otherwise, told before anything is tried.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use std::collections::BTreeMap;

use super::table::Value;
use crate::account::{Account, AccountState, JoinMethod};
use crate::policy::Principal;
use crate::role::OWNER_TAG;
use crate::template::Template;
use crate::text::Untrusted;

/// How many managed policies a role may have; a quota that AWS raises on request up to twice of it.
const MANAGED_POLICIES: usize = 10;

/// Some account, to see what a template comes to.
pub(crate) fn sample_account() -> Option<Account> {
    Some(Account {
        id: "444455556666".parse().ok()?,
        name: Untrusted::default(),
        state: AccountState::Active,
        joined_at: None,
        joined: JoinMethod::Unknown,
        management: "111122223333".parse().ok()?,
        partition: "aws".parse().ok()?,
    })
}

/// A template whose text passes a check in some account.
pub(crate) fn template(text: &str, check: impl FnOnce(&str) -> Result<(), String>) -> Result<Template, String> {
    let template = Template(text.to_owned());
    let expanded = sample_account().map_or_else(|| text.to_owned(), |account| template.expand(&account));
    check(&expanded).map(|()| template)
}

/// The path of a role: `/`, or `/…/`.
pub(crate) fn path(text: &str) -> Result<String, String> {
    // IAM itself takes more, but a `*` in a path would be a wildcard in the session policy.
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&b);
    let formed = text.starts_with('/') && text.ends_with('/') && !text.contains("//") && text.len() <= 512;
    if formed && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` is no path; write `/`, or `/…/` of letters, digits and `_+=,.@-` in up to 512 characters",
            Untrusted::new(text)
        ))
    }
}

/// The description of a role.
pub(crate) fn description(text: &str) -> Result<String, String> {
    if text.chars().count() > 1000 {
        return Err("is longer than the 1000 characters that IAM takes; shorten it".to_owned());
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    match text.chars().find(|c| !allowed(*c)) {
        None => Ok(text.to_owned()),
        Some(bad) => {
            Err(format!("IAM takes no `{}` in a description; use the letters of Western Europe", bad.escape_default()))
        }
    }
}

/// The longest session of a role, in seconds.
pub(crate) fn session_seconds(value: &Value<'_>) -> Option<i32> {
    value.integer(3600..=43200, "seconds (one to twelve hours)").and_then(|n| i32::try_from(n).ok())
}

/// The name of an inline policy.
pub(crate) fn policy_name(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is no policy name; use 1 to 128 letters, digits and `_+=,.@-`", Untrusted::new(text)))
    }
}

/// The ARN of a managed policy: of AWS, or of an account.
pub(crate) fn managed_policy_arn(text: &str) -> Result<Template, String> {
    template(text, |arn| {
        let fields: Vec<_> = arn.splitn(6, ':').collect();
        let good = match fields.as_slice() {
            ["arn", partition, "iam", "", owner, resource] => {
                let owned = *owner == "aws" || owner.parse::<crate::account::AccountId>().is_ok();
                let name = resource.strip_prefix("policy/").unwrap_or_default();
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b);
                let named = !name.is_empty() && !name.ends_with('/') && name.bytes().all(allowed);
                partition.parse::<crate::account::Partition>().is_ok() && owned && named && arn.len() <= 2048
            }
            _ => false,
        };
        good.then_some(()).ok_or_else(|| {
            format!(
                "`{}` is no ARN of a managed policy; it looks like `arn:{{partition}}:iam::aws:policy/ReadOnlyAccess` \
                 or `arn:{{partition}}:iam::{{account-id}}:policy/boundary`",
                Untrusted::new(text)
            )
        })
    })
}

/// Says when a role has more managed policies than IAM attaches.
pub(crate) fn check_count_of_managed(value: &Value<'_>, count: usize) {
    if count > MANAGED_POLICIES {
        value.problem(format!(
            "{count} managed policies are more than the {MANAGED_POLICIES} that IAM attaches to a role (quota \
             `managed policies per role`); put some into `policies`"
        ));
    }
}

/// A principal that is an account, a role or a user.
pub(crate) fn identity_or_account(text: &str) -> Result<Template, String> {
    template(text, |expanded| match Principal::to_grant(expanded) {
        Ok(_) => Ok(()),
        Err(_) if service(text).is_ok() => {
            Err(format!("`{0}` is a service; write `principal = {{ service = \"{0}\" }}`", Untrusted::new(text)))
        }
        Err(error) => Err(error.to_string()),
    })
}

/// The name of a service, as `lambda.amazonaws.com`.
pub(crate) fn service(text: &str) -> Result<String, String> {
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if text.len() <= 128 && text.contains(".amazonaws.") && text.split('.').all(label) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is no service; it looks like `lambda.amazonaws.com`", Untrusted::new(text)))
    }
}

/// The name of an SSM parameter.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>.
pub(crate) fn parameter_name(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let level = |level: &str| !level.is_empty() && level.bytes().all(allowed);
    let levels = text.strip_prefix('/').unwrap_or_default();
    if !levels.is_empty() && levels.split('/').all(level) && levels.split('/').count() <= 15 && text.len() <= 1011 {
        Ok(text.to_owned())
    } else {
        Err("is no name of an SSM parameter; it looks like `/account-onboarding/trelica/external-id`".to_owned())
    }
}

/// Tags of the user's own.
pub(crate) fn tags(value: &Value<'_>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    let entries = value.entries().unwrap_or_default();
    if entries.len() > 49 {
        value.problem(format!(
            "{} tags are more than 49; IAM takes 50, and one is the tool's own, `{OWNER_TAG}`",
            entries.len()
        ));
    }
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for entry in entries {
        let key = entry.key().to_owned();
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") {
            entry.problem("AWS keeps tags that begin with `aws:` for itself; choose another key");
        } else if lower == OWNER_TAG {
            entry.problem("is the tag by which this tool knows its roles; choose another key");
        } else if !(1..=128).contains(&key.chars().count()) || !key.chars().all(allowed) {
            entry.problem("is no key of a tag; use 1 to 128 letters, digits, spaces and `_.:/=+-@`");
        } else if tags.keys().any(|other: &String| other.to_lowercase() == lower) {
            entry.problem("stands twice; IAM tells keys of tags apart without regard to case");
        }
        if let Some(text) = entry.text() {
            if text.chars().count() > 256 || !text.chars().all(allowed) {
                entry.problem("its value is none of a tag; use up to 256 letters, digits, spaces and `_.:/=+-@`");
            }
            tags.insert(key, text.to_owned());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names() {
        assert!(["/", "/a/", "/a/b-c/"].iter().all(|good| path(good).is_ok()));
        assert!(
            ["", "a", "/a", "a/", "/a b/", "/é/", &format!("/{}/", "x".repeat(511))].iter().all(|b| path(b).is_err())
        );
        assert!(["a", "a_+=,.@-", &"x".repeat(128)].iter().all(|good| policy_name(good).is_ok()));
        assert!(["", "a b", "a/b", &"x".repeat(129)].iter().all(|bad| policy_name(bad).is_err()));
    }

    #[test]
    fn descriptions_are_latin() {
        assert!(description("für alle\n").is_ok() && description(&"é".repeat(1000)).is_ok());
        assert!(description(&"é".repeat(1001)).is_err());
        insta::assert_snapshot!(description("a – b").unwrap_err(), @r"IAM takes no `\u{2013}` in a description; use the letters of Western Europe");
    }

    #[test]
    fn arns_of_managed_policies() {
        for good in [
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:{partition}:iam::aws:policy/job-function/Billing",
            "arn:{partition}:iam::{account-id}:policy/boundary",
            "arn:aws-us-gov:iam::111122223333:policy/x",
        ] {
            assert!(managed_policy_arn(good).is_ok(), "{good}");
        }
        for bad in [
            "ReadOnlyAccess",
            "arn:aws:iam::aws:role/x",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/*",
            "arn:aws:iam::{account_id}:policy/x",
            "arn:azure:iam::aws:policy/x",
            "arn:aws:iam:eu-west-1:aws:policy/x",
        ] {
            assert!(managed_policy_arn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_of_parameters_and_services() {
        assert!(
            ["/a", "/a/b.c-d_e", &format!("/{}", "x".repeat(1010))].iter().all(|good| parameter_name(good).is_ok())
        );
        let long = format!("/{}", "x".repeat(1011));
        let deep = "/x".repeat(16);
        assert!(["", "/", "a", "/a/", "//a", "/a b", &long, &deep].iter().all(|bad| parameter_name(bad).is_err()));
        assert!(["lambda.amazonaws.com", "ec2.amazonaws.com.cn"].iter().all(|good| service(good).is_ok()));
        assert!(
            ["*", "lambda", "*.amazonaws.com", "Lambda.amazonaws.com", ".amazonaws.com"]
                .iter()
                .all(|b| service(b).is_err())
        );
    }

    #[test]
    fn principals() {
        assert!(identity_or_account("arn:{partition}:iam::{account-id}:role/x").is_ok());
        insta::assert_snapshot!(identity_or_account("lambda.amazonaws.com").unwrap_err(), @r#"`lambda.amazonaws.com` is a service; write `principal = { service = "lambda.amazonaws.com" }`"#);
        insta::assert_snapshot!(identity_or_account("*").unwrap_err(), @"a wildcard principal lets everybody in; name an account id or a role or user ARN");
        insta::assert_snapshot!(identity_or_account("22223333444").unwrap_err(), @"`22223333444` is no principal; write a twelve-digit account id or the ARN of a role or user");
    }
}
