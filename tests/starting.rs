//! Tests of the real `onboard`: the commands with which a user starts. No AWS calls are made; `tests/e2e/` answers the
//! questions on a terminal.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use onboarding_core::config::Config;
use onboarding_core::doctor::PUBLISHED_ACTIONS;
use serde_json::Value;

/// Runs `onboard` in a folder, without a terminal. Returns the exit code, stdout and stderr.
fn onboard(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
    command.env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
    let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const REQUIRED: [&str; 5] = ["init", "--identity-account", "482913650127", "--require-mfa", "false"];

#[test]
fn init_with_options_writes_a_file_without_warnings_and_says_what_is_next() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--vendor", "trelica", "--exclude", "593024761238", "--exclude", "ou-ab12-cdef3456"];
    let (code, out, err) = onboard(folder.path(), &[&REQUIRED[..], &more].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains(
            "\n      aws ssm put-parameter --type SecureString --name /account-onboarding/trelica/external-id"
        ),
        "{out}"
    );
    assert!(out.contains("\n      onboard config check\n"), "{out}");
    let (code, out, err) = onboard(folder.path(), &["config", "check"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let text = std::fs::read_to_string(folder.path().join("onboarding.toml")).unwrap();
    let config = Config::parse_without_files(&text).unwrap();
    assert_eq!((config.roles.len(), config.excluded.len()), (1, 2));
}

#[test]
fn init_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onboarding.toml");
    std::fs::write(&file, "mine").unwrap();
    let (code, out, err) = onboard(folder.path(), &REQUIRED);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("`onboarding.toml` exists already and is not overwritten"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let (code, out, _) = onboard(folder.path(), &[&REQUIRED[..], &["--out", "other.toml"]].concat());
    assert_eq!((code, out.contains("onboard config check other.toml\n")), (0, true), "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file remains");
}

#[cfg(unix)]
#[test]
fn init_does_not_follow_a_link_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("elsewhere.toml", folder.path().join("onboarding.toml")).unwrap();
    let (code, _, err) = onboard(folder.path(), &REQUIRED);
    assert_eq!((code, folder.path().join("elsewhere.toml").exists()), (1, false), "{err}");
}

#[test]
fn init_without_a_terminal_names_every_missing_option() {
    let folder = tempfile::tempdir().unwrap();
    let mfa = "pass `--require-mfa`\n";
    let user = "arn:aws:iam::482913650127:user/ann";
    for (args, missing) in [
        (&["init"][..], "pass `--identity-account` and `--require-mfa`\n"),
        (&["init", "--identity-account", "482913650127"], mfa),
        (&["init", "--identity-account", "482913650127", "--principal", user], mfa),
        (&["init", "--permission-set", "Admin"], "pass `--identity-account`\n"),
    ] {
        let (code, out, err) = onboard(folder.path(), args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
        assert!(err.contains("stdin is not a terminal") && err.ends_with(missing), "{args:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn invalid_option_of_init_is_explained_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = "arn:aws:iam::593024761238:role/admin";
    let own = "arn:aws:iam::482913650127:role/admin";
    for (more, expected, sentence) in [
        (&["--vendor", "trellica"][..], 1, "did you mean `trelica`?"),
        (&["--vendor", "trelica", "--vendor", "trelica"], 1, "appears twice"),
        (&["--exclude", "r-abcd"], 2, "`r-abcd` is the root, which contains every account"),
        (&["--exclude", "none", "--exclude", "593024761238"], 1, "contradict each other"),
        (&["--principal", foreign], 1, "is not in the identity account"),
        (&["--external-id-parameter", "trelica=/account-onboarding/id"], 1, "add `--vendor trelica`"),
        (&["--register", "workload-security=us-1"], 1, "add `--vendor workload-security`"),
        (&["--vendor", "workload-security", "--register", "workload-security=us-2"], 1, "is not a Cloud One region"),
        (&["--vendor", "trelica", "--register", "trelica=us-1"], 1, "has no API that registers accounts"),
        (&["--register", "workload-security"], 2, "write VENDOR=REGION"),
        (&["--out", "nowhere/onboarding.toml"], 1, "cannot write `nowhere/onboarding.toml`"),
    ] {
        let (code, out, err) = onboard(folder.path(), &[&REQUIRED[..], more].concat());
        assert_eq!((code, out.as_str()), (expected, ""), "{more:?}: {err}");
        assert!(err.contains(sentence), "{more:?}: {err}");
    }
    for (who, sentence) in [
        (["--permission-set", "Admin"], "require MFA in IAM Identity Center"),
        (["--principal", own], "of roles do not show MFA"),
    ] {
        let args = [&["init", "--identity-account", "482913650127", "--require-mfa", "true"], &who[..]].concat();
        let (code, _, err) = onboard(folder.path(), &args);
        assert!(code == 1 && err.contains(sentence), "{err}");
    }
    let secret = ["--vendor", "trelica", "--external-id-parameter", "trelica=s3cret-id"];
    let (code, _, err) = onboard(folder.path(), &[&REQUIRED[..], &secret].concat());
    // Clap repeats the argument; the explanation does not.
    assert!(code == 2 && err.contains("store it in the parameter later"), "{err}");
    let (code, _, err) =
        onboard(folder.path(), &["init", "--identity-account", "222233334444", "--require-mfa", "true"]);
    assert!(code == 2 && err.contains("is an account ID of the AWS documentation"), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn registration_is_written_without_an_external_id() {
    let folder = tempfile::tempdir().unwrap();
    let vendor = ["--vendor", "workload-security", "--register", "workload-security=de-1"];
    let (code, out, err) = onboard(folder.path(), &[&REQUIRED[..], &vendor].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("--name /account-onboarding/workload-security/api-key --value"), "{out}");
    assert!(!out.contains("external-id"), "no external ID has to be stored: {out}");
    let toml = std::fs::read_to_string(folder.path().join("onboarding.toml")).unwrap();
    assert!(toml.contains("registration = { region = \"de-1\"") && !toml.contains("external-id ="), "{toml}");
    let (code, _, err) = onboard(folder.path(), &["config", "check"]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn push_refuses_before_it_connects() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onboarding.toml");
    let push = ["config", "push", "--name", "/account-onboarding/own.toml", "--yes"];
    for (text, sentence) in [
        ("[[access-role.grant]]\nprincipal = \"222233334444\"\n", "the account ID 222233334444 is an\nexample"),
        ("[[access-role.grant]]\nprincipal = \"*\"\n", "onboarding.toml:2:13: "),
        ("vendor-files = [\"acme.toml\"]\n", "`acme.toml`: cannot be read"),
    ] {
        std::fs::write(&file, text).unwrap();
        let (code, out, err) = onboard(folder.path(), &push);
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert!(err.replace('\n', " ").contains(&sentence.replace('\n', " ")), "{err}");
    }
    std::fs::write(&file, "[[access-role.grant]]\nprincipal = \"482913650127\"\n").unwrap();
    let (code, _, err) = onboard(folder.path(), &push);
    assert!(code == 1 && err.contains("no region is set"), "{err}");
    let (code, _, err) = onboard(folder.path(), &push[..4]);
    assert!(code == 1 && err.contains("stdin is not a terminal; pass `--yes`"), "{err}");
    let (code, _, err) = onboard(folder.path(), &["config", "push", "--name", "own.toml"]);
    assert!(code == 2 && err.contains("not a valid name of an SSM parameter"), "{err}");
}

#[test]
fn doctor_without_aws_still_checks_the_configuration_and_the_tools() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("onboarding.toml"), "[[access-role.grant]]\nprincipal = \"222233334444\"\n")
        .unwrap();
    let (code, out, err) = onboard(folder.path(), &["doctor", "--format", "json"]);
    assert_eq!((code, err.as_str()), (1, ""));
    let diagnosis: Value = serde_json::from_str(&out).unwrap();
    let status = |name: &str| {
        let checks = diagnosis["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name}: {out}"));
        (found["status"].as_str().unwrap().to_owned(), found["fix"].is_string())
    };
    assert_eq!(status("credentials"), ("failed".to_owned(), true), "{out}");
    assert_eq!(status("configuration"), ("failed".to_owned(), true), "example values: {out}");
    // No tool is on an empty path.
    for tool in ["AWS SAM", "cargo-lambda", "Zig"] {
        assert!(["ok", "warning"].contains(&status(tool).0.as_str()), "{out}");
    }
    assert_eq!((&diagnosis["version"], &diagnosis["failed"]), (&1.into(), &2.into()), "{out}");
    let (code, text, _) = onboard(folder.path(), &["doctor"]);
    assert!(code == 1 && text.starts_with("failed   credentials") && text.contains("\n         fix "), "{text}");
}

#[test]
fn published_actions_are_those_of_the_template() {
    let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml")).unwrap();
    let (_, role) = template.split_once("FunctionRole:\n    Type:").unwrap();
    let role = role.split("Alarm:").next().unwrap();
    let role =
        role.split_once("Policies:").unwrap().1.replace("Effect: Deny\n                Action: sts:AssumeRole", "");
    let lines = role.lines().filter_map(|line| line.trim().strip_prefix("Action: "));
    let actions: BTreeSet<_> = lines.flat_map(|list| list.trim_matches(['[', ']']).split(", ")).collect();
    assert_eq!(actions, PUBLISHED_ACTIONS.into_iter().collect());
}
