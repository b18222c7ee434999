//! A run's word that it is at work in an account.

use serde::{Deserialize, Serialize};

/// A run's word that it is at work in an account. It ends by itself when the run cannot be at work any more, so that one
/// that was killed leaves nothing in the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose it is: of one run alone.
    pub by: String,
    /// Until when, in seconds since 1970.
    pub until: f64,
}

/// Longer than any run: Lambda ends a function after a quarter of an hour, in seconds.
const LONGEST_RUN: f64 = 1200.0;

impl Lease {
    /// Whether the run may be at work. What claims more than the longest run is no claim.
    #[must_use]
    pub fn holds(&self, now: f64) -> bool {
        (now..now + LONGEST_RUN).contains(&self.until)
    }

    /// Reads what was kept. What is no claim of ours is one of nobody.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to keep.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_claim_is_one_of_nobody() {
        let claim = Lease { by: "invocation/message".to_owned(), until: 1_795_000_000.5 };
        assert_eq!(Lease::from_text(&claim.to_text()), claim);
        for other in ["", "[]", "{\"by\":7}", "of somebody else"] {
            assert_eq!(Lease::from_text(other), Lease::default(), "{other}");
        }
    }
}
