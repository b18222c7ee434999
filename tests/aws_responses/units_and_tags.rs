//! The tags of accounts (`ListTagsForResource`) and the organizational units (`ListOrganizationalUnitsForParent`, `ListParents`,
//! `ListRoots`): answers that are malformed, lack a field, lead back to an earlier page, or are absurdly large.

use std::collections::BTreeSet;

use account_onboarding::aws::{Aws, Resources};
use onboarding_core::account::AccountId;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::selection::{Scope, Selection, TagFilter};
use onboarding_core::text::Untrusted;
use onboarding_engine::ports::{Directory, ManageAccounts};
use onboarding_engine::{SelectError, select_accounts, unit_paths};
use serde_json::{Value, json};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{json_response, patient};

const ROOT: &str = "r-ab12";
const UNIT: &str = "ou-ab12-cdef3456";

fn id() -> AccountId {
    "333344445555".parse().unwrap()
}

fn unit_id(text: &str) -> UnitId {
    text.parse().unwrap()
}

/// A server with one response to every request, and the clients that use it.
async fn answering(response: ResponseTemplate) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let aws = Aws::new(&patient(&server.uri()), Resources::default());
    (server, aws)
}

/// An answer to each of these calls, however often it is made.
async fn organization(answers: &[(&str, Value)]) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    for (call, answer) in answers {
        let target = format!("AWSOrganizationsV20161128.{call}");
        Mock::given(header("x-amz-target", target.as_str()))
            .respond_with(json_response(200, &answer.to_string()))
            .mount(&server)
            .await;
    }
    let aws = Aws::new(&patient(&server.uri()), Resources::default());
    (server, aws)
}

async fn calls(server: &MockServer, call: &str) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    let is_about =
        |request: &&wiremock::Request| request.headers["x-amz-target"].to_str().unwrap().ends_with(&format!(".{call}"));
    requests.iter().filter(is_about).map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// One account, without its path.
fn accounts() -> (&'static str, Value) {
    let arn = format!("arn:aws:organizations::111122223333:account/o-exampleorgid/{}", id());
    ("ListAccounts", json!({"Accounts": [{"Id": id(), "Arn": arn, "Name": "dev", "State": "ACTIVE"}]}))
}

fn root() -> (&'static str, Value) {
    ("ListRoots", json!({"Roots": [{"Id": ROOT, "Name": "Root"}]}))
}

fn tagged(key: &str, value: &str) -> Selection {
    Selection { scope: Scope::All, tags: vec![format!("{key}={value}").parse::<TagFilter>().unwrap()] }
}

async fn selected(aws: &Aws, selection: &Selection) -> Result<usize, SelectError> {
    select_accounts(aws, selection, &BTreeSet::new()).await.map(|selected| selected.accounts.len())
}

fn assert_malformed(error: &ApiError, call: &str) {
    assert_eq!((error.code.as_str(), error.kind()), ("MalformedAnswer", ErrorKind::Unavailable), "{error}");
    assert!(error.to_string().starts_with(call), "{error}");
}

