//! Every sample in `events/`, handed to the real function: what becomes of it, what is told, and what is written.

use onboarding_core::report::AccountEvent;
use onboarding_simulation::{AccountCreation, FakeOrganization};
use serde_json::Value;

use crate::common::*;
use crate::lambda::Lambda;

/// The samples by name, about a request that the organization knows.
fn samples(request: &str) -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let known = |text: &str| {
        let ids = ["car-0f1e2d3c4b5a69788796a5b4c3d2e1f0", "car-0f1e2d3c4b5a69788796a5b4c3d2e1f1"];
        ids.iter().fold(text.to_owned(), |text, id| text.replace(id, request))
    };
    let read = |file: std::path::PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        (name, known(&std::fs::read_to_string(file).unwrap()))
    };
    files.into_iter().map(read).collect()
}

/// An organization in which the account of the samples is there and ready, its function, and the id of its creation.
fn start() -> (FakeOrganization, Lambda, String) {
    let organization = organization();
    let request = organization.create_account_as("payments-dev", AccountCreation::default());
    assert_eq!(organization.finish_creation(&request), Some(id(NEW)));
    let lambda = Lambda::new(&organization, &config_of_sweeps());
    (organization, lambda, request)
}

/// What is told and written, as `AccountOnboarded; 8 writes`.
fn effects(organization: &FakeOrganization, lambda: &Lambda) -> String {
    let told = |notice: &AccountEvent| {
        let detail = notice.detail();
        let account = detail["account_id"].as_str().unwrap_or("no account");
        let code = detail["cause"]["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{} {account}{code}", notice.news.detail_type())
    };
    let told: Vec<_> = lambda.notifier.notices().iter().map(told).collect();
    let told = if told.is_empty() { "nothing told".to_owned() } else { told.join(", ") };
    format!("{told}; {} writes", organization.writes().len())
}

/// The causes of the dead letters, as ` set aside foreign_role`.
fn dead_letter(lambda: &Lambda) -> Vec<String> {
    let dead = lambda.queue.dead_letters();
    dead.iter()
        .map(|letter| format!("set aside {}", letter.cause.as_ref().map_or("without cause", |c| c.code)))
        .collect()
}

fn is_batch(sample: &str) -> bool {
    serde_json::from_str::<Value>(sample).unwrap().get("Records").is_some()
}

