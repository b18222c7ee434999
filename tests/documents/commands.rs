//! Every shell block of the documents is run by bash, with stubs of the programs that call AWS or build. A stub records
//! its arguments; bash does the rest: quotes, variables, loops and redirections. Then each call is checked:
//!
//! - `onboard` is parsed by its own parser. Commands that need neither AWS nor a terminal run for real.
//! - `aws`, `sam`, `terraform`, `cargo` and `pip` must name files, stack parameters, resources, outputs, inputs and binaries that
//!   exist.
//! - Any other program fails the test, so that no block is left unchecked.
//!
//! `tests/e2e/test_deploy_page.py` follows the blocks that are labelled `sh step`.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use account_onboarding::cli::Args;
use clap::CommandFactory;

use crate::files::{documents, read, root};

/// Programs of the system that a block may run.
const SYSTEM: [&str; 4] = ["bash", "cat", "chmod", "mkdir"];
const STUBS: [&str; 8] = ["aws", "cargo", "git", "onboard", "pip", "python3", "sam", "terraform"];
/// What the reader of a page has set: credentials and IDs, or variables of an earlier block.
const VARIABLES: [(&str, &str); 17] = [
    ("ACCOUNT", "444455556666"),
    ("CODE1", "123456"),
    ("CODE2", "654321"),
    ("DEAD_LETTERS", "https://sqs.us-east-1.amazonaws.com/111122223333/dead-letters"),
    ("EXTERNAL_ID", "3e7ac2f0-0000-example"),
    ("FUNCTION_ROLE_ARN", "arn:aws:iam::482913650127:role/account-onboarding-FunctionRole-1A2B"),
    ("IDENTITY_ACCOUNT", "482913650127"),
    ("KEY", "example-key"),
    ("LOG_GROUP", "account-onboarding-LogGroup-1A2B"),
    ("MANAGEMENT", "management"),
    ("NOTIFICATION_EMAIL", "platform@example.com"),
    ("PASSWORD", "example-password"),
    ("PROFILE", "tooling"),
    ("RECORDS", "account-onboarding-Records-1A2B"),
    ("TABLE", "account-onboarding-Records-1A2B"),
    ("TRELICA_EXTERNAL_ID", "x-4711"),
    ("USER", "ann"),
];
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;

/// A shell block: where it is, and its text.
struct Block {
    place: String,
    text: String,
}

