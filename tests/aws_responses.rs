//! The AWS clients against a mock HTTP server: how each response of a service is converted.
//!
//! The tests cover the error kinds of JSON and XML errors, accounts and account creations in every state, and writes
//! whose first attempt is ambiguous.
#![cfg(test)]

#[path = "aws_responses/accounts.rs"]
mod accounts;
#[path = "aws_responses/closed_connections.rs"]
mod closed_connections;
#[path = "aws_responses/list_roles.rs"]
mod list_roles;
#[path = "aws_responses/manage_accounts.rs"]
mod manage_accounts;
#[path = "aws_responses/management.rs"]
mod management;
#[path = "aws_responses/management_sessions.rs"]
mod management_sessions;
#[path = "aws_responses/notifier.rs"]
mod notifier;
#[path = "aws_responses/queue.rs"]
mod queue;
#[path = "aws_responses/records.rs"]
mod records;
#[path = "aws_responses/throttles.rs"]
mod throttles;
#[path = "aws_responses/units_and_tags.rs"]
mod units_and_tags;

use std::time::Duration;

use account_onboarding::aws::{Aws, Resources};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use onboarding_core::account::JoinMethod;
use onboarding_core::code::Code;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::error_messages::DeniedBy;
use onboarding_core::outcome::Cause;
use onboarding_core::plan::{Action, Change, DeletedRole, NewRole};
use onboarding_core::policy::Document;
use onboarding_core::role_settings::RoleSettings;
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::{
    AssumeRoleRequest, Creation, Directory, ParameterKind, Queue, ReadIam, Secrets, Sessions, WriteIam,
};
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

/// Clients that wait long enough for large responses.
fn patient(endpoint: &str) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(60)).build();
    config(endpoint).to_builder().timeout_config(timeouts).build()
}

/// A server that returns one response to every request, and the clients that use it.
async fn serving(response: ResponseTemplate, resources: Resources) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let aws = Aws::new(&config(&server.uri()), resources);
    (server, aws)
}

fn json_response(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/x-amz-json-1.1")
}

fn xml_error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

async fn describe(response: ResponseTemplate) -> Result<Option<onboarding_core::account::Account>, ApiError> {
    let (_server, aws) = serving(response, Resources::default()).await;
    aws.account(&"444455556666".parse().unwrap()).await
}

async fn assume_role_error(response: ResponseTemplate) -> ApiError {
    let (_server, aws) = serving(response, Resources::default()).await;
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let request = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    aws.assume_role(&request).await.unwrap_err()
}

