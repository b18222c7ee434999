//! The runs over the whole organization: plan and apply of the command line, and the function's sweep over its queue. Each is made
//! twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::report::{AccountEvent, Report};
use onboarding_core::role::RoleName;
use onboarding_core::selection::{Selected, Selection};
use onboarding_engine::ports::{ManageAccounts, World as Ports, WriteIam};
use onboarding_engine::{AccountToProcess, Engine, Interrupt, OrganizationRun, select_accounts};
use onboarding_simulation::{Call, DeadLetter, FakeOrganization, RoleState};
use tracing::level_filters::LevelFilter;

use super::world::{CONFIG, COUNT, World};
use crate::common::{engine, outcome_code, run};
use crate::lambda::{Lambda, sweep};
use crate::log::logged;
use crate::many_accounts::{self, confirmed};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The roles of every account.
pub(super) type Roles = BTreeMap<AccountId, BTreeMap<RoleName, RoleState>>;

/// A run that was made again.
pub(super) struct Again {
    pub(super) after: Roles,
    pub(super) calls: Vec<Call>,
    /// The calls that were throttled, because they exceeded a quota of AWS.
    pub(super) throttled: u64,
}

/// `onboard plan --all`, and `onboard apply --all` of what was planned.
pub(super) struct CommandLine {
    pub(super) world: World,
    pub(super) selected: Selected,
    pub(super) before: Roles,
    pub(super) planned: BTreeMap<AccountId, Report>,
    /// The reports of the accounts with changes.
    pub(super) applied: BTreeMap<AccountId, Report>,
    pub(super) after: Roles,
    /// The calls of the apply.
    pub(super) calls: Vec<Call>,
    /// A second apply, of everything.
    pub(super) again: Again,
}

impl CommandLine {
    pub(super) fn new() -> Self {
        let world = World::of(COUNT);
        let organization = &world.organization;
        let engine = engine(organization, CONFIG);
        let selected = run(select_accounts(&engine.world, &Selection::all(), &engine.config.excluded)).unwrap();
        let planned = plan(&engine, selected.clone());
        assert_eq!(organization.writes(), [], "a plan writes nothing");
        world.meanwhile();
        let before = organization.state();
        organization.clear_journal();
        let applied = apply(&engine, confirmed(&planned));
        let after = organization.state();
        let calls = organization.journal();
        organization.clear_journal();
        organization.enforce_api_quotas(100);
        apply(&engine, selected.accounts.iter().cloned().map(AccountToProcess::from).collect());
        let again = Again::new(organization);
        Self { world, selected, before, planned, applied, after, calls, again }
    }

    /// How the plan and the apply ended for an account.
    pub(super) fn outcomes(&self, id: &AccountId) -> [String; 2] {
        let skipped = self.selected.skipped.iter().find(|skipped| skipped.id.as_ref() == Some(id));
        let planned = match (self.planned.get(id), skipped) {
            (Some(report), _) => outcome_code(report),
            (None, Some(skipped)) => skipped.reason.as_str().to_owned(),
            (None, None) => "not listed".to_owned(),
        };
        let applied = self.applied.get(id).map_or(planned.clone(), outcome_code);
        [planned, applied]
    }
}

impl Again {
    fn new(organization: &FakeOrganization) -> Self {
        let throttled = organization.throttled_calls();
        Self { after: organization.state(), calls: organization.journal(), throttled }
    }
}

pub(super) fn organization_run(name: &str) -> OrganizationRun {
    OrganizationRun {
        concurrency: 16,
        wait: Duration::from_secs(30),
        name: name.to_owned(),
        interrupt: Interrupt::default(),
    }
}

/// The report of every selected account.
pub(super) fn plan<W: Ports + ManageAccounts>(engine: &Engine<W>, selected: Selected) -> BTreeMap<AccountId, Report> {
    let accounts = selected.accounts.into_iter().map(AccountToProcess::from).collect();
    let mut reports = BTreeMap::new();
    run(engine.plan_accounts(accounts, &organization_run("plan"), |account, report| {
        reports.insert(account.id, *report.expect("every account is started"));
    }));
    reports
}

/// The report of every account that is applied.
pub(super) fn apply<W: Ports<Session: WriteIam>>(
    engine: &Engine<W>,
    accounts: Vec<AccountToProcess>,
) -> BTreeMap<AccountId, Report> {
    let reports = many_accounts::apply(engine, accounts, &organization_run("apply")).into_iter();
    reports.map(|(id, report)| (id, report.expect("every account is started"))).collect()
}

/// A sweep of the function, chunk by chunk, until its queue is empty.
pub(super) struct Sweep {
    pub(super) world: World,
    pub(super) before: Roles,
    pub(super) after: Roles,
    pub(super) calls: Vec<Call>,
    pub(super) log: String,
    /// How the run for each account ended, according to its record.
    pub(super) outcomes: BTreeMap<AccountId, String>,
    pub(super) dead_letters: Vec<DeadLetter>,
    pub(super) events: Vec<AccountEvent>,
    /// Whether no message is left in the queue.
    pub(super) is_done: bool,
    /// A second sweep, a day later.
    pub(super) again: Again,
}

impl Sweep {
    pub(super) fn new() -> Self {
        let world = World::of(COUNT);
        let organization = &world.organization;
        let function = queued(&world);
        let before = organization.state();
        let (log, _) = logged(LevelFilter::INFO, || function.process_for(3 * DAY));
        let after = organization.state();
        let calls = organization.journal();
        let outcomes = world
            .members
            .iter()
            .map(|member| (member.id.clone(), recorded_outcome(organization, &member.id)))
            .collect();
        let (dead_letters, is_done) = (function.queue.dead_letters(), function.queue.next_visible().is_none());
        let events = function.notifier.events();
        function.wait(DAY);
        organization.clear_journal();
        function.deliver(&sweep(), 3 * DAY);
        let again = Again::new(organization);
        Self { world, before, after, calls, log, outcomes, dead_letters, events, is_done, again }
    }
}

/// A function whose queue has the chunks of a sweep, some of them twice, and the last ones first. Meanwhile, accounts have changed.
pub(super) fn queued(world: &World) -> Lambda {
    let function = Lambda::new(&world.organization, CONFIG);
    function.answer(&sweep()).expect("a sweep");
    let messages = function.queue.receive(usize::MAX);
    assert!(messages.len() > world.members.len() / 30, "{} messages", messages.len());
    for (number, message) in messages.iter().enumerate().rev() {
        function.queue.delete(&message.id);
        (0..=usize::from(number % 8 == 0)).for_each(|_| function.queue.put(&message.body));
    }
    world.meanwhile();
    function
}

/// How the last run for an account ended, according to its record.
fn recorded_outcome(organization: &FakeOrganization, id: &AccountId) -> String {
    match organization.record(id.as_str()).result {
        None => "no record".to_owned(),
        Some(result) => {
            let code = result.code.map(|code| format!(" {code}")).unwrap_or_default();
            format!("{}{code}", result.outcome.as_str())
        }
    }
}

/// The accounts in which something was written, or was tried to be.
pub(super) fn written(calls: &[Call]) -> BTreeSet<&AccountId> {
    writes(calls).map(|call| &call.account).collect()
}

/// The writes in accounts.
pub(super) fn writes(calls: &[Call]) -> impl Iterator<Item = &Call> {
    calls.iter().filter(|call| call.write && call.role.is_some())
}
