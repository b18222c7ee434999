//! What becomes of a message: deleted, put off, or set aside for a person.

use crate::error::ApiError;
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::Report;

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAction {
    /// It is done with.
    Delete,
    /// It comes again after so many seconds.
    RetryIn(u32),
    /// It goes to the dead-letter queue, for a person.
    DeadLetter(Cause),
}

/// What is known of a message that was received.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Received {
    /// How often it was received, this time among them.
    pub times: u32,
    /// How long ago it was sent, in seconds; `None` when that is not known.
    pub age: Option<f64>,
}

/// The longest pause between two tries, in seconds.
const LONGEST_PAUSE: u32 = 900;

/// Decides. A wait is given up by time and not by the number of tries: an account becomes ready when it does.
#[must_use]
pub fn decide(report: &Report, received: Received, give_up_after: i64) -> MessageAction {
    match &report.outcome {
        // A plan that was asked for through the queue is in the log.
        _ if report.mode == Mode::Plan => MessageAction::Delete,
        Outcome::Converged | Outcome::Ignored(_) => MessageAction::Delete,
        Outcome::Blocked(cause) => MessageAction::DeadLetter(cause.clone()),
        Outcome::Waiting(last) => match received.age {
            Some(age) if age >= give_up_after as f64 => MessageAction::DeadLetter(retries_exhausted(last, age)),
            _ => MessageAction::RetryIn(pause(received.times)),
        },
    }
}

/// What becomes of a message when how it ended could not be told. What passes is tried again; what does not is no reason
/// to keep the message: it is in the log.
#[must_use]
pub fn after_failed_notification(
    delivery: MessageAction,
    error: &ApiError,
    received: Received,
    give_up_after: i64,
) -> MessageAction {
    let in_time = received.age.is_none_or(|age| age < give_up_after as f64);
    if is_transient(error) && in_time { MessageAction::RetryIn(pause(received.times)) } else { delivery }
}

/// Whether the same call may succeed later.
#[must_use]
pub fn is_transient(error: &ApiError) -> bool {
    matches!(Outcome::from_error(error, false), Outcome::Waiting(_))
}

/// Half a minute at first, twice as long each time, a quarter of an hour at most.
fn pause(times: u32) -> u32 {
    let doubled = times.saturating_sub(1).min(5);
    (30 << doubled).min(LONGEST_PAUSE)
}

fn retries_exhausted(last: &Cause, age: f64) -> Cause {
    let hours = age / 3600.0;
    Cause::new(
        "retries_exhausted",
        format!("after {hours:.1} hours the account is still not ready; last seen: {} ({})", last.message, last.code),
        "mend what was last seen, then redrive the dead-letter queue",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome) -> Report {
        Report::new(Some("444455556666".parse().unwrap()), "create_account", Mode::Apply, outcome)
    }

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour() {
        let pauses: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].into_iter().map(pause).collect();
        assert_eq!(pauses, [30, 30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn a_wait_ends_by_time_and_not_by_tries() {
        let waiting = report(Outcome::waiting("throttled", "slow"));
        let day = 86_400;
        let decide = |times, age| decide(&waiting, Received { times, age }, day);
        assert_eq!(decide(1000, Some(86_399.0)), MessageAction::RetryIn(900));
        assert_eq!(decide(1000, None), MessageAction::RetryIn(900));
        let MessageAction::DeadLetter(cause) = decide(1, Some(86_400.0)) else { panic!("it was not given up") };
        insta::assert_snapshot!(cause, @"after 24.0 hours the account is still not ready; last seen: slow (throttled); mend what was last seen, then redrive the dead-letter queue");
    }

    #[test]
    fn what_could_not_be_told_is_told_later_if_that_can_help() {
        let after_failed_notification = |code: &str, age| {
            let error = ApiError::new("events:PutEvents", code, "x");
            after_failed_notification(MessageAction::Delete, &error, Received { times: 2, age: Some(age) }, 86_400)
        };
        assert_eq!(after_failed_notification("ThrottlingException", 0.0), MessageAction::RetryIn(60));
        assert_eq!(after_failed_notification("AccessDeniedException", 0.0), MessageAction::Delete);
        assert_eq!(after_failed_notification("ThrottlingException", 86_400.0), MessageAction::Delete);
    }

    #[test]
    fn what_ended_is_deleted_and_what_is_blocked_is_set_aside() {
        let received = Received { times: 1, age: Some(0.0) };
        assert_eq!(decide(&report(Outcome::Converged), received, 1), MessageAction::Delete);
        assert_eq!(decide(&report(Outcome::ignored("excluded", "x")), received, 1), MessageAction::Delete);
        let blocked = report(Outcome::blocked("foreign_role", "x", "y"));
        assert!(
            matches!(decide(&blocked, received, 1), MessageAction::DeadLetter(cause) if cause.code == "foreign_role")
        );
        let plan = Report { mode: Mode::Plan, ..blocked };
        assert_eq!(decide(&plan, received, 1), MessageAction::Delete);
    }
}
