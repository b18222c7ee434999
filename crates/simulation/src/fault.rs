//! Faults on purpose: which call goes wrong, and how.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onboarding_core::error::ApiError;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// Too many requests.
    Throttle,
    /// HTTP 500.
    InternalError,
    /// HTTP 503.
    Unavailable,
    /// No answer, and nothing done.
    Timeout,
    /// No answer, but done.
    TimeoutAfter,
    /// The connection breaks before anything is done.
    Reset,
    /// Not permitted.
    AccessDenied,
    /// The credentials have expired.
    ExpiredCredentials,
    /// Done, with an answer that cannot be read.
    MalformedAnswer,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies after the call, before it has the answer.
    CrashAfter,
}

impl Injection {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Throttle,
        Self::InternalError,
        Self::Unavailable,
        Self::Timeout,
        Self::TimeoutAfter,
        Self::Reset,
        Self::AccessDenied,
        Self::ExpiredCredentials,
        Self::MalformedAnswer,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    /// Whether the service has done what it was asked, all the same.
    #[must_use]
    pub fn performs(self) -> bool {
        matches!(self, Self::TimeoutAfter | Self::MalformedAnswer | Self::CrashAfter)
    }

    /// Whether the process makes no further call.
    #[must_use]
    pub fn crashes(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter)
    }

    fn error(self, call: &'static str) -> ApiError {
        let (code, message) = match self {
            Self::Throttle => ("Throttling", "Rate exceeded"),
            Self::InternalError => ("InternalFailure", "an internal error, on purpose"),
            Self::Unavailable => ("ServiceUnavailable", "unavailable, on purpose"),
            Self::Timeout | Self::TimeoutAfter => ("Timeout", "no answer, on purpose"),
            Self::Reset => ("Connection", "reset, on purpose"),
            Self::AccessDenied => ("AccessDenied", "denied, on purpose"),
            Self::ExpiredCredentials => ("ExpiredToken", "expired, on purpose"),
            Self::MalformedAnswer => ("MalformedAnswer", "garbled, on purpose"),
            Self::CrashBefore | Self::CrashAfter => ("Crashed", "the process is dead, on purpose"),
        };
        ApiError::new(call, code, message)
    }
}

/// Which call goes wrong, and what was called. A clone is the same script: ports that share it count together.
#[derive(Debug, Clone, Default)]
pub struct Script(Arc<Mutex<Played>>);

#[derive(Debug, Default)]
struct Played {
    injection: Option<(usize, usize, Injection)>,
    calls: Vec<&'static str>,
    dead: bool,
}

impl Script {
    /// Nothing goes wrong; calls are counted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One call goes wrong: counted from zero, over all ports that share the script.
    #[must_use]
    pub fn at(index: usize, injection: Injection) -> Self {
        Self::during(index, 1, injection)
    }

    /// So many calls in a row go wrong.
    #[must_use]
    pub fn during(index: usize, calls: usize, injection: Injection) -> Self {
        let injection = Some((index, index.saturating_add(calls), injection));
        Self(Arc::new(Mutex::new(Played { injection, ..Played::default() })))
    }

    /// The calls that were tried, in order, as `iam:GetRole`; none after a crash.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    /// Whether the process has crashed.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.lock().dead
    }

    fn lock(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and says what goes wrong with it.
    fn next(&self, call: &'static str) -> Option<Injection> {
        let mut played = self.lock();
        if played.dead {
            return Some(Injection::CrashBefore);
        }
        let index = played.calls.len();
        played.calls.push(call);
        let (_, _, injection) = played.injection.filter(|(from, to, _)| (*from..*to).contains(&index))?;
        played.dead = injection.crashes();
        Some(injection)
    }

    pub(super) async fn play<T>(
        &self,
        call: &'static str,
        real: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let Some(injection) = self.next(call) else { return real.await };
        if injection.performs() {
            let _ = real.await;
        }
        Err(injection.error(call))
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
