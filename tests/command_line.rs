//! Tests of the real `onboard` binary: exit codes, what goes to stdout and stderr, and messages. No AWS calls are made.
#![cfg(test)]

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

// ---------------------------------------------------------------- help and usage

#[test]
fn help_lists_exit_codes_and_commands() {
    let finished = onboard(&["--help"], "");
    assert_eq!((finished.code, finished.err.as_str()), (0, ""));
    for line in ["0  done", "1  error", "2  usage", "3  plan", "4  blocked", "5  waiting"] {
        assert!(finished.out.contains(line), "{line}");
    }
    for command in [
        "demo",
        "init",
        "doctor",
        "plan",
        "apply",
        "links",
        "aws-config",
        "policy",
        "event",
        "config",
        "vendors",
        "handoff",
        "prerequisites",
        "completions",
        "man",
    ] {
        assert!(finished.out.contains(&format!("\n  {command}")), "{command}");
        assert_eq!(onboard(&[command, "--help"], "").code, 0);
    }
    assert!(onboard(&["--version"], "").out.starts_with("onboard 0."));
}

#[test]
fn invalid_arguments_exit_with_2() {
    for args in [
        &[][..],
        &["nonsense"],
        &["plan"],
        &["apply"],
        &["plan", "--account", "44445555666"],
        &["plan", "--account", "444455556666", "--event", "x.json"],
        &["plan", "--account", "444455556666", "--format", "xml"],
        &["plan", "--account", "444455556666", "--wait", "-1"],
        &["links", "--all", "--account", "444455556666"],
        &["links", "--access-portal", "http://example.awsapps.com/start"],
        &["aws-config"],
        &["aws-config", "--user-profile", "ann", "--sso-session", "corp"],
        &["aws-config", "--user-profile", "ann]"],
        &["aws-config", "--user-profile", "ann", "--mfa", "arn:aws:iam::222233334444:user/ann"],
        &["aws-config", "--user-profile", "ann", "--duration", "60"],
        &["aws-config", "--user-profile", "ann", "--name", "{account}"],
        &["aws-config", "--user-profile", "ann", "--sso-region", "us-east-1"],
        &["aws-config", "--sso-session", "corp", "--mfa", "arn:aws:iam::222233334444:mfa/ann"],
        &["policy"],
        &["policy", "grant", "-"],
        &["policy", "grant", "--principal", "*", "-"],
        &["policy", "grant", "--principal", "arn:aws:iam::222233334444:role/*", "-"],
        &["policy", "grant", "--principal", "222233334444", "--partition", "azure", "-"],
        &["completions", "cmd"],
        &["vendors", "show", "trelica", "--policy", "--trust"],
        &["vendors", "show", "trelica", "--management"],
        &["vendors", "show", "trelica", "--terraform", "--account", "444455556666"],
        &["handoff", "--all", "--account", "444455556666"],
        &["handoff", "--format", "xml"],
        &["handoff", "done", "--vendor", "trelica"],
        &["handoff", "--all", "done", "--vendor", "trelica", "--account", "444455556666"],
    ] {
        let finished = onboard(args, "");
        assert_eq!((finished.code, finished.out.as_str()), (2, ""), "{args:?}");
        assert!(!finished.err.is_empty());
    }
    let wildcard = onboard(&["policy", "grant", "--principal", "*", "-"], "");
    assert!(wildcard.err.contains("a wildcard principal grants access to everyone"), "{}", wildcard.err);
}

#[test]
fn invalid_account_id_is_explained_without_the_syntax_of_a_file() {
    let mut errors = Vec::new();
    for id in ["12345", "44445555666", "0444455556666", "4444-5555-6666", "\"444455556666\"", "payments-dev", ""] {
        let finished = onboard(&["plan", "--account", id], "");
        assert_eq!((finished.code, finished.out.as_str()), (2, ""));
        errors.push(finished.err.lines().next().unwrap_or_default().to_owned());
    }
    insta::assert_snapshot!(errors.join("\n"), @"
    error: invalid value '12345' for '--account <ID>': it has 5 digits, and an account ID has 12; `aws organizations list-accounts` shows the IDs
    error: invalid value '44445555666' for '--account <ID>': it has 11 digits, and an account ID has 12; a leading zero may be missing; `aws organizations list-accounts` shows the IDs
    error: invalid value '0444455556666' for '--account <ID>': it has 13 digits, and an account ID has 12; `aws organizations list-accounts` shows the IDs
    error: invalid value '4444-5555-6666' for '--account <ID>': write the 12 digits and nothing else: 444455556666
    error: invalid value '\"444455556666\"' for '--account <ID>': write the 12 digits and nothing else: 444455556666
    error: invalid value 'payments-dev' for '--account <ID>': an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs
    error: invalid value '' for '--account <ID>': an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs
    ");
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let finished = onboard(&["completions", shell], "");
        assert!(finished.code == 0 && finished.out.contains("onboard"), "{shell}");
    }
}

