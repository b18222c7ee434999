//! `onboard plan` and `onboard apply` for many accounts.
//!
//! The accounts are read while they are listed. A plan keeps no report of an account: it is counted, grouped and printed as soon as it is there. Of the changes that a person
//! confirms, only hashes are kept, with which the engine checks that it makes these and no others. The same hashes are in the
//! file of `--out`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};

use super::account::{ensure_confirmed, run_name};
use super::common_args::{Aws, Format};
use super::config;
use super::confirm;
use super::exit::Exit;
use super::explained::explained_error;
use super::input::{input_name, text};
use super::interrupt::until_interrupted;
use super::many_output::{Print, Results, print_lines, print_summary};
use super::new_file::{Existing, Readers, ensure_can_replace, write_file};
use super::output::warn;
use super::plan_warnings::{PlanWarning, TargetAccounts, warn_of_plan};
use super::records_check::ensure_records;
use super::run_args::RunArgs;
use super::selection_args::cannot_list_all;
use super::target_args::{options, quoted};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::lines::{Line, Style};
use onboarding_core::mode::Mode;
use onboarding_core::organization::{InvalidPlan, Overview, SavedAccount, SavedPlan, Tally, are_all_named};
use onboarding_core::plan::{ConfirmedPlan, HashedPlan, Salt};
use onboarding_core::selection::{Scope, Selected, Selection};
use onboarding_core::suggestion::thousands;
use onboarding_core::text::printable;
use onboarding_core::time::to_policy_date;
use onboarding_engine::ports::{Clock, ManageAccounts, World, WriteIam};
use onboarding_engine::{
    AccountReport, AccountToProcess, Engine, Interrupt, OrganizationRun, SelectedPage, SelectedPages, WhileListing,
};

/// The largest file of a plan: that of 10,000 accounts has about 30 MB.
const MAX_PLAN: u64 = 256 << 20;

/// The version of this tool, which a saved plan must have.
const TOOL: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn plan<W: World + ManageAccounts>(
    arguments: RunArgs,
    out: Option<&Path>,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    out.map_or(Ok(()), ensure_can_replace)?;
    let (engine, selection) = start(&arguments, connect).await?;
    let print = Print::new(arguments.format, arguments.verbose);
    let planned = read(&engine, &selection, &arguments, print).await?;
    let warnings = planned.warn(&engine).await;
    let interruption = planned.interruption();
    let Planned { results, accounts, salt, organization, is_listed, .. } = planned;
    let is_complete = interruption.is_none();
    let organization = match organization {
        None if out.is_some() && is_complete => Organization::of_skipped(&engine, &results.overview).await?,
        found => found,
    };
    let saved = match (out, organization) {
        (Some(path), Some(organization)) if is_complete => {
            Some(organization.save(path, &engine, salt, accounts).map(|()| path))
        }
        _ => None,
    };
    // The result is printed, even if it cannot be saved.
    let (saved, saving) = match saved.transpose() {
        Ok(saved) => (saved, Ok(())),
        Err(error) => (None, Err(error)),
    };
    match arguments.format {
        // Its last line would look like that of all accounts.
        Format::Json if !is_listed => {}
        Format::Json => print_summary(&results.overview, Tally::default(), 0, &warnings)?,
        Format::Text => {
            let mut lines = results.overview.lines();
            if results.overview.tally().changes > 0 {
                lines.extend(next_steps(&arguments, saved));
            }
            print_lines(&lines)?;
        }
    }
    saving?;
    if let Some(interruption) = interruption {
        let not_saved = if out.is_some() { "; the plan is not saved" } else { "" };
        warn(format_args!("interrupted: {interruption}{not_saved}. Run the same command to read all of them"));
        return Ok(Exit::most_severe([results.exit, Exit::Waiting]));
    }
    Ok(results.exit)
}

