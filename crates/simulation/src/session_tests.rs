use super::super::example::{ACCESS, ALL, MEMBER, VENDOR, entry, id, name, organization, session, trusting};
use super::super::{AccountCreation, Control, FakeOrganization, Lag, RoleState};
use super::*;
use onboarding_core::error::ErrorKind;
use onboarding_engine::ports::{Clock, ReadIam};
use std::time::Duration;

async fn refusal(organization: &FakeOrganization, entry: &AssumeRoleRequest) -> String {
    organization.enter(entry).await.err().unwrap().code
}

fn only(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

#[tokio::test]
async fn the_function_enters_by_the_trust_policy() {
    let organization = organization();
    let inside = session(&organization).await;
    assert_eq!(inside.caller_account().await.unwrap(), id(MEMBER));
    let root = "arn:aws:iam::111122223333:root";
    let trust = inside.role(&name(ACCESS)).await.unwrap().unwrap().trust.unwrap();
    assert_eq!(trust, trusting(&format!(r#"{{"AWS":"{root}"}}"#)));

    let stranger = Caller { account: id(VENDOR), arn: None };
    assert_eq!(refusal(&organization.as_caller(stranger.clone()), &entry(MEMBER, ALL)).await, "AccessDenied");
    let arn = entry(MEMBER, ALL).role_arn;
    assert!(!organization.can_assume(&stranger, &arn, None));
    assert!(organization.can_assume(&organization.caller, &arn, None));
}

#[tokio::test]
async fn whatever_is_in_the_way_is_access_denied() {
    let organization = organization();
    let with = |role_arn: &str| AssumeRoleRequest { role_arn: role_arn.to_owned(), ..entry(MEMBER, ALL) };
    for arn in [
        "arn:aws:iam::333344445555:role/NoSuchRole",
        "arn:aws:iam::333344445555:role/path/OrganizationAccountAccessRole",
        "arn:aws-cn:iam::333344445555:role/OrganizationAccountAccessRole",
        "arn:aws:iam::999999999999:role/OrganizationAccountAccessRole",
    ] {
        assert_eq!(refusal(&organization, &with(arn)).await, "AccessDenied", "{arn}");
    }
    assert_eq!(refusal(&organization, &with("arn:aws:iam::333344445555:user/x")).await, "ValidationError");
    organization.set_state(&id(MEMBER), AccountState::Suspended);
    assert_eq!(refusal(&organization, &entry(MEMBER, ALL)).await, "AccessDenied");
    organization.set_state(&id(MEMBER), AccountState::Active);
    organization.deny(&id(MEMBER), Control::Service, "sts:AssumeRole", "*");
    assert!(organization.enter(&entry(MEMBER, ALL)).await.is_ok(), "it binds the member's own roles alone");
    organization.deny(&id(MEMBER), Control::Resource, "sts:AssumeRole", "*");
    let error = organization.enter(&entry(MEMBER, ALL)).await.err().unwrap();
    assert!(
        error.kind() == ErrorKind::AccessDenied
            && error.message.contains("with an explicit deny in a resource control policy"),
        "{error}"
    );
}

#[tokio::test]
async fn conditions_of_the_trust_policy_are_evaluated() {
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
    assert!(!can(r#""DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#, None), "not decided is no");
}

#[tokio::test]
async fn session_name_and_policy_are_checked() {
    let organization = organization();
    let of = |name: &str, policy: &str| AssumeRoleRequest { session_name: name.to_owned(), ..entry(MEMBER, policy) };
    assert_eq!(refusal(&organization, &of("a b", ALL)).await, "ValidationError");
    assert_eq!(refusal(&organization, &of("ab", &format!("{ALL}{}", " ".repeat(2048)))).await, "ValidationError");
    assert_eq!(refusal(&organization, &of("ab", "[]")).await, "MalformedPolicyDocument");
    assert!(organization.entries().is_empty());
    session(&organization).await;
    assert_eq!(organization.entries().len(), 1);
}

#[tokio::test]
async fn a_session_does_what_its_policy_says() {
    let organization = organization();
    let role = name("Deep");
    let deep = RoleState { path: "/deep/".to_owned(), ..RoleState::trusting("{}") };
    organization.put_role(&id(MEMBER), &role, deep);
    let can = async |action: &str, resource: &str, role: &RoleName| {
        let inside = organization.enter(&entry(MEMBER, &only(action, resource))).await.unwrap();
        inside.role(role).await.map_err(|error| error.to_string())
    };
    assert!(can("iam:GetRole", "arn:aws:iam::333344445555:role/deep/Deep", &role).await.is_ok());
    assert!(can("iam:GetRole", "arn:aws:iam::333344445555:role/Deep", &role).await.is_err(), "its real path counts");
    let absent = name("Absent");
    assert_eq!(can("iam:Get*", "arn:aws:iam::333344445555:role/Absent", &absent).await, Ok(None));
    assert!(can("iam:Get*", "arn:aws:iam::333344445555:role/deep/Absent", &absent).await.is_err());
    insta::assert_snapshot!(can("iam:ListRolePolicies", "*", &role).await.unwrap_err(), @"iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/deep/Deep because no session policy allows the iam:GetRole action");
}

#[tokio::test]
async fn control_policies_and_the_role_s_own_permissions_bind_a_session() {
    let organization = organization();
    let inside = session(&organization).await;
    organization.deny(&id(MEMBER), Control::Resource, "iam:Get*", ACCESS);
    assert!(inside.role(&name(ACCESS)).await.is_ok(), "no resource control policy guards IAM");
    organization.deny(&id(MEMBER), Control::Service, "iam:Get*", ACCESS);
    let error = inside.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("with an explicit deny in a service control policy"), "{error}");
    assert!(inside.role(&name("Other")).await.is_ok());
    organization.lift_denies(&id(MEMBER));
    assert!(inside.role(&name(ACCESS)).await.is_ok());

    let weak =
        RoleState { attached: Default::default(), ..organization.role_state(&id(MEMBER), &name(ACCESS)).unwrap() };
    organization.put_role(&id(MEMBER), &name(ACCESS), weak);
    let error = inside.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("no identity-based policy"), "{error}");
    alter(&organization, |role| role.attached = ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()].into());
    assert!(inside.role(&name(ACCESS)).await.is_ok());
    alter(&organization, |role| role.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned()));
    let error = inside.role(&name(ACCESS)).await.unwrap_err();
    assert!(error.message.contains("no permissions boundary"), "{error}");
}

fn alter(organization: &FakeOrganization, change: impl FnOnce(&mut RoleState)) {
    let mut role = organization.role_state(&id(MEMBER), &name(ACCESS)).unwrap();
    change(&mut role);
    organization.put_role(&id(MEMBER), &name(ACCESS), role);
}

#[tokio::test]
async fn a_caller_needs_permissions_of_its_own() {
    let organization = organization();
    let (management, function) = (id("111122223333"), name("account-onboarding"));
    let with = organization.role_state(&management, &function).unwrap();
    let policies = Default::default();
    organization.put_role(&management, &function, RoleState { policies, ..with });
    let error = organization.enter(&entry(MEMBER, ALL)).await.err().unwrap();
    assert!(error.message.ends_with("because no identity-based policy allows the sts:AssumeRole action"), "{error}");
}

#[tokio::test]
async fn sts_may_name_the_trust_policy() {
    let organization = organization();
    organization.set_names_trust(true);
    let said = async |trust: &str| {
        organization.set_trust(&id(MEMBER), &name(ACCESS), trust);
        organization.enter(&entry(MEMBER, ALL)).await.err().unwrap().message
    };
    assert!(said("{}").await.contains("because no role trust policy allows"));
    let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}"#;
    assert!(said(deny).await.contains("with an explicit deny in the role trust policy"));
    organization.delete_role(&id(MEMBER), &name(ACCESS));
    let gone = organization.enter(&entry(MEMBER, ALL)).await.err().unwrap().message;
    assert!(gone.ends_with("role/OrganizationAccountAccessRole"), "{gone}");
}

#[tokio::test]
async fn a_session_ends_after_900_seconds() {
    let organization = organization();
    let inside = session(&organization).await;
    organization.sleep(Duration::from_secs(899)).await;
    assert!(inside.caller_account().await.is_ok());
    organization.sleep(Duration::from_secs(1)).await;
    assert_eq!(inside.caller_account().await.unwrap_err().code, "ExpiredToken");
    assert_eq!(inside.role(&name(ACCESS)).await.unwrap_err().code, "ExpiredToken");
}

#[tokio::test]
async fn a_new_account_is_not_ready_at_first() {
    let organization = organization();
    let newborn = AccountCreation {
        access_role_after: 30.0,
        hiccups: vec![("InvalidClientTokenId".to_owned(), 5.0), ("OptInRequired".to_owned(), 10.0)],
        ..AccountCreation::default()
    };
    let request = organization.create_account_as("new", newborn);
    let account = organization.finish_creation(&request).unwrap();
    assert_eq!(account, id("444455556666"));
    let entry = entry(account.as_str(), ALL);
    assert_eq!(refusal(&organization, &entry).await, "AccessDenied");
    organization.sleep(Duration::from_secs(30)).await;
    let inside = organization.enter(&entry).await.unwrap();
    assert_eq!(inside.caller_account().await.unwrap_err().code, "InvalidClientTokenId");
    organization.sleep(Duration::from_secs(5)).await;
    assert!(inside.caller_account().await.is_ok());
    assert_eq!(inside.role(&name(ACCESS)).await.unwrap_err().kind(), ErrorKind::NotReady);
    organization.sleep(Duration::from_secs(10)).await;
    assert!(inside.role(&name(ACCESS)).await.unwrap().is_some());
}

#[tokio::test]
async fn lists_come_in_pages() {
    let organization = organization();
    organization.set_page_size(1);
    let mut state = RoleState::trusting("{}");
    state.attached = ["a", "b", "c"].map(str::to_owned).into();
    organization.put_role(&id(MEMBER), &name("Paged"), state);
    let inside = session(&organization).await;
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = inside.attached(&name("Paged"), from).await.unwrap();
        assert_eq!(page.items.len(), 1);
        all.extend(page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(all, ["a", "b", "c"]);
    assert!(inside.attached(&name("Paged"), Some("nonsense".to_owned())).await.is_err());
    assert_eq!(inside.policy_names(&name("None"), None).await.unwrap().items, [""; 0]);
}

#[tokio::test]
async fn reads_may_be_behind_and_calls_may_be_throttled() {
    let organization = organization();
    let inside = session(&organization).await;
    organization.set_lag(&id(MEMBER), Lag { reads: 1, seconds: 0.0 });
    let update = |text: &str| {
        let after = (text.to_owned(), 3600);
        super::super::example::change(
            ACCESS,
            onboarding_core::plan::Action::UpdateRole { before: after.clone(), after },
        )
    };
    onboarding_engine::ports::WriteIam::perform(&inside, &update("new")).await.unwrap();
    assert_eq!(inside.role(&name(ACCESS)).await.unwrap().unwrap().description, "");
    assert_eq!(inside.role(&name(ACCESS)).await.unwrap().unwrap().description, "new");
    organization.clear_journal();
    organization.set_throttling(Some(2));
    let mut throttled = 0;
    for _ in 0..4 {
        throttled += usize::from(inside.role(&name(ACCESS)).await.is_err_and(|e| e.kind() == ErrorKind::Throttled));
    }
    assert_eq!(throttled, 2);
    assert_eq!(organization.journal().iter().map(|call| call.ok).filter(|ok| !ok).count(), 2);
    assert!(organization.writes().is_empty());
}
