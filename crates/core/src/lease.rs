//! The lease that a run holds on an account, so that concurrent runs for the same account do not both write.
//!
//! A lease expires. A run that is killed therefore blocks other runs only until the lease ends.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::limits::MAX_LEASE;
use crate::stored::Stored;
use crate::time::{self, stored_seconds};

/// A lease on an account. It expires at a time at which its run has certainly ended, so that a killed run does not block others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The owner: an identifier that is unique to one run.
    #[serde(rename = "by")]
    pub owner: String,
    /// When it expires.
    #[serde(rename = "until", with = "stored_seconds")]
    pub expires_at: SystemTime,
}

/// A stored lease and its version, which a run names to replace it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLease {
    /// The lease.
    pub lease: Lease,
    /// The version of the parameter. Each write adds one.
    pub version: i64,
}

/// An expired lease without an owner.
impl Default for Lease {
    fn default() -> Self {
        Self { owner: String::new(), expires_at: UNIX_EPOCH }
    }
}

impl Lease {
    /// Whether the lease is active. An expiry that is further away than any run can last is invalid and does not count.
    #[must_use]
    pub fn is_active(&self, now: SystemTime) -> bool {
        (now..time::after(now, MAX_LEASE)).contains(&self.expires_at)
    }
}

/// Text that is not a lease counts as an expired lease without an owner.
impl Stored for Lease {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn text_that_is_not_a_lease_is_an_expired_lease() {
        let expires_at = UNIX_EPOCH + Duration::from_millis(1_795_000_000_500);
        let lease = Lease { owner: "invocation/message".to_owned(), expires_at };
        assert_eq!(lease.to_text(), r#"{"by":"invocation/message","until":1795000000.5}"#);
        assert_eq!(Lease::default().to_text(), r#"{"by":"","until":0.0}"#);
        assert_eq!(Lease::from_text(&lease.to_text()), lease);
        let out_of_range = ["-1", "1e300", "1e400"].map(|until| format!(r#"{{"by":"x","until":{until}}}"#));
        let others = ["", "[]", "{\"by\":7}", "another format"];
        for other in others.into_iter().chain(out_of_range.iter().map(String::as_str)) {
            assert_eq!(Lease::from_text(other), Lease::default(), "{other}");
        }
    }
}
