//! Hand-offs: what a person does at a vendor is in the report and the event until it is recorded as done, and again if its text
//! changes.

use std::time::Duration;

use futures_util::future::join_all;
use onboarding_core::handoff::{Handoff, HandoffStatus, HandoffsDone};
use onboarding_core::handoff_list::csv;
use onboarding_core::last_result::Requirement;
use onboarding_core::lines::plain;
use onboarding_core::report::{Detail, EventKind, plan_lines, report_lines};
use onboarding_simulation::RoleState;

use crate::common::{CONFIG, NEW, OLD, Scenario, TRELICA_ID, TRELICA_ROLE, engine, id, organization, run};
use crate::lambda::account_created;

const VENDOR: &str = "trelica";

fn with_region(region: &str) -> String {
    CONFIG.replace("[vendors.trelica]", &format!("[vendors.trelica]\nhandoff = {{ region = \"{region}\" }}"))
}

fn mark(scenario: &Scenario, status: HandoffStatus) {
    let marked = run(scenario.engine().mark_handoff(&id(scenario.account()), VENDOR, status));
    assert!(marked.unwrap().is_some());
}

/// The hand-offs of the vendor in the report. The other vendor has one, too.
fn handoffs(scenario: &Scenario) -> Vec<&Handoff> {
    scenario.report().handoffs.iter().filter(|handoff| handoff.vendor == VENDOR).collect()
}

fn handoff(scenario: &Scenario) -> &Handoff {
    let all = handoffs(scenario);
    let [one] = all.as_slice() else { panic!("{all:?}") };
    one
}

/// The configuration without the vendor that has a hand-off, too, unless it is registered.
fn with_registration() -> String {
    let registration = "registration = { region = \"us-1\", api-key = { ssm-parameter = \"/onboarding/key\" } }";
    CONFIG.replace("[vendors.workload-security]", &format!("[vendors.workload-security]\n{registration}"))
}

fn text(scenario: &Scenario) -> String {
    plain(&report_lines(scenario.report(), None, Detail::Summary))
}

#[test]
fn report_has_the_values_to_paste_until_the_handoff_is_done() {
    let scenario = Scenario::new().with_new_account().plan();
    assert!(!plain(&plan_lines(scenario.report(), Detail::Summary)).contains("Hand-off"), "not before the changes");
    assert_eq!(handoff(&scenario).status, HandoffStatus::Open);
    let scenario = scenario.apply().assert_outcome("converged");
    let fields: Vec<_> =
        handoff(&scenario).fields.iter().map(|field| (field.label.as_str(), field.value.as_str())).collect();
    assert_eq!(fields, [("AWS account ID", NEW), ("Region", "us-east-1"), ("Role name", TRELICA_ROLE)]);
    let (_, ending) = text(&scenario).split_once("Converged").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    insta::assert_snapshot!(ending, @"
    : 8 changes made. All 8 checks hold.
    Hand-off: Trend Micro Cloud One Workload Security needs Cross Account Role ARN
    arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
    (`onboard handoff --account 444455556666`)
    Hand-off: Trelica (1Password SaaS Manager) needs AWS account ID 444455556666,
    Region us-east-1 and Role name TrelicaIntegration
    (`onboard handoff --account 444455556666`)
    ");

    mark(&scenario, HandoffStatus::Done);
    let scenario = scenario.plan().assert_outcome("converged");
    assert_eq!(handoff(&scenario).status, HandoffStatus::Done);
    assert!(!text(&scenario).contains("Hand-off: Trelica"), "{}", text(&scenario));
    assert!(text(&scenario).contains("Hand-off: Trend Micro"), "{}", text(&scenario));

    let scenario = scenario.config(&with_region("eu-west-1")).plan().assert_outcome("converged");
    assert_eq!((handoff(&scenario).status, handoff(&scenario).changed), (HandoffStatus::Open, true));
    let words = text(&scenario).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("(again: its text has changed since it was done)"), "{words}");
    mark(&scenario, HandoffStatus::Done);
    assert_eq!(handoff(&scenario.plan()).status, HandoffStatus::Done);
}

