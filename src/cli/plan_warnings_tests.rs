use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::mode::Mode;
use onboarding_core::selection::Scope;
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::{AccountToProcess, Interrupt, OrganizationRun, select_accounts};
use onboarding_simulation::FakeOrganization;

use super::*;

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// An organization with an account in `Workloads`, and with an empty unit.
fn organization() -> FakeOrganization {
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("482913650127"))
        .with_unit("ou-exam-workload", "Workloads", "r-exam")
        .with_unit("ou-exam-emptyone", "Empty", "r-exam")
        .with_member(&id("444455556666"), "payments", AccountState::Active, from_unix_seconds(1_500_000_000));
    organization.set_ou_path(&id("444455556666"), "o-exampleorgid/r-exam/ou-exam-workload/444455556666/");
    // It is not known whether targets select an account without a path.
    organization.set_ou_path(&id("482913650127"), "o-exampleorgid/r-exam/482913650127/");
    organization
}

/// The warnings of a plan with grants for these targets.
fn warnings(targets: &[&str], selection: &Selection) -> Vec<String> {
    let grants = targets.iter().zip(1..).map(|(targets, number)| {
        format!("[[access-role.grant]]\nprincipal = 'arn:aws:iam::482913650127:role/r{number}'\n{targets}\n")
    });
    let config = Config::parse_without_files(&grants.collect::<String>()).unwrap();
    let engine = Engine::new(organization(), config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async {
        let selected = select_accounts(&engine.world, selection, &engine.config.excluded).await.unwrap();
        let mut accounts = TargetAccounts::new(&engine.config, selection);
        accounts.listed(&selected.accounts);
        warn_of_plan(&engine, Some(&accounts), &Overview::new(Mode::Plan, Vec::new())).await
    });
    found.into_iter().map(|warning| warning.to_json()["text"].as_str().unwrap().to_owned()).collect()
}

const WRONG: [&str; 4] = [
    "targets.organizational-units = ['Workload', 'Workloads']",
    "targets.exclude.organizational-units = ['ou-exam-missing1']",
    "targets.organizational-units = ['ou-exam-emptyone']",
    "targets.accounts = ['999988887777']",
];

#[test]
fn units_that_do_not_exist_and_targets_that_select_nothing_are_warned_of() {
    insta::assert_snapshot!(warnings(&WRONG, &Selection::all()).join("\n"), @"
    targets: access-role.grant 1: `Root` contains no unit `Workload`; did you mean `Workloads`?; correct `targets`, or create the unit
    targets: access-role.grant 2: the organization has no unit `ou-exam-missing1`; correct `targets`, or create the unit
    targets: access-role.grant 3 selects none of 2 accounts: accounts in ou-exam-emptyone; correct `targets`, or ignore this if accounts are added later
    targets: access-role.grant 4 selects none of 2 accounts: 999988887777; correct `targets`, or ignore this if accounts are added later
    ");
    let fine = ["", "targets.organizational-units = ['Workloads']", "targets.tags = { env = 'prod' }"];
    assert!(warnings(&fine, &Selection::all()).is_empty());
}

/// The plan has read the tags of the accounts.
#[test]
fn tags_that_no_account_has_are_warned_of() {
    let organization = organization();
    organization.tag_account(&id("444455556666"), "env", "prod");
    let grant = |number: usize, targets: &str| {
        format!(
            "[[access-role.grant]]\nprincipal = 'arn:aws:iam::482913650127:role/r{number}'\ntargets.tags = {targets}\n"
        )
    };
    let config = grant(1, "{ env = 'prod' }") + &grant(2, "{ env = 'prdo' }");
    let engine = Engine::new(organization, Config::parse_without_files(&config).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let warnings = |accounts: &[Account]| {
        let mut compared = TargetAccounts::new(&engine.config, &Selection::all());
        compared.listed(accounts);
        let warned = runtime.block_on(warn_of_plan(&engine, Some(&compared), &Overview::new(Mode::Plan, Vec::new())));
        warned.into_iter().map(|warning| warning.text).collect::<Vec<_>>()
    };
    let selected = runtime.block_on(select_accounts(&engine.world, &Selection::all(), &engine.config.excluded));
    let accounts = selected.unwrap().accounts;
    assert!(warnings(&accounts).is_empty(), "no tags were read");
    let run = OrganizationRun {
        concurrency: 2,
        wait: std::time::Duration::from_secs(60),
        name: "plan".to_owned(),
        interrupt: Interrupt::default(),
    };
    let process = accounts.iter().cloned().map(AccountToProcess::from);
    runtime.block_on(engine.plan_accounts(process.collect(), &run, |_, _| ()));
    let calls =
        || engine.world.journal().iter().filter(|call| call.call == "organizations:ListTagsForResource").count();
    let before = calls();
    insta::assert_snapshot!(warnings(&accounts).join("\n"), @"targets: access-role.grant 2 selects none of 2 accounts: accounts with the tag `env` = `prdo`; correct `targets`, or ignore this if accounts are added later");
    assert_eq!(calls(), before, "they are not read again");
}

#[test]
fn targets_are_not_compared_with_a_part_of_the_organization() {
    let part = Selection {
        scope: Scope::Named { units: vec!["Workloads".parse().unwrap()], accounts: Vec::new() },
        tags: Vec::new(),
    };
    assert!(warnings(&WRONG, &part).is_empty());
}

#[test]
fn dropped_role_has_the_block_in_json() {
    let block = vec!["[[removed]]".to_owned(), "role = \"x\"".to_owned()];
    let warning = PlanWarning::from(Dropped { warning: "role `x` is …; to remove it, add".to_owned(), block });
    let expected = json!({ "text": "role `x` is …; to remove it, add", "configuration": "[[removed]]\nrole = \"x\"" });
    assert_eq!(warning.to_json(), expected);
}
