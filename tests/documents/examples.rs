//! Runs the code on the examples in the documents and compares the results.

use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::code::Code;
use onboarding_core::config::{Config, Files};
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::policy::{Condition, Document, Grant, Principal, add_grants};
use onboarding_core::report::{AccountEvent, EventContext, EventKind, Report, emf};
use onboarding_core::time::from_unix_milliseconds;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{FakeOrganization, RoleState};
use serde_json::{Value, json};

use crate::files::{blocks, read};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The only block of a document with this label.
fn block(file: &str, label: &str) -> String {
    let mut found = blocks(&read(file), label);
    assert_eq!(found.len(), 1, "{file}: {label}");
    found.remove(0)
}

#[test]
fn grant_examples_match_the_trust_edit() {
    let text = read("docs/SEMANTICS.md");
    let before = Document::parse(&block("docs/SEMANTICS.md", "json before")).expect("a trust policy");
    let grants = blocks(&text, "json grant");
    let afters = blocks(&text, "json after");
    assert_eq!((grants.len(), afters.len()), (2, 2));
    for (grant, after) in grants.iter().map(|text| json(text)).zip(&afters) {
        let principal = Principal::to_grant(grant["principal"].as_str().expect("a principal")).expect("a principal");
        let condition =
            grant.get("condition").map(Condition::parse).transpose().expect("a condition").unwrap_or_default();
        let edit = add_grants(&before, &[Grant::new(principal, condition)], &"aws".parse().expect("a partition"));
        let after = Document::parse(after).expect("a trust policy");
        assert!(edit.expect("an edit").document == after, "{}", after.to_pretty());
    }
}

/// The files that the examples refer to.
struct ExampleFiles;

impl Files for ExampleFiles {
    fn name(&self) -> &str {
        "onboarding.toml"
    }

    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "vendors/acme.toml" => Ok(block("docs/VENDOR_FILES.md", "toml vendor")),
            "policies/deploy.json" => {
                Ok(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#
                    .to_owned())
            }
            _ => Err("there is no such file".to_owned()),
        }
    }
}

#[test]
fn complete_configuration_examples_are_valid() {
    let mut examples = blocks(&read("docs/CONFIGURATION.md"), "toml whole");
    examples.extend(blocks(&read("README.md"), "toml whole"));
    examples.extend(blocks(&read("docs/DEPLOYED_CONFIGURATION.md"), "toml whole"));
    examples.extend(blocks(&read("docs/PREREQUISITES.md"), "toml whole"));
    examples.extend(blocks(&read("docs/MIGRATION.md"), "toml whole"));
    examples.extend(blocks(&read("docs/TARGETS.md"), "toml whole"));
    examples.extend(blocks(&read("docs/REMOVAL.md"), "toml whole"));
    assert!(examples.len() >= 10, "{} examples", examples.len());
    for example in examples {
        if let Err(problems) = Config::parse(&example, &ExampleFiles) {
            panic!("{problems}\n{example}");
        }
    }
}

/// A blocked report that has every field: one role was installed, one exists and is not managed by this tool.
async fn report() -> Report {
    let id = |text: &str| text.parse::<AccountId>().expect("an account ID");
    let organization =
        FakeOrganization::new("aws".parse().expect("a partition"), id("111122223333"), id("222233334444"))
            .with_outside_account(&id("123456789012"));
    let request = organization.create_account("payments-dev");
    let account = organization.finish_creation(&request).expect("an account");
    let foreign_trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}}"#;
    organization.put_role(&account, &"app-deployer".parse().expect("a name"), RoleState::trusting(foreign_trust));
    let config =
        Config::parse(&block("docs/REPORT.md", "toml"), &ExampleFiles).unwrap_or_else(|problems| panic!("{problems}"));
    let deadline = organization.now() + Duration::from_secs(60);
    let engine = Engine::new(organization, config);
    let [session_suffix, run] = ["test", "test"].map(str::to_owned);
    let trigger = TriggerKind::CreateAccountResult;
    let end = deadline + Duration::from_secs(120);
    engine
        .apply(&Job {
            account,
            trigger,
            session_suffix,
            lease_owner: run,
            deadline,
            abandon_at: end,
            confirmed_plan: None,
        })
        .await
}

