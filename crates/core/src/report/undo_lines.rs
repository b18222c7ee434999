//! The report of `onboard undo` as lines: the plan as a diff, and the result.

use super::change_lines::change_lines;
use super::detail::Detail;
use super::lines::{ending_lines, heading_line, remarks, status_lines};
use super::model::Report;
use crate::code::Code;
use crate::lines::{Line, Style};
use crate::outcome::{Cause, Outcome};
use crate::policy::Redactor;
use crate::time::to_policy_date;

/// The plan: which run is undone, and what that changes.
#[must_use]
pub fn undo_plan_lines(report: &Report) -> Vec<Line> {
    let mut lines = vec![heading_line(report)];
    if let (Some(undo), false) = (&report.undo, report.changes.is_empty()) {
        let when = to_policy_date(undo.changed_at).unwrap_or_default();
        let text = format!("Undo of run {}, which changed the trust policy of role {} at {when}", undo.run, undo.role);
        lines.extend([Line::blank(), Line::heading(text), Line::blank()]);
    }
    let mut redactor = Redactor::default();
    for step in &report.changes {
        lines.extend(change_lines(&step.change, None, Detail::Full, &mut redactor));
    }
    lines.extend(remarks(report, None));
    let is_pending = |cause: &Cause| cause.code == Code::ChangesPending;
    if !report.outcome.cause().is_some_and(is_pending) {
        lines.push(Line::blank());
        lines.extend(ending(report));
    }
    lines
}

/// The result. Notices of a plan that was `shown` before are not repeated.
#[must_use]
pub fn undo_report_lines(report: &Report, shown: &Report) -> Vec<Line> {
    let mut lines = vec![heading_line(report)];
    lines.extend(status_lines(report));
    lines.extend(remarks(report, Some(shown)));
    lines.push(Line::blank());
    lines.extend(ending(report));
    lines
}

fn ending(report: &Report) -> Vec<Line> {
    match (&report.outcome, &report.undo) {
        (Outcome::Converged, Some(undo)) => {
            let word = if report.done() == 0 { "Nothing to undo" } else { "Restored" };
            let text = format!("{word}: the trust policy of role {} is as it was before run {}.", undo.role, undo.run);
            vec![Line::at(0).styled(Style::Success, text)]
        }
        _ => ending_lines(report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::plain;
    use crate::mode::Mode;
    use crate::outcome::Stop;
    use crate::plan::{Action, Change};
    use crate::policy::Document;
    use crate::report::{ChangeResult, ChangeStatus, UndoneRun};
    use crate::trigger::TriggerKind;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":PRINCIPALS},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}]}"#;

    fn report(mode: Mode, outcome: Outcome, status: Option<ChangeStatus>) -> Report {
        let trust = |principals: &str| Document::parse(&TRUST.replace("PRINCIPALS", principals)).unwrap();
        let before = Some(trust(r#"["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]"#));
        let action = Action::UpdateTrust { before, after: trust(r#""arn:aws:iam::111122223333:root""#) };
        let role = || "OrganizationAccountAccessRole".parse().unwrap();
        let changes = status.map(|status| ChangeResult { change: Change { role: role(), action }, status });
        let undo = UndoneRun {
            run: "command-line-4711-1795629600000".to_owned(),
            changed_at: crate::time::from_unix_seconds(1_795_629_600).unwrap(),
            role: role(),
            role_id: "AROADBQP57FF2AEXAMPLE".parse().unwrap(),
        };
        Report {
            account_name: Some("payments-dev".into()),
            access_role: Some(role()),
            changes: changes.into_iter().collect(),
            notices: vec!["sessions last".to_owned()],
            undo: Some(undo),
            ..Report::new("444455556666".parse().ok(), TriggerKind::CommandLine, mode, outcome)
        }
    }

    fn pending() -> Outcome {
        Outcome::Waiting(Cause::new(Code::ChangesPending, "to be restored", "confirm"))
    }

    #[test]
    fn plan_shows_the_run_the_difference_and_what_to_know() {
        let plan = report(Mode::Plan, pending(), Some(ChangeStatus::Planned));
        let text = plain(&undo_plan_lines(&plan));
        assert!(!text.contains("s3cret"));
        insta::assert_snapshot!(text, @r#"
        Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

        Undo of run command-line-4711-1795629600000, which changed the trust policy of
        role OrganizationAccountAccessRole at 2026-11-25T18:00:00Z

          - remove account 222233334444 from the trust policy of role
            `OrganizationAccountAccessRole`
                    {
                      "Effect": "Allow",
                      "Principal": {
              -         "AWS": [
              -           "arn:aws:iam::111122223333:root",
              -           "arn:aws:iam::222233334444:root"
              -         ]
              +         "AWS": "arn:aws:iam::111122223333:root"
                      },
                      "Action": "sts:AssumeRole",
                      "Condition": {

          note: sessions last
        "#);
        let json = serde_json::to_value(&plan).unwrap();
        insta::assert_snapshot!(json["undo"], @r#"{"run":"command-line-4711-1795629600000","changed_at":"2026-11-25T18:00:00Z","role":"OrganizationAccountAccessRole"}"#);
    }

    #[test]
    fn result_says_whether_the_policy_is_restored() {
        let shown = report(Mode::Plan, pending(), Some(ChangeStatus::Planned));
        let refused = Stop::blocked(Code::UndoRefused, "the policy was changed since", "edit it manually");
        let results = [
            undo_report_lines(&report(Mode::Apply, Outcome::Converged, Some(ChangeStatus::Done)), &shown),
            undo_plan_lines(&report(Mode::Plan, Outcome::Converged, None)),
            undo_plan_lines(&report(Mode::Plan, refused.into(), None)),
        ];
        let texts: Vec<_> = results.iter().map(|lines| plain(lines)).collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

          done       remove account 222233334444 from the trust policy of role
                     `OrganizationAccountAccessRole`

        Restored: the trust policy of role OrganizationAccountAccessRole is as it was
        before run command-line-4711-1795629600000.

        Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

          note: sessions last

        Nothing to undo: the trust policy of role OrganizationAccountAccessRole is as it
        was before run command-line-4711-1795629600000.

        Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

          note: sessions last

        Blocked: undo_refused
          the policy was changed since
          Fix:  edit it manually
          See docs/TROUBLESHOOTING.md#undo_refused
        ");
    }
}
