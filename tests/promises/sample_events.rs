//! Every sample in `events/`, passed to the real function: its result, the notifications and the number of writes.

use std::time::Duration;

use onboarding_core::report::AccountEvent;
use onboarding_simulation::AccountCreation;
use serde_json::Value;

use crate::common::{NEW, Scenario, create_account, id, organization, sweep_config};
use crate::lambda::Lambda;

/// The samples by file name, with the creation request of the organization.
fn samples(request: &str) -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let with_request = |text: &str| {
        let ids = ["car-0f1e2d3c4b5a69788796a5b4c3d2e1f0", "car-0f1e2d3c4b5a69788796a5b4c3d2e1f1"];
        ids.iter().fold(text.to_owned(), |text, id| text.replace(id, request))
    };
    let read = |file: std::path::PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        (name, with_request(&std::fs::read_to_string(file).unwrap()))
    };
    files.into_iter().map(read).collect()
}

/// The function of an organization with the account of the samples, and the id of the creation request.
fn start() -> (Lambda, String) {
    let organization = organization();
    let request = create_account(&organization, AccountCreation::default());
    (Scenario::in_organization(organization).config(&sweep_config()).function(), request)
}

/// The notifications and the number of writes, such as `AccountOnboarded 444455556666; 8 writes`.
fn effects(function: &Lambda) -> String {
    let line = |event: &AccountEvent| {
        let detail = event.detail();
        let account = detail["account_id"].as_str().unwrap_or("no account");
        let code = detail["cause"]["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{} {account}{code}", event.kind.detail_type())
    };
    let notifications: Vec<_> = function.notifier.events().iter().map(line).collect();
    let notifications = if notifications.is_empty() { "no notification".to_owned() } else { notifications.join(", ") };
    format!("{notifications}; {} writes", function.organization().writes().len())
}

/// The causes of the dead letters, such as `dead letter foreign_role`.
fn dead_letters(function: &Lambda) -> Vec<String> {
    function.dead_letter_codes().iter().map(|code| format!("dead letter {code}")).collect()
}

fn is_batch(sample: &str) -> bool {
    serde_json::from_str::<Value>(sample).unwrap().get("Records").is_some()
}

/// The samples that say that an account departed.
const DEPARTURES: [&str; 6] = [
    "account-departed-cleaned.json",
    "account-departed-left.json",
    "account-departed-removed.json",
    "close-account-result.json",
    "leave-organization.json",
    "remove-account-from-organization.json",
];