#[test]
fn man_pages_are_written_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("share/man1");
    for _ in 0..2 {
        let finished = onboard(&["man", man.to_str().unwrap()], "");
        assert_eq!((finished.code, finished.out.as_str(), finished.err.as_str()), (0, "", ""));
    }
    for (page, text) in
        [("onboard", "Exit codes"), ("onboard-plan", "as a diff"), ("onboard-policy-grant", "PRINCIPAL")]
    {
        let page = std::fs::read_to_string(man.join(format!("{page}.1"))).unwrap();
        assert!(page.contains(text), "{page}");
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    let finished = onboard(&["man", folder.path().join("file").to_str().unwrap()], "");
    assert_eq!(finished.code, 1);
    assert!(finished.err.starts_with("error: cannot create the folder"), "{}", finished.err);
}

// ---------------------------------------------------------------- demo

/// The text with its line breaks and indentation as single spaces, because sentences wrap at 80 columns.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
    ] {
        assert!(unwrapped(&finished.out).contains(sentence), "`{sentence}` is not in\n{}", finished.out);
    }
    assert!(!finished.out.contains("00000000-1111-2222-3333-444444444444"));
    assert!(!finished.out.contains("example-trelica-organization-id"));
}

// ---------------------------------------------------------------- policy

#[test]
fn grant_prints_only_json_and_is_idempotent() {
    let args = ["policy", "grant", "--principal", "222233334444", "-"];
    let first = onboard(&args, &trust(FRESH));
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    let aws = &first.json()["Statement"][0]["Principal"]["AWS"];
    assert_eq!(aws, &serde_json::json!(["arn:aws:iam::111122223333:root", "arn:aws:iam::222233334444:root"]));
    let second = onboard(&args, &first.out);
    assert_eq!((second.code, &second.out), (0, &first.out));

    let mfa = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    let with = ["policy", "grant", "--principal", "222233334444", "--condition", mfa, "-"];
    let document = onboard(&with, &trust(FRESH)).json();
    assert_eq!(document["Statement"][1]["Condition"], serde_json::from_str::<Value>(mfa).unwrap());
}

#[test]
fn grant_uses_the_partition_of_the_policy() {
    let china = FRESH.replace("arn:aws:", "arn:aws-cn:");
    let grant = |more: &[&str], input: &str| {
        let args = [&["policy", "grant", "--principal", "222233334444"], more, &["-"]].concat();
        onboard(&args, &trust(input)).out
    };
    assert!(grant(&[], &china).contains("arn:aws-cn:iam::222233334444:root"));
    assert!(grant(&["--partition", "aws-us-gov"], "").contains("arn:aws-us-gov:iam::222233334444:root"));
    assert!(grant(&[], "").contains("arn:aws:iam::222233334444:root"));
}

