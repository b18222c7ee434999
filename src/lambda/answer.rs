//! The answer to a payload that came directly, and what an invocation fails with.

use lambda_runtime::Diagnostic;
use serde_json::Value;

use super::{Work, log};
use crate::outcome::Outcome;
use crate::ports::{Clock, Directory, Queue, Secrets, Sessions, WriteIam};
use crate::trigger::{self, Trigger};

/// What an invocation fails with: a word for machines and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// `InvalidPayload`, `Configuration`, `Waiting` or `Blocked`.
    pub kind: &'static str,
    /// The sentence.
    pub message: String,
}

impl Failure {
    pub(super) fn payload(message: impl ToString) -> Self {
        Self { kind: "InvalidPayload", message: message.to_string() }
    }

    pub(super) fn configuration(message: String) -> Self {
        Self { kind: "Configuration", message }
    }

    fn unfinished(outcome: &Outcome) -> Option<Self> {
        let (kind, cause) = match outcome {
            Outcome::Waiting(cause) => ("Waiting", cause),
            Outcome::Blocked(cause) => ("Blocked", cause),
            Outcome::Converged | Outcome::Ignored(_) => return None,
        };
        Some(Self { kind, message: format!("{}: {cause}", cause.code) })
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind.to_owned(), error_message: failure.message }
    }
}

impl<D, S, X, C, Q> Work<'_, D, S, X, C, Q>
where
    D: Directory,
    S: Sessions<Session: WriteIam>,
    X: Secrets,
    C: Clock,
    Q: Queue,
{
    /// A person who asks gets the report whatever it says; an event that is not finished fails, so that it comes again.
    pub(super) async fn direct(&self, payload: &str) -> Result<Value, Failure> {
        let understood =
            trigger::parse(payload.as_bytes()).map_err(|error| log::refuse(self.invocation, None, error))?;
        let by_hand = matches!(understood.trigger, Trigger::Manual { .. });
        let report = self.see_to(understood).await;
        match Failure::unfinished(&report.outcome) {
            Some(failure) if !by_hand => Err(failure),
            _ => serde_json::to_value(&report).map_err(Failure::payload),
        }
    }
}
