//! The error that an invocation fails with.

use lambda_runtime::Diagnostic;

use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::text::printable_lines;

/// The error of an invocation: a kind for programs and a message for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvocationError {
    /// The error type in Lambda's response: `InvalidPayload`, `Configuration`, `Waiting`, `Blocked` or
    /// `NotificationFailed`.
    pub kind: &'static str,
    /// The error message in Lambda's response.
    pub message: String,
}

impl InvocationError {
    pub(super) fn payload(message: impl ToString) -> Self {
        Self { kind: "InvalidPayload", message: message.to_string() }
    }

    pub(super) fn configuration(message: String) -> Self {
        Self { kind: "Configuration", message }
    }

    pub(super) fn notification_failed(error: &ApiError) -> Self {
        Self { kind: "NotificationFailed", message: format!("could not send or record the notification: {error}") }
    }

    /// The error of an account that is waiting or blocked; `None` if it converged or was ignored.
    pub(super) fn unfinished(outcome: &Outcome) -> Option<Self> {
        let (kind, cause) = match outcome {
            Outcome::Waiting(cause) => ("Waiting", cause),
            Outcome::Blocked(cause) => ("Blocked", cause),
            Outcome::Converged | Outcome::Ignored(_) => return None,
        };
        Some(Self { kind, message: format!("{}: {cause}", cause.code) })
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self { error_type: error.kind.to_owned(), error_message: printable_lines(&error.message) }
    }
}
