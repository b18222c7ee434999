//! The queue, as SQS keeps it: messages that were received are hidden for a while and come again unless they are
//! deleted; one that came too often goes to the dead letters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::organization::FakeOrganization;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Cause;
use onboarding_engine::ports::{Clock, Queue};

/// A queue and its dead letters, on the organization's clock. A clone is the same queue.
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

/// A message as it is received.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// The message's id, and here its receipt, too.
    pub id: String,
    /// Its body.
    pub body: String,
    /// How often it was received, this time among them.
    pub received: u32,
    /// When it was sent, in seconds since 1970.
    pub sent_at: f64,
}

/// A message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its body.
    pub body: String,
    /// Why, as the function said; `None` where it came too often.
    pub cause: Option<Cause>,
}

impl FakeQueue {
    /// How long a received message is hidden, in seconds, and how often one is received at most: as in template.yaml.
    pub const VISIBILITY: f64 = 720.0;
    /// See [`FakeQueue::VISIBILITY`].
    pub const MOST_RECEIVES: u32 = 400;

    /// An empty queue.
    #[must_use]
    pub fn new(clock: &FakeOrganization) -> Self {
        Self { clock: clock.clone(), state: Arc::default() }
    }

    /// Puts a message on the queue, as EventBridge does.
    pub fn put(&self, body: &str) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.serial += 1;
        let id = format!("message-{}", state.serial);
        state.messages.push(Message { id, body: body.to_owned(), sent_at: now, visible_at: now, received: 0 });
    }

    /// Receives up to so many messages that are visible, and hides them.
    #[must_use]
    pub fn receive(&self, most: usize) -> Vec<Delivered> {
        let now = self.clock.now();
        let mut state = self.lock();
        let spent = |m: &Message| m.visible_at <= now && m.received >= Self::MOST_RECEIVES;
        let (dead, alive): (Vec<_>, Vec<_>) = state.messages.drain(..).partition(spent);
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

    /// When the next message becomes visible, if there is any.
    #[must_use]
    pub fn next_visible(&self) -> Option<f64> {
        self.lock().messages.iter().map(|message| message.visible_at).min_by(f64::total_cmp)
    }

    /// The messages that were set aside.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead.clone()
    }

    /// Puts every dead letter back on the queue.
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
