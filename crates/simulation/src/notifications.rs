//! The events that the bus received, and the notification records.

use std::collections::BTreeMap;
use std::time::Duration;

use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;

/// The published events and the stored records.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    pub(super) events: Vec<AccountEvent>,
    pub(super) records: BTreeMap<String, NotificationRecord>,
    /// The latency of every call.
    pub(super) latency: Duration,
}
