//! The Lambda function.
//!
//! # Batch or direct invocation
//!
//! A payload with `Records` is an SQS batch, see `batch`, or an SNS notification. Anything else is one event or a manual
//! request, see `direct`.
//! The configuration and the secrets are kept for a minute. Nothing else is kept between invocations except the clients and
//! their HTTP connections.
//!
//! # Processing a payload
//!
//! 1. Parse the payload into a `Trigger` (`onboarding_core::trigger`). If the configuration has to be read, the account and
//!    its record, or the records of a chunk, are read at the same time (`early_reads`).
//! 2. Process it: let the engine onboard the account, queue a full sweep (`sweep`), or do nothing for ignored events. A message
//!    with several accounts of a sweep is processed in `chunk`.
//! 3. Log one line with the outcome and the metrics (`log`).
//! 4. Send an event about the outcome to EventBridge, unless that was done before, and save the record (`notify`).
//! 5. In a batch: delete the message, retry it later, or move it to the dead-letter queue.
//!
//! # Deadlines
//!
//! Lambda ends a process that exceeds the function's timeout, and then there is no log line and no notification. Each
//! phase therefore stops before that, see `Deadlines`: what is cut short becomes the outcome `waiting`, and the message
//! is retried.

mod batch;
mod changed_configuration;
mod chunk;
mod context;
mod direct;
mod early_reads;
mod error;
mod log;
mod notify;
mod records;
mod rollout;
mod settings;
mod subject;
mod sweep;

pub use error::{InvocationError, InvocationErrorKind};
pub use log::{start as start_log, start_failed, subscriber as log_subscriber};
pub use records::bodies;
pub use settings::{ConfigLocation, SettingsError, concurrency_from_env, sweep_mode_from_env};

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::try_join;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::Instrument;

use self::context::InvocationContext;
use self::early_reads::{EarlyReads, Unused};
use self::records::Received;
use self::subject::Subject;
use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::config::Config;
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::limits::{
    CONFIGURATION_AGE, LEASE_AFTER_WORK, LOCAL_INVOCATION, RESERVED_FOR_RESPONSE, STALE_DEADLINE,
};
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::Report;
use onboarding_core::rollout::{Held, SweepSettings};
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{after, from_unix_milliseconds, since};
use onboarding_core::trigger::{EventSubject, Request, RequestedAccount, Trigger, TriggerKind};
use onboarding_engine::ports::{Clock, Notifier, Queue, World, WriteIam};
use onboarding_engine::{Deregistering, Engine, FirstLook, Governed, Job, OpenRecord, Processed};
use onboarding_engine::{timed_out, timeout_at};

/// The ports of the function as one trait. Clones share their clients.
pub trait FunctionWorld: World<Session: WriteIam> + Queue + Notifier + Clone {}

impl<T: World<Session: WriteIam> + Queue + Notifier + Clone> FunctionWorld for T {}

/// The function, created once and used for every invocation.
pub struct Function<W> {
    /// All invocations of the process share its limits.
    world: Governed<W>,
    config: ConfigLocation,
    /// Which accounts a sweep may change.
    sweep_mode: SweepMode,
    /// The secrets that were read so far.
    secrets: KnownSecrets,
    /// The engine of recent invocations, with the configuration and the secrets that it has read.
    recent: Mutex<Option<RecentEngine<Governed<W>>>>,
}

/// An engine, and when its configuration was read.
struct RecentEngine<W> {
    engine: Arc<Engine<W>>,
    loaded_at: SystemTime,
}

/// One invocation.
struct Invocation<'a, W> {
    engine: &'a Engine<W>,
    /// The request ID.
    invocation: &'a str,
    sweep_mode: SweepMode,
    secrets: &'a KnownSecrets,
    deadlines: Deadlines,
    /// The reads that were made while the configuration was read.
    early_reads: Unused,
}

/// The deadlines of an invocation's phases, earliest first.
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    /// No new wait and no new page of a sweep starts after this.
    waiting: SystemTime,
    /// Calls that are still in flight in accounts are abandoned.
    work: SystemTime,
    /// Notifications and calls to SQS that are still in flight are abandoned, so that the function responds before
    /// Lambda ends the process.
    response: SystemTime,
}

