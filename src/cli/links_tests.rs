use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::lines::plain;
use onboarding_core::time::from_unix_seconds;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{FakeOrganization, RoleState};

use super::*;

const CONFIG: &str = r#"
    [[access-role.grant]]
    principal = "222233334444"
    [accounts]
    exclude = ["999988887777"]
    [console]
    access-portal = "https://example.awsapps.com/start"
"#;

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn organization() -> FakeOrganization {
    let mut organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
    for (account, name) in [
        ("444455556666", "payments-dev"),
        ("555566667777", "a\u{1b}[2J\n&color=x"),
        ("666677778888", "old"),
        ("999988887777", "excluded"),
    ] {
        organization =
            organization.with_member(&id(account), name, AccountState::Active, from_unix_seconds(1_500_000_000));
    }
    organization.set_state(&id("666677778888"), AccountState::Suspended);
    organization.set_page_size(2);
    organization
}

fn job(organization: &FakeOrganization) -> Job {
    let deadline = organization.now() + Duration::from_secs(60);
    Job {
        account: id("444455556666"),
        trigger: TriggerKind::CommandLine,
        session_suffix: "test".to_owned(),
        lease_owner: "test".to_owned(),
        deadline,
        abandon_at: deadline + Duration::from_secs(60),
        confirmed_plan: None,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn all_accounts_have_links_and_the_skipped_ones_a_reason() {
    let config = Config::parse_without_files(CONFIG).unwrap();
    let organization = organization();
    let listed = block_on(accounts::list(&organization, &config)).unwrap();
    let roles = block_on(accounts::access_roles(&organization, &config, &listed.accounts, None)).unwrap();
    let found = listed.accounts.iter().zip(&roles);
    let found: Vec<_> = found.map(|(account, role)| (account, account_links(&config, account, role))).collect();
    insta::assert_snapshot!(plain(&to_lines(&found, &listed)), @"
    a?[2J &color=x (555566667777)
      OrganizationAccountAccessRole, from account 222233334444
      https://signin.aws.amazon.com/switchrole?account=555566667777&roleName=OrganizationAccountAccessRole&displayName=a%3F%5B2J%20%26color%3Dx&color=efda95
      any permission set, through the access portal
      https://example.awsapps.com/start/#/console?account_id=555566667777

    identity (222233334444)
      any permission set, through the access portal
      https://example.awsapps.com/start/#/console?account_id=222233334444

    payments-dev (444455556666)
      OrganizationAccountAccessRole, from account 222233334444
      https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=payments-dev&color=fbc8aa
      any permission set, through the access portal
      https://example.awsapps.com/start/#/console?account_id=444455556666

    Skipped: 111122223333 (management): it is the management account, which is never
    changed
    Skipped: 666677778888 (old): AWS suspended it (SUSPENDED)
    Skipped: 999988887777 (excluded): the configuration excludes it
    ");
    let json = to_json(&found, &listed);
    assert_eq!((json["accounts"].as_array().unwrap().len(), json["skipped"].as_array().unwrap().len()), (3, 3));
    assert_eq!(json["accounts"][2]["account_name"], "payments-dev");
    assert_eq!(
        (&json["skipped"][1]["reason"], &json["skipped"][1]["account_id"]),
        (&"suspended".into(), &"666677778888".into())
    );
    assert_eq!(problem(&found), None);
}

#[test]
fn single_account_must_be_an_active_member() {
    let config = Config::parse_without_files(CONFIG).unwrap();
    let organization = organization();
    assert_eq!(
        block_on(accounts::one(&Engine::new(organization.clone(), config.clone()), &id("444455556666")))
            .unwrap()
            .accounts
            .len(),
        1
    );
    let error = |account| {
        block_on(accounts::one(&Engine::new(organization.clone(), config.clone()), &id(account)))
            .err()
            .unwrap()
            .to_string()
    };
    let errors = ["666677778888", "999988887777", "111122223333", "123456789012"].map(error);
    insta::assert_snapshot!(errors.join("\n"), @"
    account 666677778888 was suspended by AWS (SUSPENDED); ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude it in the configuration
    account 999988887777 is excluded by the configuration; nothing to do
    account 111122223333 is the management account, which is never changed; nothing to do
    the organization has no member account 123456789012; check the account ID; accounts of other organizations are never processed
    ");
}

#[test]
fn missing_links_are_explained() {
    let config = Config::parse_without_files("[vendors.trelica]\nexternal-id = \"x-7f3a91\"\n").unwrap();
    let organization = organization();
    let listed = block_on(accounts::list(&organization, &config)).unwrap();
    let mut account = listed.accounts[0].clone();
    insta::assert_snapshot!(problem(&[(&account, Vec::new())]).unwrap(), @"the configuration grants no account, role or user access without an external ID, which the console cannot pass; add `[[access-role.grant]]`");
    account.partition = "aws-iso".parse().unwrap();
    insta::assert_snapshot!(problem(&[(&account, Vec::new())]).unwrap(), @"the sign-in page of the partition `aws-iso` is not known; use the access portal");
}

#[test]
fn recorded_access_role_is_preferred() {
    let config = Config::parse_without_files(CONFIG).unwrap();
    let organization = organization();
    let listed =
        block_on(accounts::one(&Engine::new(organization.clone(), config.clone()), &id("444455556666"))).unwrap();
    let role =
        || block_on(accounts::access_roles(&organization, &config, &listed.accounts, None)).unwrap()[0].to_string();
    assert_eq!(role(), "OrganizationAccountAccessRole");
    let option = "AWSControlTowerExecution".parse().unwrap();
    let chosen = block_on(accounts::access_roles(&organization, &config, &listed.accounts, Some(&option))).unwrap();
    assert!(chosen.iter().all(|role| *role == option));
    // A run in an account whose first access role does not exist records the second one.
    organization.delete_role(&id("444455556666"), &"OrganizationAccountAccessRole".parse().unwrap());
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;
    organization.put_role(&id("444455556666"), &option, RoleState::trusting(trust));
    let report = block_on(Engine::new(organization.clone(), config.clone()).apply(&job(&organization)));
    assert_eq!(report.access_role.as_ref(), Some(&option), "{report:?}");
    assert_eq!(role(), option.as_str());
}

#[test]
fn report_has_the_links_of_the_command_once_the_role_can_be_assumed() {
    let config = Config::parse_without_files(CONFIG).unwrap();
    let organization = organization();
    let listed =
        block_on(accounts::one(&Engine::new(organization.clone(), config.clone()), &id("444455556666"))).unwrap();
    let links = account_links(&config, &listed.accounts[0], &"OrganizationAccountAccessRole".parse().unwrap());
    assert_eq!(links.len(), 2);
    let engine = Engine::new(organization.clone(), config.clone());
    let plan = block_on(engine.plan(&job(&organization)));
    let applied = block_on(engine.apply(&job(&organization)));
    assert_eq!((plan.links, applied.links), (links.clone(), links));
    organization.delete_role(&id("444455556666"), &"OrganizationAccountAccessRole".parse().unwrap());
    let blocked = block_on(engine.apply(&job(&organization)));
    assert_eq!((blocked.outcome.as_str(), blocked.links), ("blocked", Vec::new()));
}

#[test]
fn sample_of_the_document_matches_the_code() {
    let document = include_str!("../../docs/ACCESS.md");
    let (_, sample) = document.split_once("```text links\n").unwrap();
    let (_, console) = document.split_once("```toml\n").unwrap();
    let console = console.split("```").next().unwrap();
    let config = format!("[[access-role.grant]]\nprincipal = \"222233334444\"\n{console}");
    let config = Config::parse_without_files(&config).unwrap_or_else(|problems| panic!("{problems}"));
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
    let joined_at = from_unix_seconds(1_500_000_000);
    let organization = organization
        .with_member(&id("444455556666"), "payments-dev", AccountState::Active, joined_at)
        .with_member(&id("777788889999"), "old", AccountState::Suspended, joined_at);
    let mut listed = block_on(accounts::list(&organization, &config)).unwrap();
    listed.accounts.retain(|account| account.id.as_str() == "444455556666");
    let roles = block_on(accounts::access_roles(&organization, &config, &listed.accounts, None)).unwrap();
    let links = account_links(&config, &listed.accounts[0], &roles[0]);
    let printed = plain(&to_lines(&[(&listed.accounts[0], links)], &listed));
    assert_eq!(printed, sample.split("```").next().unwrap());
}
