//! The emails as they are delivered: the template's EventBridge input transformers applied to sample events, compared with
//! docs/NOTIFICATIONS.md.

use serde_json::{Value, json};

use crate::stack::{Stack, text};

const PAGE: &str = include_str!("../../docs/NOTIFICATIONS.md");

/// Renders the email that a rule sends for an event. Fields that the event lacks are replaced by nothing.
fn email(rule: &str, event: &Value) -> String {
    let stack = Stack::with(&[
        ("AWS::Partition", "aws"),
        ("AWS::Region", "us-east-1"),
        ("DeadLetters.Arn", "arn:aws:sqs:us-east-1:111122223333:account-onboarding-DeadLetters"),
        ("Inbox.Arn", "arn:aws:sqs:us-east-1:111122223333:account-onboarding-Inbox"),
        ("LogGroup", "account-onboarding-LogGroup-1a2B3c4D5e6F"),
    ]);
    let transformer = stack.resource(rule)["Targets"][0]["InputTransformer"].clone();
    let paths = transformer["InputPathsMap"].as_object().expect("paths");
    let template = text(&transformer["InputTemplate"]);
    assert!(template.len() <= 8192);
    let mut email = template.to_owned();
    for (name, path) in paths {
        assert!(
            name.bytes().all(|b| b.is_ascii_alphanumeric()),
            "`{name}` is alphanumeric, as CloudFormation requires"
        );
        let placeholder = format!("<{name}>");
        assert!(template.contains(&placeholder), "`{name}` is used");
        let fields = text(path).strip_prefix("$.").expect("a path").split('.');
        let value = fields.fold(event, |value, field| &value[field]);
        email = email.replace(&placeholder, value.as_str().unwrap_or_default());
    }
    assert!(!email.contains(['<', '>']), "every placeholder is replaced: {email}");
    email
}

/// An `AccountBlocked` event as the function publishes it.
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
                "message": "role `TrelicaIntegration` already exists and is not managed by this tool (no `account-onboarding` tag)",
                "remedy": "rename one of the two roles, or set `adopt = true` to take it over",
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
fn emails_match_the_notifications_page() {
    for email in [email("AccountBlocked", &blocked()), email("CreationFailed", &creation_failed())] {
        assert!(PAGE.contains(&format!("```text\n{email}\n```\n")), "docs/NOTIFICATIONS.md does not show\n{email}");
    }
}

#[test]
fn every_line_of_an_email_is_a_json_string() {
    for rule in ["AccountBlocked", "CreationFailed"] {
        let stack = Stack::with(&[]);
        let template = stack.resource(rule)["Targets"][0]["InputTransformer"]["InputTemplate"].clone();
        for line in text(&template).lines() {
            let line: String = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(!line.contains('"'), "a double quote inside the line would have to be escaped: {line}");
        }
    }
}

#[test]
fn missing_account_name_leaves_an_empty_field() {
    let mut event = blocked();
    event["detail"].as_object_mut().expect("a detail").remove("account_name");
    let with = email("AccountBlocked", &blocked());
    let without = email("AccountBlocked", &event);
    assert_eq!(without, with.replace("payments-dev", ""));
    assert!(without.contains("Account name:   \"\n"));
}

#[test]
fn email_without_an_account_names_its_subject_and_invocation() {
    let mut event = blocked();
    let detail = event["detail"].as_object_mut().expect("a detail");
    detail.remove("account_name");
    detail.insert("account_id".to_owned(), Value::Null);
    detail.insert("subject".to_owned(), json!("the sweep"));
    detail.insert("run_again".to_owned(), json!("redrive the dead-letter queue"));
    // AWS does not document whether EventBridge replaces a placeholder by nothing or by `null` if the value is null.
    let mut with_null_as_string = event.clone();
    with_null_as_string["detail"]["account_id"] = json!("null");
    for (event, written) in [(event, ""), (with_null_as_string, "null")] {
        let email = email("AccountBlocked", &event);
        let first = "\"account-onboarding: the sweep is blocked (foreign_role)\"\n";
        assert!(email.starts_with(first), "{email}");
        assert!(
            email.contains(
                "\"It needs attention: its message is not retried. A scheduled sweep, if enabled, looks again.\"\n"
            ),
            "{email}"
        );
        assert!(email.contains("\"Then:           redrive the dead-letter queue"), "{email}");
        assert!(email.contains("invocation 8476a536-e9f4-11e8-9739-2dfe598c3fcd\""), "the log is found by it: {email}");
        let account = format!("\"Account ID:     {written}\"\n");
        assert!(email.contains(&account), "{email}");
        assert!(!email.replace(&account, "").contains("null"), "{email}");
    }
}

#[test]
fn blocked_email_contains_account_cause_and_commands() {
    let email = email("AccountBlocked", &blocked());
    let cause = &blocked()["detail"]["cause"];
    for part in ["444455556666", "payments-dev", text(&cause["code"]), text(&cause["message"])] {
        assert!(email.contains(part), "{part}");
    }
    // The function sends messages to the dead-letter queue itself, so SQS does not know their source queue.
    assert!(email.contains("start-message-move-task") && email.contains("--destination-arn"));
    assert!(email.contains("filter outcome = 'blocked'"));
}

/// People copy commands from emails. The fields that may contain commands are not in the email, and no line with a command or
/// a query contains a field.
#[test]
fn no_command_in_an_email_comes_from_the_event() {
    for rule in ["AccountBlocked", "CreationFailed"] {
        let transformer = Stack::with(&[]).resource(rule)["Targets"][0]["InputTransformer"].clone();
        let paths = transformer["InputPathsMap"].as_object().expect("paths");
        let fields: Vec<_> = paths.values().map(text).collect();
        assert!(!fields.contains(&"$.detail.cause.remedy") && !fields.contains(&"$.detail.run_again"), "{fields:?}");
        for line in text(&transformer["InputTemplate"]).lines() {
            let is_command = ["aws ", "onboard ", "fields ", "curl "].iter().any(|word| line.contains(word));
            let has_field = paths.keys().any(|name| line.contains(&format!("<{name}>")));
            assert!(!is_command || !has_field, "{rule}: {line}");
        }
    }
}
