use super::*;
use crate::account::AccountState;
use crate::plan::sample;

const ROOT: &str = "o-exampleorgid/r-ab12";

fn account(id: &str, units: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        name: format!("name-{id}").as_str().into(),
        ou_path: Some(format!("{ROOT}/{units}{id}/")),
        ..sample::account()
    }
}

fn listing() -> Listing {
    let suspended = Account { state: AccountState::Suspended, ..account("777777777777", "ou-ab12-workload/") };
    let management = Account { id: sample::account().management, ..account("111122223333", "") };
    Listing {
        accounts: vec![
            account("666666666666", "ou-ab12-sandboxx/"),
            suspended,
            account("444444444444", "ou-ab12-workload/"),
            account("555555555555", "ou-ab12-workload/ou-ab12-workprod/"),
            management,
        ],
        unreadable: vec![(Some("888888888888".parse().unwrap()), "it has no state".to_owned())],
        units_above: BTreeMap::new(),
    }
}

fn named(accounts: &[&str]) -> Scope {
    let requested = |id: &&str| RequestedId { id: id.parse().unwrap(), place: None };
    Scope::Named { units: Vec::new(), accounts: accounts.iter().map(requested).collect() }
}

/// The accounts, then the skipped ones.
fn select(scope: &Scope, units: &[&str], listing: Listing, excluded: &[&str]) -> String {
    let units = units.iter().map(|unit| unit.parse().unwrap()).collect();
    let excluded = excluded.iter().map(|text| text.parse().unwrap()).collect();
    match find(scope, &units, listing, &excluded) {
        Ok(selected) => {
            let accounts = selected.accounts.iter().map(|account| account.id.to_string());
            let skipped = selected.skipped.iter().map(|skipped| {
                format!("{} skipped: {}", skipped.id.as_ref().map_or("unknown", AccountId::as_str), skipped.reason)
            });
            accounts.chain(skipped).collect::<Vec<_>>().join("\n")
        }
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn whole_organization_is_every_account_and_the_reasons_why_others_are_skipped() {
    insta::assert_snapshot!(select(&Scope::All, &[], listing(), &["ou-ab12-sandboxx"]), @"
    444444444444
    555555555555
    111122223333 skipped: it is the management account, which is never changed
    666666666666 skipped: the configuration excludes it
    777777777777 skipped: AWS suspended it (SUSPENDED)
    888888888888 skipped: its description cannot be read: it has no state
    ");
}

#[test]
fn unit_contains_the_accounts_of_the_units_below_it() {
    let scope = named(&[]);
    insta::assert_snapshot!(select(&scope, &["ou-ab12-workload"], listing(), &[]), @"
    444444444444
    555555555555
    777777777777 skipped: AWS suspended it (SUSPENDED)
    888888888888 skipped: its description cannot be read: it has no state
    ");
    insta::assert_snapshot!(select(&scope, &["ou-ab12-workprod", "ou-ab12-sandboxx"], listing(), &[]), @"
    555555555555
    666666666666
    888888888888 skipped: its description cannot be read: it has no state
    ");
}

#[test]
fn root_contains_every_account() {
    let mut accounts = listing();
    accounts.accounts.iter_mut().for_each(|account| account.ou_path = None);
    let all = select(&Scope::All, &[], listing(), &[]);
    assert_eq!(select(&named(&[]), &["r-ab12"], listing(), &[]), all);
    assert_eq!(select(&named(&[]), &["r-ab12"], accounts, &[]), all);
}

#[test]
fn unit_of_an_account_without_a_path_is_known_from_its_parents() {
    let mut listing = Listing { unreadable: Vec::new(), ..listing() };
    for account in &mut listing.accounts {
        account.ou_path = None;
    }
    let above = ["ou-ab12-workload", "ou-ab12-workprod"].map(|unit| unit.parse().unwrap());
    listing.units_above = BTreeMap::from([("555555555555".parse().unwrap(), BTreeSet::from(above))]);
    insta::assert_snapshot!(select(&named(&[]), &["ou-ab12-workload"], listing, &[]), @"555555555555");
}

#[test]
fn accounts_and_units_are_added_up() {
    let scope = named(&["666666666666", "666666666666", "888888888888"]);
    insta::assert_snapshot!(select(&scope, &["ou-ab12-workprod"], listing(), &[]), @"
    555555555555
    666666666666
    888888888888 skipped: its description cannot be read: it has no state
    ");
    insta::assert_snapshot!(select(&named(&["666666666666"]), &[], listing(), &[]), @"666666666666");
}

#[test]
fn every_account_that_is_not_in_the_organization_is_named() {
    let mut scope = named(&["444444444444", "999999999999"]);
    if let Scope::Named { accounts, .. } = &mut scope {
        let place = Some("accounts.txt:7".to_owned());
        accounts.push(RequestedId { id: "123456789012".parse().unwrap(), place });
    }
    insta::assert_snapshot!(select(&scope, &[], listing(), &[]), @"
    account 999999999999 is not in the organization
    accounts.txt:7: account 123456789012 is not in the organization
    `onboard accounts list` shows the IDs of its accounts
    ");
    let ids: Vec<_> = (0..25).map(|number| format!("9999999999{number:02}")).collect();
    let many = select(&named(&ids.iter().map(String::as_str).collect::<Vec<_>>()), &[], listing(), &[]);
    assert_eq!((many.lines().count(), many.lines().nth(20)), (22, Some("and 5 more")));
}

#[test]
fn accounts_are_narrowed_with_those_that_are_skipped() {
    let mut selected = find(&Scope::All, &BTreeSet::new(), listing(), &BTreeSet::new()).unwrap();
    assert_eq!(selected.total(), 6);
    selected.retain(|id| matches!(id.as_str(), "444444444444" | "777777777777"));
    assert_eq!(selected.accounts.len(), 1);
    assert_eq!(selected.skipped.iter().map(|skipped| &skipped.reason).collect::<Vec<_>>(), [&SkipReason::Suspended]);
}
