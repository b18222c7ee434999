//! Calls that hang: what is under way when time is over is not waited for.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::ports::Clock;
use onboarding_core::outcome::Outcome;

/// Runs something until a moment, in seconds since 1970; `None` when the moment came first.
pub async fn within<T>(clock: &impl Clock, end: f64, work: impl Future<Output = T>) -> Option<T> {
    let left = Duration::try_from_secs_f64(end - clock.now()).unwrap_or_default();
    // On the heap: the compiler gives up on futures that lie too deep in each other.
    match select(Box::pin(work), pin!(clock.sleep(left))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// What is told when the moment came first.
#[must_use]
pub fn timed_out() -> Outcome {
    Outcome::waiting("timed_out", "there was no answer before the time was over")
}
