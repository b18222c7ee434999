use clap::Parser;
use onboarding_core::account::AccountState;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::{FakeOrganization, Faulty, Injection, Script};
use tempfile::TempDir;

use super::super::args::{Args, Command};
use super::super::run;
use super::*;

const CONFIG: &str = "[[access-role.grant]]\nprincipal = '482913650127'\n";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

struct Scenario {
    organization: FakeOrganization,
    folder: TempDir,
}

impl Scenario {
    /// Three accounts, and the management account.
    fn new() -> Self {
        let mut organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("482913650127"));
        for account in ["333344445555", "444455556666", "555566667777"] {
            let joined = from_unix_seconds(1_500_000_000);
            organization = organization.with_member(&id(account), "payments", AccountState::Active, joined);
        }
        let folder = tempfile::tempdir().unwrap();
        let scenario = Self { organization, folder };
        scenario.configure(CONFIG);
        scenario
    }

    fn configure(&self, text: &str) {
        std::fs::write(self.folder.path().join("onboarding.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs `onboard` with these words and the configuration.
    fn run(&self, words: &[&str]) -> anyhow::Result<Exit> {
        self.run_with(&Script::none(), words)
    }

    /// The same, with the faults of a script.
    fn run_with(&self, script: &Script, words: &[&str]) -> anyhow::Result<Exit> {
        let config = self.path("onboarding.toml");
        let words = [&["onboard"], words, &["--wait", "0", "--config", &config]].concat();
        let organization = Faulty::new(self.organization.clone(), script);
        let connect = async |_: &Aws| Ok(organization);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match Args::try_parse_from(words).unwrap().command {
                Command::Plan(arguments) => run::plan(*arguments, connect).await,
                Command::Apply(arguments) => run::apply(*arguments, connect).await,
                _ => panic!("plan or apply"),
            }
        })
    }

    fn writes(&self) -> usize {
        self.organization.writes().len()
    }
}

const TWO: [&str; 2] = ["--account=333344445555", "--account=444455556666"];

#[test]
fn exit_code_is_the_most_severe_one() {
    let scenario = Scenario::new();
    assert_eq!(scenario.run(&[&["plan"], &TWO[..]].concat()).unwrap(), Exit::Pending);
    assert_eq!(scenario.writes(), 0);
    assert_eq!(scenario.run(&[&["apply", "--yes"], &TWO[..]].concat()).unwrap(), Exit::Done);
    assert_eq!(scenario.writes(), 2);
    assert_eq!(scenario.run(&[&["plan"], &TWO[..]].concat()).unwrap(), Exit::Done);
    scenario.organization.delete_role(&id("444455556666"), &"OrganizationAccountAccessRole".parse().unwrap());
    assert_eq!(scenario.run(&[&["plan"], &TWO[..]].concat()).unwrap(), Exit::Blocked);
}

