//! `onboard config` and `onboard vendors`.

use super::*;

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
fn config_check_warns_of_what_was_dropped_since_an_older_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let grant = "[[access-role.grant]]\nprincipal = \"835621440917\"\n";
    let old = file("old.toml", &format!("{grant}[vendors.trelica]\nexternal-id = \"s3cret-id\"\n"));
    let new = file("new.toml", grant);
    let finished = onboard(&["config", "check", &new, "--against", &old], "");
    assert_eq!(finished.code, 0, "{}", finished.err);
    insta::assert_snapshot!(finished.err, @r#"
    warning: vendor/trelica: role `TrelicaIntegration` is no longer configured and
    stays in the accounts; to remove it, add
        [[removed]]
        vendor = "trelica"
        role-name = "TrelicaIntegration"
    "#);
    let removed = "\n[[removed]]\nvendor = \"trelica\"\n";
    let new = file("new.toml", &format!("{grant}{removed}"));
    let finished = onboard(&["config", "check", &new, "--against", &old], "");
    assert_eq!((finished.code, finished.err.as_str()), (0, ""));
    let out = finished.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.ends_with("1 grant on the access role, 0 roles, 1 role to remove"), "{out}");
    assert_eq!(onboard(&["config", "check", &new, "--against", "nowhere.toml"], "").code, 1);
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
            "a Terraform configuration is for one account; pass `--for identity` or `--for management`",
        ),
        (
            &["application-role", "--for", "management"],
            1,
            "`application-role` belongs to the identity account; leave out `--for`",
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
