use super::*;
use crate::audit::sample::{at, audit, converged};
use crate::audit::{Audit, audit_csv, audit_html, audit_json, audit_lines};
use crate::last_result::LastResult;
use crate::lease::Lease;
use crate::lines::plain;

fn record() -> Record {
    let role: RoleName = "Workload_Security_Role_Cross".parse().unwrap();
    let registration = RecordedRegistration {
        id: 7,
        registered_at: at(0),
        tenant: "https://workload.us-1.cloudone.trendmicro.com/api /ws/key".to_owned(),
    };
    Record {
        result: Some(LastResult { name: Some("payments-old".to_owned()), ..converged() }),
        roles: [(role.clone(), "AROADBQP57FF2AEXAMPLE".parse().unwrap())].into(),
        registrations: [(role, registration)].into(),
        ..Record::default()
    }
}

fn departed(record: &Record) -> Option<DepartedAccount> {
    DepartedAccount::from_record(&"777788889999".parse().unwrap(), record, at(48))
}

/// The audit of the sample, with accounts that have departed.
fn audit_with(departed: Vec<DepartedAccount>) -> Audit {
    Audit { departed, ..audit() }
}

/// The part of a text from this line to the next empty one.
fn section(text: &str, start: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(start)).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn account_is_reported_unless_its_departure_was_processed() {
    let full = record();
    assert!(departed(&full).is_some());
    let none = Default::default();
    let without = Record { registrations: none, ..full.clone() };
    assert!(departed(&without).is_some(), "nothing says that it was processed");
    let expires_at = Some(at(10_000));
    assert_eq!(departed(&Record { expires_at, ..without }), None, "processed");
    assert!(departed(&Record { expires_at, ..full.clone() }).is_some(), "the registration is left");
    assert_eq!(departed(&Record::default()), None, "only a lease was there");
}

#[test]
fn account_that_may_not_be_listed_yet_is_not_reported() {
    let lease = Some(Lease { owner: "run".to_owned(), expires_at: at(49) });
    assert_eq!(departed(&Record { lease, ..record() }), None);
    let expired = Some(Lease { owner: "run".to_owned(), expires_at: at(47) });
    assert!(departed(&Record { lease: expired, ..record() }).is_some());
    let recent = LastResult { recorded_at: at(48), ..converged() };
    let looked_up = LastResult { code: Some(Code::NotAMember), ..recent.clone() };
    assert_eq!(departed(&Record { result: Some(recent), ..record() }), None);
    assert!(departed(&Record { result: Some(looked_up), ..record() }).is_some(), "Organizations did not know it");
}

#[test]
fn text_has_a_section() {
    let shown =
        |count| section(&plain(&audit_lines(&audit_with(vec![departed(&record()).unwrap(); count]))), "No longer");
    insta::assert_snapshot!(shown(1), @"
    No longer in the organization: 1 account
      Their departure was not processed. The registrations with vendors that this
      tool made stay until it is.
      Remedy: run `onboard apply --account ID --records TABLE`: it removes these
      registrations and lets the record expire
        payments-old  777788889999  last run 2026-11-19T11:06:40Z
          registrations: ID 7 for role Workload_Security_Role_Cross at
          https://workload.us-1.cloudone.trendmicro.com/api /ws/key
          roles: Workload_Security_Role_Cross
    ");
    assert!(shown(12).ends_with("\n    and 2 more accounts"));
    assert_eq!(section(&plain(&audit_lines(&audit())), "No longer"), "");
}

#[test]
fn json_csv_and_page_have_them() {
    let audit = audit_with(vec![departed(&record()).unwrap()]);
    let json = audit_json(&audit);
    assert_eq!(json["summary"]["departed"], 1);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["departed"]).unwrap(), @r#"
    [
      {
        "account_id": "777788889999",
        "account_name": "payments-old",
        "last_run": "2026-11-19T11:06:40Z",
        "registrations": [
          {
            "role": "Workload_Security_Role_Cross",
            "id": 7,
            "tenant": "https://workload.us-1.cloudone.trendmicro.com/api /ws/key",
            "registered_at": "2026-11-18T11:06:40Z"
          }
        ],
        "roles": [
          "Workload_Security_Role_Cross"
        ],
        "remedy": "run `onboard apply --account 777788889999 --records TABLE`: it removes these registrations and lets the record expire"
      }
    ]
    "#);
    let csv = audit_csv(&audit);
    insta::assert_snapshot!(csv.lines().find(|line| line.contains("777788889999")).unwrap(), @r#""777788889999","payments-old","","departed","","","","","","","no longer in the organization; registrations: ID 7 for role Workload_Security_Role_Cross at https://workload.us-1.cloudone.trendmicro.com/api /ws/key; roles: Workload_Security_Role_Cross","run `onboard apply --account 777788889999 --records TABLE`: it removes these registrations and lets the record expire","2026-11-19T11:06:40Z","","""#);
    let html = audit_html(&audit);
    let (_, html) = html.split_once("<h2>No longer in the organization</h2>").unwrap();
    insta::assert_snapshot!(html.split_once("</section>").unwrap().0, @"<p>Their departure was not processed. The registrations with vendors that this tool made stay until it is.</p><p><b>Remedy:</b> run <code>onboard apply --account ID --records TABLE</code>: it removes these registrations and lets the record expire</p><table><thead><tr><th>Account</th><th>ID</th><th>Last run</th><th>Registrations</th><th>Roles</th></tr></thead><tbody><tr><td>payments-old</td><td>777788889999</td><td>2026-11-19T11:06:40Z</td><td>ID 7 for role Workload_Security_Role_Cross at https://workload.us-1.cloudone.trendmicro.com/api /ws/key</td><td>Workload_Security_Role_Cross</td></tr></tbody></table>");
    assert!(!audit_html(&super::super::sample::audit()).contains("No longer in the organization"));
}

/// The name of an account, and with it its record, comes from whoever owns the account.
#[test]
fn hostile_records_are_filtered_in_every_format() {
    let mut hostile = record();
    let name = "=cmd()\u{1b}[2J\u{202e}<script>alert(1)</script>";
    hostile.result.as_mut().unwrap().name = Some(name.to_owned());
    hostile.registrations.values_mut().for_each(|one| one.tenant = format!("{name} /key"));
    let audit = audit_with(vec![departed(&hostile).unwrap()]);
    let html = audit_html(&audit);
    let (_, section) = html.split_once("<h2>No longer").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    assert!(!section.contains("<script") && section.contains("&lt;script&gt;"), "{section}");
    let json = crate::text::escaped_json(&audit_json(&audit).to_string());
    for text in [plain(&audit_lines(&audit)), json, audit_csv(&audit), section.to_owned()] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
    let csv = audit_csv(&audit);
    let line = csv.lines().find(|line| line.contains("777788889999")).unwrap();
    assert!(!line.contains(",=cmd") && !line.contains("\"=cmd"), "no cell is a formula: {line}");
}
