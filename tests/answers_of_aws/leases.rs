//! What SSM answers to claims: the version says who was first.

use account_onboarding::aws::{Parameters, SsmLeases};
use onboarding_core::account::AccountId;
use onboarding_core::error::ErrorKind;
use onboarding_core::lease::Lease;
use onboarding_engine::ports::LeaseStore;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::{json as answer, serving};

async fn claims(response: ResponseTemplate, below: Option<&str>) -> (MockServer, SsmLeases) {
    let (server, config) = serving(response).await;
    (server, SsmLeases::new(&Parameters::new(&config), below.map(str::to_owned)))
}

fn account() -> AccountId {
    "444455556666".parse().unwrap()
}

fn mine() -> Lease {
    Lease { by: "invocation/message".to_owned(), until: 1_795_000_000.0 }
}

async fn body(server: &MockServer) -> Value {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    serde_json::from_slice(&requests[0].body).unwrap()
}

#[tokio::test]
async fn where_nobody_claims_the_first_has_it() {
    let (server, first) = claims(answer(200, r#"{"Version":1}"#), Some("/claims")).await;
    assert!(first.claim(&account(), &mine(), None).await.unwrap());
    let sent = body(&server).await;
    assert_eq!((&sent["Name"], &sent["Overwrite"]), (&json!("/claims/444455556666"), &json!(false)));
    assert_eq!(Lease::from_text(sent["Value"].as_str().unwrap()), mine());
    let (_server, second) = claims(answer(400, r#"{"__type":"ParameterAlreadyExists"}"#), Some("/claims")).await;
    assert!(!second.claim(&account(), &mine(), None).await.unwrap());
}

#[tokio::test]
async fn of_those_who_replace_a_claim_the_version_says_who_was_first() {
    for (version, first) in [(8, true), (9, false), (1, false)] {
        let (server, claims) = claims(answer(200, &json!({"Version": version}).to_string()), Some("/claims")).await;
        assert_eq!(claims.claim(&account(), &mine(), Some(7)).await.unwrap(), first, "version {version}");
        assert_eq!(body(&server).await["Overwrite"], true);
    }
}

/// A parameter that was deleted may not be made again for a while: what is given back is a claim that is over.
#[tokio::test]
async fn what_is_given_back_is_claimed_by_nobody() {
    let (server, claims) = claims(answer(200, r#"{"Version":9}"#), Some("/claims")).await;
    claims.release(&account()).await.unwrap();
    let sent = body(&server).await;
    assert_eq!((&sent["Name"], &sent["Overwrite"]), (&json!("/claims/444455556666"), &json!(true)));
    assert!(!Lease::from_text(sent["Value"].as_str().unwrap()).holds(1_795_000_000.0));
}

#[tokio::test]
async fn a_claim_is_read_with_its_version() {
    let parameter = |value: &str| json!({"Parameter": {"Value": value, "Version": 3}}).to_string();
    let (_server, there) = claims(answer(200, &parameter(&mine().to_text())), Some("/claims")).await;
    assert_eq!(there.claimed(&account()).await.unwrap(), Some((mine(), 3)));
    let (_server, other) = claims(answer(200, &parameter("of somebody else")), Some("/claims")).await;
    assert_eq!(other.claimed(&account()).await.unwrap(), Some((Lease::default(), 3)), "it may be replaced");
    let (_server, none) = claims(answer(400, r#"{"__type":"ParameterNotFound"}"#), Some("/claims")).await;
    assert_eq!(none.claimed(&account()).await.unwrap(), None);
    let (_server, denied) = claims(answer(400, r#"{"__type":"AccessDeniedException"}"#), Some("/claims")).await;
    assert_eq!(denied.claim(&account(), &mine(), None).await.unwrap_err().kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn without_a_place_nothing_is_asked_for() {
    let (server, alone) = claims(answer(500, ""), None).await;
    assert!(alone.claim(&account(), &mine(), None).await.unwrap());
    assert_eq!(alone.claimed(&account()).await.unwrap(), None);
    alone.release(&account()).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