#[tokio::test]
async fn answers_that_are_not_json_are_unavailable() {
    for (status, body) in [(200, "not JSON"), (200, r#"{"Tags":"#), (200, r#"{"Tags":{}}"#), (500, "<html>"), (503, "")]
    {
        let (_server, aws) = answering(json_response(status, body)).await;
        let tags = aws.account_tags(&id(), None).await.unwrap_err();
        assert_eq!(tags.kind(), ErrorKind::Unavailable, "{status} {body}: {tags}");
    }
    for (status, body) in [(200, "not JSON"), (200, r#"{"OrganizationalUnits":{}}"#), (500, "<html>"), (503, "")] {
        let (_server, aws) = answering(json_response(status, body)).await;
        let units = aws.units_below(&unit_id(ROOT), None).await.unwrap_err();
        assert_eq!(units.kind(), ErrorKind::Unavailable, "{status} {body}: {units}");
    }
    for (status, body) in [(200, "not JSON"), (200, r#"{"Parents":{}}"#), (500, "<html>"), (503, "")] {
        let (_server, aws) = answering(json_response(status, body)).await;
        let parent = aws.parent(&id()).await.unwrap_err();
        assert_eq!(parent.kind(), ErrorKind::Unavailable, "{status} {body}: {parent}");
    }
}

#[tokio::test]
async fn errors_of_the_service_have_the_matching_kind() {
    for (code, kind) in [
        ("AccessDeniedException", ErrorKind::AccessDenied),
        ("TooManyRequestsException", ErrorKind::Throttled),
        ("ServiceException", ErrorKind::Unavailable),
        ("AWSOrganizationsNotInUseException", ErrorKind::NoOrganization),
        ("SomethingNew", ErrorKind::Other),
    ] {
        let (_server, aws) = answering(json_response(400, &json!({"__type": code}).to_string())).await;
        for error in [
            aws.account_tags(&id(), None).await.unwrap_err(),
            aws.units_below(&unit_id(ROOT), None).await.unwrap_err(),
            aws.parent(&id()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}

#[tokio::test]
async fn tags_without_a_key_or_a_value_select_nothing_by_accident() {
    let tags =
        json!([{"Key": "env", "Value": "prod"}, {"Key": "team"}, {"Value": "prod"}, {}, {"Key": "ENV", "Value": "x"}]);
    let (_server, aws) = organization(&[accounts(), ("ListTagsForResource", json!({"Tags": tags}))]).await;
    assert_eq!(selected(&aws, &tagged("env", "prod")).await.unwrap(), 1);
    for (key, value) in [("env", "Prod"), ("team", "prod"), ("ENV", "prod"), ("Env", "prod")] {
        let error = selected(&aws, &tagged(key, value)).await.unwrap_err();
        assert!(matches!(error, SelectError::Nothing(_)), "{key}={value}: {error}");
    }
    for empty in [json!({}), json!({"Tags": null}), json!({"Tags": []})] {
        let (_server, aws) = organization(&[accounts(), ("ListTagsForResource", empty)]).await;
        assert!(matches!(selected(&aws, &tagged("env", "prod")).await, Err(SelectError::Nothing(_))));
    }
}

#[tokio::test]
async fn tags_are_read_page_by_page_and_pages_that_lead_back_end_the_read() {
    let (server, aws) = organization(&[
        accounts(),
        ("ListTagsForResource", json!({"Tags": [{"Key": "env", "Value": "prod"}], "NextToken": "again"})),
    ])
    .await;
    match selected(&aws, &tagged("env", "prod")).await.unwrap_err() {
        SelectError::Api(error) => assert_malformed(&error, "organizations:ListTagsForResource"),
        error => panic!("{error}"),
    }
    let expected = [json!({"ResourceId": id()}), json!({"ResourceId": id(), "NextToken": "again"})];
    assert_eq!(calls(&server, "ListTagsForResource").await, expected);
}

#[tokio::test]
async fn absurdly_many_and_long_tags_are_read() {
    let mut tags: Vec<_> = (0..2_000).map(|n| json!({"Key": format!("key-{n}"), "Value": "x".repeat(100)})).collect();
    tags.push(json!({"Key": "k".repeat(1 << 18), "Value": "\u{202e}\u{0}\r\n".repeat(1 << 16)}));
    tags.push(json!({"Key": "env", "Value": "prod"}));
    let (_server, aws) = organization(&[accounts(), ("ListTagsForResource", json!({"Tags": tags}))]).await;
    assert_eq!(aws.account_tags(&id(), None).await.unwrap().tags.len(), 2_002);
    assert_eq!(selected(&aws, &tagged("env", "prod")).await.unwrap(), 1);
}

#[tokio::test]
async fn unit_without_a_valid_id_fails_its_page_and_a_missing_name_does_not() {
    for id in [
        json!(null),
        json!(""),
        json!("ou-AB12-cdef3456"),
        json!(ROOT.repeat(100)),
        json!("../etc"),
        json!("111122223333"),
    ] {
        let body = json!({"OrganizationalUnits": [{"Id": UNIT, "Name": "Workloads"}, {"Id": id, "Name": "Odd"}]});
        let (_server, aws) = organization(&[("ListOrganizationalUnitsForParent", body)]).await;
        let error = aws.units_below(&unit_id(ROOT), None).await.unwrap_err();
        assert_malformed(&error, "organizations:ListOrganizationalUnitsForParent");
    }
    let body = json!({"OrganizationalUnits": [{"Id": UNIT}], "NextToken": "next"});
    let (server, aws) = organization(&[("ListOrganizationalUnitsForParent", body)]).await;
    let page = aws.units_below(&unit_id(ROOT), Some("from".to_owned())).await.unwrap();
    let [unit] = page.units.as_slice() else { panic!("{:?}", page.units) };
    assert_eq!((unit.id.as_str(), unit.name.raw(), page.next.as_deref()), (UNIT, "", Some("next")));
    let expected = [json!({"ParentId": ROOT, "NextToken": "from"})];
    assert_eq!(calls(&server, "ListOrganizationalUnitsForParent").await, expected);
    for empty in [json!({}), json!({"OrganizationalUnits": null})] {
        let (_server, aws) = organization(&[("ListOrganizationalUnitsForParent", empty)]).await;
        assert_eq!(aws.units_below(&unit_id(ROOT), None).await.unwrap().units, []);
    }
}

/// The units of each parent are read once, although this one contains itself.
#[tokio::test]
async fn units_that_contain_each_other_and_pages_that_lead_back_end_the_read() {
    let units = json!({"OrganizationalUnits": [{"Id": UNIT, "Name": "Workloads"}]});
    let parent = ("ListParents", json!({"Parents": [{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]}));
    let circular = [accounts(), root(), parent.clone(), ("ListOrganizationalUnitsForParent", units)];
    let (server, aws) = organization(&circular).await;
    let selection = Selection::all();
    let accounts_found = select_accounts(&aws, &selection, &BTreeSet::new()).await.unwrap().accounts;
    let paths = unit_paths(&aws, &accounts_found).await.unwrap();
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), [(id(), "Workloads".to_owned())]);
    let parents: Vec<_> = calls(&server, "ListOrganizationalUnitsForParent").await;
    assert_eq!(parents, [json!({"ParentId": ROOT}), json!({"ParentId": UNIT})]);
    // The unit of an account without a path, and those above it.
    let scope = Scope::Named { units: vec![UNIT.parse().unwrap()], accounts: Vec::new() };
    let (_server, aws) = organization(&{
        let unit = ("DescribeOrganizationalUnit", json!({"OrganizationalUnit": {"Id": UNIT, "Name": "Workloads"}}));
        [circular.to_vec(), vec![unit]].concat()
    })
    .await;
    assert_eq!(selected(&aws, &Selection { scope, tags: Vec::new() }).await.unwrap(), 1);

    let units = json!({"OrganizationalUnits": [{"Id": UNIT, "Name": "Workloads"}], "NextToken": "again"});
    let (server, aws) = organization(&[accounts(), root(), parent, ("ListOrganizationalUnitsForParent", units)]).await;
    let error = unit_paths(&aws, &accounts_found).await.unwrap_err();
    assert_malformed(&error, "organizations:ListOrganizationalUnitsForParent");
    assert_eq!(calls(&server, "ListOrganizationalUnitsForParent").await.len(), 2);
}

#[tokio::test]
async fn absurdly_many_units_with_long_names_are_read_and_printed_shortened() {
    let unit = |n: usize| json!({"Id": format!("ou-ab12-{n:08}"), "Name": format!("\u{202e}{}", "x".repeat(10_000))});
    let units: Vec<_> = (0..1_000).map(unit).collect();
    let (_server, aws) =
        organization(&[("ListOrganizationalUnitsForParent", json!({"OrganizationalUnits": units}))]).await;
    let page = aws.units_below(&unit_id(ROOT), None).await.unwrap();
    assert_eq!(page.units.len(), 1_000);
    let shown: &Untrusted = &page.units[0].name;
    assert!(shown.to_string().chars().count() < 500 && !shown.to_string().contains('\u{202e}'));
}

#[tokio::test]
async fn parent_has_to_be_a_unit_or_the_root() {
    for (parents, expected) in [
        (json!([{"Id": ROOT, "Type": "ROOT"}]), Some(ROOT)),
        (json!([{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]), Some(UNIT)),
        (json!([{"Id": UNIT}]), Some(UNIT)),
        (json!([{"Id": UNIT, "Type": "A_NEW_TYPE"}]), Some(UNIT)),
        (json!([{"Type": "ROOT"}]), None),
        (json!([{"Id": "", "Type": "ROOT"}]), None),
        (json!([{"Id": "x".repeat(1 << 20), "Type": "ROOT"}]), None),
        (json!([{}]), None),
        (json!([]), None),
        (json!(null), None),
    ] {
        let (_server, aws) = organization(&[("ListParents", json!({"Parents": parents}))]).await;
        let parent = aws.parent(&id()).await;
        match expected {
            Some(expected) => assert_eq!(parent.unwrap().as_str(), expected, "{parents}"),
            None => assert_malformed(&parent.unwrap_err(), "organizations:ListParents"),
        }
    }
}
