//! What to do with a message from the inbox queue after its account was processed.
//!
//! SQS delivers a message at least once. While the function processes it, the message is hidden for its *visibility
//! timeout*; it is delivered again unless it is deleted. The function uses this for retries instead of keeping state of its
//! own ([`MessageAction`]):
//!
//! - **Delete**: the account converged, or there is nothing to do for it.
//! - **Retry**: the account is waiting. The visibility timeout is set to the pause before the next try, an exponential
//!   backoff from 30 seconds to 15 minutes.
//! - **Dead-letter queue**: the account is blocked, so that a retry would fail in the same way, or it has been waiting for
//!   too long (`retries_exhausted`). The message is kept for 14 days and can be redriven after the cause is fixed. The
//!   exception is the message of a sweep about an account that is still blocked by the same cause: that cause was notified, and
//!   the next sweep looks again ([`after_notification`]).
//!
//! Retries are limited by the age of the message and not by their number: how long an account takes to become ready does
//! not depend on how often it was tried.

use std::time::Duration;

use crate::account::AccountAge;
use crate::code::Code;
use crate::error::{ApiError, ErrorKind};
use crate::limits::{CONFIGURATION_AGE, FIRST_RETRY, LONGEST_RETRY};
use crate::mode::Mode;
use crate::notification::Novelty;
use crate::outcome::{Cause, Outcome, Stop};
use crate::report::Report;
use crate::trigger::TriggerKind;

/// What to do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAction {
    /// Delete it; it was processed.
    Delete,
    /// Retry it after this pause, by its visibility timeout.
    RetryIn(Duration),
    /// Move it to the dead-letter queue; manual action is required.
    DeadLetter(Cause),
}

/// The attributes of a received message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// How often it was received, including this time.
    pub times: u32,
    /// Its age; `None` if not known.
    pub age: Option<Duration>,
}

/// Decides what to do with a message whose account ended with this report. `give_up_after` is the maximum age.
#[must_use]
pub fn decide(report: &Report, received: Received, give_up_after: Duration) -> MessageAction {
    match &report.outcome {
        // The result of a plan that was requested through the queue is in the log.
        _ if report.mode == Mode::Plan => MessageAction::Delete,
        Outcome::Converged | Outcome::Ignored(_) => match &report.retry {
            Some(last) => retry(last, received, give_up_after),
            None => MessageAction::Delete,
        },
        Outcome::Blocked(cause) => MessageAction::DeadLetter(cause.clone()),
        Outcome::Waiting(last) => retry(last, received, give_up_after),
    }
}

/// Whether a message has to wait before it is processed. A configuration that was changed is swept once every running instance of
/// the function reads it, and once for all changes that are made in this time.
#[must_use]
pub fn postpone(trigger: TriggerKind, received: Received) -> Option<MessageAction> {
    let left = CONFIGURATION_AGE.checked_sub(received.age?).filter(|left| !left.is_zero())?;
    (trigger == TriggerKind::ConfigurationChange).then_some(MessageAction::RetryIn(left))
}

fn retry(last: &Cause, received: Received, give_up_after: Duration) -> MessageAction {
    match received.age {
        Some(age) if age >= give_up_after => MessageAction::DeadLetter(retries_exhausted(last, age)),
        _ => MessageAction::RetryIn(pause(received.times)),
    }
}

/// Decides what to do with a message whose outcome was published or recorded. An account that stays blocked would add a dead
/// letter with every sweep. Only the first one of a cause is kept, whatever message it came with; without notifications, every
/// one is. A message that was received before may be the one whose dead letter could not be sent.
#[must_use]
pub fn after_notification(
    action: MessageAction,
    trigger: TriggerKind,
    novelty: Novelty,
    received: Received,
) -> MessageAction {
    match (&action, trigger, novelty) {
        (MessageAction::DeadLetter(_), TriggerKind::Sweep, Novelty::Repeated) if received.times <= 1 => {
            MessageAction::Delete
        }
        _ => action,
    }
}

/// Decides what to do with a message if the outcome could not be published or recorded. A transient error is retried. For
/// any other error, the message is handled as decided before (`delivery`), because the outcome is also in the log.
#[must_use]
pub fn after_failed_notification(
    delivery: MessageAction,
    error: &ApiError,
    received: Received,
    give_up_after: Duration,
) -> MessageAction {
    let in_time = received.age.is_none_or(|age| age < give_up_after);
    if is_transient(error) && in_time { MessageAction::RetryIn(pause(received.times)) } else { delivery }
}

/// Whether the same call may succeed later: after a pause, or when the user has restored the connection.
#[must_use]
pub fn is_transient(error: &ApiError) -> bool {
    matches!(Stop::from_error(error, AccountAge::Established), Stop::Wait(_) | Stop::Reopen(_))
        || error.kind() == ErrorKind::Unreachable
}

/// Exponential backoff: 30 seconds at first, doubled each time, at most 15 minutes.
fn pause(times: u32) -> Duration {
    let doubled = FIRST_RETRY * (1 << times.saturating_sub(1).min(5));
    doubled.min(LONGEST_RETRY)
}

