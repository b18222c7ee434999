//! The sweep after a change of the configuration.
//!
//! EventBridge delivers the event about a written parameter at least once, and a configuration may be written several times in a
//! minute, or with the same content. So the message waits until every running instance of the function has read the new
//! configuration (`message_action::postpone`), and the sweep is then started once for each configuration: the hash of the one
//! that was swept last is kept in a record with the key `configuration`, as its last notification. The function never writes the
//! parameter, so that a sweep starts no other.
//!
//! Without a table, each event starts a sweep.

use super::context::InvocationContext;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::code::Code;
use onboarding_core::lease::Lease;
use onboarding_core::limits::LEASE_AFTER_WORK;
use onboarding_core::mode::Mode;
use onboarding_core::notification::{NotificationRecord, Notified};
use onboarding_core::outcome::Outcome;
use onboarding_core::record::NotificationChange;
use onboarding_core::report::Report;
use onboarding_core::time::after;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::OpenRecord;

/// The key of the record.
const SUBJECT: &str = "configuration";

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Starts a sweep, unless one was started for the same configuration.
    pub(super) async fn sweep_changed_configuration(&self, context: &InvocationContext<'_>) -> Report {
        let kind = TriggerKind::ConfigurationChange;
        let lease = Lease { owner: context.run(), expires_at: after(self.deadlines.work, LEASE_AFTER_WORK) };
        let mut record = OpenRecord::new(&self.engine.world, SUBJECT.to_owned(), lease);
        if let Err(stop) = record.acquire_until(self.deadlines.waiting).await {
            return Report::new(None, kind, Mode::Apply, stop.into());
        }
        let swept = Notified::Cause(format!("sweep {}", self.engine.config.hash));
        let last = record.record().notification.map(|last| last.notified);
        let (report, change) = if last.as_ref() == Some(&swept) {
            let reason = "a sweep was started for this configuration before";
            (Report::new(None, kind, Mode::Apply, Outcome::ignored(Code::NotApplicable, reason)), None)
        } else {
            let report = self.sweep(kind, None).await;
            let started = NotificationChange::Set(NotificationRecord { notified: swept, at: self.engine.world.now() });
            let change = (report.outcome == Outcome::Converged).then_some(started);
            (report, change)
        };
        if let Err(error) = record.save(&report, change, self.deadlines.response).await {
            log::record_not_saved(None, context, &error);
        }
        report
    }
}
