//! The events that the bus received.

use std::time::Duration;

use onboarding_core::report::AccountEvent;

/// The published events.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    pub(super) events: Vec<AccountEvent>,
    /// The latency of every call.
    pub(super) latency: Duration,
}
