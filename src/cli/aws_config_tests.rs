use std::path::PathBuf;

use clap::Parser;
use onboarding_core::account::AccountState;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::FakeOrganization;

use super::super::args::{Args, Command};
use super::*;

const IDENTITY: &str =
    "[[access-role.grant]]\nprincipal = \"222233334444\"\n[accounts]\nexclude = [\"999988887777\"]\n";
const USER: &str = "[default]\nregion = eu-central-1\n\n[profile ann]\nregion = us-east-1\n";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn organization(accounts: &[(&str, &str)]) -> FakeOrganization {
    let empty = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
    accounts.iter().fold(empty, |organization, (account, name)| {
        organization.with_member(&id(account), name, AccountState::Active, from_unix_seconds(1_500_000_000))
    })
}

/// A home folder with a configuration and a file of profiles.
struct Home(tempfile::TempDir);

impl Home {
    fn with(profiles: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::write(home.0.path().join("onboarding.toml"), IDENTITY).unwrap();
        std::fs::write(home.path(), profiles).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("config")
    }

    fn profiles(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    /// The arguments with the files of this home.
    fn arguments(&self, options: &[&str]) -> AwsConfig {
        let [file, config] =
            [self.path(), self.0.path().join("onboarding.toml")].map(|path| path.display().to_string());
        let common = ["onboard", "aws-config", "--yes", "--file", &file, "--config", &config];
        let arguments = Args::try_parse_from(common.iter().chain(options)).unwrap_or_else(|error| panic!("{error}"));
        let Command::AwsConfig(arguments) = arguments.command else { panic!("aws-config") };
        *arguments
    }

    fn run(&self, organization: &FakeOrganization, options: &[&str]) -> anyhow::Result<Exit> {
        let run = aws_config(self.arguments(options), async |_: &Aws| Ok(organization.clone()));
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
    }

    fn error(&self, organization: &FakeOrganization, options: &[&str]) -> String {
        format!("{:#}", self.run(organization, options).unwrap_err()).replace(&shown(&self.path()), "FILE")
    }

    /// How many files there are; each write leaves a backup.
    fn files(&self) -> usize {
        std::fs::read_dir(self.0.path()).unwrap().count()
    }
}

const MFA: [&str; 4] = ["--user-profile", "ann", "--mfa", "arn:aws:iam::222233334444:mfa/ann"];

#[test]
fn profiles_are_written_once_and_stale_ones_are_removed() {
    let organization = organization(&[
        ("444455556666", "payments-dev"),
        ("555566667777", "ops"),
        ("666677778888", "ops"),
        ("777788889999", "gone"),
        ("999988887777", "excluded"),
    ]);
    organization.set_state(&id("777788889999"), AccountState::Suspended);
    let home = Home::with(USER);
    let options = [&MFA[..], &["--duration", "3600", "--profile-region", "eu-west-1"]].concat();
    assert_eq!(home.run(&organization, &options).unwrap(), Exit::Done);
    insta::assert_snapshot!(home.profiles(), @"
    [default]
    region = eu-central-1

    [profile ann]
    region = us-east-1

    # >>> onboard aws-config 111122223333: generated, changes in this block are overwritten >>>
    [profile ops-OrganizationAccountAccessRole-555566667777]
    role_arn = arn:aws:iam::555566667777:role/OrganizationAccountAccessRole
    source_profile = ann
    mfa_serial = arn:aws:iam::222233334444:mfa/ann
    role_session_name = ann
    duration_seconds = 3600
    region = eu-west-1

    [profile ops-OrganizationAccountAccessRole-666677778888]
    role_arn = arn:aws:iam::666677778888:role/OrganizationAccountAccessRole
    source_profile = ann
    mfa_serial = arn:aws:iam::222233334444:mfa/ann
    role_session_name = ann
    duration_seconds = 3600
    region = eu-west-1

    [profile payments-dev-OrganizationAccountAccessRole]
    role_arn = arn:aws:iam::444455556666:role/OrganizationAccountAccessRole
    source_profile = ann
    mfa_serial = arn:aws:iam::222233334444:mfa/ann
    role_session_name = ann
    duration_seconds = 3600
    region = eu-west-1
    # <<< onboard aws-config 111122223333 <<<
    ");
    assert_eq!((home.run(&organization, &options).unwrap(), home.files()), (Exit::Done, 3));

    organization.remove_account(&id("555566667777"));
    home.run(&organization, &options).unwrap();
    let profiles = home.profiles();
    // The name is no longer shared.
    assert!(profiles.contains("[profile ops-OrganizationAccountAccessRole]"), "{profiles}");
    assert!(!profiles.contains("555566667777") && profiles.starts_with(USER), "{profiles}");
}

#[test]
fn hostile_account_names_make_no_other_profile_or_key() {
    let names = [
        "x]\n[profile evil]\nrole_arn = arn:aws:iam::123456789012:role/evil",
        "default",
        "ann\r\ncredential_process = sh",
        "\u{202e}\u{0}\"';#",
        "支付",
    ];
    let ids: Vec<_> = (0..names.len()).map(|number| format!("44445555666{number}")).collect();
    let accounts: Vec<_> = ids.iter().map(String::as_str).zip(names).collect();
    let home = Home::with(USER);
    home.run(&organization(&accounts), &["--user-profile", "ann", "--name", "{account-name}"]).unwrap();
    let profiles = home.profiles();
    let headers: Vec<_> = profiles.lines().filter(|line| line.contains('[')).collect();
    insta::assert_snapshot!(headers.join("\n"), @"
    [default]
    [profile ann]
    [profile 444455556663]
    [profile 444455556664]
    [profile ann-credential_process-sh]
    [profile default-444455556661]
    [profile x-profile-evil-role_arn-arn-aws-iam-123456789012-role-evil]
    ");
    let keys: BTreeSet<_> = profiles.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert_eq!(keys, BTreeSet::from(["region", "role_arn", "source_profile", "role_session_name"]));
    assert!(profiles.is_ascii());
}

#[test]
fn profile_of_an_account_that_cannot_be_read_stays() {
    let organization = organization(&[("444455556666", "payments-dev"), ("555566667777", "ops")]);
    let home = Home::with(USER);
    home.run(&organization, &MFA).unwrap();
    let before = home.profiles();
    let organization = organization.with_unreadable_account(&id("555566667777"));
    home.run(&organization, &MFA).unwrap();
    assert_eq!(home.profiles(), before);
}

#[test]
fn profiles_of_the_user_are_never_replaced() {
    let home = Home::with("[profile ann]\r\n[profile payments-dev-OrganizationAccountAccessRole]\r\nregion = x");
    let organization = organization(&[("444455556666", "payments-dev")]);
    home.run(&organization, &MFA).unwrap();
    let profiles = home.profiles();
    assert!(
        profiles.contains("\r\n[profile payments-dev-OrganizationAccountAccessRole-444455556666]\r\n"),
        "{profiles}"
    );
    assert!(
        profiles.starts_with("[profile ann]\r\n[profile payments-dev-OrganizationAccountAccessRole]\r\nregion = x\r\n")
    );
    assert!(!profiles.ends_with('\n'));
}

#[test]
fn sso_profiles_share_one_session() {
    let organization = organization(&[("444455556666", "payments-dev")]);
    let home = Home::with(USER);
    let portal = ["--access-portal", "https://example.awsapps.com/start/", "--sso-region", "eu-central-1"];
    let sso = ["--sso-session", "corp", "--permission-set", "PowerUser"];
    home.run(&organization, &[&sso[..], &portal].concat()).unwrap();
    let profiles = home.profiles();
    insta::assert_snapshot!(profiles.strip_prefix(USER).unwrap(), @"

    # >>> onboard aws-config 111122223333: generated, changes in this block are overwritten >>>
    [sso-session corp]
    sso_start_url = https://example.awsapps.com/start
    sso_region = eu-central-1
    sso_registration_scopes = sso:account:access

    [profile identity-PowerUser]
    sso_session = corp
    sso_account_id = 222233334444
    sso_role_name = PowerUser

    [profile payments-dev-PowerUser]
    sso_session = corp
    sso_account_id = 444455556666
    sso_role_name = PowerUser
    # <<< onboard aws-config 111122223333 <<<
    ");
    // The session that was written before needs no options again.
    home.run(&organization, &sso).unwrap();
    assert_eq!(home.profiles(), profiles);

    let home = Home::with("[sso-session corp]\nsso_region = eu-central-1\n");
    home.run(&organization, &sso).unwrap();
    assert_eq!(home.profiles().matches("[sso-session corp]").count(), 1);
}

#[test]
fn problems_are_explained_and_nothing_is_written() {
    let organization = organization(&[("444455556666", "payments-dev")]);
    let home = Home::with(USER);
    let sso = ["--sso-session", "corp"];
    let permission_set = [&sso[..], &["--permission-set", "PowerUser"]].concat();
    let errors = [
        home.error(&organization, &["--user-profile", "anne"]),
        home.error(&organization, &sso),
        home.error(&organization, &permission_set),
        home.error(&organization, &[&MFA[..], &["--access-role", "Admin"]].concat()),
        Home::with(&format!("{USER}[sso-session corp]\n"))
            .error(&organization, &[&permission_set[..], &["--sso-region", "eu-west-1"]].concat()),
        Home::with(&format!("{USER}# <<< onboard aws-config 111122223333 <<<\n")).error(&organization, &MFA),
    ];
    insta::assert_snapshot!(errors.join("\n"), @"
    profile `anne` does not exist in FILE; did you mean `ann`?; `aws configure --profile anne` adds the keys of an IAM user
    the permission set is not known; pass `--permission-set`, or set `permission-set` in `[console]` of the configuration
    the SSO session `corp` does not exist in FILE; to add it, pass `--sso-region` and `--access-portal`, or set `access-portal` in `[console]` of the configuration
    `Admin` is not an access role; the configuration has `OrganizationAccountAccessRole` and `AWSControlTowerExecution`
    the SSO session `corp` already exists in FILE; leave out `--sso-region`, or choose another name
    FILE: line 6: this is the end of a block of `onboard aws-config` that has no beginning; remove the line
    ");
    assert_eq!((home.profiles().as_str(), home.files()), (USER, 2));
}

#[test]
fn access_role_without_a_grant_gets_no_profile() {
    let home = Home::with(USER);
    std::fs::write(home.0.path().join("onboarding.toml"), "[vendors.trelica]\nexternal-id = \"x-7f3a91\"\n").unwrap();
    let organization = organization(&[("444455556666", "payments-dev")]);
    insta::assert_snapshot!(home.error(&organization, &MFA), @"the configuration grants no account, role or user access to the access role without an external ID; add `[[access-role.grant]]`");
}

/// The only block of docs/ACCESS.md with this label.
fn documented(label: &str) -> String {
    let document = include_str!("../../docs/ACCESS.md");
    let (_, block) = document.split_once(&format!("```{label}\n")).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn samples_of_the_document_match_the_code() {
    let home = Home::with("[profile ann]\n");
    let organization = organization(&[("444455556666", "payments-dev"), ("555566667777", "payments-prod")]);
    let arguments = home.arguments(&MFA);
    let config = accounts::configuration(&arguments.roles).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut listed = runtime.block_on(accounts::list(&organization, &config)).unwrap();
    // The identity account cannot assume a role of itself and has no profile; with a permission set, it has.
    listed.accounts.retain(|account| account.id.as_str() != "222233334444");
    let roles = runtime.block_on(accounts::access_roles(&organization, &config, &listed.accounts, None)).unwrap();
    let mut file = UserFile::read(&home.path()).unwrap();
    file.shown = "~/.aws/config".to_owned();
    let prepared = prepare(&arguments, &config, &file, &listed, &roles).unwrap();
    assert_eq!(onboarding_core::lines::plain(&prepared.lines), documented("text diff"));
    assert_eq!(String::from_utf8(prepared.content).unwrap(), format!("[profile ann]\n\n{}", documented("ini block")));

    let portal = ["--access-portal", "https://example.awsapps.com/start", "--sso-region", "eu-central-1"];
    let sso = ["--sso-session", "corp", "--permission-set", "PowerUserAccess"];
    let arguments = home.arguments(&[&sso[..], &portal].concat());
    let config = accounts::configuration(&arguments.roles).unwrap();
    listed.accounts.truncate(1);
    let prepared = prepare(&arguments, &config, &file, &listed, &roles).unwrap();
    let content = String::from_utf8(prepared.content).unwrap();
    assert!(content.contains(&documented("ini sso")), "{content}");
}

#[test]
fn missing_mfa_device_is_noted() {
    let home = Home::with(USER);
    let mfa = "[[access-role.grant]]\nprincipal = \"222233334444\"\ncondition = { Bool = { \"aws:MultiFactorAuthPresent\" = true } }\n";
    std::fs::write(home.0.path().join("onboarding.toml"), mfa).unwrap();
    let organization = organization(&[("444455556666", "payments-dev")]);
    let notes = |options: &[&str]| {
        let arguments = home.arguments(options);
        let config = accounts::configuration(&arguments.roles).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listed = runtime.block_on(accounts::list(&organization, &config)).unwrap();
        let roles = runtime.block_on(accounts::access_roles(&organization, &config, &listed.accounts, None)).unwrap();
        let file = UserFile::read(&home.path()).unwrap();
        onboarding_core::lines::plain(&prepare(&arguments, &config, &file, &listed, &roles).unwrap().lines)
    };
    assert!(notes(&["--user-profile", "ann"]).contains("note: the grant on the access role requires MFA"));
    assert!(!notes(&MFA).contains("requires MFA"));
}
