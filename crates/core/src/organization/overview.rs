//! Counts outcomes, and groups accounts by their changes, their causes and their notices.

use std::collections::BTreeMap;

use super::group::{AccountName, Groups, Member, general_text};
use crate::code::Code;
use crate::config::{Config, Dropped, StillInAccounts};
use crate::lines::{Line, plain};
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{Detail, NoLongerConfigured, Report, changes_lines};
use crate::role::RoleName;
use crate::selection::SkippedAccount;

/// What a run over many accounts found and did.
#[derive(Debug, Clone)]
pub struct Overview {
    pub(super) mode: Mode,
    pub(super) tally: Tally,
    /// The accounts of which nothing is known, because the run was interrupted before them.
    pub(super) not_started: usize,
    /// Whether the run was interrupted before all accounts were listed.
    pub(super) is_partly_listed: bool,
    pub(super) skipped: Vec<SkippedAccount>,
    pub(super) changes: Groups<Changes>,
    pub(super) blocked: Groups<Cause>,
    pub(super) waiting: Groups<Cause>,
    pub(super) ignored: Groups<Cause>,
    pub(super) notices: Groups<String>,
    /// The roles of `no_longer_configured` of the reports, by name and owner.
    no_longer_configured: BTreeMap<(RoleName, Option<String>), StillInAccounts>,
}

/// How many accounts ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// As configured, and proven.
    pub converged: usize,
    /// With changes to make.
    pub pending: usize,
    /// Not ready.
    pub waiting: usize,
    /// In need of attention.
    pub blocked: usize,
    /// Not processed, as the engine found out.
    pub ignored: usize,
    /// The number of changes that were planned, or made.
    pub changes: usize,
    /// The number of accounts with such changes.
    pub changed: usize,
}

/// The changes of an account.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    pub(super) count: usize,
    pub(super) lines: Vec<Line>,
    /// The same for several accounts.
    pub(super) general: Vec<Line>,
}

impl Tally {
    /// The number of accounts.
    #[must_use]
    pub fn total(&self) -> usize {
        self.converged + self.pending + self.waiting + self.blocked + self.ignored
    }

    /// Counts an account.
    pub fn count(&mut self, report: &Report) {
        *match &report.outcome {
            Outcome::Converged => &mut self.converged,
            Outcome::Waiting(cause) if cause.code == Code::ChangesPending => &mut self.pending,
            Outcome::Waiting(_) => &mut self.waiting,
            Outcome::Blocked(_) => &mut self.blocked,
            Outcome::Ignored(_) => &mut self.ignored,
        } += 1;
        let changes = match report.mode {
            Mode::Plan => report.changes.len(),
            Mode::Apply => report.done(),
        };
        self.changes += changes;
        self.changed += usize::from(changes > 0);
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            converged: self.converged + other.converged,
            pending: self.pending + other.pending,
            waiting: self.waiting + other.waiting,
            blocked: self.blocked + other.blocked,
            ignored: self.ignored + other.ignored,
            changes: self.changes + other.changes,
            changed: self.changed + other.changed,
        }
    }
}

impl Overview {
    /// Nothing yet, of a run that skips these accounts.
    #[must_use]
    pub fn new(mode: Mode, skipped: Vec<SkippedAccount>) -> Self {
        Self {
            mode,
            tally: Tally::default(),
            not_started: 0,
            is_partly_listed: false,
            skipped,
            changes: Groups::default(),
            blocked: Groups::default(),
            waiting: Groups::default(),
            ignored: Groups::default(),
            notices: Groups::default(),
            no_longer_configured: BTreeMap::new(),
        }
    }

    /// Adds an account.
    pub fn add(&mut self, report: &Report) {
        self.tally.count(report);
        let Some(id) = &report.account_id else { return };
        let account = AccountName::new(id, report.account_name.as_ref());
        let member = || Member { account: account.clone(), unit: report.unit.clone() };
        if self.mode == Mode::Plan && !report.changes.is_empty() {
            let lines = changes_lines(report, Detail::Summary);
            let general_lines: Vec<_> =
                lines.iter().map(|line| line.map_text(|text| general_text(text, &account))).collect();
            let count = report.changes.len();
            let key = plain(&general_lines);
            self.changes.add(key, member(), || Changes { count, lines, general: general_lines });
        }
        let groups = match &report.outcome {
            Outcome::Blocked(_) => Some(&mut self.blocked),
            Outcome::Waiting(cause) if cause.code != Code::ChangesPending => Some(&mut self.waiting),
            Outcome::Ignored(_) => Some(&mut self.ignored),
            Outcome::Converged | Outcome::Waiting(_) => None,
        };
        if let (Some(groups), Some(cause)) = (groups, report.outcome.cause()) {
            let message = general_text(&cause.message, &account);
            let remedy = general_text(&cause.remedy, &account);
            let key = format!("{} {message}", cause.code);
            groups.add(key, member(), || Cause { message, remedy, ..cause.clone() });
        }
        for (role, NoLongerConfigured { owner, tenant }) in &report.no_longer_configured {
            let key = (role.clone(), owner.as_ref().map(ToString::to_string));
            let still = self.no_longer_configured.entry(key).or_default();
            still.owner.clone_from(owner);
            still.accounts += 1;
            if let Some(tenant) = tenant {
                *still.registered.entry(tenant.clone()).or_default() += 1;
            }
        }
        for notice in &report.notices {
            let notice = general_text(notice, &account);
            self.notices.add(notice.clone(), member(), || notice);
        }
    }

    /// Adds accounts that are skipped.
    pub fn add_skipped(&mut self, skipped: impl IntoIterator<Item = SkippedAccount>) {
        self.skipped.extend(skipped);
        self.skipped.sort_by(|a, b| a.id.cmp(&b.id));
    }

    /// Adds accounts that were not started.
    pub fn add_not_started(&mut self, count: usize) {
        self.not_started += count;
    }

    /// Says that the run was interrupted before all accounts were listed.
    pub fn set_partly_listed(&mut self) {
        self.is_partly_listed = true;
    }

    /// The counts.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The roles that accounts have because an earlier configuration asked for them, and that neither this one nor `[[removed]]`
    /// names. Only accounts with a record are known to have such roles.
    #[must_use]
    pub fn dropped(&self, config: &Config) -> Vec<Dropped> {
        self.no_longer_configured.iter().map(|((role, _), still)| still.dropped(config, role)).collect()
    }

    /// The accounts that are skipped.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedAccount] {
        &self.skipped
    }

    /// The number of accounts that were not started.
    #[must_use]
    pub fn not_started(&self) -> usize {
        self.not_started
    }

    /// The accounts that were listed and selected, those that were skipped or not started included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.tally.total() + self.not_started + self.skipped.len()
    }
}
