//! An SQS queue with a dead-letter queue.
//!
//! Delivery is at least once: a received message is hidden for the visibility timeout and delivered again unless it is
//! deleted. A message that was received too often moves to the dead-letter queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Cause;
use onboarding_engine::ports::{Clock, Queue};

/// A queue and its dead-letter queue, on the clock of an organization. Clones share their state.
#[derive(Debug, Clone)]
pub struct FakeQueue {
    clock: FakeOrganization,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    dead: Vec<DeadLetter>,
    serial: u64,
}

#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    sent_at: f64,
    visible_at: f64,
    received: u32,
}

/// A received message.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// The message id, which is also the receipt handle here.
    pub id: String,
    /// The message body.
    pub body: String,
    /// The receive count, including this time.
    pub received: u32,
    /// The time at which it was sent, in seconds since the Unix epoch.
    pub sent_at: f64,
}

/// A message in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message body.
    pub body: String,
    /// The cause that the function gave; `None` if the message was received too often.
    pub cause: Option<Cause>,
}

impl FakeQueue {
    /// The visibility timeout in seconds, as in template.yaml.
    pub const VISIBILITY: f64 = 720.0;
    /// The maximum number of receives before a message moves to the dead-letter queue, as in template.yaml.
    pub const MAX_RECEIVES: u32 = 400;

    /// An empty queue.
    #[must_use]
    pub fn new(clock: &FakeOrganization) -> Self {
        Self { clock: clock.clone(), state: Arc::default() }
    }

    /// Sends a message to the queue, as EventBridge does.
    pub fn put(&self, body: &str) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.serial += 1;
        let id = format!("message-{}", state.serial);
        state.messages.push(Message { id, body: body.to_owned(), sent_at: now, visible_at: now, received: 0 });
    }

    /// Receives up to `most` visible messages and hides them for the visibility timeout.
    #[must_use]
    pub fn receive(&self, most: usize) -> Vec<Delivered> {
        let now = self.clock.now();
        let mut state = self.lock();
        let exhausted = |m: &Message| m.visible_at <= now && m.received >= Self::MAX_RECEIVES;
        let (dead, alive): (Vec<_>, Vec<_>) = state.messages.drain(..).partition(exhausted);
        state.messages = alive;
        state.dead.extend(dead.into_iter().map(|m| DeadLetter { body: m.body, cause: None }));
        let visible = state.messages.iter_mut().filter(|m| m.visible_at <= now).take(most);
        let receive = |message: &mut Message| {
            message.visible_at = now + Self::VISIBILITY;
            message.received += 1;
            let Message { id, body, received, sent_at, .. } = message;
            Delivered { id: id.clone(), body: body.clone(), received: *received, sent_at: *sent_at }
        };
        visible.map(receive).collect()
    }

    /// Deletes a message.
    pub fn delete(&self, id: &str) {
        self.lock().messages.retain(|message| message.id != id);
    }

    /// When the next message becomes visible, if the queue is not empty.
    #[must_use]
    pub fn next_visible(&self) -> Option<f64> {
        self.lock().messages.iter().map(|message| message.visible_at).min_by(f64::total_cmp)
    }

    /// The messages in the dead-letter queue.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead.clone()
    }

    /// Redrives the dead-letter queue: moves all its messages back to the queue.
    pub fn redrive(&self) {
        let dead = std::mem::take(&mut self.lock().dead);
        dead.iter().for_each(|letter| self.put(&letter.body));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for FakeQueue {
    async fn send(&self, messages: &[String]) -> Result<(), ApiError> {
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
        if messages.is_empty() || messages.len() > 10 {
            let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
            return Err(ApiError::new("sqs:SendMessage", code, "one to ten messages"));
        }
        messages.iter().for_each(|body| self.put(body));
        Ok(())
    }

    async fn retry_in(&self, receipt: &str, seconds: u32) -> Result<bool, ApiError> {
        let now = self.clock.now();
        match self.lock().messages.iter_mut().find(|message| message.id == receipt) {
            Some(message) => {
                message.visible_at = now + f64::from(seconds);
                Ok(true)
            }
            None => Err(ApiError::new("sqs:ChangeMessageVisibility", "ReceiptHandleIsInvalid", "no such message")),
        }
    }

    async fn dead_letter(&self, message: &str, cause: &Cause) -> Result<bool, ApiError> {
        self.lock().dead.push(DeadLetter { body: message.to_owned(), cause: Some(cause.clone()) });
        Ok(true)
    }
}