impl<W: FunctionWorld> Function<W> {
    /// A function that has read nothing yet. It adds every secret that it reads to `secrets`, which the log leaves out.
    pub fn new(world: W, config: ConfigLocation, sweep_mode: SweepMode, secrets: KnownSecrets) -> Self {
        if !world.records_enabled() {
            log::no_records();
        }
        Self { world: Governed::new(world), config, sweep_mode, secrets, recent: Mutex::default() }
    }

    /// The same as one of several processes: its calls to AWS take its share of the quotas.
    #[must_use]
    pub fn one_of(self, processes: u32) -> Self {
        Self { world: self.world.shared_by(processes), ..self }
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// When the configuration cannot be loaded or a batch is malformed. A direct invocation also fails when its payload
    /// cannot be parsed, or when its account is waiting or blocked: Lambda then retries the event or sends it to the
    /// on-failure destination. A batch names the failed records in its response instead.
    pub async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        self.respond(&event).await.map_err(|error| {
            // The message may repeat what a service was sent.
            let error = InvocationError { message: self.secrets.redacted(error.message), ..error };
            Diagnostic::from(error)
        })
    }

    async fn respond(&self, event: &LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
        let payload = event.payload.get();
        let invocation = event.context.request_id.as_str();
        let deadlines = self.deadlines(&event.context);
        let received = records::received(payload).map_err(|error| {
            log::payload_rejected(&InvocationContext::direct(invocation), &error);
            InvocationError::payload(error)
        })?;
        let started = self.start(&received, payload, deadlines.work).await;
        let (engine, early_reads) = started.inspect_err(|error| log::configuration_failed(invocation, error))?;
        let work = Invocation {
            engine: &engine,
            invocation,
            sweep_mode: self.sweep_mode,
            secrets: &self.secrets,
            deadlines,
            early_reads: Unused::new(early_reads),
        };
        match received {
            Received::Batch(records) => Ok(work.batch(records).await),
            Received::Notification(message) => work.direct(&message).await,
            Received::Payload => work.direct(payload).await,
        }
    }

    /// The engine of recent invocations, or a new one if its configuration is too old. While a configuration is read, so is what
    /// the invocation is about.
    async fn start(
        &self,
        received: &Received,
        payload: &str,
        end: SystemTime,
    ) -> Result<Started<Governed<W>>, InvocationError> {
        if let Some(engine) = self.recent_engine() {
            return Ok((engine, None));
        }
        let earlier = self.recent().as_ref().map(|recent| Arc::clone(&recent.engine));
        let world = earlier.as_ref().map_or(&self.world, |engine| &engine.world);
        let early_reads = async {
            // Whatever panics here panics again, or does not, where the record is processed and isolated.
            let reads = AssertUnwindSafe(EarlyReads::at(world, received, payload, end)).catch_unwind();
            Ok(reads.await.ok().flatten())
        };
        let (engine, early_reads) = try_join(self.new_engine(end), early_reads).await?;
        // Only the configuration says through which role of the management account the function acts. What Organizations has answered
        // to another caller counts for nothing.
        let acted_through = earlier.as_ref().and_then(|engine| engine.config.management.as_ref());
        let is_same_caller = match (&engine.config.management, acted_through) {
            (None, None) => true,
            (Some(role), Some(other)) => role.is_same(other),
            (None, Some(_)) | (Some(_), None) => false,
        };
        let early_reads = if is_same_caller { early_reads } else { early_reads.map(EarlyReads::without_organizations) };
        Ok((engine, early_reads))
    }

    fn recent_engine(&self) -> Option<Arc<Engine<Governed<W>>>> {
        let now = self.world.now();
        let is_recent = |recent: &&RecentEngine<Governed<W>>| {
            now.duration_since(recent.loaded_at).is_ok_and(|age| age < CONFIGURATION_AGE)
        };
        self.recent().as_ref().filter(is_recent).map(|recent| Arc::clone(&recent.engine))
    }

    async fn new_engine(&self, end: SystemTime) -> Result<Arc<Engine<Governed<W>>>, InvocationError> {
        let now = self.world.now();
        let engine = Engine::new(self.world.clone(), self.load_config(end).await?);
        let engine = Arc::new(engine.with_known_secrets(self.secrets.clone()));
        *self.recent() = Some(RecentEngine { engine: Arc::clone(&engine), loaded_at: now });
        Ok(engine)
    }

