//! What is told of how an account ended, and what is remembered so that it is told once.
//!
//! A memory is a claim before the event goes out and a confirmation after it: a run that is killed in between leaves a
//! claim, and the next run tells what that one may not have told. So nothing is lost, and hardly anything comes twice.

use serde::{Deserialize, Serialize};

use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{EventKind, Report};

/// What was told last of an account, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// What was told: the code of the cause with the roles that it is about, [`ONBOARDED`] or [`STARTED`].
    pub code: String,
    /// When, in seconds since 1970.
    pub at: f64,
    /// By whom: the message's id or, where none came, the invocation's.
    pub by: String,
    /// Whether the event went out; until then it is a claim.
    pub confirmed: bool,
}

/// In place of a cause: the account was connected.
pub const ONBOARDED: &str = "connected";
/// In place of a cause: changes were made by a run that did not see the end of them.
pub const STARTED: &str = "begun";

/// Longer than the function's timeout, and shorter than a message of a run that was killed stays hidden (720 s).
const CLAIM_SECONDS: f64 = 600.0;
/// An account that joined later than this and is as configured was connected by us: who did it may not have told.
const NEW_SECONDS: f64 = 14.0 * DAY;
/// How long it is remembered that an account was connected: for longer than it is new.
const KEPT_SECONDS: f64 = 15.0 * DAY;
const DAY: f64 = 86_400.0;

impl NotificationRecord {
    /// Reads what was kept. What is no memory of ours is one of nothing, and will be replaced.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to keep.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this need not be told (again). A claim of somebody else counts while that run may still be telling; one's
    /// own is of an earlier try, or its answer was lost.
    #[must_use]
    pub fn covers(&self, code: &str, by: &str, now: f64) -> bool {
        self.code == code && (self.confirmed || (self.by != by && (0.0..CLAIM_SECONDS).contains(&(now - self.at))))
    }
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationDecision {
    /// Nothing new.
    Nothing,
    /// Nothing is told; what was told before no longer holds, or need not be known any longer.
    Forget,
    /// Nothing is told yet; it is remembered that changes were made.
    Begun,
    /// An event: `cause` is what a person should know, where there is one.
    Tell {
        /// What is told.
        news: EventKind,
        /// What is remembered.
        code: String,
        /// Why.
        cause: Option<Cause>,
        /// Whether the account is connected for the first time, as far as is remembered.
        first: bool,
    },
}

/// What is remembered of a cause: of two roles that were refused, one that was mended is no longer the same.
fn told_as(report: &Report, cause: &Cause) -> String {
    let roles = report.refusals.iter().map(|refusal| format!(" {}:{}", refusal.code, refusal.role));
    // A parameter of SSM holds 4 KB. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    std::iter::once(cause.code.to_owned()).chain(roles).collect::<String>().chars().take(2000).collect()
}

/// Whether a report may have something to tell, whatever is remembered: what is not asked for need not be read.
#[must_use]
pub fn may_notify(report: &Report) -> bool {
    let ends = match &report.outcome {
        Outcome::Converged | Outcome::Blocked(_) => true,
        Outcome::Ignored(cause) => matches!(cause.code, "departed" | "excluded"),
        Outcome::Waiting(_) => report.done() > 0,
    };
    ends && report.mode == Mode::Apply
}

/// Decides, for a run that is known as `by`.
#[must_use]
pub fn decide(report: &Report, memory: Option<&NotificationRecord>, by: &str, now: f64) -> NotificationDecision {
    let once = |news, cause: &Cause| match memory {
        Some(told) if told.covers(&told_as(report, cause), by, now) => NotificationDecision::Nothing,
        // Who left is gone: that the account cannot be entered is no news.
        Some(told) if told.code == "departed" && matches!(cause.code, "account_not_active" | "not_a_member") => {
            NotificationDecision::Nothing
        }
        _ => {
            NotificationDecision::Tell { news, code: told_as(report, cause), cause: Some(cause.clone()), first: false }
        }
    };
    match &report.outcome {
        _ if !may_notify(report) => NotificationDecision::Nothing,
        Outcome::Converged if report.account_id.is_some() => connected(report, memory, by, now),
        Outcome::Ignored(cause) if cause.code == "departed" => once(EventKind::AccountDeparted, cause),
        Outcome::Converged | Outcome::Ignored(_) => {
            memory.map_or(NotificationDecision::Nothing, |_| NotificationDecision::Forget)
        }
        Outcome::Blocked(cause) => once(EventKind::AccountBlocked, cause),
        Outcome::Waiting(_) => memory.map_or(NotificationDecision::Begun, |_| NotificationDecision::Nothing),
    }
}

/// An account is as configured: news where this run made it so, or one that could not tell.
fn connected(report: &Report, memory: Option<&NotificationRecord>, by: &str, now: f64) -> NotificationDecision {
    let tell = |first| NotificationDecision::Tell {
        news: EventKind::AccountOnboarded,
        code: ONBOARDED.to_owned(),
        cause: None,
        first,
    };
    let changed = report.done() > 0;
    let is_new = report.joined_at.is_some_and(|joined| now - (joined as f64) < NEW_SECONDS);
    match memory {
        None if changed || is_new => tell(true),
        None => NotificationDecision::Nothing,
        Some(told) if told.code != ONBOARDED => tell(true),
        Some(told) if !told.covers(ONBOARDED, by, now) => tell(true),
        // Two runs at the same time may both have made changes; a drift that is repaired comes later.
        Some(told) if changed && now - told.at >= CLAIM_SECONDS => tell(false),
        Some(told) if now - told.at >= KEPT_SECONDS => NotificationDecision::Forget,
        Some(_) => NotificationDecision::Nothing,
    }
}

#[cfg(test)]
#[path = "notification_tests.rs"]
mod tests;
