//! Promise 10: a hostile message is isolated. It causes no write, the other messages of its batch are processed, and it moves
//! to the dead-letter queue with a short message, so that it cannot flood the log.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{NEW, Scenario, assert_onboarded, id};
use crate::lambda::account_created;
use crate::log::logged;

const MEGABYTE: usize = 1 << 20;
/// A size that is parsed and large enough for an event.
const ACCEPTED: usize = 240 << 10;
const DEEP: usize = 40_000;

/// Sends a hostile message between two valid ones, asserts that only the hostile one reaches the dead-letter queue, and
/// returns the message of its cause.
fn dead_letter(body: &str) -> String {
    let function = Scenario::new().with_new_account().function();
    for body in [account_created(&id(NEW)).as_str(), body, account_created(&id(NEW)).as_str()] {
        function.queue.put(body);
    }
    let (log, _) = logged(LevelFilter::INFO, || function.process_in_batches(10, Duration::from_secs(900)));
    assert_onboarded(function.organization(), NEW);
    let writes = function.organization().writes();
    assert!(writes.iter().all(|call| call.account == id(NEW)), "no other account is written");
    assert_eq!(function.queue.next_visible(), None, "the queue is empty");
    let dead = function.queue.dead_letters();
    let [letter] = dead.as_slice() else { panic!("{} dead letters", dead.len()) };
    assert_eq!(letter.body, body, "the dead letter has the original body");
    let cause = letter.cause.as_ref().unwrap();
    assert_eq!(cause.code.as_str(), "invalid_message");
    let entries: Vec<_> = log.lines().filter(|line| line.contains("invalid_message")).collect();
    assert_eq!(entries.len(), 1, "it is logged once");
    assert!(log.lines().all(|line| line.len() < 1000), "a log line is too long");
    assert!(cause.message.len() < 300 && !cause.message.contains(char::is_control), "{}", cause.message);
    cause.message.clone()
}

/// Invokes the function with a payload, asserts that it is rejected without any write, and returns the error message.
fn rejected(payload: &str) -> String {
    let function = Scenario::new().with_new_account().function();
    let (log, end) = logged(LevelFilter::INFO, || function.answer(payload));
    let failure = end.expect_err("it is rejected");
    let writes = function.organization().writes();
    assert_eq!((failure.error_type.as_str(), writes), ("InvalidPayload", Vec::new()));
    assert!(log.lines().count() == 1 && log.len() < 1000, "{} bytes are logged", log.len());
    assert!(failure.error_message.len() < 300, "{}", failure.error_message);
    failure.error_message
}

/// The creation event of the new account, with one substring replaced.
fn event(from: &str, to: &str) -> String {
    let event = account_created(&id(NEW));
    assert!(event.contains(from), "{from}");
    event.replacen(from, to, 1)
}

#[test]
fn junk_is_a_dead_letter_whatever_its_size() {
    for size in [MEGABYTE, ACCEPTED] {
        junk_of_this_size_is_a_dead_letter(size);
    }
}

fn junk_of_this_size_is_a_dead_letter(size: usize) {
    for junk in ["x", "[", "{\"a\":", "\"", "9", "\u{0}", "é", "\\ud800"] {
        dead_letter(&junk.repeat(size / junk.len()));
    }
    let long = "9".repeat(size);
    for body in [
        json!({ "account_id": long }).to_string(),
        json!({ long.clone(): NEW }).to_string(),
        json!({ "account_id": NEW, long.clone(): 1 }).to_string(),
        json!({ "account_id": NEW, "mode": long }).to_string(),
        format!("{{\"account_id\":{long}}}"),
        format!("{{\"{long}\":1,\"{long}\":2}}"),
        event("444455556666", &long),
        event("\"SUCCEEDED\"", &format!("\"{long}\"")),
        format!("{{\"account_id\":[{}0]}}", "0,".repeat(size / 2)),
    ] {
        dead_letter(&body);
    }
}

#[test]
fn valid_event_with_a_megabyte_of_filler_is_not_parsed() {
    let filled = event("\"source\"", &format!("\"filler\": \"{}\", \"source\"", "x".repeat(MEGABYTE)));
    insta::assert_snapshot!(dead_letter(&filled), @"the payload has 1049893 bytes, and at most 262144 are accepted; events about accounts have a few thousand: check what sends this");
    insta::assert_snapshot!(rejected(&filled), @"the payload has 1049892 bytes, and at most 262144 are accepted; events about accounts have a few thousand: check what sends this");
}

#[test]
fn valid_event_with_filler_is_processed() {
    let function = Scenario::new().with_new_account().function();
    let filler = "x".repeat(ACCEPTED);
    function.queue.put(&event("\"source\"", &format!("\"filler\": \"{filler}\", \"source\"")));
    let (log, _) = logged(LevelFilter::INFO, || function.process_for(Duration::from_secs(900)));
    assert_onboarded(function.organization(), NEW);
    function.assert_all_processed("the event");
    assert!(log.len() < 10_000, "{} bytes are logged", log.len());
}

