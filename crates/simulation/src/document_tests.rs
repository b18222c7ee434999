use super::*;
use crate::example::{ACCESS, MEMBER, VENDOR, id, name, organization};
use crate::{AccountCreation, FakeOrganization};
use onboarding_engine::ports::Clock;
use std::time::Duration;

fn save_trust(organization: &FakeOrganization, principal: &str) -> Result<String, String> {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
    );
    let mut state = organization.lock();
    state.tick();
    check_trust(&state, &text).map_err(|failure| failure.message)
}

fn aws(organization: &FakeOrganization, principal: &str) -> Result<String, String> {
    save_trust(organization, &format!(r#"{{"AWS":"{principal}"}}"#))
}

#[test]
fn principal_that_does_not_exist_is_rejected() {
    let organization = organization().with_identity("arn:aws:iam::222233334444:user/ann");
    for good in [
        "*",
        VENDOR,
        MEMBER,
        "arn:aws:iam::222233334444:root",
        "arn:aws:iam::222233334444:user/ann",
        "arn:aws:iam::111122223333:role/account-onboarding",
        "arn:aws:sts::222233334444:assumed-role/x/y",
    ] {
        assert!(aws(&organization, good).is_ok(), "{good}");
    }
    for bad in [
        "999999999999",
        "arn:aws:iam::999999999999:root",
        "arn:aws-cn:iam::222233334444:role/x",
        "arn:aws:iam::222233334444:role/absent",
        "arn:aws:iam::222233334444:user/absent",
        "arn:aws:iam::111122223333:role/path/account-onboarding",
        "arn:aws:iam::222233334444:group/x",
        "AROAIOSFODNN7EXAMPLE",
        "nonsense",
    ] {
        let error = aws(&organization, bad).unwrap_err();
        assert!(error.starts_with("Invalid principal in policy: \"AWS\":"), "{bad}: {error}");
    }
    assert!(save_trust(&organization, r#"{"Service":"lambda.amazonaws.com"}"#).is_ok());
    assert!(save_trust(&organization, r#"{"Service":"lambda"}"#).is_err());
    assert!(save_trust(&organization, r#"{"Federated":"accounts.google.com"}"#).is_ok());
    assert!(save_trust(&organization, r#"{"Robot":"x"}"#).is_err());
}

#[tokio::test]
async fn new_principal_is_rejected_until_it_has_propagated() {
    let organization = organization();
    organization.set_propagation(Duration::from_secs(20));
    let account =
        organization.finish_creation(&organization.create_account_with("new", AccountCreation::default())).unwrap();
    organization.put_role(&id("222233334444"), &name("auth"), super::super::RoleState::trusting("{}"));
    let role = "arn:aws:iam::222233334444:role/auth";
    assert!(aws(&organization, role).is_err() && aws(&organization, account.as_str()).is_err());
    assert!(aws(&organization, MEMBER).is_ok());
    organization.sleep(Duration::from_secs(20)).await;
    assert!(aws(&organization, role).is_ok() && aws(&organization, account.as_str()).is_ok());
}

#[test]
fn trust_policy_is_normalized_on_save() {
    let organization = organization();
    let saved = save_trust(&organization, r#"{"AWS":["123456789012"]}"#).unwrap();
    insta::assert_snapshot!(saved, @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}"#);
    insta::assert_snapshot!(save_trust(&organization, r#"{"AWS":["123456789012","arn:aws:iam::222233334444:root"]}"#).unwrap(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}"#);
    assert!(save_trust(&organization, "\"*\"").unwrap().contains(r#""Principal":"*""#));
}

#[test]
fn deleted_role_is_replaced_by_its_unique_id_in_trust_policies() {
    let organization = organization();
    let identity = id("222233334444");
    let auth = name("auth");
    organization.put_role(&identity, &auth, super::super::RoleState::trusting("{}"));
    let trust = aws(&organization, "arn:aws:iam::222233334444:role/auth").unwrap();
    organization.set_trust(&id(MEMBER), &name(ACCESS), &trust);
    let caller = onboarding_core::policy::Caller {
        account: identity.clone(),
        arn: Some("arn:aws:iam::222233334444:role/auth".to_owned()),
    };
    let arn = format!("arn:aws:iam::{MEMBER}:role/{ACCESS}");
    assert!(organization.can_assume(&caller, &arn, None));
    organization.delete_role(&identity, &auth);
    let left = organization.role_state(&id(MEMBER), &name(ACCESS)).unwrap().trust.0;
    let left = Document::parse(&left).unwrap();
    assert_eq!(left.orphans().count(), 1);
    assert!(!organization.can_assume(&caller, &arn, None));
    organization.put_role(&identity, &auth, super::super::RoleState::trusting("{}"));
    assert!(!organization.can_assume(&caller, &arn, None), "a new role with the same name is a different principal");
    assert!(
        super::check_trust(&organization.lock(), &left.to_json()).is_err(),
        "a document with a unique id cannot be saved again"
    );
}

#[test]
fn trust_policy_grammar_is_checked() {
    let organization = organization();
    let all = [
        r#"{"Statement":[]}"#,
        r#"{"Version":"2020-01-01","Statement":[ONE]}"#,
        r#"{"Extra":1,"Statement":[ONE]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":"x"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","NotAction":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Comment":"x"}]}"#,
        r#"{"Statement":[{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Sid":"a","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringSame":{"a":"b"}}}]}"#,
        r#"{"Id":"–","Statement":[ONE]}"#,
    ];
    let one = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#;
    let state = organization.lock();
    let mut messages = String::new();
    for text in all {
        messages += &check_trust(&state, &text.replace("ONE", one)).unwrap_err().message;
        messages.push('\n');
    }
    insta::assert_snapshot!(messages, @r"
    Syntax errors in policy.
    Syntax errors in policy.
    Syntax errors in policy.
    Missing required field Principal
    Missing required field Principal
    Has prohibited field Resource
    Has prohibited field Resource
    AssumeRole policy may only specify STS AssumeRole actions.
    AssumeRole policy may only specify STS AssumeRole actions.
    Allow with NotPrincipal is not allowed.
    Syntax errors in policy.
    Statement IDs (SID) must be alpha-numeric.
    Statement IDs (SID) in a single policy must be unique.
    Invalid Condition type : StringSame.
    Syntax errors in policy.
    ");
    assert!(check_trust(&state, &format!(r#"{{"Version":"2008-10-17","Id":"x","Statement":{one}}}"#)).is_ok());
    assert!(check_trust(&state, r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":["sts:*"],"Condition":{"ForAnyValue:StringNotLikeIfExists":{"a":"b"},"Null":{"c":true}}}}"#).is_ok());
}

#[test]
fn permissions_policy_grammar_is_checked() {
    let of = |statement: &str| check_permissions(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#));
    assert!(of(r#"{"Effect":"Allow","Action":["s3:Get*","*"],"Resource":["*","arn:aws:s3:::x"]}"#).is_ok());
    for bad in [
        r#"{"Effect":"Allow","Action":"s3:Get*"}"#,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"bucket"}"#,
        r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Principal":"*"}"#,
    ] {
        assert_eq!(of(bad).unwrap_err().code, "MalformedPolicyDocument", "{bad}");
    }
}
