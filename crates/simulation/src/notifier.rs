//! Who is told, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::{Clock, Notifier};

/// An event bus and a memory. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct FakeNotifier {
    state: Arc<Mutex<State>>,
    /// How long a call takes, and on which clock.
    slow: Option<(FakeOrganization, Duration)>,
}

#[derive(Debug, Default)]
struct State {
    notices: Vec<AccountEvent>,
    memory: BTreeMap<String, NotificationRecord>,
}

impl FakeNotifier {
    /// One whose calls take so many seconds.
    #[must_use]
    pub fn slow(clock: &FakeOrganization, seconds: f64) -> Self {
        Self { slow: Some((clock.clone(), Duration::from_secs_f64(seconds))), ..Self::default() }
    }

    /// Everything that was told.
    #[must_use]
    pub fn notices(&self) -> Vec<AccountEvent> {
        self.lock().notices.clone()
    }

    /// What is remembered, by name.
    #[must_use]
    pub fn memory(&self) -> BTreeMap<String, NotificationRecord> {
        self.lock().memory.clone()
    }

    /// Remembers something, as another run would have.
    pub fn put_memory(&self, name: &str, told: NotificationRecord) {
        self.lock().memory.insert(name.to_owned(), told);
    }

    async fn pass(&self) {
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
        self.pass().await;
        Ok(self.lock().memory.get(name).cloned())
    }

    async fn save(&self, name: &str, told: &NotificationRecord, replace: bool) -> Result<bool, ApiError> {
        self.pass().await;
        let mut state = self.lock();
        if !replace && state.memory.contains_key(name) {
            return Ok(false);
        }
        state.memory.insert(name.to_owned(), told.clone());
        Ok(true)
    }

    async fn delete(&self, name: &str) -> Result<(), ApiError> {
        self.pass().await;
        self.lock().memory.remove(name);
        Ok(())
    }

    async fn tell(&self, notice: &AccountEvent) -> Result<(), ApiError> {
        self.pass().await;
        self.lock().notices.push(notice.clone());
        Ok(())
    }
}
