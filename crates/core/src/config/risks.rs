//! Warnings about who may assume the roles of a configuration, and about the managed policies that are attached to them.

use super::trust_document;
use super::{Config, PrincipalSpec, RoleTemplate, TrustSpec};
use crate::policy::{Document, lint_managed_policy, lint_trusted};
use crate::template::Template;

/// All of these warnings, in the order of the configuration.
pub(super) fn found(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    for (index, grant) in config.access_role.grants.iter().enumerate() {
        let name = format!("grant {}", index + 1);
        found.extend(of_trust(&name, &grant.trust).into_iter().map(|risk| format!("access-role: {risk}")));
    }
    found.extend(config.roles.iter().flat_map(of_role));
    found
}

fn of_role(role: &RoleTemplate) -> Vec<String> {
    let mut found = Vec::new();
    for (index, spec) in role.trust.iter().enumerate() {
        found.extend(of_trust(&format!("trust entry {}", index + 1), spec));
    }
    let attached = role.definition.attached.iter().filter_map(|arn| lint_managed_policy(&arn.0));
    found.extend(attached.map(|finding| finding.to_string()));
    found.into_iter().map(|risk| format!("{}: {risk}", role.definition.owner)).collect()
}

fn of_trust(name: &str, spec: &TrustSpec) -> Vec<String> {
    let document = trust_document::of_entry(spec);
    let statements = document.as_ref().map(Document::statements).unwrap_or_default();
    let mut found: Vec<_> =
        statements.iter().flat_map(|one| lint_trusted(name, one)).map(|finding| finding.to_string()).collect();
    let is_own = |principal: &PrincipalSpec| matches!(principal, PrincipalSpec::Aws(text) if is_own_account(text));
    let limits = |key: &str| {
        let key = key.to_ascii_lowercase();
        key == "aws:principalarn" || key.starts_with("aws:principaltag/")
    };
    if spec.principals.iter().any(is_own) && !spec.condition.clauses().iter().any(|clause| limits(&clause.key)) {
        found.push(format!(
            "{name} lets every role and user of the member account assume the role, if its own policies allow it; list roles, or add a condition on `aws:PrincipalArn`"
        ));
    }
    found
}

/// Whether a principal is the account in which the role is.
fn is_own_account(principal: &Template) -> bool {
    principal.0 == "{account-id}" || principal.0.ends_with(":iam::{account-id}:root")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(text: &str) -> String {
        Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}")).warnings.join("\n")
    }

    #[test]
    fn risky_trust_is_reported() {
        insta::assert_snapshot!(warnings(
            r#"
[[access-role.grant]]
principal = "{account-id}"
[[access-role.grant]]
principal = "222233334444"
condition = { StringLike = { "aws:PrincipalArn" = "*" } }
[[role]]
name = "r"
managed-policies = ["arn:{partition}:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
trust = [
  { principal = "arn:{partition}:iam::{account-id}:root", condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = "true" } } },
  { principal = { service = "config.amazonaws.com" }, condition = { "ForAllValues:StringEquals" = { "aws:SourceAccount" = "111122223333" } } },
  { principal = { service = "config.amazonaws.com" } },
]
"#
        ), @"
        access-role: grant 1 lets every role and user of the member account assume the role, if its own policies allow it; list roles, or add a condition on `aws:PrincipalArn`
        access-role: grant 2 has a condition on `aws:PrincipalArn` that every value meets; list the values, or remove the condition
        role/r: trust entry 1 has a `BoolIfExists` condition on `aws:MultiFactorAuthPresent`, which is also met by access keys without MFA; use `Bool`
        role/r: trust entry 1 lets every role and user of the member account assume the role, if its own policies allow it; list roles, or add a condition on `aws:PrincipalArn`
        role/r: trust entry 2 lets config.amazonaws.com assume the role for other accounts (confused deputy); its condition on `aws:SourceAccount` does not exclude other accounts; compare the key with your account or organization by `StringEquals` or `ArnLike`
        role/r: trust entry 2 has a `ForAllValues` condition on `aws:SourceAccount`, which is also met by requests without that key; add `Null` with `false` for the key
        role/r: trust entry 3 lets config.amazonaws.com assume the role for other accounts (confused deputy); add a condition on `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID`, if the service sends these keys
        role/r: the managed policy `PowerUserAccess` amounts to administrator access: it allows every action except those of IAM, and so using the roles of functions and instances; attach a narrower policy
        ");
    }

    #[test]
    fn limited_trust_is_not_reported() {
        assert_eq!(
            warnings(
                r#"
[[access-role.grant]]
principal = "222233334444"
condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
[[role]]
name = "r"
trust = [
  { principal = "{account-id}", condition = { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::*:role/deploy" } } },
  { principal = { service = "config.amazonaws.com" }, condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } } },
]
"#
            ),
            ""
        );
    }
}
