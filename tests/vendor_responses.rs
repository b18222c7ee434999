//! The vendor clients against a mock HTTP server: which requests they send, and how each response is converted.
#![cfg(test)]

use std::sync::Mutex;
use std::time::{Duration, Instant};

use account_onboarding::aws::HttpClient;
use account_onboarding::vendors;
use onboarding_core::account::AccountAge;
use onboarding_core::account::AccountId;
use onboarding_core::blueprint::AccountRegistration;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::time::from_unix_milliseconds;
use onboarding_core::vendor::{Api, ApiAccess, Endpoint, HostOwner};
use onboarding_engine::ports::{Http, Method, VendorRequest, VendorResponse};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "s3cret-key";
const ROLE: &str = "arn:aws:iam::444455556666:role/Workload_Security_Role_Cross";

fn account() -> AccountId {
    "444455556666".parse().unwrap()
}

/// A server that returns one response to every request, and access to it.
async fn serving(response: ResponseTemplate) -> (MockServer, ApiAccess) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let endpoint =
        Endpoint::from_url(Api::WorkloadSecurity, &format!("{}/api/", server.uri()), HostOwner::Customer).unwrap();
    (server, ApiAccess { endpoint, key: KEY.parse().unwrap() })
}

fn json_response(value: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

fn existing(id: u64, role_arn: Option<String>) -> ExistingRegistration {
    ExistingRegistration { id, role_arn, ..ExistingRegistration::default() }
}

async fn search(response: ResponseTemplate) -> Result<Vec<ExistingRegistration>, ApiError> {
    let (_server, access) = serving(response).await;
    vendors::registrations(&HttpClient::default(), Api::WorkloadSecurity, &access, &account()).await
}

fn change(before: Option<ExistingRegistration>) -> RegistrationChange {
    let after = AccountRegistration {
        account: account(),
        role_arn: ROLE.to_owned(),
        display_name: "payments-dev (444455556666)".to_owned(),
        workspaces: None,
    };
    RegistrationChange { title: "Workload Security".to_owned(), api: Api::WorkloadSecurity, before, after }
}

async fn register(
    response: ResponseTemplate,
    before: Option<ExistingRegistration>,
) -> (Result<Option<u64>, ApiError>, MockServer) {
    let (server, access) = serving(response).await;
    (vendors::register(&HttpClient::default(), &access, &change(before)).await, server)
}

#[tokio::test]
async fn search_results_are_filtered_by_account() {
    let connectors = json!({"awsConnectors": [
        {"ID": 3, "accountId": "999988887777", "crossAccountRoleArn": ROLE},
        {"ID": 7, "accountId": "444455556666", "crossAccountRoleArn": ROLE, "displayName": "x", "lastSyncTime": 1.5},
        {"ID": 9, "accountId": "444455556666", "useInstanceRole": true},
        {"ID": 11}]});
    let found = search(json_response(connectors)).await.unwrap();
    let named = ExistingRegistration { display_name: Some("x".to_owned()), ..existing(7, Some(ROLE.to_owned())) };
    let ours = [named, existing(9, None)];
    assert_eq!(found, ours);
    assert_eq!(search(json_response(json!({}))).await.unwrap(), []);
}

#[tokio::test]
async fn settings_and_time_of_the_last_read_are_interpreted() {
    let connector = |more: Value| {
        let mut connector = json!({"ID": 7, "accountId": "444455556666", "crossAccountRoleArn": ROLE});
        connector.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json_response(json!({"awsConnectors": [connector]}))
    };
    let found =
        search(connector(json!({"workspacesEnabled": true, "lastSyncTime": 1_795_000_000_000_u64}))).await.unwrap();
    assert!(found[0].workspaces);
    assert_eq!(found[0].last_read, from_unix_milliseconds(1_795_000_000_000));
    // A time that is not one is unknown: nothing is decided by it.
    for time in [json!(null), json!(0), json!(-1), json!("now"), json!([]), json!(1.5), json!(u64::MAX)] {
        let found = search(connector(json!({ "lastSyncTime": time }))).await.unwrap();
        assert!(found[0].last_read.is_none_or(|read| onboarding_core::time::to_policy_date(read).is_none()), "{time}");
    }
    // A boolean is not a string.
    let wrong = search(connector(json!({"workspacesEnabled": "true"}))).await.unwrap_err();
    assert_eq!(wrong.code, "MalformedAnswer");
}

#[tokio::test]
async fn workspaces_are_sent_as_a_boolean_and_only_if_configured() {
    let mut seen = Vec::new();
    for (workspaces, before) in [(Some(true), None), (Some(false), Some(existing(7, None))), (None, None)] {
        let (server, access) = serving(json_response(json!({"ID": 12}))).await;
        let mut change = change(before);
        change.after.workspaces = workspaces;
        let created = vendors::register(&HttpClient::default(), &access, &change).await.unwrap();
        assert_eq!(created, change.before.is_none().then_some(12), "the ID of a connector that was created");
        let requests = server.received_requests().await.unwrap();
        seen.push(String::from_utf8_lossy(&requests[0].body).into_owned());
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    {"displayName":"payments-dev (444455556666)","crossAccountRoleArn":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross","workspacesEnabled":true}
    {"displayName":"payments-dev (444455556666)","crossAccountRoleArn":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross","workspacesEnabled":false}
    {"displayName":"payments-dev (444455556666)","crossAccountRoleArn":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"}
    "#);
}

#[tokio::test]
async fn created_connector_without_an_id_is_not_an_error() {
    for body in ["", "{}", "[]", r#"{"ID":"x"}"#, r#"{"ID":-1}"#] {
        let response = ResponseTemplate::new(200).set_body_string(body);
        assert_eq!(register(response, None).await.0.unwrap(), None, "{body}");
    }
}

#[tokio::test]
async fn connector_is_deleted_and_a_missing_one_counts_as_deleted() {
    for (status, deleted) in [(200, true), (204, true), (404, true), (403, false), (500, false)] {
        let (server, access) = serving(ResponseTemplate::new(status)).await;
        let result = vendors::deregister(&HttpClient::default(), Api::WorkloadSecurity, &access, 7).await;
        assert_eq!(result.is_ok(), deleted, "{status}");
        let request = &server.received_requests().await.unwrap()[0];
        assert_eq!((request.method.as_str(), request.url.path()), ("DELETE", "/api/awsconnectors/7"));
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn external_id_is_read_and_an_answer_without_one_has_none() {
    let ask = async |response| {
        let (server, access) = serving(response).await;
        let answer = vendors::external_id(&HttpClient::default(), Api::WorkloadSecurity, &access).await;
        let request = &server.received_requests().await.unwrap()[0];
        assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/api/awsconnectorsettings"));
        assert!(request.body.is_empty());
        answer
    };
    let found = ask(json_response(json!({"externalId": "of-the-tenant", "other": 1}))).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), "of-the-tenant");
    for without in [json!({}), json!([]), json!({"externalId": 7}), json!({"externalId": null}), json!("x")] {
        assert!(ask(json_response(without.clone())).await.unwrap().is_none(), "{without}");
    }
    for (response, code) in [
        (ResponseTemplate::new(200).set_body_string("<html>s3cret"), "MalformedAnswer"),
        (ResponseTemplate::new(200).set_body_string("x".repeat((128 << 10) + 1)), "MalformedAnswer"),
        (ResponseTemplate::new(401), "HTTP 401"),
        (ResponseTemplate::new(503), "HTTP 503"),
        (ResponseTemplate::new(400).set_body_json(json!({"externalId": "s3cret"})), "HTTP 400"),
        (ResponseTemplate::new(500).set_body_json(json!({"message": "s3cret"})), "HTTP 500"),
    ] {
        let error = ask(response).await.unwrap_err();
        assert_eq!(error.code, code);
        let cause = Stop::from_vendor_error(&error, AccountAge::Established);
        assert!(!format!("{cause:?}").contains("the vendor's message"), "{cause:?}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn requests_match_the_vendor_documentation() {
    let (server, access) = serving(json_response(json!({"awsConnectors": []}))).await;
    vendors::registrations(&HttpClient::default(), Api::WorkloadSecurity, &access, &account()).await.unwrap();
    let (_, server2) = register(ResponseTemplate::new(200), None).await;
    let (_, server3) = register(ResponseTemplate::new(200), Some(existing(7, None))).await;
    let mut seen = Vec::new();
    for server in [server, server2, server3] {
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), 1);
        let request = &requests[0];
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert_eq!((header("api-version"), header("content-type")), ("v1".to_owned(), "application/json".to_owned()));
        assert_eq!(header("api-secret-key"), KEY);
        assert!(!request.headers.contains_key("authorization"));
        seen.push(format!("{} {} {}", request.method, request.url.path(), String::from_utf8_lossy(&request.body)));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    POST /api/awsconnectors/search {"maxItems":50,"searchCriteria":[{"fieldName":"accountId","stringTest":"equal","stringValue":"444455556666"}]}
    POST /api/awsconnectors {"displayName":"payments-dev (444455556666)","crossAccountRoleArn":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"}
    POST /api/awsconnectors/7 {"displayName":"payments-dev (444455556666)","crossAccountRoleArn":"arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"}
    "#);
}

/// The cause of every status. For a role that was just written some of them are transient, because the vendor may not
/// see the role yet.
#[tokio::test]
async fn each_status_has_its_cause() {
    let mut lines = Vec::new();
    for status in [302, 400, 401, 403, 404, 409, 429, 500, 503] {
        let response = ResponseTemplate::new(status).insert_header("location", "http://127.0.0.1:9/");
        let (result, server) = register(response.set_body_json(json!({"message": format!("no, {KEY}")})), None).await;
        let error = result.unwrap_err();
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "{status}: no retry and no redirect");
        let code = |age| Stop::from_vendor_error(&error, age).cause().code;
        lines.push(format!(
            "{status}: {}; {} on a new role; {error}",
            code(AccountAge::Established),
            code(AccountAge::New)
        ));
    }
    assert!(!lines.concat().contains("s3cret"));
    insta::assert_snapshot!(lines.join("\n"), @"
    302: vendor_refused; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 302: no, (hidden)
    400: vendor_refused; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 400: no, (hidden)
    401: vendor_key_refused; vendor_key_refused on a new role; workload-security:CreateAwsConnector failed: HTTP 401
    403: vendor_key_refused; vendor_key_refused on a new role; workload-security:CreateAwsConnector failed: HTTP 403
    404: vendor_refused; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 404: no, (hidden)
    409: vendor_refused; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 409: no, (hidden)
    429: vendor_not_ready; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 429: no, (hidden)
    500: vendor_not_ready; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 500: no, (hidden)
    503: vendor_not_ready; vendor_not_ready on a new role; workload-security:CreateAwsConnector failed: HTTP 503: no, (hidden)
    ");
}

/// Of a refusal only the status is kept: the response may contain the key in a form that no one foresees.
#[tokio::test]
async fn refused_key_leaves_no_text_of_the_response() {
    for status in [401, 403] {
        let response = || ResponseTemplate::new(status).set_body_string("dGVycmM6JSVz of tenant-7, see attached");
        let errors = [search(response()).await.unwrap_err(), register(response(), None).await.0.unwrap_err()];
        for error in errors {
            assert_eq!((error.code.as_str(), error.message.as_str()), (format!("HTTP {status}").as_str(), ""));
            let cause = Stop::from_vendor_error(&error, AccountAge::Established);
            assert!(!format!("{error:?} {error} {cause:?}").contains("tenant-7"));
        }
    }
}

#[tokio::test]
async fn key_is_hidden_in_each_form() {
    for form in
        [KEY.to_uppercase(), "s3cret%2dkey".to_owned(), r"s3cret\u002Dkey".to_owned(), "s3cret-k%65y".to_owned()]
    {
        for body in [json!({"message": format!("no, {form}")}).to_string(), format!("<p>no, {form}</p>")] {
            let error = search(ResponseTemplate::new(400).set_body_string(&body)).await.unwrap_err();
            assert!(error.message.contains("no, (hidden)"), "{form}: {error}");
        }
    }
}

/// Of an error only the beginning is read, so that a vendor cannot fill the memory or the log.
#[tokio::test]
async fn huge_error_is_cut_off() {
    for body in ["x".repeat(4 << 20), format!("{{\"message\":\"{}\"}}", "y".repeat(4 << 20))] {
        let (_server, access) = serving(ResponseTemplate::new(500).set_body_string(body)).await;
        let request = VendorRequest {
            call: "workload-security:SearchAwsConnectors",
            url: access.endpoint.url().to_owned(),
            headers: Vec::new(),
            method: Method::Post,
            body: Some(json!({})),
            timeout: Duration::from_secs(20),
        };
        let response = HttpClient::default().send(request).await.unwrap();
        assert_eq!((response.status, response.body.len()), (500, 4 << 10));
    }
}

#[tokio::test]
async fn large_unused_fields_of_connectors_are_skipped() {
    let unused = vec![json!({"": 0}); 10_000];
    let connector = json!({"ID": 7, "accountId": "444455556666", "crossAccountRoleArn": ROLE, "unused": unused});
    let found = search(json_response(json!({"awsConnectors": [connector]}))).await.unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn invalid_response_is_unavailable() {
    for response in [
        json_response(json!([])),
        json_response(json!({"awsConnectors": {}})),
        json_response(json!({"login": "please"})),
        json_response(json!({"awsConnectors": [{"ID": "seven"}]})),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_string("x".repeat((1 << 20) + 1)),
        ResponseTemplate::new(200).set_body_string(format!("{}{}", " ".repeat(128 << 10), "{}")),
        ResponseTemplate::new(200).set_body_string("{\"a\":".repeat(20_000)),
        ResponseTemplate::new(200).set_body_string(format!("{{\"awsConnectors\":{}", "[".repeat(100_000))),
        ResponseTemplate::new(200).set_body_bytes(b"\xff\xfe\x00".as_slice()),
        ResponseTemplate::new(200),
    ] {
        assert_eq!(search(response).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    let closed = Endpoint::from_url(Api::WorkloadSecurity, "http://127.0.0.1:9/api", HostOwner::Customer).unwrap();
    let access = ApiAccess { endpoint: closed, key: KEY.parse().unwrap() };
    let refused = vendors::registrations(&HttpClient::default(), Api::WorkloadSecurity, &access, &account()).await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.kind()), ("Connection", ErrorKind::Unavailable));
}

/// An HTTP client that records the URL and the headers of each request.
struct RecordingHttp(Mutex<Vec<String>>);

impl Http for RecordingHttp {
    async fn send(&self, request: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        self.0.lock().unwrap().push(format!("{}\n{}", request.url, headers.collect::<Vec<_>>().join("\n")));
        Ok(VendorResponse { status: 200, body: "{}".to_owned() })
    }
}

#[tokio::test]
async fn cloud_one_uses_the_authorization_header() {
    let access = ApiAccess {
        endpoint: Endpoint::from_region(Api::WorkloadSecurity, "us-1").unwrap(),
        key: "tmc12:example".parse().unwrap(),
    };
    let http = RecordingHttp(Mutex::default());
    vendors::registrations(&http, Api::WorkloadSecurity, &access, &account()).await.unwrap();
    insta::assert_snapshot!(http.0.lock().unwrap().join("\n"), @"
    https://workload.us-1.cloudone.trendmicro.com/api/awsconnectors/search
    api-version: v1
    content-type: application/json
    authorization: ApiKey tmc12:example
    ");
}

#[tokio::test]
async fn unresponsive_vendor_times_out() {
    let (_server, access) = serving(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let start = Instant::now();
    let request = VendorRequest {
        call: "workload-security:SearchAwsConnectors",
        url: access.endpoint.url().to_owned(),
        headers: vec![("api-secret-key", KEY)],
        method: Method::Post,
        body: Some(json!({})),
        timeout: Duration::from_millis(200),
    };
    assert!(!format!("{request:?}").contains("s3cret"));
    let sent: Result<VendorResponse, ApiError> = HttpClient::default().send(request).await;
    assert_eq!(sent.unwrap_err().code, "Timeout");
    assert!(start.elapsed() < Duration::from_secs(20));
}
