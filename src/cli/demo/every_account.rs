//! `onboard demo --all`: an organization whose accounts exist already. Most were onboarded a month ago; since then roles were deleted and
//! changed, accounts were added, and two joined by invitation. One plan shows it, one apply repairs it, and the audit says what
//! is left.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, ensure};

use super::{IDENTITY, config, faint, heading, organization};
use crate::cli::exit::Exit;
use crate::cli::explained::explained_error;
use crate::cli::output_file::{ensure_can_write, write_report};
use crate::cli::selection_args::{cannot_list_all, cannot_select};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::audit::{Audit, audit_html, audit_lines};
use onboarding_core::lines::{Line, Style, render, widest};
use onboarding_core::mode::Mode;
use onboarding_core::organization::Overview;
use onboarding_core::plan::ConfirmedPlan;
use onboarding_core::role::RoleName;
use onboarding_core::selection::Selection;
use onboarding_engine::ports::Clock;
use onboarding_engine::{
    AccountToProcess, Engine, Interrupt, OrganizationRun, SelectedPages, WhileListing, select_accounts, unit_paths,
};
use onboarding_simulation::FakeOrganization;

const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";
const VENDOR_ROLE: &str = "TrelicaIntegration";
/// The trust policy that Organizations gives the access role of an account that it creates.
const AS_CREATED: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
const DAY: Duration = Duration::from_secs(86_400);
/// About as long as one call to AWS takes.
const LATENCY: Duration = Duration::from_millis(40);

const TEAMS: [&str; 12] = [
    "analytics",
    "billing",
    "checkout",
    "data",
    "delivery",
    "identity",
    "mobile",
    "payments",
    "pricing",
    "search",
    "stores",
    "web",
];
/// The organizational units: ID, name, ID of the parent.
const UNITS: [(&str, &str, &str); 5] = [
    (SANDBOX, "Sandbox", "r-exam"),
    (SECURITY, "Security", "r-exam"),
    ("ou-exam-workload", "Workloads", "r-exam"),
    (DEVELOPMENT, "Development", "ou-exam-workload"),
    (PRODUCTION, "Production", "ou-exam-workload"),
];
const SANDBOX: &str = "ou-exam-sandbox0";
const SECURITY: &str = "ou-exam-security";
const DEVELOPMENT: &str = "ou-exam-developm";
const PRODUCTION: &str = "ou-exam-producti";

pub(super) async fn demo(out: Option<&Path>) -> anyhow::Result<Exit> {
    out.map_or(Ok(()), ensure_can_write)?;
    let (organization, members) = organization_with_members()?;
    let engine = Engine::new(organization.clone(), config()?).with_unit_names();
    let onboarded = members.iter().filter(|member| member.since == Since::Onboarded);
    carry_out(&engine, onboarded.map(Member::to_process).collect()).await;
    organization.sleep(30 * DAY).await;
    for member in &members {
        member.change_since(&organization)?;
    }
    organization.set_latency(LATENCY);
    let planned = plan(&engine).await?;
    let applied = carry_out(&engine, planned.to_apply).await;
    organization.clear_journal();
    let again = plan(&engine).await?;
    let calls = organization.journal().len();
    let writes = organization.writes().len();
    ensure!(
        again.to_apply.is_empty() && writes == 0,
        "the second run of the demo found something to do; report this as a bug"
    );
    let audit = audit(&engine).await?;

    let mut lines = vec![faint(
        "A simulated organization, in memory, that enforces IAM's rules and AWS's quotas: no AWS calls are made.",
    )];
    lines.extend(summary([("plan", &planned.overview), ("apply", &applied), ("plan again", &again.overview)]));
    lines.extend(heading("1. Plan for every account (onboard plan --all --out plan.json)"));
    lines.extend(planned.overview.lines());
    lines.extend(heading("2. Apply exactly this plan (onboard apply plan.json)"));
    lines.extend(applied.lines());
    lines.extend(heading("3. Plan again: a second run finds nothing to do"));
    lines.push(Line::at(0).text(again.overview.summary()));
    lines.push(faint(format!("{calls} calls, none of them a write in an account.")));
    lines.extend(heading("4. Audit: every account and what it holds (onboard audit)"));
    lines.extend(audit_lines(&audit));
    print_text!("{}", render(&lines));
    if let Some(path) = out {
        write_report(path, &audit_html(&audit), "the audit as a page for a browser")?;
    }
    Ok(Exit::Done)
}

/// What happened to an account since the organization was onboarded a month ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// It was onboarded then.
    Onboarded,
    /// It was created later.
    Created,
    /// It joined later by invitation, without an access role.
    Invited,
}

/// A member account of the simulated organization.
struct Member {
    id: AccountId,
    name: String,
    since: Since,
    /// Its number, from which its changes follow.
    index: usize,
}

impl Member {
    fn to_process(&self) -> AccountToProcess {
        let name = self.name.as_str().into();
        AccountToProcess { id: self.id.clone(), name, listed: None, confirmed: None }
    }