#[tokio::test]
async fn report_example_matches_the_code() {
    let mut actual = serde_json::to_value(report().await).expect("JSON");
    let shown = json(&block("docs/REPORT.md", "json"));
    assert!(actual["duration_ms"].is_u64() && shown["duration_ms"].is_u64(), "the duration is not deterministic");
    actual["duration_ms"] = shown["duration_ms"].clone();
    assert_eq!(actual, shown, "{}", serde_json::to_string_pretty(&actual).expect("JSON"));
}

#[test]
fn report_fields_are_documented() {
    fn fields(prefix: &str, value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    all.push(path.clone());
                    // Its keys are the names of roles.
                    if path != "requirements" {
                        fields(&path, value, all);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| fields(&format!("{prefix}[]"), item, all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    fields("", &json(&block("docs/REPORT.md", "json")), &mut all);
    let document = read("docs/REPORT.md");
    for field in all {
        assert!(document.contains(&format!("| `{field}` |")), "`{field}` has no row");
    }
}

#[test]
fn metrics_example_matches_the_code() {
    let outcome = Outcome::waiting(Code::AccessRoleNotReady, "…");
    let account = "444455556666".parse().expect("an account ID");
    let mut report = Report::new(Some(account), TriggerKind::CreateAccountResult, Mode::Apply, outcome);
    report.duration_ms = 104_882;
    assert_eq!(
        emf(&report, from_unix_milliseconds(1_795_361_783_647).expect("a time")),
        json(&block("docs/LOGGING.md", "json metrics"))
    );
}

#[test]
fn event_example_matches_the_code() {
    let shown = json(&block("docs/EVENTS.md", "json event"));
    let cause = Cause::new(
        Code::ForeignRole,
        "role `app-deployer` already exists and is not managed by this tool (no `account-onboarding` tag)",
        "rename one of the two roles, or set `adopt = true` to take it over",
    );
    let account = "444455556666".parse().expect("an account ID");
    let outcome = Outcome::Blocked(cause.clone());
    let mut report = Report::new(Some(account), TriggerKind::CreateAccountResult, Mode::Apply, outcome);
    report.account_name = Some("payments-dev".into());
    let event = AccountEvent::new(&EventContext {
        kind: EventKind::AccountBlocked,
        report: &report,
        subject: "account 444455556666",
        cause: Some(&cause),
        event_id: Some("7c9e6679-7425-40de-944b-000000000266"),
        invocation: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    });
    assert_eq!(*event.detail(), shown["detail"]);
    assert_eq!((AccountEvent::SOURCE, event.kind.detail_type()), ("account-onboarding", "AccountBlocked"));
    assert_eq!((&shown["source"], &shown["detail-type"]), (&json!(AccountEvent::SOURCE), &json!("AccountBlocked")));
    let document = read("docs/EVENTS.md");
    let detail = shown["detail"].as_object().expect("an object");
    for (prefix, fields) in [("", detail), ("cause.", detail["cause"].as_object().expect("an object"))] {
        for field in fields.keys() {
            assert!(document.contains(&format!("| `{prefix}{field}` |")), "`{prefix}{field}` has no row");
        }
    }
}

#[test]
fn log_line_fields_exist_in_the_code() {
    let line = json(&block("docs/LOGGING.md", "json line"));
    let source = read("src/lambda/log.rs");
    for field in line.as_object().expect("an object").keys() {
        let from_runtime = ["timestamp", "level", "message"].contains(&field.as_str());
        assert!(from_runtime || source.contains(field.as_str()), "`{field}` is never logged");
    }
    assert_eq!(line["outcome"], json!("waiting"));
}
