use clap::Parser;
use onboarding_core::account::AccountState;
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::time::from_unix_seconds;
use onboarding_core::verify::KeyKind;
use onboarding_simulation::{FakeOrganization, PolicyText};
use tempfile::TempDir;

use super::super::args::{Args, Command};
use super::super::run;
use super::*;

const ANN: &str = "arn:aws:iam::482913650127:user/ann";
const SERIAL: &str = "arn:aws:iam::482913650127:mfa/ann";
const SESSION: &str = "arn:aws:sts::482913650127:assumed-role/engineer/ann";
const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";
const CONFIG: &str = r#"
[[access-role.grant]]
principal = "482913650127"
MFA
[[role]]
name = "app-reader"
policies = { read = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}' }
[[role.trust]]
principal = "482913650127"
external-id = "s3cret-id"
"#;
const REQUIRE_MFA: &str = "condition = { Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }";

/// An organization with one account, and a configuration file.
struct Scenario {
    organization: FakeOrganization,
    folder: TempDir,
}

impl Scenario {
    fn new(mfa: &str) -> Self {
        let id = |text: &str| -> AccountId { text.parse().unwrap() };
        let organization = FakeOrganization::new("aws".parse().unwrap(), id("593024761238"), id("482913650127"))
            .with_member(&id("604135872349"), "dev", AccountState::Active, from_unix_seconds(1_500_000_000))
            .with_identity(ANN)
            .with_profile("ann", ANN, KeyKind::LongTerm, Some(SERIAL))
            .with_profile("no-device", ANN, KeyKind::LongTerm, None)
            .with_profile("engineer", SESSION, KeyKind::Temporary, None)
            .with_profile("member", "arn:aws:iam::604135872349:user/x", KeyKind::LongTerm, None)
            .with_profile("root", "arn:aws:iam::482913650127:root", KeyKind::LongTerm, None);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("onboarding.toml"), CONFIG.replace("MFA", mfa)).unwrap();
        Self { organization, folder }
    }

    fn onboarded(mfa: &str) -> Self {
        let scenario = Self::new(mfa);
        let apply = scenario.words(&["apply", "--yes"]);
        let Command::Apply(arguments) = Args::try_parse_from(apply).unwrap().command else { panic!("apply") };
        let organization = scenario.organization.clone();
        assert_eq!(block_on(run::apply(*arguments, async |_: &Aws| Ok(organization))).unwrap(), Exit::Done);
        scenario
    }

    fn words(&self, words: &[&str]) -> Vec<String> {
        let config = self.folder.path().join("onboarding.toml").to_str().unwrap().to_owned();
        let more = ["--account", "604135872349", "--format", "json", "--wait", "0", "--config", &config];
        ["onboard"].iter().chain(words).chain(&more).map(|word| (*word).to_owned()).collect()
    }

    fn verify(&self, words: &[&str]) -> anyhow::Result<Exit> {
        let words = self.words(&[&["verify"], words].concat());
        let Command::Verify(arguments) = Args::try_parse_from(words)?.command else { panic!("verify") };
        let before = self.organization.state();
        let organization = self.organization.clone();
        let exit = block_on(verify(*arguments, async |_: &Aws| Ok(organization)));
        assert_eq!(self.organization.state(), before, "nothing is changed");
        exit
    }

    fn error(&self, words: &[&str]) -> String {
        format!("{:#}", self.verify(words).unwrap_err())
    }

    /// Adds a statement to the trust policy of a role, as an administrator of the account does.
    fn also_trusts(&self, role: &str, statement: &str) {
        let (account, role): (AccountId, RoleName) = ("604135872349".parse().unwrap(), role.parse().unwrap());
        let mut state = self.organization.role_state(&account, &role).unwrap();
        let mut trust = Document::parse(&state.trust.0).unwrap().as_map().clone();
        trust["Statement"].as_array_mut().unwrap().push(serde_json::from_str(statement).unwrap());
        state.trust = PolicyText(serde_json::to_string(&trust).unwrap());
        self.organization.put_role(&account, &role, state);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn exit_codes_without_a_caller_are_those_of_a_plan() {
    assert_eq!(Scenario::new("").verify(&[]).unwrap(), Exit::Pending);
    assert_eq!(Scenario::onboarded("").verify(&[]).unwrap(), Exit::Done);
}

#[test]
fn configured_caller_gets_in_and_everything_else_is_refused() {
    let scenario = Scenario::onboarded("");
    assert_eq!(scenario.verify(&["--as", "ann"]).unwrap(), Exit::Done);
    assert_eq!(scenario.verify(&["--as", "engineer"]).unwrap(), Exit::Done);
}

#[test]
fn required_mfa_is_presented_once_and_its_absence_is_refused() {
    let scenario = Scenario::onboarded(REQUIRE_MFA);
    assert_eq!(scenario.verify(&["--as", "ann", "--mfa-code", "123456"]).unwrap(), Exit::Done);
    assert_eq!(scenario.verify(&["--as", "ann", "--mfa-code", "654321"]).unwrap(), Exit::Error, "a wrong code");
    assert_eq!(scenario.verify(&["--as", "no-device"]).unwrap(), Exit::Error, "no device");
    let other = ["--as", "no-device", "--mfa", "arn:aws:iam::482913650127:mfa/ben", "--mfa-code", "123456"];
    assert_eq!(scenario.verify(&other).unwrap(), Exit::Error, "the device of another user");
    // A session of a role has no MFA and is refused, as the trust policy demands.
    assert_eq!(scenario.verify(&["--as", "engineer"]).unwrap(), Exit::Done);
}

#[test]
fn code_is_asked_for_only_on_a_terminal() {
    let scenario = Scenario::onboarded(REQUIRE_MFA);
    let error = scenario.error(&["--as", "ann"]);
    assert_eq!(
        error,
        format!("a role requires MFA and stdin is not a terminal; pass the code of `{SERIAL}` as `--mfa-code`")
    );
}

#[test]
fn trust_policy_that_lets_too_many_in_is_found() {
    let without_mfa =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::482913650127:root"},"Action":"sts:AssumeRole"}"#;
    let scenario = Scenario::onboarded(REQUIRE_MFA);
    scenario.also_trusts(ACCESS_ROLE, without_mfa);
    // The plan has no change for it: this tool leaves other statements of the access role alone.
    assert_eq!(scenario.verify(&[]).unwrap(), Exit::Done);
    assert_eq!(scenario.verify(&["--as", "ann", "--mfa-code", "123456"]).unwrap(), Exit::Blocked);
    assert_eq!(scenario.verify(&["--as", "engineer"]).unwrap(), Exit::Blocked);

    let scenario = Scenario::onboarded("");
    scenario.also_trusts("app-reader", without_mfa);
    assert_eq!(scenario.verify(&[]).unwrap(), Exit::Pending, "the plan repairs it");
    assert_eq!(scenario.verify(&["--as", "ann"]).unwrap(), Exit::Blocked, "the external ID is optional");
}

#[test]
fn caller_that_a_deny_statement_keeps_out_is_found() {
    let scenario = Scenario::onboarded("");
    let deny = format!(r#"{{"Effect":"Deny","Principal":{{"AWS":"{ANN}"}},"Action":"sts:AssumeRole"}}"#);
    scenario.also_trusts(ACCESS_ROLE, &deny);
    assert_eq!(scenario.verify(&["--as", "engineer"]).unwrap(), Exit::Done);
    assert_eq!(scenario.verify(&["--as", "ann"]).unwrap(), Exit::Blocked);
}

#[test]
fn throttled_attempt_does_not_count_as_refusal() {
    let scenario = Scenario::onboarded("");
    let calls = scenario.organization.journal().len();
    assert_eq!(scenario.verify(&["--as", "ann"]).unwrap(), Exit::Done);
    let of_attempts = 4;
    let reads = scenario.organization.journal().len() - calls - of_attempts;
    // Counted from the start: the first attempt of the next run.
    let next = scenario.organization.journal().len() + reads + 1;
    scenario.organization.set_throttling(Some(next as u64));
    assert_eq!(scenario.verify(&["--as", "ann"]).unwrap(), Exit::Error);
}

#[test]
fn unusable_profiles_end_the_command_before_anything_is_read() {
    let scenario = Scenario::onboarded("");
    let calls = scenario.organization.journal().len();
    for (profile, expected) in [
        ("member", "profile `member` is signed in to account 604135872349 itself"),
        ("root", "profile `root`: `arn:aws:iam::482913650127:root` cannot assume roles"),
        ("missing", "there is no such profile"),
    ] {
        let error = scenario.error(&["--as", profile]);
        assert!(error.contains(expected), "{error}");
    }
    let error = scenario.error(&["--as", "engineer", "--mfa-code", "123456"]);
    assert!(error.contains("needs the access keys of an IAM user"), "{error}");
    assert_eq!(scenario.organization.journal().len(), calls);
}

#[test]
fn code_in_an_argument_is_not_repeated() {
    let error = Scenario::new("").error(&["--as", "ann", "--mfa-code", "12345x"]);
    assert!(error.contains("an MFA code has six digits"), "{error}");
    assert!(Scenario::new("").error(&["--mfa-code", "123456"]).contains("--as <PROFILE>"));
}
