//! The report of an account for which this program failed.

use onboarding_core::account::AccountId;
use onboarding_core::code::Code;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::report::Report;
use onboarding_core::trigger::TriggerKind;

/// Reports a panic like an error of the account, so that the others go on.
pub(crate) fn panicked(account: &AccountId, mode: Mode) -> Report {
    Report::new(Some(account.clone()), TriggerKind::CommandLine, mode, Outcome::Blocked(panic_cause(account)))
}

/// The cause of an account for which this program failed.
pub(crate) fn panic_cause(account: &AccountId) -> Cause {
    Cause::new(
        Code::UnexpectedError,
        format!("a bug in this program ended the run for account {account}; other accounts are not affected"),
        "run again for this account; if it happens again, report it with the output of `RUST_BACKTRACE=1`",
    )
}