#[test]
fn deeply_nested_json_is_rejected() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP));
    for deep in [deep("[", "]"), deep("{\"a\":", "}")] {
        let message = dead_letter(&format!("{{\"account_id\":{deep}}}"));
        assert!(message.contains("recursion limit exceeded"), "{message}");
        dead_letter(&event("\"source\"", &format!("\"deep\": {deep}, \"source\"")));
        // In place of the batch, of its messages, of one message, and of the body of one message.
        rejected(&deep);
        rejected(&format!("{{\"Records\":{deep}}}"));
        rejected(&format!("{{\"Records\":[{deep}]}}"));
        rejected(&format!("{{\"Records\":[{{\"messageId\":\"1\",\"body\":{deep}}}]}}"));
    }
}

#[test]
fn duplicate_key_is_rejected() {
    let all = [
        dead_letter(r#"{"account_id":"999988887777","account_id":"444455556666"}"#),
        dead_letter(r#"{"account_id":"444455556666","mode":"plan","mode":"apply"}"#),
        dead_letter(r#"{"account_id":"999988887777","\u0061ccount_id":"444455556666"}"#),
        dead_letter(&event("\"detail\":", "\"detail\": {}, \"detail\":")),
        dead_letter(&event("\"accountId\": \"444455556666\"", "\"accountId\":\"1\",\"accountId\":\"444455556666\"")),
        rejected(r#"{"account_id":"999988887777","account_id":"444455556666"}"#),
        rejected(r#"{"Records":[],"Records":[]}"#),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    the payload is ambiguous: the key `account_id` appears twice at line 1 column 57; write each key once
    the payload is ambiguous: the key `mode` appears twice at line 1 column 58; write each key once
    the payload is ambiguous: the key `account_id` appears twice at line 1 column 62; write each key once
    the payload is ambiguous: the key `detail` appears twice at line 41 column 1; write each key once
    the payload is ambiguous: the key `accountId` appears twice at line 35 column 50; write each key once
    the payload is ambiguous: the key `account_id` appears twice at line 1 column 57; write each key once
    the payload is ambiguous: the key `Records` appears twice at line 1 column 27; write each key once
    ");
}

#[test]
fn invalid_unicode_is_rejected() {
    let all = [
        dead_letter(r#"{"account_id":"\ud800"}"#),
        dead_letter(r#"{"account_id":"\udc00\ud800"}"#),
        dead_letter(&event("\"id\": \"", "\"id\": \"\\ud83d")),
        dead_letter("\u{feff}\u{feff}{\"account_id\":\"444455556666\"}"),
        rejected(r#"{"account_id":"\ud800"}"#),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    the payload is not JSON: unexpected end of hex escape at line 1 column 22; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not JSON: lone leading surrogate in hex escape at line 1 column 21; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not JSON: unexpected end of hex escape at line 3 column 16; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not JSON: expected value at line 1 column 1; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not JSON: unexpected end of hex escape at line 1 column 22; send an EventBridge event or `{"account_id": "444455556666"}`
    "#);
    // The Lambda runtime client parses the payload before the function does.
    assert!(serde_json::from_slice::<Box<RawValue>>(b"{\"account_id\":\"\xff\"}").is_err());
}

#[test]
fn invalid_account_id_is_rejected() {
    let manual = |value: Value| dead_letter(&json!({ "account_id": value }).to_string());
    let all = [
        manual(json!(444455556666u64)),
        dead_letter(r#"{"account_id":4.44455556666e11}"#),
        manual(json!(null)),
        manual(json!(true)),
        manual(json!([NEW])),
        manual(json!({"account_id": NEW})),
        manual(json!("４４４４５５５５６６６６")),
        manual(json!("444455556666\n")),
        manual(json!("4444-5555-6666")),
        manual(json!("")),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    `account_id` is a number; write it in quotes, because account IDs can start with 0
    `account_id` is a number; write it in quotes, because account IDs can start with 0
    `account_id` is missing; add the account, for example `"account_id": "444455556666"`
    `account_id` must be a string; send the event as EventBridge delivers it
    `account_id` must be a string; send the event as EventBridge delivers it
    `account_id` must be a string; send the event as EventBridge delivers it
    `account_id` is invalid: `４４４４５５５５６６６６` is not a valid account ID; write exactly twelve digits, in quotes
    `account_id` is invalid: `444455556666 ` is not a valid account ID; write exactly twelve digits, in quotes
    `account_id` is invalid: `4444-5555-6666` is not a valid account ID; write exactly twelve digits, in quotes
    `account_id` is invalid: `` is not a valid account ID; write exactly twelve digits, in quotes
    "#);
    for value in ["444455556666", "null", "[\"444455556666\"]", "{\"accountId\":\"444455556666\"}", "\"\""] {
        dead_letter(&event("\"accountId\": \"444455556666\"", &format!("\"accountId\": {value}")));
    }
}
