use super::*;
use crate::code::Code;
use crate::lines::plain;
use crate::outcome::Outcome;
use crate::plan::{Action, Change, NewRole};
use crate::policy::Document;
use crate::report::{ChangeResult, ChangeStatus, Report};
use crate::role_settings::RoleSettings;
use crate::selection::SkipReason;
use crate::trigger::TriggerKind;

fn report(mode: Mode, account: usize, name: &str, outcome: Outcome) -> Report {
    let id = format!("4444555566{account:02}").parse().unwrap();
    let mut report = Report::new(Some(id), TriggerKind::CommandLine, mode, outcome);
    report.account_name = Some(name.into());
    report
}

fn pending() -> Outcome {
    Outcome::Waiting(Cause::new(Code::ChangesPending, "changes to make", "run `apply` to make them"))
}

fn create(role: &str) -> Change {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},
        "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}]}"#;
    let trust = Document::parse(text).unwrap();
    let new = NewRole { title: "Trelica".to_owned(), settings: RoleSettings::default(), trust };
    Change { role: role.parse().unwrap(), action: Action::CreateRole(Box::new(new)) }
}

fn attach(role: &str, arn: &str) -> Change {
    Change { role: role.parse().unwrap(), action: Action::Attach(arn.to_owned()) }
}

fn with(mut report: Report, status: &ChangeStatus, changes: &[Change]) -> Report {
    let step = |change: &Change| ChangeResult { change: change.clone(), status: status.clone() };
    report.changes = changes.iter().map(step).collect();
    report
}

fn skipped(id: &str, name: Option<&str>, reason: SkipReason) -> SkippedAccount {
    SkippedAccount { id: Some(id.parse().unwrap()), name: name.map(Into::into), reason }
}

fn planned() -> Overview {
    let mut overview = Overview::new(
        Mode::Plan,
        vec![
            skipped("111122223333", Some("management"), SkipReason::Management),
            skipped("999900001111", Some("sand\u{1b}[2Jbox"), SkipReason::Excluded),
            skipped("999900002222", None, SkipReason::Excluded),
        ],
    );
    for account in 0..1200 {
        let mut converged = report(Mode::Plan, 0, "same", Outcome::Converged);
        converged.account_id = Some(format!("{account:012}").parse().unwrap());
        overview.add(&converged);
    }
    let planned = |account, name: &str, changes: &[Change]| {
        with(report(Mode::Plan, account, name, pending()), &ChangeStatus::Planned, changes)
    };
    for account in (0..8).rev() {
        let own = format!("arn:aws:iam::4444555566{account:02}:policy/own");
        let changes = [create("TrelicaIntegration"), attach("TrelicaIntegration", &own)];
        overview.add(&planned(account, &format!("payments-{account}"), &changes));
    }
    overview.add(&planned(20, "a\u{202e}b", &[create("OtherRole")]));
    overview.add(&planned(21, "drifted", &[attach("Reader", "arn:aws:iam::444455556621:policy/own")]));
    let no_access = |account: usize, name: &str| {
        let message = format!("account 4444555566{account} ({name}) was invited and has no access role");
        let cause = Cause::new(Code::NoAccessRole, message, format!("create the role in account 4444555566{account}"));
        report(Mode::Plan, account, name, Outcome::Blocked(cause))
    };
    overview.add(&no_access(30, "acquired"));
    overview.add(&no_access(31, "acquired-too"));
    let throttled = Cause::retried(Code::Throttled, "sts:AssumeRole was throttled");
    overview.add(&report(Mode::Plan, 40, "busy", Outcome::Waiting(throttled)));
    let mut noted = report(Mode::Plan, 50, "noted", Outcome::Converged);
    noted.notices.push("role `Old` is no longer configured and is still present".to_owned());
    overview.add(&noted);
    overview
}

