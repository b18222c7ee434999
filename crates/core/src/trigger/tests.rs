use serde_json::{Value, json};

use super::*;
use crate::account::AccountId;
use crate::mode::Mode;

fn result(status: Value) -> Value {
    json!({
        "id": "68679d28-343e-d8ec-4a8c-cdd430223a5d",
        "detail-type": "AWS Service Event via CloudTrail",
        "source": "aws.organizations",
        "detail": {
            "eventSource": "organizations.amazonaws.com",
            "eventName": "CreateAccountResult",
            "responseElements": null,
            "serviceEventDetails": { "createAccountStatus": status },
        },
    })
}

fn request(detail: Value) -> Value {
    let mut detail = detail;
    detail["eventSource"] = json!("organizations.amazonaws.com");
    detail["eventName"] = json!("CreateAccount");
    json!({ "detail-type": "AWS API Call via CloudTrail", "source": "aws.organizations", "detail": detail })
}

fn read(value: &Value) -> Result<ParsedPayload, TriggerError> {
    parse(value.to_string().as_bytes())
}

fn error(value: &Value) -> String {
    read(value).unwrap_err().to_string()
}

/// A sweep applies to every account, so a payload that seems to limit it is an error.
#[test]
fn sweep_with_other_keys_is_an_error() {
    for other in [r#""mode":"plan""#, r#""account_id":"444455556666""#, r#""dry_run":true"#] {
        let error = parse(format!(r#"{{"sweep":{{}},{other}}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("must be the only key"), "{error}");
    }
    assert!(parse(br#"{"sweep":{}}"#).is_ok());
}

#[test]
fn swept_account_has_a_mode() {
    let swept = |value: Value| read(&json!({ "sweep": value })).map(|parsed| parsed.trigger);
    let id = || "444455556666".parse().unwrap();
    assert_eq!(swept(json!({"account_id": "444455556666"})), Ok(Trigger::SweptAccount { id: id(), mode: Mode::Apply }));
    let plan = swept(json!({"account_id": "444455556666", "mode": "plan"})).unwrap();
    assert_eq!(plan, Trigger::SweptAccount { id: id(), mode: Mode::Plan });
    assert_eq!((plan.kind(), plan.account()), (TriggerKind::Sweep, Some(&id())));
    insta::assert_snapshot!(plan, @"will report the plan for account 444455556666");
    let errors = [
        error(&json!({"sweep": {"account_id": "444455556666", "mode": "report"}})),
        error(&json!({"sweep": {"mode": "plan"}})),
        error(&json!({"sweep": {"account_ids": []}})),
        error(&json!({"sweep": {"accounts": []}})),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    `sweep.mode` is not valid; write `plan` or `apply` (the default)
    `sweep.mode` is for one account; the stack parameter `Sweep` sets the mode of a whole sweep
    `sweep` has an unknown key; the keys are `page`, `account_id`, `mode` and `canary`
    `sweep.version` is not 1: another version of this tool sent the message; deploy the newest version, then send `{"sweep": {}}`
    "#);
}

#[test]
fn created_account_is_ready() {
    let parsed = read(&result(json!({"state": "SUCCEEDED", "accountId": "444455556666"}))).unwrap();
    assert_eq!(parsed.event_id.as_deref(), Some("68679d28-343e-d8ec-4a8c-cdd430223a5d"));
    let kind = TriggerKind::CreateAccountResult;
    assert_eq!(parsed.trigger, Trigger::AccountReady { id: "444455556666".parse().unwrap(), kind });
    insta::assert_snapshot!(parsed.trigger, @"will onboard account 444455556666");
}

#[test]
fn failed_creation_is_ignored() {
    let failed = |status| read(&result(status)).unwrap().trigger;
    insta::assert_snapshot!(failed(json!({"state": "FAILED", "failureReason": "EMAIL_ALREADY_EXISTS"})), @"ignored: the account was not created (EMAIL_ALREADY_EXISTS)");
    assert_eq!(failed(json!({"state": "FAILED", "failureReason": 5})).kind().as_str(), "create_account_result");
}

#[test]
fn invalid_creation_results_are_errors() {
    let all = [
        error(&result(json!({"state": "SUCCEEDED"}))),
        error(&result(json!({"state": "SUCCEEDED", "accountId": 444455556666u64}))),
        error(&result(json!({"state": "SUCCEEDED", "accountId": "4444555566667"}))),
        error(&result(json!({"state": "SUCCEEDED", "accountId": ["444455556666"]}))),
        error(&result(json!({"state": "SUCCEEDED", "accountId": null}))),
        error(&result(json!({"state": "DONE", "accountId": "444455556666"}))),
        error(&result(json!({"state": true}))),
        error(&result(json!({}))),
        error(&result(json!("SUCCEEDED"))),
        error(&result(json!([]))),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    `detail.serviceEventDetails.createAccountStatus.accountId` is missing; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus.accountId` is a number; write it in quotes, because account IDs can start with 0
    `detail.serviceEventDetails.createAccountStatus.accountId` is invalid: `4444555566667` is not a valid account ID; write exactly twelve digits, in quotes
    `detail.serviceEventDetails.createAccountStatus.accountId` must be a string; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus.accountId` is missing; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus.state` is `DONE`; expected `SUCCEEDED` or `FAILED`
    `detail.serviceEventDetails.createAccountStatus.state` must be a string; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus.state` is missing; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus` must be an object; send the event as EventBridge delivers it
    `detail.serviceEventDetails.createAccountStatus` must be an object; send the event as EventBridge delivers it
    ");
}

#[test]
fn creation_request_is_tracked_by_its_id() {
    let id = json!({"responseElements": {"createAccountStatus": {"id": "car-examplecreateaccountrequestid111", "state": "IN_PROGRESS"}}});
    let trigger = read(&request(id)).unwrap().trigger;
    assert_eq!((trigger.kind().as_str(), trigger.account()), ("create_account", None));
    insta::assert_snapshot!(trigger, @"will onboard the account of creation request `car-examplecreateaccountrequestid111` once it exists");
    let refused = json!({"errorCode": "ConcurrentModificationException", "responseElements": null});
    insta::assert_snapshot!(read(&request(refused)).unwrap().trigger, @"ignored: the call `CreateAccount` failed (ConcurrentModificationException), so no account is created");
}

#[test]
fn invalid_creation_requests_are_errors() {
    let id = |id: &str| json!({"responseElements": {"createAccountStatus": {"id": id}}});
    let all = [
        error(&request(id("car-EXAMPLE12"))),
        error(&request(id("car-short"))),
        error(&request(id(&format!("car-{}", "a".repeat(33))))),
        error(&request(json!({"responseElements": {"createAccountStatus": {"id": 7}}}))),
        error(&request(json!({"responseElements": null}))),
        error(&request(json!({"responseElements": "x"}))),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    `detail.responseElements.createAccountStatus.id` is invalid: `car-EXAMPLE12` is not a valid request ID; it must start with `car-`
    `detail.responseElements.createAccountStatus.id` is invalid: `car-short` is not a valid request ID; it must start with `car-`
    `detail.responseElements.createAccountStatus.id` is invalid: `car-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not a valid request ID; it must start with `car-`
    `detail.responseElements.createAccountStatus.id` must be a string; send the event as EventBridge delivers it
    `detail.responseElements` is missing; send the event as EventBridge delivers it
    `detail.responseElements` must be an object; send the event as EventBridge delivers it
    ");
}

#[test]
fn other_events_are_ignored_with_a_reason() {
    let event = |source: &str, event_source: &str, name: &str| {
        let details = json!({"accountId": "444455556666"});
        let detail = json!({"eventSource": event_source, "eventName": name, "serviceEventDetails": details});
        read(&json!({"source": source, "detail-type": "T", "detail": detail})).unwrap().trigger
    };
    let organizations = "organizations.amazonaws.com";
    let tagged = event("aws.organizations", organizations, "EnablePolicyType");
    assert_eq!((tagged.kind().as_str(), tagged.account().unwrap().as_str()), ("other_event", "444455556666"));
    let all = [
        tagged.to_string(),
        event("aws.organizations", organizations, "InviteAccountToOrganization").to_string(),
        event("aws.organizations", "iam.amazonaws.com", "CreateAccountResult").to_string(),
        event("custom.app", organizations, "CreateAccountResult").to_string(),
        event("aws.scheduler", organizations, "CreateAccountResult").to_string(),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    ignored: the event `EnablePolicyType` needs no action
    ignored: the account was invited and is not a member until it accepts
    ignored: the event `CreateAccountResult` has the event source `iam.amazonaws.com` instead of `organizations.amazonaws.com`
    ignored: the event `CreateAccountResult` has the source `custom.app`, which is not handled
    ignored: the event `CreateAccountResult` has the source `aws.scheduler`, which is not handled
    ");
}

#[test]
fn incomplete_event_is_an_error() {
    let all = [
        error(&json!({"detail": {}})),
        error(&json!({"source": "aws.organizations", "detail-type": 1})),
        error(&json!({"source": "aws.organizations", "detail-type": "x"})),
        error(&json!({"source": "aws.organizations", "detail-type": "x", "detail": "{}"})),
        error(&json!({"source": "aws.organizations", "detail-type": "x", "detail": {"eventName": "CreateAccount"}})),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    `source` is missing; send the event as EventBridge delivers it
    `detail-type` must be a string; send the event as EventBridge delivers it
    `detail` is missing; send the event as EventBridge delivers it
    `detail` must be an object; send the event as EventBridge delivers it
    `detail.eventSource` is missing; send the event as EventBridge delivers it
    ");
}

#[test]
fn manual_payload_names_an_account() {
    let manual = |value| read(&value).unwrap();
    let id: AccountId = "444455556666".parse().unwrap();
    let apply = Trigger::Manual { id: id.clone(), mode: Mode::Apply };
    assert_eq!(manual(json!({"account_id": "444455556666"})), ParsedPayload { trigger: apply.clone(), event_id: None });
    assert_eq!(manual(json!({"account_id": "444455556666", "mode": "apply"})).trigger, apply);
    assert_eq!(
        manual(json!({"account_id": "444455556666", "mode": "plan"})).trigger,
        Trigger::Manual { id, mode: Mode::Plan }
    );
    let all = [
        error(&json!({"account_id": 444455556666u64})),
        error(&json!({"account_id": "44445555666"})),
        error(&json!({"account_id": null})),
        error(&json!({"mode": "plan"})),
        error(&json!({"account_id": "444455556666", "mode": "Plan"})),
        error(&json!({"account_id": "444455556666", "mode": null})),
        error(&json!({"account_id": "444455556666", "account-id": "x"})),
        error(&json!({"account_id": "444455556666", "dry_run": true})),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    `account_id` is a number; write it in quotes, because account IDs can start with 0
    `account_id` is invalid: `44445555666` is not a valid account ID; write exactly twelve digits, in quotes
    `account_id` is missing; add the account, for example `"account_id": "444455556666"`
    `account_id` is missing; add the account, for example `"account_id": "444455556666"`
    `mode` is not valid; write `plan` or `apply` (the default)
    `mode` is not valid; write `plan` or `apply` (the default)
    unknown key `account-id` in the payload; the keys are `account_id` and `mode`; did you mean `account_id`?
    unknown key `dry_run` in the payload; the keys are `account_id` and `mode`
    "#);
}

#[test]
fn other_payloads_are_errors_of_one_line() {
    let all: Vec<_> =
        [&b"\xff\xfe"[..], b"", b"{", b"[]", b"\"x\"", b"{}", br#"{"accountId":"444455556666"}"#, br#"{"Records":[]}"#]
            .into_iter()
            .map(|payload| parse(payload).unwrap_err().to_string())
            .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    the payload is not UTF-8; send JSON
    the payload is not JSON: EOF while parsing a value at line 1 column 0; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not JSON: EOF while parsing an object at line 1 column 1; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not a JSON object; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not a JSON object; send an EventBridge event or `{"account_id": "444455556666"}`
    the payload is not an EventBridge event and has no `account_id`; send `{"account_id": "444455556666"}`
    the payload is not an EventBridge event and has no `account_id` (its first key is `accountId`); send `{"account_id": "444455556666"}`; did you mean `account_id`?
    this is an SQS batch; send the `body` of each of its `Records` as a separate payload
    "#);
}

#[test]
fn duplicate_key_is_an_error() {
    let twice = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    let event = result(json!({"state": "SUCCEEDED", "accountId": "444455556666"})).to_string();
    let all = [
        twice(r#"{"account_id":"111122223333","account_id":"444455556666"}"#),
        twice(&event.replacen("\"accountId\"", "\"accountId\":\"111122223333\",\"accountId\"", 1)),
        twice(&event.replacen("\"detail\":", "\"detail\":{},\"detail\":", 1)),
        twice(&format!(r#"{{"requestContext":{{}},"requestPayload":{event},"requestPayload":{event}}}"#)),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    the payload is ambiguous: the key `account_id` appears twice at line 1 column 57; write each key once
    the payload is ambiguous: the key `accountId` appears twice at line 1 column 355; write each key once
    the payload is ambiguous: the key `detail` appears twice at line 1 column 343; write each key once
    the payload is ambiguous: the key `requestPayload` appears twice at line 1 column 719; write each key once
    ");
}

#[test]
fn hostile_payloads_give_short_errors() {
    for size in [1 << 20, 200 << 10] {
        hostile_payloads_of_this_size(size);
    }
    let mut event = result(json!({"state": "SUCCEEDED", "accountId": "444455556666"}));
    event["id"] = json!("x\ny");
    event["padding"] = json!("x".repeat(200 << 10));
    assert_eq!(read(&event).unwrap().event_id, None, "an event ID that is not valid in a session name is dropped");
}

fn hostile_payloads_of_this_size(size: usize) {
    let long = "9".repeat(size);
    let payloads = [
        "[".repeat(size),
        "{\"a\":".repeat(size / 5),
        format!("{{\"account_id\":[{}0]}}", "{\"\":0},".repeat(size / 8)),
        json!({ "account_id": long }).to_string(),
        json!({ long.clone(): 1 }).to_string(),
        json!({ "account_id": "1", long.clone(): 1 }).to_string(),
        result(json!({"state": long})).to_string(),
        result(json!({"state": "SUCCEEDED", "accountId": long})).to_string(),
        request(json!({"responseElements": {"createAccountStatus": {"id": long}}})).to_string(),
    ];
    for payload in payloads {
        let error = parse(payload.as_bytes()).unwrap_err().to_string();
        assert!(error.len() < 300 && !error.contains('\n'), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_payload_does_not_panic(bytes: Vec<u8>, text in ".*") {
        _ = parse(&bytes);
        _ = parse(text.as_bytes());
    }

    #[test]
    fn mutated_event_does_not_panic(index in 0usize..400, byte: u8) {
        let mut bytes = result(json!({"state": "SUCCEEDED", "accountId": "444455556666"})).to_string().into_bytes();
        let at = index % bytes.len();
        bytes[at] = byte;
        if let Ok(ParsedPayload { trigger: Trigger::AccountReady { id, .. }, .. }) = parse(&bytes) {
            proptest::prop_assert_eq!(id.as_str().len(), 12);
        }
    }
}

/// Messages about an event never contain escape sequences, directional marks or excessive text from its strings.
#[test]
fn hostile_strings_are_filtered_and_shortened() {
    let hostile = format!("Close\u{1b}[2J\u{9b}\u{202e}\u{2028}{}", "A".repeat(5000));
    let fields = ["eventName", "errorCode", "eventSource"];
    for field in fields {
        let mut event = result(json!({"state": "SUCCEEDED", "accountId": "444455556666"}));
        event["detail"][field] = json!(hostile);
        let sentence = read(&event).unwrap().trigger.to_string();
        assert!(sentence.chars().all(crate::text::is_printable), "{sentence:?}");
        assert!(sentence.chars().count() < 300 && sentence.contains("Close?[2J?? AAA"), "{sentence}");
    }
    for (path, value) in [("state", json!(hostile)), ("accountId", json!(hostile))] {
        let mut status = json!({"state": "SUCCEEDED", "accountId": "444455556666"});
        status[path] = value;
        let sentence = error(&result(status));
        assert!(sentence.chars().all(crate::text::is_printable) && sentence.chars().count() < 300, "{sentence:?}");
    }
}

#[test]
fn large_payload_is_refused_before_it_is_parsed() {
    let padded = |size: usize| format!("{{\"account_id\":\"444455556666\"}}{}", " ".repeat(size - 29));
    assert_eq!(padded(MAX_PAYLOAD).len(), MAX_PAYLOAD);
    assert!(parse(padded(MAX_PAYLOAD).as_bytes()).is_ok());
    let sentence = parse(padded(MAX_PAYLOAD + 1).as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(sentence, @"the payload has 262145 bytes, and at most 262144 are accepted; events about accounts have a few thousand: check what sends this");
    let many = format!("{{\"account_id\":[{}0]}}", "{\"\":0},".repeat(20_000));
    let sentence = parse(many.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(sentence, @"the payload has more than 10000 values; events about accounts have a few hundred: check what sends this");
}

#[test]
fn byte_order_mark_is_accepted() {
    let payload = "\u{feff}{\"account_id\":\"444455556666\"}";
    assert_eq!(parse(payload.as_bytes()), parse(payload.trim_start_matches('\u{feff}').as_bytes()));
    assert!(parse(payload.as_bytes()).is_ok());
}

fn in_sns_envelope(message: &str) -> Value {
    json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:111122223333:x", "Message": message})
}

#[test]
fn sns_notification_is_unwrapped_once() {
    let event = result(json!({"state": "SUCCEEDED", "accountId": "444455556666"}));
    let wrapped = in_sns_envelope(&event.to_string());
    assert_eq!(read(&wrapped), read(&event));
    let mut confirmation = in_sns_envelope("You have chosen to subscribe");
    confirmation["Type"] = json!("SubscriptionConfirmation");
    let all = [
        error(&in_sns_envelope("an account was created")),
        error(&in_sns_envelope(&wrapped.to_string())),
        error(&in_sns_envelope(r#"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}"#)),
        error(&confirmation),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    this is an SNS notification, and its `Message` is not an event: the payload is not JSON: expected value at line 1 column 1; send an EventBridge event or `{"account_id": "444455556666"}`; send EventBridge events to the topic, or turn on raw message delivery for the subscription
    this is an SNS notification, and its `Message` is not an event: the payload is not an EventBridge event and has no `account_id` (its first key is `Type`); send `{"account_id": "444455556666"}`; send EventBridge events to the topic, or turn on raw message delivery for the subscription
    this is an SNS notification, and its `Message` is not an event: this is an S3 event notification, not an account event; to process account events, send them here by an EventBridge rule; send EventBridge events to the topic, or turn on raw message delivery for the subscription
    this is a message of SNS about its subscription; confirm the subscription in SNS, and turn on raw message delivery
    "#);
}

#[test]
fn payloads_of_other_services_are_named() {
    let batch = |record: Value| json!({"Records": [record]});
    let all = [
        error(&batch(json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}))),
        error(&batch(json!({"eventVersion": "1.08", "eventSource": "organizations.amazonaws.com", "eventName": "X"}))),
        error(&batch(json!({"EventSource": "aws:sns", "Sns": {}}))),
        error(&batch(json!({"eventSource": "aws:kinesis", "kinesis": {}}))),
        error(&batch(json!({"eventSource": "aws:sqs", "body": "{}"}))),
        error(&json!({"s3Bucket": "b", "s3ObjectKey": ["k"]})),
        error(&json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})),
        error(&json!({"awslogs": {"data": "H4sI"}})),
        error(&json!({"eventVersion": "1.08", "eventSource": "organizations.amazonaws.com", "eventName": "X"})),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    this is an S3 event notification, not an account event; to process account events, send them here by an EventBridge rule
    this is a CloudTrail record as in its log files, not the event that EventBridge delivers; to process account events, send them here by an EventBridge rule
    this is an SNS notification; send each `Message` as a separate payload, or turn on raw message delivery for the subscription
    this is a record of the event source `aws:kinesis`, not of SQS; to process account events, send them here by an EventBridge rule
    this is an SQS batch; send the `body` of each of its `Records` as a separate payload
    this is a notification about a new CloudTrail log file; to process account events, send them here by an EventBridge rule
    this is an S3 event notification, not an account event; to process account events, send them here by an EventBridge rule
    this is a batch of log lines from CloudWatch Logs; to process account events, send them here by an EventBridge rule
    this is a CloudTrail record as in its log files, not the event that EventBridge delivers; to process account events, send them here by an EventBridge rule
    ");
}

#[test]
fn http_requests_are_named_without_a_suggestion_for_their_keys() {
    let all = [
        error(
            &json!({"version": "2.0", "routeKey": "$default", "headers": {}, "requestContext": {"http": {}}, "body": "{}", "isBase64Encoded": false}),
        ),
        error(&json!({"resource": "/", "httpMethod": "POST", "headers": {}, "body": null, "isBase64Encoded": false})),
        error(&json!({"body": "{}"})),
        error(&json!({"note": 1, "acount_id": "444455556666"})),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    this is an HTTP request, as API Gateway and function URLs pass it on; to process account events, send them here by an EventBridge rule
    this is an HTTP request, as API Gateway and function URLs pass it on; to process account events, send them here by an EventBridge rule
    the payload is not an EventBridge event and has no `account_id` (its first key is `body`); send `{"account_id": "444455556666"}`
    the payload is not an EventBridge event and has no `account_id` (its first key is `note`); send `{"account_id": "444455556666"}`; did you mean `account_id`?
    "#);
}

fn membership(name: &str, detail: Value) -> Trigger {
    let mut detail = detail;
    detail["eventSource"] = json!("organizations.amazonaws.com");
    detail["eventName"] = json!(name);
    detail["userIdentity"] = json!({"accountId": "999988887777"});
    detail["recipientAccountId"] = json!("111122223333");
    let event = json!({"source": "aws.organizations", "detail-type": "T", "account": "111122223333", "detail": detail});
    read(&event).unwrap().trigger
}

#[test]
fn member_is_found_wherever_the_event_names_it() {
    let member = "444455556666";
    let organization = json!({"organizationId": "o-exampleorgid", "accountId": "111122223333"});
    for detail in [
        json!({"serviceEventDetails": {"accountId": member}}),
        json!({"serviceEventDetails": {"organization": organization, "account": {"accountId": member}}}),
        json!({"serviceEventDetails": {"accountId": "111122223333", "memberAccountId": member}}),
        json!({"serviceEventDetails": {"managementAccountId": "222233334444", "joined": {"accountId": member}}}),
        json!({"serviceEventDetails": {"masterAccount": {"accountId": "222233334444"}, "accounts": [{"accountId": member}]}}),
        json!({"serviceEventDetails": {"id": member}}),
        json!({"serviceEventDetails": {"arn": format!("arn:aws:organizations::111122223333:account/o-exampleorgid/{member}")}}),
        json!({"serviceEventDetails": null, "requestParameters": {"accountId": member}}),
        json!({"responseElements": {"handshake": {"parties": ["o-exampleorgid", member]}}}),
    ] {
        let joined = membership("AccountJoinedOrganization", detail.clone());
        assert_eq!(
            (joined.account().map(AccountId::as_str), joined.kind()),
            (Some(member), TriggerKind::AccountJoined),
            "{detail}"
        );
        for name in ["AccountDepartedOrganization", "RemoveAccountFromOrganization", "CloseAccountResult"] {
            let departed = membership(name, detail.clone());
            assert!(matches!(&departed, Trigger::AccountGone { id, .. } if id.as_str() == member), "{name}: {detail}");
        }
    }
}

#[test]
fn membership_event_without_a_member_is_ignored() {
    let all: Vec<_> = [
        json!({}),
        json!({"serviceEventDetails": "444455556666x"}),
        json!({"serviceEventDetails": {"accountId": ["4444"], "recipientAccountId": "444455556666"}}),
        json!({"serviceEventDetails": {"from": {"accountId": "444455556666"}, "to": {"accountId": "555566667777"}}}),
    ]
    .into_iter()
    .map(|detail| {
        let trigger = membership("AccountDepartedOrganization", detail);
        assert!(matches!(trigger, Trigger::Unreadable { .. }), "{trigger}");
        trigger.to_string()
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"), @"
    ignored: the event `AccountDepartedOrganization` names no member account; a departure is not reported
    ignored: the event `AccountDepartedOrganization` names no member account; a departure is not reported
    ignored: the event `AccountDepartedOrganization` names no member account; a departure is not reported
    ignored: the event `AccountDepartedOrganization` names several accounts, such as 444455556666 and 555566667777; a departure is not reported
    ");
    let Request::Nothing { account: None, outcome } = membership("AccountJoinedOrganization", json!({})).into_request()
    else {
        panic!("nothing to do")
    };
    insta::assert_snapshot!(outcome, @"ignored (unreadable_event): the event `AccountJoinedOrganization` names no member account; the next sweep finds the account; nothing to do");
}

#[test]
fn changed_tags_of_an_account_are_looked_at_and_those_of_anything_else_are_ignored() {
    let tagged = |resource: serde_json::Value| {
        let tags = json!([{"key": "env", "value": "prod"}]);
        membership("TagResource", json!({"requestParameters": {"resourceId": resource, "tags": tags}}))
    };
    assert_eq!(
        tagged(json!("444455556666")),
        Trigger::AccountReady { id: "444455556666".parse().unwrap(), kind: TriggerKind::AccountTags }
    );
    let untagged = json!({"requestParameters": {"resourceId": "444455556666", "tagKeys": ["env"]}});
    assert_eq!(membership("UntagResource", untagged), tagged(json!("444455556666")));
    let others = ["ou-ab12-cdef3456", "r-ab12", "p-examplepolicy1", "44445555666"].map(|id| tagged(json!(id)));
    assert!(others.iter().all(|trigger| matches!(trigger, Trigger::Ignored { .. })));
    insta::assert_snapshot!(others[0], @"ignored: the tags of `ou-ab12-cdef3456` were changed, which is not an account");
    let unreadable = [tagged(json!(444_455_556_666_u64)), membership("TagResource", json!({}))];
    assert!(unreadable.iter().all(|trigger| matches!(trigger, Trigger::Unreadable { .. })));
    insta::assert_snapshot!(unreadable[1], @"ignored: the event `TagResource` names no resource; the next sweep finds the tags of the account");
    let failed = json!({"errorCode": "AccessDeniedException", "requestParameters": {"resourceId": "444455556666"}});
    insta::assert_snapshot!(membership("TagResource", failed), @"ignored: the call `TagResource` failed (AccessDeniedException)");
}

#[test]
fn failed_call_is_ignored() {
    let moved = json!({"errorCode": "DuplicateAccountException", "requestParameters": {"accountId": "444455556666"}});
    insta::assert_snapshot!(membership("MoveAccount", moved), @"ignored: the call `MoveAccount` failed (DuplicateAccountException)");
    let detail =
        json!({"eventSource": "controltower.amazonaws.com", "eventName": "CreateManagedAccount", "errorCode": "X"});
    let event = json!({"source": "aws.controltower", "detail-type": "T", "detail": detail});
    insta::assert_snapshot!(read(&event).unwrap().trigger, @"ignored: the call `CreateManagedAccount` failed (X)");
}
