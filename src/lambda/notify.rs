//! Sends the notification about an outcome: one event for each cause, and none if nothing changed.
//!
//! What was sent is remembered in a notification record (an SSM parameter per subject), because messages are delivered
//! at least once and every sweep sees the same outcomes again. The order of the calls decides what happens when the
//! function is stopped in between:
//!
//! 1. Load the record. `notification::decide` compares it with the report.
//! 2. Write the record, unconfirmed, to mark the notification as in progress. Without a previous record the write must
//!    not overwrite, so of two concurrent runs only the first succeeds, and the other run leaves the notification to
//!    it.
//! 3. Send the event. If that fails, delete the record, so that the retried message sends the event again.
//! 4. Confirm the record. If that fails, the unconfirmed record still suppresses duplicates from other runs for a
//!    while.
//!
//! A run that is killed between steps 2 and 4 leaves an unconfirmed record. It expires after ten minutes, and the next
//! run sends the event: no notification is lost, and few are sent twice.
//!
//! Transient errors of the record end the attempt, and the message is retried. Permanent errors, such as missing
//! permissions, do not prevent the notification: sending it again and again is better than never.

use super::context::InvocationContext;
use super::subject::Subject;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::error::ApiError;
use onboarding_core::message_action::is_transient;
use onboarding_core::notification::{self, NotificationDecision, NotificationRecord, Notified, Novelty};
use onboarding_core::report::{AccountEvent, EventContext, Report};
use onboarding_engine::ports::WriteMode;

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Sends the notification about a report, if there is something new. Returns whether there was.
    ///
    /// # Errors
    /// When the notification could not be sent or recorded.
    pub(super) async fn notify(
        &self,
        report: &Report,
        subject: &Subject,
        context: &InvocationContext<'_>,
    ) -> Result<Novelty, ApiError> {
        let notifier = &self.engine.world;
        let now = notifier.now();
        let owner = context.record_owner();
        if !notifier.notifications_enabled() || !notification::may_notify(report) {
            return Ok(Novelty::New);
        }
        let key = subject.key.as_str();
        let previous = fail_if_transient(notifier.load_record(key).await)?.unwrap_or_default();
        let unconfirmed =
            |notified| NotificationRecord { notified, at: now, owner: owner.to_owned(), confirmed: false };
        let decision = notification::decide(report, previous.as_ref(), owner, now);
        let novelty = decision.novelty(report);
        match decision {
            NotificationDecision::Nothing => Ok(novelty),
            NotificationDecision::DeleteRecord => notifier.delete_record(key).await.map(|()| novelty),
            NotificationDecision::RecordStarted => {
                let started = unconfirmed(Notified::Started);
                notifier.save_record(key, &started, WriteMode::Create).await.map(|_| novelty)
            }
            NotificationDecision::Notify { kind, notified, cause, first } => {
                let record = unconfirmed(notified);
                let write = if previous.is_some() { WriteMode::Replace } else { WriteMode::Create };
                let saved = fail_if_transient(notifier.save_record(key, &record, write).await)?;
                // Another run was first, unless the record is our own: the SDK retries a request whose response was
                // lost.
                if saved.as_ref().is_ok_and(|first| !first)
                    && notifier.load_record(key).await?.is_some_and(|other| other.covers(&record.notified, owner, now))
                {
                    return Ok(novelty);
                }
                let event = AccountEvent::new(&EventContext {
                    kind,
                    report,
                    subject: &subject.description,
                    cause: cause.as_ref(),
                    event_id: context.event,
                    invocation: context.invocation,
                });
                if let Err(error) = notifier.publish_event(&event).await {
                    // Delete the record, so that the retried message sends the event.
                    let _ = notifier.delete_record(key).await;
                    return Err(error);
                }
                if first {
                    log::onboarding_time(report, now);
                }
                // The event is sent. If this fails, the unconfirmed record suppresses duplicates for a while.
                let _ = notifier
                    .save_record(key, &NotificationRecord { confirmed: true, ..record }, WriteMode::Replace)
                    .await;
                saved.map(|_| novelty)
            }
        }
    }
}

/// Returns a transient error as the outer error, because the message is retried, and keeps a permanent one inside.
fn fail_if_transient<T>(result: Result<T, ApiError>) -> Result<Result<T, ApiError>, ApiError> {
    match result {
        Err(error) if is_transient(&error) => Err(error),
        other => Ok(other),
    }
}
