//! The user's wish to end a run over several accounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The user's wish to end the run. Calls in flight, and the accounts that are in progress, are finished; nothing more is begun.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the run.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run was interrupted.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
