use super::*;
use crate::FakeOrganization;
use crate::example::{ALL, MEMBER, assume_role_request, create, id, name, new_role, organization};
use crate::faulty::Faulty;
use onboarding_engine::ports::{Directory, Sessions, WriteIam};

/// Makes three calls over two ports and stops at the first error, as the application does.
async fn run(organization: &FakeOrganization, script: &Script) -> Result<(), ApiError> {
    let faulty = Faulty::new(organization.clone(), script);
    faulty.account(&id(MEMBER)).await?;
    let session = faulty.assume_role(&assume_role_request(MEMBER, ALL)).await?;
    session.execute(&create("Vendor", new_role())).await.map(drop)
}

fn role_exists(organization: &FakeOrganization) -> bool {
    organization.role_state(&id(MEMBER), &name("Vendor")).is_some()
}

#[tokio::test]
async fn calls_are_counted_across_ports() {
    let organization = organization();
    let script = Script::none();
    run(&organization, &script).await.unwrap();
    assert_eq!(script.calls(), ["organizations:DescribeAccount", "sts:AssumeRole", "iam:CreateRole"]);
    assert!(role_exists(&organization) && !script.crashed());
}

#[tokio::test]
async fn each_fault_has_its_documented_effect() {
    let mut table = String::new();
    for injection in Injection::ALL {
        let organization = organization();
        let script = Script::at(2, injection);
        let error = run(&organization, &script).await.unwrap_err();
        assert_eq!(role_exists(&organization), injection.performs(), "{injection:?}");
        assert_eq!(script.crashed(), injection.crashes());
        table += &format!("{injection:?}: {} is {:?}\n", error.code, error.kind());
    }
    insta::assert_snapshot!(table, @r"
    Throttle: Throttling is Throttled
    InternalError: InternalFailure is Unavailable
    Unavailable: ServiceUnavailable is Unavailable
    Timeout: Timeout is Unavailable
    TimeoutAfter: Timeout is Unavailable
    Reset: Connection is Unavailable
    AccessDenied: AccessDenied is AccessDenied
    ExpiredCredentials: ExpiredToken is Credentials
    MalformedAnswer: MalformedAnswer is Unavailable
    CrashBefore: Crashed is Other
    CrashAfter: Crashed is Other
    ");
}

#[tokio::test]
async fn crashed_process_makes_no_further_call() {
    let organization = organization();
    let script = Script::at(1, Injection::CrashBefore);
    assert_eq!(run(&organization, &script).await.unwrap_err().code, "Crashed");
    assert_eq!(run(&organization, &script).await.unwrap_err().code, "Crashed");
    assert_eq!(script.calls().len(), 2);
    assert_eq!(organization.journal().len(), 1);
    run(&organization, &Script::none()).await.unwrap();
    assert!(role_exists(&organization));
}

#[tokio::test]
async fn fault_during_several_calls_ends_after_them() {
    let organization = organization();
    let script = Script::during(0, 2, Injection::Throttle);
    assert!(run(&organization, &script).await.is_err());
    assert!(run(&organization, &script).await.is_err());
    assert!(run(&organization, &script).await.is_ok());
}
