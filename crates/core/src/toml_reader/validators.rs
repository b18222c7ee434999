//! Validators for values that IAM, STS or Systems Manager would otherwise reject in the middle of a run.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::references::check_references;
use super::table::Value;
use crate::account::{Account, AccountState, JoinMethod};
use crate::owner::OWNER_TAG;
use crate::policy::{Principal, REVOCATION_POLICY};
use crate::role::{ExternalIdTemplate, InvalidExternalId};
use crate::suggestion::list_of;
use crate::template::{PLACEHOLDERS, Place, Template};
use crate::text::Untrusted;

/// The default quota of managed policies per role. AWS raises it on request to at most twice this number.
const MANAGED_POLICIES: usize = 10;

/// Paths of service-linked roles, and of the roles of IAM Identity Center.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>.
const RESERVED_PATHS: [&str; 2] = ["/aws-service-role/", "/aws-reserved/"];

/// An example account, to validate the expanded form of a template.
pub(crate) fn sample_account() -> Option<Account> {
    Some(Account {
        id: "444455556666".parse().ok()?,
        name: "example".into(),
        state: AccountState::Active,
        joined_at: None,
        joined: JoinMethod::Unknown,
        management: "111122223333".parse().ok()?,
        partition: "aws".parse().ok()?,
        ou_path: Some("o-exampleorgid/r-ab12/444455556666/".to_owned()),
    })
}

/// An external ID with placeholders. The error does not contain it.
pub(crate) fn external_id_template(text: &str) -> Result<ExternalIdTemplate, String> {
    let Some(account) = sample_account() else { return Err(InvalidExternalId.to_string()) };
    ExternalIdTemplate::parse(text, &account).map_err(|error| {
        format!(
            "{error}, and the placeholders {}",
            list_of(PLACEHOLDERS.map(|name| format!("{{{name}}}")).iter().map(String::as_str))
        )
    })
}

/// Validates a template of an ARN by its expansion for an example account.
pub(crate) fn template(text: &str, check: impl FnOnce(&str) -> Result<(), String>) -> Result<Template, String> {
    check_references(text)?;
    let template = Template(text.to_owned());
    let expanded =
        sample_account().map_or_else(|| text.to_owned(), |account| template.expand(&account, Place::Identifier));
    check(&expanded).map(|()| template)
}

/// The path of a role: `/`, or `/…/`.
pub(crate) fn path(text: &str) -> Result<String, String> {
    // IAM allows more characters, but a `*` in a path would be a wildcard in the session policy.
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&b);
    let well_formed = text.starts_with('/') && text.ends_with('/') && !text.contains("//") && text.len() <= 512;
    if let Some(reserved) = RESERVED_PATHS.into_iter().find(|reserved| text.starts_with(reserved)) {
        return Err(format!(
            "only AWS services can create roles under `{reserved}`; choose another path, or remove the role and let the service create it"
        ));
    }
    if well_formed && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` is not a valid path; write `/`, or `/…/` with letters, digits and `_+=,.@-`, at most 512 characters",
            Untrusted::new(text)
        ))
    }
}

/// The description of a role.
pub(crate) fn description(text: &str) -> Result<String, String> {
    if text.chars().count() > 1000 {
        return Err("is longer than 1000 characters, the limit of IAM; shorten it".to_owned());
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    match text.chars().find(|c| !allowed(*c)) {
        None => Ok(text.to_owned()),
        Some(bad) => {
            Err(format!("IAM does not allow `{}` in a description; use Latin-1 characters", bad.escape_default()))
        }
    }
}

/// The maximum session duration of a role, which is written in seconds.
pub(crate) fn session_duration(value: &Value<'_>) -> Option<Duration> {
    let seconds = value.integer(3600..=43200, "seconds (one to twelve hours)")?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// The name of an inline policy.
pub(crate) fn policy_name(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case(REVOCATION_POLICY) {
        return Err(format!(
            "`{REVOCATION_POLICY}` is reserved for the policy that revokes sessions; choose another name"
        ));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` is not a valid policy name; use 1 to 128 letters, digits and `_+=,.@-`",
            Untrusted::new(text)
        ))
    }
}

