//! The log: JSON lines, one for each account, and its metrics. No line holds an external id.

use std::fmt::Display;
use std::io::{self, Write};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::InvocationError;
use super::context::InvocationContext;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, emf, time_to_connected};
use onboarding_core::text;

/// Starts the log on standard output, at a level; `info` is the default.
///
/// The SDK's own lines stay out at every level: they hold the requests, and so the external ids.
pub fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_target("account_onboarding", level).with_target("onboarding_engine", level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(|| Filtered(std::io::stdout()));
    let lines = lines.with_span_list(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

/// Applies the filter for untrusted text to every line, whatever its fields hold. Lines are JSON, so that control characters
/// below U+0020 are escaped already.
struct Filtered<W>(W);

impl<W: Write> Write for Filtered<W> {
    /// The formatter writes each line with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text: String = text
            .split_inclusive('\n')
            .flat_map(|part| match part.strip_suffix('\n') {
                Some(part) => [text::printable(part), "\n".to_owned()],
                None => [text::printable(part), String::new()],
            })
            .collect();
        self.0.write_all(text.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Tells why the function did not start.
pub fn tell_start_failed(error: &lambda_runtime::Error) {
    tracing::error!(outcome = "blocked", cause = "configuration", "{error}");
}

/// Tells that a payload is not understood.
pub(super) fn refuse(origin: &InvocationContext<'_>, error: impl ToString) -> InvocationError {
    let failure = InvocationError::payload(error);
    lost(origin, "invalid_message", &failure);
    failure
}

/// Tells that nothing of an invocation was done, since the configuration cannot be used.
pub(super) fn refuse_all(invocation: &str, failure: &InvocationError) {
    lost(&InvocationContext::direct(invocation), "configuration", failure);
}

/// Tells that a record ended in a panic.
pub(super) fn panicked(origin: &InvocationContext<'_>) {
    lost(origin, "panic", &"a record ended in a panic; it goes back to the queue");
}

/// A line about a payload whose account is not known.
fn lost(origin: &InvocationContext<'_>, cause: &str, message: &dyn Display) {
    let InvocationContext { invocation, event: event_id, message: message_id, .. } = *origin;
    tracing::error!(event_id, message_id, invocation_id = invocation, outcome = "blocked", cause, "{message}");
}

/// Tells that a message could not be put off or set aside; it comes again by itself.
pub(super) fn undelivered(origin: &InvocationContext<'_>, error: &ApiError) {
    let InvocationContext { invocation, message, event, account, .. } = *origin;
    tracing::warn!(account_id = account, event_id = event, message_id = message, invocation_id = invocation, "{error}");
}

/// Tells that how an account ended could not be told.
pub(super) fn after_failed_notification(report: &Report, origin: &InvocationContext<'_>, error: &ApiError) {
    let account_id = report.account_id.as_ref().map(AccountId::as_str).unwrap_or_default();
    let InvocationContext { invocation, event, message: message_id, .. } = *origin;
    let message = "how it ended could not be told or remembered";
    tracing::error!(
        account_id,
        event_id = event,
        message_id,
        invocation_id = invocation,
        "account {account_id}: {message}: {error}"
    );
}

/// Counts how long a new account took until it was connected.
pub(super) fn connected(report: &Report, now: f64) {
    if let Some(record) = time_to_connected(report, now) {
        println!("{record}");
    }
}

/// The span of the lines about an account while it is seen to.
pub(super) fn span(origin: &InvocationContext<'_>, account: &str) -> tracing::Span {
    let (event_id, invocation_id) = (origin.event, origin.invocation);
    tracing::info_span!("account", account_id = account, event_id, invocation_id)
}

/// Tells how an account ended: one line, and one record of metrics.
pub(super) fn tell(report: &Report, origin: &InvocationContext<'_>, now: f64) {
    let account = report.account_id.as_ref().map(AccountId::as_str).unwrap_or_default();
    let cause = report.cause.as_ref().map_or("none", |cause| cause.code);
    let trigger = report.trigger.as_str();
    let (outcome, changes) = (report.outcome.word(), report.done());
    let message = match &report.account_id {
        Some(id) => format!("account {id}: {}", report.outcome),
        // A sweep's notices say how far it came.
        None => [report.outcome.to_string()].iter().chain(&report.notices).cloned().collect::<Vec<_>>().join(": "),
    };
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                account_id = account,
                trigger,
                mode = report.mode.word(),
                outcome,
                cause,
                changes,
                duration_ms = report.duration_ms,
                event_id = origin.event,
                message_id = origin.message,
                invocation_id = origin.invocation,
                "{message}"
            )
        };
    }
    match report.outcome {
        Outcome::Converged | Outcome::Ignored(_) => line!(info),
        Outcome::Waiting(_) if report.mode == Mode::Plan => line!(info),
        Outcome::Waiting(_) => line!(warn),
        Outcome::Blocked(_) => line!(error),
    }
    println!("{}", emf(report, now));
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