/// Each sample with what a function makes of it, in an organization of its own.
fn table(way: fn(&FakeOrganization, &Lambda, &str) -> Option<String>) -> String {
    let count = samples("").len();
    let lines = (0..count).filter_map(|index| {
        let (organization, lambda, request) = start();
        let (file, sample) = samples(&request).remove(index);
        let end = way(&organization, &lambda, &sample)?;
        Some(format!("{file}: {end}; {}", effects(&organization, &lambda)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// As messages. What a sweep queues is worked off as well.
#[test]
fn each_as_a_message() {
    let all = table(|_, lambda, sample| {
        if is_batch(sample) {
            return None;
        }
        lambda.queue.put(sample);
        let more = lambda.work_for(1.0).len() - 1;
        let mut ends = dead_letter(lambda);
        if ends.is_empty() {
            ends.push(if lambda.queue.next_visible().is_some() { "put off" } else { "deleted" }.to_owned());
        }
        if more > 0 {
            ends.push(format!("{more} messages more"));
        }
        Some(ends.join(", "))
    });
    insta::assert_snapshot!(all, @"
    account-departed-cleaned.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-departed-left.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-departed-removed.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    account-joined-created.json: deleted; AccountOnboarded 444455556666; 8 writes
    account-joined-invited.json: deleted; AccountOnboarded 444455556666; 8 writes
    close-account-result.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    close-account.json: deleted; nothing told; 0 writes
    control-tower-create-managed-account-failed.json: deleted; nothing told; 0 writes
    control-tower-create-managed-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    control-tower-update-managed-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-account-result-failed.json: deleted; nothing told; 0 writes
    create-account-result-succeeded.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account-result.json: deleted; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    invite-account-to-organization.json: deleted; nothing told; 0 writes
    leave-organization.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    manual-plan.json: deleted; nothing told; 0 writes
    manual.json: deleted; AccountOnboarded 444455556666; 8 writes
    move-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    on-failure-record.json: deleted; AccountOnboarded 444455556666; 8 writes
    remove-account-from-organization.json: deleted; AccountDeparted 444455556666 departed; 0 writes
    scheduled-rule.json: deleted, 2 messages more; AccountOnboarded 333344445555, AccountOnboarded 444455556666; 16 writes
    scheduler-with-input.json: deleted, 2 messages more; AccountOnboarded 333344445555, AccountOnboarded 444455556666; 16 writes
    scheduler.json: deleted, 2 messages more; AccountOnboarded 333344445555, AccountOnboarded 444455556666; 16 writes
    sweep-account.json: deleted; AccountOnboarded 444455556666; 8 writes
    sweep-next-page.json: deleted, 2 messages more; AccountOnboarded 333344445555, AccountOnboarded 444455556666; 16 writes
    ");
}

/// Directly, as an asynchronous invocation hands it over; a batch is answered record by record.
#[test]
fn each_directly() {
    let all = table(|_, lambda, sample| {
        let end = match lambda.answer(sample) {
            Err(failure) => format!("fails with {}", failure.error_type),
            Ok(answer) => match answer.get("batchItemFailures") {
                Some(failures) => format!("batchItemFailures {failures}"),
                None => {
                    let code = answer["cause"]["code"].as_str().map(|code| format!(" {code}"));
                    format!("answers {}{}", answer["outcome"].as_str().unwrap(), code.unwrap_or_default())
                }
            },
        };
        let mut ends = vec![end];
        ends.extend(dead_letter(lambda));
        let queued = lambda.queue.receive(100).len();
        if queued > 0 {
            ends.push(format!("{queued} messages queued"));
        }
        Some(ends.join(", "))
    });
    insta::assert_snapshot!(all, @"
    account-departed-cleaned.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-departed-left.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-departed-removed.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    account-joined-created.json: answers converged; AccountOnboarded 444455556666; 8 writes
    account-joined-invited.json: answers converged; AccountOnboarded 444455556666; 8 writes
    close-account-result.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    close-account.json: answers ignored not_applicable; nothing told; 0 writes
    control-tower-create-managed-account-failed.json: answers ignored not_applicable; nothing told; 0 writes
    control-tower-create-managed-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    control-tower-update-managed-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-account-result-failed.json: answers ignored not_applicable; nothing told; 0 writes
    create-account-result-succeeded.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account-result.json: answers converged; AccountOnboarded 444455556666; 8 writes
    create-gov-cloud-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    invite-account-to-organization.json: answers ignored not_applicable; nothing told; 0 writes
    leave-organization.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    manual-plan.json: answers waiting changes_pending; nothing told; 0 writes
    manual.json: answers converged; AccountOnboarded 444455556666; 8 writes
    move-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    on-failure-record.json: answers converged; AccountOnboarded 444455556666; 8 writes
    remove-account-from-organization.json: answers ignored departed; AccountDeparted 444455556666 departed; 0 writes
    rule-dead-letter.json: batchItemFailures []; AccountOnboarded 444455556666; 8 writes
    scheduled-rule.json: answers converged, 2 messages queued; nothing told; 0 writes
    scheduler-with-input.json: answers converged, 2 messages queued; nothing told; 0 writes
    scheduler.json: answers converged, 2 messages queued; nothing told; 0 writes
    sqs-batch-mixed.json: batchItemFailures [], set aside invalid_message, set aside invalid_message, 2 messages queued; AccountOnboarded 444455556666; 8 writes
    sqs-batch.json: batchItemFailures []; AccountOnboarded 444455556666; 8 writes
    sweep-account.json: answers converged; AccountOnboarded 444455556666; 8 writes
    sweep-next-page.json: answers converged, 2 messages queued; nothing told; 0 writes
    ");
}
