//! Tests of the real `onboard` binary: exit codes, what goes to stdout and stderr, and messages. No AWS calls are made.
#![cfg(test)]

#[path = "command_line/configuration.rs"]
mod configuration;
#[path = "command_line/listing.rs"]
mod listing;
#[path = "command_line/many_accounts.rs"]
mod many_accounts;
#[path = "command_line/organizations_server.rs"]
mod organizations_server;
#[path = "command_line/plan.rs"]
mod plan;
#[path = "command_line/policy.rs"]
mod policy;
#[path = "command_line/usage.rs"]
mod usage;
#[path = "command_line/vendor_documents.rs"]
mod vendor_documents;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The result of a command.
struct Finished {
    code: i32,
    out: String,
    err: String,
}

impl Finished {
    /// Parses stdout, which must contain nothing but JSON.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs `onboard` in the root of the repository with `input` on stdin, and without AWS credentials or endpoints.
fn onboard(args: &[&str], input: &str) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", "/nowhere");
    command.env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere").env_remove("CLICOLOR_FORCE");
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read stdin closes it, so a failed write is not an error.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn trust(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

const FRESH: &str =
    r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}"#;

// ---------------------------------------------------------------- demo

/// The text with its line breaks and indentation as single spaces, because sentences wrap at 80 columns.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Times are simulated, and pauses have no random part.
#[test]
fn demo_prints_the_same_in_each_run_and_starts_with_its_summary() {
    let first = onboard(&["demo"], "").out;
    assert_eq!(onboard(&["demo"], "").out, first);
    let summary: Vec<_> =
        first.lines().skip_while(|line| *line != "Summary").take_while(|line| !line.is_empty()).collect();
    insta::assert_snapshot!(summary.join("\n"), @"
    Summary
      payments-dev (new)     Converged: 7 changes made in 0.2 s. All 8 checks hold.
      payments-dev (again)   Converged: nothing to do. All 8 checks hold.
      acquired-co (invited)  Blocked: no_access_role
      Hand-offs: 2 open, 0 done
    ");
    let (before, _) = first.split_once("\nSummary\n").unwrap();
    assert_eq!(before.lines().count(), 2, "{before}");
}

#[test]
fn demo_shows_plan_result_and_idempotent_rerun() {
    let finished = onboard(&["demo"], "");
    assert_eq!(finished.code, 0, "{}", finished.out);
    assert!(!finished.out.contains('\u{1b}'), "no colors in a pipe");
    for sentence in [
        "A simulated organization, in memory",
        "no AWS calls are made",
        "IN_PROGRESS",
        "account 444455556666 (payments-dev)",
        "Plan: 6 to add, 1 to change, 0 to remove",
        "+ trusts account 222233334444",
        "+ create role `TrelicaIntegration`",
        "+ create role `Workload_Security_Role_Cross`",
        "trusts account 147995105371 with an external ID (hidden)",
        "Who will be able to assume what",
        "account 222233334444: can assume the role",
        "Trend Micro Cloud One Workload Security, with its external ID: can assume the role",
        "Trend Micro Cloud One Workload Security, without an external ID: denied",
        "the identity account: can assume the role",
        "Workload Security with its external ID: can assume the role",
        "Workload Security without an external ID: denied",
        "nothing to do",
        "0 of them writes",
        "acquired-co (invited) Blocked: no_access_role",
        "account 777788889999 was invited",
        "aws iam create-role --role-name OrganizationAccountAccessRole --assume-role-policy-document '{\"Version\":",
        "See docs/TROUBLESHOOTING.md#no_access_role",
        "Hand-offs: 2 open, 0 done",
        "Region us-east-1",
        "onboard handoff done --vendor trelica --account 444455556666",
        "To make these changes, run: onboard apply --account 444455556666",
    ] {
        assert!(unwrapped(&finished.out).contains(sentence), "`{sentence}` is not in\n{}", finished.out);
    }
    assert!(!finished.out.contains("00000000-1111-2222-3333-444444444444"));
    assert!(!finished.out.contains("example-trelica-organization-id"));
}

/// Every account of an organization that exists already: what is reported must also be true of the simulated organization, which
/// the second plan reads again.
#[test]
fn demo_of_an_organization_plans_applies_and_audits_every_account() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("audit.html");
    let finished = onboard(&["demo", "--all", "--out", page.to_str().unwrap()], "");
    assert_eq!(finished.code, 0, "{}", finished.out);
    let again = onboard(&["demo", "--all", "--out", page.to_str().unwrap()], "");
    assert_eq!(again.out, finished.out);
    let (_, summary) = finished.out.split_once("\nSummary\n").unwrap();
    let (summary, _) = summary.split_once("\n\n").unwrap();
    insta::assert_snapshot!(summary, @"
      plan        34 accounts: 20 converged, 10 need changes, 2 blocked, 2 skipped
                  (management account, suspended)
      apply       10 accounts: 10 converged
      plan again  34 accounts: 30 converged, 2 blocked, 2 skipped (management
                  account, suspended)
    ");
    let out = unwrapped(&finished.out);
    for sentence in [
        "5 accounts: these 2 changes in Workloads/Production (3), Workloads/Development (2) 444455550003 (billing-prod)",
        "3 accounts: these 7 changes in Sandbox (3)",
        "2 accounts: no_access_role in Sandbox (2)",
        "33 changes made in 10 accounts.",
        "519 calls, none of them a write in an account.",
        "Coverage by unit",
        "acquired-labs 444455550030 Sandbox",
        "audit.html: the audit as a page for a browser",
    ] {
        assert!(out.contains(sentence), "`{sentence}` is not in\n{}", finished.out);
    }
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("acquired-labs"), "{page:.100}");
    for secret in ["00000000-1111-2222-3333-444444444444", "example-trelica-organization-id"] {
        assert!(!finished.out.contains(secret) && !page.contains(secret));
    }
    let only_one = onboard(&["demo", "--out", "audit.html"], "");
    assert_eq!(only_one.code, 2, "{}", only_one.err);
}

// ---------------------------------------------------------------- event

#[test]
fn sample_events_are_shown_as_text_and_json() {
    for (file, trigger, account, ignored) in [
        ("create-account-result-succeeded.json", "create_account_result", Some("444455556666"), false),
        ("create-account-result-failed.json", "create_account_result", None, true),
        ("create-account.json", "create_account", None, false),
        ("invite-account-to-organization.json", "other_event", Some("555566667777"), true),
        ("manual.json", "manual", Some("444455556666"), false),
        ("manual-plan.json", "manual", Some("444455556666"), false),
        ("sqs-batch.json", "create_account_result", Some("444455556666"), false),
    ] {
        let path = format!("events/{file}");
        let finished = onboard(&["event", "--format", "json", &path], "");
        assert_eq!((finished.code, finished.err.as_str()), (0, ""), "{file}");
        let first: Value = serde_json::from_str(finished.out.lines().next().unwrap()).unwrap();
        assert_eq!((&first["version"], &first["trigger"]), (&1.into(), &trigger.into()), "{file}");
        assert_eq!(first["account_id"].as_str(), account, "{file}");
        assert_eq!((&first["ignored"], first["reason"].is_string()), (&ignored.into(), ignored), "{file}");
        let text = onboard(&["event", &path], "").out;
        assert!(text.contains("trigger ") && text.contains("meaning "), "{text}");
    }
}

#[test]
fn records_of_a_batch_are_numbered() {
    let file = "events/sqs-batch-mixed.json";
    let json = onboard(&["event", "--format", "json", file], "");
    let records = json.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone());
    assert_eq!(records.collect::<Vec<_>>(), [0, 2, 3, 5]);
    assert!(json.code == 1 && ["`Records[1]`: ", "`Records[4]`: "].iter().all(|record| json.err.contains(record)));
    let text = onboard(&["event", file], "").out;
    assert!(text.contains("record    Records[0]") && text.contains("record    Records[5]"), "{text}");
    assert!(!onboard(&["event", "events/manual.json"], "").out.contains("record"));
}

