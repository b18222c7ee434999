use onboarding_core::account::AccountState;
use onboarding_core::lines::plain;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::FakeOrganization;

use super::*;

#[test]
fn accounts_are_listed_with_their_units_and_their_records() {
    let id = |text: &str| text.parse().unwrap();
    let mut organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"))
        .with_unit("ou-exam-aaaa0000", "Workloads", "r-exam")
        .with_unit("ou-exam-aaaa1111", "Dev\u{1b}[2J", "ou-exam-aaaa0000")
        .with_unit("ou-exam-bbbb0000", "Sandbox", "r-exam")
        .with_unreadable_account(&id("222233334444"));
    for (account, name) in [("333344445555", "z-last"), ("444455556666", "a\u{1b}[2J\n&color=x")] {
        organization =
            organization.with_member(&id(account), name, AccountState::Active, from_unix_seconds(1_500_000_000));
    }
    organization.set_state(&id("333344445555"), AccountState::Suspended);
    organization.set_unit(&id("444455556666"), "ou-exam-aaaa1111");
    organization.set_page_size(1);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (accounts, unreadable) = runtime.block_on(read(&organization)).unwrap();
    assert_eq!(unreadable, 1);
    insta::assert_snapshot!(plain(&account_lines(&accounts)), @"
    3 accounts: 2 ACTIVE, 1 SUSPENDED; 3 without a record
      a?[2J &color=x  444455556666  ACTIVE     2017-07-14  Workloads/Dev?[2J  no record
      management      111122223333  ACTIVE     unknown     Root               no record
      z-last          333344445555  SUSPENDED  2017-07-14  Root               no record
    ");
    let (accounts, _) = runtime.block_on(read(&organization.without_records())).unwrap();
    insta::assert_snapshot!(plain(&account_lines(&accounts)), @"
    3 accounts: 2 ACTIVE, 1 SUSPENDED
      a?[2J &color=x  444455556666  ACTIVE     2017-07-14  Workloads/Dev?[2J
      management      111122223333  ACTIVE     unknown     Root
      z-last          333344445555  SUSPENDED  2017-07-14  Root
    ");
}