#[test]
fn plan_starts_with_the_counts_and_shows_each_kind_of_change_once() {
    insta::assert_snapshot!(plain(&planned().lines()), @"
    1,217 accounts: 1,201 converged, 10 need changes, 1 waiting, 2 blocked, 3
    skipped (management account, 2 excluded)

    8 accounts: these 2 changes
      444455556600 (payments-0), 444455556601 (payments-1), 444455556602
      (payments-2), 444455556603 (payments-3), 444455556604 (payments-4) and 3 more

      + create role `TrelicaIntegration` for Trelica
          trusts account 377450845233 with an external ID (hidden)
      + attach arn:aws:iam::{account-id}:policy/own to role `TrelicaIntegration`

    2 accounts differ

    1 account: this change
      444455556621 (drifted)

      + attach arn:aws:iam::444455556621:policy/own to role `Reader`

    1 account: this change
      444455556620 (a?b)

      + create role `OtherRole` for Trelica
          trusts account 377450845233 with an external ID (hidden)

    Blocked
      2 accounts: no_access_role
          444455556630 (acquired), 444455556631 (acquired-too)
          account {account-id} ({account-name}) was invited and has no access role
          Fix:  create the role in account {account-id}
          See docs/TROUBLESHOOTING.md#no_access_role

    Waiting
      1 account: throttled
          444455556640 (busy)
          sts:AssumeRole was throttled
          Fix:  run again later

    Notes
      1 account: role `Old` is no longer configured and is still present
          444455556650 (noted)

    Skipped
      1 account: management account
          111122223333 (management)
          it is the management account, which is never changed
      2 accounts: excluded
          999900001111 (sand?[2Jbox), 999900002222
          the configuration excludes it
    ");
}

#[test]
fn result_says_what_was_done_and_what_was_not_started() {
    let mut overview = Overview::new(Mode::Apply, Vec::new());
    for account in 0..2 {
        let changes = [create("TrelicaIntegration"), attach("TrelicaIntegration", "arn:aws:iam::aws:policy/A")];
        let done = report(Mode::Apply, account, "payments", Outcome::Converged);
        overview.add(&with(done, &ChangeStatus::Done, &changes));
    }
    let changed = Cause::new(Code::PlanChanged, "the account changed since the plan was made", "plan again");
    overview.add(&report(Mode::Apply, 2, "moved", Outcome::Blocked(changed)));
    overview.add_not_started(3);
    insta::assert_snapshot!(plain(&overview.lines()), @"
    6 accounts: 2 converged, 1 blocked, 3 not started
    4 changes made in 2 accounts.

    Blocked
      1 account: plan_changed
          444455556602 (moved)
          the account changed since the plan was made
          Fix:  plan again
          See docs/TROUBLESHOOTING.md#plan_changed
    ");
}

#[test]
fn run_that_was_interrupted_before_all_accounts_were_listed_says_so() {
    let mut overview = Overview::new(Mode::Plan, Vec::new());
    overview.add(&report(Mode::Plan, 0, "payments", Outcome::Converged));
    overview.add_not_started(2);
    overview.set_partly_listed();
    insta::assert_snapshot!(overview.summary(), @"3 accounts: 1 converged, 2 not started, others not listed");
}

#[test]
fn one_account_with_changes_is_shown_as_it_is() {
    let mut overview = Overview::new(Mode::Plan, Vec::new());
    let changes = [attach("Reader", "arn:aws:iam::444455556607:policy/own")];
    overview.add(&with(report(Mode::Plan, 7, "payments", pending()), &ChangeStatus::Planned, &changes));
    insta::assert_snapshot!(plain(&overview.lines()), @"
    1 account: 1 needs changes

    1 account: this change
      444455556607 (payments)

      + attach arn:aws:iam::444455556607:policy/own to role `Reader`
    ");
}

#[test]
fn no_external_id_is_printed() {
    let all = plain(&planned().lines());
    assert!(all.contains("external ID (hidden)") && !all.contains("s3cret"), "{all}");
}

#[test]
fn many_kinds_of_changes_are_not_all_shown() {
    let mut overview = Overview::new(Mode::Plan, Vec::new());
    for account in 10..60 {
        let changes = [attach(&format!("Reader{account}"), "arn:aws:iam::aws:policy/A")];
        overview.add(&with(report(Mode::Plan, account, "x", pending()), &ChangeStatus::Planned, &changes));
    }
    let text = plain(&overview.lines());
    assert!(text.contains("30 accounts in other groups; `--format json` has every account"), "{text}");
}