#[test]
fn invalid_grant_is_refused_with_the_reason() {
    let grant = ["policy", "grant", "--principal", "222233334444", "-"];
    let deny = r#"{"Sid":"Nobody","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}"#;
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    for (input, code, sentence) in [
        (trust(&format!("{FRESH},{deny}")), 4, "statement `Nobody` denies account 222233334444"),
        (trust(&format!("{FRESH},{orphan}")), 4, "pass `--prune-orphans`"),
        ("not json".to_owned(), 1, "the policy is not valid JSON"),
        ("[]".to_owned(), 1, "the policy is not a JSON object"),
        ("{}".to_owned(), 1, "`Statement` is not valid"),
        (trust(r#"{"Effect":"Perhaps"}"#), 1, "`Statement[0].Effect` is not valid"),
        (r#"{"Statement":[],"Statement":[]}"#.to_owned(), 1, "the key `Statement` appears twice"),
    ] {
        let finished = onboard(&grant, &input);
        assert_eq!((finished.code, finished.out.as_str()), (code, ""), "{input}");
        assert!(finished.err.starts_with("error: ") && finished.err.contains(sentence), "{sentence}: {}", finished.err);
    }
    for (args, sentence) in [
        (["policy", "grant", "--principal", "222233334444", "nowhere.json"], "cannot read `nowhere.json`"),
        (["policy", "explain", "--format", "json", "nowhere.json"], "cannot read `nowhere.json`"),
    ] {
        let finished = onboard(&args, "");
        assert!(finished.code == 1 && finished.err.contains(sentence), "{}", finished.err);
    }
    let condition = ["policy", "grant", "--principal", "222233334444", "--condition", "{", "-"];
    let finished = onboard(&condition, &trust(FRESH));
    assert!(finished.code == 1 && finished.err.contains("`--condition` is not JSON"), "{}", finished.err);
}

#[test]
fn unique_ids_are_removed_only_from_a_policy_that_iam_returned() {
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    let bare = trust(&format!("{FRESH},{orphan}"));
    let answer = format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{bare}}}}}"#);
    let prune = ["policy", "grant", "--prune-orphans", "--principal", "222233334444"];
    for (args, input) in [(&["-"][..], &answer), (&["--from-iam", "-"], &bare)] {
        let finished = onboard(&[&prune[..], args].concat(), input);
        assert_eq!((finished.code, finished.json()["Statement"].as_array().map(Vec::len)), (0, Some(1)));
        assert!(finished.err.contains("AROAIOSFODNN7EXAMPLE1 is removed from statement 2"), "{}", finished.err);
    }
    let refused = onboard(&[&prune[..], &["-"]].concat(), &bare);
    assert_eq!((refused.code, refused.out.as_str()), (4, ""));
    assert!(refused.err.contains("`--from-iam`; if the role or user exists, write its ARN"), "{}", refused.err);
    let explained = onboard(&["policy", "explain", "--format", "json", "-"], &bare).json();
    assert_eq!(explained["entries"][1]["kind"], "unique_id");
}

#[test]
fn grant_allows_the_actions_of_the_option() {
    let grant = |actions: &[&str], input: &str| {
        let options: Vec<_> = actions.iter().flat_map(|action| ["--action", *action]).collect();
        onboard(&[&["policy", "grant", "--principal", "222233334444"][..], &options, &["-"]].concat(), input)
    };
    let finished = grant(&["sts:TagSession", "sts:assumerole"], &trust(FRESH));
    assert_eq!(finished.code, 0, "{}", finished.err);
    let added = &finished.json()["Statement"][1];
    assert_eq!(added["Action"], serde_json::json!(["sts:AssumeRole", "sts:TagSession"]));
    assert_eq!(grant(&["sts:AssumeRole", "sts:TagSession"], &finished.out).out, finished.out, "idempotent");
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}"#;
    let denied = trust(&format!("{FRESH},{deny}"));
    assert_eq!(grant(&["sts:AssumeRole", "sts:TagSession"], &denied).code, 4);
    assert_eq!(grant(&[], &denied).code, 0);
    for (actions, code, sentence) in [
        (&["sts:TagSession"][..], 1, "add `--action sts:AssumeRole`"),
        (&["sts:AssumeRole", "sts:AssumeRoleWithSAML"], 1, "cannot use `sts:AssumeRoleWithSAML`"),
        (&["sts:TagSesion"], 2, "did you mean `sts:TagSession`"),
    ] {
        let finished = grant(actions, &trust(FRESH));
        assert!(finished.code == code && finished.err.contains(sentence), "{}", finished.err);
    }
}

#[test]
fn pasted_answer_is_unwrapped_with_a_note() {
    let answer = format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{}}}}}"#, trust(FRESH));
    for args in [&["policy", "explain", "-"][..], &["policy", "grant", "--principal", "222233334444", "-"]] {
        let output = onboard(args, &answer);
        assert_eq!(output.code, 0, "{}", output.err);
        assert!(output.out.contains("111122223333") && output.err.contains("aws iam get-role"), "{}", output.err);
    }
}

