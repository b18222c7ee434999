//! The lease that a run holds on an account, so that concurrent runs for the same account do not both write.
//!
//! A lease expires. A run that is killed therefore blocks other runs only until the lease ends.

use crate::limits::MAX_LEASE;
use serde::{Deserialize, Serialize};

/// A lease on an account. It expires at a time at which its run has certainly ended, so that a killed run does not block others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The holder: an identifier that is unique to one run.
    pub by: String,
    /// When it expires, in seconds since 1970.
    pub until: f64,
}

impl Lease {
    /// Whether the lease is active. An expiry that is further away than any run can last is invalid and does not count.
    #[must_use]
    pub fn is_active(&self, now: f64) -> bool {
        (now..now + MAX_LEASE.as_secs_f64()).contains(&self.until)
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
    use super::*;

    #[test]
    fn text_that_is_not_a_lease_is_an_expired_lease() {
        let lease = Lease { by: "invocation/message".to_owned(), until: 1_795_000_000.5 };
        assert_eq!(Lease::from_text(&lease.to_text()), lease);
        for other in ["", "[]", "{\"by\":7}", "another format"] {
            assert_eq!(Lease::from_text(other), Lease::default(), "{other}");
        }
    }
}
