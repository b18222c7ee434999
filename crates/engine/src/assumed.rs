//! An account whose access role was assumed, and whose ID is not confirmed yet.

use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::SessionScope;

use crate::ports::ReadIam;

/// An account whose access role was assumed; so far only STS says that it is the right one.
pub(crate) struct AssumedAccount<S> {
    pub(crate) account: AccountId,
    pub(crate) access_role: RoleName,
    /// Why it is not the first of the configured names, in a sentence.
    pub(crate) others_denied: Option<String>,
    /// Whether the account may still be getting ready.
    pub(crate) age: AccountAge,
    pub(crate) sessions: Vec<(SessionScope, S)>,
}

impl<S: ReadIam> AssumedAccount<S> {
    /// The session whose policy names a role.
    pub(crate) fn session(&self, role: &RoleName) -> Option<&S> {
        self.sessions.iter().find(|(scope, _)| scope.roles.contains(role)).map(|(_, session)| session)
    }
}
