//! The ports on the SDK, on the wire: every answer that a service may give becomes the fault that it means.
#![cfg(test)]

#[path = "answers_of_aws/leases.rs"]
mod leases;
#[path = "answers_of_aws/notifier.rs"]
mod notifier;

use std::collections::BTreeMap;
use std::time::Duration;

use account_onboarding::aws::{Organizations, Parameters, Sqs, Sts};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use onboarding_core::account::JoinMethod;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::error_messages::DeniedBy;
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Action, Change, NewRole};
use onboarding_core::policy::Document;
use onboarding_engine::ports::{AssumeRoleRequest, Creation, Directory, Queue, Secrets, Sessions, WriteIam};
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(500)).build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

async fn serving(answer: ResponseTemplate) -> (MockServer, SdkConfig) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let config = config(&server.uri());
    (server, config)
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/x-amz-json-1.1")
}

fn xml(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

async fn describe(answer: ResponseTemplate) -> Result<Option<onboarding_core::account::Account>, ApiError> {
    let (_server, config) = serving(answer).await;
    Organizations::new(&config).account(&"444455556666".parse().unwrap()).await
}

async fn enter(answer: ResponseTemplate) -> ApiError {
    let (_server, config) = serving(answer).await;
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let entry = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    Sts::new(&config).enter(&entry).await.unwrap_err()
}

#[tokio::test]
async fn errors_in_json_are_told_apart() {
    for (status, body, fault) in [
        (400, r#"{"__type":"AccessDeniedException","Message":"no"}"#, ErrorKind::AccessDenied),
        (400, r#"{"__type":"TooManyRequestsException","Message":"slow"}"#, ErrorKind::Throttled),
        (400, r#"{"__type":"ServiceException"}"#, ErrorKind::Unavailable),
        (400, r#"{"__type":"com.amazonaws.x#UnrecognizedClientException"}"#, ErrorKind::Credentials),
        (400, r#"{"__type":"SomethingNew","message":"?"}"#, ErrorKind::Other),
        (503, "", ErrorKind::Unavailable),
        (500, "<html>", ErrorKind::Unavailable),
        (429, "", ErrorKind::Throttled),
        (200, "no json", ErrorKind::Unavailable),
        (200, "{}", ErrorKind::Unavailable),
        (200, r#"{"Account":{"Id":"4444555566667","Arn":"x","State":"ACTIVE"}}"#, ErrorKind::Unavailable),
    ] {
        let error = describe(json(status, body)).await.unwrap_err();
        assert_eq!(error.fault(), fault, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn errors_in_xml_are_told_apart() {
    for (status, code, fault) in [
        (403, "AccessDenied", ErrorKind::AccessDenied),
        (400, "Throttling", ErrorKind::Throttled),
        (503, "ServiceUnavailable", ErrorKind::Unavailable),
        (403, "InvalidClientTokenId", ErrorKind::Credentials),
        (403, "ExpiredToken", ErrorKind::Credentials),
        (403, "OptInRequired", ErrorKind::NotReady),
        (400, "SubscriptionRequiredException", ErrorKind::NotReady),
        (400, "MalformedPolicyDocument", ErrorKind::MalformedPolicy),
        (400, "PackedPolicyTooLarge", ErrorKind::MalformedPolicy),
    ] {
        let error = enter(xml(status, code, "said")).await;
        assert_eq!((error.fault(), error.message.as_str()), (fault, "said"), "{code}: {error}");
    }
    let error = enter(xml(400, "MalformedPolicyDocument", "Invalid principal in policy: &quot;AWS&quot;")).await;
    assert_eq!(error.fault(), ErrorKind::InvalidPrincipal);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_unavailable() {
    let slow = describe(json(200, "{}").set_delay(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!((slow.code.as_str(), slow.fault()), ("Timeout", ErrorKind::Unavailable));
    // A port that was free a moment ago: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = Organizations::new(&config(&format!("http://127.0.0.1:{port}")));
    let error = gone.account(&"444455556666".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.fault()), ("Connection", ErrorKind::Unavailable), "{error}");
}

#[tokio::test]
async fn an_account_is_read_from_its_arn_and_state() {
    let body = r#"{"Account":{"Id":"444455556666","Name":"dev","JoinedTimestamp":1789593655.5,
        "Arn":"arn:aws-us-gov:organizations::111122223333:account/o-exampleorgid/444455556666",STATE}}"#;
    for (state, expected) in [
        (r#""State":"ACTIVE","Status":"SUSPENDED""#, "ACTIVE"),
        (r#""Status":"SUSPENDED""#, "SUSPENDED"),
        (r#""State":"PENDING_ACTIVATION""#, "PENDING_ACTIVATION"),
        (r#""State":"HIBERNATING""#, "HIBERNATING"),
    ] {
        let account = describe(json(200, &body.replace("STATE", state))).await.unwrap().unwrap();
        assert_eq!(account.state.to_string(), expected);
        assert_eq!((account.management.as_str(), account.partition.as_str()), ("111122223333", "aws-us-gov"));
        assert_eq!((account.joined_at, account.is_management()), (Some(1_789_593_655), false));
    }
    let unknown = describe(json(400, r#"{"__type":"AccountNotFoundException"}"#)).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn how_an_account_joined_is_read() {
    for (method, expected) in [
        (r#","JoinedMethod":"INVITED""#, JoinMethod::Invited),
        (r#","JoinedMethod":"CREATED""#, JoinMethod::Created),
        (r#","JoinedMethod":"ADOPTED""#, JoinMethod::Unknown),
        ("", JoinMethod::Unknown),
    ] {
        let body = format!(
            r#"{{"Account":{{"Id":"444455556666","State":"ACTIVE","Arn":"arn:aws:organizations::111122223333:account/o-exampleorgid/444455556666"{method}}}}}"#
        );
        assert_eq!(describe(json(200, &body)).await.unwrap().unwrap().joined, expected, "{method}");
    }
}

/// The refusals of sts:AssumeRole: one code, and what is told beside it. The long ones are longer than what is kept of them.
#[tokio::test]
async fn who_denied_an_entry_is_read_from_the_whole_message() {
    let long = format!("arn:aws:sts::111122223333:assumed-role/{}/{}", "r".repeat(200), "s".repeat(200));
    for (who, why, by) in [
        ("arn:aws:iam::111122223333:role/f", "", DeniedBy::Unsaid),
        (
            "arn:aws:iam::111122223333:role/f",
            " because no role trust policy allows the sts:AssumeRole action",
            DeniedBy::TrustPolicy,
        ),
        (
            "arn:aws:iam::111122223333:role/f",
            " because no identity-based policy allows the sts:AssumeRole action",
            DeniedBy::IdentityPolicy,
        ),
        (long.as_str(), " with an explicit deny in a resource control policy", DeniedBy::ResourceControlPolicy),
    ] {
        let said = format!(
            "User: {who} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole{why}"
        );
        let error = enter(xml(403, "AccessDenied", &said)).await;
        assert_eq!((error.fault(), error.denial.by), (ErrorKind::AccessDenied, by), "{error}");
        assert_eq!(error.denial.action.as_deref(), Some("sts:AssumeRole"));
        assert!(error.message.chars().count() <= 401);
    }
}

#[tokio::test]
async fn a_creation_is_read_in_every_state() {
    for (body, expected) in [
        (r#"{"State":"IN_PROGRESS"}"#, Creation::InProgress),
        (r#"{"State":"SUCCEEDED","AccountId":"444455556666"}"#, Creation::Succeeded("444455556666".parse().unwrap())),
        (
            r#"{"State":"FAILED","FailureReason":"EMAIL_ALREADY_EXISTS"}"#,
            Creation::Failed("EMAIL_ALREADY_EXISTS".into()),
        ),
        (r#"{"State":"FAILED","FailureReason":"A_NEW_REASON"}"#, Creation::Failed("A_NEW_REASON".into())),
    ] {
        let (_server, config) = serving(json(200, &format!(r#"{{"CreateAccountStatus":{body}}}"#))).await;
        assert_eq!(Organizations::new(&config).creation("car-1").await.unwrap(), expected);
    }
    let (_server, config) = serving(json(400, r#"{"__type":"CreateAccountStatusNotFoundException"}"#)).await;
    assert_eq!(Organizations::new(&config).creation("car-1").await.unwrap(), Creation::Unknown);
}

#[tokio::test]
async fn a_missing_parameter_is_not_found() {
    let (_server, config) = serving(json(400, r#"{"__type":"ParameterNotFound"}"#)).await;
    assert_eq!(Parameters::new(&config).parameter("/x").await.unwrap_err().fault(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_message_that_fills_the_queue_s_limit_is_set_aside_without_its_attributes() {
    let (server, config) = serving(json(200, r#"{"MessageId":"1"}"#)).await;
    let queue = Sqs::new(&config, None, Some(format!("{}/111122223333/dead-letters", server.uri())));
    let cause = Cause::new("invalid_message", "x".repeat(300), "mend it");
    for (length, attributes) in [(1000, 3), ((1 << 20) - 100, 2), (1 << 20, 0)] {
        assert!(queue.dead_letter(&"x".repeat(length), &cause).await.unwrap());
        let requests = server.received_requests().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
        assert_eq!(body["MessageAttributes"].as_object().map_or(0, serde_json::Map::len), attributes, "{length}");
    }
}

/// What a write says that is answered in two attempts: first so, then that it is done already.
async fn tried_twice(first: ResponseTemplate, action: Action) -> ApiError {
    let keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                <Expiration>2030-01-01T00:00:00Z</Expiration>";
    let entered = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let (server, config) = serving(ResponseTemplate::new(200).set_body_raw(entered, "text/xml")).await;
    let change = Change { role: "AcmeRead".parse().unwrap(), action };
    let (_, call) = change.call().split_once(':').unwrap();
    let again = match &change.action {
        Action::CreateRole(_) => xml(409, "EntityAlreadyExists", "said"),
        _ => xml(404, "NoSuchEntity", "said"),
    };
    let write = || Mock::given(body_string_contains(format!("Action={call}&")));
    write().respond_with(first).up_to_n_times(1).with_priority(1).mount(&server).await;
    write().respond_with(again).with_priority(2).expect(1).mount(&server).await;

    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = config.to_builder().retry_config(retries).build();
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let entry = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    let session = Sts::new(&config).enter(&entry).await.unwrap();
    session.perform(&change).await.unwrap_err()
}

#[tokio::test]
async fn a_lost_answer_is_told_though_the_sdk_s_next_attempt_says_otherwise() {
    let trust = Document::parse(r#"{"Version":"2012-10-17","Statement":[]}"#).unwrap();
    let role = NewRole {
        title: "Acme".to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        max_session_seconds: 3600,
        boundary: None,
        tags: BTreeMap::new(),
        trust,
    };
    let writes = [
        (Action::CreateRole(Box::new(role)), ErrorKind::AlreadyExists),
        (Action::DeletePolicy { name: "old".to_owned(), before: None }, ErrorKind::NotFound),
        (Action::Detach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()), ErrorKind::NotFound),
        (Action::DeleteBoundary("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()), ErrorKind::NotFound),
    ];
    for (action, said) in writes {
        let slow = xml(200, "late", "").set_delay(Duration::from_secs(2));
        for lost in [slow, xml(500, "ServiceFailure", ""), xml(503, "ServiceUnavailable", "")] {
            let error = tried_twice(lost, action.clone()).await;
            assert_eq!((error.code.as_str(), error.fault()), ("Connection", ErrorKind::Unavailable), "{error}");
        }
        // What was throttled was not done: somebody else did it.
        let error = tried_twice(xml(400, "Throttling", ""), action).await;
        assert_eq!((error.fault(), error.message.as_str()), (said, "said"), "{error}");
    }
}
