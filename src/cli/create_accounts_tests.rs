use onboarding_core::account::AccountState;
use onboarding_core::config::Config;
use onboarding_core::lines::plain;
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::Governed;
use onboarding_simulation::{AccountCreation, FakeOrganization};

use super::*;

const CONFIG: &str = "[[access-role.grant]]\nprincipal = \"222233334444\"\n[accounts]\nexclude = [\"999988887777\"]\n";
const DEV: &str = "ou-exam-aaaa1111";

fn organization() -> FakeOrganization {
    let id = |text: &str| text.parse().unwrap();
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"))
        .with_unit("ou-exam-aaaa0000", "Workloads", "r-exam")
        .with_unit(DEV, "Dev", "ou-exam-aaaa0000");
    let joined = from_unix_seconds(1_500_000_000);
    let organization = organization
        .with_member(&id("333344445555"), "old", AccountState::Active, joined)
        .with_member(&id("999988887777"), "excluded", AccountState::Active, joined)
        .with_member(&id("666677778888"), "closed", AccountState::Suspended, joined);
    for (account, email) in [
        ("111122223333", "root@example.com"),
        ("333344445555", "Old@Example.com"),
        ("999988887777", "excluded@example.com"),
        ("666677778888", "closed@example.com"),
    ] {
        organization.set_email(&id(account), email);
    }
    organization
}

fn engine(organization: &FakeOrganization) -> Engine<Governed<FakeOrganization>> {
    Engine::new(Governed::new(organization.clone()), Config::parse_without_files(CONFIG).unwrap())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn survey(organization: &FakeOrganization, csv: &str) -> Result<Vec<AccountPlan>, String> {
    block_on(engine(organization).survey(parse_csv(csv).unwrap())).map_err(|error| match error {
        SurveyError::Rows(errors) => invalid(&errors, Some("accounts.csv")).to_string(),
        SurveyError::Api(error) => error.to_string(),
    })
}

fn create(organization: &FakeOrganization, csv: &str) -> Vec<AccountResult> {
    let run = CreationRun { wait: Duration::from_secs(900), name: "run".to_owned(), interrupt: Interrupt::default() };
    let plans = survey(organization, csv).unwrap();
    block_on(engine(organization).create_accounts(plans, &run))
}

#[test]
fn every_row_that_does_not_fit_the_organization_is_reported_before_anything_is_asked() {
    let organization = organization();
    let csv = "name,email,ou,role-name\n\
        a,a@example.com,Workloads/Dve,\n\
        b,b@example.com,ou-exam-ffff0000,\n\
        c,c@example.com,,Admin\n\
        d,ROOT@example.com,,\n\
        e,excluded@example.com,,\n\
        f,closed@example.com,,\n\
        ok,ok@example.com,Root/Workloads/Dev,\n";
    insta::assert_snapshot!(survey(&organization, csv).unwrap_err(), @"
    accounts.csv:2: ou: `Workloads` contains no unit `Dve`; did you mean `Dev`?
    accounts.csv:3: ou: the organization has no unit `ou-exam-ffff0000`
    accounts.csv:4: role-name: `Admin` is not an access role of the configuration, so that the account could not be onboarded; use `OrganizationAccountAccessRole` or `AWSControlTowerExecution`, or add it to `names` of `[access-role]`
    accounts.csv:5: email: `root@example.com` is the email of account 111122223333, which is the management account; use another email
    accounts.csv:6: email: `excluded@example.com` is the email of account 999988887777, which the configuration excludes; use another email
    accounts.csv:7: email: `closed@example.com` is the email of account 666677778888, which is SUSPENDED; use another email
    nothing was changed
    ");
    assert_eq!(organization.writes(), []);
}

#[test]
fn account_with_the_email_is_shown_with_its_name_and_its_move() {
    let csv = "name,email,ou\nnew,new@example.com,Workloads/Dev\nrenamed,old@EXAMPLE.com,Workloads/Dev\n";
    let plans = survey(&organization(), csv).unwrap();
    let config = Config::parse_without_files(CONFIG).unwrap();
    insta::assert_snapshot!(plain(&plan_lines(&plans, &config)), @"
    Plan: 1 account to create, 1 exists already

      + account new
          email         new@example.com
          unit          Workloads/Dev (ou-exam-aaaa1111)
          access role   OrganizationAccountAccessRole
          billing       IAM users and roles see it if their policies allow it

      · account old (333344445555) exists, with the email old@EXAMPLE.com
          name          stays `old`, not `renamed`
          unit          moved to Workloads/Dev (ou-exam-aaaa1111) from Root (r-exam)

    Each account is then onboarded, as by `onboard apply`
      ~ the access role trusts 222233334444

    An account cannot be deleted, only closed; its email then stays taken, and it
    counts toward the quota for 90 days.
    ");
}

#[test]
fn single_account_gets_its_whole_report() {
    let organization = organization();
    organization
        .set_account_creation(AccountCreation { in_progress: Duration::from_secs(60), ..AccountCreation::default() });
    let results = create(&organization, "name,email,ou\npayments-dev,payments-dev@example.com,Workloads/Dev\n");
    insta::assert_snapshot!(plain(&lines(&results)), @"
    1 account: 1 created, 1 converged

    Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

      done       update the trust policy of role `OrganizationAccountAccessRole`

    Who can assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444

    In the console
      switch role    https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=payments-dev&color=fbc8aa

    Converged: 1 change made. The check holds.
    ");
    assert_eq!(exit(&results), Exit::Done);
    let account = organization.account_with_email("payments-dev@example.com").unwrap();
    assert_eq!(organization.unit_of(&account).as_deref(), Some(DEV));
}

#[test]
fn most_severe_exit_code_wins_and_each_account_is_listed() {
    let organization = organization().with_taken_email("taken@example.com");
    let csv = "name,email,ou\none,one@example.com,Workloads\ntwo,taken@example.com,\nold,old@example.com,\n";
    let results = create(&organization, csv);
    insta::assert_snapshot!(plain(&lines(&results)), @"
    3 accounts: 1 created, 2 converged, 1 blocked
      ✓ one (444455556666): created, moved to Workloads, converged, 1 change made
          https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=one&color=fbc8aa
      ✗ two <taken@example.com>: blocked (creation_failed)
          AWS did not create the account: EMAIL_ALREADY_EXISTS
          Fix:  use another email address, which may be an alias such as
                `aws+payments-dev@example.com`: an AWS account outside of the
                organization has this one, or a closed account had it
      ✓ old (333344445555): converged, 1 change made
          https://signin.aws.amazon.com/switchrole?account=333344445555&roleName=OrganizationAccountAccessRole&displayName=old&color=f2b0a9
    ");
    assert_eq!(exit(&results), Exit::Blocked);
    assert_eq!(exit(results.get(..1).unwrap()), Exit::Done);
}

#[test]
fn work_that_is_not_interrupted_ends_with_its_result() {
    assert_eq!(block_on(until_interrupted(async { 7 }, &Interrupt::default())), Some(7));
}