pub(super) async fn apply<W: World<Session: WriteIam> + ManageAccounts>(
    arguments: RunArgs,
    yes: bool,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    ensure_confirmed(arguments.format, yes)?;
    let (engine, selection) = start(&arguments, connect).await?;
    ensure_records(&engine.world).await?;
    let print = match Print::new(arguments.format, arguments.verbose) {
        Print::Json => Print::JsonWithoutChanges,
        print => print,
    };
    let planned = read(&engine, &selection, &arguments, print).await?;
    let warnings = planned.warn(&engine).await;
    let interruption = planned.interruption();
    let Planned { results, accounts, salt, is_listed, .. } = planned;
    let overview = &results.overview;
    if arguments.format == Format::Text {
        print_lines(&overview.lines())?;
    }
    if let Some(interruption) = interruption {
        if arguments.format == Format::Json && is_listed {
            print_summary(overview, Tally::default(), 0, &warnings)?;
        }
        warn(format_args!("interrupted: {interruption}, and nothing was changed. Run the same command to continue"));
        return Ok(Exit::most_severe([results.exit, Exit::Waiting]));
    }
    if accounts.is_empty() {
        if arguments.format == Format::Json {
            print_summary(overview, Tally::default(), 0, &warnings)?;
        }
        return Ok(results.exit);
    }
    let changes = accounts.iter().map(|account| account.changes.len()).sum();
    if !yes && !confirm::ask_interruptible(&question(accounts.len(), changes)).await? {
        print_line!("Nothing was changed.");
        return Ok(results.exit);
    }
    let (unchanged, exit) = results.unchanged;
    let before = Before { unchanged, skipped: overview.skipped().len(), warnings };
    let to_process = accounts.into_iter().map(|SavedAccount { id, name, changes }| AccountToProcess {
        id,
        name: name.as_str().into(),
        listed: None,
        confirmed: Some(ConfirmedPlan::Hashed(HashedPlan { salt: salt.clone(), changes })),
    });
    let applied = carry_out(&engine, to_process.collect(), &arguments, &before).await?;
    Ok(Exit::most_severe([exit, applied]))
}

pub(super) async fn apply_saved<W: World<Session: WriteIam> + ManageAccounts>(
    file: &str,
    arguments: RunArgs,
    yes: bool,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    ensure_confirmed(arguments.format, yes)?;
    let invalid = |error: InvalidPlan| anyhow!("`{file}`: {error}");
    let plan = SavedPlan::parse(&read_plan(file)?).map_err(invalid)?;
    let config = config::load(&arguments.config)?;
    config::refuse_example_values(&config)?;
    plan.check(TOOL, &config.hash).map_err(invalid)?;
    let engine = Engine::new(connect(&arguments.aws).await?, config);
    ensure_records(&engine.world).await?;
    if let Some(first) = plan.accounts.first() {
        let found = engine.world.account(&first.id).await;
        let found = found.map_err(|error| explained_error("cannot look up the organization", &error))?;
        let is_same = found.is_none_or(|account| account.management == plan.management);
        ensure!(is_same, invalid(InvalidPlan::OtherOrganization(plan.management)));
    }
    if arguments.format == Format::Text {
        print_lines(&plan.lines())?;
    }
    if plan.accounts.is_empty() {
        if arguments.format == Format::Json {
            print_summary(&Overview::new(Mode::Apply, Vec::new()), Tally::default(), 0, &[])?;
        }
        return Ok(Exit::Done);
    }
    if !yes && !confirm::ask_interruptible(&question(plan.accounts.len(), plan.changes())).await? {
        print_line!("Nothing was changed.");
        return Ok(Exit::Pending);
    }
    let to_process = plan.accounts.iter().map(|account| AccountToProcess {
        id: account.id.clone(),
        name: account.name.as_str().into(),
        listed: None,
        confirmed: Some(ConfirmedPlan::Hashed(plan.confirmed(account))),
    });
    carry_out(&engine, to_process.collect(), &arguments, &Before::default()).await
}

