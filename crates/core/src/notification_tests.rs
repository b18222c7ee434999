use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::code::Code;
use crate::trigger::TriggerKind;

const DAY: u64 = 86_400;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_361_783)
}

fn report(outcome: Outcome) -> Report {
    Report::new(Some("444455556666".parse().unwrap()), TriggerKind::CreateAccount, Mode::Apply, outcome)
}

/// The report of a converged account that joined this many days ago.
fn converged(days: u64) -> Report {
    Report { joined_at: Some(now() - Duration::from_secs(days * DAY)), ..report(Outcome::Converged) }
}

/// The same, with a change that was applied.
fn changed(days: u64) -> Report {
    let action = crate::plan::Action::Attach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    let change = crate::plan::Change { role: "AcmeRead".parse().unwrap(), action };
    let step = crate::report::ChangeResult { change, status: crate::report::ChangeStatus::Done };
    Report { changes: vec![step], ..converged(days) }
}

fn recorded(notified: &str, age: u64) -> NotificationRecord {
    NotificationRecord { notified: notified.to_owned().into(), at: now() - Duration::from_secs(age) }
}

fn decided(report: &Report, record: Option<NotificationRecord>) -> NotificationDecision {
    decide(report, record.as_ref(), now())
}

/// The decision as one word. For `AccountOnboarded`: whether it is notified for the first time.
fn word(decision: &NotificationDecision) -> &'static str {
    match decision {
        NotificationDecision::Nothing => "nothing",
        NotificationDecision::Forget => "forget",
        NotificationDecision::RecordStarted => "started",
        NotificationDecision::Notify { kind: EventKind::AccountOnboarded, first: true, .. } => "first",
        NotificationDecision::Notify { kind: EventKind::AccountOnboarded, .. } => "again",
        NotificationDecision::Notify { kind, .. } => kind.detail_type(),
    }
}

/// A report of a run that also revoked the sessions of a role.
fn with_revocation(mut report: Report) -> Report {
    let revocation = crate::plan::SessionRevocation {
        role_id: None,
        reason: crate::plan::RevocationReason::TrustDiffers,
        before: None,
        compared_at: now(),
        issued_before: now(),
        after: crate::policy::revocation_policy(now()).unwrap(),
    };
    let action = crate::plan::Action::RevokeSessions(Box::new(revocation));
    let change = crate::plan::Change { role: "AcmeRead".parse().unwrap(), action };
    report.changes.push(crate::report::ChangeResult { change, status: crate::report::ChangeStatus::Done });
    report
}

#[test]
fn revocation_of_sessions_is_notified_whatever_was_notified_before() {
    let moments_ago = || Some(recorded("onboarded", 1));
    assert_eq!(word(&decided(&changed(1), moments_ago())), "nothing", "it belongs to the same onboarding");
    assert_eq!(word(&decided(&with_revocation(changed(1)), moments_ago())), "again");
    let blocked = report(Outcome::blocked(Code::ForeignRole, "x", "y"));
    let same_cause = || Some(recorded("foreign_role", 1));
    assert_eq!(word(&decided(&blocked, same_cause())), "nothing");
    assert_eq!(word(&decided(&with_revocation(blocked), same_cause())), "AccountBlocked");
}

#[test]
fn blocked_is_notified_once_for_each_cause() {
    let blocked = report(Outcome::blocked(Code::ForeignRole, "x", "y"));
    let is_notified = |record| word(&decided(&blocked, record)) == "AccountBlocked";
    assert!(is_notified(None));
    assert!(is_notified(Some(recorded("quota_exceeded", 1))), "another cause");
    assert!(is_notified(Some(recorded("onboarded", 1))));
    assert!(!is_notified(Some(recorded("foreign_role", 1_000_000_000))));
    assert!(is_notified(Some(recorded("started", 1))), "an earlier run made changes");
    assert!(is_notified(Some(recorded("", 1))), "a record of nothing");
}

#[test]
fn onboarded_is_notified_once() {
    assert_eq!(word(&decided(&changed(400), None)), "first");
    assert_eq!(word(&decided(&converged(400), None)), "nothing", "no changes in an established account");
    assert_eq!(
        word(&decided(&converged(3), None)),
        "first",
        "onboarded by a run that was interrupted before it published"
    );
    assert_eq!(word(&decided(&report(Outcome::Converged), None)), "nothing", "the time of joining is not known");
    for code in ["foreign_role", "started", "departed", ""] {
        assert_eq!(word(&decided(&converged(400), Some(recorded(code, 1)))), "first", "{code}");
    }
}

#[test]
fn onboarded_is_notified_again_if_drift_is_repaired() {
    let onboarded = |age| Some(recorded("onboarded", age));
    assert_eq!(word(&decided(&converged(1), onboarded(100_000))), "nothing");
    assert_eq!(word(&decided(&changed(1), onboarded(300))), "nothing", "two runs at the same time");
    assert_eq!(word(&decided(&changed(1), onboarded(700))), "again");
    assert_eq!(word(&decided(&converged(20), onboarded(16 * DAY))), "forget");
    assert_eq!(word(&decided(&changed(20), onboarded(16 * DAY))), "again");
}

