//! The mails as they arrive: EventBridge's input transformer, done by hand, and docs/NOTIFICATIONS.md, which shows them.

use serde_json::{Value, json};

use crate::stack::{Stack, text};

const PAGE: &str = include_str!("../../docs/NOTIFICATIONS.md");

/// What a rule makes of an event. Fields that the event lacks leave nothing behind.
fn mail(rule: &str, event: &Value) -> String {
    let stack = Stack::with(&[
        ("AWS::Partition", "aws"),
        ("AWS::Region", "us-east-1"),
        ("DeadLetters.Arn", "arn:aws:sqs:us-east-1:111122223333:account-onboarding-DeadLetters"),
        ("Inbox.Arn", "arn:aws:sqs:us-east-1:111122223333:account-onboarding-Inbox"),
    ]);
    let transformer = stack.resource(rule)["Targets"][0]["InputTransformer"].clone();
    let paths = transformer["InputPathsMap"].as_object().expect("paths");
    let template = text(&transformer["InputTemplate"]);
    assert!(template.len() <= 8192);
    let mut mail = template.to_owned();
    for (name, path) in paths {
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "CloudFormation takes no other names");
        let placeholder = format!("<{name}>");
        assert!(template.contains(&placeholder), "`{name}` is used");
        let fields = text(path).strip_prefix("$.").expect("a path").split('.');
        let value = fields.fold(event, |value, field| &value[field]);
        mail = mail.replace(&placeholder, value.as_str().unwrap_or_default());
    }
    assert!(!mail.contains(['<', '>']), "every placeholder is known: {mail}");
    mail
}

/// An `AccountBlocked` as the function puts it.
fn blocked() -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "AccountBlocked",
        "source": "account-onboarding",
        "account": "111122223333",
        "time": "2026-11-22T15:36:23Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "version": "1",
            "subject": "account 444455556666",
            "account_id": "444455556666",
            "account_name": "payments-dev",
            "trigger": "create_account_result",
            "cause": {
                "code": "foreign_role",
                "message": "role `TrelicaRole` is there and this tool did not make it",
                "remedy": "delete the role, or set `adopt = true` to take it over",
            },
            "changes": 3,
            "run_again": "run `onboard apply --account 444455556666`, or redrive the dead-letter queue",
            "event_id": "68679d28-343e-d8ec-4a8c-cdd430223a5d",
            "invocation_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        },
    })
}

fn creation_failed() -> Value {
    serde_json::from_str(include_str!("../../events/create-account-result-failed.json")).expect("an event")
}

#[test]
fn the_page_shows_the_mails_as_they_are() {
    for mail in [mail("AccountBlocked", &blocked()), mail("CreationFailed", &creation_failed())] {
        assert!(PAGE.contains(&format!("```text\n{mail}\n```\n")), "docs/NOTIFICATIONS.md does not show\n{mail}");
    }
}

#[test]
fn every_line_of_a_mail_is_a_string() {
    for rule in ["AccountBlocked", "CreationFailed"] {
        let stack = Stack::with(&[]);
        let template = stack.resource(rule)["Targets"][0]["InputTransformer"]["InputTemplate"].clone();
        for line in text(&template).lines() {
            let line: String = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(!line.contains('"'), "a quote inside would have to be escaped: {line}");
        }
    }
}

#[test]
fn a_name_that_is_not_known_leaves_no_hole_in_a_sentence() {
    let mut event = blocked();
    event["detail"].as_object_mut().expect("a detail").remove("account_name");
    let (with, without) = (mail("AccountBlocked", &blocked()), mail("AccountBlocked", &event));
    assert_eq!(without, with.replace("payments-dev", ""));
    assert!(without.contains("Account name:   \"\n"));
}

#[test]
fn a_mail_about_no_account_reads_as_well() {
    let mut event = blocked();
    let detail = event["detail"].as_object_mut().expect("a detail");
    detail.remove("account_name");
    detail.insert("account_id".to_owned(), Value::Null);
    detail.insert("subject".to_owned(), json!("the sweep"));
    detail.insert("run_again".to_owned(), json!("redrive the dead-letter queue"));
    // Whether EventBridge leaves nothing of a null or writes the word is not published.
    let mut in_words = event.clone();
    in_words["detail"]["account_id"] = json!("null");
    for (event, written) in [(event, ""), (in_words, "null")] {
        let mail = mail("AccountBlocked", &event);
        let first = "\"account-onboarding: the sweep needs a person, for it does not go on by itself.\"\n";
        assert!(mail.starts_with(first), "{mail}");
        assert!(mail.contains("\"- This alone:  redrive the dead-letter queue\"\n"), "{mail}");
        let log = "invocation_id = '8476a536-e9f4-11e8-9739-2dfe598c3fcd'";
        assert!(
            mail.contains(&format!("filter account_id = '{written}' or {log} |")),
            "its invocation is found: {mail}"
        );
        let elsewhere = mail.replace(&format!("account_id = '{written}'"), "");
        assert!(!elsewhere.contains("null"), "{mail}");
    }
}

#[test]
fn a_mail_says_what_a_person_needs() {
    let mail = mail("AccountBlocked", &blocked());
    let cause = &blocked()["detail"]["cause"];
    for said in ["444455556666", "payments-dev", text(&cause["code"]), text(&cause["message"]), text(&cause["remedy"])]
    {
        assert!(mail.contains(said), "{said}");
    }
    // SQS does not know where a message came from that was sent to the dead letters and not moved there.
    assert!(mail.contains("start-message-move-task") && mail.contains("--destination-arn"));
    assert!(mail.contains("filter account_id = '444455556666'"));
}
