use super::*;
use crate::plan::sample;

fn analyzer() -> TrustAnalyzer {
    TrustAnalyzer::new(OwnOrganization {
        id: Some("o-exampleorgid".to_owned()),
        accounts: ["111122223333", "444455556666"].map(|id| id.parse().unwrap()).into(),
        partition: "aws".parse().unwrap(),
    })
}

fn role(name: &str, path: &str, trust: &str) -> ListedRole {
    let arn = format!("arn:aws:iam::444455556666:role{path}{name}");
    ListedRole { name: name.to_owned(), arn, path: path.to_owned(), trust: trust.to_owned() }
}

fn allow(principal: &str, action: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Condition":{condition}}}]}}"#
    )
}

fn findings(trust: &str) -> String {
    let line = |one: RoleFinding| {
        format!(
            "{} {:?} {}: {} [{}]",
            one.severity.as_str(),
            one.kind,
            one.principal,
            one.message,
            one.conditions.join("; ")
        )
    };
    match analyzer().findings(&role("R", "/", trust)) {
        Ok(found) => found.into_iter().map(line).collect::<Vec<_>>().join("\n"),
        Err(unread) => format!("unread {}: {}", unread.role_arn, unread.problem),
    }
}

const ASSUME: &str = "sts:AssumeRole";
const TOKEN: &str = "sts:AssumeRoleWithWebIdentity";
const GITHUB: &str = r#"{"Federated":"arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"}"#;

