//! Permissions that amount to administrator access: the checks of the policies of a role.
//!
//! Whoever may attach policies, change trust policies or create credentials can get every permission of the account. Such
//! an action is only harmless on certain resources, so it is reported if a statement allows it on every resource of its
//! kind, in whatever form that is written: `*`, `**`, `?*`, `arn:*:iam::*:role/*`, or `NotResource`.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>,
//! <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>.

use super::document::{Actions, Document, Effect, Statement};
use super::glob::covers;
use super::lint::{Finding, ineffective_conditions, warning};
use crate::account::Partition;

/// The action, and the service and resource type of what it acts on. On every resource, each amounts to administrator access.
const ESCALATIONS: [(&str, &str, &str); 22] = [
    ("iam:AddUserToGroup", "iam", "group/"),
    ("iam:AttachGroupPolicy", "iam", "group/"),
    ("iam:AttachRolePolicy", "iam", "role/"),
    ("iam:AttachUserPolicy", "iam", "user/"),
    ("iam:CreateAccessKey", "iam", "user/"),
    ("iam:CreateLoginProfile", "iam", "user/"),
    ("iam:CreatePolicyVersion", "iam", "policy/"),
    ("iam:DeleteRolePermissionsBoundary", "iam", "role/"),
    ("iam:DeleteUserPermissionsBoundary", "iam", "user/"),
    ("iam:PassRole", "iam", "role/"),
    ("iam:PutGroupPolicy", "iam", "group/"),
    ("iam:PutRolePermissionsBoundary", "iam", "role/"),
    ("iam:PutRolePolicy", "iam", "role/"),
    ("iam:PutUserPermissionsBoundary", "iam", "user/"),
    ("iam:PutUserPolicy", "iam", "user/"),
    ("iam:SetDefaultPolicyVersion", "iam", "policy/"),
    ("iam:UpdateAssumeRolePolicy", "iam", "role/"),
    ("iam:UpdateLoginProfile", "iam", "user/"),
    ("iam:UpdateSAMLProvider", "iam", "saml-provider/"),
    ("lambda:UpdateFunctionCode", "lambda", "function:"),
    ("ssm:SendCommand", "ec2", "instance/"),
    ("sts:AssumeRole", "iam", "role/"),
];

/// The services of which all actions together amount to administrator access.
const SERVICES: [&str; 1] = ["iam"];

const PASS: &str = "passing every role to a service, and so using it";
const CODE: &str = "changing the code of every function, and so using the role of each";
const BUILDS: &str = "running other commands in every build project, and so using the role of each";
const COMMANDS: &str = "running commands on every instance, and so using the role of each";

/// Managed policies of AWS that amount to administrator access, and what they allow: those with a permission of
/// [`ESCALATIONS`] on every resource without a condition, and some that lead to one. Names are unique across paths.
///
/// See <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>.
const MANAGED: [(&str, &str); 25] = [
    ("AWSCloudFormationFullAccess", "updating every stack, and so using the role of each"),
    ("AWSCodeBuildAdminAccess", BUILDS),
    ("AWSCodeBuildDeveloperAccess", BUILDS),
    ("AWSDataPipelineRole", PASS),
    ("AWSElasticBeanstalkFullAccess", PASS),
    ("AWSElasticBeanstalkService", PASS),
    ("AWSLambdaFullAccess", CODE),
    ("AWSLambda_FullAccess", CODE),
    ("AWSOpsWorksFullAccess", PASS),
    ("AWSOpsWorksRegisterCLI", "creating users and their permissions"),
    (
        "AWSOrganizationsFullAccess",
        "every action of Organizations, such as leaving it and with it its control policies",
    ),
    ("AdministratorAccess", "every action"),
    ("AdministratorAccess-AWSElasticBeanstalk", "passing every role to instances, and so using it"),
    ("AdministratorAccess-Amplify", "writing the policies of every role, and passing every role to a service"),
    ("AmazonDynamoDBFullAccesswithDataPipeline", PASS),
    ("AmazonEC2ContainerServiceFullAccess", PASS),
    ("AmazonElasticMapReduceFullAccess", PASS),
    ("AmazonElasticMapReduceRole", PASS),
    ("AmazonSSMAutomationRole", COMMANDS),
    ("AmazonSSMFullAccess", COMMANDS),
    ("DataScientist", CODE),
    ("IAMFullAccess", "every action of IAM, and so granting itself every other permission"),
    ("PowerUserAccess", "every action except those of IAM, and so using the roles of functions and instances"),
    ("SecretsManagerReadWrite", "reading every secret, such as the credentials of administrators"),
    ("SystemAdministrator", CODE),
];

