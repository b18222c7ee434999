//! Captures the log of a closure.

use std::io::Write;
use std::sync::{Arc, Mutex, Once, PoisonError};

use account_onboarding::lambda::log_subscriber;
use onboarding_core::redaction::KnownSecrets;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

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

/// Interested in everything, and records nothing.
///
/// tracing caches for each log statement, and globally for each level, whether any subscriber is interested. Tests start
/// and end their own subscribers in parallel, and one that ends can leave a cached "no" behind for another that has
/// just begun. With this global subscriber the answer is never "no".
struct Interested;

impl Subscriber for Interested {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Runs a closure, and returns what it logged up to a level, and its result.
pub(crate) fn logged<T>(level: LevelFilter, run: impl FnOnce() -> T) -> (String, T) {
    capture(run, |lines| {
        tracing_subscriber::fmt().json().with_max_level(level).with_writer(move || lines.clone()).finish()
    })
}

/// The same with the log of the deployed function, from which secrets are removed.
pub(crate) fn logged_without<T>(secrets: &KnownSecrets, run: impl FnOnce() -> T) -> (String, T) {
    capture(run, |lines| log_subscriber(LevelFilter::TRACE, secrets, move || lines.clone()))
}

fn capture<T, S: Subscriber + Send + Sync + 'static>(
    run: impl FnOnce() -> T,
    log: impl FnOnce(Lines) -> S,
) -> (String, T) {
    static GLOBAL: Once = Once::new();
    GLOBAL.call_once(|| tracing::subscriber::set_global_default(Interested).expect("the only global subscriber"));
    let lines = Lines::default();
    let result = tracing::subscriber::with_default(log(lines.clone()), run);
    let bytes = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (String::from_utf8(bytes).unwrap(), result)
}
