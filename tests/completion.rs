//! Shell completion: the script of `onboard completions bash` in a real bash, with the real `onboard`, and the candidates
//! that the other shells get.
#![cfg(test)]

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A home with AWS profiles, which is also the working folder with a configuration.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".aws/config", "[profile admin]\nsso_account_id = 482913650127\n[profile audit]\nregion = eu-central-1\n");
    write(".aws/credentials", "[keys]\naws_access_key_id = AKIAX\n");
    write(
        "onboarding.toml",
        "[[access-role.grant]]\nprincipal = '593024761238'\n[accounts]\nexclude = ['604135872349']\n",
    );
    write("other.toml", &format!("{VENDOR}\n[[access-role.grant]]\nprincipal = '715246983450'\n"));
    write("broken.toml", "[[access-role.grant]\n");
    home
}

const VENDOR: &str = "[catalogue.acme]\ntitle = 'Acme'\ntrust = { accounts = ['482913650127'], external-id = 'required' }\n\
    role = { name = 'Acme', managed-policies = ['arn:{partition}:iam::aws:policy/ReadOnlyAccess'] }\n";

/// The command with a home, no other environment than `PATH`, and `onboard` on it.
fn in_home(program: &str, home: &Path) -> Command {
    let onboard = Path::new(env!("CARGO_BIN_EXE_onboard")).parent().unwrap();
    let path = format!("{}:{}", onboard.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("PATH", path).current_dir(home);
    command
}

/// What bash offers for the last of these words.
fn completed_by_bash(home: &Path, words: &[&str]) -> Vec<String> {
    completed_by(&mut in_home("bash", home), words)
}

/// The same with the environment of this bash.
fn completed_by(bash: &mut Command, words: &[&str]) -> Vec<String> {
    // As an interactive bash calls the function: with the words of the line, the command, the current and the previous word.
    let script = r#"
        set -e
        source <(onboard completions bash)
        function=$(complete -p onboard | grep -o '_[a-z_]*')
        COMP_WORDS=(onboard "$@")
        COMP_CWORD=$#
        COMP_TYPE=9
        "$function" onboard "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        for word in "${COMPREPLY[@]}"; do echo "$word"; done
    "#;
    let output = bash.args(["--norc", "-c", script, "bash"]).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn bash_completes_profiles_vendors_accounts_and_principals() {
    let home = home();
    for (words, expected) in [
        (&["plan", "--profile", ""][..], &["admin", "audit", "keys"][..]),
        (&["apply", "--profile", "a"], &["admin", "audit"]),
        (
            &["vendors", "show", ""],
            &[
                "trelica",
                "workload-security",
                "--config",
                "--policy",
                "--trust",
                "--cloudformation",
                "--terraform",
                "--for",
                "--account",
                "--partition",
                "--help",
            ],
        ),
        (&["handoff", "done", "--vendor", "tre"], &["trelica"]),
        (&["handoff", "--account", "60"], &["604135872349"]),
        (&["vendors", "show", "tre"], &["trelica"]),
        (&["prerequisites", "show", "application"], &["application-role", "application-policy"]),
        (&["vendors", "show", "--config", "other.toml", "a"], &["acme"]),
        (&["plan", "--account", ""], &["482913650127", "593024761238", "604135872349"]),
        (&["plan", "--account", "60"], &["604135872349"]),
        (&["plan", "--config", "other.toml", "--account", "7"], &["715246983450"]),
        (&["policy", "grant", "--principal", ""], &["593024761238"]),
        (&["completions", "ba"], &["bash"]),
        (&["config", "ch"], &["check"]),
        (&["config", "check", "oth"], &["other.toml"]),
    ] {
        assert_eq!(completed_by_bash(home.path(), words), expected, "{words:?}");
    }
}

/// The AWS CLI expands it.
#[test]
fn tilde_in_the_variable_of_a_file_is_the_home_folder() {
    let home = home();
    std::fs::rename(home.path().join(".aws/credentials"), home.path().join("elsewhere")).unwrap();
    let mut bash = in_home("bash", home.path());
    bash.env("AWS_SHARED_CREDENTIALS_FILE", "~/elsewhere");
    assert_eq!(completed_by(&mut bash, &["plan", "--profile", "k"]), ["keys"]);
    assert_eq!(completed_by_bash(home.path(), &["plan", "--profile", "k"]), Vec::<String>::new());
}

#[test]
fn invalid_or_missing_file_offers_nothing() {
    let home = home();
    for words in [
        &["plan", "--config", "broken.toml", "--account", "5"][..],
        &["policy", "grant", "--config=nowhere.toml", "--principal", ""],
        &["vendors", "show", "--config", "broken.toml", "acme"],
    ] {
        assert_eq!(completed_by_bash(home.path(), words), Vec::<String>::new(), "{words:?}");
    }
    std::fs::remove_dir_all(home.path().join(".aws")).unwrap();
    std::fs::remove_file(home.path().join("onboarding.toml")).unwrap();
    assert_eq!(completed_by_bash(home.path(), &["plan", "--profile", ""]), Vec::<String>::new());
    assert_eq!(completed_by_bash(home.path(), &["plan", "--account", ""]), Vec::<String>::new());
}

/// The scripts of these shells call `onboard` with this variable and these arguments.
#[test]
fn zsh_and_fish_get_the_same_candidates() {
    let home = home();
    for shell in ["zsh", "fish"] {
        let script = in_home("onboard", home.path()).args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(script.contains("ONBOARD_COMPLETE") && script.contains("onboard"), "{script}");
        let mut command = in_home("onboard", home.path());
        command.env("ONBOARD_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_IFS", "\n");
        let output = command.args(["--", "onboard", "plan", "--profile", "a"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), ["admin", "audit"], "{shell}");
    }
}

/// A terminal must not get control characters from a file.
#[test]
fn names_that_cannot_be_printed_are_not_offered() {
    let home = home();
    std::fs::write(home.path().join(".aws/config"), "[profile a\u{1b}]0;x\u{7}]\n[profile b]\n").unwrap();
    let names = completed_by_bash(home.path(), &["plan", "--profile", ""]);
    assert_eq!(names, ["b", "keys"]);
}