/// Any name of at least eight characters that only a wildcard matches.
const NAME: &str = "\u{1}\u{1}\u{1}\u{1}*\u{1}\u{1}\u{1}\u{1}";

/// Checks the permissions of a role: full access, actions that allow privilege escalation, and conditions without effect.
#[must_use]
pub fn lint_permissions(policy_name: &str, policy: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in policy.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Allow) {
        let statement_name = format!("{} of the policy `{policy_name}`", policy.name_of(index));
        if allows_everything(&statement.actions) {
            findings.push(warning(format!("{statement_name} allows every action, or all actions except some")));
        } else {
            let found = escalations(statement);
            if !found.is_empty() {
                findings.push(warning(format!(
                    "{statement_name} allows {} on every resource; list the resources",
                    found.join(", ")
                )));
            }
        }
        findings.extend(ineffective_conditions(&statement_name, statement));
    }
    findings
}

/// Checks a managed policy that is attached to a role, by its ARN.
#[must_use]
pub fn lint_managed_policy(arn: &str) -> Option<Finding> {
    let path = arn.split_once(":iam::aws:policy/")?.1;
    let name = path.rsplit('/').next()?;
    let (_, allowed) = MANAGED.iter().find(|(managed, _)| *managed == name)?;
    Some(warning(format!(
        "the managed policy `{name}` amounts to administrator access: it allows {allowed}; attach a narrower policy"
    )))
}

fn allows_everything(actions: &Actions) -> bool {
    match actions {
        Actions::Only(all) => all.iter().any(|pattern| covers(pattern, &format!("{NAME}:{NAME}"))),
        Actions::AllBut(_) => true,
    }
}

fn escalations(statement: &Statement) -> Vec<String> {
    let whole = |service: &&str| match &statement.actions {
        Actions::Only(all) => {
            all.iter().any(|pattern| covers(&pattern.to_ascii_lowercase(), &format!("{service}:{NAME}")))
                && on_every(statement, service, "")
        }
        Actions::AllBut(_) => false,
    };
    let services: Vec<_> = SERVICES.into_iter().filter(whole).collect();
    let mut found: Vec<_> = services.iter().map(|service| format!("every action of {service}")).collect();
    let single = ESCALATIONS.into_iter().filter(|(action, service, kind)| {
        let is_named = services.iter().any(|service| action.split(':').next() == Some(service));
        !is_named && statement.actions.cover(action) && on_every(statement, service, kind)
    });
    found.extend(single.map(|(action, ..)| action.to_owned()));
    found
}

