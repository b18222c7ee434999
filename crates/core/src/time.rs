//! Times as they are stored and sent: seconds or milliseconds since 1970. Everywhere else they are [`SystemTime`] and
//! [`Duration`].
//!
//! Times come from events and API responses as well, so that nothing here panics on one that is out of range.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time that is this many seconds after 1970, or before if negative; `None` if it is out of range.
#[must_use]
pub fn from_unix_seconds(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// The time that is this many milliseconds after 1970; `None` if it is out of range.
#[must_use]
pub fn from_unix_milliseconds(milliseconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// Seconds since 1970, rounded down; 0 for a time before that.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> u64 {
    since(UNIX_EPOCH, time).as_secs()
}

/// Milliseconds since 1970; 0 for a time before that.
#[must_use]
pub fn unix_milliseconds(time: SystemTime) -> u64 {
    u64::try_from(since(UNIX_EPOCH, time).as_millis()).unwrap_or(u64::MAX)
}

/// How much time has passed; zero if `earlier` is in the future, since the clocks of two machines differ.
#[must_use]
pub fn since(earlier: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(earlier).unwrap_or_default()
}

/// The time after a duration; the same time if the result is out of range.
#[must_use]
pub fn after(time: SystemTime, duration: Duration) -> SystemTime {
    time.checked_add(duration).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_out_of_range_does_not_panic() {
        for seconds in [i64::MIN, -1, 0, 1, i64::MAX] {
            if let Some(time) = from_unix_seconds(seconds) {
                assert!(after(time, Duration::MAX) >= time);
                assert_eq!(unix_milliseconds(time) > 0, seconds > 0);
                assert_eq!(since(time, UNIX_EPOCH) > Duration::ZERO, seconds < 0);
            }
        }
        assert_eq!(from_unix_seconds(-1), Some(UNIX_EPOCH - Duration::from_secs(1)));
        assert_eq!(from_unix_milliseconds(1500), Some(UNIX_EPOCH + Duration::from_millis(1500)));
        assert!(from_unix_milliseconds(u64::MAX).is_none_or(|time| time > UNIX_EPOCH));
    }
}
