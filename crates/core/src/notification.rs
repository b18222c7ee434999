//! Which event to publish for the outcome of an account, so that each outcome is notified once.
//!
//! The same outcome is seen many times: messages are retried, the sweep visits every account every day, and several
//! invocations may handle one account at the same time. To notify once, the record of each account keeps the last
//! notification ([`NotificationRecord`]). Only the run that holds the account's lease compares its outcome with that record,
//! publishes the event, and then records it, so that concurrent runs notify once.
//!
//! The event is published *before* it is recorded. If a run is killed in between, the next one publishes again: delivery is
//! *at least once*, an event is never lost, and is published twice only after such a crash.
//!
//! The comparison covers the code of the cause together with the refused roles. If one of two refused roles is fixed, the
//! remaining one is notified again.
//!
//! A run that revoked the sessions of a role always publishes: the role may have been taken over, whatever was notified before.
//!
//! Where the sweep mode allows only to report an account, its drift is notified: once for each set of planned changes, and again
//! after the account was as configured. Nothing else is notified of such an account, and nothing of a plan that a person requested.
//!
//! For example, an account is blocked with `foreign_role`: the first run publishes `AccountBlocked`, and every further run
//! with the same cause publishes nothing. When the role was renamed, the next run converges and publishes
//! `AccountOnboarded`.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::limits::{ONBOARDED_RECORD, RECENTLY_JOINED, SAME_ONBOARDING};
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{EventKind, Report};
use crate::text::hexadecimal;
use crate::time::since;
use crate::trigger::EventSubject;

/// The last notification about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// The subject of the last notification.
    pub notified: Notified,
    /// When.
    pub at: SystemTime,
}

/// The subject of a notification. Stored as a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notified {
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
        let text = std::iter::once(cause.code.to_string()).chain(roles).collect::<String>();
        Self::Cause(text.chars().take(2000).collect())
    }
}

/// What the records of drift start with. The hash of the planned changes follows.
const DRIFT: &str = "changes_pending ";

/// Drift, with the planned changes, so that another change makes a difference.
fn drift(report: &Report) -> Notified {
    let mut hash = Sha256::new();
    for change in report.planned() {
        hash.update(format!("{change}\n"));
    }
    Notified::Cause(format!("{DRIFT}{}", hexadecimal(&hash.finalize())))
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
            "started" => Self::Started,
            "onboarded" => Self::Onboarded,
            _ => Self::Cause(text),
        }
    }
}

impl From<Notified> for String {
    fn from(notified: Notified) -> Self {
        match notified {
            Notified::Started => "started".to_owned(),
            Notified::Onboarded => "onboarded".to_owned(),
            Notified::Cause(text) => text,
        }
    }
}

/// What to publish, and what to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationDecision {
    /// Publish nothing, record nothing.
    Nothing,
    /// Publish nothing and forget the last notification: it no longer applies, or is no longer needed.
    Forget,
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
    if report.mode == Mode::Plan {
        return is_report(report);
    }
    match &report.outcome {
        Outcome::Converged | Outcome::Blocked(_) => true,
        Outcome::Ignored(cause) => matches!(cause.code, Code::Departed | Code::Excluded),
        Outcome::Waiting(_) => report.done() > 0,
    }
}

/// Whether the changes of an account were only planned because the sweep mode does not allow more, and are known.
fn is_report(report: &Report) -> bool {
    let is_known = match &report.outcome {
        Outcome::Converged => true,
        Outcome::Waiting(cause) => cause.code == Code::ChangesPending,
        Outcome::Blocked(_) | Outcome::Ignored(_) => false,
    };
    is_known && report.account_id.is_some() && report.trigger.subject() != EventSubject::StatesMode
}

/// Decides what to publish for a report.
#[must_use]
pub fn decide(report: &Report, record: Option<&NotificationRecord>, now: SystemTime) -> NotificationDecision {
    let has_revoked = !report.revoked().is_empty();
    let once = |kind, cause: &Cause| match record {
        Some(last) if !has_revoked && last.notified == Notified::from_cause(report, cause) => {
            NotificationDecision::Nothing
        }
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
        outcome if report.mode == Mode::Plan => decide_drift(report, outcome, record),
        Outcome::Converged if report.account_id.is_some() => decide_converged(report, record, now),
        Outcome::Ignored(cause) if cause.code == Code::Departed => once(EventKind::AccountDeparted, cause),
        Outcome::Converged | Outcome::Ignored(_) => {
            record.map_or(NotificationDecision::Nothing, |_| NotificationDecision::Forget)
        }
        Outcome::Blocked(cause) => once(EventKind::AccountBlocked, cause),
        Outcome::Waiting(_) => record.map_or(NotificationDecision::RecordStarted, |_| NotificationDecision::Nothing),
    }
}

/// Drift is notified unless the same changes were, and forgotten when there is none.
fn decide_drift(report: &Report, outcome: &Outcome, record: Option<&NotificationRecord>) -> NotificationDecision {
    let is_drift =
        |last: &NotificationRecord| matches!(&last.notified, Notified::Cause(text) if text.starts_with(DRIFT));
    let notified = drift(report);
    match outcome.cause() {
        None if record.is_some_and(is_drift) => NotificationDecision::Forget,
        Some(cause) if record.is_none_or(|last| last.notified != notified) => NotificationDecision::Notify {
            kind: EventKind::AccountDrifted,
            notified,
            cause: Some(cause.clone()),
            first: false,
        },
        _ => NotificationDecision::Nothing,
    }
}

/// A converged account is notified if this run onboarded it, or an earlier run that was interrupted before publishing.
fn decide_converged(report: &Report, record: Option<&NotificationRecord>, now: SystemTime) -> NotificationDecision {
    let publish = |first| NotificationDecision::Notify {
        kind: EventKind::AccountOnboarded,
        notified: Notified::Onboarded,
        cause: None,
        first,
    };
    let changed = report.done() > 0;
    let has_revoked = !report.revoked().is_empty();
    let is_new = report.joined_at.is_some_and(|joined| since(joined, now) < RECENTLY_JOINED);
    match record {
        None if changed || is_new => publish(true),
        None => NotificationDecision::Nothing,
        Some(last) if last.notified != Notified::Onboarded => publish(true),
        // Two runs at the same time may both have applied changes. Repaired drift comes later.
        Some(last) if has_revoked || (changed && since(last.at, now) >= SAME_ONBOARDING) => publish(false),
        Some(last) if since(last.at, now) >= ONBOARDED_RECORD => NotificationDecision::Forget,
        Some(_) => NotificationDecision::Nothing,
    }
}

#[cfg(test)]
#[path = "notification_tests.rs"]
mod tests;
