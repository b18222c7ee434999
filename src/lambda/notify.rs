//! The end of a payload: publishes the event about its outcome, once for each cause, and saves the record of its subject.
//!
//! Messages are delivered at least once, and every sweep sees the same outcomes again. The last notification is therefore
//! part of the record of each account. The order of the calls decides what happens when the function is stopped in between:
//!
//! 1. `notification::decide` compares the report with the record. Usually there is nothing to notify, and no lease is needed.
//! 2. Otherwise acquire the lease, if the run does not hold it, and decide again with the record as it is now. Of two
//!    concurrent runs the second waits here, and then finds that the first has notified.
//! 3. Publish the event. If that fails, the record stays as it is, so that the retried message publishes.
//! 4. Save the record: the notification, the result and the created roles, and release the lease, all with one call.
//!
//! A run that is killed between steps 3 and 4 leaves a record without the notification and a lease that expires. The next
//! run publishes the event again: no notification is lost, and only then one is sent twice.
//!
//! Transient errors end the attempt, and the message is retried. Permanent errors, such as missing permissions for the
//! table, do not prevent the notification: sending it again and again is better than never.

use super::context::InvocationContext;
use super::subject::Subject;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::error::ApiError;
use onboarding_core::notification::{self, NotificationDecision, NotificationRecord, Notified, Novelty};
use onboarding_core::outcome::Stop;
use onboarding_core::record::NotificationChange;
use onboarding_core::report::{AccountEvent, EventContext, Report};
use onboarding_engine::{OpenRecord, Processed};

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Publishes the outcome of a payload, if it is new, and saves the record. Returns whether the outcome was new.
    ///
    /// # Errors
    /// When the notification could not be sent.
    pub(super) async fn conclude(
        &self,
        processed: Processed<'_, W>,
        subject: &Subject,
        context: &InvocationContext<'_>,
    ) -> Result<Novelty, ApiError> {
        let Processed { report, mut record } = processed;
        let notify = self.notify(&report, &mut record, subject, context);
        let notified = self.before_response("events:PutEvents", notify).await;
        let (change, result) = match notified {
            Ok((change, novelty)) => (change, Ok(novelty)),
            Err(error) => (None, Err(error)),
        };
        if let Err(error) = record.save(&report, change, self.deadlines.response).await {
            log::record_not_saved(report.account_id.as_ref(), context, &error);
        }
        result
    }

    /// Publishes the event about a report, if there is something new, and returns what to remember.
    async fn notify(
        &self,
        report: &Report,
        record: &mut OpenRecord<'_, W>,
        subject: &Subject,
        context: &InvocationContext<'_>,
    ) -> Result<(Option<NotificationChange>, Novelty), ApiError> {
        let world = &self.engine.world;
        if !world.notifications_enabled() || !notification::may_notify(report) {
            return Ok((None, Novelty::New));
        }
        record.load().await?;
        let now = world.now();
        let decide =
            |record: &OpenRecord<'_, W>| notification::decide(report, record.record().notification.as_ref(), now);
        let decision = decide(record);
        if decision == NotificationDecision::Nothing {
            return Ok((None, decision.novelty(report)));
        }
        record.acquire_until(self.deadlines.waiting).await.map_err(not_acquired)?;
        let remembered = |notified| NotificationChange::Set(NotificationRecord { notified, at: now });
        let decision = decide(record);
        let novelty = decision.novelty(report);
        let change = match decision {
            NotificationDecision::Nothing => None,
            NotificationDecision::Forget => Some(NotificationChange::Remove),
            NotificationDecision::RecordStarted => Some(remembered(Notified::Started)),
            NotificationDecision::Notify { kind, notified, cause, first } => {
                let event = AccountEvent::new(&EventContext {
                    kind,
                    report,
                    subject: &subject.description,
                    cause: cause.as_ref(),
                    event_id: context.event,
                    invocation: context.invocation,
                });
                world.publish_event(&event).await?;
                if first {
                    log::onboarding_time(report, now);
                }
                Some(remembered(notified))
            }
        };
        Ok((change, novelty))
    }
}

/// Another run is at work or the table does not answer: the message is retried.
fn not_acquired(stop: Stop) -> ApiError {
    let cause = stop.into_cause();
    ApiError::new("dynamodb:UpdateItem", "ConditionalCheckFailedException", &cause.message)
}