/// The engine, and what the options select.
async fn start<W: World + ManageAccounts>(
    arguments: &RunArgs,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<(Engine<W>, Selection)> {
    let selection = arguments.selection.selection()?.context("pass `--all`, `--ou`, `--account` or `--tag`")?;
    let config = config::load(&arguments.config)?;
    config::refuse_example_values(&config)?;
    let engine = Engine::new(connect(&arguments.aws).await?, config);
    let engine = if shows_units(arguments, &selection) { engine.with_unit_names() } else { engine };
    Ok((engine, selection))
}

/// Whether the units of the accounts are read: JSON has them, and text names the units of accounts that it does not name one by one.
fn shows_units(arguments: &RunArgs, selection: &Selection) -> bool {
    match &selection.scope {
        _ if arguments.format == Format::Json => true,
        Scope::Named { units, accounts } if units.is_empty() => !are_all_named(accounts.len()),
        Scope::Named { .. } | Scope::All => true,
    }
}

/// The plans of the accounts.
struct Planned {
    results: Results,
    /// The accounts with changes.
    accounts: Vec<SavedAccount>,
    salt: Salt,
    organization: Option<Organization>,
    /// Whether all accounts are listed.
    is_listed: bool,
    /// The accounts with which the targets of the configuration are compared.
    targets: TargetAccounts,
}

impl Planned {
    /// Prints the warnings about the configuration. What targets select is known only if all accounts are listed.
    async fn warn<W: World + ManageAccounts>(&self, engine: &Engine<W>) -> Vec<PlanWarning> {
        let targets = self.is_listed.then_some(&self.targets);
        warn_of_plan(engine, targets, &self.results.overview).await
    }

    /// The part that was not read, if the run was interrupted.
    fn interruption(&self) -> Option<String> {
        match (self.is_listed, self.results.overview.not_started()) {
            (true, 0) => None,
            (true, count) => Some(format!("{} not read", are(count))),
            (false, 0) => Some("the accounts are not all listed, and the others were not read".to_owned()),
            (false, count) => {
                let count = are(count);
                Some(format!("the accounts are not all listed, and {count} listed and not read"))
            }
        }
    }
}

/// Plans for each account, while the accounts are listed.
async fn read<W: World + ManageAccounts>(
    engine: &Engine<W>,
    selection: &Selection,
    arguments: &RunArgs,
    print: Print,
) -> anyhow::Result<Planned> {
    let run = run(engine, arguments);
    let salt = Salt::new(random()?);
    let results = Results::of_plans(print);
    let mut planned = Planned {
        results,
        accounts: Vec::new(),
        salt,
        organization: None,
        is_listed: false,
        targets: TargetAccounts::new(&engine.config, selection),
    };
    let mut total = 0;
    let pages = SelectedPages::new(&engine.world, selection, &engine.config.excluded);
    let plans = engine.plan_selected(pages, &run, |step| match step {
        WhileListing::Listed(page) => {
            total += page.selected.accounts.len();
            planned.listed(&page);
        }
        WhileListing::Ended((account, report)) => planned.ended(account, report),
    });
    let ended = until_interrupted(plans, &run.interrupt).await;
    let is_listed = planned.is_listed;
    let Planned { results, accounts, .. } = &mut planned;
    let overview = &mut results.overview;
    let read = overview.tally().total();
    match ended {
        Some(Ok(())) => {}
        None => overview.add_not_started(total.saturating_sub(read + overview.not_started())),
        Some(Err(error)) => return Err(cannot_list_all(error, read, "plan")),
    }
    if !is_listed {
        overview.set_partly_listed();
    }
    results.finish()?;
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(planned)
}

impl Planned {
    fn listed(&mut self, page: &SelectedPage) {
        self.is_listed = page.is_last;
        if self.organization.is_none() {
            self.organization = Organization::of(&page.selected);
        }
        self.targets.listed(&page.selected.accounts);
        self.results.listed(page);
    }

    fn ended(&mut self, account: AccountToProcess, report: AccountReport) {
        let Some(report) = self.results.add(&account, report) else { return };
        if !report.changes.is_empty() {
            let HashedPlan { changes, .. } =
                HashedPlan::new(&self.salt, report.changes.iter().map(|step| &step.change));
            self.accounts.push(SavedAccount { id: account.id, name: account.name.to_string(), changes });
        }
    }
}

/// The accounts that are not applied.
#[derive(Default)]
struct Before {
    unchanged: Tally,
    skipped: usize,
    warnings: Vec<PlanWarning>,
}

/// Applies the confirmed changes, and prints the result.
async fn carry_out<W: World<Session: WriteIam>>(
    engine: &Engine<W>,
    accounts: Vec<AccountToProcess>,
    arguments: &RunArgs,
    before: &Before,
) -> anyhow::Result<Exit> {
    let total = accounts.len();
    let run = run(engine, arguments);
    let mut results = Results::of_changes(total, Print::new(arguments.format, arguments.verbose));
    let applied = engine.apply_accounts(accounts, &run, |account, report| {
        results.add(&account, report);
    });
    let is_stopped = until_interrupted(applied, &run.interrupt).await.is_none();
    results.finish()?;
    let done = results.overview.tally().total();
    let not_finished = total.saturating_sub(done + results.overview.not_started());
    match arguments.format {
        Format::Json => print_summary(&results.overview, before.unchanged, before.skipped, &before.warnings)?,
        Format::Text => {
            print_line!();
            print_lines(&results.overview.lines())?;
        }
    }
    if is_stopped {
        warn(format_args!(
            "stopped: {} not finished or not started; a change that was sent may have been made. Run the same command to \
             continue",
            are(not_finished + results.overview.not_started())
        ));
    } else if results.overview.not_started() > 0 {
        warn(format_args!(
            "interrupted: {} not started. Run the same command to continue: what is done is not repeated",
            are(results.overview.not_started())
        ));
    } else {
        return Ok(results.exit);
    }
    Ok(Exit::most_severe([results.exit, Exit::Waiting]))
}

fn run<W: Clock>(engine: &Engine<W>, arguments: &RunArgs) -> OrganizationRun {
    OrganizationRun {
        concurrency: arguments.concurrency.into(),
        wait: Duration::from_secs(arguments.wait.into()),
        name: run_name(&engine.world),
        interrupt: Interrupt::default(),
    }
}

/// The organization that a plan is for.
struct Organization {
    management: AccountId,
    /// Its ID, if Organizations returned the paths of accounts.
    id: Option<String>,
}

impl Organization {
    /// `None` without accounts.
    fn of(selected: &Selected) -> Option<Self> {
        selected.accounts.first().map(Self::new)
    }

    /// The same if every account is skipped: an earlier plan in the file must not look like this one.
    async fn of_skipped<W: World>(engine: &Engine<W>, overview: &Overview) -> anyhow::Result<Option<Self>> {
        let Some(id) = overview.skipped().iter().find_map(|skipped| skipped.id.as_ref()) else { return Ok(None) };
        let found = engine.world.account(id).await;
        let found = found.map_err(|error| explained_error("cannot look up the organization", &error))?;
        Ok(found.as_ref().map(Self::new))
    }

    fn new(account: &Account) -> Self {
        let path = account.ou_path.as_deref().unwrap_or_default();
        let id = path.split('/').find(|part| part.starts_with("o-")).map(printable);
        Self { management: account.management.clone(), id }
    }

    fn save<W: Clock>(
        self,
        path: &Path,
        engine: &Engine<W>,
        salt: Salt,
        accounts: Vec<SavedAccount>,
    ) -> anyhow::Result<()> {
        let plan = SavedPlan {
            tool: TOOL.to_owned(),
            created_at: to_policy_date(engine.world.now()).unwrap_or_default(),
            management: self.management,
            organization: self.id,
            configuration: engine.config.hash.clone(),
            salt,
            accounts,
        };
        write_file(path, &plan.to_json(), Readers::Owner, Existing::Replaced)
    }
}

fn read_plan(file: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let source = File::open(file).with_context(|| format!("cannot read `{file}`; check the path"))?;
    source
        .take(MAX_PLAN)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{file}`; pass a plan that `onboard plan --out FILE` saved"))?;
    text(&input_name(file), bytes)
}

/// Random bytes for a salt.
fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("cannot get random bytes: {error}"))?;
    Ok(bytes)
}

fn question(accounts: usize, changes: usize) -> String {
    let accounts = counted_in_thousands(accounts, "account");
    format!("{accounts}, {}. Apply?", counted_in_thousands(changes, "change"))
}

fn counted_in_thousands(count: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// The subject of a sentence: `1 account was`, `3 accounts were`.
fn are(accounts: usize) -> String {
    let verb = if accounts == 1 { "was" } else { "were" };
    format!("{} {verb}", counted_in_thousands(accounts, "account"))
}

/// What to do with a plan.
fn next_steps(arguments: &RunArgs, saved: Option<&Path>) -> Vec<Line> {
    let line = |text: String| Line::at(0).styled(Style::Faint, text);
    let Some(path) = saved else {
        let text = "Run with `--verbose` for each diff, `--format json` for every account, `--out plan.json` to apply exactly \
                    this plan later.";
        return vec![Line::blank(), line(text.to_owned())];
    };
    let shown = path.display().to_string();
    let command = [vec![quoted(&shown)], options(&arguments.config, &arguments.aws)].concat().join(" ");
    let saved = line(format!("The plan is saved in `{shown}`. To apply exactly this plan, run:"));
    vec![Line::blank(), saved, Line::verbatim(2).styled(Style::Faint, format!("onboard apply {command}"))]
}

#[cfg(test)]
#[path = "many_accounts_tests.rs"]
mod tests;
