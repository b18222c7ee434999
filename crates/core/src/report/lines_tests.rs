use super::*;
use crate::caller_identity::Callers;
use crate::lines::{plain, render};
use crate::mode::Mode;
use crate::observed::Observed;
use crate::outcome::Stop;
use crate::plan::sample::{NOW, blueprint, converged, document, drifted, fresh, recorded};
use crate::plan::{Approved, Refusal, diff, guard, predicted, proofs};
use crate::report::ChangeResult;
use crate::trigger::TriggerKind;

/// The report of a plan for the blueprint of the unit tests.
fn planned(observed: &Observed, outcome: Outcome) -> Report {
    let blueprint = blueprint();
    let approved: Approved =
        guard(diff(&blueprint, observed, &recorded(), NOW), &blueprint, observed, &Callers::default());
    let mut report = Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Plan, outcome);
    report.account_name = Some("payments-dev\u{1b}[31m".into());
    report.access_role = Some(observed.access_role.clone());
    let step = |change: &crate::plan::Change| ChangeResult { change: change.clone(), status: ChangeStatus::Planned };
    report.changes = approved.changes().iter().map(step).collect();
    report.refusals = approved.refusals().to_vec();
    report.notices = approved.notices().iter().map(ToString::to_string).collect();
    report.proofs = proofs(&blueprint, observed);
    if !approved.changes().is_empty() {
        report.proofs_after = proofs(&blueprint, &predicted(observed, approved.changes()));
    }
    report
}

/// The links of the account with the blueprint of the unit tests.
fn links() -> Vec<crate::console::ConsoleLink> {
    let config = r#"
        [[access-role.grant]]
        principal = "222233334444"
        [console]
        access-portal = "https://example.awsapps.com/start"
    "#;
    let config = crate::config::Config::parse_without_files(config).unwrap();
    let mut account = blueprint().account;
    account.name = "pay ments\u{202e}&color=x".into();
    crate::console::access_role_links(&config, &account, &fresh().access_role)
}