#[test]
fn permissions_policy_is_refused() {
    let permissions = trust(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#);
    for args in [&["policy", "explain", "-"][..], &["policy", "grant", "--principal", "222233334444", "-"]] {
        let output = onboard(args, &permissions);
        assert_eq!((output.code, output.out.as_str()), (1, ""));
        assert!(output.err.contains("it is a permissions policy"), "{}", output.err);
    }
}

/// The engine refuses these with `explicit_deny`.
#[test]
fn grant_that_is_denied_in_every_case_is_blocked() {
    for condition in [
        r#"{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#,
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/breakglass"}}"#,
    ] {
        let deny = format!(
            r#"{{"Sid":"Only","Effect":"Deny","Principal":{{"AWS":"*"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
        );
        let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &trust(&deny));
        assert_eq!((output.code, output.out.as_str()), (4, ""), "{condition}");
        assert!(output.err.contains("statement `Only` denies account 222233334444"), "{}", output.err);
    }
}

#[test]
fn grant_names_the_part_of_the_principal_that_is_denied() {
    let deny = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::222233334444:role/x"},"Action":"sts:AssumeRole"}"#;
    let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &trust(deny));
    assert_eq!(output.code, 0);
    assert!(output.err.contains("statement 1 denies arn:aws:iam::222233334444:role/x"), "{}", output.err);
}

#[test]
fn account_of_another_partition_is_not_the_granted_one() {
    let statement = |partition: &str, account: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{account}:root"}},"Action":"sts:AssumeRole"}}"#
        )
    };
    let both = trust(&format!("{},{}", statement("aws-cn", "222233334444"), statement("aws", "111122223333")));
    let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &both);
    assert!(output.out.contains("arn:aws:iam::222233334444:root"), "{}", output.out);
    assert!(output.err.contains("pass `--partition`"), "{}", output.err);
    let china = onboard(&["policy", "grant", "--principal", "arn:aws-cn:iam::222233334444:root", "-"], &both);
    assert!(!china.out.contains("arn:aws:iam::222233334444:root"), "{}", china.out);
}

#[test]
fn policy_explain_lists_principals_and_hides_external_ids() {
    let vendor = r#"{"Effect":"Allow","Principal":{"AWS":"377450845233"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}"#;
    let input = trust(&format!("{FRESH},{vendor}"));
    let text = onboard(&["policy", "explain", "-"], &input);
    assert_eq!(text.code, 0);
    assert!(text.out.contains("account 111122223333  always") && text.out.contains("conditionally"), "{}", text.out);
    assert!(!text.out.contains("s3cret"));
    let json = onboard(&["policy", "explain", "--format", "json", "-"], &input);
    let entries = &json.json()["entries"];
    assert_eq!((json.json()["version"].clone(), entries[1]["can"].clone()), (1.into(), "conditionally".into()));
    assert!(!json.out.contains("s3cret"));
    assert!(onboard(&["policy", "explain", "--reveal", "-"], &input).out.contains("s3cret"));
    assert!(onboard(&["policy", "explain", "-"], &trust("")).out.contains("No principal can assume this role."));
    assert_eq!(onboard(&["policy", "explain", "-"], "?").code, 1);
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

// ---------------------------------------------------------------- config and vendors

#[test]
fn config_check_reports_all_errors_with_their_location() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onboarding.toml");
    let broken = "colour = 1\n[[access-role.grant]]\nprincipal = \"*\"\n[vendors.trellica]\n[waiting]\nnew-account-minutes = \"x\"\n";
    std::fs::write(&file, broken).unwrap();
    let path = file.to_str().unwrap();
    let finished = onboard(&["config", "check", path], "");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    for place in ["onboarding.toml:1:1:", ":3:13:", "did you mean `trelica`", ":6:"] {
        assert!(finished.err.contains(place), "{place}: {}", finished.err);
    }
    assert_eq!(onboard(&["config", "show", path], "").code, 1);
    assert_eq!(onboard(&["plan", "--account", "444455556666", "--config", path], "").code, 1);
    assert_eq!(onboard(&["config", "check", "nowhere.toml"], "").code, 1);
}

