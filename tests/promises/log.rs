//! Captures the log of a closure.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;

/// A buffer for log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a closure, and returns what it logged up to a level, and its result.
pub(crate) fn logged<T>(level: LevelFilter, run: impl FnOnce() -> T) -> (String, T) {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().json().with_max_level(level).with_writer(move || writer.clone()).finish();
    let result = tracing::subscriber::with_default(log, run);
    let bytes = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (String::from_utf8(bytes).unwrap(), result)
}