/// The ARN of an AWS managed or customer managed policy.
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
        if good && arn.contains(":policy/aws-service-role/") {
            return Err(format!(
                "`{}` can be attached only to service-linked roles, which AWS services create; remove it",
                Untrusted::new(text)
            ));
        }
        good.then_some(()).ok_or_else(|| {
            format!(
                "`{}` is not a valid managed policy ARN; expected a form such as `arn:{{partition}}:iam::aws:policy/ReadOnlyAccess` \
                 or `arn:{{partition}}:iam::{{account-id}}:policy/boundary`",
                Untrusted::new(text)
            )
        })
    })
}

/// Records a problem if a role has more managed policies than IAM allows.
pub(crate) fn check_count_of_managed(value: &Value<'_>, count: usize) {
    if count > MANAGED_POLICIES {
        value.problem(format!(
            "{count} managed policies are more than the {MANAGED_POLICIES} that IAM allows for a role (quota \
             `managed policies per role`); move some into `policies`"
        ));
    }
}

/// A principal that is an account, a role or a user, by its ARN or its unique ID.
pub(crate) fn identity_or_account(text: &str) -> Result<Template, String> {
    template(text, |expanded| match Principal::to_trust(expanded) {
        Ok(_) => Ok(()),
        Err(_) if service(text).is_ok() => {
            Err(format!("`{0}` is a service; use `principal = {{ service = \"{0}\" }}`", Untrusted::new(text)))
        }
        Err(error) => Err(error.to_string()),
    })
}

/// A principal that is removed from trust policies: an account ID, its root, or the ARN of a role, user or session.
pub(crate) fn principal_to_revoke(text: &str) -> Result<Template, String> {
    template(text, |principal| Principal::to_revoke(principal).map(drop).map_err(|error| error.to_string()))
}

/// An identity provider: the ARN of an OpenID Connect or SAML provider, or one of those that AWS knows by name.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.
pub(crate) fn identity_provider(text: &str) -> Result<Template, String> {
    const BY_NAME: [&str; 4] =
        ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
    template(text, |expanded| {
        let fields: Vec<_> = expanded.splitn(6, ':').collect();
        let good = match fields.as_slice() {
            ["arn", partition, "iam", "", id, resource] => {
                let name = resource.strip_prefix("oidc-provider/").or_else(|| resource.strip_prefix("saml-provider/"));
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/:~%".contains(&b);
                partition.parse::<crate::account::Partition>().is_ok()
                    && id.parse::<crate::account::AccountId>().is_ok()
                    && name.is_some_and(|name| !name.is_empty() && name.bytes().all(allowed))
            }
            _ => BY_NAME.contains(&expanded),
        };
        let mut schemes = ["https://", "http://"].into_iter();
        if let Some(scheme) = schemes.find(|scheme| expanded.contains(&format!("-provider/{scheme}"))) {
            return Err(format!("the ARN of an identity provider contains its URL without `{scheme}`; remove that"));
        }
        good.then_some(()).ok_or_else(|| {
            format!(
                "`{}` is not a valid identity provider; expected an ARN such as `arn:{{partition}}:iam::{{account-id}}:oidc-provider/\
                 token.actions.githubusercontent.com` or `arn:{{partition}}:iam::{{account-id}}:saml-provider/NAME`",
                Untrusted::new(text)
            )
        })
    })
}

