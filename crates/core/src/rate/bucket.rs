//! A token bucket whose rate follows the answers of the service.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::{after, since};

/// The least share of its rate that a throttled API keeps, in percent.
const LEAST_PERCENT: u32 = 5;

/// How many percent points of its rate an API regains with each second without throttling.
const REGAINED_PERCENT: u32 = 5;

/// Throttling answers within this time are answers to the same burst: together, they halve the rate once.
const SAME_BURST: Duration = Duration::from_secs(1);

/// A rate of calls, and how many calls may be made at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// One call each `interval`, and up to `burst` calls at once; at least one.
    #[must_use]
    pub const fn every(interval: Duration, burst: u32) -> Self {
        Self { interval, burst: if burst == 0 { 1 } else { burst } }
    }

    /// As many calls in a second, evenly or at once. AWS allows bursts of one and a half seconds.
    #[must_use]
    pub fn per_second(calls: u32) -> Self {
        Self::every(Duration::from_secs(1) / calls.max(1), calls)
    }

    /// The rate of one of several processes which together keep to this one.
    #[must_use]
    pub fn share(self, processes: u32) -> Self {
        Self::every(self.interval.saturating_mul(processes.max(1)), self.burst / processes.max(1))
    }

    /// The time between two calls.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.interval
    }

    /// How many calls may be made at once.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }
}

/// A token bucket: a call takes a token, or reserves the next one that is not reserved yet and waits for it.
///
/// A throttling answer means that other callers use the quota as well. It halves the rate and empties the bucket; each second
/// without one gives a twentieth of the rate back (additive increase, multiplicative decrease, as TCP does). Several
/// processes and tools that share a quota thus find rates that together fit into it, without knowing of each other.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    rate: Rate,
    /// The share of the rate that is in use.
    percent: u32,
    /// When the share last changed.
    changed_at: SystemTime,
    /// When the rate was last halved.
    throttled_at: Option<SystemTime>,
    /// When the first token that is not reserved is there. In the past, the tokens since then are there as well.
    next_at: SystemTime,
    /// The latest time that was seen: a clock may be set back.
    seen: SystemTime,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, percent: 100, changed_at: UNIX_EPOCH, throttled_at: None, next_at: UNIX_EPOCH, seen: UNIX_EPOCH }
    }

    /// Changes the rate of later calls.
    pub fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Reserves a token, and returns how long to wait for it.
    pub fn reserve(&mut self, now: SystemTime) -> Duration {
        self.advance(now);
        let saved = self.interval() * (self.rate.burst - 1);
        let token_at = self.next_at.max(now.checked_sub(saved).unwrap_or(UNIX_EPOCH));
        self.next_at = after(token_at, self.interval());
        since(now, token_at)
    }

    /// Takes a throttling answer.
    pub fn throttled(&mut self, now: SystemTime) {
        self.advance(now);
        if self.throttled_at.is_some_and(|at| since(at, now) < SAME_BURST) {
            return;
        }
        self.throttled_at = Some(now);
        self.changed_at = now;
        self.percent = (self.percent / 2).max(LEAST_PERCENT);
        self.next_at = self.next_at.max(after(now, self.interval()));
    }

    /// The time between two calls at the share of the rate that is in use.
    fn interval(&self) -> Duration {
        self.rate.interval * 100 / self.percent
    }

    fn advance(&mut self, now: SystemTime) {
        let set_back = since(now, self.seen);
        if !set_back.is_zero() {
            let earlier = |time: SystemTime| time.checked_sub(set_back).unwrap_or(UNIX_EPOCH);
            self.next_at = earlier(self.next_at);
            self.changed_at = earlier(self.changed_at);
            self.throttled_at = self.throttled_at.map(earlier);
        }
        self.seen = now;
        let seconds = since(self.changed_at, now).as_secs();
        let regained = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(REGAINED_PERCENT);
        self.percent = self.percent.saturating_add(regained).min(100);
        self.changed_at = after(self.changed_at, Duration::from_secs(seconds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_000_000) + Duration::from_millis(milliseconds)
    }

    fn milliseconds(bucket: &mut TokenBucket, now: SystemTime) -> u128 {
        bucket.reserve(now).as_millis()
    }

    #[test]
    fn burst_is_free_and_then_calls_are_spaced() {
        let mut bucket = TokenBucket::new(Rate::every(Duration::from_secs(10), 3));
        let pauses: Vec<_> = (0..5).map(|_| bucket.reserve(at(0)).as_secs()).collect();
        assert_eq!(pauses, [0, 0, 0, 10, 20]);
        assert_eq!(bucket.reserve(at(0) + Duration::from_secs(25)).as_secs(), 5);
        assert_eq!(bucket.reserve(at(0) + Duration::from_secs(600)).as_secs(), 0);
    }

    #[test]
    fn throttling_empties_the_bucket_and_halves_the_rate() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        assert_eq!(milliseconds(&mut bucket, at(0)), 0);
        bucket.throttled(at(0));
        assert_eq!([0; 3].map(|_| milliseconds(&mut bucket, at(0))), [200, 400, 600]);
    }

    #[test]
    fn throttles_of_one_burst_halve_the_rate_once() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        for time in [0, 0, 1, 999] {
            bucket.throttled(at(time));
        }
        assert_eq!(bucket.percent, 50);
        bucket.throttled(at(1_000));
        assert_eq!(bucket.percent, 27, "55 % were regained");
    }

    #[test]
    fn rate_is_regained_step_by_step_and_not_exceeded() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        bucket.throttled(at(0));
        let percent = [1_900, 2_000, 9_999, 10_000, 600_000].map(|time| {
            bucket.advance(at(time));
            bucket.percent
        });
        assert_eq!(percent, [55, 60, 95, 100, 100]);
    }

    #[test]
    fn least_rate_is_kept() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        (0..20).for_each(|second| bucket.throttled(at(second * 1_000)));
        assert!((LEAST_PERCENT..15).contains(&bucket.percent), "{}", bucket.percent);
    }

    /// Calls as soon as the bucket allows, for ten minutes, while AWS allows fewer than the bucket's rate.
    #[test]
    fn rate_follows_what_aws_leaves_to_this_tool() {
        let mut bucket = TokenBucket::new(Rate::per_second(20));
        let mut allowed = TokenBucket::new(Rate::per_second(5));
        let mut now = at(0);
        let mut calls = [0_u32; 2];
        while now < at(0) + Duration::from_secs(600) {
            now += bucket.reserve(now).max(Duration::from_millis(1));
            let is_throttled = !allowed.clone().reserve(now).is_zero();
            calls[usize::from(is_throttled)] += 1;
            if is_throttled {
                bucket.throttled(now);
            } else {
                allowed.reserve(now);
            }
        }
        let [done, throttled] = calls;
        assert!(done > 5 * 600 * 7 / 10, "most of what is allowed is used: {done}");
        assert!(
            throttled < done / 4,
            "without the decrease, three of four calls would be throttled: {throttled} {done}"
        );
    }

    #[test]
    fn clock_that_is_set_back_delays_no_call() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        assert_eq!([0; 10].map(|_| milliseconds(&mut bucket, at(0))), [0; 10]);
        let earlier = at(0) - Duration::from_secs(3_600);
        assert_eq!(milliseconds(&mut bucket, earlier), 100);
    }

    #[test]
    fn shares_of_all_processes_make_the_rate() {
        let share = Rate::per_second(20).share(5);
        assert_eq!((share.interval(), share.burst()), (Duration::from_millis(250), 4));
        assert_eq!(Rate::per_second(2).share(5).burst(), 1);
    }
}
