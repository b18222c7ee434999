//! Spaces calls of several tasks, so that together they do not exceed a rate.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use onboarding_core::time::{after, since};

use crate::ports::Clock;

/// A rate with a burst: a token bucket that keeps only the time at which it will be full again (the generic cell rate
/// algorithm).
pub(crate) struct RateLimit {
    interval: Duration,
    burst: u32,
    full_at: Mutex<SystemTime>,
}

impl RateLimit {
    /// One call each `interval`, and `burst` calls at once after a pause.
    pub(crate) fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, burst, full_at: Mutex::new(SystemTime::UNIX_EPOCH) }
    }

    /// Waits until a call may be made.
    pub(crate) async fn wait(&self, clock: &impl Clock) {
        let pause = self.reserve(clock.now());
        if !pause.is_zero() {
            clock.sleep(pause).await;
        }
    }

    /// Reserves the next call, and returns how long to wait for it.
    fn reserve(&self, now: SystemTime) -> Duration {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        *full_at = after((*full_at).max(now), self.interval);
        since(now, *full_at).saturating_sub(self.interval * self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_free_and_then_calls_are_spaced() {
        let limit = RateLimit::new(Duration::from_secs(10), 3);
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let pauses: Vec<_> = (0..5).map(|_| limit.reserve(start).as_secs()).collect();
        assert_eq!(pauses, [0, 0, 0, 10, 20]);
        assert_eq!(limit.reserve(start + Duration::from_secs(25)).as_secs(), 5);
        assert_eq!(limit.reserve(start + Duration::from_secs(600)).as_secs(), 0);
    }
}