    /// Changes the account as other people do.
    fn change_since(&self, organization: &FakeOrganization) -> anyhow::Result<()> {
        let role = |name: &str| name.parse::<RoleName>();
        match self.index {
            3 | 8 | 11 | 14 | 19 => organization.delete_role(&self.id, &role(VENDOR_ROLE)?),
            6 | 17 => organization.set_trust(&self.id, &role(ACCESS_ROLE)?, AS_CREATED),
            _ => {}
        }
        Ok(())
    }
}

/// The members, each in its unit.
fn organization_with_members() -> anyhow::Result<(FakeOrganization, Vec<Member>)> {
    let mut organization = organization()?;
    for (id, name, parent) in UNITS {
        organization = organization.with_unit(id, name, parent);
    }
    let stages = [("dev", DEVELOPMENT), ("prod", PRODUCTION)];
    let teams =
        TEAMS.iter().flat_map(|team| stages.map(|(stage, unit)| (format!("{team}-{stage}"), unit, Since::Onboarded)));
    let others = [
        ("log-archive", SECURITY, Since::Onboarded),
        ("security-tooling", SECURITY, Since::Onboarded),
        ("sandbox-ann", SANDBOX, Since::Created),
        ("sandbox-bo", SANDBOX, Since::Created),
        ("sandbox-cam", SANDBOX, Since::Created),
        ("acquired-co", SANDBOX, Since::Invited),
        ("acquired-labs", SANDBOX, Since::Invited),
    ];
    let others = others.map(|(name, unit, since)| (name.to_owned(), unit, since));
    let mut members = Vec::new();
    for (index, (name, unit, since)) in teams.chain(others).enumerate() {
        let id: AccountId = format!("4444555500{index:02}").parse().context("an account ID")?;
        organization = match since {
            Since::Invited => organization.with_invited_member(&id, &name, Some(UNIX_EPOCH)),
            _ => organization.with_member(&id, &name, AccountState::Active, Some(UNIX_EPOCH)),
        };
        organization.place(&id, unit);
        members.push(Member { id, name, since, index });
    }
    // The account where people sign in is a member like any other.
    let identity: AccountId = IDENTITY.parse()?;
    organization = organization.with_member(&identity, "identity", AccountState::Active, Some(UNIX_EPOCH));
    organization.place(&identity, SECURITY);
    members.push(Member { id: identity, name: "identity".to_owned(), since: Since::Onboarded, index: members.len() });
    let closed: AccountId = "444455559999".parse()?;
    organization = organization.with_member(&closed, "old-shop", AccountState::Suspended, Some(UNIX_EPOCH));
    Ok((organization, members))
}

/// A plan for every account.
struct Planned {
    overview: Overview,
    /// The accounts with changes, and exactly these.
    to_apply: Vec<AccountToProcess>,
}

async fn plan(engine: &Engine<FakeOrganization>) -> anyhow::Result<Planned> {
    let mut planned = Planned { overview: Overview::new(Mode::Plan, Vec::new()), to_apply: Vec::new() };
    let selection = Selection::all();
    let pages = SelectedPages::new(&engine.world, &selection, &engine.config.excluded);
    let run = run();
    let plans = engine.plan_selected(pages, &run, |step| match step {
        WhileListing::Listed(page) => planned.overview.add_skipped(page.selected.skipped),
        WhileListing::Ended((_, None)) => planned.overview.add_not_started(1),
        WhileListing::Ended((account, Some(report))) => {
            planned.overview.add(&report);
            let changes: Vec<_> = report.changes.into_iter().map(|result| result.change).collect();
            if !changes.is_empty() {
                planned.to_apply.push(AccountToProcess { confirmed: Some(ConfirmedPlan::Exact(changes)), ..account });
            }
        }
    });
    plans.await.map_err(|error| cannot_list_all(error, 0, "plan"))?;
    Ok(planned)
}

async fn carry_out(engine: &Engine<FakeOrganization>, accounts: Vec<AccountToProcess>) -> Overview {
    let mut overview = Overview::new(Mode::Apply, Vec::new());
    let run = run();
    let applied = engine.apply_accounts(accounts, &run, |_, report| match report {
        Some(report) => overview.add(&report),
        None => overview.add_not_started(1),
    });
    applied.await;
    overview
}

async fn audit(engine: &Engine<FakeOrganization>) -> anyhow::Result<Audit> {
    let selection = Selection::all();
    let selected = select_accounts(&engine.world, &selection, &engine.config.excluded).await;
    let selected = selected.map_err(cannot_select)?;
    let units = unit_paths(&engine.world, &selected.accounts).await;
    let units = units.map_err(|error| explained_error("cannot read the units", &error))?;
    let audit = engine.audit_records(&selection, selected, &units).await;
    audit.map_err(|error| explained_error("cannot read the records", &error))
}

fn run() -> OrganizationRun {
    OrganizationRun {
        concurrency: 32,
        wait: Duration::from_secs(60),
        name: "demo".to_owned(),
        interrupt: Interrupt::default(),
    }
}

/// The counts of all runs, which are explained below.
fn summary(runs: [(&str, &Overview); 3]) -> Vec<Line> {
    let width = widest(runs.map(|(label, _)| label.to_owned()));
    let mut lines = heading("Summary");
    lines.extend(runs.map(|(label, overview)| Line::at(2).column(Style::Plain, label, width).text(overview.summary())));
    lines
}
