//! Waiting inside one run, and calls that hang.
//!
//! Every step that can fail says by its error what helps: [`Stop::Wait`] passes with time, [`Stop::Reopen`] needs a new
//! session, and anything else ends the run. [`Backoff::again`] is the one place that turns that into a pause or an end.

use std::pin::pin;
use std::time::SystemTime;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::future::{Either, select};
use onboarding_core::code::Code;
use onboarding_core::limits::{LONGEST_PAUSE, SHORTEST_PAUSE};
use onboarding_core::outcome::Stop;
use onboarding_core::time::{after, since};

use crate::ports::Clock;

/// Growing, jittered pauses between attempts, never past the deadline.
pub(crate) struct Backoff {
    deadline: SystemTime,
    pauses: ExponentialBackoff,
}

impl Backoff {
    /// Pauses from [`SHORTEST_PAUSE`] to [`LONGEST_PAUSE`], until the deadline.
    ///
    /// The jitter adds up to the pause itself, so what grows is limited to half of the longest pause. Concurrent runs that
    /// have reached the limit thus still pause for different times.
    pub(crate) fn until(clock: &impl Clock, deadline: SystemTime) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(SHORTEST_PAUSE)
            .with_max_delay(LONGEST_PAUSE / 2)
            .with_jitter()
            .without_max_times();
        let pauses = match clock.jitter_seed() {
            Some(seed) => pauses.with_jitter_seed(seed),
            None => pauses,
        };
        Self { deadline, pauses: pauses.build() }
    }

    /// Whether to try again: pauses first where waiting helps, and returns `false` at once where it does not or where the
    /// deadline would pass.
    pub(crate) async fn again(&mut self, clock: &impl Clock, stop: &Stop) -> bool {
        let Stop::Wait(cause) = stop else { return false };
        match self.pauses.next() {
            Some(pause) if after(clock.now(), pause) < self.deadline => {
                // Only the code: a message may repeat what a service was sent.
                tracing::debug!("waiting: {}; next attempt in {} s", cause.code, pause.as_secs());
                clock.sleep(pause).await;
                true
            }
            _ => false,
        }
    }
}

/// Where no session has been opened yet, trying again is all that reopening could do.
pub(crate) fn without_session(stop: Stop) -> Stop {
    match stop {
        Stop::Reopen(cause) => Stop::Wait(cause),
        other => other,
    }
}

/// Runs a future until a moment; `None` when the moment came first.
pub async fn timeout_at<T>(clock: &impl Clock, end: SystemTime, work: impl Future<Output = T>) -> Option<T> {
    let left = since(clock.now(), end);
    // On the heap: deeply nested futures exceed the compiler's limit on type sizes.
    match select(Box::pin(work), pin!(clock.sleep(left))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// How a run ends when [`timeout_at`] gave up.
#[must_use]
pub fn timed_out() -> Stop {
    Stop::wait(Code::TimedOut, "timed out before AWS or the vendor responded")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A clock with this seed.
    struct StoppedClock(Option<u64>);

    impl Clock for StoppedClock {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }

        fn jitter_seed(&self) -> Option<u64> {
            self.0
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn pauses_are_the_same_with_a_seed_only() {
        let pauses = |seed| {
            let backoff = Backoff::until(&StoppedClock(seed), SystemTime::UNIX_EPOCH);
            backoff.pauses.take(20).collect::<Vec<_>>()
        };
        assert_eq!(pauses(Some(1)), pauses(Some(1)));
        assert_ne!(pauses(None), pauses(None));
    }

    #[test]
    fn pauses_grow_and_stay_within_their_limits() {
        let backoff = Backoff::until(&StoppedClock(None), SystemTime::UNIX_EPOCH);
        let pauses: Vec<_> = backoff.pauses.take(1000).collect();
        assert!(pauses.iter().all(|pause| (SHORTEST_PAUSE..=LONGEST_PAUSE).contains(pause)));
        assert!(pauses.iter().skip(3).all(|pause| *pause >= LONGEST_PAUSE / 2));
    }
}
