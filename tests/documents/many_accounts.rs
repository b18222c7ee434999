//! The output in docs/MANY_ACCOUNTS.md is what the program prints for the organization of [`organization`].

use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::doctor::{self, Status};
use onboarding_core::lines::{Line, plain};
use onboarding_core::mode::Mode;
use onboarding_core::organization::Overview;
use onboarding_core::outcome::Outcome;
use onboarding_core::selection::{Selected, Selection};
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::{
    AccountReport, AccountToProcess, Engine, Interrupt, OrganizationRun, select_accounts, target_units,
};
use onboarding_simulation::{FakeOrganization, RoleState};

use crate::files::{blocks, read};

const GRANT: &str = "[accounts]\nexclude = ['222233334444']\n[[access-role.grant]]\nprincipal = '222233334444'\n";
const VENDOR: &str = "[vendors.trelica]\nexternal-id = 'example-external-id'\npermissions = ['iam']\n";

const PROD: &str = "ou-exam-workprod";
const DEV: &str = "ou-exam-workdevt";
const SANDBOX: &str = "ou-exam-sandboxx";

fn id(text: &str) -> AccountId {
    text.parse().expect("an account ID")
}

/// The ID, the name and the unit of each account to which the identity account has access already.
fn granted() -> Vec<(String, String, &'static str)> {
    let named = [
        ("444455556666", "payments-dev", DEV),
        ("444455557777", "payments-prod", PROD),
        ("555566667777", "search-dev", DEV),
        ("666677778888", "search-prod", PROD),
        ("777788889999", "web", PROD),
    ];
    let named = named.map(|(id, name, unit)| (id.to_owned(), name.to_owned(), unit));
    let others = (0..14).map(|number| {
        let unit = if number < 9 { PROD } else { DEV };
        (format!("{}", 888_800_001_111_u64 + number), format!("team-{number}"), unit)
    });
    named.into_iter().chain(others).collect()
}

/// Four accounts have converged, 19 have no role of the vendor, three have not been onboarded, and two have a role of the vendor's name that
/// someone else made.
async fn organization() -> FakeOrganization {
    let joined = from_unix_seconds(1_500_000_000);
    let mut organization =
        FakeOrganization::new("aws".parse().expect("a partition"), id("111122223333"), id("222233334444"))
            .with_outside_account(&id("377450845233"))
            .with_unit("ou-exam-workload", "Workloads", "r-exam")
            .with_unit(PROD, "Prod", "ou-exam-workload")
            .with_unit(DEV, "Dev", "ou-exam-workload")
            .with_unit(SANDBOX, "Sandbox", "r-exam");
    let of_kind = |kind: u64, count: u64, name: &str| {
        (0..count).map(|number| (format!("{}", kind + number), format!("{name}-{number}"), SANDBOX)).collect::<Vec<_>>()
    };
    let converged = of_kind(333_344_445_555, 4, "shared");
    let new = of_kind(888_811_112_222, 3, "sandbox");
    let with_foreign_role = of_kind(999_900_001_111, 2, "acquired");
    for (account, name, unit) in [granted(), converged.clone(), new, with_foreign_role.clone()].concat() {
        organization = organization.with_member(&id(&account), &name, AccountState::Active, joined);
        organization.place(&id(&account), unit);
    }
    let foreign = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}}"#;
    apply(&organization, GRANT, &[granted(), with_foreign_role.clone()].concat()).await;
    apply(&organization, &[GRANT, VENDOR].concat(), &converged).await;
    for (account, ..) in with_foreign_role {
        let role = "TrelicaIntegration".parse().expect("a name");
        organization.put_role(&id(&account), &role, RoleState::trusting(foreign));
    }
    organization
}

fn engine(organization: &FakeOrganization, config: &str) -> Engine<FakeOrganization> {
    let config = Config::parse_without_files(config).unwrap_or_else(|problems| panic!("{problems}"));
    Engine::new(organization.clone(), config).with_unit_names()
}

fn run() -> OrganizationRun {
    let interrupt = Interrupt::default();
    OrganizationRun { concurrency: 8, wait: Duration::from_secs(60), name: "run".to_owned(), interrupt }
}

async fn apply(organization: &FakeOrganization, config: &str, accounts: &[(String, String, &str)]) {
    let to_process = |(account, name, _): &(String, String, &str)| AccountToProcess {
        id: id(account),
        name: name.as_str().into(),
        listed: None,
        confirmed: None,
    };
    let accounts = accounts.iter().map(to_process).collect();
    let ended = |_, report: AccountReport| assert_eq!(report.map(|report| report.outcome), Some(Outcome::Converged));
    engine(organization, config).apply_accounts(accounts, &run(), ended).await;
}

/// The plan for all accounts, and the accounts.
async fn plan(engine: &Engine<FakeOrganization>) -> (Overview, Selected) {
    let selection = Selection::all();
    let selected = select_accounts(&engine.world, &selection, &engine.config.excluded).await.expect("accounts");
    let mut overview = Overview::new(Mode::Plan, selected.skipped.clone());
    let accounts = selected.accounts.iter().cloned().map(AccountToProcess::from).collect();
    engine.plan_accounts(accounts, &run(), |_, report| overview.add(&report.expect("a report"))).await;
    (overview, selected)
}

/// Compares with the only block of this label.
fn assert_printed(label: &str, printed: &str) {
    let shown = blocks(&read("docs/MANY_ACCOUNTS.md"), label);
    assert_eq!(shown, [printed], "`{label}`: the program prints\n{printed}");
}

#[tokio::test]
async fn plan_of_the_document_is_printed() {
    let engine = engine(&organization().await, &[GRANT, VENDOR].concat());
    assert_printed("text plan", &plain(&plan(&engine).await.0.lines()));
}

/// The command writes each finding after `warning:`, and the lines for the configuration below it.
#[tokio::test]
async fn warnings_of_the_document_are_printed() {
    let organization = organization().await;
    apply(&organization, &[GRANT, VENDOR].concat(), &granted()).await;
    let grant = "[[access-role.grant]]\nprincipal = 'arn:aws:iam::222233334444:role/Operators'\n\
                 targets.organizational-units = ['Workload/Prod']\n";
    let engine = engine(&organization, &[GRANT, grant].concat());
    let (overview, Selected { accounts, .. }) = plan(&engine).await;
    let units = target_units(&engine.world, &engine.config, &accounts).await.expect("units");
    let mut lines = Vec::new();
    for check in
        doctor::targets(&engine.config, &accounts, &units, None).into_iter().filter(|one| one.status != Status::Ok)
    {
        let fix = check.fix.map(|fix| format!("; {fix}")).unwrap_or_default();
        lines.push(Line::at(0).text(format!("warning: targets: {}{fix}", check.text)));
    }
    for dropped in overview.dropped(&engine.config) {
        lines.push(Line::at(0).text(format!("warning: {}", dropped.warning)));
        lines.extend(dropped.block.iter().map(|line| Line::verbatim(4).text(line)));
    }
    assert_printed("text warnings", &plain(&lines));
}
