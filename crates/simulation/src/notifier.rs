//! The event bus, in memory, and what the records say was notified.

use std::collections::BTreeMap;

use crate::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::record::Record;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::{Clock, Notifier};

const CALL: &str = "events:PutEvents";

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

    /// The last notification of each subject that has one.
    #[must_use]
    pub fn notifications(&self) -> BTreeMap<String, NotificationRecord> {
        let records = self.0.records().into_iter();
        records.filter_map(|(subject, record)| Some((subject, record.notification?))).collect()
    }

    /// Replaces the last notification of a subject, as another run would.
    pub fn put_notification(&self, subject: &str, notification: NotificationRecord) {
        let record = Record { notification: Some(notification), ..self.0.record(subject) };
        self.0.put_record(subject, &record);
    }
}

impl Notifier for FakeOrganization {
    fn notifications_enabled(&self) -> bool {
        true
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        self.wait_for_notifier().await;
        let mut state = self.lock();
        let now = state.now;
        state.api_quotas.take(CALL, now).map_err(|throttled| throttled.into_error(CALL))?;
        state.notifications.events.push(event.clone());
        Ok(())
    }
}
