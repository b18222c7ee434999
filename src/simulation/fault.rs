//! Faults on purpose: any implementation of the ports, with one call that goes wrong.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use crate::account::{Account, AccountId};
use crate::fault::ApiError;
use crate::observed::ObservedRole;
use crate::outcome::Cause;
use crate::plan::Change;
use crate::ports::{
    AccountPage, Clock, Creation, Directory, Entry, Notifier, Page, Queue, ReadIam, Secrets, Sessions, WriteIam,
};
use crate::report::Notice;
use crate::role::RoleName;
use crate::telling::Memory;

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

    async fn play<T>(
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

/// An implementation of ports that follows a script.
#[derive(Debug, Clone)]
pub struct Faulty<P> {
    inner: P,
    script: Script,
}

impl<P> Faulty<P> {
    /// Wraps an implementation.
    #[must_use]
    pub fn new(inner: P, script: &Script) -> Self {
        Self { inner, script: script.clone() }
    }
}

impl<P: Directory> Directory for Faulty<P> {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        self.script.play("organizations:DescribeAccount", self.inner.account(id)).await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.script.play("organizations:ListAccounts", self.inner.accounts(from)).await
    }

    async fn creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.script.play("organizations:DescribeCreateAccountStatus", self.inner.creation(request)).await
    }
}

impl<P: Sessions> Sessions for Faulty<P> {
    type Session = Faulty<P::Session>;

    async fn enter(&self, entry: &Entry) -> Result<Self::Session, ApiError> {
        let inner = self.script.play("sts:AssumeRole", self.inner.enter(entry)).await?;
        Ok(Faulty { inner, script: self.script.clone() })
    }
}

impl<P: ReadIam> ReadIam for Faulty<P> {
    async fn caller_account(&self) -> Result<AccountId, ApiError> {
        self.script.play("sts:GetCallerIdentity", self.inner.caller_account()).await
    }

    async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.script.play("iam:GetRole", self.inner.role(role)).await
    }

    async fn policy_names(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.script.play("iam:ListRolePolicies", self.inner.policy_names(role, from)).await
    }

    async fn policy(&self, role: &RoleName, name: &str) -> Result<Option<String>, ApiError> {
        self.script.play("iam:GetRolePolicy", self.inner.policy(role, name)).await
    }

    async fn attached(&self, role: &RoleName, from: Option<String>) -> Result<Page, ApiError> {
        self.script.play("iam:ListAttachedRolePolicies", self.inner.attached(role, from)).await
    }
}

impl<P: WriteIam> WriteIam for Faulty<P> {
    async fn perform(&self, change: &Change) -> Result<(), ApiError> {
        self.script.play(change.call(), self.inner.perform(change)).await
    }
}

impl<P: Secrets> Secrets for Faulty<P> {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.parameter(name)).await
    }
}

impl<P: Queue> Queue for Faulty<P> {
    async fn send(&self, messages: &[String]) -> Result<(), ApiError> {
        self.script.play("sqs:SendMessage", self.inner.send(messages)).await
    }

    async fn put_off(&self, receipt: &str, seconds: u32) -> Result<bool, ApiError> {
        self.script.play("sqs:ChangeMessageVisibility", self.inner.put_off(receipt, seconds)).await
    }

    async fn set_aside(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.script.play("sqs:SendMessage", self.inner.set_aside(message, cause)).await
    }
}

impl<P: Notifier> Notifier for Faulty<P> {
    fn listens(&self) -> bool {
        self.inner.listens()
    }

    async fn recall(&self, name: &str) -> Result<Option<Memory>, ApiError> {
        self.script.play("ssm:GetParameter", self.inner.recall(name)).await
    }

    async fn remember(&self, name: &str, told: &Memory, replace: bool) -> Result<bool, ApiError> {
        self.script.play("ssm:PutParameter", self.inner.remember(name, told, replace)).await
    }

    async fn forget(&self, name: &str) -> Result<(), ApiError> {
        self.script.play("ssm:DeleteParameter", self.inner.forget(name)).await
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ApiError> {
        self.script.play("events:PutEvents", self.inner.tell(notice)).await
    }
}

/// Time is no call: it passes as it did.
impl<P: Clock> Clock for Faulty<P> {
    fn now(&self) -> f64 {
        self.inner.now()
    }

    async fn sleep(&self, time: Duration) {
        self.inner.sleep(time).await;
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