fn shell_blocks() -> Vec<Block> {
    let mut found = Vec::new();
    for (file, text) in documents() {
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(fence) = line.trim_start().strip_prefix("```") else { continue };
            let block: Vec<_> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```").collect();
            let language = fence.split(' ').next().unwrap_or_default();
            let place = format!("{file}:{}", number + 1);
            assert!(!["", "bash", "console", "shell"].contains(&language), "{place}: label a shell block `sh`");
            if language == "sh" {
                found.push(Block { place, text: block.join("\n") + "\n" });
            }
        }
    }
    found
}

/// Runs a block and returns the calls of the stubs, each as its words.
fn run(block: &Block) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let [work, programs] = ["work", "programs"].map(|name| folder.path().join(name));
    prepare(&work, block);
    std::fs::create_dir(&programs).expect("a folder");
    for name in SYSTEM {
        let found = ["/bin", "/usr/bin"].map(|bin| Path::new(bin).join(name)).into_iter().find(|path| path.exists());
        symlink(found.unwrap_or_else(|| panic!("{name}")), programs.join(name)).expect("a link");
    }
    for name in STUBS {
        let path = programs.join(name);
        std::fs::write(&path, stub(name)).expect("a program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let calls = folder.path().join("calls");
    std::fs::write(&calls, "").expect("a file");
    // A function that DEPLOY.md defines and other pages use.
    let script = format!("set -euo pipefail\noutput() {{ aws cloudformation describe-stacks; }}\n{}", block.text);
    let ran = Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(&work)
        .env_clear()
        .envs(VARIABLES)
        .env("HOME", &work)
        .env("PATH", &programs)
        .env("CALLS", &calls)
        .env("ONBOARD", env!("CARGO_BIN_EXE_onboard"))
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let printed = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(ran.status.success(), "{}:\n{}\n{printed}", block.place, block.text);
    let calls = std::fs::read_to_string(&calls).expect("the calls");
    let calls: Vec<Vec<_>> = calls
        .split_terminator('\u{1e}')
        .map(|call| call.split_terminator('\u{1f}').map(str::to_owned).collect())
        .collect();
    for call in &calls {
        check(call, &work, &block.place);
    }
    calls
}

/// The repository, with the files that earlier steps of a page have written.
fn prepare(work: &Path, block: &Block) {
    std::fs::create_dir(work).expect("a folder");
    for entry in std::fs::read_dir(root()).expect("the repository") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        if !name.starts_with('.') && !["target", "own.toml"].contains(&name.as_str()) {
            symlink(root().join(&name), work.join(&name)).expect("a link");
        }
    }
    std::fs::write(work.join("trust.json"), TRUST).expect("a file");
    if !block.text.contains("onboard init") {
        let words = ["init", "--out", "own.toml", "--identity-account", "482913650127", "--require-mfa", "false"];
        let made =
            Command::new(env!("CARGO_BIN_EXE_onboard")).args(words).current_dir(work).stdin(Stdio::null()).output();
        assert!(made.expect("onboard").status.success());
    }
}

/// Records its arguments. `aws` prints a trust policy if one is asked for, and else one word, so that loops run once; `onboard` runs
/// if it needs no AWS.
fn stub(name: &str) -> String {
    let record = format!("#!/bin/bash\nprintf '%s\\x1f' {name} \"$@\" >> \"$CALLS\"\nprintf '\\x1e' >> \"$CALLS\"\n");
    let then = match name {
        "aws" => format!(
            "case \"$*\" in *AssumeRolePolicyDocument*|*TRUST_POLICY*) echo '{TRUST}';; *) echo example;; esac\n"
        ),
        "onboard" => r#"case "$1 $2 $*" in
  "demo "*|"event "*|"policy "*|"completions "*|"man "*|"vendors "*|"prerequisites "*) exec "$ONBOARD" "$@";;
  "config check"*|"config show"*|"init "*--identity-account*) exec "$ONBOARD" "$@";;
esac
"#
        .to_owned(),
        _ => String::new(),
    };
    record + &then
}

fn check(call: &[String], work: &Path, place: &str) {
    let words: Vec<_> = call.iter().map(String::as_str).collect();
    let shown = words.join(" ");
    for word in &words {
        if let Some(path) = word.strip_prefix("file://") {
            assert!(work.join(path).exists(), "{place}: `{shown}`: there is no `{path}`");
        }
    }
    let option = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)).copied();
    for name in ["--template-file", "--data-file"] {
        if let Some(path) = option(name) {
            assert!(work.join(path).exists(), "{place}: `{shown}`: there is no `{path}`");
        }
    }
    match words[0] {
        "onboard" => {
            if let Err(error) = Args::command().try_get_matches_from(&words) {
                panic!("{place}: `{shown}`: {error}");
            }
        }
        "aws" | "sam" => {
            let template = option("--template-file").unwrap_or("template.yaml");
            let given = words.iter().skip_while(|word| **word != "--parameter-overrides").skip(1);
            let given = given.take_while(|word| !word.starts_with("--")).filter_map(|word| word.split_once('='));
            for (name, _) in given {
                assert!(declares(template, "Parameters", name), "{place}: `{shown}`: there is no parameter `{name}`");
            }
            if let Some(id) = option("--logical-resource-id") {
                assert!(declares("template.yaml", "Resources", id), "{place}: `{shown}`: there is no resource `{id}`");
            }
            for output in shown.split("OutputKey=='").skip(1).filter_map(|rest| rest.split('\'').next()) {
                assert!(
                    declares("template.yaml", "Outputs", output),
                    "{place}: `{shown}`: there is no output `{output}`"
                );
            }
            if words[1] == "ssm" {
                let name = option("--name").expect("a name");
                assert!(name.starts_with("/account-onboarding/"), "{place}: `{shown}`");
            }
            assert!(words.len() > 2 || words[0] == "sam", "{place}: `{shown}`");
        }
        "terraform" => {
            let variables = read("terraform/variables.tf");
            for pair in words.windows(2).filter(|pair| pair[0] == "-var").filter_map(|pair| pair[1].split_once('=')) {
                assert!(
                    variables.contains(&format!("variable \"{}\" {{", pair.0)),
                    "{place}: `{shown}`: no input `{}`",
                    pair.0
                );
            }
        }
        "cargo" => {
            let manifest = read("Cargo.toml");
            for (option, section) in [("--bin", "[[bin]]"), ("--example", "[[example]]")] {
                let name = words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1));
                let exists = |name: &&str| manifest.contains(&format!("{section}\nname = \"{name}\""));
                assert!(name.is_none_or(exists), "{place}: `{shown}`");
            }
            let known = ["install", "lambda", "run", "test"];
            assert!(known.contains(&words[1]), "{place}: `{shown}`");
        }
        "pip" => assert!(
            words[2..].iter().all(|package| ["aws-sam-cli", "cargo-lambda", "ziglang"].contains(package)),
            "{place}"
        ),
        "git" => assert_eq!(words, ["git", "pull"], "{place}"),
        other => panic!("{place}: nothing checks `{other}`"),
    }
}

/// Whether a template has a parameter, resource or output of this name.
fn declares(template: &str, section: &str, name: &str) -> bool {
    let text = read(template);
    let (_, rest) = text.split_once(&format!("\n{section}:\n")).unwrap_or_else(|| panic!("{template}: {section}"));
    let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    lines.into_iter().any(|line| line == format!("  {name}:"))
}

#[test]
fn every_shell_block_is_run_and_each_of_its_commands_is_checked() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for block in shell_blocks() {
        let calls = run(&block);
        let only_sets_variables = block.text.lines().all(|line| line.starts_with("export "));
        assert!(!calls.is_empty() || only_sets_variables, "{}: nothing is run", block.place);
        for call in calls {
            *counts.entry(call[0].clone()).or_default() += 1;
        }
    }
    assert!(counts["onboard"] >= 60 && counts["aws"] >= 40 && counts["sam"] >= 6, "{counts:?}");
}

/// So that the test above cannot pass because a stub accepts everything.
#[test]
fn wrong_commands_are_noticed() {
    for text in [
        "onboard plan --acount 444455556666\n",
        "onboard config check missing.toml\n",
        "aws iam create-policy --policy-name x --policy-document file://missing.json\n",
        "sam deploy --parameter-overrides Sweeep=REPORT\n",
        "aws cloudformation describe-stacks --query \"Outputs[?OutputKey=='Nothing']\"\n",
        "cargo install --path . --bin onbord\n",
        "terraform apply -var sweeep=REPORT\n",
        "curl https://example.com\n",
        "onboard links --account \"$UNKNOWN\"\n",
    ] {
        let block = Block { place: "here".to_owned(), text: text.to_owned() };
        assert!(std::panic::catch_unwind(|| run(&block)).is_err(), "{text}");
    }
}