/// One line per sample: its result and effects, each in a new organization. A departure is true: the account has left.
fn table(process: fn(&Lambda, &str) -> Option<String>) -> String {
    let count = samples("").len();
    let lines = (0..count).filter_map(|index| {
        let (function, request) = start();
        let (file, sample) = samples(&request).remove(index);
        if DEPARTURES.contains(&file.as_str()) {
            function.organization().remove_account(&id(NEW));
        }
        let result = process(&function, &sample)?;
        Some(format!("{file}: {result}; {}", effects(&function)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Sends each sample through the queue. The messages that a sweep queues are processed as well.
#[test]
fn sample_in_the_queue_has_the_expected_result_and_effects() {
    let all = table(|function, sample| {
        if is_batch(sample) {
            return None;
        }
        function.queue.put(sample);
        let more = function.process_for(Duration::from_secs(1)).len() - 1;
        let mut results = dead_letters(function);
        if results.is_empty() {
            results.push(if function.queue.next_visible().is_some() { "retried later" } else { "deleted" }.to_owned());
        }
        if more > 0 {
            results.push(format!("{more} more messages"));
        }
        Some(results.join(", "))
    });
    insta::assert_snapshot!(all, @"
    account-departed-cleaned.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-departed-left.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-departed-removed.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-joined-created.json: deleted; AccountOnboarded 444455556666; 8 writes
    account-joined-invited.json: deleted; AccountOnboarded 444455556666; 8 writes
    close-account-result.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    close-account.json: deleted; no notification; 0 writes
    configuration-changed.json: retried later; no notification; 0 writes
    control-tower-create-managed-account-failed.json: deleted; no notification; 0 writes
    control-tower-create-managed-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    control-tower-update-managed-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-account-result-failed.json: deleted; no notification; 0 writes
    create-account-result-succeeded.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account-result.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    invite-account-to-organization.json: deleted; no notification; 0 writes
    leave-organization.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    manual-plan.json: deleted; no notification; 0 writes
    manual.json: deleted; AccountOnboarded 444455556666; 8 writes
    move-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    on-failure-record.json: deleted; AccountOnboarded 444455556666; 8 writes
    remove-account-from-organization.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    scheduled-rule.json: deleted, 1 more messages; AccountOnboarded 444455556666, AccountOnboarded 333344445555; 16 writes
    scheduler-with-input.json: deleted, 1 more messages; AccountOnboarded 444455556666, AccountOnboarded 333344445555; 16 writes
    scheduler.json: deleted, 1 more messages; AccountOnboarded 444455556666, AccountOnboarded 333344445555; 16 writes
    sweep-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    sweep-chunk.json: deleted; AccountOnboarded 444455556666; 8 writes
    sweep-next-page.json: deleted, 1 more messages; AccountOnboarded 444455556666, AccountOnboarded 333344445555; 16 writes
    tag-resource.json: deleted; AccountOnboarded 444455556666; 8 writes
    untag-resource.json: deleted; AccountOnboarded 444455556666; 8 writes
    ");
}

/// Invokes the function with each sample, as an asynchronous invocation does. A batch gets a response per record.
#[test]
fn sample_as_a_direct_invocation_has_the_expected_answer_and_effects() {
    let all = table(|function, sample| {
        let result = match function.answer(sample) {
            Err(failure) => format!("fails with {}", failure.error_type),
            Ok(answer) => match answer.get("batchItemFailures") {
                Some(failures) => format!("batchItemFailures {failures}"),
                None => {
                    let code = answer["cause"]["code"].as_str().map(|code| format!(" {code}"));
                    format!("answers {}{}", answer["outcome"].as_str().unwrap(), code.unwrap_or_default())
                }
            },
        };
        let mut results = vec![result];
        results.extend(dead_letters(function));
        let queued = function.queue.receive(100).len();
        if queued > 0 {
            results.push(format!("{queued} messages queued"));
        }
        Some(results.join(", "))
    });
    insta::assert_snapshot!(all, @"
    account-departed-cleaned.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-departed-left.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-departed-removed.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-joined-created.json: answers converged; AccountOnboarded 444455556666; 8 writes
    account-joined-invited.json: answers converged; AccountOnboarded 444455556666; 8 writes
    close-account-result.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    close-account.json: answers ignored not_applicable; no notification; 0 writes
    configuration-changed.json: answers converged, 1 messages queued; no notification; 0 writes
    control-tower-create-managed-account-failed.json: answers ignored not_applicable; no notification; 0 writes
    control-tower-create-managed-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    control-tower-update-managed-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-account-result-failed.json: answers ignored not_applicable; no notification; 0 writes
    create-account-result-succeeded.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account-result.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    invite-account-to-organization.json: answers ignored not_applicable; no notification; 0 writes
    leave-organization.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    manual-plan.json: answers waiting changes_pending; no notification; 0 writes
    manual.json: answers converged; AccountOnboarded 444455556666; 8 writes
    move-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    on-failure-record.json: answers converged; AccountOnboarded 444455556666; 8 writes
    remove-account-from-organization.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    rule-dead-letter.json: batchItemFailures []; AccountOnboarded 444455556666; 8 writes
    scheduled-rule.json: answers converged, 1 messages queued; no notification; 0 writes
    scheduler-with-input.json: answers converged, 1 messages queued; no notification; 0 writes
    scheduler.json: answers converged, 1 messages queued; no notification; 0 writes
    sqs-batch-mixed.json: batchItemFailures [], dead letter invalid_message, dead letter invalid_message, 1 messages queued; AccountOnboarded 444455556666; 8 writes
    sqs-batch.json: batchItemFailures []; AccountOnboarded 444455556666; 8 writes
    sweep-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    sweep-chunk.json: answers converged, 1 messages queued; no notification; 0 writes
    sweep-next-page.json: answers converged, 1 messages queued; no notification; 0 writes
    tag-resource.json: answers converged; AccountOnboarded 444455556666; 8 writes
    untag-resource.json: answers converged; AccountOnboarded 444455556666; 8 writes
    ");
}

/// The same departures about an account that is still a member: forged, or outdated because the account came back. Each is
/// an ordinary look at the account.
#[test]
fn departure_of_a_live_account_is_an_ordinary_look_at_it() {
    for file in DEPARTURES {
        for direct in [false, true] {
            let (function, request) = start();
            let (_, sample) = samples(&request).into_iter().find(|(name, _)| name == file).unwrap();
            if direct {
                assert_eq!(function.answer(&sample).unwrap()["outcome"], "converged", "{file}");
            } else {
                function.deliver(&sample, Duration::from_secs(60));
            }
            assert_eq!(effects(&function), "AccountOnboarded 444455556666; 8 writes", "{file}");
            function.assert_all_processed(file);
        }
    }
}
