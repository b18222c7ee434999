//! Records in DynamoDB: how responses to `GetItem` and `UpdateItem` decide which run acquires a lease, and what is sent.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use account_onboarding::aws::{Aws, Resources};
use onboarding_core::error::ErrorKind;
use onboarding_core::lease::Lease;
use onboarding_core::limits::MAX_LEASE;
use onboarding_core::notification::{NotificationRecord, Notified};
use onboarding_core::record::{Expiry, LeaseUse, NotificationChange, Record, RecordUpdate};
use onboarding_core::time::unix_seconds;
use onboarding_engine::ports::{LeaseAttempt, RecordPage, Records, Saved};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json_response, serving};

const ACCOUNT: &str = "444455556666";
const CONDITION_FAILED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#;

async fn table(response: ResponseTemplate) -> (MockServer, Aws) {
    serving(response, Resources { table: Some("records".to_owned()), ..Resources::default() }).await
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn mine() -> Lease {
    Lease { owner: "invocation/message".to_owned(), expires_at: now() + Duration::from_secs(100) }
}

/// The target and the body of the only request.
async fn request(server: &MockServer) -> (String, Value) {
    let mut requests = requests(server).await;
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// The target and the body of each request.
async fn requests(server: &MockServer) -> Vec<(String, Value)> {
    let target = |request: &wiremock::Request| request.headers["x-amz-target"].to_str().unwrap().to_owned();
    let received = server.received_requests().await.unwrap();
    received.iter().map(|request| (target(request), serde_json::from_slice(&request.body).unwrap())).collect()
}

/// An expression with its placeholders replaced.
fn resolved(sent: &Value, expression: &str) -> String {
    let mut text = sent[expression].as_str().unwrap_or_default().to_owned();
    // The longest placeholders first: `#s1` is the start of `#s10`.
    let mut placeholders = BTreeMap::new();
    for (name, value) in sent["ExpressionAttributeNames"].as_object().into_iter().flatten() {
        placeholders.insert((std::cmp::Reverse(name.len()), name.clone()), value.as_str().unwrap().to_owned());
    }
    for (name, value) in sent["ExpressionAttributeValues"].as_object().into_iter().flatten() {
        let value = value.as_object().unwrap().values().next().unwrap();
        placeholders.insert((std::cmp::Reverse(name.len()), name.clone()), value.to_string());
    }
    for ((_, placeholder), value) in placeholders {
        text = text.replace(&placeholder, &value);
    }
    text
}

#[tokio::test]
async fn lease_is_acquired_with_one_conditional_write_that_returns_the_record() {
    let item = json!({"Attributes": {
        "subject": {"S": ACCOUNT}, "lease_owner": {"S": "invocation/message"}, "lease_expires_at": {"N": "1795000100"},
        "notified": {"S": "onboarded"}, "notified_at": {"N": "1794000000"},
    }});
    let (server, aws) = table(json_response(200, &item.to_string())).await;
    let LeaseAttempt::Acquired(record) = aws.acquire_lease(ACCOUNT, &mine(), now()).await.unwrap() else {
        panic!("the lease is acquired")
    };
    assert_eq!(record.lease, Some(mine()));
    assert_eq!(record.notification.unwrap().notified, Notified::Onboarded);
    let (target, sent) = request(&server).await;
    assert_eq!(target, "DynamoDB_20120810.UpdateItem");
    assert_eq!((&sent["TableName"], &sent["Key"]), (&json!("records"), &json!({"subject": {"S": ACCOUNT}})));
    assert_eq!(sent["ReturnValues"], "ALL_NEW");
    let latest = unix_seconds(now() + MAX_LEASE);
    assert_eq!(
        resolved(&sent, "ConditionExpression"),
        format!(
            "attribute_not_exists(lease_expires_at) OR NOT attribute_type(lease_expires_at, \"N\") OR lease_owner = \
             \"invocation/message\" OR lease_expires_at < \"1795000000\" OR lease_expires_at >= \"{latest}\""
        )
    );
    assert_eq!(
        resolved(&sent, "UpdateExpression"),
        "SET lease_expires_at = \"1795000100\", lease_owner = \"invocation/message\""
    );
}

#[tokio::test]
async fn lease_of_another_run_is_not_acquired() {
    let (_server, aws) = table(json_response(400, CONDITION_FAILED)).await;
    assert_eq!(aws.acquire_lease(ACCOUNT, &mine(), now()).await.unwrap(), LeaseAttempt::HeldByAnother);
}

#[tokio::test]
async fn errors_of_the_table_have_the_matching_kind() {
    for (code, kind) in [
        ("AccessDeniedException", ErrorKind::AccessDenied),
        ("ProvisionedThroughputExceededException", ErrorKind::Throttled),
        ("ThrottlingException", ErrorKind::Throttled),
        ("RequestLimitExceeded", ErrorKind::Throttled),
        ("InternalServerError", ErrorKind::Unavailable),
        ("ResourceNotFoundException", ErrorKind::Other),
    ] {
        let body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")}).to_string();
        let (_server, aws) = table(json_response(400, &body)).await;
        assert_eq!(aws.acquire_lease(ACCOUNT, &mine(), now()).await.unwrap_err().kind(), kind, "{code}");
        assert_eq!(aws.load_record(ACCOUNT).await.unwrap_err().kind(), kind, "{code}");
    }
}

#[tokio::test]
async fn record_is_read_consistently_and_a_missing_one_is_empty() {
    let item = json!({"Item": {
        "subject": {"S": ACCOUNT}, "notified": {"S": "foreign_role"}, "notified_at": {"N": "1794000000"},
        "roles": {"M": {"AcmeRead": {"S": "AROADBQP57FF2AEXAMPLE"}, "bad": {"N": "1"}}}, "more": {"BOOL": true},
        "lease_owner": {"N": "7"}, "lease_expires_at": {"N": "1.5"},
    }});
    let (server, aws) = table(json_response(200, &item.to_string())).await;
    let record = aws.load_record(ACCOUNT).await.unwrap();
    let roles = BTreeMap::from([("AcmeRead".parse().unwrap(), "AROADBQP57FF2AEXAMPLE".parse().unwrap())]);
    let at = UNIX_EPOCH + Duration::from_secs(1_794_000_000);
    let notification = Some(NotificationRecord { notified: Notified::Cause("foreign_role".to_owned()), at });
    assert_eq!(record, Record { notification, roles, ..Record::default() });
    let (target, sent) = request(&server).await;
    assert_eq!(target, "DynamoDB_20120810.GetItem");
    assert_eq!(sent["ConsistentRead"], true);

    let (_server, aws) = table(json_response(200, "{}")).await;
    assert_eq!(aws.load_record(ACCOUNT).await.unwrap(), Record::default());
}

fn update(lease: LeaseUse) -> RecordUpdate {
    RecordUpdate {
        run: mine().owner,
        lease,
        notification: Some(NotificationChange::Set(NotificationRecord { notified: Notified::Onboarded, at: now() })),
        result: None,
        roles: None,
        revocations: None,
        grants: None,
        registrations: None,
        expiry: Expiry::Never,
    }
}

#[tokio::test]
async fn record_is_saved_and_the_lease_released_with_one_conditional_write() {
    let (server, aws) = table(json_response(200, "{}")).await;
    assert_eq!(aws.save_record(ACCOUNT, &update(LeaseUse::Release)).await.unwrap(), Saved::Yes);
    let (target, sent) = request(&server).await;
    assert_eq!(target, "DynamoDB_20120810.UpdateItem");
    assert_eq!(
        resolved(&sent, "ConditionExpression"),
        "lease_owner = \"invocation/message\" OR (attribute_not_exists(lease_owner) AND saved_by = \"invocation/message\")"
    );
    assert_eq!(
        resolved(&sent, "UpdateExpression"),
        "SET notified = \"onboarded\", notified_at = \"1795000000\", saved_by = \"invocation/message\" \
         REMOVE lease_owner, lease_expires_at, expires_at"
    );
}

#[tokio::test]
async fn record_is_saved_without_a_condition_if_no_lease_is_held() {
    let (server, aws) = table(json_response(200, "{}")).await;
    assert_eq!(aws.save_record(ACCOUNT, &update(LeaseUse::NotHeld)).await.unwrap(), Saved::Yes);
    let (_, sent) = request(&server).await;
    assert_eq!(sent["ConditionExpression"], Value::Null);
    assert!(resolved(&sent, "UpdateExpression").ends_with("REMOVE expires_at"));
}

#[tokio::test]
async fn record_is_not_saved_if_the_lease_was_taken_over() {
    let (_server, aws) = table(json_response(400, CONDITION_FAILED)).await;
    assert_eq!(aws.save_record(ACCOUNT, &update(LeaseUse::Release)).await.unwrap(), Saved::LeaseLost);
}

#[tokio::test]
async fn handoff_is_saved_without_the_lease_and_without_touching_the_rest() {
    let done = BTreeMap::from([("trelica".to_owned(), "0123abcd".to_owned())]);
    for (fingerprint, expression) in
        [(Some("0123abcd"), r#"SET handoffs.trelica = "0123abcd""#), (None, "REMOVE handoffs.trelica")]
    {
        let (server, aws) = table(json_response(200, "{}")).await;
        aws.save_handoff(ACCOUNT, "trelica", fingerprint).await.unwrap();
        let sent = requests(&server).await;
        for (target, sent) in &sent {
            assert_eq!((target.as_str(), &sent["ConditionExpression"]), ("DynamoDB_20120810.UpdateItem", &Value::Null));
            assert_eq!(sent["Key"], json!({"subject": {"S": ACCOUNT}}));
        }
        let expressions: Vec<_> = sent.iter().map(|(_, sent)| resolved(sent, "UpdateExpression")).collect();
        assert_eq!(expressions, ["SET handoffs = if_not_exists(handoffs, {})", expression]);
    }

    let (_server, aws) =
        table(json_response(200, &json!({"Item": {"handoffs": {"M": {"trelica": {"S": "0123abcd"}}}}}).to_string()))
            .await;
    assert_eq!(aws.load_record(ACCOUNT).await.unwrap().handoffs, done);

    let (_server, aws) = table(json_response(400, CONDITION_FAILED)).await;
    assert!(aws.save_handoff(ACCOUNT, "trelica", Some("0123abcd")).await.is_err());
}

#[tokio::test]
async fn records_need_a_table() {
    let (_server, aws) = serving(json_response(500, ""), Resources::default()).await;
    assert!(!aws.records_enabled());
}

#[tokio::test]
async fn scan_continues_after_the_last_subject_of_a_page() {
    let page = json!({
        "Items": [{"subject": {"S": ACCOUNT}, "saved_by": {"S": "run"}}, {"saved_by": {"S": "no subject"}}],
        "LastEvaluatedKey": {"subject": {"S": ACCOUNT}},
    });
    let (server, aws) = table(json_response(200, &page.to_string())).await;
    let read = aws.scan_records(None).await.unwrap();
    let record = Record { saved_by: Some("run".to_owned()), ..Record::default() };
    assert_eq!(read, RecordPage { records: vec![(ACCOUNT.to_owned(), record)], next: Some(ACCOUNT.to_owned()) });
    aws.scan_records(read.next).await.unwrap();
    let [(target, first), (_, second)] = requests(&server).await.try_into().unwrap();
    assert_eq!(target, "DynamoDB_20120810.Scan");
    assert_eq!((&first["TableName"], &first["ConsistentRead"]), (&json!("records"), &json!(true)));
    assert_eq!(first["ExclusiveStartKey"], Value::Null);
    assert_eq!(second["ExclusiveStartKey"], json!({"subject": {"S": ACCOUNT}}));

    let (_server, aws) = table(json_response(200, r#"{"Items": []}"#)).await;
    assert_eq!(aws.scan_records(None).await.unwrap(), RecordPage::default());
}
