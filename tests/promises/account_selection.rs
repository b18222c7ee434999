//! The accounts of a command are those that its options select. What the organization does not have is an error before anything
//! is read in an account, and accounts that are not processed are named with the reason.

use std::collections::BTreeSet;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::selection::{RequestedId, Scope, Selected, Selection};
use onboarding_engine::{SelectError, select_accounts};
use onboarding_simulation::{FakeOrganization, Faulty, Injection, Script};

use crate::common::{id, run};

/// Workloads (with Production below it) and Sandbox, with an account in each, and one in the root.
fn organization() -> FakeOrganization {
    let mut organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"))
        .with_unit("ou-exam-workload", "Workloads", "r-exam")
        .with_unit("ou-exam-workprod", "Production", "ou-exam-workload")
        .with_unit("ou-exam-sandboxx", "Sandbox", "r-exam")
        .with_unreadable_account(&id("888888888888"));
    for (account, units) in [
        ("333333333333", "ou-exam-workload"),
        ("444444444444", "ou-exam-workload/ou-exam-workprod"),
        ("555555555555", "ou-exam-sandboxx"),
        ("666666666666", ""),
        ("888888888888", "ou-exam-sandboxx"),
    ] {
        organization = organization.with_member(&id(account), "name", AccountState::Active, None);
        if let Some(unit) = units.rsplit('/').next().filter(|unit| !unit.is_empty()) {
            organization.set_unit(&id(account), unit);
        }
        organization.set_ou_path(&id(account), &format!("o-exampleorgid/r-exam/{units}/{account}/"));
    }
    organization.set_page_size(2);
    organization
}

fn named(units: &[&str], accounts: &[&str]) -> Selection {
    let requested = |account: &&str| RequestedId { id: id(account), place: None };
    let units = units.iter().map(|unit| unit.parse().unwrap()).collect();
    Selection { scope: Scope::Named { units, accounts: accounts.iter().map(requested).collect() }, tags: Vec::new() }
}

fn tagged(selection: Selection, tags: &[&str]) -> Selection {
    Selection { tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(), ..selection }
}

fn select(organization: &FakeOrganization, selection: &Selection) -> Result<Selected, SelectError> {
    run(select_accounts(organization, selection, &BTreeSet::new()))
}

