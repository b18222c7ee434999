//! Direct invocations: the response to a payload that did not come through SQS.
//!
//! A manual request (`{"account_id": …}`) always returns the report, whatever the outcome, because a person is waiting
//! for it, and so does a plan. An event that was delivered directly returns an error unless it converged or was ignored and its
//! notification went out. Lambda then retries the event and finally hands it to its on-failure destination.

use serde_json::Value;

use super::context::InvocationContext;
use super::error::InvocationError;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::mode::Mode;
use onboarding_core::trigger::{self, Trigger};

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Processes a direct invocation.
    ///
    /// # Errors
    /// When the payload cannot be parsed; for an event also when its account is waiting or blocked, or when its
    /// notification failed, so that Lambda delivers the event again.
    pub(super) async fn direct(&self, payload: &str) -> Result<Value, InvocationError> {
        let context = InvocationContext::direct(self.invocation);
        let parsed = trigger::parse(payload.as_bytes()).map_err(|error| {
            log::payload_rejected(&context, &error);
            InvocationError::payload(error)
        })?;
        let context = InvocationContext { event: parsed.event_id.as_deref(), ..context };
        let is_manual = matches!(parsed.trigger, Trigger::Manual { .. });
        let (processed, subject) = self.process(parsed.trigger, &context).await;
        let mut report = processed.report.clone();
        log::outcome(&report, &context, self.engine.world.now());
        let notified = self.conclude(processed, &subject, &context).await;
        let notification_error = notified.err().map(|error| {
            log::notification_failed(report.account_id.as_ref(), &context, &error);
            let notice = format!("could not send or record the notification: {error}");
            report.notices.push(self.secrets.redacted(notice));
            InvocationError::notification_failed(&error)
        });
        match InvocationError::unfinished(&report).or(notification_error) {
            Some(error) if !is_manual && report.mode == Mode::Apply => Err(error),
            _ => serde_json::to_value(&report).map_err(InvocationError::payload),
        }
    }
}
