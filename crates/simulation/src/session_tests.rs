use super::*;
use crate::example::{
    ACCESS, ALL, MEMBER, VENDOR, assume_role_request, change, id, name, organization, session, trusting, update_role,
};
use crate::{AccountCreation, ControlPolicy, FakeOrganization, Lag, RoleState};
use onboarding_core::error::ErrorKind;
use onboarding_engine::ports::{Clock, ReadIam};
use std::time::Duration;

async fn refusal_code(organization: &FakeOrganization, request: &AssumeRoleRequest) -> String {
    organization.assume_role(request).await.err().unwrap().code
}

fn policy_allowing(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

#[tokio::test]
async fn assume_role_requires_the_trust_policy_to_allow_the_caller() {
    let organization = organization();
    let session = session(&organization).await;
    assert_eq!(session.caller_account().await.unwrap(), id(MEMBER));
    let root = "arn:aws:iam::111122223333:root";
    let trust = session.role(&name(ACCESS)).await.unwrap().unwrap().trust.unwrap();
    assert_eq!(trust, trusting(&format!(r#"{{"AWS":"{root}"}}"#)));

    let stranger = Caller { account: id(VENDOR), arn: None };
    assert_eq!(
        refusal_code(&organization.as_caller(stranger.clone()), &assume_role_request(MEMBER, ALL)).await,
        "AccessDenied"
    );
    let arn = assume_role_request(MEMBER, ALL).role_arn;
    assert!(!organization.can_assume(&stranger, &arn, None));
    assert!(organization.can_assume(&organization.caller, &arn, None));
}

#[tokio::test]
async fn every_obstacle_to_assume_role_is_access_denied() {
    let organization = organization();
    let with = |role_arn: &str| AssumeRoleRequest { role_arn: role_arn.to_owned(), ..assume_role_request(MEMBER, ALL) };
    for arn in [
        "arn:aws:iam::333344445555:role/NoSuchRole",
        "arn:aws:iam::333344445555:role/path/OrganizationAccountAccessRole",
        "arn:aws-cn:iam::333344445555:role/OrganizationAccountAccessRole",
        "arn:aws:iam::999999999999:role/OrganizationAccountAccessRole",
    ] {
        assert_eq!(refusal_code(&organization, &with(arn)).await, "AccessDenied", "{arn}");
    }
    assert_eq!(refusal_code(&organization, &with("arn:aws:iam::333344445555:user/x")).await, "ValidationError");
    organization.set_state(&id(MEMBER), AccountState::Suspended);
    assert_eq!(refusal_code(&organization, &assume_role_request(MEMBER, ALL)).await, "AccessDenied");
    organization.set_state(&id(MEMBER), AccountState::Active);
    organization.deny(&id(MEMBER), ControlPolicy::Service, "sts:AssumeRole", "*");
    assert!(
        organization.assume_role(&assume_role_request(MEMBER, ALL)).await.is_ok(),
        "a service control policy applies to the roles of the member only"
    );
    organization.deny(&id(MEMBER), ControlPolicy::Resource, "sts:AssumeRole", "*");
    let error = organization.assume_role(&assume_role_request(MEMBER, ALL)).await.err().unwrap();
    assert!(
        error.kind() == ErrorKind::AccessDenied
            && error.message.contains("with an explicit deny in a resource control policy"),
        "{error}"
    );
}

#[tokio::test]
async fn trust_policy_conditions_are_evaluated() {
    let organization = organization();
    let role = name("Vendor");
    let trust = |test: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{VENDOR}"}},"Action":"sts:AssumeRole","Condition":{{{test}}}}}}}"#
        )
    };
    let vendor = Caller { account: id(VENDOR), arn: None };
    let arn = "arn:aws:iam::333344445555:role/Vendor";
    let can = |test: &str, external_id: Option<&str>| {
        organization.put_role(&id(MEMBER), &role, RoleState::trusting(&trust(test)));
        organization.can_assume(&vendor, arn, external_id)
    };
    let external = r#""StringEquals":{"sts:ExternalId":"right"}"#;
    assert!(can(external, Some("right")) && !can(external, Some("wrong")) && !can(external, None));
    assert!(!can(r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#, None));
    assert!(!can(r#""StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}"#, None), "the vendor is outside");
    assert!(
        !can(r#""DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#, None),
        "a condition that cannot be evaluated does not grant access"
    );
}

#[tokio::test]
async fn invalid_session_name_or_policy_is_rejected() {
    let organization = organization();
    let of = |name: &str, policy: &str| AssumeRoleRequest {
        session_name: name.to_owned(),
        ..assume_role_request(MEMBER, policy)
    };
    assert_eq!(refusal_code(&organization, &of("a b", ALL)).await, "ValidationError");
    assert_eq!(refusal_code(&organization, &of("ab", &format!("{ALL}{}", " ".repeat(2048)))).await, "ValidationError");
    assert_eq!(refusal_code(&organization, &of("ab", "[]")).await, "MalformedPolicyDocument");
    assert!(organization.assume_role_requests().is_empty());
    session(&organization).await;
    assert_eq!(organization.assume_role_requests().len(), 1);
}

#[tokio::test]
async fn session_policy_limits_the_session() {
    let organization = organization();
    let role = name("Deep");
    let mut deep = RoleState::trusting("{}");
    deep.settings.path = "/deep/".to_owned();
    organization.put_role(&id(MEMBER), &role, deep);
    let can = async |action: &str, resource: &str, role: &RoleName| {
        let session =
            organization.assume_role(&assume_role_request(MEMBER, &policy_allowing(action, resource))).await.unwrap();
        session.role(role).await.map_err(|error| error.to_string())
    };
    assert!(can("iam:GetRole", "arn:aws:iam::333344445555:role/deep/Deep", &role).await.is_ok());
    assert!(
        can("iam:GetRole", "arn:aws:iam::333344445555:role/Deep", &role).await.is_err(),
        "the actual path of the role must match"
    );
    let absent = name("Absent");
    assert_eq!(can("iam:Get*", "arn:aws:iam::333344445555:role/Absent", &absent).await, Ok(None));
    assert!(can("iam:Get*", "arn:aws:iam::333344445555:role/deep/Absent", &absent).await.is_err());
    insta::assert_snapshot!(can("iam:ListRolePolicies", "*", &role).await.unwrap_err(), @"iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/deep/Deep because no session policy allows the iam:GetRole action");
}

#[tokio::test]
async fn control_policies_and_access_role_permissions_limit_the_session() {
    let organization = organization();
    let session = session(&organization).await;
    organization.deny(&id(MEMBER), ControlPolicy::Resource, "iam:Get*", ACCESS);
    assert!(session.role(&name(ACCESS)).await.is_ok(), "resource control policies do not apply to IAM");
    organization.deny(&id(MEMBER), ControlPolicy::Service, "iam:Get*", ACCESS);
    let error = session.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("with an explicit deny in a service control policy"), "{error}");
    assert!(session.role(&name("Other")).await.is_ok());
    organization.remove_control_policies(&id(MEMBER));
    assert!(session.role(&name(ACCESS)).await.is_ok());

    let weak =
        RoleState { attached: Default::default(), ..organization.role_state(&id(MEMBER), &name(ACCESS)).unwrap() };
    organization.put_role(&id(MEMBER), &name(ACCESS), weak);
    let error = session.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("no identity-based policy"), "{error}");
    alter(&organization, |role| role.attached = ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()].into());
    assert!(session.role(&name(ACCESS)).await.is_ok());
    alter(&organization, |role| role.settings.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned()));
    let error = session.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("no permissions boundary"), "{error}");
}

fn alter(organization: &FakeOrganization, change: impl FnOnce(&mut RoleState)) {
    let mut role = organization.role_state(&id(MEMBER), &name(ACCESS)).unwrap();
    change(&mut role);
    organization.put_role(&id(MEMBER), &name(ACCESS), role);
}

#[tokio::test]
async fn caller_without_permissions_cannot_assume_a_role() {
    let organization = organization();
    let management = id("111122223333");
    let function = name("account-onboarding");
    let with = organization.role_state(&management, &function).unwrap();
    let policies = Default::default();
    organization.put_role(&management, &function, RoleState { policies, ..with });
    let error = organization.assume_role(&assume_role_request(MEMBER, ALL)).await.err().unwrap();
    assert!(error.message.ends_with("because no identity-based policy allows the sts:AssumeRole action"), "{error}");
}

#[tokio::test]
async fn explained_denial_names_the_trust_policy() {
    let organization = organization();
    organization.explain_denials();
    let message = async |trust: &str| {
        organization.set_trust(&id(MEMBER), &name(ACCESS), trust);
        organization.assume_role(&assume_role_request(MEMBER, ALL)).await.err().unwrap().message
    };
    assert!(message("{}").await.contains("because no role trust policy allows"));
    let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}"#;
    assert!(message(deny).await.contains("with an explicit deny in the role trust policy"));
    organization.delete_role(&id(MEMBER), &name(ACCESS));
    let gone = organization.assume_role(&assume_role_request(MEMBER, ALL)).await.err().unwrap().message;
    assert!(gone.ends_with("role/OrganizationAccountAccessRole"), "{gone}");
}

#[tokio::test]
async fn session_expires_after_900_seconds() {
    let organization = organization();
    let session = session(&organization).await;
    organization.sleep(Duration::from_secs(899)).await;
    assert!(session.caller_account().await.is_ok());
    organization.sleep(Duration::from_secs(1)).await;
    assert_eq!(session.caller_account().await.unwrap_err().code, "ExpiredToken");
    assert_eq!(session.role(&name(ACCESS)).await.unwrap_err().code, "ExpiredToken");
}

#[tokio::test]
async fn new_account_becomes_ready_in_phases() {
    let organization = organization();
    let settings = AccountCreation {
        access_role_delay: Duration::from_secs(30),
        transient_errors: vec![
            ("InvalidClientTokenId".to_owned(), Duration::from_secs(5)),
            ("OptInRequired".to_owned(), Duration::from_secs(10)),
        ],
        ..AccountCreation::default()
    };
    let request = organization.create_account_with("new", settings);
    let account = organization.finish_creation(&request).unwrap();
    assert_eq!(account, id("444455556666"));
    let request = assume_role_request(account.as_str(), ALL);
    assert_eq!(refusal_code(&organization, &request).await, "AccessDenied");
    organization.sleep(Duration::from_secs(30)).await;
    let session = organization.assume_role(&request).await.unwrap();
    assert_eq!(session.caller_account().await.unwrap_err().code, "InvalidClientTokenId");
    organization.sleep(Duration::from_secs(5)).await;
    assert!(session.caller_account().await.is_ok());
    assert_eq!(session.role(&name(ACCESS)).await.unwrap_err().kind(), ErrorKind::NotReady);
    organization.sleep(Duration::from_secs(10)).await;
    assert!(session.role(&name(ACCESS)).await.unwrap().is_some());
}

#[tokio::test]
async fn lists_are_paginated() {
    let organization = organization();
    organization.set_page_size(1);
    let mut state = RoleState::trusting("{}");
    state.attached = ["a", "b", "c"].map(str::to_owned).into();
    organization.put_role(&id(MEMBER), &name("Paged"), state);
    let session = session(&organization).await;
    let mut all = Vec::new();
    let mut from = None;
    loop {
        let page = session.attached(&name("Paged"), from).await.unwrap();
        assert_eq!(page.items.len(), 1);
        all.extend(page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(all, ["a", "b", "c"]);
    assert!(session.attached(&name("Paged"), Some("nonsense".to_owned())).await.is_err());
    assert_eq!(session.policy_names(&name("None"), None).await.unwrap().items, [""; 0]);
}

#[tokio::test]
async fn reads_lag_and_calls_are_throttled_as_configured() {
    let organization = organization();
    let session = session(&organization).await;
    organization.set_lag(&id(MEMBER), Lag { reads: 1, time: Duration::ZERO });
    let update = |text: &str| change(ACCESS, update_role(text, 3600));
    onboarding_engine::ports::WriteIam::execute(&session, &update("new")).await.unwrap();
    assert_eq!(session.role(&name(ACCESS)).await.unwrap().unwrap().settings.description, "");
    assert_eq!(session.role(&name(ACCESS)).await.unwrap().unwrap().settings.description, "new");
    organization.clear_journal();
    organization.set_throttling(Some(2));
    let mut throttled = 0;
    for _ in 0..4 {
        throttled += usize::from(session.role(&name(ACCESS)).await.is_err_and(|e| e.kind() == ErrorKind::Throttled));
    }
    assert_eq!(throttled, 2);
    assert_eq!(organization.journal().iter().map(|call| call.ok).filter(|ok| !ok).count(), 2);
    assert!(organization.writes().is_empty());
}
