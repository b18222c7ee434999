//! SQS batches: every record is processed on its own, and the response names the records that failed.
//!
//! The event source mapping reports partial batch failures (`ReportBatchItemFailures`). SQS deletes the messages that
//! the response does not name and makes the named ones visible again after their visibility timeout. The function uses
//! this as follows:
//!
//! - **Converged, ignored**, or a plan requested through the queue, whatever it says: the record is not named, so its
//!   message is deleted.
//! - **Waiting**: the visibility timeout is changed to the next backoff delay, and the record is named. The message
//!   comes back after that delay. If the account is still not ready after `give-up-after-hours`, the outcome becomes
//!   blocked.
//! - **Blocked**, or a body that cannot be parsed: a copy with the cause in its message attributes is sent to the
//!   dead-letter queue, and the original is deleted. After fixing the cause, redrive the dead-letter queue. If a sweep finds
//!   an account that is still blocked by the cause that was notified before, its message is only deleted.
//! - **Panic**, or a failed call to SQS: the record is named. The message comes back after the queue's own visibility
//!   timeout, until it has been received `maxReceiveCount` times and SQS moves it to the dead-letter queue.
//!
//! Delivery is at-least-once, so a message may be processed twice. That is harmless because onboarding is idempotent.
//!
//! The bodies are parsed one by one, so a broken body does not affect the other records.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::context::InvocationContext;
use super::records::SqsMessage;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::account::AccountId;
use onboarding_core::code::Code;
use onboarding_core::message_action::{self, MessageAction, Received};
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::time::{from_unix_milliseconds, since};
use onboarding_core::trigger::{self, ParsedPayload, Trigger};

/// How many records are processed at the same time. A batch of Lambda's largest size, 10,000 records, would otherwise need more
/// memory than the function has.
const RECORDS_AT_ONCE: usize = 50;

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Processes the records concurrently and returns the partial batch response.
    pub(super) async fn batch(&self, records: Vec<SqsMessage>) -> Value {
        let results = stream::iter(&records).map(|record| self.process_isolated(record)).buffered(RECORDS_AT_ONCE);
        let results: Vec<_> = results.collect().await;
        let failed = results.into_iter().zip(&records).filter(|(deletable, _)| !deletable);
        let failures = failed.map(|(_, record)| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.clone().unwrap_or_default();
            failure
        });
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures.collect();
        serde_json::to_value(response).unwrap_or_default()
    }

    /// Processes a record. A panic affects only this record, which is reported as failed. So is a record whose turn comes
    /// when it is time to respond.
    async fn process_isolated(&self, record: &SqsMessage) -> bool {
        if self.engine.world.now() >= self.deadlines.response {
            return false;
        }
        let deletable = AssertUnwindSafe(self.process_record(record)).catch_unwind().await;
        deletable.unwrap_or_else(|_| {
            // Parse the body again to log the event ID. The parser may be what panicked, so catch that as well.
            let body = record.body.as_deref().unwrap_or_default();
            let parsed = std::panic::catch_unwind(|| trigger::parse(body.as_bytes()).ok()).ok().flatten();
            let event = parsed.as_ref().and_then(|parsed| parsed.event_id.as_deref());
            log::panicked(&InvocationContext { event, ..self.message_context(record) });
            false
        })
    }

    /// Processes a record. Returns whether SQS may delete its message.
    async fn process_record(&self, record: &SqsMessage) -> bool {
        let body = record.body.as_deref().unwrap_or_default();
        let context = self.message_context(record);
        match trigger::parse(body.as_bytes()) {
            Ok(ParsedPayload { trigger: Trigger::SweepChunk { accounts }, .. }) => {
                // Without a message for each account that needs one, the chunk is delivered again.
                let sent = self.chunk(&accounts, &context).await;
                sent.inspect_err(|error| log::message_action_failed(&context, error)).is_ok()
            }
            Ok(parsed) => {
                if let Some(action) = message_action::postpone(parsed.trigger.kind(), context.received) {
                    return self.apply_action(record, body, &context, action).await;
                }
                let account = parsed.trigger.account().cloned();
                let account = account.as_ref().map(AccountId::as_str);
                let context = InvocationContext { account, event: parsed.event_id.as_deref(), ..context };
                let action = self.process_and_notify(parsed.trigger, &context).await;
                self.apply_action(record, body, &context, action).await
            }
            Err(error) => {
                log::payload_rejected(&context, &error);
                let remedy = "fix the message body and send it again, or delete the message";
                let cause = Cause::new(Code::InvalidMessage, error.to_string(), remedy);
                self.apply_action(record, body, &context, MessageAction::DeadLetter(cause)).await
            }
        }
    }

    /// Processes a trigger, logs the outcome and sends the notification. Returns what to do with the message.
    pub(super) async fn process_and_notify(&self, trigger: Trigger, context: &InvocationContext<'_>) -> MessageAction {
        let give_up_after = self.engine.config.give_up_after;
        let (mut processed, subject) = self.process(trigger, context).await;
        let report = &mut processed.report;
        let action = message_action::decide(report, context.received, give_up_after);
        if let (MessageAction::DeadLetter(cause), Outcome::Waiting(_)) = (&action, &report.outcome) {
            // The account was not ready within `give-up-after-hours`: report it as blocked, so that the log and the
            // notification agree with the dead-letter queue.
            report.end(Outcome::Blocked(cause.clone()));
        }
        log::outcome(report, context, self.engine.world.now());
        let account = report.account_id.clone();
        let trigger = report.trigger;
        match self.conclude(processed, &subject, context).await {
            Ok(novelty) => message_action::after_notification(action, trigger, novelty, context.received),
            Err(error) => {
                log::notification_failed(account.as_ref(), context, &error);
                message_action::after_failed_notification(action, &error, context.received, give_up_after)
            }
        }
    }

    /// Applies an action to a message. Returns whether SQS may delete the message; if the action fails, it stays in the
    /// queue.
    async fn apply_action(
        &self,
        record: &SqsMessage,
        body: &str,
        context: &InvocationContext<'_>,
        action: MessageAction,
    ) -> bool {
        let queue = &self.engine.world;
        let deletable = async {
            match action {
                MessageAction::Delete => Ok(true),
                MessageAction::RetryIn(pause) => {
                    let receipt = record.receipt_handle.as_deref().unwrap_or_default();
                    queue.retry_message_in(receipt, pause).await.map(|_| false)
                }
                MessageAction::DeadLetter(cause) => queue.dead_letter_message(body, &cause).await,
            }
        };
        self.before_response("sqs", deletable).await.unwrap_or_else(|error| {
            log::message_action_failed(context, &error);
            false
        })
    }

    /// The context of an SQS message. SQS sends the receive count and the time of sending as strings of digits.
    ///
    /// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
    fn message_context<'a>(&'a self, record: &'a SqsMessage) -> InvocationContext<'a> {
        let attributes = record.attributes.as_ref();
        let times = attributes.and_then(|added| added.approximate_receive_count.as_deref()?.parse().ok()).unwrap_or(1);
        let sent = attributes.and_then(|added| from_unix_milliseconds(added.sent_timestamp.as_deref()?.parse().ok()?));
        let age = sent.map(|sent| since(sent, self.engine.world.now()));
        let invocation = self.invocation;
        let message = record.message_id.as_deref();
        InvocationContext { invocation, message, account: None, event: None, received: Received { times, age } }
    }
}
