//! The session of the role of the management account: it is renewed before it ends, and kept until then.

use std::time::{Duration, SystemTime};

use account_onboarding::aws::{Aws, Resources};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use onboarding_core::management_role::{ManagementExternalId, ManagementRole};
use onboarding_engine::ports::{Directory, ThroughManagement};
use wiremock::matchers::{body_string_contains, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{json_response, patient};

const HOP: &str = "arn:aws:iam::111122223333:role/account-onboarding-management";
/// The access key ID of the sessions.
const SESSION_KEY: &str = "ASIASESSIONEXAMPLE";

fn xml(call: &str, result: &str) -> ResponseTemplate {
    let body = format!("<{call}Response><{call}Result>{result}</{call}Result></{call}Response>");
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

/// A caller in the identity account, and a role of the management account whose sessions end after this time.
async fn sessions_of(lifetime: Duration) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    let own = "<Arn>arn:aws:sts::222233334444:assumed-role/account-onboarding/function</Arn>";
    let ends_at = DateTime::from(SystemTime::now() + lifetime).fmt(Format::DateTime).unwrap();
    let issued = format!(
        "<Credentials><AccessKeyId>{SESSION_KEY}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{ends_at}</Expiration></Credentials>"
    );
    for (call, result) in [("GetCallerIdentity", own), ("AssumeRole", &issued)] {
        let called = body_string_contains(format!("Action={call}&"));
        Mock::given(called).respond_with(xml(call, result)).mount(&server).await;
    }
    let account = r#"{"Account":{"Id":"444455556666","State":"ACTIVE",
        "Arn":"arn:aws:organizations::111122223333:account/o-exampleorgid/444455556666"}}"#;
    Mock::given(header("x-amz-target", "AWSOrganizationsV20161128.DescribeAccount"))
        .respond_with(json_response(200, account))
        .mount(&server)
        .await;
    let role = ManagementRole {
        arn: HOP.to_owned(),
        account: "111122223333".parse().unwrap(),
        external_id: ManagementExternalId::Literal("hop-example".parse().unwrap()),
        partition: "aws".parse().unwrap(),
        access_roles: vec!["OrganizationAccountAccessRole".parse().unwrap()],
    };
    let aws = Aws::new(&patient(&server.uri()), Resources::default()).through_management(&role);
    (server, aws)
}

async fn describe(aws: &Aws) {
    assert!(aws.account(&"444455556666".parse().unwrap()).await.unwrap().is_some());
}

/// The calls so far, in their order; a call with the keys of a session has a `*`.
async fn calls(server: &MockServer) -> Vec<&'static str> {
    let requests = server.received_requests().await.unwrap();
    let name = |request: &wiremock::Request| {
        let is_of_session = request.headers["authorization"].to_str().unwrap().contains(SESSION_KEY);
        let body = String::from_utf8_lossy(&request.body);
        match (body.contains("Action=GetCallerIdentity"), body.contains("Action=AssumeRole"), is_of_session) {
            (true, ..) => "GetCallerIdentity",
            (_, true, false) => "AssumeRole",
            (false, false, true) => "DescribeAccount*",
            _ => "another call",
        }
    };
    requests.iter().map(name).collect()
}

#[tokio::test]
async fn session_that_ends_soon_is_renewed_before_the_next_call() {
    let (server, aws) = sessions_of(Duration::from_secs(200)).await;
    describe(&aws).await;
    describe(&aws).await;
    let renewed = ["GetCallerIdentity", "AssumeRole", "DescribeAccount*"];
    assert_eq!(calls(&server).await, [renewed, renewed].concat());
}

#[tokio::test]
async fn session_that_lasts_an_hour_serves_the_next_calls() {
    let (server, aws) = sessions_of(Duration::from_secs(3600)).await;
    describe(&aws).await;
    describe(&aws).await;
    describe(&aws.clone()).await;
    let described = ["DescribeAccount*"; 3];
    assert_eq!(calls(&server).await, [&["GetCallerIdentity", "AssumeRole"][..], &described].concat());
}

/// Calls at the same time wait for one session.
#[tokio::test]
async fn concurrent_calls_assume_the_role_once() {
    let (server, aws) = sessions_of(Duration::from_secs(3600)).await;
    futures_util::join!(describe(&aws), describe(&aws), describe(&aws));
    let calls = calls(&server).await;
    assert_eq!(calls.iter().filter(|call| **call == "AssumeRole").count(), 1, "{calls:?}");
}
