//! Leases in SSM: how responses to `GetParameter` and `PutParameter` decide which run acquires a lease.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use account_onboarding::aws::{Aws, Resources};
use onboarding_core::account::AccountId;
use onboarding_core::error::ErrorKind;
use onboarding_core::lease::{Lease, StoredLease};
use onboarding_core::stored::Stored;
use onboarding_engine::ports::LeaseStore;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json_response, serving};

async fn leases(response: ResponseTemplate, prefix: Option<&str>) -> (MockServer, Aws) {
    serving(response, Resources { lease_prefix: prefix.map(str::to_owned), ..Resources::default() }).await
}

fn account() -> AccountId {
    "444455556666".parse().unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn mine() -> Lease {
    Lease { owner: "invocation/message".to_owned(), expires_at: now() }
}

async fn body(server: &MockServer) -> Value {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    serde_json::from_slice(&requests[0].body).unwrap()
}

#[tokio::test]
async fn new_lease_is_acquired_by_the_first_run() {
    let (server, first) = leases(json_response(200, r#"{"Version":1}"#), Some("/leases")).await;
    assert!(first.try_acquire_lease(&account(), &mine(), None).await.unwrap());
    let sent = body(&server).await;
    assert_eq!((&sent["Name"], &sent["Overwrite"]), (&json!("/leases/444455556666"), &json!(false)));
    assert_eq!(Lease::from_text(sent["Value"].as_str().unwrap()), mine());
    let (_server, second) = leases(json_response(400, r#"{"__type":"ParameterAlreadyExists"}"#), Some("/leases")).await;
    assert!(!second.try_acquire_lease(&account(), &mine(), None).await.unwrap());
}

#[tokio::test]
async fn expired_lease_is_acquired_by_the_run_that_writes_the_next_version() {
    for (version, first) in [(8, true), (9, false), (1, false)] {
        let (server, leases) =
            leases(json_response(200, &json!({"Version": version}).to_string()), Some("/leases")).await;
        assert_eq!(leases.try_acquire_lease(&account(), &mine(), Some(7)).await.unwrap(), first, "version {version}");
        assert_eq!(body(&server).await["Overwrite"], true);
    }
}

/// SSM does not allow a deleted parameter to be created again for a while, so a release writes an expired lease.
#[tokio::test]
async fn released_lease_is_expired() {
    let (server, leases) = leases(json_response(200, r#"{"Version":9}"#), Some("/leases")).await;
    leases.release_lease(&account()).await.unwrap();
    let sent = body(&server).await;
    assert_eq!((&sent["Name"], &sent["Overwrite"]), (&json!("/leases/444455556666"), &json!(true)));
    assert!(!Lease::from_text(sent["Value"].as_str().unwrap()).is_active(now()));
}

#[tokio::test]
async fn lease_is_read_with_its_version() {
    let parameter = |value: &str| json!({"Parameter": {"Value": value, "Version": 3}}).to_string();
    let (_server, held) = leases(json_response(200, &parameter(&mine().to_text())), Some("/leases")).await;
    assert_eq!(held.stored_lease(&account()).await.unwrap(), Some(StoredLease { lease: mine(), version: 3 }));
    let (_server, other) = leases(json_response(200, &parameter("not a lease")), Some("/leases")).await;
    assert_eq!(
        other.stored_lease(&account()).await.unwrap(),
        Some(StoredLease { lease: Lease::default(), version: 3 }),
        "an invalid value counts as expired"
    );
    let (_server, none) = leases(json_response(400, r#"{"__type":"ParameterNotFound"}"#), Some("/leases")).await;
    assert_eq!(none.stored_lease(&account()).await.unwrap(), None);
    let (_server, denied) = leases(json_response(400, r#"{"__type":"AccessDeniedException"}"#), Some("/leases")).await;
    assert_eq!(denied.try_acquire_lease(&account(), &mine(), None).await.unwrap_err().kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn lease_store_without_a_prefix_grants_every_lease_without_a_request() {
    let (server, disabled) = leases(json_response(500, ""), None).await;
    assert!(disabled.try_acquire_lease(&account(), &mine(), None).await.unwrap());
    assert_eq!(disabled.stored_lease(&account()).await.unwrap(), None);
    disabled.release_lease(&account()).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
