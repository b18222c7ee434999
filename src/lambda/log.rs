//! The log: JSON lines, one for each account, and its metrics. No line holds an external id.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::Failure;
use crate::mode::Mode;
use crate::outcome::Outcome;
use crate::report::{Report, emf};

/// Starts the log on standard output, at a level; `info` is the default.
///
/// The SDK's own lines stay out at every level: they hold the requests, and so the external ids.
pub fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok());
    let ours = Targets::new().with_target("account_onboarding", level.unwrap_or(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true);
    let lines = lines.with_current_span(false).with_span_list(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

/// Tells why the function did not start.
pub fn tell_start_failed(error: &lambda_runtime::Error) {
    tracing::error!(outcome = "blocked", cause = "configuration", "{error}");
}

/// Tells that a payload is not understood, by the id of its message where it came in one.
pub(super) fn refuse(invocation: &str, message_id: Option<&str>, error: impl ToString) -> Failure {
    let failure = Failure::payload(error);
    let (outcome, cause) = ("blocked", "not_understood");
    tracing::error!(invocation_id = invocation, message_id, outcome, cause, "{failure}");
    failure
}

/// Tells how an account ended: one line, and one record of metrics.
pub(super) fn tell(report: &Report, invocation: &str, now: f64) {
    let account = report.account_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let cause = report.cause.as_ref().map_or("none", |cause| cause.code);
    let trigger = report.trigger.as_str();
    let (outcome, changes) = (report.outcome.word(), report.done());
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
                invocation_id = invocation,
                "{}{}",
                if account.is_empty() { String::new() } else { format!("account {account}: ") },
                report.outcome
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
