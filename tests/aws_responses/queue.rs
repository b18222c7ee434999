//! The messages of a sweep, as they are sent to SQS.

use std::time::Duration;

use account_onboarding::aws::Resources;
use onboarding_engine::ports::{OutgoingMessage, Queue};
use serde_json::{Value, json};

use crate::{json_response, serving};

/// With a group, the inbox is a fair queue, and the event of a new account overtakes the sweep.
#[tokio::test]
async fn messages_of_a_sweep_belong_to_one_group() {
    let queue = Some("https://sqs.us-east-1.amazonaws.com/111122223333/inbox".to_owned());
    let response = json_response(200, r#"{"Successful": [], "Failed": []}"#);
    let (server, aws) = serving(response, Resources { queue, ..Resources::default() }).await;
    let bodies = ["333344445555", "444455556666"].map(|id| json!({"sweep": {"account_id": id}}).to_string());
    let messages = bodies.clone().map(|body| OutgoingMessage { body, delay: Duration::ZERO });
    let [now, mut later] = messages;
    later.delay = Duration::from_secs(60);
    aws.send_messages(&[now, later]).await.expect("the messages are sent");
    let requests = server.received_requests().await.unwrap();
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    let entries = body["Entries"].as_array().expect("entries");
    assert_eq!(
        entries.iter().map(|entry| entry["MessageBody"].clone()).collect::<Vec<_>>(),
        bodies.map(|body| json!(body))
    );
    assert!(entries.iter().all(|entry| entry["MessageGroupId"] == "sweep"), "{entries:?}");
    assert_eq!(entries.iter().map(|entry| entry["DelaySeconds"].clone()).collect::<Vec<_>>(), [json!(null), json!(60)]);
}
