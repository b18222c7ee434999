//! Waiting inside one run: growing, jittered, and never past the deadline.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::ports::Clock;
use onboarding_core::outcome::Outcome;

/// The pauses of one wait.
pub(super) struct Backoff {
    deadline: f64,
    pauses: ExponentialBackoff,
}

impl Backoff {
    /// Waits from a second upwards, until the deadline in seconds since 1970.
    pub(super) fn until(deadline: f64) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(15))
            .with_jitter()
            .without_max_times()
            .build();
        Self { deadline, pauses }
    }

    /// Pauses, for what is waited for; `false` at once when the deadline would pass.
    pub(super) async fn pause(&mut self, clock: &impl Clock, end: &Outcome) -> bool {
        match self.pauses.next() {
            Some(pause) if clock.now() + pause.as_secs_f64() < self.deadline => {
                // The code alone: a message may repeat what a service was given.
                let code = end.cause().map_or("unknown", |cause| cause.code);
                tracing::debug!("waiting: {code}; again in {} s", pause.as_secs());
                clock.sleep(pause).await;
                true
            }
            _ => false,
        }
    }
}
