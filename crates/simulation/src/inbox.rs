//! The messages of the queue and of the dead-letter queue.

use std::time::{Duration, SystemTime};

use onboarding_core::outcome::Cause;
use onboarding_core::time::after;

/// The messages of the queue and of the dead-letter queue.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) messages: Vec<Message>,
    pub(super) dead: Vec<DeadLetter>,
    serial: u64,
}

/// A message in the queue.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) sent_at: SystemTime,
    pub(super) visible_at: SystemTime,
    pub(super) received: u32,
}

/// A message in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message body.
    pub body: String,
    /// The cause that the function gave; `None` if the message was received too often.
    pub cause: Option<Cause>,
}

impl Inbox {
    pub(super) fn put(&mut self, body: &str, now: SystemTime) {
        self.put_delayed(body, now, Duration::ZERO);
    }

    pub(super) fn put_delayed(&mut self, body: &str, now: SystemTime, delay: Duration) {
        self.serial += 1;
        let id = format!("message-{}", self.serial);
        let visible_at = after(now, delay);
        self.messages.push(Message { id, body: body.to_owned(), sent_at: now, visible_at, received: 0 });
    }
}
