//! Checks of the policies of a role that an external party can assume.
//!
//! A finding is either refused, when the role must not be installed, or a warning, when its permissions deserve a second
//! look, such as those that amount to administrator access.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>.

use std::fmt;

use super::condition::ConditionClause;
use super::confused_deputy::{self, OtherAccounts};
use super::document::{Document, Effect, Principals, Statement};
use super::glob::covers;
use super::operators::bare_operator;
use super::principal::Principal;
use crate::text::Untrusted;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Reported; the role is installed nevertheless.
    Warning,
    /// The role is not installed.
    Refused,
}

/// One problem in the policies of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The message.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Whether a trust policy has to require an external ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalIdRequirement {
    /// Every allow statement has to require one.
    Required,
    /// A statement may require one.
    Optional,
}

/// Checks a trust policy: no wildcard principals, and an external ID in every allow statement if one is required.
#[must_use]
pub fn lint_trust(trust: &Document, requirement: ExternalIdRequirement) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Allow) {
        let name = trust.name_of(index);
        let is_wildcard = match &statement.principals {
            Principals::Absent => false,
            Principals::Only(all) => all.contains(&Principal::Anyone),
            Principals::AllBut(_) => true,
        };
        if is_wildcard {
            findings
                .push(refused(format!("{name} of the trust policy grants access to everyone; list the principals")));
        }
        let clauses = statement.condition.clauses();
        let exact = |t: &ConditionClause| t.operator.eq_ignore_ascii_case("StringEquals") && t.is_external_id();
        if requirement == ExternalIdRequirement::Required && !clauses.iter().any(exact) {
            findings.push(refused(format!("{name} of the trust policy does not require an external ID; add one")));
        }
    }
    findings
}

/// Checks who may assume a role by a statement of a trust policy, beyond what [`lint_trust`] refuses: services that act
/// for other accounts, and conditions that do not limit anything.
#[must_use]
pub fn lint_trusted(name: &str, statement: &Statement) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Principals::Only(principals) = &statement.principals else { return findings };
    let remedy = match confused_deputy::other_accounts(&statement.condition) {
        OtherAccounts::Excluded => None,
        OtherAccounts::NotMentioned => Some(
            "add a condition on `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID`, if the service sends these keys"
                .to_owned(),
        ),
        OtherAccounts::Admitted(key) => Some(format!(
            "its condition on `{key}` does not exclude other accounts; compare the key with your account or organization by `StringEquals` or `ArnLike`"
        )),
    };
    for service in principals.iter().filter_map(|principal| match principal {
        Principal::Service(service) => Some(Untrusted::new(service)),
        _ => None,
    }) {
        if let Some(remedy) = &remedy {
            findings.push(warning(format!(
                "{name} lets {service} assume the role for other accounts (confused deputy); {remedy}"
            )));
        }
    }
    findings.extend(ineffective_conditions(name, statement));
    findings
}

/// The conditions of an allow statement that look as if they limited it, and do not.
pub(super) fn ineffective_conditions(name: &str, statement: &Statement) -> Vec<Finding> {
    let clauses = statement.condition.clauses();
    let requires = |key: &str| {
        let null = |clause: &&ConditionClause| clause.operator.eq_ignore_ascii_case("Null");
        let all_false =
            |clause: &ConditionClause| clause.values.iter().all(|value| value.eq_ignore_ascii_case("false"));
        clauses.iter().filter(null).any(|clause| clause.key.eq_ignore_ascii_case(key) && all_false(clause))
    };
    let mut findings = Vec::new();
    for clause in clauses {
        let operator = clause.operator.to_ascii_lowercase();
        let key = Untrusted::new(&clause.key);
        if operator.starts_with("forallvalues:") && !requires(&clause.key) && !is_list_of_tags(&clause.key) {
            findings.push(warning(format!(
                "{name} has a `ForAllValues` condition on `{key}`, which is also met by requests without that key; add `Null` with `false` for the key"
            )));
        }
        let needs_mfa = || requires(&clause.key) || requires("aws:MultiFactorAuthAge") || limits_age_of_mfa(clauses);
        if operator == "boolifexists" && clause.key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent") && !needs_mfa() {
            findings.push(warning(format!(
                "{name} has a `BoolIfExists` condition on `{key}`, which is also met by access keys without MFA; use `Bool`"
            )));
        }
        if let Some(effect) = literal_wildcard(clause) {
            findings.push(warning(format!(
                "{name} has a `{}` condition on `{key}` with a wildcard, which that operator compares literally, so that {effect}",
                Untrusted::new(&clause.operator)
            )));
        }
        let is_required = operator == "stringlike" && is_optional(&clause.key);
        if !is_required && limits_nothing(&operator, &clause.key, &clause.values) {
            findings.push(warning(format!(
                "{name} has a condition on `{key}` that every value meets; list the values, or remove the condition"
            )));
        }
    }
    findings
}