#[test]
fn links_follow_the_proofs_and_say_when_they_work() {
    let mut report = planned(&fresh(), pending());
    report.links = links();
    let from_links =
        |text: &str| text.lines().skip_while(|line| !line.starts_with("In the")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(from_links(&plan(&report, Detail::Summary)), @"
    In the console, once the changes are made
      switch role    https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=pay%20ments%3F%26color%3Dx&color=fbc8aa
      access portal  https://example.awsapps.com/start/#/console?account_id=444455556666
    ");
    let mut report = planned(&converged(&blueprint()), Outcome::Converged);
    report.links = links();
    insta::assert_snapshot!(from_links(&result(&report)), @"
    In the console
      switch role    https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=pay%20ments%3F%26color%3Dx&color=fbc8aa
      access portal  https://example.awsapps.com/start/#/console?account_id=444455556666

    Converged: nothing to do. All 4 checks hold.
    ");
    let json = serde_json::to_value(&report).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["links"]).unwrap(), @r#"
    [
      {
        "form": "switch_role",
        "role": "OrganizationAccountAccessRole",
        "usable_by": [
          "account 222233334444"
        ],
        "color": "fbc8aa",
        "url": "https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=pay%20ments%3F%26color%3Dx&color=fbc8aa"
      },
      {
        "form": "access_portal",
        "url": "https://example.awsapps.com/start/#/console?account_id=444455556666"
      }
    ]
    "#);
}

fn pending() -> Outcome {
    Outcome::waiting(Code::ChangesPending, "changes to make")
}

fn plan(report: &Report, detail: Detail) -> String {
    plain(&plan_lines(report, detail))
}

fn result(report: &Report) -> String {
    plain(&report_lines(report, None, Detail::Summary))
}

#[test]
fn plan_without_changes_says_that_the_account_matches() {
    let report = planned(&converged(&blueprint()), Outcome::Converged);
    insta::assert_snapshot!(plan(&report, Detail::Summary), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Nothing to do: the account matches its configuration.

    Who can assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID
    ");
}

#[test]
fn plan_of_a_fresh_account_starts_with_its_summary() {
    insta::assert_snapshot!(plan(&planned(&fresh(), pending()), Detail::Summary), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Plan: 3 to add, 1 to change, 0 to remove

      ~ update the trust policy of role `OrganizationAccountAccessRole`
          + trusts account 222233334444

      + create role `Acme`
          trusts account 123456789012 with an external ID (hidden)
          limited by the permissions boundary
          arn:aws:iam::aws:policy/PowerUserAccess
      + put policy `read` on role `Acme`
          allows ec2:DescribeInstances on all resources
      + attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`

    Who will be able to assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID
    ");
}

#[test]
fn verbose_plan_shows_full_documents_and_both_states() {
    insta::assert_snapshot!(plan(&planned(&fresh(), pending()), Detail::Full), @r#"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Plan: 3 to add, 1 to change, 0 to remove

      ~ update the trust policy of role `OrganizationAccountAccessRole`
                {
                  "Effect": "Allow",
                  "Principal": {
          -         "AWS": "arn:aws:iam::111122223333:root"
          +         "AWS": [
          +           "arn:aws:iam::111122223333:root",
          +           "arn:aws:iam::222233334444:root"
          +         ]
                  },
                  "Action": "sts:AssumeRole"
                }

      + create role `Acme`
          + description     Acme reads
          + max session     3600 s
          + boundary        arn:aws:iam::aws:policy/PowerUserAccess
          + tags            account-onboarding = vendor/acme, team = platform
          + trust policy
          + {
          +   "Version": "2012-10-17",
          +   "Statement": [
          +     {
          +       "Effect": "Allow",
          +       "Principal": {
          +         "AWS": "arn:aws:iam::123456789012:root"
          +       },
          +       "Action": "sts:AssumeRole",
          +       "Condition": {
          +         "StringEquals": {
          +           "sts:ExternalId": "(external ID 1, hidden)"
          +         }
          +       }
          +     }
          +   ]
          + }

      + put policy `read` on role `Acme`
          + {
          +   "Version": "2012-10-17",
          +   "Statement": [
          +     {
          +       "Effect": "Allow",
          +       "Action": [
          +         "ec2:DescribeInstances"
          +       ],
          +       "Resource": "*"
          +     }
          +   ]
          + }

      + attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`

    Who can assume what now (configured principals; others are not listed)
      ✗ OrganizationAccountAccessRole  account 222233334444: denied
      · Acme                           Acme, with its external ID: role does not
                                       exist yet
      · Acme                           Acme, without an external ID: role does not
                                       exist yet
      · Acme                           Acme, with a wrong external ID: role does not
                                       exist yet

    Who will be able to assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444: can assume the role
      ✓ Acme                           Acme, with its external ID: can assume the
                                       role
      ✓ Acme                           Acme, without an external ID: denied
      ✓ Acme                           Acme, with a wrong external ID: denied
    "#);
}

#[test]
fn plan_shows_and_counts_a_removal_that_is_part_of_an_edit() {
    let trust = |principals: &str, action: &str| {
        document(&format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":{principals}}},"Action":"{action}"}}]}}"#
        ))
    };
    let shown = |principals: &str, action: &str, detail| {
        let mut report = planned(&converged(&blueprint()), pending());
        let before = trust(r#"["111122223333","333344445555"]"#, "sts:AssumeRole");
        let action = crate::plan::Action::UpdateTrust { before: Some(before), after: trust(principals, action) };
        let change = Change { role: "OrganizationAccountAccessRole".parse().unwrap(), action };
        report.changes = vec![ChangeResult { change, status: ChangeStatus::Planned }];
        let text = plan(&report, detail);
        text.lines().skip(2).take_while(|line| !line.starts_with("Who")).collect::<Vec<_>>().join("\n")
    };
    let granted = r#"["111122223333","222233334444"]"#;
    insta::assert_snapshot!(shown(granted, "sts:AssumeRole", Detail::Summary), @"
    Plan: 0 to add, 1 to change, 1 to remove

      - remove account 333344445555 from the trust policy of role
        `OrganizationAccountAccessRole`
          - trusts account 333344445555
      ~ update the trust policy of role `OrganizationAccountAccessRole`
          + trusts account 222233334444
    ");
    insta::assert_snapshot!(shown(granted, "sts:AssumeRole", Detail::Full), @r#"
    Plan: 0 to add, 1 to change, 1 to remove

      - remove account 333344445555 from the trust policy of role
        `OrganizationAccountAccessRole`
      ~ update the trust policy of role `OrganizationAccountAccessRole`
                  "Principal": {
                    "AWS": [
                      "111122223333",
          -           "333344445555"
          +           "222233334444"
                    ]
                  },
                  "Action": "sts:AssumeRole"
    "#);
    insta::assert_snapshot!(shown(r#"["111122223333"]"#, "sts:*", Detail::Summary), @r#"
    Plan: 0 to add, 1 to change, 1 to remove

      - remove account 333344445555 from the trust policy of role
        `OrganizationAccountAccessRole`
      ~ update the trust policy of role `OrganizationAccountAccessRole`
                  "Effect": "Allow",
                  "Principal": {
                    "AWS": [
          -           "111122223333",
          -           "333344445555"
          +           "111122223333"
                    ]
                  },
          -       "Action": "sts:AssumeRole"
          +       "Action": "sts:*"
                }
              ]
            }
    "#);
    insta::assert_snapshot!(shown(r#"["111122223333"]"#, "sts:AssumeRole", Detail::Summary), @"
    Plan: 0 to add, 0 to change, 1 to remove

      - remove account 333344445555 from the trust policy of role
        `OrganizationAccountAccessRole`
          - trusts account 333344445555
    ");
}

#[test]
fn plan_of_a_drifted_role_shows_each_old_and_new_value() {
    let observed = drifted(|role| {
        role.settings.description = "theirs".to_owned();
        role.settings.tags.insert("team".to_owned(), "other".to_owned());
        role.settings.tags.insert("more".to_owned(), String::new());
        role.attached = ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()].into();
        role.settings.boundary = Some("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
        let trust = role.trust.as_ref().unwrap().to_json();
        role.trust = Ok(document(&trust.replace("s3cret-id", "s3cret-other").replace("StringEquals", "StringLike")));
        let policy =
            document(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#);
        role.policies.insert("theirs".to_owned(), Ok(policy));
    });
    let report = planned(&observed, pending());
    let text = plan(&report, Detail::Full);
    assert!(!text.contains("s3cret"));
    assert!(!plan(&report, Detail::Summary).contains("s3cret"));
    insta::assert_snapshot!(text, @r#"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Plan: 2 to add, 4 to change, 3 to remove

      + revoke the sessions of role `Acme` that were issued before now: its trust
        policy is not as configured
          + {
          +   "Version": "2012-10-17",
          +   "Statement": [
          +     {
          +       "Effect": "Deny",
          +       "Action": [
          +         "*"
          +       ],
          +       "Resource": [
          +         "*"
          +       ],
          +       "Condition": {
          +         "DateLessThan": {
          +           "aws:TokenIssueTime": "1970-01-01T00:00:30Z"
          +         }
          +       }
          +     }
          +   ]
          + }

      - delete policy `theirs` from role `Acme`
          - {
          -   "Version": "2012-10-17",
          -   "Statement": [
          -     {
          -       "Effect": "Allow",
          -       "Action": "*",
          -       "Resource": "*"
          -     }
          -   ]
          - }

      - detach arn:aws:iam::aws:policy/AdministratorAccess from role `Acme`

      ~ update the trust policy of role `Acme`
                  },
                  "Action": "sts:AssumeRole",
                  "Condition": {
          -         "StringLike": {
          -           "sts:ExternalId": "(external ID 1, hidden)"
          +         "StringEquals": {
          +           "sts:ExternalId": "(external ID 2, hidden)"
                    }
                  }
                }

      ~ update the description of role `Acme`
          - theirs
          + Acme reads

      - remove the tags `more` from role `Acme`

      ~ tag role `Acme` with `team`
          + team = platform

      ~ set the permissions boundary of role `Acme` to
        arn:aws:iam::aws:policy/PowerUserAccess
          - arn:aws:iam::aws:policy/AdministratorAccess

      + attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`

    Who can assume what now (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444: can assume the role
      ✗ Acme                           Acme, with its external ID: denied
      ✓ Acme                           Acme, without an external ID: denied
      ✗ Acme                           Acme, with a wrong external ID: can assume
                                       the role

    Who will be able to assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444: can assume the role
      ✓ Acme                           Acme, with its external ID: can assume the
                                       role
      ✓ Acme                           Acme, without an external ID: denied
      ✓ Acme                           Acme, with a wrong external ID: denied
    "#);
}

#[test]
fn plan_with_a_refusal_prints_it_once() {
    let observed = drifted(|role| role.settings.tags.clear());
    let mut report = planned(&observed, Outcome::Converged);
    let Refusal { code, message, remedy, .. } = report.refusals[0].clone();
    report.end(Outcome::blocked(code, message, remedy));
    insta::assert_snapshot!(plan(&report, Detail::Summary), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Who can assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID

      Refused: foreign_role
        role `Acme` already exists and is not managed by this tool (no
        `account-onboarding` tag)
        Fix:  rename one of the two roles, or set `adopt = true` to take it over

    Blocked: foreign_role (1 refusal above)
      See docs/TROUBLESHOOTING.md#foreign_role
    ");
}

#[test]
fn heading_names_the_organizational_unit() {
    let heading = |path: Option<&str>| {
        let mut report = planned(&converged(&blueprint()), Outcome::Converged);
        report.ou_path = path.map(str::to_owned);
        plan(&report, Detail::Summary).lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!(heading(Some("o-1/r-exam/ou-exam-1/444455556666/")), @"Account 444455556666 (payments-dev?[31m), ou-exam-1, via");
    insta::assert_snapshot!(heading(Some("o-1/r-exam/444455556666/")), @"Account 444455556666 (payments-dev?[31m), r-exam, via");
    for unknown in [None, Some("")] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(heading(unknown), @"Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole");
        }
    }
}

#[test]
fn commands_of_a_blocked_account_stay_whole_below_the_remedy() {
    let command = format!("aws iam create-role --role-name {} --assume-role-policy-document '{{}}'", "r".repeat(60));
    let stop = Stop::blocked(Code::NoAccessRole, "the account was invited", "create the role");
    let stop = stop.with_commands(vec![command.clone(), "aws iam attach-role-policy".to_owned()]);
    let report = Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Apply, stop.into());
    insta::assert_snapshot!(result(&report), @"
    Account 444455556666

    Blocked: no_access_role
      the account was invited
      Fix:  create the role
        aws iam create-role --role-name rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr --assume-role-policy-document '{}'
        aws iam attach-role-policy
      See docs/TROUBLESHOOTING.md#no_access_role
    ");
    insta::assert_snapshot!(plain(&[outcome_line(&report)]), @"Blocked: no_access_role");
    assert_eq!(serde_json::to_value(&report).unwrap()["cause"]["commands"][0], command);
}

#[test]
fn report_of_a_fresh_account_lists_every_change_as_done() {
    let mut report = planned(&fresh(), Outcome::Converged);
    report.changes.iter_mut().for_each(|step| step.status = ChangeStatus::Done);
    report.proofs = proofs(&blueprint(), &converged(&blueprint()));
    insta::assert_snapshot!(result(&report), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

      done       update the trust policy of role `OrganizationAccountAccessRole`
      done       create role `Acme`
      done       put policy `read` on role `Acme`
      done       attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`

    Who can assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID

    Converged: 4 changes made. All 4 checks hold.
    ");
}

#[test]
fn report_of_an_interrupted_run_lists_what_was_not_done() {
    let mut report = planned(&fresh(), Outcome::waiting(Code::Throttled, "iam:PutRolePolicy failed: Throttling"));
    let failed = ChangeStatus::Failed("iam:PutRolePolicy failed: Throttling: Rate exceeded".to_owned());
    for (step, status) in
        report.changes.iter_mut().zip([ChangeStatus::Done, ChangeStatus::Done, failed, ChangeStatus::NotTried])
    {
        step.status = status;
    }
    report.proofs = proofs(&blueprint(), &fresh());
    report.notices.push("statement 2 already grants account 222233334444 more".to_owned());
    insta::assert_snapshot!(result(&report), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

      done       update the trust policy of role `OrganizationAccountAccessRole`
      done       create role `Acme`
      failed     put policy `read` on role `Acme`
                 iam:PutRolePolicy failed: Throttling: Rate exceeded
      not tried  attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`

    Who can assume what (configured principals; others are not listed)
      ✗ OrganizationAccountAccessRole  account 222233334444: denied
      · Acme                           Acme, with its external ID: role does not
                                       exist yet
      · Acme                           Acme, without an external ID: role does not
                                       exist yet
      · Acme                           Acme, with a wrong external ID: role does not
                                       exist yet

      note: statement 2 already grants account 222233334444 more

    Waiting: throttled
      iam:PutRolePolicy failed: Throttling
      run again later
    ");
}

#[test]
fn report_without_changes_shows_the_outcome() {
    let ignored = Outcome::ignored(Code::ManagementAccount, "111122223333 is the management account");
    let report = Report::new(None, TriggerKind::Manual, Mode::Apply, ignored);
    insta::assert_snapshot!(result(&report), @"
    Account not known yet

    Ignored: management_account
      111122223333 is the management account
    ");
    let converged = planned(&converged(&blueprint()), Outcome::Converged);
    insta::assert_snapshot!(result(&converged), @"
    Account 444455556666 (payments-dev?[31m), via OrganizationAccountAccessRole

    Who can assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID

    Converged: nothing to do. All 4 checks hold.
    ");
}

#[test]
fn colours_can_be_stripped() {
    let lines = plan_lines(&planned(&fresh(), pending()), Detail::Full);
    assert!(render(&lines).contains('\u{1b}'));
    assert!(!plain(&lines).contains('\u{1b}'));
}

/// Names in an account may hold anything: no line of a plan or report lets them reach the terminal raw.
#[test]
fn hostile_names_are_filtered_in_every_line() {
    let mut report = planned(&drifted(|_| {}), pending());
    let name = "p\u{1b}[2J\u{202e}".to_owned();
    let action = crate::plan::Action::DeletePolicy { name: name.clone(), before: None };
    let change = crate::plan::Change { role: crate::plan::sample::name("Acme"), action };
    let status = ChangeStatus::Failed(name.clone());
    report.changes.push(crate::report::ChangeResult { change, status });
    report.notices.push(name);
    let texts = [plan(&report, Detail::Summary), plan(&report, Detail::Full), result(&report)];
    for lines in texts {
        assert!(lines.contains("p?[2J?"), "{lines}");
        assert!(lines.lines().flat_map(str::chars).all(crate::text::is_printable), "{lines:?}");
    }
}