#[test]
fn saved_plan_is_applied_with_the_same_configuration_in_the_same_organization() {
    let scenario = Scenario::new();
    let plan = scenario.path("plan.json");
    assert_eq!(scenario.run(&["plan", "--account=444455556666", "--out", &plan]).unwrap(), Exit::Pending);
    let text = std::fs::read_to_string(&plan).unwrap();
    assert!(text.contains("grant") || text.contains("update the trust policy"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&plan).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let apply = ["apply", plan.as_str(), "--yes"];
    let error = |scenario: &Scenario| scenario.run(&apply).unwrap_err().to_string().replace(&plan, "plan.json");
    scenario.configure(&format!("{CONFIG}# changed\n"));
    insta::assert_snapshot!(error(&scenario), @"`plan.json`: the configuration is not the one that was planned with; plan again");
    scenario.configure(CONFIG);
    std::fs::write(&plan, text.replace("111122223333", "999911112222")).unwrap();
    insta::assert_snapshot!(error(&scenario), @"`plan.json`: it is for the organization with management account 999911112222, and the credentials are for another one; use a profile of that account");
    assert_eq!(scenario.writes(), 0);
    std::fs::write(&plan, &text).unwrap();
    assert_eq!(scenario.run(&apply).unwrap(), Exit::Done);
    assert_eq!(scenario.writes(), 1);
    // A part of the plan that was made is not made again.
    assert_eq!(scenario.run(&apply).unwrap(), Exit::Done);
    assert_eq!(scenario.writes(), 1);
}

#[test]
fn file_with_another_change_of_the_same_words_changes_nothing() {
    let scenario = Scenario::new();
    let plan = scenario.path("plan.json");
    scenario.run(&["plan", "--account=444455556666", "--out", &plan]).unwrap();
    let text = std::fs::read_to_string(&plan).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["accounts"][0]["changes"][0]["hash"] = "0".repeat(64).into();
    std::fs::write(&plan, value.to_string()).unwrap();
    assert_eq!(scenario.run(&["apply", &plan, "--yes"]).unwrap(), Exit::Blocked);
    assert_eq!(scenario.writes(), 0);
}

#[test]
fn list_that_cannot_be_read_to_its_end_makes_no_plan() {
    let scenario = Scenario::new();
    scenario.organization.set_page_size(2);
    scenario.organization.set_latency(Duration::from_secs(1));
    let plan = scenario.path("plan.json");
    for words in [&["plan", "--all", "--out", &plan][..], &["apply", "--all", "--yes"]] {
        let script = Script::during(2, usize::MAX, Injection::AccessDenied).only("organizations:ListAccounts");
        let error = scenario.run_with(&script, words).unwrap_err().to_string();
        assert!(error.starts_with("cannot list the accounts of the organization: "), "{error}");
        assert_eq!(script.calls().len(), 3);
    }
    assert!(!std::fs::exists(&plan).unwrap());
    assert_eq!(scenario.writes(), 0);
}

#[test]
fn plan_that_cannot_be_saved_is_not_made() {
    let scenario = Scenario::new();
    let script = Script::none();
    let folder = scenario.path("");
    for out in [scenario.path("nowhere/plan.json"), folder] {
        let error = scenario.run_with(&script, &["plan", "--all", "--out", &out]).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("check the folder and its permissions") || error.contains("is not a file"), "{error}");
    }
    assert_eq!(script.calls(), Vec::<&str>::new());
}

#[test]
#[cfg(unix)]
fn device_is_not_replaced_by_a_plan() {
    let scenario = Scenario::new();
    let socket = scenario.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = scenario.run(&["plan", "--all", "--out", &socket]).unwrap_err().to_string().replace(&socket, "socket");
    insta::assert_snapshot!(error, @"`socket` is not a file; pass the name of a file");
    let error = write_file(Path::new(&socket), "x", Readers::Owner, Existing::Replaced).unwrap_err();
    assert!(error.to_string().ends_with("is not a file; pass the name of a file"));
    assert!(!std::fs::metadata(&socket).unwrap().is_file());
}

#[test]
fn plan_of_skipped_accounts_replaces_an_earlier_one() {
    let scenario = Scenario::new();
    let plan = scenario.path("plan.json");
    scenario.run(&["plan", "--all", "--out", &plan]).unwrap();
    assert_eq!(scenario.run(&["plan", "--account=111122223333", "--out", &plan]).unwrap(), Exit::Done);
    assert_eq!(scenario.run(&["apply", &plan, "--yes"]).unwrap(), Exit::Done);
    assert_eq!(scenario.writes(), 0);
}

/// A mistyped name must not lead to changes without leases, and without what `onboard undo` needs.
#[test]
fn nothing_is_changed_if_the_records_cannot_be_read() {
    let scenario = Scenario::new();
    for selection in [&["--account", "444455556666"][..], &["--all"]] {
        let denied = Script::during(0, usize::MAX, Injection::AccessDenied).only("dynamodb:GetItem");
        let error = scenario.run_with(&denied, &[&["apply", "--yes"], selection].concat()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with("nothing was changed: the table of `--records` cannot be read: "), "{error}");
        assert!(scenario.organization.writes().is_empty(), "{selection:?}");
    }
}
