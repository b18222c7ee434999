//! What all calls of a process share: the buckets of the APIs, and the limits of requests in flight.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use onboarding_core::rate::{LimitedApi, RateLimits, TokenBucket};
use tokio::sync::Semaphore;

/// The limits, and what is left of them.
pub(super) struct Governor {
    /// How many processes share the rates.
    processes: u32,
    state: Mutex<State>,
}

struct State {
    limits: RateLimits,
    buckets: BTreeMap<LimitedApi, TokenBucket>,
    in_flight: Arc<Semaphore>,
    /// The accounts with sessions, each with its limit of requests in flight.
    accounts: BTreeMap<String, Weak<Semaphore>>,
}

impl Governor {
    /// The default limits.
    pub(super) fn new(processes: u32) -> Self {
        let limits = RateLimits::default();
        let bucket = |api| (api, TokenBucket::new(limits.rate_of_process(api, processes)));
        let state = State {
            limits,
            buckets: LimitedApi::ALL.into_iter().map(bucket).collect(),
            in_flight: semaphore(limits.in_flight),
            accounts: BTreeMap::new(),
        };
        Self { processes, state: Mutex::new(state) }
    }

    /// Takes the limits of a configuration. The buckets stay as full as they are.
    pub(super) fn set_limits(&self, limits: &RateLimits) {
        let mut state = self.lock();
        if state.limits == *limits {
            return;
        }
        state.limits = *limits;
        for (api, bucket) in &mut state.buckets {
            bucket.set_rate(limits.rate_of_process(*api, self.processes));
        }
        // Requests that are in flight finish under the earlier limits.
        state.in_flight = semaphore(limits.in_flight);
        state.accounts.clear();
    }

    /// Reserves a call of an API, and returns how long to wait for it.
    pub(super) fn reserve(&self, api: LimitedApi, now: SystemTime) -> Duration {
        self.lock().buckets.get_mut(&api).map(|bucket| bucket.reserve(now)).unwrap_or_default()
    }

    /// Makes later calls of an API slower, because AWS has throttled one.
    pub(super) fn throttled(&self, api: LimitedApi, now: SystemTime) {
        if let Some(bucket) = self.lock().buckets.get_mut(&api) {
            bucket.throttled(now);
        }
    }

    /// The limits of requests in flight of a session: in its account, and in all.
    pub(super) fn in_flight(&self, account: &str) -> [Arc<Semaphore>; 2] {
        let mut state = self.lock();
        let all = Arc::clone(&state.in_flight);
        if let Some(of_account) = state.accounts.get(account).and_then(Weak::upgrade) {
            return [of_account, all];
        }
        state.accounts.retain(|_, of_account| of_account.strong_count() > 0);
        let of_account = semaphore(state.limits.in_flight_per_account);
        state.accounts.insert(account.to_owned(), Arc::downgrade(&of_account));
        [of_account, all]
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn semaphore(permits: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits as usize))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn limits_of_a_configuration_are_shared_by_the_processes() {
        let governor = Governor::new(5);
        governor.set_limits(&RateLimits { describe_account: 10, ..RateLimits::default() });
        let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let pauses: Vec<_> = (0..4).map(|_| governor.reserve(LimitedApi::DescribeAccount, now).as_millis()).collect();
        assert_eq!(pauses, [0, 0, 500, 1_000]);
    }

    #[test]
    fn throttling_of_one_api_does_not_slow_others() {
        let governor = Governor::new(1);
        let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        governor.throttled(LimitedApi::AssumeRole, now);
        assert!(!governor.reserve(LimitedApi::AssumeRole, now).is_zero());
        assert!(governor.reserve(LimitedApi::ReadParameters, now).is_zero());
    }

    #[test]
    fn sessions_of_an_account_share_its_limit_and_accounts_without_sessions_are_forgotten() {
        let governor = Governor::new(1);
        let [first, all] = governor.in_flight("111122223333");
        let [same, _] = governor.in_flight("111122223333");
        let [other, same_all] = governor.in_flight("444455556666");
        assert!(Arc::ptr_eq(&first, &same) && !Arc::ptr_eq(&first, &other) && Arc::ptr_eq(&all, &same_all));
        drop((first, same, other));
        drop(governor.in_flight("123456789012"));
        assert_eq!(governor.lock().accounts.len(), 1);
    }
}
