//! Which accounts a sweep may change, so that a first deployment changes nothing.
//!
//! A sweep visits every account of the organization, also those that existed before this tool was deployed. Whoever
//! deploys it for the first time wants to see what it would change in those before it does. But a sweep is also what finds
//! a new account whose event was lost, and such an account must be onboarded without anybody's decision. The time at which
//! the stack was created separates the two:
//!
//! | Account | [`SweepMode::Report`] | [`SweepMode::Apply`] |
//! |---|---|---|
//! | joined after the stack was created | changes are applied | changes are applied |
//! | was a member before, or the time is not known | changes are reported | changes are applied |

use std::time::SystemTime;

use crate::mode::Mode;

/// Which accounts a sweep may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepMode {
    /// Only accounts that joined after the deployment. The changes to all others are reported and not made.
    Report {
        /// When the stack was created. If it is not known, every account is only reported.
        deployed_at: Option<SystemTime>,
    },
    /// Every account.
    Apply,
}

impl SweepMode {
    /// Whether changes are applied to an account that joined the organization at this time, or only reported.
    #[must_use]
    pub fn mode_for(self, joined_at: Option<SystemTime>) -> Mode {
        match self {
            Self::Apply => Mode::Apply,
            Self::Report { deployed_at } => match (deployed_at, joined_at) {
                (Some(deployed), Some(joined)) if joined > deployed => Mode::Apply,
                _ => Mode::Plan,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_unix_seconds;

    #[test]
    fn only_accounts_that_joined_after_the_deployment_are_changed_in_report_mode() {
        let report = |deployed_at: Option<i64>, joined_at: Option<i64>| {
            SweepMode::Report { deployed_at: deployed_at.and_then(from_unix_seconds) }
                .mode_for(joined_at.and_then(from_unix_seconds))
        };
        assert_eq!(report(Some(100), Some(101)), Mode::Apply);
        for (deployed_at, joined_at) in
            [(Some(100), Some(100)), (Some(100), Some(99)), (Some(100), None), (None, Some(101)), (None, None)]
        {
            assert_eq!(report(deployed_at, joined_at), Mode::Plan, "{deployed_at:?} {joined_at:?}");
        }
    }

    #[test]
    fn every_account_is_changed_in_apply_mode() {
        assert_eq!(SweepMode::Apply.mode_for(None), Mode::Apply);
        assert_eq!(SweepMode::Apply.mode_for(from_unix_seconds(1)), Mode::Apply);
    }
}
