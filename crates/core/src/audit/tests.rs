use std::collections::BTreeMap;

use super::sample::{account, at, audit, audit_of, config, converged, drift};
use super::*;
use crate::config::Config;
use crate::handoff::handoffs;
use crate::last_result::{LastResult, Requirement};
use crate::lines::plain;
use crate::record::Record;

#[test]
fn lines_have_summary_coverage_and_remedies() {
    insta::assert_snapshot!(plain(&audit_lines(&audit())), @"
    Audit of 7 accounts
    2026-11-19T12:06:40Z, from the records of earlier runs; configuration
    2e1eb531e734

           2  converged   28.5 %
           1  waiting     14.2 %
           1  never seen  14.2 %
           1  drift       14.2 %
           2  blocked     28.5 %
      1 skipped (management account)
      1 account was last processed with another configuration, to which the statuses
      refer

    Coverage by requirement
      Access role                                             85.7 %  6 of 7          1 not known
      Trend Micro Cloud One Workload Security                 71.4 %  5 of 7          1 missing, 1 not known
      Trend Micro Cloud One Workload Security: registration   85.7 %  6 of 7          1 not known
      Trelica (1Password SaaS Manager)                        71.4 %  5 of 7          1 drift, 1 not known
      app-deployer                                            57.1 %  4 of 7          2 blocked, 1 not known

    Coverage by unit
      Workloads/Prod    0.0 %  0 of 3          2 blocked, 1 waiting
      Sandbox           0.0 %  0 of 1          1 never seen
      Workloads/Dev    50.0 %  1 of 2          1 drift
      Sand?box          100 %  1 of 1

    5 of 5 hand-offs open (`onboard handoff --all`)

    blocked (foreign_role): 2 accounts
      role `app-deployer` of account {account-id} already exists and is not managed
      by this tool
      app-deployer blocked
      Remedy: rename the role, or set `adopt = true`
        payments-prod  444455556667  Workloads/Prod  since 2026-11-19
        search-prod    444455556668  Workloads/Prod  since 2026-11-19

    drift (changes_pending): 1 account
      1 change to make
      Trelica (1Password SaaS Manager) drift
      Remedy: run `apply` to make them
        search-dev  444455556669  Workloads/Dev  since 2026-11-19

    never seen: 1 account
      no run has recorded a result
      Remedy: wait for the next sweep, or run `onboard apply --account ID`; an
      account that joined a moment ago is processed within minutes
        sandbox  444455556670  Sandbox
    ");
}

#[test]
fn csv_has_a_line_for_each_account_and_requirement_and_no_formula() {
    let csv = audit_csv(&audit()).replace("\r\n", "\n");
    assert_eq!(csv.lines().count(), 1 + 7 * 5 + 1);
    assert!(csv.contains("\"'=hostile?[2J\""), "{csv}");
    let some: Vec<_> = csv
        .lines()
        .filter(|line| line.contains("header") || line.contains("444455556667") || line.contains("management"))
        .collect();
    insta::assert_snapshot!(some.join("\n"), @r#"
    "444455556667","payments-prod","Workloads/Prod","blocked","Access role","access_role","OrganizationAccountAccessRole","holds","2026-11-18T11:06:40Z","foreign_role","role `app-deployer` of account 444455556667 already exists and is not managed by this tool","rename the role, or set `adopt = true`","2026-11-19T11:06:40Z","same","trelica"
    "444455556667","payments-prod","Workloads/Prod","blocked","Trend Micro Cloud One Workload Security","vendor_role","Workload_Security_Role_Cross","holds","2026-11-18T11:06:40Z","foreign_role","role `app-deployer` of account 444455556667 already exists and is not managed by this tool","rename the role, or set `adopt = true`","2026-11-19T11:06:40Z","same","trelica"
    "444455556667","payments-prod","Workloads/Prod","blocked","Trend Micro Cloud One Workload Security: registration","registration","Workload_Security_Role_Cross","holds","2026-11-18T11:06:40Z","foreign_role","role `app-deployer` of account 444455556667 already exists and is not managed by this tool","rename the role, or set `adopt = true`","2026-11-19T11:06:40Z","same","trelica"
    "444455556667","payments-prod","Workloads/Prod","blocked","Trelica (1Password SaaS Manager)","vendor_role","TrelicaIntegration","holds","2026-11-18T11:06:40Z","foreign_role","role `app-deployer` of account 444455556667 already exists and is not managed by this tool","rename the role, or set `adopt = true`","2026-11-19T11:06:40Z","same","trelica"
    "444455556667","payments-prod","Workloads/Prod","blocked","app-deployer","role","app-deployer","blocked","2026-11-19T07:06:40Z","foreign_role","role `app-deployer` of account 444455556667 already exists and is not managed by this tool","rename the role, or set `adopt = true`","2026-11-19T11:06:40Z","same","trelica"
    "111122223333","management","","skipped","","","","","","management_account","it is the management account, which is never changed","","","",""
    "#);
}

#[test]
fn json_has_everything() {
    let mut json = audit_json(&audit());
    let accounts = json["accounts"].as_array_mut().unwrap();
    assert_eq!(accounts.len(), 7);
    accounts.retain(|account| account["account_id"] == "444455556667");
    json["configuration"] = "(hash)".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "version": 1,
      "source": "records",
      "made_at": "2026-11-19T12:06:40Z",
      "configuration": "(hash)",
      "summary": {
        "accounts": {
          "blocked": 2,
          "drift": 1,
          "never_seen": 1,
          "waiting": 1,
          "converged": 2
        },
        "skipped": 1,
        "departed": 0,
        "other_configuration": 1,
        "handoffs": {
          "open": 5,
          "done": 0
        },
        "by_requirement": [
          {
            "title": "Access role",
            "required": 7,
            "holds": 6,
            "statuses": {
              "holds": 6,
              "not_known": 1
            }
          },
          {
            "title": "Trend Micro Cloud One Workload Security",
            "required": 7,
            "holds": 5,
            "statuses": {
              "holds": 5,
              "missing": 1,
              "not_known": 1
            }
          },
          {
            "title": "Trend Micro Cloud One Workload Security: registration",
            "required": 7,
            "holds": 6,
            "statuses": {
              "holds": 6,
              "not_known": 1
            }
          },
          {
            "title": "Trelica (1Password SaaS Manager)",
            "required": 7,
            "holds": 5,
            "statuses": {
              "holds": 5,
              "drift": 1,
              "not_known": 1
            }
          },
          {
            "title": "app-deployer",
            "required": 7,
            "holds": 4,
            "statuses": {
              "holds": 4,
              "blocked": 2,
              "not_known": 1
            }
          }
        ],
        "by_unit": [
          {
            "unit": "Workloads/Prod",
            "accounts": 3,
            "statuses": {
              "blocked": 2,
              "waiting": 1
            }
          },
          {
            "unit": "Sandbox",
            "accounts": 1,
            "statuses": {
              "never_seen": 1
            }
          },
          {
            "unit": "Workloads/Dev",
            "accounts": 2,
            "statuses": {
              "drift": 1,
              "converged": 1
            }
          },
          {
            "unit": "Sand?box",
            "accounts": 1,
            "statuses": {
              "converged": 1
            }
          }
        ]
      },
      "requirements": [
        {
          "kind": "access_role",
          "title": "Access role",
          "role": "OrganizationAccountAccessRole"
        },
        {
          "kind": "vendor_role",
          "title": "Trend Micro Cloud One Workload Security",
          "vendor": "workload-security",
          "role": "Workload_Security_Role_Cross"
        },
        {
          "kind": "registration",
          "title": "Trend Micro Cloud One Workload Security: registration",
          "vendor": "workload-security",
          "role": "Workload_Security_Role_Cross"
        },
        {
          "kind": "vendor_role",
          "title": "Trelica (1Password SaaS Manager)",
          "vendor": "trelica",
          "role": "TrelicaIntegration"
        },
        {
          "kind": "role",
          "title": "app-deployer",
          "role": "app-deployer"
        }
      ],
      "accounts": [
        {
          "account_id": "444455556667",
          "account_name": "payments-prod",
          "unit": "Workloads/Prod",
          "status": "blocked",
          "since": "2026-11-19T07:06:40Z",
          "cause": {
            "code": "foreign_role",
            "message": "role `app-deployer` of account 444455556667 already exists and is not managed by this tool",
            "remedy": "rename the role, or set `adopt = true`"
          },
          "requirements": [
            {
              "status": "holds",
              "since": "2026-11-18T11:06:40Z"
            },
            {
              "status": "holds",
              "since": "2026-11-18T11:06:40Z"
            },
            {
              "status": "holds",
              "since": "2026-11-18T11:06:40Z"
            },
            {
              "status": "holds",
              "since": "2026-11-18T11:06:40Z"
            },
            {
              "status": "blocked",
              "since": "2026-11-19T07:06:40Z"
            }
          ],
          "last_run": "2026-11-19T11:06:40Z",
          "first_converged": "2026-11-18T11:06:40Z",
          "last_converged": "2026-11-19T11:06:40Z",
          "configuration": "same",
          "handoffs": [
            {
              "vendor": "trelica",
              "status": "open",
              "changed": false
            }
          ]
        }
      ],
      "skipped": [
        {
          "account_id": "111122223333",
          "account_name": "management",
          "reason": "management_account",
          "message": "it is the management account, which is never changed"
        }
      ],
      "departed": []
    }
    "#);
}

#[test]
fn requirement_of_a_new_configuration_is_not_known() {
    let mut result = converged();
    result.requirements.remove("app-deployer");
    let audit = audit_of([(444455556666, "a".to_owned(), "Root".to_owned(), Some(result))]);
    let statuses: Vec<_> = audit.accounts[0].requirements.iter().map(|one| one.status.as_str()).collect();
    assert_eq!(statuses, ["holds", "holds", "holds", "holds", "not_known"]);
    assert_eq!(audit.accounts[0].requirements[4].since, None);
}

#[test]
fn status_of_an_access_role_is_found_under_each_of_its_names() {
    let text = super::sample::CONFIG.replacen(
        "[[access-role.grant]]",
        "[access-role]\nnames = [\"First\", \"Second\"]\n[[access-role.grant]]",
        1,
    );
    let config = crate::config::Config::parse_without_files(&text).unwrap();
    let requirements = audit_requirements(&config);
    let mut result = converged();
    result.requirements.insert("Second".to_owned(), Requirement::Drift);
    let record = Record { result: Some(result), ..Record::default() };
    let audited = recorded_account(&config, &requirements, &account(444455556666, "a"), "Root", &record);
    assert_eq!(audited.requirements[0].status, Status::Known(Requirement::Drift));
}

#[test]
fn account_is_as_old_as_the_most_urgent_of_its_requirements() {
    let audit = audit();
    let since = |id: &str| audit.accounts.iter().find(|account| account.id.as_str() == id).unwrap().since();
    assert_eq!(since("444455556666"), Some(at(0)), "converged");
    assert_eq!(since("444455556667"), Some(at(20)), "blocked");
    assert_eq!(since("444455556670"), None, "never seen");
    assert_eq!(since("444455556671"), Some(at(24)), "a record of an earlier version: at least since it was written");
}

#[test]
fn handoffs_are_open_until_they_are_recorded_as_done() {
    let config = config();
    let requirements = audit_requirements(&config);
    let account = account(444455556666, "a");
    let open = handoffs(&config, &account, &Default::default());
    let mut record = Record { result: Some(converged()), ..Record::default() };
    let status = |record: &Record| {
        let audited = recorded_account(&config, &requirements, &account, "Root", record);
        audited.handoffs.iter().map(|one| (one.vendor.clone(), one.status.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(status(&record), [("trelica".to_owned(), "open")], "the other vendor is registered");
    record.handoffs.insert("trelica".to_owned(), open[0].fingerprint());
    assert_eq!(status(&record), [("trelica".to_owned(), "done")]);
    let not_due = Record { result: Some(drift()), ..Record::default() };
    assert_eq!(status(&not_due), [], "its role is not as configured");
}

#[test]
fn other_access_role_of_an_account_meets_the_requirement() {
    let other = "\n[[access-role.other]]\nname = 'AcquiredAdmin'\ntargets.accounts = ['444455556666']\n";
    let config = Config::parse_without_files(&format!("{}{other}", super::sample::CONFIG)).unwrap();
    let requirements = audit_requirements(&config);
    let result =
        LastResult { requirements: BTreeMap::from([("AcquiredAdmin".to_owned(), Requirement::Holds)]), ..converged() };
    let record = Record { result: Some(result), ..Record::default() };
    let audited = recorded_account(&config, &requirements, &account(444_455_556_666, "acquired"), "Acquired", &record);
    assert_eq!(audited.requirements.first().map(|one| one.status), Some(Status::Known(Requirement::Holds)));
}
