//! The chunks of a sweep: up to 25 accounts in one message, processed in one invocation.
//!
//! 1. The records of all accounts are read with one call, while the configuration is read if it has to be.
//! 2. Each account is looked at ([`Engine::look_unsaved`]), a few at a time. Most accounts are as configured: their outcomes are
//!    logged, and their records are written with one call.
//! 3. The remaining accounts are processed like the account of any other message, from `DescribeAccount` to the notification, as
//!    long as there is time. Whatever their outcome needs is done for the account and not for the chunk: a waiting account gets a
//!    message of its own, which becomes visible after a pause, and a blocked account a dead letter of its own.
//! 4. Accounts for which there was no time, or that made the function panic, get messages of their own as well.
//!
//! The chunk is deleted after all of these messages were sent. If the function is stopped before, the chunk is delivered again: an
//! account that was processed before costs only a few reads then. An account never fails its chunk; only if messages cannot be
//! sent is the chunk delivered again.
//!
//! The message of a chunk is not trusted. A look counts only if the account's record confirms what the message says, and if there
//! is nothing to publish.
//!
//! [`Engine::look_unsaved`]: onboarding_engine::Engine::look_unsaved

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::join3;
use futures_util::{FutureExt, StreamExt, stream};

use super::context::InvocationContext;
use super::early_reads::{ChunkReads, Unused};
use super::{Deadlines, FunctionWorld, Invocation, log};
use onboarding_core::error::ApiError;
use onboarding_core::limits::{LONGEST_RETRY, TIME_FOR_CHANGES, WAIT_IN_CHUNK};
use onboarding_core::message_action::MessageAction;
use onboarding_core::mode::Mode;
use onboarding_core::notification::{self, NotificationDecision};
use onboarding_core::record::{Record, RecordUpdate};
use onboarding_core::rollout::SweepSettings;
use onboarding_core::time::{after, since};
use onboarding_core::trigger::{ListedAccount, Trigger, TriggerKind, account_message};
use onboarding_engine::ports::OutgoingMessage;
use onboarding_engine::{Job, Organization, Processed, load_records, save_records, timeout_at};

/// How many accounts of a chunk are processed at the same time. Each makes about ten calls at once.
const ACCOUNTS_AT_ONCE: usize = 8;

/// The maximum number of messages in one `SendMessageBatch` call.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
pub(super) const BATCH: usize = 10;

