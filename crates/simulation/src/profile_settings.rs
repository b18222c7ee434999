//! A profile of a user, as a test sets it up.

use onboarding_core::verify::KeyKind;

/// A profile that a test has set up.
#[derive(Debug, Clone)]
pub(super) struct ProfileSettings {
    pub(super) arn: String,
    pub(super) keys: KeyKind,
    pub(super) mfa_serial: Option<String>,
}
