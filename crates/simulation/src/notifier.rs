//! Who is told, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::organization::Organization;
use onboarding_core::error::ApiError;
use onboarding_core::notification::Memory;
use onboarding_core::report::Notice;
use onboarding_engine::ports::{Clock, Notifier};

/// An event bus and a memory. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct SimulatedNotifier {
    state: Arc<Mutex<State>>,
    /// How long a call takes, and on which clock.
    slow: Option<(Organization, Duration)>,
}

#[derive(Debug, Default)]
struct State {
    notices: Vec<Notice>,
    memory: BTreeMap<String, Memory>,
}

impl SimulatedNotifier {
    /// One whose calls take so many seconds.
    #[must_use]
    pub fn slow(clock: &Organization, seconds: f64) -> Self {
        Self { slow: Some((clock.clone(), Duration::from_secs_f64(seconds))), ..Self::default() }
    }

    /// Everything that was told.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.lock().notices.clone()
    }

    /// What is remembered, by name.
    #[must_use]
    pub fn memory(&self) -> BTreeMap<String, Memory> {
        self.lock().memory.clone()
    }

    /// Remembers something, as another run would have.
    pub fn put_memory(&self, name: &str, told: Memory) {
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

impl Notifier for SimulatedNotifier {
    fn listens(&self) -> bool {
        true
    }

    async fn recall(&self, name: &str) -> Result<Option<Memory>, ApiError> {
        self.pass().await;
        Ok(self.lock().memory.get(name).cloned())
    }

    async fn remember(&self, name: &str, told: &Memory, replace: bool) -> Result<bool, ApiError> {
        self.pass().await;
        let mut state = self.lock();
        if !replace && state.memory.contains_key(name) {
            return Ok(false);
        }
        state.memory.insert(name.to_owned(), told.clone());
        Ok(true)
    }

    async fn forget(&self, name: &str) -> Result<(), ApiError> {
        self.pass().await;
        self.lock().memory.remove(name);
        Ok(())
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ApiError> {
        self.pass().await;
        self.lock().notices.push(notice.clone());
        Ok(())
    }
}
