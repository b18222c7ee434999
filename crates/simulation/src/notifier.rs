//! The event bus and the notification records, in memory.

use std::collections::BTreeMap;

use crate::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::{Clock, Notifier, WriteMode};

/// The event bus of an organization and its notification records. Clones share their state.
#[derive(Debug, Clone)]
pub struct FakeNotifier(FakeOrganization);

impl FakeOrganization {
    /// The event bus and the notification records.
    #[must_use]
    pub fn notifier(&self) -> FakeNotifier {
        FakeNotifier(self.clone())
    }

    async fn wait_for_notifier(&self) {
        let latency = self.lock().notifications.latency;
        if !latency.is_zero() {
            self.sleep(latency).await;
        }
    }
}

impl FakeNotifier {
    /// All published events.
    #[must_use]
    pub fn events(&self) -> Vec<AccountEvent> {
        self.0.lock().notifications.events.clone()
    }

    /// The stored notification records by name.
    #[must_use]
    pub fn notifications(&self) -> BTreeMap<String, NotificationRecord> {
        self.0.lock().notifications.records.clone()
    }

    /// Stores a notification record, as another run would.
    pub fn put_notification(&self, name: &str, record: NotificationRecord) {
        self.0.lock().notifications.records.insert(name.to_owned(), record);
    }
}

impl Notifier for FakeOrganization {
    fn notifications_enabled(&self) -> bool {
        true
    }

    async fn load_record(&self, name: &str) -> Result<Option<NotificationRecord>, ApiError> {
        self.wait_for_notifier().await;
        Ok(self.lock().notifications.records.get(name).cloned())
    }

    async fn save_record(&self, name: &str, record: &NotificationRecord, write: WriteMode) -> Result<bool, ApiError> {
        self.wait_for_notifier().await;
        let records = &mut self.lock().notifications.records;
        if write == WriteMode::Create && records.contains_key(name) {
            return Ok(false);
        }
        records.insert(name.to_owned(), record.clone());
        Ok(true)
    }

    async fn delete_record(&self, name: &str) -> Result<(), ApiError> {
        self.wait_for_notifier().await;
        self.lock().notifications.records.remove(name);
        Ok(())
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        self.wait_for_notifier().await;
        self.lock().notifications.events.push(event.clone());
        Ok(())
    }
}
