//! [`Governed`] makes every call wait for its turn, so that no AWS quota is exceeded.
//!
//! It wraps the ports of a process. Each call of an API with a quota first takes a token of that API's bucket, which all
//! accounts of the process share ([`onboarding_core::rate`]). The calls of a session in a member account count for the quotas of that account:
//! they are limited in number, in each account and in all. The engine knows nothing of this: a call takes longer, that is all. A
//! call that waits ends with the run that makes it, because whoever makes it has a deadline
//! ([`timeout_at`](crate::timeout_at)).
//!
//! | File | Contents |
//! |---|---|
//! | `governor` | the buckets and the limits of requests in flight, which all clones share |
//! | `ports` | the ports of one organization |
//! | `session` | the ports of one member account |
//! | `command_line` | the ports that only the command line uses |

mod command_line;
mod governor;
mod ports;
mod session;

use std::sync::Arc;

use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::rate::LimitedApi;

use crate::ports::{Clock, Paced};
use governor::Governor;

pub use session::GovernedSession;

/// An implementation of ports whose calls wait for their turn. Clones share the limits.
#[derive(Clone)]
pub struct Governed<W> {
    inner: W,
    governor: Arc<Governor>,
}

impl<W> Governed<W> {
    /// The ports of a process that has the limits for itself, until the configuration has others.
    pub fn new(inner: W) -> Self {
        Self { inner, governor: Arc::new(Governor::new(1)) }
    }

    /// The ports of one of several processes, which together keep to the limits.
    #[must_use]
    pub fn shared_by(self, processes: u32) -> Self {
        Self { governor: Arc::new(Governor::new(processes)), ..self }
    }
}

impl<W: Clock + Paced> Governed<W> {
    /// Makes a call when its API allows it. A throttling answer makes later calls slower, also if the call was retried within `call`.
    async fn call<T>(&self, api: LimitedApi, call: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        self.wait(api).await;
        let before = self.inner.throttled_attempts(api);
        let result = call.await;
        if is_throttled(&result) || self.inner.throttled_attempts(api) > before {
            self.governor.throttled(api, self.inner.now());
        }
        result
    }

    async fn wait(&self, api: LimitedApi) {
        let pause = self.governor.reserve(api, self.inner.now());
        if !pause.is_zero() {
            self.inner.sleep(pause).await;
        }
    }
}

fn is_throttled<T>(result: &Result<T, ApiError>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Throttled)
}
