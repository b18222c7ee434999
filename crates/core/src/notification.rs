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

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::limits::{ONBOARDED_RECORD, RECENTLY_JOINED, UNCONFIRMED_NOTIFICATION};
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{EventKind, Report};
use crate::stored::Stored;
use crate::time::{since, stored_seconds};

/// The last notification about an account, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// The subject of the last notification.
    #[serde(rename = "code")]
    pub notified: Notified,
    /// When.
    #[serde(with = "stored_seconds")]
    pub at: SystemTime,
    /// By which message or, without one, by which invocation.
    #[serde(rename = "by")]
    pub owner: String,
    /// Whether the event was published; until then, an invocation may be about to publish it.
    pub confirmed: bool,
}

/// A record of nothing, which any notification replaces.
impl Default for NotificationRecord {
    fn default() -> Self {
        Self { notified: Notified::Nothing, at: UNIX_EPOCH, owner: String::new(), confirmed: false }
    }
}

/// Text that is not a record counts as a record of nothing, which will be replaced.
impl Stored for NotificationRecord {}

/// The subject of a notification. Stored as a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Notified {
    /// Nothing: the empty string.
    Nothing,
    /// A run applied changes and was interrupted before the account converged: `started`.
    Started,
    /// The account was onboarded: `onboarded`.
    Onboarded,
    /// A cause: its code and the refused roles, so that a fixed role makes a difference.
    Cause(String),
}

impl Notified {
    fn from_cause(report: &Report, cause: &Cause) -> Self {
        let roles = report.refusals.iter().map(|refusal| format!(" {}:{}", refusal.code, refusal.role));
        // An SSM parameter holds 4 KB. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        let text = std::iter::once(cause.code.to_string()).chain(roles).collect::<String>();
        Self::Cause(text.chars().take(2000).collect())
    }
}

/// A cause without refused roles.
impl From<Code> for Notified {
    fn from(code: Code) -> Self {
        Self::Cause(code.to_string())
    }
}

impl From<String> for Notified {
    fn from(text: String) -> Self {
        match text.as_str() {
            "" => Self::Nothing,
            "started" => Self::Started,
            "onboarded" => Self::Onboarded,
            _ => Self::Cause(text),
        }
    }
}

impl From<Notified> for String {
    fn from(notified: Notified) -> Self {
        match notified {
            Notified::Nothing => Self::new(),
            Notified::Started => "started".to_owned(),
            Notified::Onboarded => "onboarded".to_owned(),
            Notified::Cause(text) => text,
        }
    }
}

impl NotificationRecord {
    /// Whether this was notified already. An unconfirmed record of another invocation counts while that one may still be
    /// running. One by the same message does not count, because it is from an earlier try.
    #[must_use]
    pub fn covers(&self, notified: &Notified, owner: &str, now: SystemTime) -> bool {
        let is_recent = now.duration_since(self.at).is_ok_and(|age| age < UNCONFIRMED_NOTIFICATION);
        self.notified == *notified && (self.confirmed || (self.owner != owner && is_recent))
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
        notified: Notified,
        /// Why, if there is something to fix.
        cause: Option<Cause>,
        /// Whether the account is onboarded for the first time, according to the record.
        first: bool,
    },
}

/// Whether an outcome is new, or was notified before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was not notified before, or is not notified at all.
    New,
    /// It blocks the account, and was notified before.
    Repeated,
}

impl NotificationDecision {
    /// Whether the outcome of a report was notified before, according to this decision about it.
    #[must_use]
    pub fn novelty(&self, report: &Report) -> Novelty {
        let is_notifiable = may_notify(report) && matches!(report.outcome, Outcome::Blocked(_));
        if is_notifiable && *self == Self::Nothing { Novelty::Repeated } else { Novelty::New }
    }
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

/// Decides what to publish for a report. `owner` identifies the message or invocation.
#[must_use]
pub fn decide(
    report: &Report,
    record: Option<&NotificationRecord>,
    owner: &str,
    now: SystemTime,
) -> NotificationDecision {
    let once = |kind, cause: &Cause| match record {
        Some(last) if last.covers(&Notified::from_cause(report, cause), owner, now) => NotificationDecision::Nothing,
        // The account left the organization, so its role being inaccessible is expected.
        Some(last)
            if last.notified == Notified::from(Code::Departed)
                && matches!(cause.code, Code::AccountNotActive | Code::NotAMember) =>
        {
            NotificationDecision::Nothing
        }
        _ => NotificationDecision::Notify {
            kind,
            notified: Notified::from_cause(report, cause),
            cause: Some(cause.clone()),
            first: false,
        },
    };
    match &report.outcome {
        _ if !may_notify(report) => NotificationDecision::Nothing,
        Outcome::Converged if report.account_id.is_some() => decide_converged(report, record, owner, now),
        Outcome::Ignored(cause) if cause.code == Code::Departed => once(EventKind::AccountDeparted, cause),
        Outcome::Converged | Outcome::Ignored(_) => {
            record.map_or(NotificationDecision::Nothing, |_| NotificationDecision::DeleteRecord)
        }
        Outcome::Blocked(cause) => once(EventKind::AccountBlocked, cause),
        Outcome::Waiting(_) => record.map_or(NotificationDecision::RecordStarted, |_| NotificationDecision::Nothing),
    }
}

/// A converged account is notified if this run onboarded it, or an earlier run that was interrupted before publishing.
fn decide_converged(
    report: &Report,
    record: Option<&NotificationRecord>,
    owner: &str,
    now: SystemTime,
) -> NotificationDecision {
    let publish = |first| NotificationDecision::Notify {
        kind: EventKind::AccountOnboarded,
        notified: Notified::Onboarded,
        cause: None,
        first,
    };
    let changed = report.done() > 0;
    let is_new = report.joined_at.is_some_and(|joined| since(joined, now) < RECENTLY_JOINED);
    match record {
        None if changed || is_new => publish(true),
        None => NotificationDecision::Nothing,
        Some(last) if last.notified != Notified::Onboarded => publish(true),
        Some(last) if !last.covers(&Notified::Onboarded, owner, now) => publish(true),
        // Two runs at the same time may both have applied changes. Repaired drift comes later.
        Some(last) if changed && since(last.at, now) >= UNCONFIRMED_NOTIFICATION => publish(false),
        Some(last) if since(last.at, now) >= ONBOARDED_RECORD => NotificationDecision::DeleteRecord,
        Some(_) => NotificationDecision::Nothing,
    }
}

#[cfg(test)]
#[path = "notification_tests.rs"]
mod tests;
