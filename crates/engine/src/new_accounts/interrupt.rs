//! Why a step ends before it is done: it stopped, or the user interrupted the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use onboarding_core::new_account::Ending;
use onboarding_core::outcome::Stop;

/// The user's wish to end the run. Calls in flight, and an account that is being onboarded, are finished; nothing more is begun.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the run.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Fails if the run was interrupted.
    pub(super) fn check(&self) -> Result<(), Halt> {
        if self.0.load(Ordering::Relaxed) { Err(Halt::Interrupted) } else { Ok(()) }
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
