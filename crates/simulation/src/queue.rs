//! An SQS queue with a dead-letter queue.
//!
//! Delivery is at least once: a received message is hidden for the visibility timeout and delivered again unless it is
//! deleted. A message that was received too often moves to the dead-letter queue. The queue is fair: while messages of a sweep are
//! being processed, messages without a group are delivered before those that wait.

use std::time::{Duration, SystemTime};

use crate::inbox::{DeadLetter, Group, Inbox, Message};
use crate::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Cause;
use onboarding_core::time::after;
use onboarding_engine::ports::{OutgoingMessage, Queue};

/// The queue of an organization and its dead-letter queue. Clones share their state.
#[derive(Debug, Clone)]
pub struct FakeQueue(FakeOrganization);

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The message id, which is also the receipt handle here.
    pub id: String,
    /// The message body.
    pub body: String,
    /// The receive count, including this time.
    pub received: u32,
    /// The time at which it was sent.
    pub sent_at: SystemTime,
}

impl FakeOrganization {
    /// The queue, as seen by those who send to it and receive from it.
    #[must_use]
    pub fn queue(&self) -> FakeQueue {
        FakeQueue(self.clone())
    }
}

impl FakeQueue {
    /// The visibility timeout, as in template.yaml.
    pub const VISIBILITY: Duration = Duration::from_secs(720);
    /// The maximum number of receives before a message moves to the dead-letter queue, as in template.yaml.
    pub const MAX_RECEIVES: u32 = 400;

    /// Sends a message to the queue, as EventBridge does.
    pub fn put(&self, body: &str) {
        let mut state = self.0.lock();
        let now = state.now;
        state.inbox.put(body, now);
    }

    /// Receives up to `most` visible messages and hides them for the visibility timeout.
    #[must_use]
    pub fn receive(&self, most: usize) -> Vec<Delivered> {
        let mut state = self.0.lock();
        let now = state.now;
        let Inbox { messages, dead, .. } = &mut state.inbox;
        let exhausted = |m: &Message| m.visible_at <= now && m.received >= Self::MAX_RECEIVES;
        let (expired, alive): (Vec<_>, Vec<_>) = messages.drain(..).partition(exhausted);
        *messages = alive;
        dead.extend(expired.into_iter().map(|m| DeadLetter { body: m.body, cause: None }));
        let is_noisy = messages.iter().any(|m| m.group == Group::Sweep && m.received > 0 && m.visible_at > now);
        let mut visible: Vec<_> = messages.iter_mut().filter(|m| m.visible_at <= now).collect();
        if is_noisy {
            visible.sort_by_key(|m| m.group == Group::Sweep);
        }
        let receive = |message: &mut Message| {
            message.visible_at = after(now, Self::VISIBILITY);
            message.received += 1;
            let Message { id, body, received, sent_at, .. } = message;
            Delivered { id: id.clone(), body: body.clone(), received: *received, sent_at: *sent_at }
        };
        visible.into_iter().take(most).map(receive).collect()
    }

    /// Deletes a message.
    pub fn delete(&self, id: &str) {
        self.0.lock().inbox.messages.retain(|message| message.id != id);
    }

    /// When the next message becomes visible, if the queue is not empty.
    #[must_use]
    pub fn next_visible(&self) -> Option<SystemTime> {
        self.0.lock().inbox.messages.iter().map(|message| message.visible_at).min()
    }

    /// The messages in the dead-letter queue.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.0.lock().inbox.dead.clone()
    }

    /// Redrives the dead-letter queue: moves all its messages back to the queue.
    pub fn redrive(&self) {
        let dead = std::mem::take(&mut self.0.lock().inbox.dead);
        dead.iter().for_each(|letter| self.put(&letter.body));
    }
}

impl Queue for FakeOrganization {
    async fn send_messages(&self, messages: &[OutgoingMessage]) -> Result<(), ApiError> {
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
        if messages.is_empty() || messages.len() > 10 {
            let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
            return Err(ApiError::new("sqs:SendMessage", code, "one to ten messages"));
        }
        let mut state = self.lock();
        let now = state.now;
        messages.iter().for_each(|message| state.inbox.put_with(&message.body, now, message.delay, Group::Sweep));
        Ok(())
    }

    async fn retry_message_in(&self, receipt: &str, pause: Duration) -> Result<bool, ApiError> {
        let mut state = self.lock();
        let now = state.now;
        match state.inbox.messages.iter_mut().find(|message| message.id == receipt) {
            Some(message) => {
                message.visible_at = after(now, pause);
                Ok(true)
            }
            None => Err(ApiError::new("sqs:ChangeMessageVisibility", "ReceiptHandleIsInvalid", "no such message")),
        }
    }

    async fn dead_letter_message(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.lock().inbox.dead.push(DeadLetter { body: message.to_owned(), cause: Some(cause.clone()) });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn received(queue: &FakeQueue) -> Vec<String> {
        queue.receive(1).into_iter().map(|message| message.body).collect()
    }

    #[test]
    fn event_overtakes_the_messages_of_a_sweep_that_is_being_processed() {
        let id = |text: &str| text.parse().unwrap();
        let organization = FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id("222233334444"));
        let queue = organization.queue();
        let chunks = ["chunk 1", "chunk 2", "chunk 3"].map(|body| OutgoingMessage::from(body.to_owned()));
        organization.send_messages(&chunks).now_or_never().unwrap().unwrap();
        assert_eq!(received(&queue), ["chunk 1"]);
        queue.put("event");
        assert_eq!(received(&queue), ["event"]);
        assert_eq!(received(&queue), ["chunk 2"]);
    }
}
