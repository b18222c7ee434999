//! The log of the function: JSON lines on stdout, and CloudWatch metrics in the embedded metric format.
//!
//! Every payload ends in one summary line: [`outcome`] if it produced a report, otherwise [`payload_rejected`],
//! [`configuration_failed`] or [`panicked`]. The summary carries the account, event, message and request IDs, so one
//! CloudWatch Logs Insights query finds everything about an account. The warnings [`notification_failed`] and
//! [`message_action_failed`] come in addition to it.
//!
//! External IDs and keys never reach the log. The SDK would log whole requests, which contain them, so its targets are
//! disabled at every level.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::SystemTime;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::context::InvocationContext;
use onboarding_core::account::AccountId;
use onboarding_core::code::{Code, OutcomeKind};
use onboarding_core::error::ApiError;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{ChangeResult, ChangeStatus, Report, emf, time_to_onboarded};
use onboarding_core::text;
use onboarding_engine::ports::UnreadableAccount;

/// Starts logging to stdout at a level; the default is `info`.
///
/// Only this project's targets are enabled. The SDK's log lines contain requests and therefore external IDs.
pub fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_target("account_onboarding", level).with_target("onboarding_engine", level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(|| Filtered(std::io::stdout()));
    let lines = lines.with_span_list(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

/// A writer that filters untrusted text out of every line, whichever field it is in. Lines are JSON, so control
/// characters below U+0020 are already escaped.
struct Filtered<W>(W);

impl<W: Write> Write for Filtered<W> {
    /// The formatter writes each line with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(text::printable_lines(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Logs that the function could not start.
pub fn start_failed(error: &lambda_runtime::Error) {
    let outcome = OutcomeKind::Blocked.as_str();
    let cause = Code::Configuration.as_str();
    tracing::error!(outcome, cause, "{error}");
}

/// Logs that a payload could not be parsed.
pub(super) fn payload_rejected(context: &InvocationContext<'_>, error: &dyn Display) {
    failed_without_report(context, Code::InvalidMessage, error);
}

/// Logs that nothing in an invocation was processed, because the configuration could not be loaded.
pub(super) fn configuration_failed(invocation: &str, error: &dyn Display) {
    failed_without_report(&InvocationContext::direct(invocation), Code::Configuration, error);
}

/// Logs that the processing of a record panicked.
pub(super) fn panicked(context: &InvocationContext<'_>) {
    let message = "the function panicked while processing a record; the message returns to the queue";
    failed_without_report(context, Code::Panic, &message);
}

/// Logs a payload that failed before its account was known, so that there is no report about it.
fn failed_without_report(context: &InvocationContext<'_>, cause: Code, message: &dyn Display) {
    let InvocationContext { invocation, event: event_id, message: message_id, .. } = *context;
    let outcome = OutcomeKind::Blocked.as_str();
    tracing::error!(event_id, message_id, invocation_id = invocation, outcome, cause = cause.as_str(), "{message}");
}

/// Logs that a message could not be delayed or moved to the dead-letter queue. It becomes visible again when its
/// visibility timeout expires.
pub(super) fn message_action_failed(context: &InvocationContext<'_>, error: &ApiError) {
    let InvocationContext { invocation, message, event, account, .. } = *context;
    tracing::warn!(account_id = account, event_id = event, message_id = message, invocation_id = invocation, "{error}");
}

/// Logs that a sweep skipped an account that it cannot read.
pub(super) fn unreadable_account(invocation: &str, account: &UnreadableAccount) {
    let account_id = account.id.as_ref().map(AccountId::as_str);
    let name = account_id.map_or_else(|| "an account without a readable ID".to_owned(), |id| format!("account {id}"));
    tracing::warn!(account_id, invocation_id = invocation, "{name} was skipped by the sweep: {}", account.problem);
}

/// Logs that the notification about an account could not be sent or recorded.
pub(super) fn notification_failed(report: &Report, context: &InvocationContext<'_>, error: &ApiError) {
    let account_id = report.account_id.as_ref().map(AccountId::as_str).unwrap_or_default();
    let InvocationContext { invocation, event, message: message_id, .. } = *context;
    let message = "could not send or record the notification";
    tracing::error!(
        account_id,
        event_id = event,
        message_id,
        invocation_id = invocation,
        "account {account_id}: {message}: {error}"
    );
}

/// Writes the metric of how long it took to onboard a new account.
pub(super) fn onboarding_time(report: &Report, now: SystemTime) {
    if let Some(record) = time_to_onboarded(report, now) {
        println!("{record}");
    }
}

/// Logs the outcome of a payload: one line, and one metrics record.
pub(super) fn outcome(report: &Report, context: &InvocationContext<'_>, now: SystemTime) {
    let account = report.account_id.as_ref().map(AccountId::as_str).unwrap_or_default();
    let cause = report.cause.as_ref().map_or("none", |cause| cause.code.as_str());
    let trigger = report.trigger.as_str();
    let outcome = report.outcome.as_str();
    let changes = report.done();
    let planned = planned(report);
    let message = match &report.account_id {
        Some(id) => format!("account {id}: {}", report.outcome),
        // The notices of a sweep say how many accounts were queued.
        None => [report.outcome.to_string()].iter().chain(&report.notices).cloned().collect::<Vec<_>>().join(": "),
    };
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                account_id = account,
                trigger,
                mode = report.mode.as_str(),
                outcome,
                cause,
                changes,
                planned,
                duration_ms = report.duration_ms,
                event_id = context.event,
                message_id = context.message,
                invocation_id = context.invocation,
                "{message}"
            )
        };
    }
    match &report.outcome {
        Outcome::Ignored(cause) if cause.code == Code::UnreadableEvent => line!(warn),
        Outcome::Converged | Outcome::Ignored(_) => line!(info),
        Outcome::Waiting(_) if report.mode == Mode::Plan => line!(info),
        Outcome::Waiting(_) => line!(warn),
        Outcome::Blocked(_) => line!(error),
    }
    println!("{}", emf(report, now));
}

/// The maximum number of planned changes in a log line. A line that is too long is cut off, and is no JSON then.
const LONGEST_PLAN: usize = 100;

/// The changes that a plan would make, each on a line of its own; a sweep reports them nowhere else.
fn planned(report: &Report) -> Option<String> {
    let is_planned = |step: &&ChangeResult| step.status == ChangeStatus::Planned;
    let planned: Vec<_> = report.changes.iter().filter(is_planned).collect();
    let mut lines: Vec<_> = planned.iter().take(LONGEST_PLAN).map(|step| step.change.to_string()).collect();
    if let Some(more) = planned.len().checked_sub(LONGEST_PLAN).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    Some(lines.join("\n")).filter(|lines| !lines.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_line_cannot_be_forged_or_repainted() {
        let mut written = Vec::new();
        let line = "{\"message\":\"a\u{9b}31m\u{202e}b\u{2028}c\"}\n";
        Filtered(&mut written).write_all(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "{\"message\":\"a?31m?b c\"}\n");
    }
}