#[test]
fn record_without_account_is_deleted_on_success() {
    let sweep = Report { account_id: None, ..report(Outcome::Converged) };
    assert_eq!(word(&decided(&sweep, None)), "nothing");
    assert_eq!(word(&decided(&sweep, Some(recorded("own_permission_missing", 1)))), "forget");
}

#[test]
fn waiting_is_notified_when_retries_are_exhausted() {
    let waiting = report(Outcome::waiting(Code::Throttled, "slow"));
    assert_eq!(word(&decided(&waiting, None)), "nothing");
    let started = Report { outcome: waiting.outcome.clone(), ..changed(1) };
    assert_eq!(word(&decided(&started, None)), "started");
    assert_eq!(word(&decided(&started, Some(recorded("started", 1)))), "nothing");
    let retries_exhausted = report(Outcome::blocked(Code::RetriesExhausted, "x", "y"));
    assert_eq!(word(&decided(&retries_exhausted, None)), "AccountBlocked");
}

#[test]
fn departed_is_notified_once_and_the_record_of_an_excluded_account_is_deleted() {
    let departed = report(Outcome::ignored(Code::Departed, "it left"));
    assert_eq!(word(&decided(&departed, None)), "AccountDeparted");
    let left = || Some(recorded("departed", 9_000_000_000));
    assert_eq!(word(&decided(&departed, left())), "nothing");
    for code in [Code::AccountNotActive, Code::NotAMember] {
        assert_eq!(word(&decided(&report(Outcome::blocked(code, "x", "y")), left())), "nothing", "{code}");
    }
    assert_eq!(word(&decided(&report(Outcome::blocked(Code::ForeignRole, "x", "y")), left())), "AccountBlocked");
    let excluded = report(Outcome::ignored(Code::Excluded, "x"));
    assert_eq!(word(&decided(&excluded, None)), "nothing");
    assert_eq!(word(&decided(&excluded, Some(recorded("foreign_role", 1)))), "forget");
    let other = report(Outcome::ignored(Code::NotApplicable, "x"));
    assert_eq!(word(&decided(&other, Some(recorded("foreign_role", 1)))), "nothing");
}

#[test]
fn plan_is_not_notified() {
    let plan = Report { mode: Mode::Plan, ..changed(1) };
    assert_eq!(word(&decided(&plan, Some(recorded("foreign_role", 1)))), "nothing");
}

#[test]
fn drift_that_is_only_reported_is_notified_once_for_each_plan() {
    let planned = |trigger, policies: &[&str]| {
        let step = |policy: &&str| {
            let action = crate::plan::Action::Attach((*policy).to_owned());
            let change = crate::plan::Change { role: "AcmeRead".parse().unwrap(), action };
            crate::report::ChangeResult { change, status: crate::report::ChangeStatus::Planned }
        };
        let outcome = match policies {
            [] => Outcome::Converged,
            _ => Outcome::waiting(Code::ChangesPending, "changes to make"),
        };
        let changes = policies.iter().map(step).collect();
        Report { mode: Mode::Plan, trigger, changes, ..report(outcome) }
    };
    let swept = planned(TriggerKind::Sweep, &["one"]);
    let NotificationDecision::Notify { kind, notified, cause, .. } = decided(&swept, None) else { panic!("an event") };
    assert_eq!((kind.detail_type(), cause.map(|cause| cause.code)), ("AccountDrifted", Some(Code::ChangesPending)));
    let recorded_as = |notified: &Notified| Some(recorded(&String::from(notified.clone()), 1));
    assert_eq!(word(&decided(&swept, recorded_as(&notified))), "nothing");
    assert_eq!(word(&decided(&planned(TriggerKind::MoveAccount, &["one"]), recorded_as(&notified))), "nothing");
    for policies in [&["two"][..], &["one", "two"]] {
        let other = planned(TriggerKind::MoveAccount, policies);
        assert_eq!(word(&decided(&other, recorded_as(&notified))), "AccountDrifted", "{policies:?}");
    }
    assert_eq!(word(&decided(&swept, Some(recorded("onboarded", 1)))), "AccountDrifted");

    let converged = planned(TriggerKind::Sweep, &[]);
    assert_eq!(word(&decided(&converged, recorded_as(&notified))), "forget");
    assert_eq!(word(&decided(&converged, Some(recorded("onboarded", 100 * DAY)))), "nothing");
    let blocked = Report { outcome: Outcome::blocked(Code::ForeignRole, "x", "y"), ..swept.clone() };
    assert_eq!(word(&decided(&blocked, None)), "nothing");
    for trigger in [TriggerKind::Manual, TriggerKind::CommandLine] {
        assert_eq!(word(&decided(&planned(trigger, &["one"]), None)), "nothing", "a person asked for it");
    }
}

#[test]
fn subject_of_a_notification_is_stored_as_a_string() {
    for (notified, stored) in [
        (Notified::Started, "started"),
        (Notified::Onboarded, "onboarded"),
        (Notified::Cause("a b:c".to_owned()), "a b:c"),
    ] {
        assert_eq!(String::from(notified.clone()), stored);
        assert_eq!(Notified::from(stored.to_owned()), notified);
    }
}