/// A service principal such as `lambda.amazonaws.com`.
pub(crate) fn service(text: &str) -> Result<String, String> {
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if text.len() <= 128 && text.contains(".amazonaws.") && text.split('.').all(label) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` is not a valid service principal; expected a name such as `lambda.amazonaws.com`",
            Untrusted::new(text)
        ))
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
        Err("is not a valid SSM parameter name; expected a name such as `/account-onboarding/trelica/external-id`"
            .to_owned())
    }
}

/// User-defined tags.
pub(crate) fn tags(value: &Value<'_>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    // One look for each tag, so that a file with very many is refused as quickly as it is read.
    let mut lowercase_keys = BTreeSet::new();
    let entries = value.entries().unwrap_or_default();
    if entries.len() > 49 {
        value.problem(format!(
            "{} tags are more than 49; IAM allows 50, and one is reserved for this tool: `{OWNER_TAG}`",
            entries.len()
        ));
    }
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for entry in entries {
        let key = entry.key().to_owned();
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") {
            entry.problem("tag keys that start with `aws:` are reserved by AWS; choose another key");
        } else if lower == OWNER_TAG {
            entry.problem("is reserved for the tag with which this tool marks its roles; choose another key");
        } else if !(1..=128).contains(&key.chars().count()) || !key.chars().all(allowed) {
            entry.problem("is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`");
        } else if lowercase_keys.contains(&lower) {
            entry.problem("appears twice; IAM tag keys are case-insensitive");
        }
        if let Some(text) = entry.text() {
            if text.chars().count() > 256 || !text.chars().all(allowed) {
                entry.problem("the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`");
            }
            lowercase_keys.insert(lower);
            tags.insert(key, text.to_owned());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_policy_names_are_validated() {
        assert!(["/", "/a/", "/a/b-c/"].iter().all(|good| path(good).is_ok()));
        assert!(
            ["", "a", "/a", "a/", "/a b/", "/é/", &format!("/{}/", "x".repeat(511))].iter().all(|b| path(b).is_err())
        );
        assert!(["a", "a_+=,.@-", &"x".repeat(128)].iter().all(|good| policy_name(good).is_ok()));
        assert!(["", "a b", "a/b", &"x".repeat(129)].iter().all(|bad| policy_name(bad).is_err()));
        insta::assert_snapshot!(policy_name("awsRevokeOlderSessions").unwrap_err(), @"`AWSRevokeOlderSessions` is reserved for the policy that revokes sessions; choose another name");
    }

    #[test]
    fn description_is_limited_to_latin_1() {
        assert!(description("für alle\n").is_ok() && description(&"é".repeat(1000)).is_ok());
        assert!(description(&"é".repeat(1001)).is_err());
        insta::assert_snapshot!(description("a – b").unwrap_err(), @r"IAM does not allow `\u{2013}` in a description; use Latin-1 characters");
    }

    #[test]
    fn managed_policy_arns_are_validated() {
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
    fn parameter_names_and_service_principals_are_validated() {
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
    fn identity_providers_are_validated() {
        let provider = |issuer: &str| format!("arn:{{partition}}:iam::{{account-id}}:oidc-provider/{issuer}");
        for good in [provider("acme.okta.com/oauth2/x"), "accounts.google.com".to_owned()] {
            assert!(identity_provider(&good).is_ok(), "{good}");
        }
        let all =
            ["https://gitlab.com", "http://gitlab.com"].map(|issuer| identity_provider(&provider(issuer)).unwrap_err());
        insta::assert_snapshot!(all.join("\n"), @"
        the ARN of an identity provider contains its URL without `https://`; remove that
        the ARN of an identity provider contains its URL without `http://`; remove that
        ");
    }

    #[test]
    fn principals_are_validated() {
        assert!(identity_or_account("arn:{partition}:iam::{account-id}:role/x").is_ok());
        insta::assert_snapshot!(identity_or_account("lambda.amazonaws.com").unwrap_err(), @r#"`lambda.amazonaws.com` is a service; use `principal = { service = "lambda.amazonaws.com" }`"#);
        insta::assert_snapshot!(identity_or_account("*").unwrap_err(), @"a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user");
        insta::assert_snapshot!(identity_or_account("22223333444").unwrap_err(), @"`22223333444` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user");
    }
}