#[test]
fn example_configuration_is_valid_and_shown_without_external_ids() {
    let finished = onboard(&["config", "check"], "");
    assert_eq!(finished.code, 0, "{}", finished.err);
    assert!(finished.out.contains("onboarding.toml is valid:"), "{}", finished.out);
    assert!(finished.err.contains("principal`: the account ID 222233334444 is an\nexample"), "{}", finished.err);
    assert!(!finished.err.contains("00000000-1111-2222-3333-444444444444"), "{}", finished.err);
    let shown = onboard(&["config", "show"], "");
    assert!(shown.code == 0 && shown.out.contains("TrelicaIntegration"));
    assert!(!shown.out.contains("00000000-1111-2222-3333-444444444444"));
}

#[test]
fn prerequisites_are_listed_and_shown() {
    let list = onboard(&["prerequisites", "list"], "");
    assert_eq!((list.code, list.out.lines().count()), (0, 8));
    for line in ["identity-access-policy          identity ", "account-creation-policy         management "] {
        assert!(list.out.contains(line), "{}", list.out);
    }
    let role = ["account-creation-role", "--format", "json", "--management-account", "111122223333"];
    let trust = onboard(&[&["prerequisites", "show"], &role[..]].concat(), "").json();
    let expected = serde_json::json!([{
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
        "Action": "sts:AssumeRole",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
    }]);
    assert_eq!(trust["Statement"], expected);
}

#[test]
fn wrong_prerequisites_are_explained() {
    for (arguments, code, error) in [
        (
            &["account-creation-role", "--format", "json"][..],
            1,
            "`account-creation-role` names the management account; pass `--management-account ID`",
        ),
        (
            &["--format", "terraform"],
            1,
            "a Terraform configuration is for one account; pass `--account identity` or `--account management`",
        ),
        (
            &["application-role", "--account", "management"],
            1,
            "`application-role` belongs to the identity account; leave out `--account`",
        ),
        (
            &["aplication-role"],
            2,
            "`aplication-role` is not a prerequisite; the prerequisites are `identity-access-policy`, ",
        ),
        (&["aplication-role"], 2, "did you mean `application-role`?"),
        (&["--session-tag", "aws:team"], 2, "`aws:team` is not a valid tag key"),
        (&["--application-service", "ec2"], 2, "`ec2` is not a service principal; write it as `ec2.amazonaws.com`"),
    ] {
        let finished = onboard(&[&["prerequisites", "show"], arguments].concat(), "");
        assert_eq!((finished.code, finished.out.as_str()), (code, ""), "{arguments:?}");
        assert!(finished.err.contains(error), "{}", finished.err);
    }
}

#[test]
fn vendors_are_listed_and_shown_and_typos_get_a_suggestion() {
    let list = onboard(&["vendors", "list"], "");
    assert!(list.code == 0 && list.out.contains("trelica") && list.out.contains("workload-security"));
    let show = onboard(&["vendors", "show", "trelica"], "");
    assert!(show.code == 0 && show.out.contains("377450845233") && show.out.contains("workspaces-terminate"));
    let typo = onboard(&["vendors", "show", "trellica"], "");
    assert_eq!((typo.code, typo.out.as_str()), (1, ""));
    assert!(typo.err.contains("did you mean `trelica`?"), "{}", typo.err);
}

// ---------------------------------------------------------------- plan and apply

#[test]
fn apply_without_a_terminal_changes_nothing() {
    let finished = onboard(&["apply", "--account", "444455556666"], "yes\n");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.contains("stdin is not a terminal; pass `--yes`"), "{}", finished.err);
    let finished = onboard(&["apply", "--account", "444455556666", "--format", "json"], "yes\n");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.contains("with `--format json`; pass `--yes`"), "{}", finished.err);
}

/// The path of a configuration without values of an example, which `plan` and `apply` would refuse.
fn own_configuration(folder: &tempfile::TempDir) -> String {
    let file = folder.path().join("onboarding.toml");
    let text = "[[access-role.grant]]\nprincipal = \"482913650127\"\n[accounts]\nexclude = [\"593024761238\"]\n";
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn missing_region_or_credentials_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let config = own_configuration(&folder);
    let finished = onboard(&["plan", "--account", "444455556666", "--config", &config], "");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.contains("no region is set"), "{}", finished.err);
    let plan = ["plan", "--account", "444455556666", "--region", "us-east-1", "--format", "json", "--wait", "0"];
    let finished = onboard(&[&plan[..], &["--config", &config]].concat(), "");
    assert_eq!(finished.code, 4, "{}", finished.err);
    assert_eq!(finished.json()["cause"]["code"], "no_credentials");
}

