//! An organization of the unit tests, with accounts in every state.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::*;
use crate::account::{Account, AccountState};
use crate::code::{Code, OutcomeKind};
use crate::config::Config;
use crate::last_result::{LastResult, Requirement};
use crate::plan::sample;
use crate::record::Record;
use crate::selection::{SkipReason, SkippedAccount};
use crate::time::from_unix_seconds;

pub(crate) const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[vendors.workload-security]
external-id = "s3cret-id"
registration = { region = "us-1", api-key = { ssm-parameter = "/key" } }

[vendors.trelica]
external-id = "an0ther-secret"

[[role]]
name = "app-deployer"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
[[role.trust]]
principal = "222233334444"
"#;

/// The keys of the requirements in a record.
const KEYS: [&str; 5] = [
    "OrganizationAccountAccessRole",
    "Workload_Security_Role_Cross",
    "Workload_Security_Role_Cross/registration",
    "TrelicaIntegration",
    "app-deployer",
];

static PARSED: LazyLock<Config> =
    LazyLock::new(|| Config::parse_without_files(CONFIG).unwrap_or_else(|problems| panic!("{problems}")));

pub(crate) fn config() -> Config {
    PARSED.clone()
}

pub(crate) fn at(hours: u64) -> SystemTime {
    from_unix_seconds(1_795_000_000).unwrap() + Duration::from_secs(hours * 3600)
}

pub(crate) fn account(id: u64, name: &str) -> Account {
    let id = format!("{id:012}").parse().unwrap();
    Account { id, name: name.into(), state: AccountState::Active, ..sample::account() }
}

/// What a run recorded. All requirements hold except `others`.
pub(crate) fn result(
    outcome: OutcomeKind,
    cause: Option<(Code, &str, &str)>,
    others: &[(usize, Requirement)],
) -> LastResult {
    let mut requirements: BTreeMap<_, _> = KEYS.iter().map(|key| ((*key).to_owned(), Requirement::Holds)).collect();
    let mut since: BTreeMap<_, _> = KEYS.iter().map(|key| ((*key).to_owned(), at(0))).collect();
    for (index, status) in others {
        requirements.insert(KEYS[*index].to_owned(), *status);
        since.insert(KEYS[*index].to_owned(), at(20));
    }
    LastResult {
        outcome,
        code: cause.map(|(code, ..)| code),
        message: cause.map(|(_, message, _)| message.to_owned()).unwrap_or_default(),
        remedy: cause.map(|(.., remedy)| remedy.to_owned()).unwrap_or_default(),
        requirements,
        since,
        configuration: PARSED.hash.clone(),
        recorded_at: at(24),
        first_converged: Some(at(0)),
        last_converged: Some(at(24)),
        ou_path: None,
        name: None,
        access_role: None,
        version: "0.1.0".to_owned(),
    }
}

pub(crate) fn converged() -> LastResult {
    result(OutcomeKind::Converged, None, &[])
}

pub(crate) fn foreign_role(id: u64) -> LastResult {
    let message = format!("role `app-deployer` of account {id:012} already exists and is not managed by this tool");
    let cause = (Code::ForeignRole, message.as_str(), "rename the role, or set `adopt = true`");
    result(OutcomeKind::Blocked, Some(cause), &[(4, Requirement::Blocked)])
}

pub(crate) fn drift() -> LastResult {
    let cause = (Code::ChangesPending, "1 change to make", "run `apply` to make them");
    result(OutcomeKind::Waiting, Some(cause), &[(3, Requirement::Drift)])
}

/// An audit of accounts with their units and results.
pub(crate) fn audit_of(accounts: impl IntoIterator<Item = (u64, String, String, Option<LastResult>)>) -> Audit {
    let config = config();
    let requirements = audit_requirements(&config);
    let audited = |(id, name, unit, result): (u64, String, String, Option<LastResult>)| {
        let record = Record { result, ..Record::default() };
        recorded_account(&config, &requirements, &account(id, &name), &unit, &record)
    };
    Audit {
        source: AuditSource::Records,
        made_at: at(25),
        configuration: config.hash.clone(),
        accounts: accounts.into_iter().map(audited).collect(),
        skipped: vec![SkippedAccount {
            id: Some("111122223333".parse().unwrap()),
            name: Some("management".into()),
            reason: SkipReason::Management,
        }],
        departed: Vec::new(),
        requirements,
    }
}

/// One account in each state, two of them in the same.
pub(crate) fn audit() -> Audit {
    let earlier = LastResult { configuration: "earlier".to_owned(), since: BTreeMap::new(), ..converged() };
    let waiting = (Code::Throttled, "sts:AssumeRole: Rate exceeded", "no action needed");
    let waiting = result(OutcomeKind::Waiting, Some(waiting), &[(1, Requirement::Missing)]);
    let accounts = [
        (444455556666, "payments-dev", "Workloads/Dev", Some(converged())),
        (444455556667, "payments-prod", "Workloads/Prod", Some(foreign_role(444455556667))),
        (444455556668, "search-prod", "Workloads/Prod", Some(foreign_role(444455556668))),
        (444455556669, "search-dev", "Workloads/Dev", Some(drift())),
        (444455556670, "sandbox", "Sandbox", None),
        (444455556671, "=hostile\u{1b}[2J", "Sand\u{202e}box", Some(earlier)),
        (444455556672, "data", "Workloads/Prod", Some(waiting)),
    ];
    audit_of(accounts.map(|(id, name, unit, result)| (id, name.to_owned(), unit.to_owned(), result)))
}
