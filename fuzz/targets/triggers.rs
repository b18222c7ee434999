//! Payloads: `onboarding_core::trigger::parse`.
#![no_main]

use fuzz::assert_sentence;
use onboarding_core::trigger::{ParsedPayload, Trigger, parse};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    match parse(payload) {
        Ok(understood) => holds(payload, &understood),
        Err(error) => assert_sentence(&error.to_string()),
    }
});

fn holds(payload: &[u8], understood: &ParsedPayload) {
    let text = std::str::from_utf8(payload).expect("what is understood is text");
    let value: Value = serde_json::from_str(text).expect("what is understood is JSON");
    assert_sentence(&understood.trigger.to_string());
    if let Some(id) = understood.trigger.account() {
        let stands = strings(&value).any(|string| string == id.as_str());
        assert!(stands && id.as_str().len() == 12, "an account that the payload does not name");
    }
    if let Trigger::AccountRequested { request, .. } = &understood.trigger {
        assert!(request.starts_with("car-") && request.len() <= 36);
    }
    if let Some(id) = &understood.event_id {
        assert!(id.len() <= 64 && !id.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    }
    spacing_means_nothing(&value, understood);
    wrapped_is_the_same(&value, understood);
    no_key_stands_twice(text, &value);
}

fn strings(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(strings)),
        Value::Object(map) => Box::new(map.values().flat_map(strings)),
        _ => Box::new(std::iter::empty()),
    }
}

fn spacing_means_nothing(value: &Value, understood: &ParsedPayload) {
    let pretty = serde_json::to_string_pretty(value).expect("it was JSON");
    assert_eq!(parse(pretty.as_bytes()).as_ref(), Ok(understood));
}

/// A payload that Lambda gave up on is inside a record of its own.
fn wrapped_is_the_same(value: &Value, understood: &ParsedPayload) {
    if value.get("requestPayload").is_none() {
        let record = serde_json::json!({"version": "1.0", "requestContext": {}, "requestPayload": value});
        match parse(record.to_string().as_bytes()) {
            Ok(inner) => assert_eq!(&inner, understood),
            Err(error) => assert!(error.to_string().contains("recursion limit"), "{error}"),
        }
    }
}

/// Where the first key stands a second time, somebody else might read the other one.
fn no_key_stands_twice(text: &str, value: &Value) {
    let key = value.as_object().and_then(|map| map.keys().next()).expect("an object that says something");
    let twice = format!("{{{}:null,{}", Value::from(key.as_str()), &text.trim_start()[1..]);
    let error = parse(twice.as_bytes()).expect_err("a key stands twice");
    assert!(error.to_string().contains("stands twice"), "{error}");
}
