//! Documents of vendors' roles, hand-offs, and input that cannot be used.

use super::*;

#[test]
fn documents_of_a_vendor_are_on_stdout_and_notes_on_stderr() {
    let show = |more: &[&str]| onboard(&[&["vendors", "show", "trelica"], more].concat(), "");
    let policy = show(&["--policy"]);
    assert_eq!(policy.code, 0);
    assert_eq!(policy.json()["Statement"][0]["Effect"], "Allow");
    assert!(policy.err.contains("`organizations:ListAccounts` is left out"), "{}", policy.err);
    let management = show(&["--policy", "--for", "management"]);
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
fn document_is_the_same_for_a_configuration_from_stdin() {
    let configuration = include_str!("../../onboarding.toml");
    let show = |file: &str, stdin| onboard(&["vendors", "show", "trelica", "--policy", "--config", file], stdin);
    assert_eq!(show("-", configuration).out, show("onboarding.toml", "").out);
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
            refused
                .err
                .contains("the vendors with one are: `workload-security` and `trelica`; did you mean `trelica`?"),
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

/// What docs/STEPS.md leaves to a person once for the tenant.
#[test]
fn vendor_shows_what_a_person_does_once() {
    let shown = onboard(&["vendors", "show", "workload-security"], "");
    assert_eq!(shown.code, 0, "{}", shown.err);
    let text = shown.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for step in
        ["select Use Manager Instance Role", "Support > Deployment Scripts", "The page Computers lists the instances"]
    {
        assert!(text.contains(step), "{step}: {text}");
    }
}
