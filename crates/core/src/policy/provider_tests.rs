use super::*;

fn access(provider: &str, action: &str, condition: &str) -> String {
    let trust = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"{action}","Condition":{condition}}}]}}"#
    );
    let partition = "aws".parse().unwrap();
    let line = |one: ProviderAccess| format!("{} {:?} {:?} {:?}", one.issuer, one.kind, one.can, one.subject);
    let found = provider_access(&Document::parse(&trust).unwrap(), &partition);
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
        format!(r#"{{"Null":{{"{key}:sub":"false"}}}}"#),
        format!(r#"{{"StringNotEquals":{{"{key}:sub":"repo:evil/x:ref:refs/heads/main"}}}}"#),
        format!(r#"{{"StringNotLike":{{"{key}:sub":"repo:evil/*"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:*/app:*"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"*:ref:refs/heads/main"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:acme*"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:ac?e/app:*"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:ref":"refs/heads/main","{key}:environment":"prod"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:repository":"*/app"}}}}"#),
        format!(r#"{{"StringEqualsIfExists":{{"{key}:enterprise_id":"7"}}}}"#),
        format!(r#"{{"Null":{{"{key}:enterprise_id":"true"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:job_workflow_ref":"acme/*"}}}}"#),
    ] {
        assert!(subject(&any).ends_with(" Any"), "{any}: {}", subject(&any));
    }
    for limited in [
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:acme/*"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:sub":"repo:acme/x:ref:refs/heads/main"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:repository_owner":"acme"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":["repo:acme/*","repo:acme-labs/app:*"]}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:*/app:*"}},"StringEquals":{{"{key}:repository":"acme/app"}}}}"#),
        format!(r#"{{"StringEquals":{{"{key}:repository_id":"7","{key}:ref":"refs/heads/main"}}}}"#),
        format!(r#"{{"StringLike":{{"{key}:sub":"repo:acme/*","{key}:job_workflow_ref":"acme/*"}}}}"#),
    ] {
        assert!(subject(&limited).ends_with(" Limited"), "{limited}: {}", subject(&limited));
    }
}

#[test]
fn shared_issuers_are_open_unless_the_owner_is_limited() {
    let issuer = |issuer: &str, condition: &str| {
        let arn = format!("arn:aws:iam::444455556666:oidc-provider/{issuer}");
        let provider = if issuer.contains("amazonaws") || issuer.contains("google") { issuer } else { &arn };
        access(provider, TOKEN, &condition.replace("ISSUER", issuer))
    };
    let cognito = "cognito-identity.amazonaws.com";
    for (name, condition) in [
        ("gitlab.com", r#"{"StringLike":{"ISSUER:sub":"project_path:*"}}"#),
        ("gitlab.com", r#"{"StringLike":{"ISSUER:sub":"project_path:*/app:ref_type:branch:ref:main"}}"#),
        ("app.terraform.io", r#"{"StringLike":{"ISSUER:sub":"organization:*"}}"#),
        ("app.terraform.io", r#"{"StringLike":{"ISSUER:sub":"organization:*:project:*:workspace:prod:*"}}"#),
        (cognito, r#"{"ForAnyValue:StringLike":{"ISSUER:amr":"authenticated"}}"#),
        (cognito, r#"{"StringLike":{"ISSUER:aud":"eu-west-1:*"}}"#),
        (cognito, r#"{"StringNotEquals":{"ISSUER:aud":"eu-west-1:x"}}"#),
        ("accounts.google.com", r#"{"StringEquals":{"ISSUER:oaud":"https://example.com"}}"#),
        ("accounts.google.com", r#"{"StringLike":{"ISSUER:email":"*"}}"#),
        ("login.example.com", r#"{"StringEquals":{"ISSUER:aud":"client"}}"#),
        ("login.example.com", r#"{"Null":{"ISSUER:amr":"false"}}"#),
    ] {
        assert!(issuer(name, condition).ends_with(" Any"), "{name} {condition}: {}", issuer(name, condition));
    }
    for (name, condition) in [
        ("gitlab.com", r#"{"StringLike":{"ISSUER:sub":"project_path:acme/*:ref:main"}}"#),
        ("app.terraform.io", r#"{"StringLike":{"ISSUER:sub":"organization:acme:project:*:workspace:*:run_phase:*"}}"#),
        (
            cognito,
            r#"{"StringEquals":{"ISSUER:aud":"eu-west-1:x"},"ForAnyValue:StringLike":{"ISSUER:amr":"authenticated"}}"#,
        ),
        ("accounts.google.com", r#"{"StringEquals":{"ISSUER:sub":"108"}}"#),
        ("accounts.google.com", r#"{"StringLike":{"ISSUER:email":"*@example.com"}}"#),
        ("login.example.com", r#"{"StringLike":{"ISSUER:sub":"team-*"}}"#),
    ] {
        assert!(issuer(name, condition).ends_with(" Limited"), "{name} {condition}: {}", issuer(name, condition));
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
    let partition = "aws".parse().unwrap();
    let found = provider_access(&Document::parse(trust).unwrap(), &partition);
    assert_eq!(found.iter().map(|one| one.can).collect::<Vec<_>>(), [Can::Never]);
}
