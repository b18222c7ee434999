//! How an account ends: one of four words, with a cause that has a stable code and a remedy.

use std::fmt;

use serde::Serialize;

use crate::account::AccountAge;
use crate::error::{ApiError, ErrorKind};
use crate::error_messages::DeniedBy;

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
    /// The cause of a wait: it is retried automatically.
    #[must_use]
    pub fn retried(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, message, LATER)
    }

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

    /// Waiting, for something that comes by itself.
    #[must_use]
    pub fn waiting(code: &'static str, message: impl Into<String>) -> Self {
        Self::Waiting(Cause::retried(code, message))
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
}

/// Why a step of a run ends early, and with it what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Not ready yet: the same step may succeed after a pause.
    Wait(Cause),
    /// The session is not, or no longer, accepted: the account has to be opened again.
    Reopen(Cause),
    /// Retrying does not help: needs attention.
    Blocked(Cause),
    /// There is nothing to do for this account.
    Ignored(Cause),
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Wait(cause) | Stop::Reopen(cause) => Self::Waiting(cause),
            Stop::Blocked(cause) => Self::Blocked(cause),
            Stop::Ignored(cause) => Self::Ignored(cause),
        }
    }
}

impl Stop {
    /// Waiting, for something that is retried automatically.
    #[must_use]
    pub fn wait(code: &'static str, message: impl Into<String>) -> Self {
        Self::Wait(Cause::retried(code, message))
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

    /// The cause.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    fn cause_mut(&mut self) -> &mut Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    /// The cause, owned.
    #[must_use]
    pub fn into_cause(self) -> Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    /// The same, with whom or what it is about before its message.
    #[must_use]
    pub fn about(mut self, what: &dyn fmt::Display) -> Self {
        let cause = self.cause_mut();
        cause.message = format!("{what}: {}", cause.message);
        self
    }

    /// The same, with one more thing that a person can do.
    #[must_use]
    pub fn advise(mut self, also: &str) -> Self {
        let cause = self.cause_mut();
        cause.remedy = format!("{}; {also}", cause.remedy);
        self
    }

    /// What a failed call inside an account asks for. A young account may still be getting ready.
    #[must_use]
    pub fn from_error(error: &ApiError, age: AccountAge) -> Self {
        let said = error.to_string();
        match error.kind() {
            ErrorKind::Throttled => Self::wait("throttled", said),
            ErrorKind::Unavailable => Self::wait("service_unavailable", said),
            ErrorKind::Conflict => Self::wait("concurrent_change", said),
            ErrorKind::AlreadyExists => Self::Wait(Cause::new(
                "already_exists",
                said,
                "it is tried again by itself; if it stays, a role is there whose name differs in capitals alone: rename one of the two",
            )),
            ErrorKind::Credentials => Self::Reopen(Cause::retried("credentials_not_accepted", said)),
            ErrorKind::NoCredentials => {
                Self::blocked("no_credentials", said, "sign in to AWS, or name a profile that has credentials")
            }
            ErrorKind::NotFound => Self::Wait(Cause::new(
                "not_propagated",
                said,
                "it is tried again by itself; if it stays, what is named there does not exist",
            )),
            ErrorKind::InvalidPrincipal => Self::Wait(Cause::new(
                "principal_not_propagated",
                said,
                "it is tried again by itself; if it stays, a configured principal does not exist",
            )),
            ErrorKind::AccessDenied if !error.call.starts_with("iam:") && !error.call.starts_with("sts:") => {
                Self::blocked(
                    "own_permission_missing",
                    said,
                    format!("allow `{}` to the role that runs this, in the management account", error.call),
                )
            }
            ErrorKind::NotReady if age.is_new() => Self::wait("account_not_ready", said),
            ErrorKind::AccessDenied if error.denial.is_by_control_policy() => Self::from_control_policy(error, age),
            ErrorKind::AccessDenied if age.is_new() => Self::wait("account_not_ready", said),
            ErrorKind::NotReady => {
                Self::blocked("account_not_ready", said, "finish the account's sign-up, then run again")
            }
            ErrorKind::AccessDenied => Self::blocked("access_denied", said, if_denied(error)),
            ErrorKind::Quota => Self::blocked("quota_exceeded", said, if_over_quota(error)),
            ErrorKind::MalformedPolicy => {
                Self::blocked("policy_not_accepted", said, "mend the policy in the configuration")
            }
            ErrorKind::Other => Self::blocked("unexpected_error", said, "see the code, mend the cause, then run again"),
        }
    }

    /// What a failed call to a vendor's API asks for. A vendor looks at a role before it registers it: one that was
    /// written just now may not be seen by everybody yet.
    #[must_use]
    pub fn from_vendor_error(error: &ApiError, age: AccountAge) -> Self {
        let said = error.to_string();
        match (error.kind(), error.status()) {
            (ErrorKind::Throttled | ErrorKind::Unavailable, _) => Self::wait("vendor_not_ready", said),
            (_, Some(401 | 403)) => Self::blocked(
                "vendor_key_refused",
                said,
                "put a key that the vendor takes into its SSM parameter, then run again",
            ),
            _ if age.is_new() => Self::wait("vendor_not_ready", said),
            _ => Self::blocked("vendor_refused", said, "mend what the vendor says, then run again"),
        }
    }

    /// An organization's control policy denies a call. New accounts are often held in quarantine by one, which is lifted
    /// when they are ready: on a young account it is waited for.
    #[must_use]
    pub fn from_control_policy(error: &ApiError, age: AccountAge) -> Self {
        let message = format!("{}: {error}", error.denial);
        if age.is_new() {
            return Self::wait("control_policy_denies", message);
        }
        // A service control policy binds who calls in the account; a resource control policy guards what is called there.
        let (whom, kind) = match error.denial.by {
            DeniedBy::ResourceControlPolicy => ("the role that runs this", "resource"),
            _ => ("the access role", "service"),
        };
        Self::blocked(
            "control_policy_denies",
            message,
            format!("except {whom} from the {kind} control policy, or move the account from under it, then run again"),
        )
    }
}

/// What helps when a call in an account was denied, by the policy that denied it.
fn if_denied(error: &ApiError) -> String {
    let action = error.denial.action.as_deref().unwrap_or(error.call);
    match error.denial.by {
        DeniedBy::PermissionsBoundary => {
            format!("allow `{action}` in the permissions boundary of the access role, or remove the boundary, then run again")
        }
        DeniedBy::IdentityPolicy if error.denial.explicit => {
            format!("remove what denies `{action}` from the policies of the access role, then run again")
        }
        DeniedBy::IdentityPolicy => {
            format!("allow `{action}` in a policy of the access role, as `AdministratorAccess` does, then run again")
        }
        // The session policy names each role with its path.
        DeniedBy::SessionPolicy => "look for a role of the same name under another path than the configured one".to_owned(),
        _ => "look for a control policy, a permissions boundary of the access role, or a role of the same name under another path".to_owned(),
    }
}

/// What helps when a quota is reached.
fn if_over_quota(error: &ApiError) -> String {
    let Some(quota) = error.quota else {
        return "see in Service Quotas whether that quota can be raised, or need less of it, then run again".to_owned();
    };
    let (name, instead) = quota.words();
    match quota.code() {
        Some(code) => format!("raise the quota {code} ({name}) in the account, or {instead}, then run again"),
        None => format!("the quota ({name}) cannot be raised: {instead}, then run again"),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        self.cause().map_or(Ok(()), |cause| write!(f, " ({}): {cause}", cause.code))
    }
}