fn retries_exhausted(last: &Cause, age: Duration) -> Cause {
    let hours = age.as_secs_f64() / 3600.0;
    Cause::new(
        Code::RetriesExhausted,
        format!("{hours:.1} hours of retries did not succeed; last error: {} ({})", last.message, last.code),
        "fix the last error, then redrive the dead-letter queue",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome) -> Report {
        Report::new(Some("444455556666".parse().unwrap()), TriggerKind::CreateAccount, Mode::Apply, outcome)
    }

    #[test]
    fn backoff_grows_to_fifteen_minutes() {
        let pauses: Vec<_> =
            [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].into_iter().map(|times| pause(times).as_secs()).collect();
        assert_eq!(pauses, [30, 30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn retries_end_by_age_and_not_by_count() {
        let waiting = report(Outcome::waiting(Code::Throttled, "slow"));
        let day = Duration::from_secs(86_400);
        let decide =
            |times, age: Option<u64>| decide(&waiting, Received { times, age: age.map(Duration::from_secs) }, day);
        assert_eq!(decide(1000, Some(86_399)), MessageAction::RetryIn(LONGEST_RETRY));
        assert_eq!(decide(1000, None), MessageAction::RetryIn(LONGEST_RETRY));
        let MessageAction::DeadLetter(cause) = decide(1, Some(86_400)) else {
            panic!("not moved to the dead-letter queue")
        };
        insta::assert_snapshot!(cause, @"24.0 hours of retries did not succeed; last error: slow (throttled); fix the last error, then redrive the dead-letter queue");
    }

    #[test]
    fn failed_notification_is_retried_if_the_error_is_transient() {
        let after_failed_notification = |code: &str, age| {
            let error = ApiError::new("events:PutEvents", code, "x");
            let received = Received { times: 2, age: Some(Duration::from_secs(age)) };
            after_failed_notification(MessageAction::Delete, &error, received, Duration::from_secs(86_400))
        };
        assert_eq!(
            after_failed_notification("ThrottlingException", 0),
            MessageAction::RetryIn(Duration::from_secs(60))
        );
        assert_eq!(after_failed_notification("AccessDeniedException", 0), MessageAction::Delete);
        assert_eq!(after_failed_notification("ThrottlingException", 86_400), MessageAction::Delete);
    }

    /// The engine goes on without the table after any other error, and must not when it is only not connected to it.
    #[test]
    fn missing_connection_of_the_command_line_may_succeed_later() {
        for code in ["HostNotFound", "CertificateNotTrusted", "ProxyRefused"] {
            assert!(is_transient(&ApiError::new("dynamodb:GetItem", code, "")), "{code}");
        }
        assert!(!is_transient(&ApiError::new("dynamodb:GetItem", "AccessDeniedException", "")));
    }

    #[test]
    fn finished_message_is_deleted_and_blocked_one_is_dead_lettered() {
        let received = Received { times: 1, age: Some(Duration::ZERO) };
        let decide = |report: &Report| decide(report, received, Duration::from_secs(1));
        assert_eq!(decide(&report(Outcome::Converged)), MessageAction::Delete);
        assert_eq!(decide(&report(Outcome::ignored(Code::Excluded, "x"))), MessageAction::Delete);
        let blocked = report(Outcome::blocked(Code::ForeignRole, "x", "y"));
        assert!(matches!(decide(&blocked), MessageAction::DeadLetter(cause) if cause.code == Code::ForeignRole));
        let plan = Report { mode: Mode::Plan, ..blocked };
        assert_eq!(decide(&plan), MessageAction::Delete);
    }

    #[test]
    fn changed_configuration_is_swept_a_minute_later() {
        let postpone =
            |trigger, age: Option<u64>| postpone(trigger, Received { times: 1, age: age.map(Duration::from_secs) });
        let wait = |seconds| Some(MessageAction::RetryIn(Duration::from_secs(seconds)));
        assert_eq!(postpone(TriggerKind::ConfigurationChange, Some(0)), wait(60));
        assert_eq!(postpone(TriggerKind::ConfigurationChange, Some(59)), wait(1));
        assert_eq!(postpone(TriggerKind::ConfigurationChange, Some(60)), None);
        assert_eq!(postpone(TriggerKind::ConfigurationChange, None), None, "invoked directly");
        assert_eq!(postpone(TriggerKind::Schedule, Some(0)), None);
    }

    #[test]
    fn repeated_cause_adds_no_dead_letter_when_a_sweep_finds_it() {
        let dead_letter = || MessageAction::DeadLetter(Cause::new(Code::ForeignRole, "x", "y"));
        let received = |times| Received { times, age: None };
        let after = |trigger, novelty| after_notification(dead_letter(), trigger, novelty, received(1));
        let again = after_notification(dead_letter(), TriggerKind::Sweep, Novelty::Repeated, received(2));
        assert_eq!(again, dead_letter(), "the first dead letter may not have been sent");
        assert_eq!(after(TriggerKind::Sweep, Novelty::Repeated), MessageAction::Delete);
        assert_eq!(after(TriggerKind::Sweep, Novelty::New), dead_letter());
        assert_eq!(after(TriggerKind::MoveAccount, Novelty::Repeated), dead_letter(), "no other message follows");
        let retry = MessageAction::RetryIn(FIRST_RETRY);
        assert_eq!(after_notification(retry.clone(), TriggerKind::Sweep, Novelty::Repeated, received(1)), retry);
    }
}
