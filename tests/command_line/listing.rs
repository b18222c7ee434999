//! Commands for many accounts while the list of accounts is read: interrupted, and with a list that cannot be read to its end. A
//! local server is in the place of Organizations. All accounts are skipped, so that nothing else is called.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::organizations_server::{MANAGEMENT, SUSPENDED, first_page, list, list_that_fails, page, serve};
use super::*;

/// A folder with a configuration, in which commands run.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[access-role.grant]]\nprincipal = \"482913650127\"\n";
    std::fs::write(folder.path().join("onboarding.toml"), text).unwrap();
    folder
}

fn command(program: &str, args: &[&str], folder: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_clear().envs([
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
        ("PATH", "/usr/bin:/bin"),
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const ONBOARD: &str = env!("CARGO_BIN_EXE_onboard");

fn run(program: &str, args: &[&str], folder: &Path, endpoint: &str) -> Finished {
    let output = command(program, args, folder, endpoint).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// How often Ctrl-C is pressed while the second page of the list is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pressed {
    Once,
    Twice,
}

/// A command that is interrupted while the second page is read. The third one must not be asked for.
fn interrupted(words: &[&str], folder: &Path, pressed: Pressed) -> Finished {
    let (is_asked, asked): (Sender<()>, Receiver<()>) = channel();
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let channels = Mutex::new((is_asked, released));
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let seen = tokens.clone();
    let endpoint = serve(move |call, body| {
        let token = body["NextToken"].as_str().unwrap_or("1").to_owned();
        seen.lock().unwrap().push(format!("{call} {token}"));
        if token == "1" {
            return first_page(Some("2"));
        }
        let (is_asked, released) = &*channels.lock().unwrap();
        is_asked.send(()).unwrap();
        // An error if the test has ended.
        let _ = released.recv();
        page(SUSPENDED, "old", "SUSPENDED", Some("3"))
    });
    let mut child = command(ONBOARD, words, folder, &endpoint).spawn().unwrap();
    let is_reading = asked.recv_timeout(Duration::from_secs(120));
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    if is_reading.is_ok() {
        interrupt(&child);
        while !err.contains("Interrupted: ") && stderr.read_line(&mut err).unwrap() > 0 {}
        match pressed {
            Pressed::Once => release.send(()).unwrap(),
            Pressed::Twice => interrupt(&child),
        }
    } else {
        child.kill().unwrap();
    }
    stderr.read_to_string(&mut err).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(*tokens.lock().unwrap(), ["ListAccounts 1", "ListAccounts 2"], "{err}");
    let out = String::from_utf8(output.stdout).unwrap();
    Finished { code: output.status.code().unwrap_or_else(|| panic!("{out}{err}")), out, err }
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn plan_that_is_interrupted_while_accounts_are_listed_is_not_saved_and_says_that_it_is_a_part() {
    let folder = folder();
    let words = ["plan", "--all", "--out", "plan.json"];
    let once = interrupted(&words, folder.path(), Pressed::Once);
    assert_eq!(once.code, 5, "{}{}", once.out, once.err);
    insta::assert_snapshot!(once.out, @"
    2 accounts: 2 skipped (management account, suspended), others not listed

    Skipped
      1 account: management account
          111122223333 (management)
          it is the management account, which is never changed
      1 account: suspended
          444455556666 (old)
          AWS suspended it (SUSPENDED)
    ");
    insta::assert_snapshot!(once.err, @"
    Interrupted: the accounts in progress are finished; press Ctrl-C again to stop
    at once.
    warning: interrupted: the accounts are not all listed, and the others were not
    read; the plan is not saved. Run the same command to read all of them
    ");
    let twice = interrupted(&words, folder.path(), Pressed::Twice);
    assert_eq!(twice.code, 5, "{}{}", twice.out, twice.err);
    insta::assert_snapshot!(twice.out, @"
    1 account: 1 skipped (management account), others not listed

    Skipped
      1 account: management account
          111122223333 (management)
          it is the management account, which is never changed
    ");
    assert_eq!(twice.err, once.err);
    assert!(!folder.path().join("plan.json").exists());
}

/// The last line of JSON would say that these are all accounts.
#[test]
fn interrupted_list_has_no_summary_in_json() {
    let folder = folder();
    let plan = interrupted(&["plan", "--all", "--format", "json"], folder.path(), Pressed::Once);
    assert_eq!(plan.code, 5, "{}{}", plan.out, plan.err);
    let lines: Vec<Value> = plan.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| &line["account_id"]).collect::<Vec<_>>(), [MANAGEMENT, SUSPENDED]);
    let apply = interrupted(&["apply", "--all", "--yes", "--format", "json"], folder.path(), Pressed::Once);
    assert_eq!((apply.code, &apply.out), (5, &plan.out), "{}", apply.err);
}

#[test]
fn apply_that_is_interrupted_while_accounts_are_listed_changes_nothing_and_says_so() {
    let folder = folder();
    let apply = interrupted(&["apply", "--all", "--yes"], folder.path(), Pressed::Once);
    assert_eq!(apply.code, 5, "{}{}", apply.out, apply.err);
    insta::assert_snapshot!(apply.err, @"
    Interrupted: the accounts in progress are finished; press Ctrl-C again to stop
    at once.
    warning: interrupted: the accounts are not all listed, and the others were not
    read, and nothing was changed. Run the same command to continue
    ");
}

#[test]
fn audit_of_a_list_that_fails_prints_nothing_and_leaves_the_file_as_it_was() {
    let folder = folder();
    let endpoint = serve(list_that_fails);
    let out = folder.path().join("audit.json");
    for kind in ["--live", "--trust"] {
        for words in [&["--format", "csv"][..], &["--out", "audit.json"]] {
            let finished = run(ONBOARD, &[&["audit", "--all", kind], words].concat(), folder.path(), &endpoint);
            assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
            let start = "error: cannot list the accounts of the organization: ";
            assert!(finished.err.starts_with(start), "{}", finished.err);
            assert!(!out.exists());
        }
        std::fs::write(&out, "old").unwrap();
        let finished = run(ONBOARD, &["audit", "--all", kind, "--out", "audit.json"], folder.path(), &endpoint);
        assert_eq!((finished.code, std::fs::read_to_string(&out).unwrap().as_str()), (1, "old"), "{}", finished.err);
        std::fs::remove_file(&out).unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// The limit of the size of a file fails a write as a full disk does.
#[test]
fn audit_that_cannot_be_written_leaves_the_old_one() {
    let folder = folder();
    let endpoint = serve(list);
    let out = folder.path().join("audit.json");
    std::fs::write(&out, "old").unwrap();
    for kind in ["--live", "--trust"] {
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
        let words = ["-c", script, "bash", ONBOARD, "audit", "--all", kind, "--out", "audit.json"];
        let finished = run("bash", &words, folder.path(), &endpoint);
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
        assert!(finished.err.contains("error: cannot write `audit.json`; check the folder"), "{}", finished.err);
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn audit_is_written_to_a_device() {
    let folder = folder();
    let endpoint = serve(list);
    let audit = |out: &str| {
        let words = ["audit", "--live", "--all", "--format", "json", "--out", out];
        run(ONBOARD, &words, folder.path(), &endpoint)
    };
    let summary = "Wrote /dev/stdout: 0 accounts, 0 converged, 0 need attention\n";
    let stdout = audit("/dev/stdout");
    assert_eq!((stdout.code, stdout.err.as_str()), (0, summary));
    assert_eq!(stdout.json()["source"], "live");
    // The same if a shell redirects stdout to a file, or appends it to one.
    for (redirection, before) in [(">", ""), (">>", "before\n")] {
        std::fs::write(folder.path().join("redirected"), "before\n").unwrap();
        let script = format!("exec \"$@\" {redirection} redirected");
        let audit = [ONBOARD, "audit", "--live", "--all", "--format", "json", "--out", "/dev/stdout"];
        let finished = run("bash", &[&["-c", &script, "bash"], &audit[..]].concat(), folder.path(), &endpoint);
        assert_eq!((finished.code, finished.err.as_str()), (0, summary));
        let written = std::fs::read_to_string(folder.path().join("redirected")).unwrap();
        let json: Value = serde_json::from_str(written.strip_prefix(before).unwrap()).unwrap();
        assert_eq!(json["source"], "live");
    }
    assert_eq!(audit("/dev/null").code, 0);
    #[cfg(target_os = "linux")]
    assert!(audit("/dev/full").err.contains("error: cannot write `/dev/full`"));
}

#[test]
fn audit_of_trust_warns_that_the_management_account_is_not_read_if_it_is_selected() {
    let folder = folder();
    let endpoint = serve(list);
    let audit = |words: &[&str]| run(ONBOARD, &[&["audit", "--trust"], words].concat(), folder.path(), &endpoint);
    let all = audit(&[]);
    assert_eq!(all.code, 0, "{}", all.err);
    insta::assert_snapshot!(all.err, @"
    warning: the roles of the management account 111122223333 are not read, because
    it has no access role; check in its IAM console who can assume them
    ");
    assert!(all.out.contains("2 skipped (management account, suspended)"), "{}", all.out);
    let management = audit(&["--account", MANAGEMENT]);
    assert_eq!((management.code, management.err), (0, all.err));
    let other = audit(&["--account", SUSPENDED]);
    assert_eq!((other.code, other.err.as_str()), (0, ""));
    assert!(other.out.contains("1 skipped (suspended)"), "{}", other.out);
}