/// Whether a statement covers every resource of a kind in an account.
fn on_every(statement: &Statement, service: &str, kind: &str) -> bool {
    // `NotResource` excepts some.
    let Some(patterns) = &statement.resources else { return true };
    let all = |pattern: &String| {
        // The placeholders of the configuration stand for the account of the role, and a partition for that account's.
        let mut pattern = pattern.replace("{partition}", "*").replace("{account-id}", "*");
        if let Ok(partition) = Partition::from_arn(&pattern) {
            pattern = pattern.replacen(partition.as_str(), "*", 1);
        }
        let in_region = |region| covers(&pattern, &format!("arn:{NAME}:{service}:{region}:{NAME}:{kind}{NAME}"));
        in_region("") || in_region(NAME)
    };
    patterns.iter().any(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(statements: &str) -> String {
        let policy = Document::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap();
        lint_permissions("p", &policy).iter().map(|finding| format!("{:?}: {finding}\n", finding.severity)).collect()
    }

    #[test]
    fn privilege_escalations_are_reported() {
        insta::assert_snapshot!(messages(r#"
            {"Effect":"Allow","Action":["ec2:Describe*"],"Resource":"*"},
            {"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Allow","NotAction":"iam:*","Resource":"*"},
            {"Effect":"Allow","Action":["iam:Put*","sts:*"],"Resource":"*"},
            {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/x"}"#), @"
        Warning: statement `All` of the policy `p` allows every action, or all actions except some
        Warning: statement 3 of the policy `p` allows every action, or all actions except some
        Warning: statement 4 of the policy `p` allows iam:PutGroupPolicy, iam:PutRolePermissionsBoundary, iam:PutRolePolicy, iam:PutUserPermissionsBoundary, iam:PutUserPolicy, sts:AssumeRole on every resource; list the resources
        ");
    }

    #[test]
    fn every_form_of_every_resource_is_recognized() {
        let is_reported = |action: &str, resource: &str| {
            let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#);
            !messages(&statement).is_empty()
        };
        for all in [
            "*",
            "**",
            "?*",
            "*?",
            "arn:*",
            "arn:*:iam::*:role/*",
            "arn:aws:iam::*:*",
            "arn:aws-us-gov:iam::*:role/?*",
            "arn:{partition}:iam::{account-id}:role/*",
            "arn:*:*:*:*:*",
        ] {
            for action in ["iam:PassRole", "iam:AttachRolePolicy", "iam:Attach*", "IAM:putrolepolicy", "sts:Assume*"] {
                assert!(is_reported(action, all), "{action} on {all}");
            }
        }
        for some in
            ["arn:aws:iam::*:role/app/*", "arn:aws:iam::*:role/app-*", "arn:aws:iam::*:user/*", "arn:aws:s3:::*"]
        {
            assert!(!is_reported("iam:PassRole", some), "{some}");
        }
        assert!(is_reported("iam:CreateLoginProfile", "arn:aws:iam::*:user/*"));
        assert!(is_reported("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:*"));
        assert!(!is_reported("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:*:function:app-*"));
    }

    #[test]
    fn service_wildcard_is_reported_as_such() {
        for all in ["iam:*", "iam:**", "iam:?*", "i?m:*"] {
            let statement = format!(r#"{{"Effect":"Allow","Action":"{all}","Resource":"*"}}"#);
            assert_eq!(
                messages(&statement),
                "Warning: statement 1 of the policy `p` allows every action of iam on every resource; list the resources\n"
            );
        }
        for all in ["*", "*:*", "?*", "**", "?*:*"] {
            let statement = format!(r#"{{"Effect":"Allow","Action":"{all}","Resource":"arn:aws:s3:::x"}}"#);
            assert!(messages(&statement).contains("allows every action, or"), "{all}");
        }
    }

    #[test]
    fn managed_policies_are_recognized_by_name() {
        let is_reported = |arn: &str| lint_managed_policy(arn).is_some();
        for name in [
            "AdministratorAccess",
            "AdministratorAccess-Amplify",
            "IAMFullAccess",
            "PowerUserAccess",
            "job-function/SystemAdministrator",
            "service-role/AmazonSSMAutomationRole",
            "AWSOrganizationsFullAccess",
            "SecretsManagerReadWrite",
        ] {
            assert!(is_reported(&format!("arn:aws:iam::aws:policy/{name}")), "{name}");
            assert!(is_reported(&format!("arn:{{partition}}:iam::aws:policy/{name}")), "{name}");
            assert!(!is_reported(&format!("arn:aws:iam::444455556666:policy/{name}")), "a policy of the account");
        }
        for name in ["ReadOnlyAccess", "job-function/ViewOnlyAccess", "SecurityAudit", "administratoraccess"] {
            assert!(!is_reported(&format!("arn:aws:iam::aws:policy/{name}")), "{name}");
        }
        assert!(MANAGED.is_sorted(), "in the order of the names");
    }
}
