//! A session of the management role is renewed once if AWS no longer accepts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::management_role::{ManagementExternalId, ManagementRole};
use onboarding_core::rate::LimitedApi;
use onboarding_core::time::to_policy_date;
use onboarding_engine::ports::{Directory, Paced, Sessions, ThroughManagement};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{AssumeRoleRequest, Aws, Resources, json_response, patient, xml_error};

const HOP: &str = "arn:aws:iam::111122223333:role/hop";
const EXPIRED: &str =
    r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#;
const ACCOUNT: &str = r#"{"Account":{"Id":"444455556666","Arn":"arn:aws:organizations::111122223333:account/o-exampleorgid/444455556666","State":"ACTIVE"}}"#;

/// How many sessions of the role were issued, and how many calls were made with them.
#[derive(Default)]
struct Counts {
    sessions: AtomicUsize,
    calls: AtomicUsize,
}

fn role() -> ManagementRole {
    ManagementRole {
        arn: HOP.to_owned(),
        account: "111122223333".parse().unwrap(),
        external_id: ManagementExternalId::Literal("3e7a-example".parse().unwrap()),
        partition: "aws".parse().unwrap(),
        access_roles: Vec::new(),
    }
}

fn issued(key: &str, age: Duration) -> ResponseTemplate {
    let expires = SystemTime::now() + Duration::from_secs(3600) - age;
    let expires = to_policy_date(expires).unwrap();
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>example</SessionToken>\
         <Expiration>{expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

/// AWS, whose caller is in the identity account. `answer` gets what was called with a session of the role, and the number of that session;
/// `age` is how long ago sessions were issued.
async fn world(
    age: Duration,
    answer: impl Fn(&str, usize) -> ResponseTemplate + Send + Sync + 'static,
) -> (MockServer, Aws, Arc<Counts>) {
    let server = MockServer::start().await;
    let counts = Arc::new(Counts::default());
    let counted = Arc::clone(&counts);
    let respond = move |request: &Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let signed = request.headers["authorization"].to_str().unwrap();
        let session =
            signed.split_once("Credential=SESSION").and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        match session {
            Some(session) => {
                counted.calls.fetch_add(1, Ordering::Relaxed);
                answer(&body, session)
            }
            None if body.contains("GetCallerIdentity") => {
                let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                            <Arn>arn:aws:sts::222233334444:assumed-role/function/function</Arn></GetCallerIdentityResult>\
                            </GetCallerIdentityResponse>";
                ResponseTemplate::new(200).set_body_raw(body, "text/xml")
            }
            None => issued(&format!("SESSION{}", counted.sessions.fetch_add(1, Ordering::Relaxed)), age),
        }
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    let aws = Aws::new(&patient(&server.uri()), Resources::default()).through_management(&role());
    (server, aws, counts)
}

fn counted(counts: &Counts) -> (usize, usize) {
    (counts.sessions.load(Ordering::Relaxed), counts.calls.load(Ordering::Relaxed))
}

async fn describe(aws: &Aws) -> Result<(), ApiError> {
    aws.account(&"444455556666".parse().unwrap()).await.map(|account| assert!(account.is_some()))
}

fn access_role() -> AssumeRoleRequest {
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() }
}

#[tokio::test]
async fn session_that_is_no_longer_accepted_is_renewed_once() {
    let invalid = |body: &str, session| match (body.contains("AssumeRole"), session) {
        (false, 0) => json_response(400, EXPIRED),
        (true, 0) => xml_error(403, "InvalidClientTokenId", "The security token included in the request is invalid"),
        (false, _) => json_response(200, ACCOUNT),
        (true, _) => issued("ACCESS", Duration::ZERO),
    };
    let (_server, aws, counts) = world(Duration::ZERO, invalid).await;
    describe(&aws).await.unwrap();
    assert_eq!(counted(&counts), (2, 2));
    describe(&aws).await.unwrap();
    aws.assume_role(&access_role()).await.unwrap();
    assert_eq!(counted(&counts), (2, 4), "the new session is kept");

    let (_server, aws, counts) = world(Duration::ZERO, invalid).await;
    aws.assume_role(&access_role()).await.unwrap();
    assert_eq!(counted(&counts), (2, 2));
}

/// The next call tries again with another session: the function does not wait until the session would have ended.
#[tokio::test]
async fn call_is_repeated_once_only() {
    let (_server, aws, counts) = world(Duration::ZERO, |_, _| json_response(400, EXPIRED)).await;
    for calls in 1..=2 {
        assert_eq!(describe(&aws).await.unwrap_err().kind(), ErrorKind::Credentials);
        assert_eq!(counted(&counts), (calls + 1, 2 * calls));
    }
}

/// Calls at the same time renew the session once.
#[tokio::test]
async fn concurrent_calls_share_the_new_session() {
    let (_server, aws, counts) = world(Duration::ZERO, |_, session| match session {
        0 => json_response(400, EXPIRED),
        _ => json_response(200, ACCOUNT),
    })
    .await;
    let all = futures_util::future::join_all((0..20).map(|_| describe(&aws))).await;
    assert!(all.into_iter().all(|one| one.is_ok()));
    assert_eq!(counted(&counts).0, 2);
}

/// Sessions that were issued before a time may have been revoked by a policy of the role.
#[tokio::test]
async fn denied_call_renews_a_session_of_some_age() {
    let denied =
        r#"{"__type":"AccessDeniedException","Message":"You don't have permissions to access this resource."}"#;
    let answer = move |_: &str, session| match session {
        0 => json_response(400, denied),
        _ => json_response(200, ACCOUNT),
    };
    let (_server, aws, counts) = world(Duration::from_secs(20 * 60), answer).await;
    describe(&aws).await.unwrap();
    assert_eq!(counted(&counts), (2, 2));

    let (_server, aws, counts) = world(Duration::ZERO, answer).await;
    assert_eq!(describe(&aws).await.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(counted(&counts), (1, 1), "permissions are missing");
}

/// That an access role does not trust the management account is about every session.
#[tokio::test]
async fn denial_of_an_access_role_renews_nothing_unless_a_policy_of_the_session_is_the_reason() {
    let age = Duration::from_secs(20 * 60);
    let message = "User: arn:aws:sts::111122223333:assumed-role/hop/account-onboarding is not authorized to perform: sts:AssumeRole on \
                   resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole";
    let (_server, aws, counts) = world(age, move |_, _| xml_error(403, "AccessDenied", message)).await;
    assert_eq!(aws.assume_role(&access_role()).await.err().unwrap().kind(), ErrorKind::AccessDenied);
    assert_eq!(counted(&counts), (1, 1));

    let revoked = format!("{message} with an explicit deny in an identity-based policy");
    let answer = move |_: &str, session| match session {
        0 => xml_error(403, "AccessDenied", &revoked),
        _ => issued("ACCESS", Duration::ZERO),
    };
    let (_server, aws, counts) = world(age, answer).await;
    aws.assume_role(&access_role()).await.unwrap();
    assert_eq!(counted(&counts), (2, 2));
}

/// The rates are reduced for these calls, too.
#[tokio::test]
async fn throttled_attempts_of_a_session_are_counted() {
    let throttled = r#"{"__type":"TooManyRequestsException"}"#;
    let (_server, aws, _) = world(Duration::ZERO, move |_, _| json_response(429, throttled)).await;
    assert_eq!(describe(&aws).await.unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!(aws.throttled_attempts(LimitedApi::DescribeAccount), 1);
}
