//! Event payloads: `onboarding_core::trigger::parse`.
#![no_main]

use fuzz::assert_sentence;
use onboarding_core::trigger::{ParsedPayload, Trigger, parse, without_byte_order_mark};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    match parse(payload) {
        Ok(parsed) => check_trigger(payload, &parsed),
        Err(error) => assert_sentence(&error.to_string()),
    }
});

fn check_trigger(payload: &[u8], parsed: &ParsedPayload) {
    let text = without_byte_order_mark(std::str::from_utf8(payload).expect("a parsed payload is UTF-8"));
    let value: Value = serde_json::from_str(text).expect("a parsed payload is JSON");
    assert_sentence(&parsed.trigger.to_string());
    if let Some(id) = parsed.trigger.account() {
        // An ARN and the message of an SNS notification contain the ID among other text.
        let is_named = strings(&value).any(|string| string.contains(id.as_str())) || value.get("TopicArn").is_some();
        assert!(is_named && id.as_str().len() == 12, "the payload does not name the account");
    }
    if let Trigger::AccountRequested { request, .. } = &parsed.trigger {
        assert!(request.starts_with("car-") && request.len() <= 36);
    }
    if let Some(id) = &parsed.event_id {
        assert!(id.len() <= 64 && !id.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    }
    white_space_does_not_matter(&value, parsed);
    failure_record_gives_the_same_trigger(&value, parsed);
    duplicate_keys_are_rejected(text, &value);
}

fn strings(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(strings)),
        Value::Object(map) => Box::new(map.values().flat_map(strings)),
        _ => Box::new(std::iter::empty()),
    }
}

fn white_space_does_not_matter(value: &Value, parsed: &ParsedPayload) {
    let pretty = serde_json::to_string_pretty(value).expect("a JSON value");
    assert_eq!(parse(pretty.as_bytes()).as_ref(), Ok(parsed));
}

/// Lambda wraps the payload of a failed invocation in a record; the result is the same.
fn failure_record_gives_the_same_trigger(value: &Value, parsed: &ParsedPayload) {
    if value.get("requestPayload").is_none() {
        let record = serde_json::json!({"version": "1.0", "requestContext": {}, "requestPayload": value});
        match parse(record.to_string().as_bytes()) {
            Ok(inner) => assert_eq!(&inner, parsed),
            // A wrapped payload is nested more deeply and has more values, and an SNS envelope is not looked for inside.
            Err(_) if value.get("TopicArn").is_some() => {}
            Err(error) => {
                let error = error.to_string();
                assert!(
                    ["recursion limit", "more than", "at most"].iter().any(|limit| error.contains(limit)),
                    "{error}"
                );
            }
        }
    }
}

/// JSON parsers disagree on which value of a duplicate key to use, so duplicates are rejected.
fn duplicate_keys_are_rejected(text: &str, value: &Value) {
    let key = value.as_object().and_then(|map| map.keys().next()).expect("the object has a key");
    let duplicate = format!("{{{}:null,{}", Value::from(key.as_str()), &text.trim_start()[1..]);
    let error = parse(duplicate.as_bytes()).expect_err("a duplicate key is an error");
    assert!(error.to_string().contains("appears twice"), "{error}");
}
