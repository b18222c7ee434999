//! Virtual time.
//!
//! Time advances only when every task waits for it. The task that wakes up first yields until no call is in flight and no task has
//! started or finished anything for a few polls; then time jumps to its wake-up time. The other sleepers wait to be woken, so
//! that a jump takes as long with thousands of tasks as with one. Sleepers therefore wake in order, a deadline never
//! overtakes the work that it limits, and a test that waits for hours of backoff runs in milliseconds with the same result
//! every time.

use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use crate::organization::FakeOrganization;
use crate::state::State;
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
    /// When it wakes up, and a number, because several may at the same time.
    key: (SystemTime, u64),
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut state = self.organization.lock();
        state.sleepers.remove(&self.key);
        state.activity += 1;
        // The next one now watches for the moment at which time may jump.
        let next = state.sleepers.first_entry().and_then(|mut first| first.get_mut().take());
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl State {
    /// Lets time jump to a moment, and wakes all who sleep until then.
    fn jump(&mut self, to: SystemTime) {
        self.now = self.now.max(to);
        let due = self.sleepers.range_mut(..=(self.now, u64::MAX));
        due.filter_map(|(_, waker)| waker.take()).for_each(Waker::wake);
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
        let sleeper = {
            let mut state = self.lock();
            let key = (after(state.now, time), state.serial());
            state.sleepers.insert(key, None);
            state.activity += 1;
            Sleeper { organization: self, key }
        };
        yield_once().await;
        let mut seen = 0;
        let mut quiet = 0;
        poll_fn(|context| {
            let mut state = self.lock();
            let (until, _) = sleeper.key;
            if state.now >= until {
                return Poll::Ready(());
            }
            if state.sleepers.first_key_value().is_some_and(|(first, _)| *first != sleeper.key) {
                state.sleepers.insert(sleeper.key, Some(context.waker().clone()));
                return Poll::Pending;
            }
            quiet = if state.activity == seen { quiet + 1 } else { 0 };
            seen = state.activity;
            if state.calls_in_flight == 0 && quiet >= QUIET {
                state.jump(until);
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::{Either, join, join_all, select};

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
    #[tokio::test]
    async fn thousands_of_tasks_sleep_and_call_concurrently() {
        let organization = example::organization();
        organization.set_latency(Duration::from_millis(40));
        let start = organization.now();
        let id = &example::id("333344445555");
        let task = async |task: u64| {
            organization.sleep(Duration::from_millis(task % 7)).await;
            organization.account(id).await.unwrap();
            organization.sleep(Duration::from_secs(1 + task % 3)).await;
            organization.now()
        };
        let ended = join_all((0..2_000).map(task)).await;
        for (task, ended) in (0..).zip(ended) {
            let took = Duration::from_millis(task % 7 + 40) + Duration::from_secs(1 + task % 3);
            assert_eq!(ended, start + took, "task {task}");
        }
    }
}
