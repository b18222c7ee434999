//! Exit codes. Scripts depend on them, so they do not change within a major version.

use std::process::ExitCode;

use onboarding_core::code::Code;
use onboarding_core::outcome::Outcome;

/// The exit code of a command, as documented in `onboard --help`. Clap exits with 2 as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// The command failed.
    Error = 1,
    /// The arguments are not valid.
    Usage = 2,
    /// `plan` found changes to apply.
    Pending = 3,
    /// Blocked: manual action required.
    Blocked = 4,
    /// The account is not ready yet.
    Waiting = 5,
}

impl Exit {
    /// The exit code for an outcome.
    #[must_use]
    pub fn from_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Converged | Outcome::Ignored(_) => Self::Done,
            Outcome::Waiting(cause) if cause.code == Code::ChangesPending => Self::Pending,
            Outcome::Waiting(_) => Self::Waiting,
            Outcome::Blocked(_) => Self::Blocked,
        }
    }

    /// The exit code for several results: the most severe of them.
    #[must_use]
    pub(super) fn most_severe(all: impl IntoIterator<Item = Self>) -> Self {
        let severity = |exit: &Self| match exit {
            Self::Done => 0,
            Self::Pending => 1,
            Self::Waiting => 2,
            Self::Blocked => 3,
            Self::Error | Self::Usage => 4,
        };
        all.into_iter().max_by_key(severity).unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
