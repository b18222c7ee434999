use clap::Parser;
use onboarding_core::account::AccountState;
use onboarding_core::audit::{AuditSource, RequirementResult};
use onboarding_simulation::{FakeOrganization, Faulty, Injection, Script};

use super::*;
use crate::cli::args::{Args, Command};

fn arguments(words: &[&str]) -> AuditArgs {
    let words = ["onboard", "audit"].iter().chain(words);
    match Args::try_parse_from(words).unwrap().command {
        Command::Audit(arguments) => *arguments,
        _ => unreachable!(),
    }
}

fn account(status: AccountStatus, configuration: ConfigurationMatch) -> AuditedAccount {
    AuditedAccount {
        id: "444455556666".parse().unwrap(),
        name: "payments-dev".to_owned(),
        unit: "Root".to_owned(),
        status,
        cause: None,
        requirements: Vec::<RequirementResult>::new(),
        last_run: None,
        first_converged: None,
        last_converged: None,
        configuration,
        handoffs: Vec::new(),
        roles: Vec::new(),
    }
}

#[test]
fn most_severe_status_decides_the_exit_code() {
    let code = |statuses: &[AccountStatus], configuration| {
        let accounts = statuses.iter().map(|status| account(*status, configuration)).collect();
        exit(&Audit {
            source: AuditSource::Records,
            made_at: std::time::UNIX_EPOCH,
            configuration: String::new(),
            requirements: Vec::new(),
            accounts,
            skipped: Vec::new(),
            departed: Vec::new(),
        })
    };
    use AccountStatus::{Blocked, Converged, Drift, NeverSeen, Waiting};
    let same = ConfigurationMatch::Same;
    assert_eq!(code(&[], same), Exit::Done);
    assert_eq!(code(&[Converged], same), Exit::Done);
    assert_eq!(code(&[Converged, Drift], same), Exit::Pending);
    assert_eq!(code(&[NeverSeen], same), Exit::Pending);
    assert_eq!(code(&[Converged], ConfigurationMatch::Different), Exit::Pending);
    assert_eq!(code(&[Drift, Waiting], same), Exit::Waiting);
    assert_eq!(code(&[Waiting, Blocked, Drift], same), Exit::Blocked);
}

#[test]
fn format_is_that_of_the_option_or_of_the_file() {
    assert_eq!(arguments(&[]).format(), AuditFormat::Text);
    assert_eq!(arguments(&["--out", "a.HTML"]).format(), AuditFormat::Html);
    assert_eq!(arguments(&["--out", "a.csv"]).format(), AuditFormat::Csv);
    assert_eq!(arguments(&["--out", "a.json", "--format", "text"]).format(), AuditFormat::Text);
}

#[test]
fn audit_without_records_and_without_live_says_what_to_pass() {
    let id = |text: &str| text.parse().unwrap();
    let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let connect = async |_: &Aws| Ok(organization.without_records());
    let error = runtime.block_on(audit(arguments(&["--config", "onboarding.toml"]), connect)).unwrap_err();
    insta::assert_snapshot!(error, @"the audit needs the table of records; pass `--records TABLE` (output `RecordsTable` of the stack), or `--live` to read the accounts themselves");
}

#[test]
fn audit_that_cannot_be_written_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("nowhere/audit.json");
    let words = ["--live", "--all", "--config", "onboarding.toml", "--out", out.to_str().unwrap()];
    let connect = async |_: &Aws| -> anyhow::Result<FakeOrganization> { panic!("no account is read") };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(audit(arguments(&words), connect)).unwrap_err().to_string();
    assert!(error.ends_with("audit.json`; check the folder and its permissions"), "{error}");
    let error = runtime.block_on(crate::cli::trust_audit::trust_audit(
        AuditArgs { live: false, trust: true, ..arguments(&words) },
        async |_: &Aws| -> anyhow::Result<FakeOrganization> { panic!("no account is read") },
    ));
    assert!(error.unwrap_err().to_string().ends_with("audit.json`; check the folder and its permissions"));
}

/// The accounts that were read by then are not all accounts, and an audit of them would look complete.
#[test]
fn live_audit_of_a_list_that_cannot_be_read_to_its_end_is_not_written() {
    let id = |text: &str| text.parse().unwrap();
    let mut organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
    for number in 0..20 {
        let account = id(&format!("4444555566{number:02}"));
        organization = organization.with_member(&account, "payments", AccountState::Active, None);
    }
    organization.set_page_size(1);
    organization.set_latency(std::time::Duration::from_secs(1));
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("onboarding.toml");
    std::fs::write(&config, "[[access-role.grant]]\nprincipal = '482913650127'\n").unwrap();
    let out = folder.path().join("audit.json");
    let words = ["--live", "--all", "--config", config.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for old in [None, Some("old")] {
        old.into_iter().for_each(|text| std::fs::write(&out, text).unwrap());
        let script = Script::during(20, usize::MAX, Injection::AccessDenied).only("organizations:ListAccounts");
        let world = Faulty::new(organization.clone(), &script);
        let error = runtime.block_on(audit(arguments(&words), async |_: &Aws| Ok(world))).unwrap_err().to_string();
        assert!(error.starts_with("cannot list the accounts of the organization: "), "{error}");
        assert!(
            error.ends_with("had been read by then, no audit is made of a part, and nothing was changed"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&out).ok().as_deref(), old);
    }
}
