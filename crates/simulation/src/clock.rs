//! Virtual time.
//!
//! Time advances only when every task waits for it. A sleeping task yields until no call is in flight and no task has started
//! or finished anything for a few polls; then time jumps to the earliest wake-up time. Sleepers therefore wake in order, a
//! deadline never overtakes the work that it limits, and a test that waits for hours of backoff runs in milliseconds with the
//! same result every time.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use crate::organization::FakeOrganization;
use onboarding_core::time::after;
use onboarding_engine::ports::{Clock, Paced};

/// How many consecutive polls without activity a sleeper must see before time jumps. More than one, because large sets of
/// futures are polled a few at a time.
const QUIET: u32 = 2;

/// Yields to the other tasks once, as a network call would.
pub(super) async fn yield_once() {
    let mut yielded = false;
    poll_fn(move |context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A sleeping task. Dropping it cancels the wake-up, so that the losing branch of a `select` leaves none behind.
struct Sleeper<'a> {
    organization: &'a FakeOrganization,
    id: u64,
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut state = self.organization.lock();
        state.sleepers.remove(&self.id);
        state.activity += 1;
    }
}

impl Paced for FakeOrganization {}

impl Clock for FakeOrganization {
    fn now(&self) -> SystemTime {
        self.lock().now
    }

    fn jitter_seed(&self) -> Option<u64> {
        self.lock().jitter_seed
    }

    /// Sleeps in virtual time: see the module documentation.
    async fn sleep(&self, time: Duration) {
        let (sleeper, until) = {
            let mut state = self.lock();
            let id = state.serial();
            let until = after(state.now, time);
            state.sleepers.insert(id, until);
            state.activity += 1;
            (Sleeper { organization: self, id }, until)
        };
        let mut seen = 0;
        let mut quiet = 0;
        loop {
            yield_once().await;
            let mut state = self.lock();
            quiet = if state.activity == seen { quiet + 1 } else { 0 };
            seen = state.activity;
            let first = state.sleepers.iter().min_by_key(|(id, until)| (**until, **id)).map(|(id, _)| *id);
            if state.now >= until || (state.calls_in_flight == 0 && quiet >= QUIET && first == Some(sleeper.id)) {
                state.now = state.now.max(until);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::{Either, join, select};

    use crate::example;
    use onboarding_engine::ports::{Clock, Directory};

    #[tokio::test]
    async fn sleep_advances_virtual_time_only() {
        let organization = example::organization();
        let start = organization.now();
        organization.sleep(Duration::from_secs(900)).await;
        assert_eq!(organization.now(), start + Duration::from_secs(900));
    }

    #[tokio::test]
    async fn concurrent_sleeps_overlap() {
        let organization = example::organization();
        let start = organization.now();
        let short = async {
            for _ in 0..10 {
                organization.sleep(Duration::from_secs(1)).await;
            }
            organization.now()
        };
        let long = async {
            organization.sleep(Duration::from_secs(10)).await;
            organization.now()
        };
        let (short, long) = join(short, long).await;
        assert_eq!([short, long], [start + Duration::from_secs(10); 2]);
    }

    #[tokio::test]
    async fn deadline_does_not_overtake_work() {
        let organization = example::organization();
        let id = example::id("333344445555");
        let work = Box::pin(async {
            for _ in 0..50 {
                organization.account(&id).await.unwrap();
            }
        });
        let deadline = Box::pin(organization.sleep(Duration::from_secs(1)));
        assert!(matches!(select(deadline, work).await, Either::Right(_)));
        assert!(organization.lock().sleepers.is_empty());
    }
}
