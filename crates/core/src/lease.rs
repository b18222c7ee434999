//! The lease that a run holds on an account, so that concurrent runs for the same account do not both write.
//!
//! A lease expires. A run that is killed therefore blocks other runs only until the lease ends.

use std::time::SystemTime;

use crate::limits::MAX_LEASE;
use crate::time;

/// A lease on an account. It expires at a time at which its run has certainly ended, so that a killed run does not block others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The owner: an identifier that is unique to one run.
    pub owner: String,
    /// When it expires.
    pub expires_at: SystemTime,
}

impl Lease {
    /// Whether the lease is active. An expiry that is further away than any run can last is invalid and does not count.
    #[must_use]
    pub fn is_active(&self, now: SystemTime) -> bool {
        (now..latest_expiry(now)).contains(&self.expires_at)
    }

    /// Whether a run may acquire this lease although another is stored: its own, or one that is not active.
    #[must_use]
    pub fn may_replace(&self, stored: &Self, now: SystemTime) -> bool {
        stored.owner == self.owner || !stored.is_active(now)
    }
}

/// The time at which every lease that is active now has expired.
#[must_use]
pub fn latest_expiry(now: SystemTime) -> SystemTime {
    time::after(now, MAX_LEASE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lease_of_another_run_is_replaced_when_it_has_expired() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let lease = |owner: &str, expires_at| Lease { owner: owner.to_owned(), expires_at };
        let mine = lease("mine", now + Duration::from_secs(100));
        for (stored, may_replace) in [
            (lease("mine", now + Duration::from_secs(50)), true),
            (lease("another", now + Duration::from_secs(1)), false),
            (lease("another", now), false),
            (lease("another", now - Duration::from_secs(1)), true),
            (lease("another", SystemTime::UNIX_EPOCH), true),
            (lease("another", now + MAX_LEASE), true),
        ] {
            assert_eq!(mine.may_replace(&stored, now), may_replace, "{stored:?}");
        }
    }
}
