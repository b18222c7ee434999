//! Every sample payload in `events/` is parsed as the table below says. A sample that is not in the table fails the
//! test.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use onboarding_core::trigger::{self, ParsedPayload};

const EVENTS: &[(&str, &str, &str)] = &[
    (
        "account-departed-cleaned.json",
        "account_departed",
        "account 444455556666 was closed and removed from the organization",
    ),
    ("account-departed-left.json", "account_departed", "account 444455556666 left the organization"),
    ("account-departed-removed.json", "account_departed", "account 444455556666 was removed from the organization"),
    ("account-joined-created.json", "account_joined", "will onboard account 444455556666"),
    ("account-joined-invited.json", "account_joined", "will onboard account 444455556666"),
    ("close-account-result.json", "account_departed", "account 444455556666 is being closed"),
    (
        "close-account.json",
        "other_event",
        "ignored: the account closure was requested; its result arrives as a separate event",
    ),
    ("configuration-changed.json", "configuration_change", "will check every account of the organization"),
    (
        "control-tower-create-managed-account-failed.json",
        "other_event",
        "ignored: `CreateManagedAccount` of Control Tower ended in state `FAILED`",
    ),
    ("control-tower-create-managed-account.json", "managed_account", "will onboard account 444455556666"),
    ("control-tower-update-managed-account.json", "managed_account", "will onboard account 444455556666"),
    (
        "create-account-result-failed.json",
        "create_account_result",
        "ignored: the account was not created (EMAIL_ALREADY_EXISTS)",
    ),
    ("create-account-result-succeeded.json", "create_account_result", "will onboard account 444455556666"),
    (
        "create-account.json",
        "create_account",
        "will onboard the account of creation request `car-0f1e2d3c4b5a69788796a5b4c3d2e1f0` once it exists",
    ),
    ("create-gov-cloud-account-result.json", "create_account_result", "will onboard account 444455556666"),
    (
        "create-gov-cloud-account.json",
        "create_account",
        "will onboard the account of creation request `car-0f1e2d3c4b5a69788796a5b4c3d2e1f1` once it exists",
    ),
    (
        "invite-account-to-organization.json",
        "other_event",
        "ignored: the account was invited and is not a member until it accepts",
    ),
    ("leave-organization.json", "account_departed", "account 444455556666 left the organization"),
    ("manual-plan.json", "manual", "will show the plan for account 444455556666"),
    ("manual.json", "manual", "will onboard account 444455556666"),
    ("move-account.json", "move_account", "will onboard account 444455556666"),
    ("on-failure-record.json", "create_account_result", "will onboard account 444455556666"),
    (
        "remove-account-from-organization.json",
        "account_departed",
        "account 444455556666 was removed from the organization",
    ),
    ("rule-dead-letter.json", "create_account_result", "will onboard account 444455556666"),
    ("scheduled-rule.json", "schedule", "will check every account of the organization"),
    ("scheduler-with-input.json", "sweep", "will check every account of the organization"),
    ("scheduler.json", "schedule", "will check every account of the organization"),
    ("sqs-batch.json", "create_account_result", "will onboard account 444455556666"),
    ("tag-resource.json", "account_tags", "will onboard account 444455556666"),
    ("untag-resource.json", "account_tags", "will onboard account 444455556666"),
    ("sweep-account.json", "sweep", "will onboard account 444455556666"),
    ("sweep-chunk.json", "sweep", "will check 1 account that a sweep found"),
    ("sweep-next-page.json", "sweep", "will check the remaining accounts of the organization"),
];

/// The payloads in a sample: the sample itself, or the bodies of its records.
fn payloads(text: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(text).expect("a sample is JSON");
    match value.get("Records").and_then(|records| records.as_array()) {
        Some(records) => records.iter().map(|r| r["body"].as_str().expect("a record has a body").to_owned()).collect(),
        None => vec![text.to_owned()],
    }
}

#[test]
fn every_sample_is_parsed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let files = std::fs::read_dir(folder).expect("there are samples");
    let found: BTreeSet<_> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    let mixed = ["sqs-batch-mixed.json"];
    let listed: BTreeSet<_> = EVENTS.iter().map(|(file, ..)| *file).chain(mixed).map(str::to_owned).collect();
    assert_eq!(found, listed, "every sample is in the table");
    for (file, kind, sentence) in EVENTS {
        for payload in payloads(&std::fs::read_to_string(format!("{folder}/{file}")).unwrap()) {
            let ParsedPayload { trigger, event_id } = trigger::parse(payload.as_bytes()).expect(file);
            assert_eq!((trigger.kind().as_str(), trigger.to_string().as_str()), (*kind, *sentence), "{file}");
            assert_eq!(event_id.is_none(), ["manual", "sweep"].contains(kind), "{file}: an event has an id");
        }
    }
}

/// A batch with valid, unrelated and malformed records: each is parsed or rejected on its own.
#[test]
fn mixed_batch_is_parsed_record_by_record() {
    let bodies = payloads(include_str!("../events/sqs-batch-mixed.json"));
    let kinds: Vec<_> =
        bodies.iter().map(|b| trigger::parse(b.as_bytes()).map(|u| u.trigger.kind().as_str())).collect();
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_ref().map_or("rejected", |kind| kind)).collect();
    let expected = ["create_account_result", "rejected", "create_account_result", "other_event", "rejected", "sweep"];
    assert_eq!(kinds, expected);
}
