//! What a command for many accounts prints: for each account as soon as it ended, and at the end.

use serde_json::json;

use super::common_args::Format;
use super::exit::Exit;
use super::plan_warnings::PlanWarning;
use super::progress::Progress;
use onboarding_core::lines::{Line, render};
use onboarding_core::mode::Mode;
use onboarding_core::organization::{AccountName, Overview, Tally};
use onboarding_core::report::{Detail, Report, plan_lines, report_lines};
use onboarding_core::selection::SkippedAccount;
use onboarding_engine::{AccountReport, AccountToProcess, SelectedPage};

/// The results so far of one pass over the accounts.
pub(super) struct Results {
    pub(super) overview: Overview,
    pub(super) exit: Exit,
    /// The accounts without changes, and the most severe exit code of them.
    pub(super) unchanged: (Tally, Exit),
    progress: Option<Progress>,
    print: Print,
    /// The first error of printing, after which nothing more is printed.
    error: Option<anyhow::Error>,
}

/// How much is printed of each account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Print {
    /// Nothing: the groups at the end are enough.
    Nothing,
    /// Its plan or its result.
    Text,
    /// Its report, as a line of JSON.
    Json,
    /// The same, unless it has changes, whose report follows when they are made.
    JsonWithoutChanges,
}

impl Print {
    pub(super) fn new(format: Format, verbose: bool) -> Self {
        match (format, verbose) {
            (Format::Json, _) => Self::Json,
            (Format::Text, true) => Self::Text,
            (Format::Text, false) => Self::Nothing,
        }
    }
}

impl Results {
    /// No result yet of plans for accounts that are still listed.
    pub(super) fn of_plans(print: Print) -> Self {
        Self::new(Mode::Plan, Progress::new("Reading", None), print)
    }

    /// No result yet of changes in this many accounts.
    pub(super) fn of_changes(total: usize, print: Print) -> Self {
        Self::new(Mode::Apply, Progress::new("Applying", Some(total)), print)
    }

    fn new(mode: Mode, progress: Progress, print: Print) -> Self {
        Self {
            overview: Overview::new(mode, Vec::new()),
            exit: Exit::Done,
            unchanged: (Tally::default(), Exit::Done),
            progress: Some(progress),
            print,
            error: None,
        }
    }

    /// Takes a page of the list of accounts.
    pub(super) fn listed(&mut self, page: &SelectedPage) {
        if let Some(progress) = &mut self.progress {
            progress.listed(page);
        }
        let skipped = &page.selected.skipped;
        if matches!(self.print, Print::Json | Print::JsonWithoutChanges) && self.error.is_none() {
            self.error = print_skipped(skipped).err();
        }
        self.overview.add_skipped(skipped.iter().cloned());
    }

    /// Takes the result of an account; returns its report.
    pub(super) fn add(&mut self, account: &AccountToProcess, report: AccountReport) -> Option<Box<Report>> {
        let Some(report) = report else {
            self.overview.add_not_started(1);
            return None;
        };
        self.overview.add(&report);
        let exit = Exit::from_outcome(&report.outcome);
        self.exit = Exit::most_severe([self.exit, exit]);
        if report.changes.is_empty() {
            let (tally, most_severe) = &mut self.unchanged;
            tally.count(&report);
            *most_severe = Exit::most_severe([*most_severe, exit]);
        }
        if let Some(progress) = &mut self.progress {
            progress.ended(&AccountName::new(&account.id, Some(&account.name)), &report, &self.overview);
        }
        if self.error.is_none() {
            self.error = self.print_report(&report).err();
        }
        Some(report)
    }

    fn print_report(&self, report: &Report) -> anyhow::Result<()> {
        let lines = match (self.print, report.mode) {
            (Print::Nothing, _) => return Ok(()),
            (Print::JsonWithoutChanges, _) if !report.changes.is_empty() => return Ok(()),
            (Print::Json, _) => {
                print_line!("{}", serde_json::to_string(report)?);
                return Ok(());
            }
            (Print::JsonWithoutChanges, _) => {
                print_line!("{}", serde_json::to_string(&Report { mode: Mode::Apply, ..report.clone() })?);
                return Ok(());
            }
            (Print::Text, Mode::Plan) => plan_lines(report, Detail::Full),
            (Print::Text, Mode::Apply) => report_lines(report, None, Detail::Full),
        };
        print_text!("{}\n", render(&lines));
        Ok(())
    }

    /// Ends the pass: the progress is no longer shown, and it is an error if something could not be printed.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        self.progress = None;
        self.error.take().map_or(Ok(()), Err)
    }
}

/// Prints the accounts that are skipped, each as a line of JSON.
fn print_skipped(skipped: &[SkippedAccount]) -> anyhow::Result<()> {
    for SkippedAccount { id, name, reason } in skipped {
        let line = json!({
            "version": 1,
            "account_id": id,
            "account_name": name.as_ref().map(ToString::to_string),
            "outcome": "skipped",
            "reason": reason.as_str(),
            "message": reason.to_string(),
        });
        print_line!("{line}");
    }
    Ok(())
}

/// Prints the counts, as the last line of JSON: those of `overview`, and those of the accounts that ended before.
pub(super) fn print_summary(
    overview: &Overview,
    before: Tally,
    skipped: usize,
    warnings: &[PlanWarning],
) -> anyhow::Result<()> {
    let tally = overview.tally() + before;
    let skipped = overview.skipped().len() + skipped;
    let summary = json!({
        "version": 1,
        "summary": {
            "accounts": tally.total() + skipped + overview.not_started(),
            "converged": tally.converged,
            "changes_pending": tally.pending,
            "waiting": tally.waiting,
            "blocked": tally.blocked,
            "ignored": tally.ignored,
            "skipped": skipped,
            "not_started": overview.not_started(),
            "changes": tally.changes,
        },
        "warnings": warnings.iter().map(PlanWarning::to_json).collect::<Vec<_>>(),
    });
    print_line!("{summary}");
    Ok(())
}

/// Prints lines to stdout.
pub(super) fn print_lines(lines: &[Line]) -> anyhow::Result<()> {
    print_text!("{}", render(lines));
    Ok(())
}