/// The facts that are known before the accounts of a chunk are looked at.
struct Known {
    organization: Organization,
    /// The records of the accounts; `None` if no records are stored.
    records: Option<BTreeMap<String, Record>>,
    /// The record that says which configuration is released; `None` if no records are stored.
    rollout: Option<Record>,
}

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Processes the accounts of a chunk.
    ///
    /// # Errors
    /// When a message for an account could not be sent: the chunk has to be delivered again.
    pub(super) async fn chunk(
        &self,
        accounts: &[ListedAccount],
        context: &InvocationContext<'_>,
    ) -> Result<(), ApiError> {
        let known = self.known(accounts).await;
        let looks = stream::iter(accounts).map(async |account| {
            let look = self.look(account, known.as_ref(), context);
            // An account whose look panics is processed like one that needs changes.
            (account, AssertUnwindSafe(look).catch_unwind().await.ok().flatten())
        });
        let looks: Vec<_> = looks.buffer_unordered(ACCOUNTS_AT_ONCE).collect().await;
        let (settled, open): (Vec<_>, Vec<_>) = looks.into_iter().partition(|(_, settled)| settled.is_some());
        let updates = settled.into_iter().filter_map(|(_, settled)| settled.flatten()).collect();
        for (subject, error) in save_records(&self.engine.world, updates, self.deadlines.work).await {
            log::record_not_saved(subject.parse().ok().as_ref(), context, &error);
        }
        let processed = stream::iter(open).map(|(account, _)| self.process_isolated_account(account, context));
        let own: Vec<_> = processed.buffer_unordered(ACCOUNTS_AT_ONCE).collect().await;
        self.send_all(&own.into_iter().flatten().collect::<Vec<_>>()).await
    }

    /// Sends a message for each of these accounts, and processes none of them.
    pub(super) async fn queue_accounts(&self, accounts: &[ListedAccount]) -> Result<(), ApiError> {
        let messages: Vec<_> =
            accounts.iter().map(|account| account_message(&account.id, account.mode).into()).collect();
        self.send_all(&messages).await
    }

    async fn send_all(&self, messages: &[OutgoingMessage]) -> Result<(), ApiError> {
        for batch in messages.chunks(BATCH) {
            self.before_response("sqs:SendMessage", self.engine.world.send_messages(batch)).await?;
        }
        Ok(())
    }

    /// The facts that are known before the first look; `None` if one is not, so that every account is processed from the start.
    async fn known(&self, accounts: &[ListedAccount]) -> Option<Known> {
        let world = &self.engine.world;
        let ids: Vec<_> = accounts.iter().map(|account| &account.id).collect();
        let (organization, records) = match self.early_reads.take_chunk() {
            Some(ChunkReads { organization, records }) => (organization, records.ok()),
            None => (None, None),
        };
        let organization = self.engine.organization(&ids, organization);
        let records = async {
            match records {
                Some(records) => Ok(records),
                None => load_records(world, &ids, self.deadlines.work).await,
            }
        };
        let all = join3(organization, records, self.rollout());
        let (organization, records, rollout) = timeout_at(world, self.deadlines.work, all).await?;
        Some(Known { organization: organization?, records: records.ok()?, rollout: rollout.ok()? })
    }

    /// Looks at an account. Returns what to record if nothing else is to be done for it.
    async fn look(
        &self,
        account: &ListedAccount,
        known: Option<&Known>,
        context: &InvocationContext<'_>,
    ) -> Option<Option<(String, RecordUpdate)>> {
        let world = &self.engine.world;
        let Known { organization, records, rollout } = known?;
        let record = records.as_ref().map(|records| records.get(account.id.as_str()).cloned().unwrap_or_default());
        let is_confirmed = record.as_ref().is_none_or(|record| account.is_confirmed_by(record));
        if !is_confirmed || world.now() >= self.deadlines.waiting {
            return None;
        }
        let allowed = match account.mode {
            Mode::Plan => Mode::Plan,
            Mode::Apply => self.sweep_mode.mode_for(account.joined_at),
        };
        let held = (allowed == Mode::Apply)
            .then(|| self.held(&account.id, account.ou_path.as_deref(), record.as_ref(), rollout.as_ref()))
            .flatten();
        let mode = SweepSettings::mode(held, allowed);
        let job = Job {
            account: account.id.clone(),
            trigger: TriggerKind::Sweep,
            session_suffix: self.invocation.to_owned(),
            lease_owner: context.run(),
            deadline: self.deadlines.waiting,
            abandon_at: self.deadlines.work,
            confirmed_plan: None,
        };
        let notified = record.as_ref().and_then(|record| record.notification.clone());
        let described = account.account(&organization.management, &organization.partition);
        let Processed { mut report, record } = self.engine.look_unsaved(&job, mode, described, record).await?;
        if world.notifications_enabled()
            && notification::decide(&report, notified.as_ref(), world.now()) != NotificationDecision::Nothing
        {
            return None;
        }
        report.notices.extend(held.map(|held| held.to_string()));
        let context = InvocationContext { account: Some(account.id.as_str()), ..*context };
        log::outcome(&report, &context, world.now());
        Some(record.into_update(&report))
    }

    /// Processes an account from the start. A panic affects only this account. Returns the message that the account needs.
    async fn process_isolated_account(
        &self,
        account: &ListedAccount,
        context: &InvocationContext<'_>,
    ) -> Option<OutgoingMessage> {
        let body = account_message(&account.id, account.mode);
        let context = InvocationContext { account: Some(account.id.as_str()), ..*context };
        let processed = AssertUnwindSafe(self.process_account(account, &body, &context)).catch_unwind().await;
        let delay = processed.unwrap_or_else(|_| {
            log::panicked(&context);
            Some(Duration::ZERO)
        });
        delay.map(|delay| OutgoingMessage { body, delay })
    }

    /// Returns after which pause the account has to be processed again, if it has to.
    async fn process_account(
        &self,
        account: &ListedAccount,
        body: &str,
        context: &InvocationContext<'_>,
    ) -> Option<Duration> {
        let world = &self.engine.world;
        if since(world.now(), self.deadlines.waiting) < TIME_FOR_CHANGES {
            return Some(Duration::ZERO);
        }
        // An account that is not ready does not keep the others waiting.
        let waiting = self.deadlines.waiting.min(after(world.now(), WAIT_IN_CHUNK));
        let alone =
            Invocation { deadlines: Deadlines { waiting, ..self.deadlines }, early_reads: Unused::default(), ..*self };
        let trigger = Trigger::SweptAccount { id: account.id.clone(), mode: account.mode };
        match alone.process_and_notify(trigger, context).await {
            MessageAction::Delete => None,
            MessageAction::RetryIn(pause) => Some(pause),
            MessageAction::DeadLetter(cause) => {
                let sent = self.before_response("sqs:SendMessage", world.dead_letter_message(body, &cause)).await;
                match sent {
                    Ok(true) => None,
                    // Without a dead-letter queue, it stays in the inbox.
                    Ok(false) => Some(LONGEST_RETRY),
                    Err(error) => {
                        log::message_action_failed(context, &error);
                        Some(Duration::ZERO)
                    }
                }
            }
        }
    }
}
