//! Every sample in `events/` is understood as the table says; a sample without a line fails.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use onboarding_core::trigger::{self, ParsedPayload};

const EVENTS: &[(&str, &str, &str)] = &[
    ("account-departed-cleaned.json", "account_departed", "account 444455556666 was closed and is gone"),
    ("account-departed-left.json", "account_departed", "account 444455556666 left the organization"),
    ("account-departed-removed.json", "account_departed", "account 444455556666 was removed from the organization"),
    ("account-joined-created.json", "account_joined", "account 444455556666 is there and is to be connected"),
    ("account-joined-invited.json", "account_joined", "account 444455556666 is there and is to be connected"),
    ("close-account-result.json", "account_departed", "account 444455556666 is being closed"),
    ("close-account.json", "other_event", "ignored: the closure was asked for; its result comes by itself"),
    (
        "control-tower-create-managed-account-failed.json",
        "other_event",
        "ignored: Control Tower ended `CreateManagedAccount` with `FAILED`",
    ),
    (
        "control-tower-create-managed-account.json",
        "managed_account",
        "account 444455556666 is there and is to be connected",
    ),
    (
        "control-tower-update-managed-account.json",
        "managed_account",
        "account 444455556666 is there and is to be connected",
    ),
    (
        "create-account-result-failed.json",
        "create_account_result",
        "ignored: the creation of the account failed (EMAIL_ALREADY_EXISTS), so there is none",
    ),
    (
        "create-account-result-succeeded.json",
        "create_account_result",
        "account 444455556666 is there and is to be connected",
    ),
    (
        "create-account.json",
        "create_account",
        "an account is being created; Organizations knows the request `car-0f1e2d3c4b5a69788796a5b4c3d2e1f0`",
    ),
    (
        "create-gov-cloud-account-result.json",
        "create_account_result",
        "account 444455556666 is there and is to be connected",
    ),
    (
        "create-gov-cloud-account.json",
        "create_account",
        "an account is being created; Organizations knows the request `car-0f1e2d3c4b5a69788796a5b4c3d2e1f1`",
    ),
    (
        "invite-account-to-organization.json",
        "other_event",
        "ignored: an invitation: the account is no member before it accepts",
    ),
    ("leave-organization.json", "account_departed", "account 444455556666 left the organization"),
    ("manual-plan.json", "manual", "the plan of account 444455556666 is to be shown"),
    ("manual.json", "manual", "account 444455556666 is to be connected"),
    ("move-account.json", "move_account", "account 444455556666 is there and is to be connected"),
    ("on-failure-record.json", "create_account_result", "account 444455556666 is there and is to be connected"),
    (
        "remove-account-from-organization.json",
        "account_departed",
        "account 444455556666 was removed from the organization",
    ),
    ("rule-dead-letter.json", "create_account_result", "account 444455556666 is there and is to be connected"),
    ("scheduled-rule.json", "schedule", "every account of the organization is to be seen to"),
    ("scheduler-with-input.json", "sweep", "every account of the organization is to be seen to"),
    ("scheduler.json", "schedule", "every account of the organization is to be seen to"),
    ("sqs-batch.json", "create_account_result", "account 444455556666 is there and is to be connected"),
    ("sweep-account.json", "sweep", "account 444455556666 is there and is to be connected"),
    ("sweep-next-page.json", "sweep", "the rest of the organization's accounts are to be seen to"),
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
    let mixed = ["sqs-batch-mixed.json"];
    let listed: BTreeSet<_> = EVENTS.iter().map(|(file, ..)| *file).chain(mixed).map(str::to_owned).collect();
    assert_eq!(found, listed, "each sample has its line in this table");
    for (file, kind, sentence) in EVENTS {
        for payload in payloads(&std::fs::read_to_string(format!("{folder}/{file}")).unwrap()) {
            let ParsedPayload { trigger, event_id } = trigger::parse(payload.as_bytes()).expect(file);
            assert_eq!((trigger.kind().as_str(), trigger.to_string().as_str()), (*kind, *sentence), "{file}");
            assert_eq!(event_id.is_none(), ["manual", "sweep"].contains(kind), "{file}: an event has an id");
        }
    }
}

/// Good, foreign and broken records in one batch: each is understood, or not, by itself.
#[test]
fn a_mixed_batch_is_understood_record_by_record() {
    let bodies = payloads(include_str!("../events/sqs-batch-mixed.json"));
    let kinds: Vec<_> =
        bodies.iter().map(|b| trigger::parse(b.as_bytes()).map(|u| u.trigger.kind().as_str())).collect();
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_ref().map_or("refused", |kind| kind)).collect();
    let expected = ["create_account_result", "refused", "create_account_result", "other_event", "refused", "sweep"];
    assert_eq!(kinds, expected);
}
