//! The log of the function: JSON lines on stdout, and CloudWatch metrics in the embedded metric format.
//!
//! Every payload ends in one summary line: [`outcome`] if it produced a report, otherwise [`payload_rejected`],
//! [`configuration_failed`] or [`panicked`]. The summary carries the account, event, message and request IDs, so one
//! CloudWatch Logs Insights query finds everything about an account. The warnings [`notification_failed`] and
//! [`message_action_failed`] come in addition to it.
//!
//! External IDs and keys never reach the log. The SDK would log whole requests, which contain them, so its targets are
//! disabled at every level. In the messages of services, which may repeat a request, and in those of panics, the writer of
//! the log replaces every secret that the function has read.

use std::fmt::Display;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::time::SystemTime;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::context::InvocationContext;
use onboarding_core::account::AccountId;
use onboarding_core::code::{Code, OutcomeKind};
use onboarding_core::error::ApiError;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::{Report, emf, time_to_onboarded};
use onboarding_core::text;
use onboarding_engine::ports::UnreadableAccount;

/// Starts logging to stdout at a level, without the secrets that are known when a line is written. The default level is
/// `info`. A panic is a line of the log as well, instead of unfiltered text on stderr.
pub fn start(level: Option<&str>, secrets: &KnownSecrets) {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok());
    subscriber(level.unwrap_or(LevelFilter::INFO), secrets, io::stdout).init();
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    tracing::error!("{panic}");
}

/// What writes the log lines, to `output`.
///
/// Only this project's targets are enabled. The SDK's log lines contain requests and therefore external IDs.
pub fn subscriber<W: Write + 'static>(
    level: LevelFilter,
    secrets: &KnownSecrets,
    output: impl Fn() -> W + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let secrets = secrets.clone();
    let filtered = move || Filtered { output: output(), secrets: secrets.clone() };
    let ours = Targets::new().with_target("account_onboarding", level).with_target("onboarding_engine", level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(filtered);
    let lines = lines.with_span_list(false).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours))
}

/// A writer that filters secrets and untrusted text out of every line, whichever field it is in. Lines are JSON, so control
/// characters below U+0020 are already escaped.
struct Filtered<W> {
    output: W,
    secrets: KnownSecrets,
}

impl<W: Write> Write for Filtered<W> {
    /// The formatter writes each line with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = self.secrets.redacted_line(&String::from_utf8_lossy(line));
        self.output.write_all(text::printable_lines(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
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
pub(super) fn notification_failed(account: Option<&AccountId>, context: &InvocationContext<'_>, error: &ApiError) {
    let account_id = account.map(AccountId::as_str).unwrap_or_default();
    let InvocationContext { invocation, event, message: message_id, .. } = *context;
    let message = "could not send or record the notification";
    tracing::error!(
        account_id,
        event_id = event,
        message_id,
        invocation_id = invocation,
        "{}: {message}: {error}",
        subject(account)
    );
}

/// What a run was about, in a sentence.
fn subject(account: Option<&AccountId>) -> String {
    account.map_or_else(|| "the sweep".to_owned(), |id| format!("account {id}"))
}

/// Logs that the record of an account could not be saved. Its lease expires, and the outcome may be notified again.
pub(super) fn record_not_saved(account: Option<&AccountId>, context: &InvocationContext<'_>, error: &ApiError) {
    let account_id = account.map(AccountId::as_str).unwrap_or_default();
    let InvocationContext { invocation, event, message: message_id, .. } = *context;
    tracing::warn!(
        account_id,
        event_id = event,
        message_id,
        invocation_id = invocation,
        "could not save the record of {}: {error}",
        subject(account)
    );
}

/// Logs that nothing is remembered between invocations. Once, when the function starts.
pub(super) fn no_records() {
    tracing::warn!(
        "`ONBOARDING_TABLE` is not set: concurrent invocations may make the same writes, and notifications are repeated"
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
    let notices = notices(report);
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
                notices,
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

/// The maximum number of planned changes in a log line. A line that is too long is cut off, and is invalid JSON then.
const LONGEST_PLAN: usize = 100;

/// The maximum number of notices in a log line, and the longest notice, in characters.
const MOST_NOTICES: usize = 20;
const LONGEST_NOTICE: usize = 500;

/// The notices about an account, each on a line of its own. Those of a sweep are in its message.
fn notices(report: &Report) -> Option<String> {
    report.account_id.as_ref()?;
    limited(report.notices.iter().map(|notice| text::excerpt(notice, LONGEST_NOTICE)), MOST_NOTICES)
}

/// The changes that a plan would make, each on a line of its own.
fn planned(report: &Report) -> Option<String> {
    limited(report.planned().iter().map(ToString::to_string), LONGEST_PLAN)
}

/// The first lines, and how many more there are; `None` if there is none.
fn limited(lines: impl ExactSizeIterator<Item = String>, most: usize) -> Option<String> {
    let more = lines.len().saturating_sub(most);
    let mut shown: Vec<_> = lines.take(most).collect();
    shown.extend((more > 0).then(|| format!("and {more} more")));
    Some(shown.join("\n")).filter(|lines| !lines.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use onboarding_core::trigger::TriggerKind;

    use super::*;

    /// A buffer for log lines.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn panic_is_logged_without_secrets() {
        let lines = Lines::default();
        let output = lines.clone();
        let secrets = KnownSecrets::default();
        let subscriber = subscriber(LevelFilter::INFO, &secrets, move || output.clone());
        secrets.add("s3cret/id");
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let result =
            tracing::subscriber::with_default(subscriber, || std::panic::catch_unwind(|| panic!("S3CRET%2fid")));
        std::panic::set_hook(before);
        assert!(result.is_err());
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(line["message"].as_str().unwrap().ends_with("(hidden)"), "{text}");
    }

    #[test]
    fn notices_of_an_account_are_logged_within_limits() {
        let lines = Lines::default();
        let output = lines.clone();
        let secrets = KnownSecrets::default();
        secrets.add("s3cret-id");
        let subscriber = subscriber(LevelFilter::INFO, &secrets, move || output.clone());
        let log = |account: Option<&str>, notices: Vec<String>| {
            let account = account.map(|id| id.parse().unwrap());
            let report = Report::new(account, TriggerKind::Sweep, Mode::Plan, Outcome::Converged);
            outcome(&Report { notices, ..report }, &InvocationContext::direct("one"), SystemTime::UNIX_EPOCH);
            let text = String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap();
            serde_json::from_str::<serde_json::Value>(&text).unwrap()["notices"].as_str().map(str::to_owned)
        };
        tracing::subscriber::with_default(subscriber, || {
            let account = Some("444455556666");
            assert_eq!(log(account, vec![]), None);
            let two = vec!["grants\neverybody".to_owned(), "repeats s3cret-id".to_owned()];
            assert_eq!(log(account, two).unwrap(), "grants everybody\nrepeats (hidden)");
            let many = log(account, vec!["long ".repeat(1000); 23]).unwrap();
            assert_eq!((many.lines().count(), many.lines().last()), (21, Some("and 3 more")));
            assert!(many.len() < 20 * 510, "{}", many.len());
            assert_eq!(log(None, vec!["queued 3 accounts".to_owned()]), None, "it is in the message of the sweep");
        });
    }

    #[test]
    fn log_line_cannot_be_forged_or_repainted() {
        let mut written = Vec::new();
        let line = "{\"message\":\"a\u{9b}31m\u{202e}b\u{2028}c\"}\n";
        let mut filtered = Filtered { output: &mut written, secrets: KnownSecrets::default() };
        filtered.write_all(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "{\"message\":\"a?31m?b c\"}\n");
    }
}
