//! The last day of a grant.

use std::fmt;
use std::time::{Duration, SystemTime};

use ::time::{Date, Month};

use crate::time::{from_unix_seconds, since};

/// A day that ends at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastDay(Date);

const DAY: Duration = Duration::from_secs(86_400);

impl LastDay {
    /// The day; `None` if the calendar does not have it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        Date::from_calendar_date(i32::from(year), month, day).ok().map(Self)
    }

    /// The end of the day; `None` for a day that never ends, the last one of the calendar.
    fn ends_at(self) -> Option<SystemTime> {
        from_unix_seconds(self.0.next_day()?.midnight().assume_utc().unix_timestamp())
    }

    /// Whether the day is over.
    #[must_use]
    pub fn is_over(self, now: SystemTime) -> bool {
        self.ends_at().is_some_and(|end| end <= now)
    }

    /// How many days begin until the day is over, today included; 0 if it is over, and `None` if it never is.
    #[must_use]
    pub fn days_left(self, now: SystemTime) -> Option<u64> {
        Some(since(now, self.ends_at()?).as_secs().div_ceil(DAY.as_secs()))
    }
}

impl fmt::Display for LastDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_policy_date;

    #[test]
    fn day_holds_to_its_end_in_utc() {
        let day = LastDay::new(2027, 1, 31).unwrap();
        let at = |text: &str| from_policy_date(text).unwrap();
        assert!(!day.is_over(at("2027-01-31T23:59:59Z")) && day.is_over(at("2027-02-01T00:00:00Z")));
        assert!(!day.is_over(at("2027-02-01T00:59:59+01:00")), "the time zone does not matter");
        for (now, left) in [("2027-02-01T00:00:00Z", 0), ("2027-01-31T10:00:00Z", 1), ("2027-01-01T00:00:00Z", 31)] {
            assert_eq!(day.days_left(at(now)), Some(left), "{now}");
        }
        assert_eq!(day.to_string(), "2027-01-31");
        assert_eq!(LastDay::new(2027, 2, 29), None);
        let last = LastDay::new(9999, 12, 31).unwrap();
        assert!(!last.is_over(at("9999-12-31T23:59:59Z")));
    }
}