    fn recent(&self) -> MutexGuard<'_, Option<RecentEngine<Governed<W>>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_config(&self, end: SystemTime) -> Result<Config, InvocationError> {
        match timeout_at(&self.world, end, self.config.load(&self.world)).await {
            Some(read) => read.map_err(|error| InvocationError::configuration(error.to_string())),
            None => Err(InvocationError::configuration("timed out while reading the configuration".to_owned())),
        }
    }

    /// Reserves [`RESERVED_FOR_RESPONSE`], or a quarter of the remaining time if that is less, for the phases after waiting.
    fn deadlines(&self, context: &Context) -> Deadlines {
        let now = self.world.now();
        let reported = from_unix_milliseconds(context.deadline);
        let reported = reported.filter(|end| since(*end, now) <= STALE_DEADLINE);
        let end = reported.unwrap_or_else(|| after(now, LOCAL_INVOCATION));
        let reserve = (since(now, end) / 4).min(RESERVED_FOR_RESPONSE);
        let before_end = |reserve| end.checked_sub(reserve).unwrap_or(end);
        Deadlines { waiting: before_end(reserve), work: before_end(reserve / 2), response: before_end(reserve / 8) }
    }
}

/// The engine of an invocation, and what was read meanwhile.
type Started<W> = (Arc<Engine<W>>, Option<EarlyReads>);

