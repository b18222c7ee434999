//! The log: JSON lines, one for each account, and its metrics. No line holds an external id.

use tracing_subscriber::EnvFilter;

use crate::outcome::Outcome;
use crate::report::{Report, emf};

/// Starts the log on standard output. `ONBOARDING_LOG` sets the filter; `info` is the default.
pub fn start() {
    let filter = EnvFilter::try_from_env("ONBOARDING_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    lines.with_env_filter(filter).with_target(false).init();
}

/// Tells how an account ended: one line, and one record of metrics.
pub(super) fn tell(report: &Report, invocation: &str, now: f64) {
    let account = report.account_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let cause = report.cause.as_ref().map_or("none", |cause| cause.code);
    let trigger = report.trigger.as_str();
    let (outcome, changes) = (report.outcome.word(), report.changes.len());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                account_id = account,
                trigger,
                outcome,
                cause,
                changes,
                duration_ms = report.duration_ms,
                invocation_id = invocation,
                "account {account}: {}",
                report.outcome
            )
        };
    }
    match report.outcome {
        Outcome::Converged | Outcome::Ignored(_) => line!(info),
        Outcome::Waiting(_) => line!(warn),
        Outcome::Blocked(_) => line!(error),
    }
    println!("{}", emf(report, now));
}
