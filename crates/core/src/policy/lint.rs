//! What a role that a stranger may assume must not be.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>.

use std::fmt;

use super::{Actions, Document, Effect, Principal, Principals};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Said, and installed all the same.
    Warning,
    /// Refused.
    Refused,
}

/// One thing that a role's policies should not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Checks a trust policy: nobody is a wildcard, and a stranger gives an external id where one is required.
#[must_use]
pub fn lint_trust(trust: &Document, external_id_required: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Allow) {
        let name = trust.name_of(index);
        let everybody = match &statement.principals {
            Principals::Absent => false,
            Principals::Only(all) => all.contains(&Principal::Anyone),
            Principals::AllBut(_) => true,
        };
        if everybody {
            findings.push(refused(format!("{name} of the trust policy lets everybody in; name the principals")));
        }
        let tests = statement.condition.clauses();
        let exact = |t: &super::ConditionClause| t.operator.eq_ignore_ascii_case("StringEquals") && t.is_external_id();
        if external_id_required && !tests.iter().any(exact) {
            findings.push(refused(format!("{name} of the trust policy asks for no external ID; give one")));
        }
    }
    findings
}

/// Checks what a role may do: actions by which it could give itself more, or everything at once.
#[must_use]
pub fn lint_permissions(policy_name: &str, policy: &Document) -> Vec<Finding> {
    /// One of these on every resource is administrator access by another name.
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
        let place = format!("{} of the policy `{policy_name}`", policy.name_of(index));
        let every_resource = statement.resources.as_ref().is_none_or(|all| all.iter().any(|r| r == "*"));
        let everything = match &statement.actions {
            Actions::Only(all) => all.iter().any(|a| a == "*" || a == "*:*"),
            Actions::AllBut(_) => true,
        };
        if everything {
            findings.push(warning(format!("{place} allows every action, or every action but some")));
        } else if every_resource {
            let found: Vec<_> = ESCALATIONS.into_iter().filter(|a| statement.actions.cover(a)).collect();
            if !found.is_empty() {
                findings.push(warning(format!("{place} allows {} on every resource", found.join(", "))));
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
    fn strangers_need_an_external_id_and_nobody_is_everybody() {
        let trust = |condition: &str, principal: &str| {
            let text = format!(
                r#"{{"Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{condition}}}]}}"#
            );
            lint_trust(&Document::parse(&text).unwrap(), true)
        };
        let vendor = r#"{"AWS":"111122223333"}"#;
        assert_eq!(trust(r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, vendor), []);
        insta::assert_snapshot!(messages(&trust(r#"{"StringLike":{"sts:ExternalId":"*"}}"#, r#""*""#)), @r"
        Refused: statement 1 of the trust policy lets everybody in; name the principals
        Refused: statement 1 of the trust policy asks for no external ID; give one
        ");
    }

    #[test]
    fn escalations_are_said() {
        let policy = r#"{"Statement":[
            {"Effect":"Allow","Action":["ec2:Describe*"],"Resource":"*"},
            {"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Allow","NotAction":"iam:*","Resource":"*"},
            {"Effect":"Allow","Action":["iam:Put*","sts:*"],"Resource":"*"},
            {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/x"}]}"#;
        insta::assert_snapshot!(messages(&lint_permissions("p", &Document::parse(policy).unwrap())), @r"
        Warning: statement `All` of the policy `p` allows every action, or every action but some
        Warning: statement 3 of the policy `p` allows every action, or every action but some
        Warning: statement 4 of the policy `p` allows iam:PutRolePolicy, iam:PutUserPolicy, sts:AssumeRole on every resource
        ");
    }
}
