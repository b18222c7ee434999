//! The inbox and the dead-letter queue, on SQS.
//!
//! A retry changes the visibility timeout of the received message, so the message keeps its receive count and its age.
//! A message for the dead-letter queue is sent there as a copy, with the cause, the error message and the remedy as
//! message attributes; the original is deleted through the batch response. If the function is stopped in between, the
//! dead-letter queue holds the message twice, which is harmless. Without a queue URL, both methods return `false`: the
//! message stays in the inbox.

use std::time::Duration;

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};

use super::Aws;
use super::error::api_error;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Cause;
use onboarding_engine::ports::{OutgoingMessage, Queue};

/// The maximum size of a message including its attributes, in bytes.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>.
const MAX_MESSAGE: usize = 1 << 20;

/// The group of the messages that a sweep sends. In a standard queue, groups make SQS a fair queue: while one group has a
/// backlog, messages of other groups are delivered first, and each message without a group counts as a group of its own. The
/// event of a new account therefore overtakes a sweep.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>.
const SWEEP_GROUP: &str = "sweep";

impl Queue for Aws {
    async fn send_messages(&self, messages: &[OutgoingMessage]) -> Result<(), ApiError> {
        const CALL: &str = "sqs:SendMessage";
        let invalid = |error: BuildError| ApiError::new(CALL, "Client", &error.to_string());
        let entry = |(index, message): (usize, &OutgoingMessage)| {
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(&message.body);
            let delay = i32::try_from(message.delay.as_secs()).ok().filter(|seconds| *seconds > 0);
            entry.set_delay_seconds(delay).message_group_id(SWEEP_GROUP).build().map_err(invalid)
        };
        let entries: Vec<_> = messages.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let missing = || ApiError::new(CALL, "NoQueue", "the environment variable `ONBOARDING_QUEUE_URL` is not set");
        let url = self.resources.queue.as_ref().ok_or_else(missing)?;
        let send = self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries));
        let response = send.send().await.map_err(api_error(CALL))?;
        // If one message failed, the whole batch is sent again: duplicates are harmless, lost messages are not.
        match response.failed.first() {
            Some(failed) => Err(ApiError::new(CALL, failed.code.clone(), failed.message().unwrap_or_default())),
            None => Ok(()),
        }
    }

    async fn retry_message_in(&self, receipt: &str, pause: Duration) -> Result<bool, ApiError> {
        const CALL: &str = "sqs:ChangeMessageVisibility";
        let Some(url) = &self.resources.queue else { return Ok(false) };
        let change = self.sqs.change_message_visibility().queue_url(url).receipt_handle(receipt);
        let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
        change.visibility_timeout(seconds).send().await.map(|_| true).map_err(api_error(CALL))
    }

    async fn dead_letter_message(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        const CALL: &str = "sqs:SendMessage";
        let Some(url) = &self.resources.dead_letters else { return Ok(false) };
        let mut send = self.sqs.send_message().queue_url(url).message_body(message);
        let mut remaining = MAX_MESSAGE.saturating_sub(message.len());
        for (name, text) in
            [("CAUSE", cause.code.as_str()), ("MESSAGE", cause.message.as_str()), ("REMEDY", cause.remedy.as_str())]
        {
            // An attribute value must not be empty:
            // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html
            let text = if text.is_empty() { "-" } else { text };
            // Attributes that do not fit are left out (the log has them). SQS would reject the message, and it would be
            // retried for days.
            let size = name.len() + "String".len() + text.len();
            let Some(left) = remaining.checked_sub(size) else { continue };
            remaining = left;
            let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
            send = send.message_attributes(name, value.map_err(|e| ApiError::new(CALL, "Client", &e.to_string()))?);
        }
        send.send().await.map(|_| true).map_err(api_error(CALL))
    }
}