/// Whether a request without this key, which lists the keys of its tags, has no tags: nothing more has to be required.
fn is_list_of_tags(key: &str) -> bool {
    ["aws:TagKeys", "sts:TransitiveTagKeys"].iter().any(|list| list.eq_ignore_ascii_case(key))
}

/// Whether the age of the MFA of a request is limited, which only requests with MFA have.
fn limits_age_of_mfa(clauses: &[ConditionClause]) -> bool {
    clauses.iter().any(|clause| {
        let operator = clause.operator.to_ascii_lowercase();
        clause.key.eq_ignore_ascii_case("aws:MultiFactorAuthAge")
            && operator.starts_with("numericlessthan")
            && !operator.ends_with("ifexists")
    })
}

/// Whether the sender of a request decides whether it has this key, so that a pattern for every value requires the key.
fn is_optional(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let tags = ["aws:requesttag/", "aws:resourcetag/", "aws:principaltag/"];
    tags.iter().any(|tag| key.starts_with(tag)) || ["sts:sourceidentity", "aws:sourceidentity"].contains(&key.as_str())
}

/// The effect of a wildcard in a value that is compared literally, and the operator that has wildcards.
fn literal_wildcard(clause: &ConditionClause) -> Option<&'static str> {
    let operator = bare_operator(&clause.operator);
    let is_arn = clause.key.to_ascii_lowercase().ends_with("arn");
    // `${*}` is a literal asterisk in every operator. A `?` is a character of texts, but not of ARNs.
    let has_wildcard = |value: &String| value.replace("${*}", "").contains('*') || (is_arn && value.contains('?'));
    if !operator.starts_with("string") || operator.ends_with("like") || !clause.values.iter().any(has_wildcard) {
        return None;
    }
    Some(match (operator.contains("not"), is_arn) {
        (true, _) => "it excludes no principal; use `StringNotLike`",
        (false, true) => "no request has this value; use `ArnLike`",
        (false, false) => "no request has this value; use `StringLike`",
    })
}

/// Whether a pattern of the clause matches every value.
fn limits_nothing(operator: &str, key: &str, values: &[String]) -> bool {
    let is_github_subject = key.eq_ignore_ascii_case("token.actions.githubusercontent.com:sub");
    values.iter().any(|value| match bare_operator(operator).as_str() {
        "stringlike" if is_github_subject && covers(value, ANY_REPOSITORY) => true,
        "stringlike" => covers(value, ANY) || covers(value, ANY_ARN),
        // A prefix of no bits.
        "ipaddress" => value.ends_with("/0"),
        "arnlike" | "arnequals" => covers(value, ANY_ARN),
        _ => false,
    })
}

/// Strings that only a pattern for everything matches.
const ANY: &str = "\u{1}*\u{1}";
/// The subject of a workflow in GitHub, which begins with its repository.
///
/// See <https://docs.github.com/en/actions/reference/security/oidc>.
const ANY_REPOSITORY: &str = "repo:\u{1}*\u{1}/\u{1}*\u{1}:\u{1}*\u{1}";
const ANY_ARN: &str = "arn:\u{1}*:\u{1}*:\u{1}*:\u{1}*:\u{1}*";

fn refused(message: String) -> Finding {
    Finding { severity: Severity::Refused, message }
}

