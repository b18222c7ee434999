//! The rates at which Organizations allows the calls of one run.

use onboarding_core::limits::{
    BETWEEN_CREATE_ACCOUNT, BETWEEN_CREATION_STATUS, BETWEEN_LIST_PARENTS, CREATE_ACCOUNT_BURST,
};

use crate::rate_limit::RateLimit;

/// The rates that all accounts of a run share.
pub(super) struct Paces {
    pub(super) create: RateLimit,
    pub(super) status: RateLimit,
    pub(super) parents: RateLimit,
}

impl Default for Paces {
    fn default() -> Self {
        Self {
            create: RateLimit::new(BETWEEN_CREATE_ACCOUNT, CREATE_ACCOUNT_BURST),
            status: RateLimit::new(BETWEEN_CREATION_STATUS, 1),
            parents: RateLimit::new(BETWEEN_LIST_PARENTS, 1),
        }
    }
}
