//! Which event to publish for the outcome of an account, so that each outcome is notified once.
//!
//! The same outcome is seen many times: messages are retried, the sweep visits every account every day, and several
//! invocations may handle one account at the same time. To notify once, the last notification of each account is kept as a
//! [`NotificationRecord`]. It is written in two steps:
//!
//! 1. before the event is published, unconfirmed: this invocation is about to publish;
//! 2. after the event was published, confirmed.
//!
//! If an invocation is killed between the steps, the record stays unconfirmed. It suppresses the notification of other
//! invocations for ten minutes, while the first one may still be running, and not longer. So delivery is *at least once*:
//! an event is never lost, and may be published twice if an invocation is killed after publishing and before confirming.
//!
//! What is compared is the code of the cause together with the refused roles. If one of two refused roles is fixed, the
//! remaining one is notified again.
//!
//! For example, an account is blocked with `foreign_role`: the first run publishes `AccountBlocked`, and every further run
//! with the same cause publishes nothing. When the role was renamed, the next run converges and publishes
//! `AccountOnboarded`.

use crate::code::Code;
use serde::{Deserialize, Serialize};

use crate::limits::{ONBOARDED_RECORD, RECENTLY_JOINED, UNCONFIRMED_NOTIFICATION};
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{EventKind, Report};

/// The last notification about an account, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// What was notified: the code of the cause with the refused roles, [`ONBOARDED`] or [`STARTED`].
    pub code: String,
    /// When, in Unix seconds.
    pub at: f64,
    /// By which message or, without one, by which invocation.
    pub by: String,
    /// Whether the event was published; until then, an invocation may be about to publish it.
    pub confirmed: bool,
}

/// In place of a cause: the account was onboarded.
pub const ONBOARDED: &str = "onboarded";
/// In place of a cause: a run applied changes and was interrupted before the account converged.
pub const STARTED: &str = "started";

impl NotificationRecord {
    /// Parses a stored record. Text that is not a valid record yields an empty one, which will be replaced.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this was notified already. An unconfirmed record of another invocation counts while that one may still be
    /// running. One by the same message does not count, because it is from an earlier try.
    #[must_use]
    pub fn covers(&self, code: &str, by: &str, now: f64) -> bool {
        self.code == code
            && (self.confirmed
                || (self.by != by && (0.0..UNCONFIRMED_NOTIFICATION.as_secs_f64()).contains(&(now - self.at))))
    }
}

/// What to publish, and what to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationDecision {
    /// Publish nothing, record nothing.
    Nothing,
    /// Publish nothing and delete the record: it no longer applies, or is no longer needed.
    DeleteRecord,
    /// Publish nothing yet, but record that changes were applied.
    RecordStarted,
    /// Publish an event.
    Notify {
        /// The kind of the event.
        kind: EventKind,
        /// What to record.
        code: String,
        /// Why, if there is something to fix.
        cause: Option<Cause>,
        /// Whether the account is onboarded for the first time, according to the record.
        first: bool,
    },
}

/// The recorded form of a cause: its code and the refused roles, so that a fixed role makes a difference.
fn record_code(report: &Report, cause: &Cause) -> String {
    let roles = report.refusals.iter().map(|refusal| format!(" {}:{}", refusal.code, refusal.role));
    // An SSM parameter holds 4 KB. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    std::iter::once(cause.code.to_string()).chain(roles).collect::<String>().chars().take(2000).collect()
}

/// Whether a report may lead to a notification at all. If not, the record need not be read.
#[must_use]
pub fn may_notify(report: &Report) -> bool {
    let is_notifiable = match &report.outcome {
        Outcome::Converged | Outcome::Blocked(_) => true,
        Outcome::Ignored(cause) => matches!(cause.code, Code::Departed | Code::Excluded),
        Outcome::Waiting(_) => report.done() > 0,
    };
    is_notifiable && report.mode == Mode::Apply
}

/// Decides what to publish for a report. `by` identifies the message or invocation, `now` is in Unix seconds.
#[must_use]
pub fn decide(report: &Report, record: Option<&NotificationRecord>, by: &str, now: f64) -> NotificationDecision {
    let once = |kind, cause: &Cause| match record {
        Some(last) if last.covers(&record_code(report, cause), by, now) => NotificationDecision::Nothing,
        // The account left the organization, so its role being inaccessible is expected.
        Some(last)
            if last.code == Code::Departed.as_str()
                && matches!(cause.code, Code::AccountNotActive | Code::NotAMember) =>
        {
            NotificationDecision::Nothing
        }
        _ => NotificationDecision::Notify {
            kind,
            code: record_code(report, cause),
            cause: Some(cause.clone()),
            first: false,
        },
    };
    match &report.outcome {
        _ if !may_notify(report) => NotificationDecision::Nothing,
        Outcome::Converged if report.account_id.is_some() => decide_converged(report, record, by, now),
        Outcome::Ignored(cause) if cause.code == Code::Departed => once(EventKind::AccountDeparted, cause),
        Outcome::Converged | Outcome::Ignored(_) => {
            record.map_or(NotificationDecision::Nothing, |_| NotificationDecision::DeleteRecord)
        }
        Outcome::Blocked(cause) => once(EventKind::AccountBlocked, cause),
        Outcome::Waiting(_) => record.map_or(NotificationDecision::RecordStarted, |_| NotificationDecision::Nothing),
    }
}

/// A converged account is notified if this run onboarded it, or an earlier run that was interrupted before publishing.
fn decide_converged(report: &Report, record: Option<&NotificationRecord>, by: &str, now: f64) -> NotificationDecision {
    let publish = |first| NotificationDecision::Notify {
        kind: EventKind::AccountOnboarded,
        code: ONBOARDED.to_owned(),
        cause: None,
        first,
    };
    let changed = report.done() > 0;
    let is_new = report.joined_at.is_some_and(|joined| now - (joined as f64) < RECENTLY_JOINED.as_secs_f64());
    match record {
        None if changed || is_new => publish(true),
        None => NotificationDecision::Nothing,
        Some(last) if last.code != ONBOARDED => publish(true),
        Some(last) if !last.covers(ONBOARDED, by, now) => publish(true),
        // Two runs at the same time may both have applied changes. Repaired drift comes later.
        Some(last) if changed && now - last.at >= UNCONFIRMED_NOTIFICATION.as_secs_f64() => publish(false),
        Some(last) if now - last.at >= ONBOARDED_RECORD.as_secs_f64() => NotificationDecision::DeleteRecord,
        Some(_) => NotificationDecision::Nothing,
    }
}

#[cfg(test)]
#[path = "notification_tests.rs"]
mod tests;
