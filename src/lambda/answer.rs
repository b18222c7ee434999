//! The answer to a payload that came directly, and what an invocation fails with.

use lambda_runtime::Diagnostic;
use serde_json::Value;

use super::context::InvocationContext;
use super::{Invocation, Ports, log};
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::trigger::{self, Trigger};
use onboarding_engine::ports::Clock;

/// What an invocation fails with: a word for machines and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvocationError {
    /// `InvalidPayload`, `Configuration`, `Waiting`, `Blocked` or `NotificationFailed`.
    pub kind: &'static str,
    /// The sentence.
    pub message: String,
}

impl InvocationError {
    pub(super) fn payload(message: impl ToString) -> Self {
        Self { kind: "InvalidPayload", message: message.to_string() }
    }

    pub(super) fn configuration(message: String) -> Self {
        Self { kind: "Configuration", message }
    }

    fn not_told(error: &ApiError) -> Self {
        Self { kind: "NotificationFailed", message: format!("the account's end could not be told: {error}") }
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

impl From<InvocationError> for Diagnostic {
    fn from(failure: InvocationError) -> Self {
        Self { error_type: failure.kind.to_owned(), error_message: failure.message }
    }
}

impl<P: Ports> Invocation<'_, P> {
    /// A person who asks gets the report whatever it says; an event that is not finished, or that ended untold, fails, so
    /// that it comes again.
    pub(super) async fn direct(&self, payload: &str) -> Result<Value, InvocationError> {
        let origin = InvocationContext::direct(self.invocation);
        let understood = trigger::parse(payload.as_bytes()).map_err(|error| log::refuse(&origin, error))?;
        let origin = InvocationContext { event: understood.event_id.as_deref(), ..origin };
        let by_hand = matches!(understood.trigger, Trigger::Manual { .. });
        let (mut report, subject) = self.process(understood.trigger, &origin).await;
        log::tell(&report, &origin, self.engine.clock().now());
        let told = self.in_time("events:PutEvents", self.tell(&report, &subject, &origin)).await;
        let after_failed_notification = told.err().map(|error| {
            log::after_failed_notification(&report, &origin, &error);
            report.notices.push(format!("how it ended could not be told or remembered: {error}"));
            InvocationError::not_told(&error)
        });
        match InvocationError::unfinished(&report.outcome).or(after_failed_notification) {
            Some(failure) if !by_hand => Err(failure),
            _ => serde_json::to_value(&report).map_err(InvocationError::payload),
        }
    }
}
