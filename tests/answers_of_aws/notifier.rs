//! What EventBridge and the memory in SSM answer.

use account_onboarding::aws::{EventBridgeNotifier, Parameters};
use onboarding_core::error::ErrorKind;
use onboarding_core::mode::Mode;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{AccountEvent, EventKind, Report};
use onboarding_engine::ports::Notifier;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json as answer, serving};

fn notice() -> AccountEvent {
    let report = Report::new(Some("444455556666".parse().unwrap()), "manual", Mode::Apply, Outcome::Converged);
    AccountEvent::new(EventKind::AccountOnboarded, &report, "account 444455556666", None, None, "invocation-1")
}

async fn notices(response: ResponseTemplate) -> (MockServer, EventBridgeNotifier) {
    let (server, config) = serving(response).await;
    (
        server,
        EventBridgeNotifier::new(
            &config,
            &Parameters::new(&config),
            Some("default".to_owned()),
            "/account-onboarding/notified".to_owned(),
        ),
    )
}

/// The one request that was made: what it asks for, and its body.
async fn request(server: &MockServer) -> (String, Value) {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let target = requests[0].headers["x-amz-target"].to_str().unwrap().to_owned();
    (target, serde_json::from_slice(&requests[0].body).unwrap())
}

#[tokio::test]
async fn an_event_goes_out() {
    let (server, notices) = notices(answer(200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#)).await;
    notices.tell(&notice()).await.unwrap();
    let (target, body) = request(&server).await;
    let entry = &body["Entries"][0];
    assert_eq!(target, "AWSEvents.PutEvents");
    let told = (&entry["EventBusName"], &entry["Source"], &entry["DetailType"]);
    assert_eq!(told, (&json!("default"), &json!("account-onboarding"), &json!("AccountOnboarded")));
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, *notice().detail());
}

#[tokio::test]
async fn an_event_that_does_not_go_out_is_an_error_though_the_call_succeeds() {
    let throttled =
        r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"Rate exceeded"}]}"#;
    for (body, fault) in [
        (throttled, ErrorKind::Throttled),
        (r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#, ErrorKind::Unavailable),
        (r#"{"FailedEntryCount":1,"Entries":[{}]}"#, ErrorKind::Unavailable),
    ] {
        let (_server, notices) = notices(answer(200, body)).await;
        assert_eq!(notices.tell(&notice()).await.unwrap_err().fault(), fault, "{body}");
    }
}

#[tokio::test]
async fn a_memory_is_read_and_what_is_none_is_no_error() {
    let (_server, empty) = notices(answer(400, r#"{"__type":"ParameterNotFound"}"#)).await;
    assert_eq!(empty.load("444455556666").await.unwrap(), None);
    empty.delete("444455556666").await.unwrap();

    let told =
        NotificationRecord { code: "foreign_role".to_owned(), at: 1.5, by: "message-1".to_owned(), confirmed: true };
    let parameter = json!({"Parameter": {"Value": told.to_text()}}).to_string();
    let (server, full) = notices(answer(200, &parameter)).await;
    assert_eq!(full.load("444455556666").await.unwrap(), Some(told));
    assert_eq!(request(&server).await.1["Name"], "/account-onboarding/notified/444455556666");

    let (_server, denied) = notices(answer(400, r#"{"__type":"AccessDeniedException","Message":"no"}"#)).await;
    assert_eq!(denied.load("444455556666").await.unwrap_err().fault(), ErrorKind::AccessDenied);
    assert_eq!(denied.delete("444455556666").await.unwrap_err().fault(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_claim_is_made_unless_another_was_first() {
    let (server, first) = notices(answer(200, r#"{"Version":1}"#)).await;
    assert!(first.save("444455556666", &NotificationRecord::default(), false).await.unwrap());
    assert_eq!(request(&server).await.1["Overwrite"], false);
    let (_server, second) = notices(answer(400, r#"{"__type":"ParameterAlreadyExists"}"#)).await;
    assert!(!second.save("444455556666", &NotificationRecord::default(), false).await.unwrap());
}

#[tokio::test]
async fn without_a_bus_nothing_is_asked_for() {
    let (server, config) = serving(answer(500, "")).await;
    let silent =
        EventBridgeNotifier::new(&config, &Parameters::new(&config), None, "/account-onboarding/notified".to_owned());
    assert!(!silent.is_enabled());
    silent.tell(&notice()).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
