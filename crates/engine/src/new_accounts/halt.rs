//! Why a step ends before it is done: it stopped, or the user interrupted the run.

use onboarding_core::new_account::Ending;
use onboarding_core::outcome::Stop;

use crate::interrupt::Interrupt;

impl Interrupt {
    /// Fails if the run was interrupted.
    pub(super) fn check(&self) -> Result<(), Halt> {
        if self.is_set() { Err(Halt::Interrupted) } else { Ok(()) }
    }
}

/// Why a step ended before it was done.
pub(super) enum Halt {
    Stopped(Stop),
    Interrupted,
    /// Interrupted while AWS works on this request.
    Requested(String),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

impl From<Halt> for Ending {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Stopped(stop) => Self::Stopped(stop),
            Halt::Interrupted => Self::Interrupted,
            Halt::Requested(request) => Self::Requested(request),
        }
    }
}
