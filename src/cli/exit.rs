//! The exit codes, which scripts depend on.

use onboarding_core::code::Code;
use std::process::ExitCode;

use onboarding_core::outcome::Outcome;

/// How a command ends. The codes are documented in `onboard --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// An error.
    Error = 1,
    /// The plan has changes.
    Pending = 3,
    /// A person is needed.
    Blocked = 4,
    /// Not ready yet.
    Waiting = 5,
}

impl Exit {
    /// The code of an outcome.
    #[must_use]
    pub fn from_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Converged | Outcome::Ignored(_) => Self::Done,
            Outcome::Waiting(cause) if cause.code == Code::ChangesPending => Self::Pending,
            Outcome::Waiting(_) => Self::Waiting,
            Outcome::Blocked(_) => Self::Blocked,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
