//! Who is told, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fault::ApiError;
use crate::ports::Notifier;
use crate::report::Notice;
use crate::telling::Told;

/// An event bus and a memory. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct SimulatedNotifier {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    notices: Vec<Notice>,
    memory: BTreeMap<String, Told>,
}

impl SimulatedNotifier {
    /// Everything that was told.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.lock().notices.clone()
    }

    /// What is remembered, by name.
    #[must_use]
    pub fn memory(&self) -> BTreeMap<String, Told> {
        self.lock().memory.clone()
    }

    /// Remembers something, as another run would have.
    pub fn put_memory(&self, name: &str, told: Told) {
        self.lock().memory.insert(name.to_owned(), told);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier for SimulatedNotifier {
    async fn recall(&self, name: &str) -> Result<Option<Told>, ApiError> {
        Ok(self.lock().memory.get(name).cloned())
    }

    async fn remember(&self, name: &str, told: &Told, replace: bool) -> Result<bool, ApiError> {
        let mut state = self.lock();
        if !replace && state.memory.contains_key(name) {
            return Ok(false);
        }
        state.memory.insert(name.to_owned(), told.clone());
        Ok(true)
    }

    async fn forget(&self, name: &str) -> Result<(), ApiError> {
        self.lock().memory.remove(name);
        Ok(())
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ApiError> {
        self.lock().notices.push(notice.clone());
        Ok(())
    }
}
