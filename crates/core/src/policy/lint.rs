//! Checks of the policies of a role that an external party can assume.
//!
//! A finding is either refused, when the role must not be installed, or a warning, when its permissions deserve a second
//! look, such as those that amount to administrator access.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>.

use std::fmt;

use super::condition::ConditionClause;
use super::document::{Actions, Document, Effect, Principals};
use super::principal::Principal;

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

/// Checks the permissions of a role: full access, and actions that allow privilege escalation.
#[must_use]
pub fn lint_permissions(policy_name: &str, policy: &Document) -> Vec<Finding> {
    /// Each of these on all resources amounts to administrator access.
    const ESCALATIONS: [&str; 9] = [
        "iam:AttachRolePolicy",
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
        "iam:CreatePolicyVersion",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:PutUserPolicy",
        "iam:UpdateAssumeRolePolicy",
        "sts:AssumeRole",
    ];
    let mut findings = Vec::new();
    for (index, statement) in policy.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Allow) {
        let statement_name = format!("{} of the policy `{policy_name}`", policy.name_of(index));
        let every_resource = statement.resources.as_ref().is_none_or(|all| all.iter().any(|r| r == "*"));
        let everything = match &statement.actions {
            Actions::Only(all) => all.iter().any(|a| a == "*" || a == "*:*"),
            Actions::AllBut(_) => true,
        };
        if everything {
            findings.push(warning(format!("{statement_name} allows every action, or all actions except some")));
        } else if every_resource {
            let found: Vec<_> = ESCALATIONS.into_iter().filter(|a| statement.actions.cover(a)).collect();
            if !found.is_empty() {
                findings.push(warning(format!("{statement_name} allows {} on every resource", found.join(", "))));
            }
        }
    }
    findings
}

fn refused(message: String) -> Finding {
    Finding { severity: Severity::Refused, message }
}

fn warning(message: String) -> Finding {
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

    #[test]
    fn privilege_escalations_are_reported() {
        let policy = r#"{"Statement":[
            {"Effect":"Allow","Action":["ec2:Describe*"],"Resource":"*"},
            {"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Allow","NotAction":"iam:*","Resource":"*"},
            {"Effect":"Allow","Action":["iam:Put*","sts:*"],"Resource":"*"},
            {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/x"}]}"#;
        insta::assert_snapshot!(messages(&lint_permissions("p", &Document::parse(policy).unwrap())), @r"
        Warning: statement `All` of the policy `p` allows every action, or all actions except some
        Warning: statement 3 of the policy `p` allows every action, or all actions except some
        Warning: statement 4 of the policy `p` allows iam:PutRolePolicy, iam:PutUserPolicy, sts:AssumeRole on every resource
        ");
    }
}
