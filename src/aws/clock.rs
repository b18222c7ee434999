//! How far the clock of AWS differs from this machine's.
//!
//! Sessions are revoked by the time at which STS issued them. AWS accepts requests of a machine whose clock is up to five minutes
//! wrong, and with such a clock a revocation would leave out the sessions of these minutes. The difference is known from each
//! session that STS issues: it expires [`SESSION`] after it was issued.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use onboarding_core::limits::SESSION;
use onboarding_core::time::{after, unix_milliseconds};

/// Differences up to this are left alone: clocks are never exactly the same, and the response takes time.
const SMALLEST: i64 = 5_000;

/// The difference in milliseconds; positive if the clock of AWS is ahead.
#[derive(Debug, Default)]
pub(super) struct ClockDifference(AtomicI64);

impl ClockDifference {
    /// Takes the time at which a session expires that was asked for at a time. A response that takes long makes the clock of AWS
    /// appear to be ahead, so that more sessions are revoked and not fewer.
    pub(super) fn learn(&self, expires_at: SystemTime, asked_at: SystemTime) {
        let milliseconds = |time| i64::try_from(unix_milliseconds(time)).unwrap_or_default();
        let difference = milliseconds(expires_at).saturating_sub(milliseconds(after(asked_at, SESSION)));
        self.0.store(if difference.abs() < SMALLEST { 0 } else { difference }, Ordering::Relaxed);
    }

    /// The time by the clock of AWS.
    pub(super) fn apply(&self, now: SystemTime) -> SystemTime {
        let difference = self.0.load(Ordering::Relaxed);
        let distance = Duration::from_millis(difference.unsigned_abs());
        if difference < 0 { now.checked_sub(distance).unwrap_or(now) } else { after(now, distance) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_that_between_the_expiry_of_a_session_and_its_duration() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_629_600);
        let clock = ClockDifference::default();
        assert_eq!(clock.apply(now), now);
        let minutes = Duration::from_secs(240);
        clock.learn(now + SESSION + minutes, now);
        assert_eq!(clock.apply(now), now + minutes, "this machine is slow");
        clock.learn(now + SESSION - minutes, now);
        assert_eq!(clock.apply(now), now - minutes, "this machine is fast");
        clock.learn(now + SESSION + Duration::from_secs(2), now);
        assert_eq!(clock.apply(now), now, "the response took two seconds");
    }
}