#[test]
fn events_that_report_mode_only_reports_have_a_note() {
    let has_note = |file: &str| onboard(&["event", &format!("events/{file}")], "").out.contains("with `Sweep=REPORT`");
    for file in [
        "sweep-account.json",
        "move-account.json",
        "tag-resource.json",
        "scheduler-with-input.json",
        "control-tower-update-managed-account.json",
    ] {
        assert!(has_note(file), "{file}");
    }
    for file in
        ["manual.json", "manual-plan.json", "create-account.json", "account-joined-created.json", "close-account.json"]
    {
        assert!(!has_note(file), "{file}");
    }
}

#[test]
fn event_with_a_byte_order_mark_is_accepted() {
    for input in [r#"{"account_id":"444455556666"}"#, include_str!("../events/sqs-batch.json")] {
        let finished = onboard(&["event", "-"], &format!("\u{feff}{input}"));
        assert!(finished.code == 0 && finished.out.contains("444455556666"), "{}{}", finished.out, finished.err);
    }
}

#[test]
fn invalid_event_is_an_error() {
    for (input, sentence) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "object"),
        ("{}", ""),
        (r#"{"account_id":"4444555566667"}"#, "4444555566667"),
        (r#"{"account_id":444455556666}"#, "account_id"),
        (r#"{"account_id":"444455556666","mode":"destroy"}"#, "`mode` is not valid"),
    ] {
        let finished = onboard(&["event", "-"], input);
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{input}");
        assert!(finished.err.starts_with("error: ") && finished.err.contains(sentence), "{input}: {}", finished.err);
    }
}
