//! The event bus and the notification records, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::{Clock, Notifier};

/// An event bus and its store of notification records. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct FakeNotifier {
    state: Arc<Mutex<State>>,
    /// The latency of each call, and the clock that it passes on.
    slow: Option<(FakeOrganization, Duration)>,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<AccountEvent>,
    records: BTreeMap<String, NotificationRecord>,
}

impl FakeNotifier {
    /// A notifier whose calls take a number of seconds.
    #[must_use]
    pub fn slow(clock: &FakeOrganization, seconds: f64) -> Self {
        Self { slow: Some((clock.clone(), Duration::from_secs_f64(seconds))), ..Self::default() }
    }

    /// All published events.
    #[must_use]
    pub fn events(&self) -> Vec<AccountEvent> {
        self.lock().events.clone()
    }

    /// The stored notification records by name.
    #[must_use]
    pub fn notifications(&self) -> BTreeMap<String, NotificationRecord> {
        self.lock().records.clone()
    }

    /// Stores a notification record, as another run would.
    pub fn put_notification(&self, name: &str, record: NotificationRecord) {
        self.lock().records.insert(name.to_owned(), record);
    }

    async fn wait_for_latency(&self) {
        if let Some((clock, time)) = &self.slow {
            clock.sleep(*time).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier for FakeNotifier {
    fn is_enabled(&self) -> bool {
        true
    }

    async fn load(&self, name: &str) -> Result<Option<NotificationRecord>, ApiError> {
        self.wait_for_latency().await;
        Ok(self.lock().records.get(name).cloned())
    }

    async fn save(&self, name: &str, record: &NotificationRecord, replace: bool) -> Result<bool, ApiError> {
        self.wait_for_latency().await;
        let mut state = self.lock();
        if !replace && state.records.contains_key(name) {
            return Ok(false);
        }
        state.records.insert(name.to_owned(), record.clone());
        Ok(true)
    }

    async fn delete(&self, name: &str) -> Result<(), ApiError> {
        self.wait_for_latency().await;
        self.lock().records.remove(name);
        Ok(())
    }

    async fn publish(&self, event: &AccountEvent) -> Result<(), ApiError> {
        self.wait_for_latency().await;
        self.lock().events.push(event.clone());
        Ok(())
    }
}
