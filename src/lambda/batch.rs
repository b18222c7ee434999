//! A batch from SQS: each record by itself, and the answer names those that failed.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::context::InvocationContext;
use super::{Invocation, Ports, log};
use onboarding_core::account::AccountId;
use onboarding_core::message_action::{self, MessageAction, Received};
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::trigger::{self, Trigger};
use onboarding_engine::ports::{Clock, Queue};

/// The records of a batch, each unread, so that a broken one harms no other.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<&'a RawValue>>,
}

/// The records, where the payload is a batch.
pub(super) fn records(payload: &str) -> Result<Option<Vec<SqsMessage>>, String> {
    let Ok(Envelope { records: Some(records) }) = serde_json::from_str::<Envelope<'_>>(payload) else {
        return Ok(None);
    };
    let read = |(index, record): (usize, &RawValue)| {
        let message: SqsMessage = serde_json::from_str(record.get()).map_err(|error| {
            format!("`Records[{index}]` is no message of SQS: {error}; nothing of the batch was done")
        })?;
        // Without its id a failed record could not be named, and would be deleted.
        match message.message_id.as_deref() {
            Some(id) if !id.is_empty() => Ok(message),
            _ => Err(format!("`Records[{index}].messageId` is missing; nothing of the batch was done")),
        }
    };
    records.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
}

/// The bodies of a batch, where the payload is one.
///
/// # Errors
/// When a record is no message of SQS.
pub fn bodies(payload: &str) -> Result<Option<Vec<String>>, String> {
    let bodies = |records: Vec<SqsMessage>| records.into_iter().map(|r| r.body.unwrap_or_default()).collect();
    Ok(records(payload)?.map(bodies))
}

impl<P: Ports> Invocation<'_, P> {
    /// Sees to every record, side by side.
    pub(super) async fn batch(&self, records: Vec<SqsMessage>) -> Value {
        let done = join_all(records.iter().map(async |record| {
            let finished = AssertUnwindSafe(self.record(record)).catch_unwind().await;
            finished.unwrap_or_else(|_| {
                // Reading it again, to name the event: that may be what went wrong.
                let body = record.body.as_deref().unwrap_or_default();
                let understood = std::panic::catch_unwind(|| trigger::parse(body.as_bytes()).ok()).ok().flatten();
                let event = understood.as_ref().and_then(|understood| understood.event_id.as_deref());
                log::panicked(&InvocationContext { event, ..self.origin(record) });
                false
            })
        }));
        let failed = done.await.into_iter().zip(&records).filter(|(finished, _)| !finished);
        let failures = failed.map(|(_, record)| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.clone().unwrap_or_default();
            failure
        });
        let mut answer = SqsBatchResponse::default();
        answer.batch_item_failures = failures.collect();
        serde_json::to_value(answer).unwrap_or_default()
    }

    /// Whether the record can be deleted.
    async fn record(&self, record: &SqsMessage) -> bool {
        let body = record.body.as_deref().unwrap_or_default();
        let origin = self.origin(record);
        match trigger::parse(body.as_bytes()) {
            Ok(understood) => {
                let account = understood.trigger.account().cloned();
                let account = account.as_ref().map(AccountId::as_str);
                let origin = InvocationContext { account, event: understood.event_id.as_deref(), ..origin };
                let delivery = self.end_of(understood.trigger, &origin).await;
                self.deliver(record, body, &origin, delivery).await
            }
            Err(error) => {
                let message = log::refuse(&origin, error).message;
                let cause = Cause::new("invalid_message", message, "mend the message, or delete it");
                self.deliver(record, body, &origin, MessageAction::DeadLetter(cause)).await
            }
        }
    }

    /// Sees to what a record asks for, tells it, and says what becomes of the message.
    async fn end_of(&self, trigger: Trigger, origin: &InvocationContext<'_>) -> MessageAction {
        let give_up_after = self.engine.config.give_up_after;
        let (mut report, subject) = self.process(trigger, origin).await;
        let delivery = message_action::decide(&report, origin.received, give_up_after);
        if let (MessageAction::DeadLetter(cause), Outcome::Waiting(_)) = (&delivery, &report.outcome) {
            // It was waited for long enough.
            report.end(Outcome::Blocked(cause.clone()));
        }
        log::tell(&report, origin, self.engine.clock().now());
        let told = self.in_time("events:PutEvents", self.tell(&report, &subject, origin));
        match told.await {
            Ok(()) => delivery,
            Err(error) => {
                log::after_failed_notification(&report, origin, &error);
                message_action::after_failed_notification(delivery, &error, origin.received, give_up_after)
            }
        }
    }

    /// Does with a message what was decided. What cannot be done leaves the message on the queue.
    async fn deliver(
        &self,
        record: &SqsMessage,
        body: &str,
        origin: &InvocationContext<'_>,
        delivery: MessageAction,
    ) -> bool {
        let queue = self.ports.queue();
        let done = async {
            match delivery {
                MessageAction::Delete => Ok(true),
                MessageAction::RetryIn(seconds) => {
                    let receipt = record.receipt_handle.as_deref().unwrap_or_default();
                    queue.retry_in(receipt, seconds).await.map(|_| false)
                }
                MessageAction::DeadLetter(cause) => queue.dead_letter(body, &cause).await,
            }
        };
        self.in_time("sqs", done).await.unwrap_or_else(|error| {
            log::undelivered(origin, &error);
            false
        })
    }

    /// What SQS says of a message, in attributes that are texts of numbers.
    ///
    /// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
    fn origin<'a>(&'a self, record: &'a SqsMessage) -> InvocationContext<'a> {
        let attribute = |name: &str| record.attributes.get(name);
        let times = attribute("ApproximateReceiveCount").and_then(|text| text.parse().ok()).unwrap_or(1);
        let sent = attribute("SentTimestamp").and_then(|text| text.parse::<f64>().ok());
        let age = sent.map(|milliseconds| self.engine.clock().now() - milliseconds / 1000.0);
        let (invocation, message) = (self.invocation, record.message_id.as_deref());
        InvocationContext { invocation, message, account: None, event: None, received: Received { times, age } }
    }
}
