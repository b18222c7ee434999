use super::*;

const NOW: f64 = 1_795_361_783.0;

fn report(outcome: Outcome) -> Report {
    Report::new(Some("444455556666".parse().unwrap()), "create_account", Mode::Apply, outcome)
}

/// A report of an account that joined so many days ago.
fn converged(days: f64) -> Report {
    Report { joined_at: Some((NOW - days * DAY) as i64), ..report(Outcome::Converged) }
}

/// The same, with a change that was made.
fn changed(days: f64) -> Report {
    let action = crate::plan::Action::Attach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    let change = crate::plan::Change { role: "AcmeRead".parse().unwrap(), action };
    let step = crate::report::Step { change, status: crate::report::Status::Done };
    Report { changes: vec![step], ..converged(days) }
}

fn memory(code: &str, age: f64, confirmed: bool) -> NotificationRecord {
    NotificationRecord { code: code.to_owned(), at: NOW - age, by: "another".to_owned(), confirmed }
}

fn decided(report: &Report, memory: Option<NotificationRecord>) -> NotificationDecision {
    decide(report, memory.as_ref(), "us", NOW)
}

/// In a word: the news, with a mark where it is for the first time.
fn word(telling: &NotificationDecision) -> &'static str {
    match telling {
        NotificationDecision::Nothing => "nothing",
        NotificationDecision::Forget => "forget",
        NotificationDecision::Begun => "begun",
        NotificationDecision::Tell { news: EventKind::AccountOnboarded, first: true, .. } => "first",
        NotificationDecision::Tell { news: EventKind::AccountOnboarded, .. } => "again",
        NotificationDecision::Tell { news, .. } => news.detail_type(),
    }
}

#[test]
fn blocked_is_told_once_for_each_cause() {
    let blocked = report(Outcome::blocked("foreign_role", "x", "y"));
    let is_told = |memory| word(&decided(&blocked, memory)) == "AccountBlocked";
    assert!(is_told(None));
    assert!(is_told(Some(memory("quota_exceeded", 1.0, true))), "of another cause");
    assert!(is_told(Some(memory(ONBOARDED, 1.0, true))));
    assert!(!is_told(Some(memory("foreign_role", 1e9, true))));
    assert!(!is_told(Some(memory("foreign_role", 599.0, false))), "another run may be telling it");
    assert!(is_told(Some(memory("foreign_role", 600.0, false))), "that run was killed");
    let ours = NotificationRecord { by: "us".to_owned(), ..memory("foreign_role", 1.0, false) };
    assert!(is_told(Some(ours)), "by an earlier try of ours");
    assert!(is_told(Some(NotificationRecord::from_text("somebody's text"))));
}

#[test]
fn onboarded_is_told_once() {
    assert_eq!(word(&decided(&changed(400.0), None)), "first");
    assert_eq!(word(&decided(&converged(400.0), None)), "nothing", "a look");
    assert_eq!(word(&decided(&converged(3.0), None)), "first", "by a run that could not tell");
    assert_eq!(word(&decided(&report(Outcome::Converged), None)), "nothing", "who knows since when");
    for code in ["foreign_role", STARTED, "departed", ""] {
        assert_eq!(word(&decided(&converged(400.0), Some(memory(code, 1.0, true)))), "first", "{code}");
    }
}

#[test]
fn onboarded_is_told_again_where_a_drift_is_repaired() {
    let connected = |age, confirmed| Some(memory(ONBOARDED, age, confirmed));
    assert_eq!(word(&decided(&converged(1.0), connected(1e5, true))), "nothing");
    assert_eq!(word(&decided(&changed(1.0), connected(300.0, true))), "nothing", "by two runs at the same time");
    assert_eq!(word(&decided(&changed(1.0), connected(300.0, false))), "nothing");
    assert_eq!(word(&decided(&changed(1.0), connected(700.0, true))), "again");
    assert_eq!(word(&decided(&converged(1.0), connected(700.0, false))), "first", "that run was killed");
    assert_eq!(word(&decided(&converged(20.0), connected(16.0 * DAY, true))), "forget");
    assert_eq!(word(&decided(&changed(20.0), connected(16.0 * DAY, true))), "again");
}

#[test]
fn what_is_about_no_account_is_forgotten_once_it_is_well() {
    let sweep = Report { account_id: None, ..report(Outcome::Converged) };
    assert_eq!(word(&decided(&sweep, None)), "nothing");
    assert_eq!(word(&decided(&sweep, Some(memory("own_permission_missing", 1.0, true)))), "forget");
}

#[test]
fn a_wait_is_told_when_it_is_given_up() {
    let waiting = report(Outcome::waiting("throttled", "slow"));
    assert_eq!(word(&decided(&waiting, None)), "nothing");
    let begun = Report { outcome: waiting.outcome.clone(), ..changed(1.0) };
    assert_eq!(word(&decided(&begun, None)), "begun");
    assert_eq!(word(&decided(&begun, Some(memory(STARTED, 1.0, false)))), "nothing");
    let retries_exhausted = report(Outcome::blocked("retries_exhausted", "x", "y"));
    assert_eq!(word(&decided(&retries_exhausted, None)), "AccountBlocked");
}

#[test]
fn departed_is_told_once_and_what_is_excluded_is_forgotten() {
    let departed = report(Outcome::ignored("departed", "it left"));
    assert_eq!(word(&decided(&departed, None)), "AccountDeparted");
    let left = || Some(memory("departed", 9e9, true));
    assert_eq!(word(&decided(&departed, left())), "nothing");
    for code in ["account_not_active", "not_a_member"] {
        assert_eq!(word(&decided(&report(Outcome::blocked(code, "x", "y")), left())), "nothing", "{code}");
    }
    assert_eq!(word(&decided(&report(Outcome::blocked("foreign_role", "x", "y")), left())), "AccountBlocked");
    let excluded = report(Outcome::ignored("excluded", "x"));
    assert_eq!(word(&decided(&excluded, None)), "nothing");
    assert_eq!(word(&decided(&excluded, Some(memory("foreign_role", 1.0, true)))), "forget");
    let other = report(Outcome::ignored("not_applicable", "x"));
    assert_eq!(word(&decided(&other, Some(memory("foreign_role", 1.0, true)))), "nothing");
}

#[test]
fn a_plan_tells_nothing() {
    let plan = Report { mode: Mode::Plan, ..changed(1.0) };
    assert_eq!(word(&decided(&plan, Some(memory("foreign_role", 1.0, true)))), "nothing");
}

#[test]
fn a_memory_is_kept_as_json() {
    let (code, by) = ("foreign_role".to_owned(), "message-1".to_owned());
    let memory = NotificationRecord { code, at: 1_795_361_783.5, by, confirmed: true };
    insta::assert_snapshot!(memory.to_text(), @r#"{"code":"foreign_role","at":1795361783.5,"by":"message-1","confirmed":true}"#);
    assert_eq!(NotificationRecord::from_text(&memory.to_text()), memory);
}
