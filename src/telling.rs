//! What is told of how an account ended, and what is remembered so that it is told once.
//!
//! A memory is a claim before the event goes out and a confirmation after it: a run that is killed in between leaves a
//! claim, and the next run tells what that one may not have told. So nothing is lost, and hardly anything comes twice.

use serde::{Deserialize, Serialize};

use crate::delivery::Received;
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::report::{News, Report};

/// What was told last of an account, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The code of the cause.
    pub code: String,
    /// When, in seconds since 1970.
    pub at: f64,
    /// By whom: the message's id or, where none came, the invocation's.
    pub by: String,
    /// Whether the event went out; until then it is a claim.
    pub confirmed: bool,
}

impl Told {
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
        self.code == code && (self.confirmed || (self.by != by && now - self.at < CLAIM_SECONDS))
    }
}

/// Longer than the function's timeout, and shorter than a message of a run that was killed stays hidden (720 s).
const CLAIM_SECONDS: f64 = 600.0;

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telling {
    /// Nothing new.
    Nothing,
    /// Nothing is told; what was told before no longer holds.
    Forget,
    /// That an account was onboarded; what was told before no longer holds.
    Onboarded,
    /// Something that is told once for each account and cause.
    Once(News, Cause),
}

/// Whether a report may have something to tell, whatever is remembered: what is not asked for need not be read.
#[must_use]
pub fn may_tell(report: &Report, gave_up: Option<&Cause>) -> bool {
    let ends = match &report.outcome {
        Outcome::Converged | Outcome::Blocked(_) => true,
        Outcome::Ignored(cause) => matches!(cause.code, "departed" | "excluded"),
        Outcome::Waiting(_) => gave_up.is_some(),
    };
    ends && report.mode == Mode::Apply
}

/// Decides, for a run that is known as `by`. `gave_up` is the cause with which a wait was given up.
#[must_use]
pub fn decide(
    report: &Report,
    gave_up: Option<&Cause>,
    received: Received,
    memory: Option<&Told>,
    by: &str,
    now: f64,
) -> Telling {
    let once = |news, cause: &Cause| match memory {
        Some(told) if told.covers(cause.code, by, now) => Telling::Nothing,
        _ => Telling::Once(news, cause.clone()),
    };
    let forget = if memory.is_some() { Telling::Forget } else { Telling::Nothing };
    match &report.outcome {
        _ if !may_tell(report, gave_up) => Telling::Nothing,
        Outcome::Converged if report.account_id.is_none() => forget,
        Outcome::Converged if is_news(report, received) || memory.is_some() => Telling::Onboarded,
        Outcome::Converged => Telling::Nothing,
        Outcome::Ignored(cause) if cause.code == "departed" => once(News::AccountDeparted, cause),
        Outcome::Ignored(_) => forget,
        Outcome::Blocked(cause) => once(News::AccountBlocked, cause),
        Outcome::Waiting(_) => gave_up.map_or(Telling::Nothing, |cause| once(News::AccountBlocked, cause)),
    }
}

/// Whether an account was connected by this run, or perhaps by an earlier one of the same message, which could not tell.
#[must_use]
pub fn is_news(report: &Report, received: Received) -> bool {
    report.outcome == Outcome::Converged && report.account_id.is_some() && (report.done() > 0 || received.times > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_795_361_783.0;
    const FIRST: Received = Received { times: 1, age: Some(0.0) };

    fn report(outcome: Outcome) -> Report {
        Report::new(Some("444455556666".parse().unwrap()), "create_account", Mode::Apply, outcome)
    }

    fn told(code: &str, age: f64, confirmed: bool) -> Told {
        Told { code: code.to_owned(), at: NOW - age, by: "another".to_owned(), confirmed }
    }

    fn decided(outcome: Outcome, memory: Option<Told>) -> Telling {
        decide(&report(outcome), None, FIRST, memory.as_ref(), "us", NOW)
    }

    #[test]
    fn blocked_is_told_once_for_each_cause() {
        let blocked = || Outcome::blocked("foreign_role", "x", "y");
        let is_told = |memory| matches!(decided(blocked(), memory), Telling::Once(News::AccountBlocked, _));
        assert!(is_told(None));
        assert!(is_told(Some(told("quota_exceeded", 1.0, true))), "of another cause");
        assert!(!is_told(Some(told("foreign_role", 1e9, true))));
        assert!(!is_told(Some(told("foreign_role", 599.0, false))), "another run may be telling it");
        assert!(is_told(Some(told("foreign_role", 600.0, false))), "that run was killed");
        assert!(
            is_told(Some(Told { by: "us".to_owned(), ..told("foreign_role", 1.0, false) })),
            "by an earlier try of ours"
        );
        assert!(is_told(Some(Told::from_text("somebody's text"))));
    }

    #[test]
    fn onboarded_is_told_where_something_changed() {
        let again = Received { times: 2, ..FIRST };
        let converged = || report(Outcome::Converged);
        assert_eq!(decide(&converged(), None, FIRST, None, "us", NOW), Telling::Nothing);
        assert_eq!(
            decide(&converged(), None, again, None, "us", NOW),
            Telling::Onboarded,
            "an earlier try may have done it"
        );
        assert_eq!(decided(Outcome::Converged, Some(told("foreign_role", 1.0, true))), Telling::Onboarded);
        let plan = Report { mode: Mode::Plan, ..converged() };
        assert_eq!(decide(&plan, None, again, None, "us", NOW), Telling::Nothing);
        let sweep = Report { account_id: None, ..converged() };
        assert_eq!(decide(&sweep, None, again, None, "us", NOW), Telling::Nothing);
        let memory = told("own_permission_missing", 1.0, true);
        assert_eq!(decide(&sweep, None, FIRST, Some(&memory), "us", NOW), Telling::Forget);
    }

    #[test]
    fn a_wait_is_told_when_it_is_given_up() {
        let waiting = report(Outcome::waiting("throttled", "slow"));
        assert_eq!(decide(&waiting, None, FIRST, None, "us", NOW), Telling::Nothing);
        let gave_up = Cause::new("gave_up", "x", "y");
        let telling = decide(&waiting, Some(&gave_up), FIRST, None, "us", NOW);
        assert_eq!(telling, Telling::Once(News::AccountBlocked, gave_up));
    }

    #[test]
    fn departed_is_told_once_and_what_is_excluded_is_forgotten() {
        let departed = || Outcome::ignored("departed", "it left");
        assert!(matches!(decided(departed(), None), Telling::Once(News::AccountDeparted, _)));
        assert_eq!(decided(departed(), Some(told("departed", 9e9, true))), Telling::Nothing);
        let excluded = || Outcome::ignored("excluded", "x");
        assert_eq!(decided(excluded(), None), Telling::Nothing);
        assert_eq!(decided(excluded(), Some(told("foreign_role", 1.0, true))), Telling::Forget);
        let other = Outcome::ignored("not_for_us", "x");
        assert_eq!(decided(other, Some(told("foreign_role", 1.0, true))), Telling::Nothing);
    }

    #[test]
    fn a_memory_is_kept_as_json() {
        let (code, by) = ("foreign_role".to_owned(), "message-1".to_owned());
        let memory = Told { code, at: 1_795_361_783.5, by, confirmed: true };
        insta::assert_snapshot!(memory.to_text(), @r#"{"code":"foreign_role","at":1795361783.5,"by":"message-1","confirmed":true}"#);
        assert_eq!(Told::from_text(&memory.to_text()), memory);
    }
}
