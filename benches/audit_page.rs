//! Writes pages of `onboard audit` for a large organization, to look at them and to measure them in a browser.
//!
//! ```text
//! cargo run --example audit-page -- FOLDER [ACCOUNTS]
//! ```
//!
//! A simulated organization with accounts in every state is onboarded, changed and audited. The audited accounts are then repeated
//! with other IDs and names until there are as many as asked for, 5,000 by default. Some names would run a script if they were markup.
//! `.ci/audit_page.py` checks the pages in a browser; `.ci/audit_table.py` knows which of the first 40 accounts are in which state.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::audit::{Audit, AuditSource, AuditedAccount, audit_html};
use onboarding_core::config::Config;
use onboarding_core::limits::COMMAND_LINE_GRACE;
use onboarding_core::role::RoleName;
use onboarding_core::selection::Selection;
use onboarding_core::time::after;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Job, SelectedPages, select_accounts, unit_paths};
use onboarding_simulation::{FakeOrganization, RoleState};

const CONFIGURATION: &str = include_str!("../onboarding.toml");
/// Not in the order of the alphabet, in which the table sorts them.
const UNITS: [&str; 6] =
    ["Workloads/Production", "Security", "Workloads/Development", "Platform", "Workloads/Staging", "Sandbox"];
const TEAMS: [&str; 8] = ["payments", "search", "data", "mobile", "identity", "billing", "logistics", "analytics"];
const HOSTILE: &str = "</script><img src=x onerror=document.title='ran'>";
/// The members of the simulated organization: each state occurs, most have converged.
const MEMBERS: u64 = 60;
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("pass a folder")?;
    let count = arguments.next().map_or(Ok(5_000), |count| count.parse::<usize>())?;
    let organization = organization()?;
    let engine = Engine::new(organization.clone(), config()?);
    for index in 0..MEMBERS {
        // A few were never processed.
        if index % 29 != 28 {
            engine.apply(&job(&organization, &member(index)?)).await;
        }
    }
    organization.sleep(DAY).await;
    for index in 0..MEMBERS {
        change(&organization, index)?;
        if index % 29 != 28 {
            engine.plan(&job(&organization, &member(index)?)).await;
        }
    }
    let selected = select_accounts(&organization, &Selection::all(), &engine.config.excluded).await?;
    let units = unit_paths(&organization, &selected.accounts).await.map_err(|error| anyhow!("{error}"))?;
    let records =
        engine.audit_records(&Selection::all(), selected, &units).await.map_err(|error| anyhow!("{error}"))?;
    let selection = Selection::all();
    let pages = SelectedPages::new(&organization, &selection, &engine.config.excluded);
    let mut live = engine.audit_live(pages, "audit-page", 8, |_| ()).await?;
    live.set_units(&units);
    for (name, audit) in [("records.html", records), ("live.html", live)] {
        let audit = repeated(audit, count)?;
        let page = audit_html(&audit);
        println!("{name}: {} accounts, {:.2} MB", audit.accounts.len(), page.len() as f64 / 1e6);
        std::fs::write(Path::new(&folder).join(name), page)?;
    }
    Ok(())
}

fn organization() -> Result<FakeOrganization> {
    let id = |text: &str| text.parse::<AccountId>().map_err(|error| anyhow!("{error}"));
    let partition = "aws".parse().map_err(|error| anyhow!("{error}"))?;
    let mut organization = FakeOrganization::new(partition, id("111122223333")?, id("222233334444")?)
        .with_outside_account(&id("147995105371")?)
        .with_outside_account(&id("377450845233")?)
        .with_identity("arn:aws:iam::222233334444:role/app-pipeline");
    let joined = organization.now().checked_sub(30 * DAY);
    for index in 0..MEMBERS {
        let (member, name) = (member(index)?, format!("member-{index}"));
        organization = match index % 20 {
            19 => organization.with_invited_member(&member, &name, joined),
            _ => organization.with_member(&member, &name, AccountState::Active, joined),
        };
    }
    Ok(organization)
}

fn config() -> Result<Config> {
    Config::parse_without_files(CONFIGURATION).map_err(|problems| anyhow!("{problems}"))
}

/// What happens to an account after it was onboarded.
fn change(organization: &FakeOrganization, index: u64) -> Result<()> {
    let role = |text: &str| text.parse::<RoleName>().map_err(|error| anyhow!("{error}"));
    let account = member(index)?;
    let foreign = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},"Action":"sts:AssumeRole"}]}"#;
    match index % 20 {
        3 => organization.put_role(&account, &role("TrelicaIntegration")?, RoleState::trusting(foreign)),
        7 => organization.set_trust(&account, &role("TrelicaIntegration")?, foreign),
        11 => organization.delete_role(&account, &role("TrelicaIntegration")?),
        _ => {}
    }
    Ok(())
}

fn member(index: u64) -> Result<AccountId> {
    format!("{:012}", 300_000_000_000 + index).parse().map_err(|error| anyhow!("{error}"))
}

fn job(organization: &FakeOrganization, account: &AccountId) -> Job {
    let deadline = after(organization.now(), Duration::from_secs(10));
    Job {
        account: account.clone(),
        trigger: TriggerKind::CommandLine,
        session_suffix: "audit-page".to_owned(),
        lease_owner: "audit-page".to_owned(),
        deadline,
        abandon_at: after(deadline, COMMAND_LINE_GRACE),
        confirmed_plan: None,
    }
}

/// The audit with as many accounts: the first ones once, and then those that converged over and over.
fn repeated(audit: Audit, count: usize) -> Result<Audit> {
    let all = &audit.accounts;
    let converged: Vec<_> = all.iter().filter(|one| one.cause.is_none() && one.last_run.is_some()).collect();
    let mut accounts = Vec::new();
    for index in 0..count {
        let model = all.get(index).filter(|one| one.id.as_str() != "222233334444");
        let model =
            model.or_else(|| converged.get(index % converged.len().max(1)).copied()).context("no account converged")?;
        accounts.push(renamed(model, index, audit.source)?);
    }
    Ok(Audit { accounts, ..audit })
}

fn renamed(model: &AuditedAccount, index: usize, source: AuditSource) -> Result<AuditedAccount> {
    let scattered = 100_000_000_000 + (index as u64 * 7_919_011) % 800_000_000_000;
    let id = format!("{scattered:012}").parse().map_err(|error| anyhow!("{error}"))?;
    let mut account = AuditedAccount { id, ..model.clone() };
    let rename = |text: &mut String| *text = text.replace(model.id.as_str(), account.id.as_str());
    if let Some(cause) = &mut account.cause {
        [&mut cause.message, &mut cause.remedy].into_iter().for_each(rename);
    }
    if source == AuditSource::Live {
        for role in &mut account.roles {
            role.trust.iter_mut().chain(&mut role.policies).chain(&mut role.access).for_each(rename);
        }
    }
    let team = TEAMS.get(index % TEAMS.len()).copied().unwrap_or_default();
    let unit = UNITS.get(index / 7 % UNITS.len()).copied().unwrap_or_default();
    let stage = unit.rsplit('/').next().unwrap_or_default().to_lowercase();
    account.name = if index % 1000 == 17 { HOSTILE.to_owned() } else { format!("{team}-{index}-{stage}") };
    account.unit = unit.to_owned();
    Ok(account)
}