#[tokio::test]
async fn json_errors_have_the_matching_kind() {
    for (status, body, kind) in [
        (400, r#"{"__type":"AccessDeniedException","Message":"no"}"#, ErrorKind::AccessDenied),
        (400, r#"{"__type":"TooManyRequestsException","Message":"slow"}"#, ErrorKind::Throttled),
        (400, r#"{"__type":"ServiceException"}"#, ErrorKind::Unavailable),
        (400, r#"{"__type":"com.amazonaws.x#UnrecognizedClientException"}"#, ErrorKind::Credentials),
        (400, r#"{"__type":"SomethingNew","message":"?"}"#, ErrorKind::Other),
        (503, "", ErrorKind::Unavailable),
        (500, "<html>", ErrorKind::Unavailable),
        (429, "", ErrorKind::Throttled),
        (200, "not JSON", ErrorKind::Unavailable),
        (200, "{}", ErrorKind::Unavailable),
        (200, r#"{"Account":{"Id":"4444555566667","Arn":"x","State":"ACTIVE"}}"#, ErrorKind::Unavailable),
    ] {
        let error = describe(json_response(status, body)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn xml_errors_have_the_matching_kind() {
    for (status, code, kind) in [
        (403, "AccessDenied", ErrorKind::AccessDenied),
        (400, "Throttling", ErrorKind::Throttled),
        (503, "ServiceUnavailable", ErrorKind::Unavailable),
        (403, "InvalidClientTokenId", ErrorKind::Credentials),
        (403, "ExpiredToken", ErrorKind::Credentials),
        (403, "OptInRequired", ErrorKind::NotReady),
        (400, "SubscriptionRequiredException", ErrorKind::NotReady),
        (400, "MalformedPolicyDocument", ErrorKind::MalformedPolicy),
        (400, "PackedPolicyTooLarge", ErrorKind::MalformedPolicy),
        // Something was added to the role since it was read: it is read again.
        (409, "DeleteConflict", ErrorKind::Conflict),
    ] {
        let error = assume_role_error(xml_error(status, code, "a message")).await;
        assert_eq!((error.kind(), error.message.as_str()), (kind, "a message"), "{code}: {error}");
    }
    let error =
        assume_role_error(xml_error(400, "MalformedPolicyDocument", "Invalid principal in policy: &quot;AWS&quot;"))
            .await;
    assert_eq!(error.kind(), ErrorKind::InvalidPrincipal);
}

#[tokio::test]
async fn unresponsive_service_is_unavailable() {
    let slow = describe(json_response(200, "{}").set_delay(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!((slow.code.as_str(), slow.kind()), ("Timeout", ErrorKind::Unavailable));
    // A port that was free a moment ago, so nothing listens on it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = Aws::new(&config(&format!("http://127.0.0.1:{port}")), Resources::default());
    let error = gone.account(&"444455556666".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.kind()), ("Connection", ErrorKind::Unavailable), "{error}");
}

#[tokio::test]
async fn account_is_converted_from_its_arn_and_state() {
    let body = r#"{"Account":{"Id":"444455556666","Name":"dev","JoinedTimestamp":1789593655.5,
        "Arn":"arn:aws-us-gov:organizations::111122223333:account/o-exampleorgid/444455556666",STATE}}"#;
    for (state, expected) in [
        (r#""State":"ACTIVE","Status":"SUSPENDED""#, "ACTIVE"),
        (r#""Status":"SUSPENDED""#, "SUSPENDED"),
        (r#""State":"PENDING_ACTIVATION""#, "PENDING_ACTIVATION"),
        (r#""State":"HIBERNATING""#, "HIBERNATING"),
    ] {
        let account = describe(json_response(200, &body.replace("STATE", state))).await.unwrap().unwrap();
        assert_eq!(account.state.to_string(), expected);
        assert_eq!((account.management.as_str(), account.partition.as_str()), ("111122223333", "aws-us-gov"));
        assert_eq!((account.joined_at, account.is_management()), (from_unix_seconds(1_789_593_655), false));
    }
    let unknown = describe(json_response(400, r#"{"__type":"AccountNotFoundException"}"#)).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn join_method_is_converted() {
    for (method, expected) in [
        (r#","JoinedMethod":"INVITED""#, JoinMethod::Invited),
        (r#","JoinedMethod":"CREATED""#, JoinMethod::Created),
        (r#","JoinedMethod":"ADOPTED""#, JoinMethod::Unknown),
        ("", JoinMethod::Unknown),
    ] {
        let body = format!(
            r#"{{"Account":{{"Id":"444455556666","State":"ACTIVE","Arn":"arn:aws:organizations::111122223333:account/o-exampleorgid/444455556666"{method}}}}}"#
        );
        assert_eq!(describe(json_response(200, &body)).await.unwrap().unwrap().joined, expected, "{method}");
    }
}

/// `AssumeRole` has one error code for all denials; only the message says which policy denied the call. The long
/// message is longer than the part that is kept, so it has to be evaluated before it is shortened.
#[tokio::test]
async fn denying_policy_is_found_in_the_whole_message() {
    let long = format!("arn:aws:sts::111122223333:assumed-role/{}/{}", "r".repeat(200), "s".repeat(200));
    for (caller, reason, denied_by) in [
        ("arn:aws:iam::111122223333:role/f", "", DeniedBy::Unknown),
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
        let message = format!(
            "User: {caller} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole{reason}"
        );
        let error = assume_role_error(xml_error(403, "AccessDenied", &message)).await;
        assert_eq!((error.kind(), error.denial.by), (ErrorKind::AccessDenied, denied_by), "{error}");
        assert_eq!(error.denial.action.as_deref(), Some("sts:AssumeRole"));
        assert!(error.message.chars().count() <= 401);
    }
}

#[tokio::test]
async fn account_creation_is_converted_in_every_state() {
    for (body, expected) in [
        (r#"{"State":"IN_PROGRESS"}"#, Creation::InProgress),
        (r#"{"State":"SUCCEEDED","AccountId":"444455556666"}"#, Creation::Succeeded("444455556666".parse().unwrap())),
        (
            r#"{"State":"FAILED","FailureReason":"EMAIL_ALREADY_EXISTS"}"#,
            Creation::Failed("EMAIL_ALREADY_EXISTS".into()),
        ),
        (r#"{"State":"FAILED","FailureReason":"A_NEW_REASON"}"#, Creation::Failed("A_NEW_REASON".into())),
    ] {
        let response = json_response(200, &format!(r#"{{"CreateAccountStatus":{body}}}"#));
        let (_server, aws) = serving(response, Resources::default()).await;
        assert_eq!(aws.account_creation("car-1").await.unwrap(), expected);
    }
    let unknown = json_response(400, r#"{"__type":"CreateAccountStatusNotFoundException"}"#);
    let (_server, aws) = serving(unknown, Resources::default()).await;
    assert_eq!(aws.account_creation("car-1").await.unwrap(), Creation::Unknown);
}

#[tokio::test]
async fn missing_parameter_is_not_found() {
    let missing = json_response(400, r#"{"__type":"ParameterNotFound"}"#);
    let (_server, aws) = serving(missing, Resources::default()).await;
    assert_eq!(aws.parameter("/x").await.unwrap_err().kind(), ErrorKind::NotFound);

    let found = serde_json::json!({
        "Parameters": [
            {"Name": "/id", "Value": "s3cret", "Type": "String"},
            {"Name": "/key", "Value": "s3cret", "Type": "SecureString"},
        ],
        "InvalidParameters": ["/x"],
    });
    let (_server, aws) = serving(json_response(200, &found.to_string()), Resources::default()).await;
    let found = aws.parameters(&["/id", "/key", "/x"]).await.unwrap();
    let kinds: Vec<_> = found.iter().map(|(name, parameter)| (name.as_str(), parameter.kind)).collect();
    assert_eq!(kinds, [("/id", ParameterKind::Plain), ("/key", ParameterKind::Secure)]);
    assert!(!format!("{found:?}").contains("s3cret"));
}

#[tokio::test]
async fn dead_letter_of_maximum_size_has_no_attributes() {
    let url = "https://sqs.us-east-1.amazonaws.com/111122223333/dead-letters".to_owned();
    let resources = Resources { dead_letters: Some(url), ..Resources::default() };
    let (server, aws) = serving(json_response(200, r#"{"MessageId":"1"}"#), resources).await;
    let cause = Cause::new(Code::InvalidMessage, "x".repeat(300), "fix it");
    for (length, attributes) in [(1000, 3), ((1 << 20) - 100, 2), (1 << 20, 0)] {
        assert!(aws.dead_letter_message(&"x".repeat(length), &cause).await.unwrap());
        let requests = server.received_requests().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
        assert_eq!(body["MessageAttributes"].as_object().map_or(0, serde_json::Map::len), attributes, "{length}");
    }
}

/// The error of a write that the SDK attempts twice: `first` is the first response, the second says that the change
/// exists already.
async fn error_after_retry(first: ResponseTemplate, action: Action) -> ApiError {
    let keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                <Expiration>2030-01-01T00:00:00Z</Expiration>";
    let assumed = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_raw(assumed, "text/xml")).mount(&server).await;
    let change = Change { role: "AcmeRead".parse().unwrap(), action };
    let (_, call) = change.call().split_once(':').unwrap();
    let second = match &change.action {
        Action::CreateRole(_) => xml_error(409, "EntityAlreadyExists", "a message"),
        _ => xml_error(404, "NoSuchEntity", "a message"),
    };
    let write = || Mock::given(body_string_contains(format!("Action={call}&")));
    write().respond_with(first).up_to_n_times(1).with_priority(1).mount(&server).await;
    write().respond_with(second).with_priority(2).expect(1).mount(&server).await;

    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = config(&server.uri()).to_builder().retry_config(retries).build();
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let request = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    let session = Aws::new(&config, Resources::default()).assume_role(&request).await.unwrap();
    session.execute(&change).await.unwrap_err()
}

fn deletion() -> Action {
    Action::DeleteRole(Box::new(DeletedRole { title: "Acme".to_owned(), id: None, trust: None }))
}

#[tokio::test]
async fn instance_profiles_are_read_page_by_page() {
    let keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                <Expiration>2030-01-01T00:00:00Z</Expiration>";
    let assumed = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_raw(assumed, "text/xml")).mount(&server).await;
    let page = "<ListInstanceProfilesForRoleResponse><ListInstanceProfilesForRoleResult><InstanceProfiles><member>\
                <Path>/</Path><InstanceProfileName>web</InstanceProfileName><InstanceProfileId>AIPA</InstanceProfileId>\
                <Arn>arn:aws:iam::444455556666:instance-profile/web</Arn><CreateDate>2030-01-01T00:00:00Z</CreateDate>\
                <Roles/></member></InstanceProfiles><IsTruncated>true</IsTruncated><Marker>more</Marker>\
                </ListInstanceProfilesForRoleResult></ListInstanceProfilesForRoleResponse>";
    let list = || Mock::given(body_string_contains("Action=ListInstanceProfilesForRole&"));
    let response = ResponseTemplate::new(200).set_body_raw(page, "text/xml");
    list().respond_with(response).up_to_n_times(1).with_priority(1).mount(&server).await;
    list().respond_with(xml_error(404, "NoSuchEntity", "gone")).with_priority(2).mount(&server).await;
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let request = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    let session = Aws::new(&config(&server.uri()), Resources::default()).assume_role(&request).await.unwrap();
    let role = "AcmeRead".parse().unwrap();
    let first = session.instance_profiles(&role, None).await.unwrap();
    assert_eq!((first.items, first.next), (vec!["web".to_owned()], Some("more".to_owned())));
    let second = session.instance_profiles(&role, Some("more".to_owned())).await.unwrap();
    assert_eq!((second.items, second.next), (Vec::new(), None), "the role was deleted meanwhile");
    let requests = server.received_requests().await.unwrap();
    assert!(String::from_utf8_lossy(&requests.last().unwrap().body).contains("Marker=more"));
}

#[tokio::test]
async fn ambiguous_attempt_is_reported_as_connection_error() {
    let trust = Document::parse(r#"{"Version":"2012-10-17","Statement":[]}"#).unwrap();
    let role = NewRole { title: "Acme".to_owned(), settings: RoleSettings::default(), trust };
    let writes = [
        (Action::CreateRole(Box::new(role)), ErrorKind::AlreadyExists),
        (Action::DeletePolicy { name: "old".to_owned(), before: None }, ErrorKind::NotFound),
        (deletion(), ErrorKind::NotFound),
        (Action::Detach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()), ErrorKind::NotFound),
        (Action::DeleteBoundary("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()), ErrorKind::NotFound),
    ];
    for (action, kind) in writes {
        let slow = xml_error(200, "late", "").set_delay(Duration::from_secs(2));
        for ambiguous in [slow, xml_error(500, "ServiceFailure", ""), xml_error(503, "ServiceUnavailable", "")] {
            let error = error_after_retry(ambiguous, action.clone()).await;
            assert_eq!((error.code.as_str(), error.kind()), ("Connection", ErrorKind::Unavailable), "{error}");
        }
        // A throttled attempt was not performed, so another writer made the change.
        let error = error_after_retry(xml_error(400, "Throttling", ""), action).await;
        assert_eq!((error.kind(), error.message.as_str()), (kind, "a message"), "{error}");
    }
}
