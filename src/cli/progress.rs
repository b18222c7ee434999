//! The progress of a command for many accounts, on stderr: a bar on a terminal, and otherwise a line for each account.
//!
//! Everything else that is printed meanwhile goes through [`around_bar`], so that it does not end up in the middle of the bar.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;

use onboarding_core::code::Code;
use onboarding_core::lines::{Line, render};
use onboarding_core::organization::{AccountName, Overview};
use onboarding_core::report::Report;
use onboarding_core::suggestion::{counted, thousands};
use onboarding_engine::SelectedPage;

/// The bar that is shown.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Prints something, without the bar in its way.
pub(super) fn around_bar<T>(print: impl FnOnce() -> T) -> T {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// What the bar shows: while the accounts are still listed, there is no total to compare with.
const LISTING: &str = "{prefix} {human_pos} of {human_len} listed so far  {per_sec}  {wide_msg}";
const LISTED: &str = "{prefix} {bar:24}  {human_pos}/{human_len}  {percent} %  {per_sec}  {eta} left  {wide_msg}";

/// How far a command is.
pub(super) struct Progress {
    total: usize,
    /// Whether more accounts are still listed.
    is_listing: bool,
    done: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts with no account of this many; `None` if the accounts are still listed. `what` is what happens to them, such as `Reading`.
    pub(super) fn new(what: &'static str, total: Option<usize>) -> Self {
        let bar = (std::io::stderr().is_terminal() && total != Some(0)).then(|| {
            let length = total.unwrap_or_default() as u64;
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            bar.set_style(style(if total.is_some() { LISTED } else { LISTING }));
            bar.set_prefix(what);
            bar
        });
        // A terminal that cannot move its cursor (`TERM=dumb`) gets lines.
        let bar = bar.filter(|bar| !bar.is_hidden());
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.clone();
        Self { total: total.unwrap_or_default(), is_listing: total.is_none(), done: 0, bar }
    }

    /// A page of the list of accounts was read. After the last one, the total is known.
    pub(super) fn listed(&mut self, page: &SelectedPage) {
        self.total += page.selected.accounts.len();
        self.is_listing = !page.is_last;
        if let Some(bar) = &self.bar {
            bar.set_length(self.total as u64);
            if page.is_last {
                bar.set_style(style(LISTED));
            }
        }
    }

    /// An account ended; `overview` includes it.
    pub(super) fn ended(&mut self, account: &AccountName, report: &Report, overview: &Overview) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(counts(overview));
                bar.inc(1);
            }
            None => {
                let so_far = if self.is_listing { " listed so far" } else { "" };
                let position = format!("[{}/{}{so_far}]", thousands(self.done), thousands(self.total));
                eprint(&format!("{position} {account}: {}", ending(report)));
            }
        }
    }
}

impl Progress {
    /// An account was read, about which nothing is printed.
    pub(super) fn advance(&mut self) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn eprint(text: &dyn Display) {
    let line = render(&[Line::verbatim(0).text(text)]);
    // There is nowhere left to report an error.
    let _ = anstream::stderr().lock().write_all(line.as_bytes());
}

/// How a report ends, in a few words.
fn ending(report: &Report) -> String {
    let word = report.outcome.as_str();
    if report.outcome.cause().is_some_and(|cause| cause.code == Code::ChangesPending) {
        return counted(report.changes.len(), "change");
    }
    match (report.outcome.cause(), report.done()) {
        (Some(cause), _) => format!("{word} ({})", cause.code),
        (None, 0) => word.to_owned(),
        (None, 1) => format!("{word}, 1 change made"),
        (None, count) => format!("{word}, {count} changes made"),
    }
}

fn counts(overview: &Overview) -> String {
    let tally = overview.tally();
    let counts = [
        ("converged", tally.converged),
        ("to change", tally.pending),
        ("waiting", tally.waiting),
        ("blocked", tally.blocked),
        ("ignored", tally.ignored),
    ];
    let shown = counts.into_iter().filter(|(_, count)| *count > 0);
    shown.map(|(word, count)| format!("{word} {}", thousands(count))).collect::<Vec<_>>().join(", ")
}

/// Writes the lines of the log to stderr, around the bar.
pub(super) struct AroundBar;

impl Write for AroundBar {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        around_bar(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl MakeWriter<'_> for AroundBar {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