#[test]
fn excluded_account_is_ignored_without_aws() {
    let folder = tempfile::tempdir().unwrap();
    let config = own_configuration(&folder);
    let args = ["--account", "593024761238", "--region", "us-east-1", "--format", "json", "--wait", "0"];
    let args = [&args[..], &["--config", &config]].concat();
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let finished = onboard(&[command, &args].concat(), "");
        assert_eq!(finished.code, 0, "{}", finished.err);
        assert_eq!(finished.json()["cause"]["code"], "excluded");
    }
}

#[test]
fn ignored_event_needs_no_aws() {
    let path = "events/create-account-result-failed.json";
    let finished = onboard(&["plan", "--event", path, "--region", "us-east-1", "--format", "json"], "");
    assert_eq!((finished.code, &finished.json()["outcome"]), (0, &"ignored".into()), "{}", finished.err);
    assert_eq!(onboard(&["plan", "--event", "nowhere.json", "--region", "us-east-1"], "").code, 1);
}

#[test]
fn departure_is_not_believed_without_aws() {
    let event = ["plan", "--event", "events/account-departed-left.json", "--format", "json", "--wait", "0"];
    let folder = tempfile::tempdir().unwrap();
    let config = own_configuration(&folder);
    let departed = onboard(&[&event[..], &["--region", "us-east-1", "--config", &config]].concat(), "");
    assert_eq!(departed.code, 4, "{}", departed.err);
    assert_eq!(departed.json()["cause"]["code"], "no_credentials");
    assert_eq!(departed.json()["account_id"], "444455556666");
}

#[test]
fn aws_config_needs_a_terminal_or_yes() {
    let finished = onboard(&["aws-config", "--user-profile", "ann"], "yes\n");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    insta::assert_snapshot!(finished.err, @"error: aws-config needs confirmation and stdin is not a terminal; pass `--yes`");
}

#[test]
fn sweep_and_plan_need_no_aws() {
    let sweep = onboard(&["plan", "--event", "events/scheduler.json"], "");
    assert_eq!((sweep.code, sweep.out.as_str()), (1, ""));
    assert!(sweep.err.contains("the CLI handles one at a time"), "{}", sweep.err);
    let plan = onboard(&["apply", "--yes", "--event", "events/manual-plan.json"], "");
    assert!(plan.code == 1 && plan.err.contains("use `onboard plan`"), "{}", plan.err);
}

/// Every connection to AWS is refused, which is retryable.
#[test]
fn unreachable_aws_exits_with_5() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
    command.args(["plan", "--account", "444455556666", "--format", "json", "--wait", "0"]);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, value) in [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["outcome"]), (Some(5), &"waiting".into()), "{report}");
    assert_eq!(report["cause"]["code"], "service_unavailable");
}

#[test]
fn ambiguous_or_empty_condition_is_refused() {
    for condition in [
        r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"},"Bool":{"aws:SecureTransport":"true"}}"#,
        r#"{"Bool":{"a":"1","a":"2"}}"#,
        r#"{"Bool":{}}"#,
        "{}",
        r#"{"StringEquals":{"a":[]}}"#,
        r#"{"Boool":{"a":"true"}}"#,
    ] {
        let args = ["policy", "grant", "--principal", "222233334444", "--condition", condition, "-"];
        let finished = onboard(&args, &trust(FRESH));
        assert!(finished.code == 1 && finished.out.is_empty(), "{condition}: {}", finished.out);
    }
}