/// The accounts, then the skipped ones with their reasons.
fn selected(organization: &FakeOrganization, selection: &Selection) -> String {
    match select(organization, selection) {
        Ok(selected) => {
            let accounts = selected.accounts.iter().map(|account| account.id.to_string());
            let skipped = selected.skipped.iter().map(|skipped| {
                format!("{} skipped: {}", skipped.id.as_ref().map_or("unknown", AccountId::as_str), skipped.reason)
            });
            accounts.chain(skipped).collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.to_string(),
    }
}

fn calls(organization: &FakeOrganization, call: &str) -> usize {
    organization.journal().iter().filter(|entry| entry.call == call).count()
}

#[test]
fn whole_organization_is_listed_once_and_nothing_else_is_read() {
    let organization = organization();
    insta::assert_snapshot!(selected(&organization, &Selection::all()), @"
    222233334444
    333333333333
    444444444444
    555555555555
    666666666666
    111122223333 skipped: it is the management account, which is never changed
    888888888888 skipped: its description cannot be read: organizations:ListAccounts failed: MalformedAnswer: the response has no state
    ");
    let journal = organization.journal();
    assert_eq!(journal.len(), 4, "{journal:?}");
    assert!(journal.iter().all(|entry| entry.call == "organizations:ListAccounts"), "{journal:?}");
}

#[test]
fn unit_is_found_by_its_path_of_names_and_by_its_id() {
    let organization = organization();
    let workloads = selected(&organization, &named(&["Workloads"], &[]));
    assert_eq!(workloads, selected(&organization, &named(&["ou-exam-workload"], &[])));
    assert_eq!(workloads, selected(&organization, &named(&["Root/Workloads"], &[])));
    insta::assert_snapshot!(workloads, @"
    333333333333
    444444444444
    888888888888 skipped: its description cannot be read: organizations:ListAccounts failed: MalformedAnswer: the response has no state
    ");
    insta::assert_snapshot!(selected(&organization, &named(&["Workloads/Production"], &["555555555555"])), @"
    444444444444
    555555555555
    888888888888 skipped: its description cannot be read: organizations:ListAccounts failed: MalformedAnswer: the response has no state
    ");
}

#[test]
fn unit_of_accounts_without_a_path_is_read() {
    let organization = organization().with_member(&id("777777777777"), "name", AccountState::Active, None);
    organization.set_unit(&id("777777777777"), "ou-exam-workprod");
    let found = select(&organization, &named(&["Workloads"], &[])).unwrap();
    let ids: Vec<_> = found.accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["333333333333", "444444444444", "777777777777"]);
    // Of the accounts with a path, the unit is known.
    assert_eq!(calls(&organization, "organizations:ListParents"), 3);
}

#[test]
fn unit_whose_name_contains_a_slash_is_selected_by_its_id() {
    let organization = organization().with_unit("ou-exam-research", "R&D/Labs", "ou-exam-workload");
    organization
        .set_ou_path(&id("333333333333"), "o-exampleorgid/r-exam/ou-exam-workload/ou-exam-research/333333333333/");
    let by_name = selected(&organization, &named(&["Workloads/R&D/Labs"], &[]));
    insta::assert_snapshot!(by_name, @"the name of unit `R&D/Labs` contains a slash, which separates names in a path; write its ID `ou-exam-research`");
    // A unit with the name before the slash does not hide it.
    let organization = organization.with_unit("ou-exam-resear01", "R&D", "ou-exam-workload");
    assert_eq!(selected(&organization, &named(&["Workloads/R&D/Labs"], &[])), by_name);
    let found = select(&organization, &named(&["ou-exam-research"], &[])).unwrap();
    assert_eq!(found.accounts.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["333333333333"]);
    // A path of names that exists is what was meant.
    let organization = organization.with_unit("ou-exam-resear02", "Labs", "ou-exam-resear01");
    let nested = selected(&organization, &named(&["Workloads/R&D/Labs"], &[]));
    assert!(nested.contains("888888888888 skipped") && !nested.contains("slash"), "{nested}");
}

#[test]
fn units_and_accounts_that_do_not_exist_are_all_named_before_anything_is_read_in_accounts() {
    let organization = organization();
    let selection = named(&["Workloads/Prodution", "ou-exam-missing0", "Sandbox"], &["333333333333", "999999999999"]);
    insta::assert_snapshot!(selected(&organization, &selection), @"
    `Workloads` contains no unit `Prodution`; did you mean `Production`?
    the organization has no unit `ou-exam-missing0`
    account 999999999999 is not in the organization
    `onboard accounts list` shows the IDs of its accounts
    ");
    let journal = organization.journal();
    assert!(journal.iter().all(|entry| entry.call.starts_with("organizations:")), "{journal:?}");
}

#[test]
fn tags_narrow_what_is_selected_and_are_read_for_nothing_else() {
    let organization = organization();
    for (account, value) in [("333333333333", "prod"), ("555555555555", "prod"), ("444444444444", "dev")] {
        organization.tag_account(&id(account), "a", "1");
        organization.tag_account(&id(account), "b", "2");
        organization.tag_account(&id(account), "environment", value);
    }
    let production = tagged(named(&["Workloads"], &["666666666666"]), &["environment=prod"]);
    insta::assert_snapshot!(selected(&organization, &production), @"333333333333");
    // Three accounts, of which two have three tags, on two pages; and the unreadable one, which may be in the unit.
    assert_eq!(calls(&organization, "organizations:ListTagsForResource"), 6);
    insta::assert_snapshot!(selected(&organization, &tagged(Selection::all(), &["environment=prod", "environment=dev", "b=2"])), @"
    333333333333
    444444444444
    555555555555
    ");
    insta::assert_snapshot!(selected(&organization, &tagged(Selection::all(), &["environment=Prod"])), @"no account is selected: no account of the organization has tag `environment=Prod`; keys and values are case-sensitive");
}

#[test]
fn selection_without_an_account_is_an_error() {
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444")).with_unit(
        "ou-exam-emptyyyy",
        "Empty",
        "r-exam",
    );
    insta::assert_snapshot!(selected(&organization, &named(&["Empty"], &[])), @"no account is selected: unit `Empty` contains no account");
}

#[test]
fn error_of_any_call_selects_nothing() {
    let selection = tagged(named(&["Workloads"], &[]), &["a=b"]);
    let organization = organization().with_member(&id("777777777777"), "name", AccountState::Active, None);
    for call in [
        "organizations:ListAccounts",
        "organizations:ListRoots",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListParents",
        "organizations:ListTagsForResource",
    ] {
        let script = Script::during(0, usize::MAX, Injection::InternalError).only(call);
        let world = Faulty::new(organization.clone(), &script);
        let error = run(select_accounts(&world, &selection, &BTreeSet::new())).unwrap_err();
        assert!(matches!(error, SelectError::Api(_)) && error.to_string().contains(call), "{error}");
    }
}
