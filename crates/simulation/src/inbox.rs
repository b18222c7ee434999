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
    pub(super) group: Group,
}

/// The group of a message. Groups make a standard queue fair: while many messages of one group are being processed, messages of
/// other groups are delivered first. Each message without a group counts as a group of its own.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// The messages that the function sends.
    Sweep,
    /// A message without a group, such as that of an event.
    None,
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
        self.put_with(body, now, Duration::ZERO, Group::None);
    }

    pub(super) fn put_with(&mut self, body: &str, now: SystemTime, delay: Duration, group: Group) {
        self.serial += 1;
        let id = format!("message-{}", self.serial);
        let visible_at = after(now, delay);
        self.messages.push(Message { id, body: body.to_owned(), sent_at: now, visible_at, received: 0, group });
    }
}