#[test]
fn undone_handoff_is_open_again() {
    let scenario = Scenario::new().with_onboarded_account();
    mark(&scenario, HandoffStatus::Done);
    mark(&scenario, HandoffStatus::Done);
    mark(&scenario, HandoffStatus::Open);
    let scenario = scenario.plan();
    assert_eq!((handoff(&scenario).status, handoff(&scenario).changed), (HandoffStatus::Open, false));
}

/// Both people read the record before either writes it.
#[test]
fn handoffs_that_are_recorded_at_the_same_time_are_all_kept() {
    let acme = r#"
        [vendors.acme]
        external-id = "acme-external-id"
        [catalogue.acme]
        title = "Acme"
        documentation = ["https://example.com/aws"]
        role = { name = "Acme" }
        trust = { accounts = ["333344445555"], external-id = "required" }
        handoff = { instruction = "paste this", fields = { "Account" = "{account-id}" } }
        [catalogue.acme.permissions.ec2]
        actions = ["ec2:DescribeInstances"]
    "#;
    let scenario = Scenario::new().with_onboarded_account().config(&format!("{CONFIG}{acme}"));
    let (engine, account) = (scenario.engine(), id(NEW));
    let record_both = |status| {
        let both = [VENDOR, "acme"].map(|vendor| engine.mark_handoff(&account, vendor, status));
        run(join_all(both)).into_iter().for_each(|marked| assert!(marked.unwrap().is_some()));
        let calls: Vec<_> = scenario.organization().journal().into_iter().rev().map(|call| call.call).take(4).collect();
        assert_eq!(calls, ["dynamodb:UpdateItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:GetItem"]);
        scenario.organization().record(NEW).handoffs.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(record_both(HandoffStatus::Done), ["acme", VENDOR]);
    assert_eq!(record_both(HandoffStatus::Open), [""; 0]);
}

#[test]
fn runs_keep_what_a_person_recorded() {
    let scenario = Scenario::new().with_onboarded_account();
    mark(&scenario, HandoffStatus::Done);
    let recorded = scenario.organization().record(NEW).handoffs;
    assert_eq!(recorded.keys().collect::<Vec<_>>(), [VENDOR]);
    let scenario = scenario.drift(TRELICA_ROLE, |state| state.policies.clear()).apply().assert_outcome("converged");
    assert_eq!(scenario.organization().record(NEW).handoffs, recorded);
}

/// The vendor could not assume a role that is left unchanged, so that pasting the values would only fail.
#[test]
fn refused_role_has_no_handoff() {
    let foreign = RoleState::trusting(r#"{"Version":"2012-10-17","Statement":[]}"#);
    let scenario = Scenario::new().with_new_account().with_role(TRELICA_ROLE, foreign);
    let scenario = scenario.plan().assert_outcome("blocked foreign_role");
    assert_eq!(handoffs(&scenario), Vec::<&Handoff>::new());
    assert_eq!(handoffs(&scenario.apply()), Vec::<&Handoff>::new());
}

#[test]
fn event_has_exactly_what_to_paste_and_no_external_id() {
    let function = Scenario::new().with_new_account().function();
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(2000));
    let event = function.notifier.events().remove(0);
    assert_eq!(event.kind, EventKind::AccountOnboarded);
    let handoffs = serde_json::to_string_pretty(&event.detail()["handoffs"]).unwrap();
    assert!(!event.detail().to_string().contains(TRELICA_ID));
    insta::assert_snapshot!(handoffs, @r#"
    [
      {
        "vendor": "workload-security",
        "title": "Trend Micro Cloud One Workload Security",
        "role": "Workload_Security_Role_Cross",
        "instruction": "In Workload Security, add an AWS account (Computers > Add > Add AWS Account), choose the cross-account role, and paste this value",
        "link": "https://cloudone.trendmicro.com/docs/workload-security/aws-add-cross-account/",
        "fields": [
          {
            "label": "Cross Account Role ARN",
            "value": "arn:aws:iam::444455556666:role/Workload_Security_Role_Cross"
          }
        ],
        "notes": [
          "The dialog shows the external ID of your tenant: it must be the one that external-id in onboarding.toml refers to. It is the same for all accounts.",
          "Select Include Amazon WorkSpaces in the dialog if the account has WorkSpaces.",
          "Once, for all accounts: In the Workload Security console, under Administration > System Settings > Advanced > Manager AWS Identity, select Use Manager Instance Role. The API has no call for it.",
          "Once, for all accounts: To protect instances, run the script that the console makes under Support > Deployment Scripts on them, for example as user data: it installs the agent. The page Computers lists the instances that were loaded."
        ]
      },
      {
        "vendor": "trelica",
        "title": "Trelica (1Password SaaS Manager)",
        "role": "TrelicaIntegration",
        "instruction": "In Trelica, connect the app Amazon Web Services and paste these values",
        "link": "https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services",
        "fields": [
          {
            "label": "AWS account ID",
            "value": "444455556666"
          },
          {
            "label": "Region",
            "value": "us-east-1"
          },
          {
            "label": "Role name",
            "value": "TrelicaIntegration"
          }
        ],
        "notes": [
          "Trelica reads services such as Amazon Connect in this region. If you use Connect, it must be the region of its instance; set it in onboarding.toml: [vendors.trelica.handoff] region",
          "Trelica's AWS account is in the partition aws. AWS does not let it assume roles in accounts of GovCloud or China, so that these accounts cannot be connected in this way."
        ]
      }
    ]
    "#);

    assert_eq!(function.organization().record(NEW).handoffs, HandoffsDone::new(), "no run records a hand-off");
}

#[test]
fn handoffs_of_all_accounts_are_listed_with_their_state() {
    let scenario = Scenario::new().with_onboarded_account();
    let config = crate::common::sweep_config();
    let scenario = scenario.config(&config);
    mark(&scenario, HandoffStatus::Done);
    let (all, unreadable) = run(scenario.engine().all_handoffs()).unwrap();
    let state: Vec<_> = all.iter().map(|one| (one.account_id.as_str(), one.handoff.status, one.role_status)).collect();
    assert!(state.contains(&(NEW, HandoffStatus::Done, Some(Requirement::Holds))), "{state:?}");
    assert!(state.contains(&(OLD, HandoffStatus::Open, None)), "{state:?}");
    assert!(state.iter().map(|(account, ..)| account).is_sorted() && unreadable == 0);
    assert!(!state.iter().any(|(account, ..)| ["111122223333", "999988887777"].contains(account)), "{state:?}");
    let one = run(scenario.engine().account_handoffs(&id(NEW))).unwrap();
    assert_eq!(one, all.into_iter().filter(|one| one.account_id == id(NEW)).collect::<Vec<_>>());
    assert!(run(scenario.engine().account_handoffs(&id("111122223333"))).is_err(), "the management account");
    let registered = engine(scenario.organization(), &with_registration());
    assert!(run(registered.mark_handoff(&id(NEW), "workload-security", HandoffStatus::Done)).unwrap().is_none());
}

#[test]
fn hostile_account_name_is_not_a_formula_in_csv() {
    let organization = organization();
    let request = organization.create_account("=HYPERLINK(\"https://example.com\");=1+1");
    let account = organization.finish_creation(&request).unwrap();
    let handoffs = run(engine(&organization, CONFIG).account_handoffs(&account)).unwrap();
    let text = csv(&handoffs);
    assert!(text.contains("\"'=HYPERLINK(\"\"https://example.com\"\");'=1+1\""), "{text}");
    assert!(text.contains(&format!("\"{account}\"")) && text.lines().count() == 3, "{text}");
}
