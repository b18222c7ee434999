//! The function: a payload comes in, the engine runs, an answer goes out.

mod answer;
mod batch;
mod clients;
mod context;
mod log;
mod notify;
mod settings;
mod sweep;

pub use answer::InvocationError;
pub use batch::bodies;
pub use clients::{Clients, Ports};
pub use log::{start as start_log, tell_start_failed};
pub use settings::{ConfigLocation, Settings, SettingsError};

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::Instrument;

use self::context::InvocationContext;
use self::notify::Subject;
use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::error::ApiError;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_core::trigger::Trigger;
use onboarding_engine::ports::{Clock, World};
use onboarding_engine::within::{timed_out, within};
use onboarding_engine::{Engine, Job};

/// The function with its clients, made once and used for every invocation.
pub struct Function<P> {
    /// The clients.
    pub ports: P,
    /// Where the configuration is.
    pub settings: Settings,
}

/// One payload on its way.
struct Invocation<'a, P: Ports> {
    engine: &'a Engine<&'a P::World>,
    ports: &'a P,
    invocation: &'a str,
    times: Deadlines,
}

/// When what has to be over, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    /// Nothing is waited for any more.
    deadline: f64,
    /// What is under way in accounts is given up.
    end: f64,
    /// What is under way to tell of it is given up, so that the function has answered before Lambda ends the process.
    last: f64,
}

impl<P: Ports> Function<P> {
    /// Answers one invocation.
    ///
    /// # Errors
    /// When a payload that came directly is not understood, or its account is waiting or blocked: Lambda then tries
    /// again, or hands the event on. A batch answers with the records that failed instead.
    pub async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let payload = event.payload.get();
        let invocation = event.context.request_id.as_str();
        let times = self.times(&event.context);
        let records =
            batch::records(payload).map_err(|error| log::refuse(&InvocationContext::direct(invocation), error))?;
        let config = self.config(times.end).await.inspect_err(|failure| log::refuse_all(invocation, failure))?;
        // Read anew for every invocation: a change of it counts from the next event on.
        let engine = Engine { world: self.ports.world(), config };
        let work = Invocation { engine: &engine, ports: &self.ports, invocation, times };
        match records {
            Some(records) => Ok(work.batch(records).await),
            None => work.direct(payload).await.map_err(Diagnostic::from),
        }
    }

    async fn config(&self, end: f64) -> Result<Config, InvocationError> {
        let read = within(self.ports.world().clock(), end, self.settings.config(self.ports.world().secrets())).await;
        match read {
            Some(read) => read.map_err(|error| InvocationError::configuration(error.to_string())),
            None => Err(InvocationError::configuration("the configuration could not be read in time".to_owned())),
        }
    }

    /// Fifteen seconds are left when nothing is waited for any more, or a quarter of the time.
    fn times(&self, context: &Context) -> Deadlines {
        let (now, told) = (self.ports.world().clock().now(), context.deadline as f64 / 1000.0);
        // `cargo lambda watch` tells a time of 1970: a deadline that was over long ago is none.
        let end = if told < now - 3600.0 { now + 60.0 } else { told };
        let reserve = ((end - now).max(0.0) / 4.0).min(15.0);
        Deadlines { deadline: end - reserve, end: end - reserve / 2.0, last: end - reserve / 8.0 }
    }
}

impl<P: Ports> Invocation<'_, P> {
    /// Sees to what one payload asks for.
    async fn process(&self, trigger: Trigger, origin: &InvocationContext<'_>) -> (Report, Subject) {
        let kind = trigger.kind().as_str();
        let mut subject = Subject::from_trigger(&trigger);
        let report = match trigger {
            Trigger::Ignored { account, reason, .. } => {
                Report::new(account, kind, Mode::Apply, Outcome::ignored("not_applicable", reason))
            }
            Trigger::AccountGone { ref id, ref how, .. } => {
                let end = Outcome::ignored("departed", format!("account {id} {how}"));
                Report::new(Some(id.clone()), kind, Mode::Apply, end)
            }
            Trigger::Sweep { page, .. } => self.sweep(kind, page).await,
            Trigger::AccountReady { id, .. } => self.onboard(id, kind, origin, Mode::Apply).await,
            Trigger::Manual { id, mode } => self.onboard(id, kind, origin, mode).await,
            Trigger::AccountRequested { request, .. } => match self.created(&request).await {
                Ok(id) => self.onboard(id, kind, origin, Mode::Apply).await,
                Err(end) => Report::new(None, kind, Mode::Apply, end),
            },
        };
        if let Some(id) = &report.account_id {
            subject = Subject::account(id);
        }
        (report, subject)
    }

    /// The last calls of a payload, which tell of it and move its message: given up in time to answer.
    async fn in_time<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let done = within(self.ports.world().clock(), self.times.last, work).await;
        done.unwrap_or_else(|| Err(ApiError::new(call, "Timeout", "no answer in time")))
    }

    async fn created(&self, request: &str) -> Result<AccountId, Outcome> {
        let created = self.engine.created(request, self.times.deadline);
        within(self.ports.world().clock(), self.times.end, created).await.unwrap_or_else(|| Err(timed_out()))
    }

    async fn onboard(&self, account: AccountId, kind: &str, origin: &InvocationContext<'_>, mode: Mode) -> Report {
        let span = origin.span(account.as_str());
        let (trigger, Deadlines { deadline, end, .. }) = (kind.to_owned(), self.times);
        // Neither alone will do: a batch is one invocation, and a message may be delivered twice.
        let run = format!("{}/{}", self.invocation, origin.message.unwrap_or_default());
        let origin = origin.event.unwrap_or(self.invocation).to_owned();
        let errand = Job { account, trigger, origin, run, deadline, end, shown: None };
        let seen_to = async {
            match mode {
                Mode::Plan => self.engine.plan(&errand).await,
                Mode::Apply => self.engine.apply(&errand).await,
            }
        };
        seen_to.instrument(span).await
    }
}
