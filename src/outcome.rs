//! How an account ends: one of four words, with a cause that has a stable code and a remedy.

use std::fmt;

use serde::Serialize;

use crate::fault::{ApiError, Fault};

/// How an account ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The blueprint holds, and is proven.
    Converged,
    /// Not ready yet: the same again, later, will do.
    Waiting(Cause),
    /// A person is needed.
    Blocked(Cause),
    /// Not for us.
    Ignored(Cause),
}

/// Why an account did not converge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The stable code, for machines.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
}

impl Cause {
    /// A cause with its sentence and its remedy.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message.trim_end_matches('.'), self.remedy)
    }
}

const LATER: &str = "it passes by itself: the queue tries again, or run it again later";

impl Outcome {
    /// The word: `converged`, `waiting`, `blocked` or `ignored`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Waiting(_) => "waiting",
            Self::Blocked(_) => "blocked",
            Self::Ignored(_) => "ignored",
        }
    }

    /// Why, unless it converged.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Converged => None,
            Self::Waiting(cause) | Self::Blocked(cause) | Self::Ignored(cause) => Some(cause),
        }
    }

    /// Whether a message about the account must not be deleted.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(self, Self::Waiting(_) | Self::Blocked(_))
    }

    /// Whether the account has to be entered anew.
    pub(crate) fn wants_new_session(&self) -> bool {
        self.cause().is_some_and(|cause| cause.code == "credentials_not_accepted")
    }

    /// Waiting, for something that comes by itself.
    #[must_use]
    pub fn waiting(code: &'static str, message: impl Into<String>) -> Self {
        Self::Waiting(Cause::new(code, message, LATER))
    }

    /// Blocked, with what a person can do.
    #[must_use]
    pub fn blocked(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Blocked(Cause::new(code, message, remedy))
    }

    /// Ignored, for a reason.
    #[must_use]
    pub fn ignored(code: &'static str, message: impl Into<String>) -> Self {
        Self::Ignored(Cause::new(code, message, "nothing to do"))
    }

    /// The same, with whom or what it is about before its message.
    #[must_use]
    pub(crate) fn about(mut self, what: &dyn fmt::Display) -> Self {
        if let Self::Waiting(cause) | Self::Blocked(cause) | Self::Ignored(cause) = &mut self {
            cause.message = format!("{what}: {}", cause.message);
        }
        self
    }

    /// What a failed call inside an account asks for. A young account may still be getting ready.
    #[must_use]
    pub fn of_error(error: &ApiError, young: bool) -> Self {
        let said = error.to_string();
        match error.fault() {
            Fault::Throttled => Self::waiting("throttled", said),
            Fault::Unavailable => Self::waiting("service_unavailable", said),
            Fault::Conflict => Self::waiting("concurrent_change", said),
            Fault::AlreadyExists => Self::Waiting(Cause::new(
                "already_exists",
                said,
                "it is tried again by itself; if it stays, a role is there whose name differs in capitals alone: rename one of the two",
            )),
            Fault::Credentials => Self::waiting("credentials_not_accepted", said),
            Fault::NoCredentials => {
                Self::blocked("no_credentials", said, "sign in to AWS, or name a profile that has credentials")
            }
            Fault::NotFound => Self::Waiting(Cause::new(
                "not_propagated",
                said,
                "it is tried again by itself; if it stays, what is named there does not exist",
            )),
            Fault::InvalidPrincipal => Self::Waiting(Cause::new(
                "principal_not_propagated",
                said,
                "it is tried again by itself; if it stays, a configured principal does not exist",
            )),
            Fault::AccessDenied if !error.call.starts_with("iam:") && !error.call.starts_with("sts:") => Self::blocked(
                "own_permission_missing",
                said,
                format!("allow `{}` to the role that runs this, in the management account", error.call),
            ),
            Fault::NotReady if young => Self::waiting("account_not_ready", said),
            Fault::AccessDenied if young => Self::waiting("account_not_ready", said),
            Fault::NotReady => Self::blocked("account_not_ready", said, "finish the account's sign-up, then run again"),
            Fault::AccessDenied => Self::blocked(
                "access_denied",
                said,
                "look for a service control policy, a permissions boundary of the access role, or a role of the same name under another path",
            ),
            Fault::Quota => Self::blocked(
                "quota_exceeded",
                said,
                "raise the quota (trust policy length: L-C07B4B0D) or shorten the policy, then run again",
            ),
            Fault::MalformedPolicy => {
                Self::blocked("policy_not_accepted", said, "mend the policy in the configuration")
            }
            Fault::Other => Self::blocked("unexpected_error", said, "see the code, mend the cause, then run again"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        self.cause().map_or(Ok(()), |cause| write!(f, " ({}): {cause}", cause.code))
    }
}
