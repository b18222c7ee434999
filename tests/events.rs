//! Every sample in `events/` is understood as the table says; a sample without a line fails.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use account_onboarding::trigger::{self, Understood};

const EVENTS: &[(&str, &str, &str)] = &[
    (
        "create-account-result-succeeded.json",
        "create_account_result",
        "account 444455556666 is there and is to be connected",
    ),
    (
        "create-account-result-failed.json",
        "create_account_result",
        "ignored: the creation of the account failed (EMAIL_ALREADY_EXISTS), so there is none",
    ),
    (
        "create-account.json",
        "create_account",
        "an account is being created; Organizations knows the request `car-0f1e2d3c4b5a69788796a5b4c3d2e1f0`",
    ),
    (
        "invite-account-to-organization.json",
        "other_event",
        "ignored: an invitation: the account is no member before it accepts",
    ),
    ("manual.json", "manual", "account 444455556666 is to be connected"),
    ("manual-plan.json", "manual", "the plan of account 444455556666 is to be shown"),
    ("sqs-batch.json", "create_account_result", "account 444455556666 is there and is to be connected"),
];

/// The payloads in a sample: itself, or the bodies of its records.
fn payloads(text: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(text).expect("a sample is JSON");
    match value.get("Records").and_then(|records| records.as_array()) {
        Some(records) => records.iter().map(|r| r["body"].as_str().expect("a record has a body").to_owned()).collect(),
        None => vec![text.to_owned()],
    }
}

#[test]
fn every_sample_is_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let files = std::fs::read_dir(folder).expect("there are samples");
    let found: BTreeSet<_> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    let listed: BTreeSet<_> = EVENTS.iter().map(|(file, ..)| (*file).to_owned()).collect();
    assert_eq!(found, listed, "each sample has its line in this table");
    for (file, kind, sentence) in EVENTS {
        for payload in payloads(&std::fs::read_to_string(format!("{folder}/{file}")).unwrap()) {
            let Understood { trigger, event_id } = trigger::parse(payload.as_bytes()).expect(file);
            assert_eq!((trigger.kind().as_str(), trigger.to_string().as_str()), (*kind, *sentence), "{file}");
            assert_eq!(event_id.is_none(), *kind == "manual", "{file}: an event has an id");
        }
    }
}
