//! Notifications: responses of EventBridge to events and of SSM to notification records.

use account_onboarding::aws::{EventBridgeNotifier, Parameters};
use onboarding_core::error::ErrorKind;
use onboarding_core::mode::Mode;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{AccountEvent, EventKind, Report};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Notifier;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json_response, serving};

fn event() -> AccountEvent {
    let report =
        Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Apply, Outcome::Converged);
    AccountEvent::new(EventKind::AccountOnboarded, &report, "account 444455556666", None, None, "invocation-1")
}

async fn notifier(response: ResponseTemplate) -> (MockServer, EventBridgeNotifier) {
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

/// The target and the body of the only request.
async fn request(server: &MockServer) -> (String, Value) {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let target = requests[0].headers["x-amz-target"].to_str().unwrap().to_owned();
    (target, serde_json::from_slice(&requests[0].body).unwrap())
}

#[tokio::test]
async fn event_is_sent_to_the_bus() {
    let (server, notifier) =
        notifier(json_response(200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#)).await;
    notifier.publish(&event()).await.unwrap();
    let (target, body) = request(&server).await;
    let entry = &body["Entries"][0];
    assert_eq!(target, "AWSEvents.PutEvents");
    let header = (&entry["EventBusName"], &entry["Source"], &entry["DetailType"]);
    assert_eq!(header, (&json!("default"), &json!("account-onboarding"), &json!("AccountOnboarded")));
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, *event().detail());
}

#[tokio::test]
async fn failed_entry_is_an_error_although_the_call_succeeds() {
    let throttled =
        r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"Rate exceeded"}]}"#;
    for (body, kind) in [
        (throttled, ErrorKind::Throttled),
        (r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#, ErrorKind::Unavailable),
        (r#"{"FailedEntryCount":1,"Entries":[{}]}"#, ErrorKind::Unavailable),
    ] {
        let (_server, notifier) = notifier(json_response(200, body)).await;
        assert_eq!(notifier.publish(&event()).await.unwrap_err().kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn record_is_loaded_and_a_missing_one_is_not_an_error() {
    let (_server, empty) = notifier(json_response(400, r#"{"__type":"ParameterNotFound"}"#)).await;
    assert_eq!(empty.load("444455556666").await.unwrap(), None);
    empty.delete("444455556666").await.unwrap();

    let record =
        NotificationRecord { code: "foreign_role".to_owned(), at: 1.5, by: "message-1".to_owned(), confirmed: true };
    let parameter = json!({"Parameter": {"Value": record.to_text()}}).to_string();
    let (server, full) = notifier(json_response(200, &parameter)).await;
    assert_eq!(full.load("444455556666").await.unwrap(), Some(record));
    assert_eq!(request(&server).await.1["Name"], "/account-onboarding/notified/444455556666");

    let (_server, denied) = notifier(json_response(400, r#"{"__type":"AccessDeniedException","Message":"no"}"#)).await;
    assert_eq!(denied.load("444455556666").await.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(denied.delete("444455556666").await.unwrap_err().kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn record_is_created_unless_another_run_was_first() {
    let (server, first) = notifier(json_response(200, r#"{"Version":1}"#)).await;
    assert!(first.save("444455556666", &NotificationRecord::default(), false).await.unwrap());
    assert_eq!(request(&server).await.1["Overwrite"], false);
    let (_server, second) = notifier(json_response(400, r#"{"__type":"ParameterAlreadyExists"}"#)).await;
    assert!(!second.save("444455556666", &NotificationRecord::default(), false).await.unwrap());
}

#[tokio::test]
async fn without_a_bus_nothing_is_sent() {
    let (server, config) = serving(json_response(500, "")).await;
    let disabled =
        EventBridgeNotifier::new(&config, &Parameters::new(&config), None, "/account-onboarding/notified".to_owned());
    assert!(!disabled.is_enabled());
    disabled.publish(&event()).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
