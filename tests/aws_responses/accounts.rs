//! Pages of `organizations:ListAccounts`.

use account_onboarding::aws::Resources;
use onboarding_engine::ports::{Directory, UnreadableAccount};
use serde_json::{Value, json};

use crate::{json_response, serving};

fn account(id: &str) -> Value {
    let arn = format!("arn:aws:organizations::111122223333:account/o-exampleorgid/{id}");
    json!({"Id": id, "Arn": arn, "Name": "dev", "State": "ACTIVE", "JoinedTimestamp": 1_789_593_655})
}

fn without(mut account: Value, fields: &[&str]) -> Value {
    let object = account.as_object_mut().expect("an object");
    fields.iter().for_each(|field| drop(object.remove(*field)));
    account
}

#[tokio::test]
async fn path_of_an_account_is_read_if_there_is_exactly_one() {
    const PATH: &str = "o-exampleorgid/r-ab12/ou-ab12-cdef3456/333344445555/";
    const OTHER: &str = "o-exampleorgid/r-ab12/333344445555/";
    for (paths, expected) in [(json!([PATH]), Some(PATH)), (json!([]), None), (json!([OTHER, PATH]), None)] {
        let mut described = account("333344445555");
        described["Paths"] = paths;
        let body = json!({"Account": described}).to_string();
        let (_server, aws) = serving(json_response(200, &body), Resources::default()).await;
        let found = aws.account(&"333344445555".parse().unwrap()).await.expect("a response").expect("an account");
        assert_eq!(found.ou_path.as_deref(), expected);
    }
}

#[tokio::test]
async fn unreadable_account_does_not_fail_its_page() {
    let accounts = json!([
        account("333344445555"),
        without(account("444455556666"), &["State"]),
        without(account("555566667777"), &["Id"]),
        {"Id": "not an ID"},
        without(account("666677778888"), &["Name", "JoinedTimestamp"]),
    ]);
    let body = json!({"Accounts": accounts, "NextToken": "next"}).to_string();
    let (_server, aws) = serving(json_response(200, &body), Resources::default()).await;
    let page = aws.accounts(None).await.expect("a page");
    let read: Vec<_> = page.accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(read, ["333344445555", "666677778888"]);
    let unreadable = |id: Option<&str>, missing: &str| UnreadableAccount {
        id: id.map(|id| id.parse().unwrap()),
        problem: format!("organizations:ListAccounts failed: MalformedAnswer: the response has no {missing}"),
    };
    assert_eq!(
        page.unreadable,
        [
            unreadable(Some("444455556666"), "state"),
            unreadable(Some("555566667777"), "12-digit account ID"),
            unreadable(None, "12-digit account ID"),
        ]
    );
    assert_eq!(page.next.as_deref(), Some("next"));
}
