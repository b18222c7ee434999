use super::*;

fn access(provider: &str, action: &str, condition: &str) -> String {
    let trust = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"{action}","Condition":{condition}}}]}}"#
    );
    let own = OwnOrganization { id: None, accounts: [].into(), partition: "aws".parse().unwrap() };
    let line = |one: ProviderAccess| format!("{} {:?} {:?} {:?}", one.issuer, one.kind, one.can, one.subject);
    let found = provider_access(&Document::parse(&trust).unwrap(), &own);
    found.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

const GITHUB: &str = "arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com";
const TOKEN: &str = "sts:AssumeRoleWithWebIdentity";

#[test]
fn github_without_a_limited_subject_is_open_to_everyone() {
    let subject = |condition: &str| access(GITHUB, TOKEN, condition);
    let key = "token.actions.githubusercontent.com";
    for any in [
        "{}".to_owned(),
        format!(r#"{{"StringEquals":{{"{key}:aud":"sts.amazonaws.com"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:aud":"sts.amazonaws.com"}},"StringLike":{{"{key}:sub":"repo:*"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":["repo:acme/x:*","repo:*/*:ref:refs/heads/*"]}}}}"#),
        format!(r#"{{"ForAllValues:StringLike":{{"{key}:sub":"repo:*"}}}}"#),
        r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#.to_owned(),
    ] {
        assert!(subject(&any).ends_with(" Any"), "{any}: {}", subject(&any));
    }
    for limited in [
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:acme/*"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:sub":"repo:acme/x:ref:refs/heads/main"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:repository_owner":"acme"}}}}"#),
    ] {
        assert!(subject(&limited).ends_with(" Limited"), "{limited}: {}", subject(&limited));
    }
}

#[test]
fn providers_are_classified() {
    let all = [
        access(GITHUB, TOKEN, "{}"),
        access(
            "arn:aws:iam::444455556666:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            TOKEN,
            "{}",
        ),
        access(
            "arn:aws:iam::444455556666:oidc-provider/oidc.eks.us-east-1.amazonaws.com.example.com/id/x",
            TOKEN,
            "{}",
        ),
        access("cognito-identity.amazonaws.com", TOKEN, "{}"),
        access(
            "cognito-identity.amazonaws.com",
            TOKEN,
            r#"{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:x"}}"#,
        ),
        access("accounts.google.com", TOKEN, r#"{"StringEquals":{"accounts.google.com:aud":"client"}}"#),
        access("arn:aws:iam::444455556666:saml-provider/Okta", "sts:AssumeRoleWithSAML", "{}"),
        access("arn:aws:iam::444455556666:saml-provider/Okta", TOKEN, "{}"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    token.actions.githubusercontent.com External Always Any
    oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE Aws Always Any
    oidc.eks.us-east-1.amazonaws.com.example.com/id/x External Always Any
    cognito-identity.amazonaws.com Aws Always Any
    cognito-identity.amazonaws.com Aws Conditionally Limited
    accounts.google.com External Conditionally Limited
    Okta Saml Always Limited
    Okta Saml Never Limited
    ");
}

#[test]
fn denied_provider_cannot_assume_the_role() {
    let trust = r#"{"Statement":[
        {"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"},
        {"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}]}"#;
    let own = OwnOrganization { id: None, accounts: [].into(), partition: "aws".parse().unwrap() };
    let found = provider_access(&Document::parse(trust).unwrap(), &own);
    assert_eq!(found.iter().map(|one| one.can).collect::<Vec<_>>(), [Can::Never]);
}
