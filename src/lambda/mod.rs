//! The function: a payload comes in, the engine runs, an answer goes out.

mod answer;
mod batch;
mod log;
mod settings;
mod sweep;

pub use answer::Failure;
pub use batch::bodies;
pub use log::{start as start_log, tell_start_failed};
pub use settings::{Settings, SettingsError, Source};

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::mode::Mode;
use crate::onboarding::{Engine, Errand};
use crate::outcome::Outcome;
use crate::ports::{Clock, Directory, Queue, Secrets, Sessions, WriteIam};
use crate::report::Report;
use crate::trigger::{Trigger, Understood};

/// The function with its clients, made once and used for every invocation.
pub struct Function<D, S, X, C, Q> {
    /// The organization's register of accounts.
    pub directory: D,
    /// The way into accounts.
    pub sessions: S,
    /// Where configuration and external ids are kept.
    pub secrets: X,
    /// Time.
    pub clock: C,
    /// The queue that the function is started by.
    pub queue: Q,
    /// Where the configuration is.
    pub settings: Settings,
}

/// One payload on its way.
struct Work<'a, D, S, X, C, Q> {
    engine: &'a Engine<D, S, X, C>,
    queue: &'a Q,
    invocation: &'a str,
    deadline: f64,
    end: f64,
}

impl<D, S, X, C, Q> Function<D, S, X, C, Q>
where
    D: Directory + Clone,
    S: Sessions<Session: WriteIam> + Clone,
    X: Secrets + Clone,
    C: Clock + Clone,
    Q: Queue,
{
    /// Answers one invocation.
    ///
    /// # Errors
    /// When a payload that came directly is not understood, or its account is waiting or blocked: Lambda then tries
    /// again, or hands the event on. A batch answers with the records that failed instead.
    pub async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let payload = event.payload.get();
        let (deadline, end) = self.deadline(&event.context);
        let records = batch::records(payload).map_err(|error| log::refuse(&event.context.request_id, None, error))?;
        let engine = self.engine(&event.context).await?;
        let invocation = &event.context.request_id;
        let work = Work { engine: &engine, queue: &self.queue, invocation, deadline, end };
        match records {
            Some(records) => Ok(work.batch(records).await),
            None => work.direct(payload).await.map_err(Diagnostic::from),
        }
    }

    /// Reads the configuration anew: a change of it counts from the next event on.
    async fn engine(&self, context: &Context) -> Result<Engine<D, S, X, C>, Failure> {
        let config = self.settings.config(&self.secrets).await.map_err(|error| {
            let message = error.to_string();
            tracing::error!(
                invocation_id = context.request_id,
                outcome = "blocked",
                cause = "configuration",
                "{message}"
            );
            Failure::configuration(message)
        })?;
        Ok(self.engine_of(config))
    }

    fn engine_of(&self, config: Config) -> Engine<D, S, X, C> {
        let (directory, sessions) = (self.directory.clone(), self.sessions.clone());
        Engine { directory, sessions, secrets: self.secrets.clone(), clock: self.clock.clone(), config }
    }

    /// When to stop waiting, with a quarter of the time left or fifteen seconds; and when to have answered, a little
    /// before Lambda ends the process.
    fn deadline(&self, context: &Context) -> (f64, f64) {
        let (now, told) = (self.clock.now(), context.deadline as f64 / 1000.0);
        // `cargo lambda watch` tells a time of 1970: a deadline that was over long ago is none.
        let end = if told < now - 3600.0 { now + 60.0 } else { told };
        let reserve = ((end - now).max(0.0) / 4.0).min(15.0);
        (end - reserve, end - reserve / 8.0)
    }
}

impl<D, S, X, C, Q> Work<'_, D, S, X, C, Q>
where
    D: Directory,
    S: Sessions<Session: WriteIam>,
    X: Secrets,
    C: Clock,
    Q: Queue,
{
    /// Sees to what one payload asks for, logs it and counts it.
    async fn see_to(&self, understood: Understood) -> Report {
        let Understood { trigger, event_id } = understood;
        let kind = trigger.kind().as_str();
        let report = match trigger {
            Trigger::Ignored { account, reason, .. } => {
                Report::new(account, kind, Mode::Apply, Outcome::ignored("not_for_us", reason))
            }
            Trigger::AccountGone { ref id, ref how, .. } => {
                let end = Outcome::ignored("departed", format!("account {id} {how}"));
                Report::new(Some(id.clone()), kind, Mode::Apply, end)
            }
            Trigger::Sweep { page, .. } => self.sweep(kind, page).await,
            Trigger::AccountReady { id, .. } => self.onboard(id, kind, event_id, Mode::Apply).await,
            Trigger::Manual { id, mode } => self.onboard(id, kind, event_id, mode).await,
            Trigger::AccountRequested { request, .. } => match self.engine.created(&request, self.deadline).await {
                Ok(id) => self.onboard(id, kind, event_id, Mode::Apply).await,
                Err(end) => Report::new(None, kind, Mode::Apply, end),
            },
        };
        log::tell(&report, self.invocation, self.engine.clock.now());
        report
    }

    async fn onboard(
        &self,
        account: crate::account::AccountId,
        kind: &str,
        event_id: Option<String>,
        mode: Mode,
    ) -> Report {
        let origin = event_id.unwrap_or_else(|| self.invocation.to_owned());
        let errand =
            Errand { account, trigger: kind.to_owned(), origin, deadline: self.deadline, end: self.end, shown: None };
        match mode {
            Mode::Plan => self.engine.plan(&errand).await,
            Mode::Apply => self.engine.apply(&errand).await,
        }
    }
}
