//! Roles of a large organization, as `iam:ListRoles` returns them. 25 of them can be assumed from outside the organization, each in
//! a different way; all others look similar and cannot.

use onboarding_core::account::AccountId;
use onboarding_core::policy::OwnOrganization;
use onboarding_core::trust_audit::ListedRole;

/// The roles of an account.
pub(crate) const ROLES_PER_ACCOUNT: usize = 1_000;

const OIDC: &str = "sts:AssumeRoleWithWebIdentity";
const GITHUB: &str = "token.actions.githubusercontent.com";

/// The ID of an account of the organization.
pub(crate) fn account(number: usize) -> String {
    format!("{:012}", 400_000_000_000 + number * 7)
}

/// An organization with this many accounts.
pub(crate) fn organization(accounts: usize) -> OwnOrganization {
    let ids: Result<_, _> = (0..accounts).map(|number| account(number).parse::<AccountId>()).collect();
    let partition = "aws".parse();
    OwnOrganization {
        id: Some("o-exampleorgid".to_owned()),
        accounts: ids.unwrap_or_default(),
        partition: partition.unwrap_or_else(|_| unreachable!("`aws` is a partition")),
    }
}

/// The role with this number, of `roles`, and whether it is one of the 25.
pub(crate) fn role(number: usize, roles: usize) -> (ListedRole, bool) {
    let planted = planted(number, roles);
    let account = account(number / ROLES_PER_ACCOUNT);
    let (path, trust) = match planted {
        Some(kind) => ("/", outside(kind, &account)),
        None => inside(number, &account, &self::account(number % (roles / ROLES_PER_ACCOUNT).max(1))),
    };
    let name = format!("role-{number}");
    let role =
        ListedRole { arn: format!("arn:aws:iam::{account}:role{path}{name}"), name, path: path.to_owned(), trust };
    (role, planted.is_some())
}

/// Which of the 25 roles this is. They are spread over all accounts, at places that follow no round number.
fn planted(number: usize, roles: usize) -> Option<usize> {
    (0..25).find(|kind| (kind * (roles / 25) + kind * 37 + 11) % roles == number)
}

fn statement(effect: &str, principal: &str, action: &str, condition: &str) -> String {
    format!(r#"{{"Effect":"{effect}",{principal},"Action":"{action}","Condition":{condition}}}"#)
}

fn policy(statements: &[String]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn allow(principal: &str, condition: &str) -> String {
    statement("Allow", principal, "sts:AssumeRole", condition)
}

fn aws(principal: &str) -> String {
    format!(r#""Principal":{{"AWS":"{principal}"}}"#)
}

fn provider(account: &str, name: &str) -> String {
    format!(r#""Principal":{{"Federated":"arn:aws:iam::{account}:{name}"}}"#)
}

const ANYONE: &str = r#""Principal":"*""#;
const OWN: &str = r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#;

/// Typical roles of an organization that no principal outside can assume.
fn inside(number: usize, account: &str, other: &str) -> (&'static str, String) {
    let services =
        ["lambda", "ec2", "ecs-tasks", "states", "events", "glue", "codebuild", "cloudformation", "backup", "config"];
    let service = services.iter().cycle().nth(number / 7 % services.len()).unwrap_or(&"lambda");
    let root = format!("arn:aws:iam::{other}:root");
    let one = match number % 16 {
        0 => allow(&aws(&root), "{}"),
        1 => allow(&aws(other), r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#),
        2 => allow(&aws(&format!("arn:aws:iam::{other}:role/ci/deployer")), "{}"),
        3 => allow(ANYONE, OWN),
        4 => allow(
            r#""Principal":{"AWS":"*"}"#,
            &format!(r#"{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::{other}:role/*"}}}}"#),
        ),
        5 => allow(
            ANYONE,
            r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorgid/r-ab12/ou-ab12-workload/*"}}"#,
        ),
        6 => statement(
            "Allow",
            &provider(account, "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"),
            OIDC,
            r#"{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"system:serviceaccount:a:b"}}"#,
        ),
        7 => {
            let trust = policy(&[statement(
                "Allow",
                &provider(account, "saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"),
                "sts:AssumeRoleWithSAML",
                r#"{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}"#,
            )]);
            return ("/aws-reserved/sso.amazonaws.com/eu-west-1/", trust);
        }
        8 => {
            let outside = r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#;
            return ("/", policy(&[allow(ANYONE, "{}"), statement("Deny", ANYONE, "sts:*", outside)]));
        }
        9 => allow(ANYONE, r#"{"Bool":{"aws:PrincipalIsAWSService":"true"}}"#),
        _ => allow(&format!(r#""Principal":{{"Service":"{service}.amazonaws.com"}}"#), "{}"),
    };
    ("/", policy(&[one]))
}

/// 25 trust policies that allow principals outside the organization.
fn outside(kind: usize, account: &str) -> String {
    let if_exists = r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#;
    let github = provider(account, &format!("oidc-provider/{GITHUB}"));
    let one = match kind {
        0 => allow(ANYONE, "{}"),
        1 => allow(r#""Principal":{"AWS":"*"}"#, "{}"),
        2 => allow(ANYONE, if_exists),
        3 => allow(ANYONE, r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#),
        4 => allow(ANYONE, r#"{"StringEquals":{"aws:PrincipalOrgID":["o-exampleorgid","o-partner000"]}}"#),
        5 => allow(ANYONE, r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/deployer"}}"#),
        6 => allow(ANYONE, r#"{"StringEquals":{"aws:PrincipalAccount":"210987654321"}}"#),
        7 => allow(&aws("210987654321"), "{}"),
        8 => allow(&aws("arn:aws:iam::210987654321:root"), r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#),
        9 => allow(&aws("arn:aws:iam::210987654321:role/scanner"), "{}"),
        10 => allow(&aws("arn:aws:iam::210987654321:user/ann"), r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
        11 => allow(&aws("arn:aws:sts::210987654321:assumed-role/scanner/session"), "{}"),
        12 => allow(&format!(r#""Principal":{{"AWS":["{account}","310987654321"]}}"#), "{}"),
        13 => allow(r#""NotPrincipal":{"AWS":"111122223333"}"#, "{}"),
        14 => allow(ANYONE, r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#),
        15 => allow(ANYONE, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#),
        16 => statement("Allow", &github, OIDC, "{}"),
        17 => statement("Allow", &github, OIDC, &format!(r#"{{"StringLike":{{"{GITHUB}:sub":"repo:acme/*"}}}}"#)),
        18 => statement("Allow", &provider(account, "saml-provider/Okta"), "sts:AssumeRoleWithSAML", "{}"),
        19 => statement("Allow", r#""Principal":{"Federated":"cognito-identity.amazonaws.com"}"#, OIDC, "{}"),
        20 => allow(&aws("464622532012"), r#"{"StringLike":{"sts:ExternalId":"*"}}"#),
        21 => statement("Allow", &aws("210987654321"), "sts:*", "{}"),
        22 => format!(r#"{{"Effect":"Allow",{},"NotAction":"sts:TagSession"}}"#, aws("210987654321")),
        23 => {
            let exempt = r#""NotPrincipal":{"AWS":"210987654321"}"#;
            let all = statement(
                "Deny",
                exempt,
                "sts:AssumeRole",
                r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#,
            );
            return policy(&[allow(ANYONE, "{}"), all]);
        }
        _ => allow(ANYONE, r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#),
    };
    policy(&[one])
}
