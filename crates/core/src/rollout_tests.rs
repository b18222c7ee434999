use super::*;
use crate::last_result::{LastResult, ResultDetails};
use crate::notification::NotificationRecord;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::trigger::TriggerKind;
use std::time::UNIX_EPOCH;

const NEW: &str = "new-hash";
const UNIT: &str = "ou-ab12-cdef3456";
const IN_UNIT: &str = "o-exampleorg1/r-ab12/ou-ab12-cdef3456/ou-ab12-00000001/444455556666/";
const ELSEWHERE: &str = "o-exampleorg1/r-ab12/444455556666/";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn record(outcome: Outcome, configuration: &str) -> Record {
    let report = Report::new(Some(id("444455556666")), TriggerKind::Sweep, Mode::Apply, outcome);
    let details = ResultDetails { configuration: configuration.to_owned(), ..ResultDetails::default() };
    Record { result: Some(LastResult::new(&report, &details, None, UNIX_EPOCH)), ..Record::default() }
}

fn rollout(notified: Notified) -> Record {
    Record { notification: Some(NotificationRecord { notified, at: UNIX_EPOCH }), ..Record::default() }
}

fn settings(repair: Repair, canary: &[&str]) -> SweepSettings {
    SweepSettings { repair, canary: canary.iter().map(|member| member.parse().unwrap()).collect() }
}

#[test]
fn canary_is_an_account_or_every_account_of_a_unit() {
    let canary = settings(Repair::Apply, &[UNIT, "111122223333"]);
    assert!(canary.is_canary(&id("111122223333"), None));
    assert!(canary.is_canary(&id("444455556666"), Some(IN_UNIT)));
    assert!(!canary.is_canary(&id("444455556666"), Some(ELSEWHERE)));
    assert!(!canary.is_canary(&id("444455556666"), None), "its unit is not known");
    assert!(!canary.is_canary(&id("444455556666"), Some("o-exampleorg1/r-ab12/ou-ab12-cdef34567/444455556666/")));
}

#[test]
fn accounts_outside_the_canary_are_held_until_the_configuration_is_released() {
    let canary = settings(Repair::Apply, &[UNIT]);
    let converged = record(Outcome::Converged, "old-hash");
    let held = |path, rollout: Option<&Record>| {
        let record = rollout.map(|_| &converged);
        canary.held(&id("444455556666"), Some(path), record, rollout, NEW)
    };
    let old = rollout(released("old-hash"));
    assert_eq!(held(ELSEWHERE, Some(&Record::default())), Some(Held::Canary));
    assert_eq!(held(ELSEWHERE, Some(&old)), Some(Held::Canary));
    assert_eq!(held(ELSEWHERE, Some(&rollout(released(NEW)))), None);
    assert_eq!(held(ELSEWHERE, Some(&rollout(swept(NEW)))), None);
    assert_eq!(held(IN_UNIT, Some(&old)), None);
    assert_eq!(held(IN_UNIT, None), None);
    assert_eq!(held(ELSEWHERE, None), Some(Held::Unknown), "no records are stored");
    let missed = canary.held(&id("444455556666"), Some(ELSEWHERE), Some(&Record::default()), Some(&old), NEW);
    assert_eq!(missed, None, "its event was lost: a canary that is blocked must not keep it from being onboarded");
    let reported = record(Outcome::waiting(Code::ChangesPending, "x"), "old-hash");
    let reported = canary.held(&id("444455556666"), Some(ELSEWHERE), Some(&reported), Some(&old), NEW);
    assert_eq!(reported, Some(Held::Canary), "it existed before the deployment");
}

#[test]
fn only_accounts_that_never_converged_are_changed_if_repairs_are_reported() {
    let report = settings(Repair::Report, &[]);
    let held = |record: Option<&Record>| {
        let rollout = record.map(|_| Record::default());
        report.held(&id("444455556666"), Some(ELSEWHERE), record, rollout.as_ref(), NEW)
    };
    assert_eq!(held(Some(&record(Outcome::Converged, "old-hash"))), Some(Held::Repair));
    assert_eq!(held(Some(&record(Outcome::waiting(Code::AccessRoleNotReady, "x"), NEW))), None);
    assert_eq!(held(Some(&Record::default())), None, "its event was lost");
    assert_eq!(held(None), Some(Held::Unknown));
}

#[test]
fn nothing_is_held_by_default_and_the_mode_is_never_more_than_allowed() {
    let default = SweepSettings::default();
    assert!(!default.hold_back());
    assert_eq!(default.held(&id("444455556666"), None, None, None, NEW), None);
    assert_eq!(SweepSettings::mode(None, Mode::Apply), Mode::Apply);
    assert_eq!(SweepSettings::mode(None, Mode::Plan), Mode::Plan);
    assert_eq!(SweepSettings::mode(Some(Held::Canary), Mode::Apply), Mode::Plan);
}

#[test]
fn configuration_is_released_when_all_accounts_of_the_canary_converged_with_it() {
    let converged = || record(Outcome::Converged, NEW);
    let member = |number: usize, record: Record| (id(&format!("{number:012}")), record);
    let progress = |records: Vec<Record>| {
        let members: Vec<_> = records.into_iter().enumerate().map(|(number, record)| member(number, record)).collect();
        super::progress(&members, NEW).to_string()
    };
    let all = [
        progress(vec![converged(), converged()]),
        progress(vec![converged(), record(Outcome::Converged, "old-hash")]),
        progress(vec![converged(), Record::default()]),
        progress(vec![record(Outcome::waiting(Code::ChangesPending, "x"), NEW)]),
        progress(vec![record(Outcome::blocked(Code::ForeignRole, "x", "y"), "old-hash"), converged()]),
        progress(vec![converged(), record(Outcome::blocked(Code::ForeignRole, "x", "y"), NEW)]),
        progress(vec![]),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    all accounts of the canary have converged with this configuration
    1 of 2 accounts of the canary converged with this configuration, and 000000000001 has not yet
    1 of 2 accounts of the canary converged with this configuration, and 000000000001 has not yet
    0 of 1 account of the canary converged with this configuration, and 000000000000 has not yet
    1 of 2 accounts of the canary converged with this configuration, and 000000000000 has not yet
    account 000000000001 of the canary is blocked (foreign_role)
    the canary contains no active account
    ");
}
