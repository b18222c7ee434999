//! The supported APIs: the only place that lists them.

use super::spec::{ApiCalls, ApiSpec};
use super::workload_security;

/// A supported API for registering accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// Trend Micro Cloud One Workload Security, formerly Deep Security: its AWS connectors.
    WorkloadSecurity,
}

impl Api {
    /// All supported APIs.
    pub const ALL: [Self; 1] = [Self::WorkloadSecurity];

    /// The name in a vendor file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The names of its calls.
    #[must_use]
    pub const fn calls(self) -> ApiCalls {
        self.spec().calls
    }

    pub(super) const fn spec(self) -> &'static ApiSpec {
        match self {
            Self::WorkloadSecurity => &workload_security::SPEC,
        }
    }
}
