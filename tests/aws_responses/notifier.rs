//! Notifications: responses of EventBridge to events.

use account_onboarding::aws::{Aws, Resources};
use onboarding_core::error::ErrorKind;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{AccountEvent, EventContext, EventKind, Report};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Notifier;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json_response, serving};

fn event() -> AccountEvent {
    let report =
        Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Apply, Outcome::Converged);
    AccountEvent::new(&EventContext {
        kind: EventKind::AccountOnboarded,
        report: &report,
        subject: "account 444455556666",
        cause: None,
        event_id: None,
        invocation: "invocation-1",
    })
}

async fn notifier(response: ResponseTemplate, bus: Option<&str>) -> (MockServer, Aws) {
    serving(response, Resources { event_bus: bus.map(str::to_owned), ..Resources::default() }).await
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
        notifier(json_response(200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#), Some("default")).await;
    notifier.publish_event(&event()).await.unwrap();
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
        let (_server, notifier) = notifier(json_response(200, body), Some("default")).await;
        assert_eq!(notifier.publish_event(&event()).await.unwrap_err().kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn notifier_without_a_bus_sends_nothing() {
    let (server, disabled) = notifier(json_response(500, ""), None).await;
    assert!(!disabled.notifications_enabled());
    disabled.publish_event(&event()).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
