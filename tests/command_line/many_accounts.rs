//! `onboard plan` and `onboard apply` for many accounts, up to the first call of AWS.

use super::*;

/// Runs a command in an empty folder with a configuration of its own and these files.
fn in_folder(args: &[&str], files: &[(&str, &str)]) -> Finished {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    in_folder_with_bytes(args, &files)
}

fn in_folder_with_bytes(args: &[&str], files: &[(&str, &[u8])]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = b"[[access-role.grant]]\nprincipal = \"482913650127\"\n";
    let mut all: Vec<_> = args.iter().map(|word| (*word).to_owned()).collect();
    all.extend(["--config".to_owned(), write("onboarding.toml", text)]);
    for (name, content) in files {
        let path = write(name, content);
        all.iter_mut().filter(|word| *word == name).for_each(|word| word.clone_from(&path));
    }
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let finished = onboard(&all, "");
    let hide = |text: String| text.replace(&format!("{}/", folder.path().to_str().unwrap()), "");
    Finished { code: finished.code, out: finished.out, err: hide(finished.err) }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for args in [
        &["plan", "--all", "--ou", "Workloads"][..],
        &["plan", "--all", "--account", "444455556666"],
        &["plan", "--all", "--accounts-file", "x"],
        &["plan", "--tag", "environment"],
        &["plan", "--ou", "Workloads//Dev"],
        &["plan", "--all", "--event", "x.json"],
        &["plan", "--event", "x.json", "--out", "plan.json"],
        &["plan", "--all", "--concurrency", "0"],
        &["plan", "plan.json"],
        &["plan", "--out", "plan.json"],
        &["apply", "--all", "plan.json"],
        &["apply", "--account", "444455556666", "plan.json"],
    ] {
        let finished = onboard(args, "");
        assert_eq!((finished.code, finished.out.as_str()), (2, ""), "{args:?}: {}", finished.err);
    }
}

#[test]
fn apply_without_a_terminal_changes_nothing() {
    for args in [&["apply", "--all"][..], &["apply", "plan.json"]] {
        let finished = onboard(args, "yes\n");
        assert_eq!((finished.code, finished.out.as_str()), (1, ""));
        assert!(finished.err.contains("stdin is not a terminal; pass `--yes`"), "{}", finished.err);
    }
}

#[test]
fn every_error_of_a_file_is_printed_with_its_line() {
    let finished = in_folder(
        &["plan", "--accounts-file", "ids.txt"],
        &[("ids.txt", "444455556666\n\nfoo\u{1b}[2J\n44445555666\n")],
    );
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    insta::assert_snapshot!(finished.err, @"
    error: ids.txt:3: `foo?[2J`: an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs
    ids.txt:4: `44445555666`: it has 11 digits, and an account ID has 12; a leading zero may be missing; `aws organizations list-accounts` shows the IDs
    ");
    let many = "x\n".repeat(30);
    let finished = in_folder(&["plan", "--accounts-file", "ids.txt"], &[("ids.txt", &many)]);
    assert_eq!((finished.code, finished.err.lines().count()), (1, 21), "{}", finished.err);
    assert!(finished.err.ends_with("and 10 more errors\n"), "{}", finished.err);
}

#[test]
fn file_that_is_not_a_plan_of_this_configuration_is_refused_without_aws() {
    let plan = format!(
        r#"{{"kind":"account-onboarding plan","version":1,"tool":"{}","created_at":"2026-11-26T12:00:00Z",
        "management_account":"111122223333","organization_id":null,"configuration":"{hash}","salt":"{hash}","accounts":[]}}"#,
        env!("CARGO_PKG_VERSION"),
        hash = "0".repeat(64)
    );
    let mut errors = Vec::new();
    let other_tool = plan.replace(env!("CARGO_PKG_VERSION"), "0.0.1");
    for text in ["{", "[]", plan.as_str(), &plan.replace("\"version\":1", "\"version\":7"), &other_tool] {
        let finished = in_folder(&["apply", "plan.json", "--yes"], &[("plan.json", text)]);
        assert_eq!((finished.code, finished.out.as_str()), (1, ""));
        errors.push(finished.err);
    }
    insta::assert_snapshot!(errors.concat(), @"
    error: `plan.json`: it is not a saved plan: EOF while parsing an object at line 1 column 1; make one with `onboard plan --all --out FILE`
    error: `plan.json`: it is not a saved plan: invalid length 0, expected a JSON object with the fields of a plan at line 1 column 2; make one with `onboard plan --all --out FILE`
    error: `plan.json`: the configuration is not the one that was planned with; plan again
    error: `plan.json`: it is not a saved plan: it is `account-onboarding plan`, version 7; make one with `onboard plan --all --out FILE`
    error: `plan.json`: it was made by version 0.0.1 of this tool, and this is version 0.1.0; plan again
    ");
    let missing = in_folder(&["apply", "nowhere.json", "--yes"], &[]);
    assert!(missing.code == 1 && missing.err.contains("cannot read `nowhere.json`; check the path"), "{}", missing.err);
}

/// A file as `>` of Windows PowerShell writes it.
fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(to_bytes).collect()
}

#[test]
fn file_that_powershell_wrote_as_utf_16_is_refused_with_the_remedy() {
    let commands = [
        (&["apply", "file", "--yes"][..], "{\"kind\":\"account-onboarding plan\"}\r\n"),
        (&["plan", "--accounts-file", "file"], "444455556666\r\n"),
        (&["audit", "--trust", "--known-accounts", "file"], "- name: x\r\n"),
    ];
    for (words, text) in commands {
        let [little, big] = [u16::to_le_bytes, u16::to_be_bytes].map(|to_bytes| utf16(text, to_bytes));
        // With a byte order mark and without it.
        for bytes in [&little[..], &big, &little[2..], &big[2..]] {
            let finished = in_folder_with_bytes(words, &[("file", bytes)]);
            assert_eq!((finished.code, finished.out.as_str()), (1, ""));
            insta::allow_duplicates! {
                insta::assert_snapshot!(finished.err, @"error: `file` is UTF-16, as Windows PowerShell writes files; save it as UTF-8, for example with `Out-File -Encoding utf8`");
            }
        }
    }
    let latin1 = in_folder_with_bytes(&["apply", "file", "--yes"], &[("file", b"{\xe9")]);
    assert!(latin1.err.starts_with("error: `file` is not UTF-8; save it as UTF-8"), "{}", latin1.err);
}

/// What the remedy makes: UTF-8 with a byte order mark.
#[test]
fn file_that_powershell_wrote_as_utf_8_is_read() {
    let known = "\u{feff}- name: Partner\r\n  accounts: ['210987654321']\r\n";
    let region = ["--region", "us-east-1"];
    for (words, text) in [
        (&["plan", "--accounts-file", "file"][..], "\u{feff}444455556666\r\n"),
        (&["audit", "--trust", "--known-accounts", "file"], known),
    ] {
        let finished = in_folder(&[words, &region].concat(), &[("file", text)]);
        let start = "error: cannot list the accounts of the organization: ";
        assert!(finished.err.starts_with(start), "{}", finished.err);
    }
}

#[test]
fn accounts_cannot_be_listed_without_credentials() {
    let finished = in_folder(&["plan", "--all", "--region", "us-east-1"], &[]);
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.starts_with("error: cannot list the accounts of the organization: "), "{}", finished.err);
}
