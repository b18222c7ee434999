use crate::AccountCreation;
use crate::example::{MEMBER, id, organization};
use onboarding_core::account::AccountState;
use onboarding_core::error::ErrorKind;
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::{Clock, Creation, Directory, Secrets};
use secrecy::ExposeSecret;
use std::time::Duration;

#[tokio::test]
async fn describe_account_returns_members_only() {
    let organization = organization();
    let account = organization.account(&id(MEMBER)).await.unwrap().unwrap();
    assert_eq!(
        (account.name.raw(), account.state, account.joined_at),
        ("old", AccountState::Active, from_unix_seconds(1_500_000_000))
    );
    assert!(organization.account(&id("111122223333")).await.unwrap().unwrap().is_management());
    assert_eq!(organization.account(&id("123456789012")).await.unwrap(), None, "a vendor's account is not a member");
    organization.set_state(&id(MEMBER), AccountState::Suspended);
    assert_eq!(organization.account(&id(MEMBER)).await.unwrap().unwrap().state, AccountState::Suspended);
}

#[tokio::test]
async fn creation_stays_in_progress_until_its_seconds_and_polls_have_passed() {
    let organization = organization();
    let settings =
        AccountCreation { in_progress: Duration::from_secs(3), in_progress_polls: 2, ..AccountCreation::default() };
    let request = organization.create_account_with("new", settings);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(organization.account_creation(&request).await.unwrap());
        organization.sleep(Duration::from_secs(1)).await;
    }
    let done = Creation::Succeeded(id("444455556666"));
    assert_eq!(seen, [Creation::InProgress, Creation::InProgress, Creation::InProgress, done.clone(), done]);
    let account = organization.account(&id("444455556666")).await.unwrap().unwrap();
    assert_eq!(account.name, "new");
    assert_eq!(account.joined_at, from_unix_seconds(1_795_000_003));
}

#[tokio::test]
async fn failed_and_unknown_creations_are_reported_as_such() {
    let organization = organization();
    let settings = AccountCreation { failure: Some("EMAIL_ALREADY_EXISTS".to_owned()), ..AccountCreation::default() };
    let request = organization.create_account_with("new", settings);
    assert_eq!(
        organization.account_creation(&request).await.unwrap(),
        Creation::Failed("EMAIL_ALREADY_EXISTS".to_owned())
    );
    assert_eq!(organization.account_creation("car-0").await.unwrap(), Creation::Unknown);
    assert_eq!(organization.finish_creation(&request), None);
    assert_eq!(
        organization.account_creation(&request).await.unwrap_err().kind(),
        ErrorKind::Throttled,
        "two requests a second"
    );
}

#[tokio::test]
async fn created_accounts_get_distinct_ids() {
    let organization = organization();
    let ids: Vec<_> = (0..6).filter_map(|_| organization.finish_creation(&organization.create_account("x"))).collect();
    let expected = ["444455556666", "555566667777", "666677778888", "777788889999", "800000000001", "800000000002"];
    assert_eq!(ids, expected.map(id), "123456789012 is skipped, it belongs to the vendor");
}

#[tokio::test]
async fn parameters_are_read_by_name() {
    let organization = organization().with_parameter("/id", "s3cret");
    assert_eq!(organization.parameter("/id").await.unwrap().expose_secret(), "s3cret");
    assert_eq!(organization.parameter("/other").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn parameters_below_a_path_are_listed_ten_on_a_page_and_not_decrypted() {
    let mut organization = organization().with_parameter("/own", "index").with_parameter("/own/secret", "s3cret");
    for index in 0..20 {
        organization = organization.with_plain_parameter(&format!("/own/a/{index:02}"), "x");
    }
    let organization = organization.with_plain_parameter("/own2/a", "x");
    let mut pages = Vec::new();
    let mut from = None;
    loop {
        let page = organization.parameters_below("/own", from).await.unwrap();
        pages.push(page.parameters);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 1]);
    assert_eq!(pages[0][0], ("/own/a/00".to_owned(), "x".to_owned()));
    assert_ne!(pages[2][0].1, "s3cret");
}

#[tokio::test]
async fn unreadable_account_is_listed_apart_from_the_others_and_does_not_end_the_list() {
    let organization = organization().with_unreadable_account(&id(MEMBER));
    organization.set_page_size(1);
    let mut listed = Vec::new();
    let mut from = None;
    loop {
        let page = organization.accounts(from).await.unwrap();
        listed.extend(page.accounts.into_iter().map(|account| (account.id, true)));
        listed.extend(page.unreadable.into_iter().map(|account| (account.id.unwrap(), false)));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let others = ["111122223333", "222233334444"].map(|account| (id(account), true));
    assert_eq!(listed, [&others[..], &[(id(MEMBER), false)]].concat());
}
