//! The lease that a run holds on an account, so that concurrent runs for the same account do not both write.
//!
//! A lease expires. A run that is killed therefore blocks other runs only until the lease ends.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::limits::MAX_LEASE;
use crate::time::{self, stored_seconds};
use serde::{Deserialize, Serialize};

/// A lease on an account. It expires at a time at which its run has certainly ended, so that a killed run does not block others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The holder: an identifier that is unique to one run.
    pub by: String,
    /// When it expires.
    #[serde(with = "stored_seconds")]
    pub until: SystemTime,
}

/// An expired lease without a holder.
impl Default for Lease {
    fn default() -> Self {
        Self { by: String::new(), until: UNIX_EPOCH }
    }
}

impl Lease {
    /// Whether the lease is active. An expiry that is further away than any run can last is invalid and does not count.
    #[must_use]
    pub fn is_active(&self, now: SystemTime) -> bool {
        (now..time::after(now, MAX_LEASE)).contains(&self.until)
    }

    /// Parses the stored form. Text that is not a lease gives an expired lease without a holder.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The form to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn text_that_is_not_a_lease_is_an_expired_lease() {
        let until = UNIX_EPOCH + Duration::from_millis(1_795_000_000_500);
        let lease = Lease { by: "invocation/message".to_owned(), until };
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
