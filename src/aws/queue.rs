//! The queues, on SQS.

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use aws_types::SdkConfig;

use super::error::api_error;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Cause;
use onboarding_engine::ports::Queue;

/// The greatest message, with its attributes, in bytes.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>.
const LARGEST: usize = 1 << 20;

/// SQS, with the function's own credentials.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: aws_sdk_sqs::Client,
    queue: Option<String>,
    dead_letters: Option<String>,
}

impl Sqs {
    /// A client on a configuration, for the queues at these addresses.
    #[must_use]
    pub fn new(config: &SdkConfig, queue: Option<String>, dead_letters: Option<String>) -> Self {
        Self { client: aws_sdk_sqs::Client::new(config), queue, dead_letters }
    }

    fn queue(&self, call: &'static str) -> Result<&str, ApiError> {
        let missing = || ApiError::new(call, "NoQueue", "the environment variable `ONBOARDING_QUEUE_URL` is not set");
        self.queue.as_deref().ok_or_else(missing)
    }
}

impl Queue for Sqs {
    async fn send(&self, messages: &[String]) -> Result<(), ApiError> {
        const CALL: &str = "sqs:SendMessage";
        let unbuilt = |error: BuildError| ApiError::new(CALL, "Client", &error.to_string());
        let entry = |(index, body): (usize, &String)| {
            SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build().map_err(unbuilt)
        };
        let entries: Vec<_> = messages.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let send = self.client.send_message_batch().queue_url(self.queue(CALL)?).set_entries(Some(entries));
        let answer = send.send().await.map_err(api_error(CALL))?;
        // One that failed fails them all: a message that comes twice does no harm, one that is lost does.
        match answer.failed.first() {
            Some(failed) => Err(ApiError::new(CALL, failed.code.clone(), failed.message().unwrap_or_default())),
            None => Ok(()),
        }
    }

    async fn retry_in(&self, receipt: &str, seconds: u32) -> Result<bool, ApiError> {
        const CALL: &str = "sqs:ChangeMessageVisibility";
        let Some(url) = &self.queue else { return Ok(false) };
        let change = self.client.change_message_visibility().queue_url(url).receipt_handle(receipt);
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        change.visibility_timeout(seconds).send().await.map(|_| true).map_err(api_error(CALL))
    }

    async fn dead_letter(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        const CALL: &str = "sqs:SendMessage";
        let Some(url) = &self.dead_letters else { return Ok(false) };
        let mut send = self.client.send_message().queue_url(url).message_body(message);
        let mut room = LARGEST.saturating_sub(message.len());
        for (name, text) in [("CAUSE", cause.code), ("MESSAGE", &cause.message), ("REMEDY", &cause.remedy)] {
            // An attribute must not be empty: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html
            let text = if text.is_empty() { "-" } else { text };
            // What does not fit is in the log. A message that is refused would come again for days.
            let size = name.len() + "String".len() + text.len();
            let Some(left) = room.checked_sub(size) else { continue };
            room = left;
            let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
            send = send.message_attributes(name, value.map_err(|e| ApiError::new(CALL, "Client", &e.to_string()))?);
        }
        send.send().await.map(|_| true).map_err(api_error(CALL))
    }
}
