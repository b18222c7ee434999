//! A role of the management account through which a caller in another account acts, and its session.

use std::sync::Arc;
use std::time::SystemTime;

use onboarding_core::management_role::ManagementRole;
use onboarding_core::policy::Document;
use tokio::sync::Mutex;

/// A role of the management account, and its session.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) role: ManagementRole,
    pub(super) session: Mutex<Option<HopSession>>,
}

/// The session of such a role.
#[derive(Debug, Clone)]
pub(super) struct HopSession {
    pub(super) policy: Arc<Document>,
    pub(super) expires: SystemTime,
}
