//! Times as they are stored and sent: seconds or milliseconds since 1970. Everywhere else they are [`SystemTime`] and
//! [`Duration`].
//!
//! Times come from events and API responses as well, so that nothing here panics on one that is out of range.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

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

/// The time in the format of IAM policies, such as `2026-11-25T18:00:00Z`, rounded up to a second; `None` after the year 9999.
#[must_use]
pub fn to_policy_date(time: SystemTime) -> Option<String> {
    let milliseconds = unix_milliseconds(time);
    let seconds = i64::try_from(milliseconds.div_ceil(1000)).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}

/// The time that a date in an IAM policy stands for: a date and time in ISO 8601, or seconds since 1970. `None` for the shorter
/// forms of ISO 8601, which leave out the time or the time zone.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date>.
#[must_use]
pub fn from_policy_date(text: &str) -> Option<SystemTime> {
    if let Ok(seconds) = text.parse() {
        return from_unix_seconds(seconds);
    }
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let whole = from_unix_seconds(time.unix_timestamp())?;
    whole.checked_add(Duration::from_nanos(u64::from(time.nanosecond())))
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
    fn policy_dates_are_written_and_read_back() {
        let time = UNIX_EPOCH + Duration::from_millis(1_795_629_600_001);
        let text = to_policy_date(time).unwrap();
        assert_eq!(text, "2026-11-25T18:00:01Z", "never earlier than the time");
        assert_eq!(from_policy_date(&text), Some(UNIX_EPOCH + Duration::from_secs(1_795_629_601)));
        for same in ["2026-11-25T18:00:01.000Z", "2026-11-25T19:00:01+01:00", "1795629601"] {
            assert_eq!(from_policy_date(same), from_policy_date(&text), "{same}");
        }
        let with_fraction = from_policy_date("2026-11-25T18:00:01.250Z").unwrap();
        assert_eq!(unix_milliseconds(with_fraction), 1_795_629_601_250);
        for bad in ["", "2026-11-25", "2026-11-25T18:00:01", "now", "2026-13-25T18:00:01Z"] {
            assert_eq!(from_policy_date(bad), None, "{bad}");
        }
        assert_eq!(to_policy_date(UNIX_EPOCH + Duration::from_secs(400_000_000_000)), None);
    }

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