pub(super) fn warning(message: String) -> Finding {
    Finding { severity: Severity::Warning, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(findings: &[Finding]) -> String {
        findings.iter().map(|f| format!("{:?}: {f}\n", f.severity)).collect()
    }

    #[test]
    fn external_id_is_required_and_wildcard_principals_are_refused() {
        let trust = |condition: &str, principal: &str| {
            let text = format!(
                r#"{{"Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{condition}}}]}}"#
            );
            lint_trust(&Document::parse(&text).unwrap(), ExternalIdRequirement::Required)
        };
        let vendor = r#"{"AWS":"111122223333"}"#;
        assert_eq!(trust(r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, vendor), []);
        insta::assert_snapshot!(messages(&trust(r#"{"StringLike":{"sts:ExternalId":"*"}}"#, r#""*""#)), @r"
        Refused: statement 1 of the trust policy grants access to everyone; list the principals
        Refused: statement 1 of the trust policy does not require an external ID; add one
        ");
    }

    /// The warnings about one statement of a trust policy.
    fn warnings(principal: &str, condition: &str) -> String {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{condition}}}]}}"#
        );
        messages(&lint_trusted("statement 1", &Document::parse(&text).unwrap().statements()[0]))
    }

    #[test]
    fn service_without_source_condition_is_reported() {
        let service = r#"{"Service":"config.amazonaws.com"}"#;
        insta::assert_snapshot!(warnings(service, "{}"), @"Warning: statement 1 lets config.amazonaws.com assume the role for other accounts (confused deputy); add a condition on `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID`, if the service sends these keys");
        for key in ["aws:SourceAccount", "AWS:sourcearn", "aws:SourceOrgID"] {
            assert_eq!(warnings(service, &format!(r#"{{"StringEquals":{{"{key}":"x"}}}}"#)), "", "{key}");
        }
    }

    #[test]
    fn wildcard_that_is_compared_literally_is_reported() {
        let account = r#"{"AWS":"111122223333"}"#;
        let all = [
            r#"{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/team-?"}}"#,
            r#"{"StringEqualsIfExists":{"gitlab.com:sub":["x","project_path:acme/*"]}}"#,
            r#"{"ForAnyValue:StringEqualsIgnoreCase":{"aws:PrincipalOrgPaths":"o-1/*"}}"#,
        ];
        insta::assert_snapshot!(all.map(|condition| warnings(account, condition)).join(""), @"
        Warning: statement 1 has a `StringEquals` condition on `aws:PrincipalArn` with a wildcard, which that operator compares literally, so that no request has this value; use `ArnLike`
        Warning: statement 1 has a `StringEqualsIfExists` condition on `gitlab.com:sub` with a wildcard, which that operator compares literally, so that no request has this value; use `StringLike`
        Warning: statement 1 has a `ForAnyValue:StringEqualsIgnoreCase` condition on `aws:PrincipalOrgPaths` with a wildcard, which that operator compares literally, so that no request has this value; use `StringLike`
        ");
        for good in [
            r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#,
            r#"{"StringLike":{"gitlab.com:sub":"project_path:acme/*"}}"#,
            r#"{"StringEquals":{"aws:PrincipalTag/mark":"${*}","aws:UserAgent":"what?"}}"#,
        ] {
            assert_eq!(warnings(account, good), "", "{good}");
        }
    }

    /// Each of them does limit something.
    #[test]
    fn conditions_that_require_a_key_or_allow_its_absence_on_purpose_are_not_reported() {
        let account = r#"{"AWS":"111122223333"}"#;
        for good in [
            r#"{"StringLike":{"aws:RequestTag/team":"*"}}"#,
            r#"{"StringLike":{"sts:SourceIdentity":"*"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team","stage"]}}"#,
            r#"{"ForAllValues:StringEquals":{"sts:TransitiveTagKeys":["team"]}}"#,
            r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"},"Null":{"aws:MultiFactorAuthPresent":"false"}}"#,
            r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#,
        ] {
            assert_eq!(warnings(account, good), "", "{good}");
        }
        let open = [
            r#"{"StringLikeIfExists":{"aws:RequestTag/team":"*"}}"#,
            r#"{"StringLike":{"sts:RoleSessionName":"*"}}"#,
            r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":"3600"}}"#,
        ];
        assert!(open.iter().all(|condition| !warnings(account, condition).is_empty()));
    }

    #[test]
    fn conditions_that_limit_nothing_are_reported() {
        let account = r#"{"AWS":"111122223333"}"#;
        let all = [
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
            r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#,
            r#"{"StringLike":{"aws:PrincipalArn":"*"}}"#,
        ];
        insta::assert_snapshot!(all.map(|condition| warnings(account, condition)).join(""), @"
        Warning: statement 1 has a `ForAllValues` condition on `aws:PrincipalOrgID`, which is also met by requests without that key; add `Null` with `false` for the key
        Warning: statement 1 has a `BoolIfExists` condition on `aws:MultiFactorAuthPresent`, which is also met by access keys without MFA; use `Bool`
        Warning: statement 1 has a condition on `aws:PrincipalArn` that every value meets; list the values, or remove the condition
        ");
        let more = [
            r#"{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}}"#,
            r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#,
            r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}"#,
            r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*/*"}}"#,
            r#"{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#,
        ];
        insta::assert_snapshot!(more.map(|condition| warnings(account, condition)).join(""), @"
        Warning: statement 1 has a condition on `aws:SourceIp` that every value meets; list the values, or remove the condition
        Warning: statement 1 has a condition on `aws:SourceIp` that every value meets; list the values, or remove the condition
        Warning: statement 1 has a condition on `token.actions.githubusercontent.com:sub` that every value meets; list the values, or remove the condition
        Warning: statement 1 has a condition on `token.actions.githubusercontent.com:sub` that every value meets; list the values, or remove the condition
        Warning: statement 1 has a `StringNotEquals` condition on `aws:PrincipalArn` with a wildcard, which that operator compares literally, so that it excludes no principal; use `StringNotLike`
        ");
        for everything in ["arn:*", "arn:*:*:*:*:*", "?*", "**"] {
            let condition = format!(r#"{{"StringLikeIfExists":{{"aws:PrincipalArn":["x","{everything}"]}}}}"#);
            assert!(warnings(account, &condition).contains("every value meets"), "{everything}");
        }
        for good in [
            r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#,
            r#"{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/x"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:tagkeys":"false"}}"#,
            r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"},"StringLike":{"aws:PrincipalOrgPaths":"o-1/*"}}"#,
        ] {
            assert_eq!(warnings(account, good), "", "{good}");
        }
    }
}
