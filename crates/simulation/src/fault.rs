//! Fault injection: which call fails, and how.
//!
//! A [`Script`] counts the calls of all ports that share it and makes the calls in one range of indexes fail with an
//! [`Injection`]. [`Script::only`] limits it to some calls, and [`Script::intercepting`] lets a test look at each call and
//! answer it. A test first runs without faults to learn the sequence of calls, then repeats the run once per index and
//! kind of fault. The kinds distinguish what matters to the caller: a call may fail before it has an effect, it may take effect
//! although the caller gets an error (an ambiguous result, see [`Injection::performs`]), and the process may crash, after
//! which no further call is made.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onboarding_core::error::ApiError;
use onboarding_core::plan::Change;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// Too many requests.
    Throttle,
    /// HTTP 500.
    InternalError,
    /// HTTP 503.
    Unavailable,
    /// Timeout before the call takes effect.
    Timeout,
    /// Timeout after the call has taken effect.
    TimeoutAfter,
    /// The connection is reset before the call takes effect.
    Reset,
    /// Access denied.
    AccessDenied,
    /// The credentials have expired.
    ExpiredCredentials,
    /// The call takes effect, and its response cannot be parsed.
    MalformedAnswer,
    /// The process crashes before the call.
    CrashBefore,
    /// The process crashes after the call has taken effect, before it receives the response.
    CrashAfter,
}

impl Injection {
    /// All kinds of faults.
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

    /// Whether the call takes effect although it returns an error.
    #[must_use]
    pub fn performs(self) -> bool {
        matches!(self, Self::TimeoutAfter | Self::MalformedAnswer | Self::CrashAfter)
    }

    /// Whether the process crashes, so that it makes no further calls.
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

/// Looks at a call before it is made, and answers it with an error or lets it through. A write to IAM comes with its change.
type Intercept = Box<dyn FnMut(&'static str, Option<&Change>) -> Option<ApiError> + Send>;

/// Which calls fail, and which calls were made. Clones share their state, so that several ports count their calls together.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<ScriptState>>);

#[derive(Default)]
struct ScriptState {
    injection: Option<(usize, usize, Injection)>,
    intercept: Option<Intercept>,
    only: &'static str,
    calls: Vec<&'static str>,
    dead: bool,
}

impl Script {
    /// No call fails; the calls are recorded.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The call with this index fails, counted from zero over all ports that share the script.
    #[must_use]
    pub fn at(index: usize, injection: Injection) -> Self {
        Self::during(index, 1, injection)
    }

    /// A number of consecutive calls fail, starting at this index.
    #[must_use]
    pub fn during(index: usize, calls: usize, injection: Injection) -> Self {
        let injection = Some((index, index.saturating_add(calls), injection));
        Self(Arc::new(Mutex::new(ScriptState { injection, ..ScriptState::default() })))
    }

    /// Every call is shown to a function, which can answer it with an error in place of the call.
    pub fn intercepting(
        intercept: impl FnMut(&'static str, Option<&Change>) -> Option<ApiError> + Send + 'static,
    ) -> Self {
        let intercept: Option<Intercept> = Some(Box::new(intercept));
        Self(Arc::new(Mutex::new(ScriptState { intercept, ..ScriptState::default() })))
    }

    /// Limits the script to calls whose names start with a prefix. Others succeed and are not counted.
    #[must_use]
    pub fn only(self, prefix: &'static str) -> Self {
        self.lock().only = prefix;
        self
    }

    /// The calls that were attempted, in order, such as `iam:GetRole`. Calls after a crash are not recorded.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    /// Whether the process has crashed.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.lock().dead
    }

    fn lock(&self) -> MutexGuard<'_, ScriptState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call and returns the fault to inject, if any.
    fn next(&self, call: &'static str, change: Option<&Change>) -> Result<Option<Injection>, ApiError> {
        let mut state = self.lock();
        if !call.starts_with(state.only) {
            return Ok(None);
        }
        if state.dead {
            return Ok(Some(Injection::CrashBefore));
        }
        let index = state.calls.len();
        state.calls.push(call);
        if let Some(error) = state.intercept.as_mut().and_then(|intercept| intercept(call, change)) {
            return Err(error);
        }
        let fault = state.injection.filter(|(from, to, _)| (*from..*to).contains(&index));
        let injection = fault.map(|(_, _, injection)| injection);
        state.dead = injection.is_some_and(Injection::crashes);
        Ok(injection)
    }

    /// Makes a call, or fails it as the script says.
    pub(super) async fn play<T>(
        &self,
        call: &'static str,
        real: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.play_write(call, None, real).await
    }

    /// Makes a call that may be a write to IAM, or fails it as the script says.
    pub(super) async fn play_write<T>(
        &self,
        call: &'static str,
        change: Option<&Change>,
        real: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let Some(injection) = self.next(call, change)? else { return real.await };
        if injection.performs() {
            let _ = real.await;
        }
        Err(injection.error(call))
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
