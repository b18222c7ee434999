//! Errors with what to do about them, as `plan` explains them.

use anyhow::anyhow;

use onboarding_core::account::AccountAge;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::{Cause, Stop, for_command_line};

/// Why something ended, and what to do, in one sentence.
pub(super) fn explained(stop: Stop) -> anyhow::Error {
    anyhow!("{}", sentence(&stop.into_cause()))
}

/// The same for an error of AWS, after what could not be done.
pub(super) fn explained_error(what: &str, error: &ApiError) -> anyhow::Error {
    anyhow!("{what}: {}", sentence(Stop::from_error(error, AccountAge::Established).cause()))
}

fn sentence(cause: &Cause) -> String {
    for_command_line(&cause.to_string())
}