#[test]
fn severity_depends_on_who_and_on_what_is_required() {
    let vendor = r#"{"AWS":"210987654321"}"#;
    let all = [
        allow(r#""*""#, ASSUME, "{}"),
        allow(r#""*""#, ASSUME, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#),
        allow(r#""*""#, ASSUME, r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#),
        allow(vendor, ASSUME, "{}"),
        allow(vendor, ASSUME, r#"{"StringLike":{"sts:ExternalId":"*"}}"#),
        allow(vendor, ASSUME, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#),
        allow(vendor, ASSUME, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
        allow(r#"{"AWS":"AROAIOSFODNN7EXAMPLE"}"#, ASSUME, "{}"),
        allow(GITHUB, TOKEN, "{}"),
        allow(GITHUB, TOKEN, r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}}"#),
        allow(r#"{"Federated":"cognito-identity.amazonaws.com"}"#, TOKEN, "{}"),
        allow(r#"{"Federated":"arn:aws:iam::444455556666:saml-provider/Okta"}"#, "sts:AssumeRoleWithSAML", "{}"),
        r#"{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#
            .to_owned(),
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":1},"Action":"sts:AssumeRole"}]}"#.to_owned(),
        "not JSON".to_owned(),
    ];
    insta::assert_snapshot!(all.map(|trust| findings(&trust)).join("\n"), @"
    critical Principal anyone (`*`): everyone, in every AWS account, can assume the role []
    high Principal anyone (`*`): everyone who knows the external ID can assume the role [sts:ExternalId StringEquals (hidden)]
    high Principal anyone (`*`): everyone who meets the conditions can assume the role; the conditions do not limit the role to this organization [aws:SourceIp IpAddress `192.0.2.0/24`]
    high Principal account 210987654321: it can assume the role without an external ID []
    high Principal account 210987654321: it can assume the role with any external ID, which gives no protection [sts:ExternalId StringLike (hidden)]
    medium Principal account 210987654321: it can assume the role with the external ID [sts:ExternalId StringEquals (hidden)]
    medium Principal account 210987654321: it can assume the role without an external ID and after MFA [aws:MultiFactorAuthPresent Bool `true`]
    info NoAccess the unique ID AROAIOSFODNN7EXAMPLE: it cannot assume the role: the role or user was deleted, so that the ID matches no caller []
    critical IdentityProvider token.actions.githubusercontent.com: every user of the issuer can assume the role: no condition limits the subject of the token []
    low IdentityProvider token.actions.githubusercontent.com: users of the issuer whose token meets the conditions can assume the role [token.actions.githubusercontent.com:sub StringLike `repo:acme/*`]
    critical IdentityProvider cognito-identity.amazonaws.com: every user of the issuer can assume the role: no condition limits the subject of the token []
    low IdentityProvider Okta: users to whom the SAML provider assigns the role can assume it []
    critical Principal anyone (`*`): everyone, in every AWS account, can assume the role: `NotPrincipal` allows everyone except account 111122223333 []
    unread arn:aws:iam::444455556666:role/R: `Statement[0].Principal.AWS` is not valid: expected account IDs of twelve digits, in quotes; a leading zero may be missing
    unread arn:aws:iam::444455556666:role/R: the policy is not valid JSON: expected ident at line 1 column 2
    ");
}

#[test]
fn what_belongs_to_the_organization_and_to_aws_is_not_reported() {
    let cluster =
        r#"{"Federated":"arn:aws:iam::444455556666:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"}"#;
    let pool =
        r#"{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:12345678-aaaa-bbbb-cccc-123456789012"}}"#;
    for trust in [
        allow(r#"{"AWS":"111122223333"}"#, ASSUME, "{}"),
        allow(r#"{"Service":"lambda.amazonaws.com"}"#, ASSUME, "{}"),
        allow(r#""*""#, ASSUME, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#),
        allow(cluster, TOKEN, "{}"),
        allow(r#"{"Federated":"cognito-identity.amazonaws.com"}"#, TOKEN, pool),
    ] {
        assert_eq!(findings(&trust), "", "{trust}");
    }
}

#[test]
fn identity_center_is_recognized_by_the_path_that_is_reserved_for_it() {
    let provider = r#"{"Federated":"arn:aws:iam::444455556666:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"}"#;
    let trust = allow(provider, "sts:AssumeRoleWithSAML", "{}");
    let mut analyzer = analyzer();
    let found = |analyzer: &mut TrustAnalyzer, path: &str| analyzer.findings(&role("R", path, &trust)).unwrap().len();
    assert_eq!(found(&mut analyzer, "/aws-reserved/sso.amazonaws.com/eu-west-1/"), 0);
    // The same policy of another role: nothing was remembered of the first one.
    assert_eq!(found(&mut analyzer, "/"), 1);
}

#[test]
fn remembered_policies_are_those_without_findings() {
    let mut analyzer = analyzer();
    for _ in 0..3 {
        let service = allow(r#"{"Service":"lambda.amazonaws.com"}"#, ASSUME, "{}");
        assert_eq!(analyzer.findings(&role("R", "/", &service)).unwrap(), []);
        let vendor = allow(r#"{"AWS":"210987654321"}"#, ASSUME, "{}");
        assert_eq!(analyzer.findings(&role("R", "/", &vendor)).unwrap().len(), 1);
        assert!(analyzer.findings(&role("R", "/", "{")).is_err());
    }
    assert_eq!(analyzer.remembered.len(), 1);
}

#[test]
fn external_id_is_hidden_wherever_the_policy_repeats_it() {
    let trust = r#"{"Statement":[{"Sid":"AllowS3cretId","Effect":"Allow","Principal":{"AWS":"210987654321"},
        "Action":"sts:AssumeRole","Condition":{"StringEquals":{"STS:externalid":"S3cretId"},
        "StringLike":{"aws:PrincipalArn":"arn:aws:iam::210987654321:role/s3cretid","aws:RequestTag/S3cretId":"x"}}},
        {"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/S3cretId"},"Action":"sts:AssumeRole"}]}"#;
    let found = analyzer().findings(&role("R", "/", trust)).unwrap();
    assert!(!format!("{found:?}").to_lowercase().contains("s3cretid"), "{found:?}");
    insta::assert_snapshot!(findings(trust), @"
    medium Principal account 210987654321: it can assume the role with the external ID [STS:externalid StringEquals (hidden); aws:PrincipalArn StringLike `arn:aws:iam::210987654321:role/(hidden)`; aws:RequestTag/(hidden) StringLike `x`]
    critical Principal anyone (`*`): everyone, in every AWS account, can assume the role: `NotPrincipal` allows everyone except arn:aws:iam::111122223333:user/(hidden) []
    ");
}

#[test]
fn session_can_list_roles_and_read_when_they_were_used() {
    insta::assert_snapshot!(session_policy(&sample::account()), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"},{"Effect":"Allow","Action":"iam:GetRole","Resource":"arn:aws:iam::444455556666:role/*"}]}"#);
}

#[test]
fn hostile_names_are_shortened() {
    let trust = allow(&format!(r#"{{"Other":"{}"}}"#, "x\u{202e}".repeat(4_000)), ASSUME, "{}");
    let found = analyzer().findings(&role(&"n".repeat(9_000), "/", &trust)).unwrap();
    let longest = |text: &String| text.chars().count() <= LONGEST + 1 && !text.contains('\u{202e}');
    assert!(found.iter().all(|one| longest(&one.principal) && longest(&one.role) && longest(&one.role_arn)));
}
