//! The error that an invocation fails with.

use lambda_runtime::Diagnostic;

use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_core::text::printable_lines;

/// The kind of an [`InvocationError`]. The names are stable: callers and destinations see them as the error type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvocationErrorKind {
    /// The payload, or a record of the batch, is not valid.
    InvalidPayload,
    /// The configuration could not be loaded.
    Configuration,
    /// The account is waiting.
    Waiting,
    /// The account is blocked.
    Blocked,
    /// The notification could not be sent or recorded.
    NotificationFailed,
}

impl InvocationErrorKind {
    /// The error type in Lambda's response.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidPayload => "InvalidPayload",
            Self::Configuration => "Configuration",
            Self::Waiting => "Waiting",
            Self::Blocked => "Blocked",
            Self::NotificationFailed => "NotificationFailed",
        }
    }
}

/// The error of an invocation: a kind for programs and a message for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvocationError {
    /// The error type in Lambda's response.
    pub kind: InvocationErrorKind,
    /// The error message in Lambda's response.
    pub message: String,
}

impl InvocationError {
    pub(super) fn payload(message: impl ToString) -> Self {
        Self { kind: InvocationErrorKind::InvalidPayload, message: message.to_string() }
    }

    pub(super) fn configuration(message: String) -> Self {
        Self { kind: InvocationErrorKind::Configuration, message }
    }

    pub(super) fn notification_failed(error: &ApiError) -> Self {
        Self {
            kind: InvocationErrorKind::NotificationFailed,
            message: format!("could not send or record the notification: {error}"),
        }
    }

    /// The error of an account that is waiting or blocked; `None` if it converged or was ignored, and nothing is left to retry.
    pub(super) fn unfinished(report: &Report) -> Option<Self> {
        let (kind, cause) = match &report.outcome {
            Outcome::Waiting(cause) => (InvocationErrorKind::Waiting, cause),
            Outcome::Blocked(cause) => (InvocationErrorKind::Blocked, cause),
            Outcome::Converged | Outcome::Ignored(_) => (InvocationErrorKind::Waiting, report.retry.as_ref()?),
        };
        Some(Self { kind, message: format!("{}: {cause}", cause.code) })
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self { error_type: error.kind.as_str().to_owned(), error_message: printable_lines(&error.message) }
    }
}
