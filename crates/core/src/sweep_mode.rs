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
//!
//! Events follow the same rule, because a forged or late event must not change an account that a sweep only reports. So does the
//! message about one account that a sweep sends, when it is processed: it may have been sent before the mode was changed, or
//! by a person. A message that asks for a report is never applied. An
//! account may join minutes before the stack is created, though, and its event arrive after that: the event of a new account
//! is applied as long as the account is new.

use std::time::SystemTime;

use crate::account::AccountAge;
use crate::mode::Mode;
use crate::trigger::EventSubject;

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

    /// Whether the event of an account is applied or only reported. `subject` is what the event says about the account, and
    /// `age` and `joined_at` are what Organizations says.
    #[must_use]
    pub fn mode_for_event(self, subject: EventSubject, age: AccountAge, joined_at: Option<SystemTime>) -> Mode {
        let may_be_reported = match subject {
            EventSubject::StatesMode => false,
            EventSubject::AnyAccount => true,
            // If the time of the deployment is not known, new accounts are processed in any case.
            EventSubject::NewAccount => !age.is_new() && self != Self::Report { deployed_at: None },
        };
        if may_be_reported { self.mode_for(joined_at) } else { Mode::Apply }
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

    #[test]
    fn event_of_an_existing_account_is_only_reported_in_report_mode() {
        use AccountAge::{Established, New};
        use EventSubject::{AnyAccount, NewAccount, StatesMode};
        let report = |deployed_at: Option<i64>, subject, age, joined_at: Option<i64>| {
            SweepMode::Report { deployed_at: deployed_at.and_then(from_unix_seconds) }.mode_for_event(
                subject,
                age,
                joined_at.and_then(from_unix_seconds),
            )
        };
        for age in [New, Established] {
            assert_eq!(report(Some(100), AnyAccount, age, Some(99)), Mode::Plan);
            assert_eq!(report(Some(100), AnyAccount, age, Some(101)), Mode::Apply);
            assert_eq!(report(Some(100), NewAccount, age, Some(101)), Mode::Apply);
            assert_eq!(report(None, NewAccount, age, Some(99)), Mode::Apply);
            assert_eq!(report(Some(100), StatesMode, age, Some(99)), Mode::Apply);
            assert_eq!(SweepMode::Apply.mode_for_event(AnyAccount, age, from_unix_seconds(1)), Mode::Apply);
        }
        assert_eq!(report(Some(100), NewAccount, New, Some(99)), Mode::Apply, "its event arrived after the deployment");
        assert_eq!(report(Some(100), NewAccount, New, None), Mode::Apply);
        assert_eq!(report(Some(100), NewAccount, Established, Some(99)), Mode::Plan, "forged or late");
    }
}