/// How an account is processed.
struct Start {
    mode: Mode,
    /// The facts that were read about it.
    look: FirstLook,
    /// Why it is only reported, if the configuration says so.
    held: Option<Held>,
}

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Processes one trigger.
    async fn process(&self, trigger: Trigger, context: &InvocationContext<'_>) -> (Processed<'_, W>, Subject) {
        let kind = trigger.kind();
        let subject = Subject::from_trigger(&trigger);
        let mut report = match trigger.into_request() {
            Request::Account { account, mode } => {
                let known_id = account.id().cloned();
                match self.resolve(account).await {
                    Ok(id) => match self.mode_of(&id, kind, mode).await {
                        Ok(Start { mode, look, held }) => {
                            let subject = Subject::account(&id);
                            let mut processed = self.onboard(id, kind, context, mode, look).await;
                            processed.report.notices.extend(held.map(|held| held.to_string()));
                            return (processed, subject);
                        }
                        Err(outcome) => Report::new(Some(id), kind, mode, outcome),
                    },
                    Err(outcome) => Report::new(known_id, kind, mode, outcome),
                }
            }
            Request::Sweep { .. } if kind == TriggerKind::ConfigurationChange => {
                self.sweep_changed_configuration(context).await
            }
            Request::Sweep { page } => self.sweep(kind, page).await,
            Request::CanaryCheck => self.check_canary(context).await,
            // A chunk comes through the queue, where `chunk` processes it. Whoever sends one directly gets the same as from a sweep.
            Request::Chunk { accounts } => {
                let queued = self.queue_accounts(&accounts).await;
                let failed = |error: ApiError| Stop::from_error(&error, AccountAge::Established).into();
                Report::new(None, kind, Mode::Apply, queued.map_or_else(failed, |()| Outcome::Converged))
            }
            Request::Nothing { account, outcome } => Report::new(account, kind, Mode::Apply, outcome),
        };
        let subject = report.account_id.as_ref().map_or(subject, Subject::account);
        let lease = Lease { owner: context.run(), expires_at: after(self.deadlines.work, LEASE_AFTER_WORK) };
        let mut record = OpenRecord::new(&self.engine.world, subject.key.clone(), lease);
        let is_departed = report.cause.as_ref().is_some_and(|cause| cause.code == Code::Departed);
        if let Some(account) = report.account_id.clone().filter(|_| is_departed) {
            self.deregister(&account, &mut report, &mut record).await;
        }
        (Processed { report, record }, subject)
    }

    /// Removes the registrations of an account that has departed. As the changes of an account, they are only made in the sweep
    /// mode for that.
    async fn deregister(&self, account: &AccountId, report: &mut Report, record: &mut OpenRecord<'_, W>) {
        let how = match (self.sweep_mode == SweepMode::Apply, report.mode) {
            (true, Mode::Apply) => Deregistering::Apply,
            _ => Deregistering::Report,
        };
        let unfinished = report.clone();
        let removed = self.engine.deregister(account, how, None, report, record, self.deadlines.waiting);
        if timeout_at(&self.engine.world, self.deadlines.work, removed).await.is_none() {
            *report = Report { retry: Some(timed_out().into_cause()), ..unfinished };
        }
    }

    /// Runs one of the last calls of a payload, which notify and move the message, and abandons it in time to respond.
    async fn before_response<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let done = timeout_at(&self.engine.world, self.deadlines.response, work).await;
        done.unwrap_or_else(|| Err(ApiError::new(call, "Timeout", "no response before the timeout")))
    }

    /// The ID of a requested account. Waits until an account that is being created exists, and confirms a departure.
    async fn resolve(&self, account: RequestedAccount) -> Result<AccountId, Outcome> {
        let resolved = self.engine.resolve(account, self.deadlines.waiting);
        timeout_at(&self.engine.world, self.deadlines.work, resolved).await.unwrap_or_else(|| Err(timed_out().into()))
    }

    /// Whether to apply changes. An event does not decide that for an account that existed before the deployment: it is treated
    /// as in a sweep. Nor does the message of a sweep: it can only ask for less than what the sweep mode and the configuration
    /// allow. All other requests state the mode.
    async fn mode_of(&self, account: &AccountId, kind: TriggerKind, requested: Mode) -> Result<Start, Outcome> {
        let look = self.early_reads.take_account(account);
        let is_stated = requested == Mode::Plan || kind.subject() == EventSubject::StatesMode;
        let may_be_held = kind == TriggerKind::Sweep && self.engine.config.sweep.hold_back();
        if is_stated || (self.sweep_mode == SweepMode::Apply && !may_be_held) {
            return Ok(Start { mode: requested, look, held: None });
        }
        let (found, look) = self.described(account, look).await?;
        // The engine reports an account that is not a member.
        let mode = found.as_ref().map_or(requested, |found| {
            let age = AccountAge::at(self.engine.world.now(), found.joined_at, self.engine.config.new_for);
            self.sweep_mode.mode_for_event(kind.subject(), age, found.joined_at)
        });
        let mut start = Start { mode, look, held: None };
        if let Some(found) = found.as_ref().filter(|_| may_be_held && mode == Mode::Apply) {
            let failed = |error: &ApiError| Outcome::from(Stop::from_error(error, AccountAge::Established));
            let rollout = self.rollout().await.map_err(|error| failed(&error))?;
            let record = start.look.record.as_ref().map(Result::as_ref).transpose().map_err(failed)?;
            start.held = self.held(account, found.ou_path.as_deref(), record, rollout.as_ref());
            start.mode = SweepSettings::mode(start.held, mode);
        }
        start.look.account = Some(Ok(found));
        Ok(start)
    }

    /// The account as Organizations describes it, unless that was asked for before, and the other reads about it.
    async fn described(
        &self,
        account: &AccountId,
        mut look: FirstLook,
    ) -> Result<(Option<Account>, FirstLook), Outcome> {
        let found = match look.account.take() {
            Some(found) => found,
            None => {
                let world = &self.engine.world;
                let read = timeout_at(world, self.deadlines.work, FirstLook::at(world, account)).await;
                look = read.ok_or_else(timed_out)?;
                look.account.take().unwrap_or(Ok(None))
            }
        };
        Ok((found.map_err(|error| Stop::from_error(&error, AccountAge::Established))?, look))
    }

    async fn onboard(
        &self,
        account: AccountId,
        trigger: TriggerKind,
        context: &InvocationContext<'_>,
        mode: Mode,
        look: FirstLook,
    ) -> Processed<'_, W> {
        let span = context.span(account.as_str());
        let Deadlines { waiting: deadline, work: end, .. } = self.deadlines;
        let session_suffix = context.event.unwrap_or(self.invocation).to_owned();
        let lease_owner = context.run();
        let job =
            Job { account, trigger, session_suffix, lease_owner, deadline, abandon_at: end, confirmed_plan: None };
        let onboarded = async {
            match mode {
                Mode::Plan => self.engine.plan_unsaved(&job, look).await,
                Mode::Apply => self.engine.apply_unsaved(&job, look).await,
            }
        };
        onboarded.instrument(span).await
    }
}
