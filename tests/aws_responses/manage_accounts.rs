//! The calls of `onboard accounts`.

use account_onboarding::aws::{Aws, Resources};
use aws_smithy_types::retry::RetryConfig;
use onboarding_core::error::ErrorKind;
use onboarding_core::new_account::{AccountRow, NewAccount, parse_csv};
use onboarding_engine::ports::ManageAccounts;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{config, json_response, serving};

fn account() -> NewAccount {
    let csv = "name,email,role-name,iam-billing,tags\npayments-dev,dev@example.com,Admin,deny,team=payments\n";
    let [AccountRow { account, .. }] = parse_csv(csv).unwrap().try_into().unwrap();
    account
}

/// Clients that retry, as those of the CLI do.
async fn retrying(response: ResponseTemplate) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let config = config(&server.uri()).to_builder().retry_config(RetryConfig::standard()).build();
    (server, Aws::new(&config, Resources::default()))
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn request_has_every_setting() {
    let body = r#"{"CreateAccountStatus":{"Id":"car-12345678","State":"IN_PROGRESS"}}"#;
    let (server, aws) = retrying(json_response(200, body)).await;
    assert_eq!(aws.request_account(&account()).await.unwrap(), "car-12345678");
    let expected = json!({
        "AccountName": "payments-dev", "Email": "dev@example.com", "RoleName": "Admin", "IamUserAccessToBilling": "DENY",
        "Tags": [{"Key": "team", "Value": "payments"}],
    });
    assert_eq!(sent(&server).await, [expected]);
}

#[tokio::test]
async fn request_for_an_account_is_sent_once_whatever_happens() {
    for response in [json_response(500, ""), json_response(400, r#"{"__type":"TooManyRequestsException"}"#)] {
        let (server, aws) = retrying(response).await;
        let error = aws.request_account(&account()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Throttled), "{error}");
        assert_eq!(sent(&server).await.len(), 1, "{error}");
    }
}

#[tokio::test]
async fn violated_constraint_is_named_by_its_reason() {
    let body = r#"{"__type":"ConstraintViolationException","Message":"no","Reason":"ACCOUNT_NUMBER_LIMIT_EXCEEDED"}"#;
    let (_server, aws) = serving(json_response(400, body), Resources::default()).await;
    assert_eq!(aws.request_account(&account()).await.unwrap_err().code, "ACCOUNT_NUMBER_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn requests_in_progress_are_asked_for_and_others_are_left_out() {
    let body = json!({"NextToken": "next", "CreateAccountStatuses": [
        {"Id": "car-1", "AccountName": "payments-dev", "State": "IN_PROGRESS"},
        {"Id": "car-2", "AccountName": "old", "State": "SUCCEEDED"},
    ]});
    let (server, aws) = serving(json_response(200, &body.to_string()), Resources::default()).await;
    let page = aws.requests_in_progress(None).await.unwrap();
    let found: Vec<_> = page.requests.iter().map(|request| (request.id.as_str(), request.name.raw())).collect();
    assert_eq!((found.as_slice(), page.next.as_deref()), ([("car-1", "payments-dev")].as_slice(), Some("next")));
    assert_eq!(sent(&server).await, [json!({"States": ["IN_PROGRESS"]})]);
}

#[tokio::test]
async fn missing_unit_is_accepted_and_a_response_without_one_is_refused() {
    let id = "ou-ab12-cdef3456".parse().unwrap();
    let missing = r#"{"__type":"OrganizationalUnitNotFoundException","Message":"no"}"#;
    let (_server, aws) = serving(json_response(400, missing), Resources::default()).await;
    assert_eq!(aws.unit(&id).await.unwrap(), None);
    let (_server, aws) = serving(json_response(200, "{}"), Resources::default()).await;
    assert_eq!(aws.root().await.unwrap_err().kind(), ErrorKind::Unavailable);
    let parent = aws.parent(&"444455556666".parse().unwrap()).await;
    assert_eq!(parent.unwrap_err().kind(), ErrorKind::Unavailable);
}