#[test]
fn denied_principal_is_explained_as_never() {
    for principal in [r#""*""#, r#"{"Service":"lambda.amazonaws.com"}"#, r#"{"AWS":"222233334444"}"#] {
        let allow = format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}"#);
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:*"}"#;
        let json = onboard(&["policy", "explain", "--format", "json", "-"], &trust(&format!("{allow},{deny}"))).json();
        assert_eq!(json["entries"][0]["can"], "never", "{principal}");
    }
    let forged = r#"{"Effect":"Allow","Principal":{"AWS":"arn:\u001b]0;x\u0007\r\nforged"},"Action":"sts:AssumeRole"}"#;
    let text = onboard(&["policy", "explain", "-"], &trust(forged));
    assert!(!text.out.contains(['\u{1b}', '\u{7}', '\r']), "{:?}", text.out);
}

#[test]
fn full_stdout_is_an_error_without_a_panic() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for args in [&["demo"][..], &["vendors", "list"], &["completions", "bash"]] {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_onboard")).args(args).stdout(full()).output().unwrap();
        let stderr = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.contains("cannot write to stdout") && !stderr.contains("panicked"), "{stderr}");
    }
}

// ---------------------------------------------------------------- documents of vendors, hand-offs

#[test]
fn documents_of_a_vendor_are_on_stdout_and_notes_on_stderr() {
    let show = |more: &[&str]| onboard(&[&["vendors", "show", "trelica"], more].concat(), "");
    let policy = show(&["--policy"]);
    assert_eq!(policy.code, 0);
    assert_eq!(policy.json()["Statement"][0]["Effect"], "Allow");
    assert!(policy.err.contains("`organizations:ListAccounts` is left out"), "{}", policy.err);
    let management = show(&["--policy", "--management"]);
    assert!(management.out.contains("organizations:ListAccounts") && !management.err.contains("left out"));
    let trust = show(&["--trust", "--partition", "aws-us-gov", "--config", "onboarding.toml"]);
    assert_eq!(trust.json()["Statement"][0]["Principal"]["AWS"], "arn:aws-us-gov:iam::377450845233:root");
    assert!(trust.err.contains("replace `<EXTERNAL_ID>` with the external ID of the configuration"), "{}", trust.err);
    for format in ["--cloudformation", "--terraform", "--trust"] {
        let document = show(&[format, "--config", "onboarding.toml"]);
        assert_eq!(document.code, 0);
        assert!(document.out.contains("sts:ExternalId") && document.out.contains("377450845233"), "{}", document.out);
        assert!(!(document.out + &document.err).contains("example-trelica-organization-id"), "{format}");
    }
    let configured = show(&["--policy", "--config", "onboarding.toml"]);
    assert_eq!(configured.json()["Statement"][0]["Action"], serde_json::json!(["iam:ListUsers"]));
    let unknown = onboard(&["vendors", "show", "treliva", "--policy"], "");
    assert!(unknown.code == 1 && unknown.err.contains("did you mean `trelica`"), "{}", unknown.err);
}

#[test]
fn handoff_of_a_vendor_without_one_is_refused_before_any_call() {
    for arguments in [
        &["handoff", "--vendor", "treliva"][..],
        &["handoff", "done", "--vendor", "treliva", "--account", "444455556666"],
    ] {
        let refused = onboard(arguments, "");
        assert_eq!((refused.code, refused.out.as_str()), (1, ""));
        assert!(
            refused.err.contains("the vendors with one are: `trelica`; did you mean `trelica`?"),
            "{}",
            refused.err
        );
    }
}

#[test]
fn unusable_input_is_named() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let path = empty.path().to_str().unwrap();
    let finished = onboard(&["policy", "grant", "--principal", "222233334444", path], "");
    assert_eq!(finished.code, 1);
    assert!(finished.err.contains(&format!("error: `{path}` is empty; ")), "{}", finished.err);
    let finished = onboard(&["policy", "explain", "-"], "");
    assert!(finished.err.contains("error: stdin is empty; "), "{}", finished.err);
    let finished = onboard(&["event", "-"], "{\"Records\":[]}");
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.contains("`Records` is empty"), "{}", finished.err);
    let finished = onboard(&["config", "check", "vendors/trelica.toml"], "");
    assert_eq!(
        finished.err,
        "error: vendors/trelica.toml:1:1: this is a vendor file; name it in `vendor-files` of a configuration, and check that\n"
    );
    let finished = onboard(&["plan", "--account", "444455556666", "--wait", "-1"], "");
    assert!(finished.code == 2 && finished.err.contains("invalid value '-1' for '--wait"), "{}", finished.err);
}
