//! Why the simulated AWS rejects a call.

use onboarding_core::error::ApiError;
use onboarding_core::role::RoleName;

/// The reason why a call fails. [`Rejection::into_error`] adds the name of the call.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) code: String,
    pub(super) message: String,
}

impl Rejection {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    pub(super) fn no_role(name: &RoleName) -> Self {
        Self::new("NoSuchEntity", format!("The role with name {name} cannot be found."))
    }

    pub(super) fn into_error(self, call: &'static str) -> ApiError {
        ApiError::new(call, self.code, &self.message)
    }
}
