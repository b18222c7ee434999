//! Help, usage errors, completions and man pages.

use super::*;

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
        "verify",
        "audit",
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
        &["verify"],
        &["verify", "--account", "444455556666", "--mfa-code", "123456"],
        &["verify", "--account", "444455556666", "--as", "ann", "--mfa-code", "12345"],
        &["apply"],
        &["plan", "--account", "44445555666"],
        &["plan", "--account", "444455556666", "--event", "x.json"],
        &["plan", "--account", "444455556666", "--format", "xml"],
        &["plan", "--account", "444455556666", "--wait", "-1"],
        &["audit", "--all", "--account", "444455556666"],
        &["audit", "--concurrency", "4"],
        &["audit", "--format", "xml"],
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
        &["vendors", "show", "trelica", "--for", "management"],
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
fn invalid_mfa_code_is_not_repeated() {
    let finished = onboard(&["verify", "--account", "444455556666", "--as", "ann", "--mfa-code", "s3cret"], "");
    assert_eq!((finished.code, finished.out.as_str()), (2, ""));
    let said = "error: the value of `--mfa-code` is not valid: an MFA code has six digits\n";
    assert!(finished.err.starts_with(said) && !finished.err.contains("s3cret"), "{}", finished.err);
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

/// What a command does without the table differs from command to command.
#[test]
fn records_option_says_what_the_command_does_without_the_table() {
    let help = |command: &[&str]| unwrapped(&onboard(&[command, &["--help"]].concat(), "").out);
    let lease = "Without it, no lease is acquired";
    assert!(help(&["apply"]).contains(lease));
    assert!(help(&["plan"]).contains("--records") && !help(&["plan"]).contains(lease));
    assert!(help(&["handoff"]).contains("Without it, every hand-off is shown as open"));
    assert!(help(&["links"]).contains("Without it, the first access role"));
    for unused in [&["config", "push"], &["config", "pull"], &["doctor"][..]] {
        assert!(!help(unused).contains("--records"), "{unused:?}");
    }
}
