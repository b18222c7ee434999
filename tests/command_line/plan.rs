//! `onboard plan` and `onboard apply`, up to the first call of AWS.

use super::*;

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
    insta::assert_snapshot!(sweep.err, @"error: the event is a sweep of all accounts, and `--event` is for one account; run `onboard plan --all` or `onboard apply --all`");
    let apply = onboard(&["apply", "--yes", "--event", "events/scheduler.json"], "");
    assert_eq!((apply.code, &apply.err), (1, &sweep.err));
    let chunk = onboard(&["plan", "--event", "events/sweep-chunk.json"], "");
    assert_eq!((chunk.code, chunk.out.as_str()), (1, ""));
    insta::assert_snapshot!(chunk.err, @"error: the event is a chunk of a sweep with 1 account, and `--event` is for one account; pass their IDs with `--account`");
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
