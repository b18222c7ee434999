//! Promise 10, for deployments that differ from the stack: an event that SNS delivers is processed like any other, and what
//! is not an account event is named, so that the error is not about a missing field of it.

use std::time::Duration;

use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{NEW, Scenario, assert_onboarded, id};
use crate::lambda::{Lambda, account_created};
use crate::log::logged;

fn function() -> Lambda {
    Scenario::new().with_new_account().function()
}

fn notification(message: &str) -> Value {
    json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:111122223333:x", "Message": message})
}

#[test]
fn event_in_an_sns_envelope_is_processed() {
    let queued = function();
    queued.deliver(&notification(&account_created(&id(NEW))).to_string(), Duration::from_secs(60));
    assert_onboarded(queued.organization(), NEW);
    queued.assert_all_processed("the notification");
    let direct = function();
    let record =
        json!({"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notification(&account_created(&id(NEW)))});
    let answer = direct.answer(&json!({"Records": [record]}).to_string()).unwrap();
    assert_eq!(answer["outcome"], "converged");
    assert_onboarded(direct.organization(), NEW);
}

#[test]
fn records_of_other_services_are_named() {
    let function = function();
    let rejected = |record: Value| {
        let failure = function.answer(&json!({"Records": [record]}).to_string()).unwrap_err();
        assert_eq!(failure.error_type, "InvalidPayload");
        failure.error_message
    };
    let all = [
        rejected(json!({"eventVersion": "1.08", "eventSource": "organizations.amazonaws.com", "eventName": "X"})),
        rejected(json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}})),
        rejected(json!({"eventSource": "aws:dynamodb", "dynamodb": {}})),
        rejected(json!({"EventSource": "aws:sns", "Sns": {"Message": 1}})),
        rejected(json!({"EventSource": "aws:sns", "Sns": {"Message": "hello"}})),
        rejected(json!({"eventSource": "aws:sqs", "body": "{}"})),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    `Records[0]` is a CloudTrail record as in its log files, not the event that EventBridge delivers; to process account events, send them here by an EventBridge rule; no record of the batch was processed
    `Records[0]` is an S3 event notification, not an account event; to process account events, send them here by an EventBridge rule; no record of the batch was processed
    `Records[0]` is a record of the event source `aws:dynamodb`, not of SQS; to process account events, send them here by an EventBridge rule; no record of the batch was processed
    `Records[0]` is not a valid SNS notification: invalid type: integer `1`, expected a string at line 1 column 43; no record of the batch was processed; fix the batch and send it again
    the payload is not JSON: expected value at line 1 column 1; send an EventBridge event or `{"account_id": "444455556666"}`
    `Records[0].messageId` is missing; no record of the batch was processed; fix the batch and send it again
    "#);
    assert_eq!(function.organization().writes(), []);
}

#[test]
fn membership_event_without_a_member_is_ignored_with_a_warning() {
    let function = function();
    let event = include_str!("../../events/account-joined-created.json").replace("accountId", "renamed");
    function.queue.put(&event.replace(NEW, "the new one"));
    let (log, _) = logged(LevelFilter::INFO, || function.process_for(Duration::from_secs(60)));
    function.assert_all_processed("the event");
    let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&line["level"], &line["fields"]["cause"]), (&"WARN".into(), &"unreadable_event".into()), "{log}");
    assert!(function.notifier.events().is_empty());
}

/// A batch of the largest messages that SQS accepts: each takes no more memory than its text, and the valid one is processed.
#[test]
fn batch_of_huge_messages_is_moved_to_the_dead_letter_queue() {
    let function = function();
    let huge = format!("{{\"a\":[{}0]}}", "{\"\":0},".repeat((1 << 20) / 8));
    for _ in 0..9 {
        function.queue.put(&huge);
    }
    function.queue.put(&account_created(&id(NEW)));
    function.process_in_batches(10, Duration::from_secs(60));
    assert_eq!(function.dead_letter_codes(), ["invalid_message"; 9]);
    assert_onboarded(function.organization(), NEW);
}
