//! Imports go one way, the SDK stays in its room, and the pure rooms stay pure: held by reading the source.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms from the ground up: each may use those of the lines before its own, and no other.
const LAYERS: &[&[&str]] = &[
    &["account", "wording"],
    &["role", "mode", "fault", "template", "json", "claim"],
    &["outcome", "policy"],
    &["reading"],
    &["vendor", "trigger"],
    &["config"],
    &["blueprint", "observed"],
    &["plan"],
    &["report", "session_policy"],
    &["delivery"],
    &["telling"],
    &["ports"],
    &["onboarding"],
    &["aws", "simulation", "registration", "lambda"],
    &["cli"],
    &["bin"],
];

/// Rooms with no clock, environment, network or waiting.
const PURE: &[&str] = &[
    "account",
    "wording",
    "role",
    "mode",
    "fault",
    "template",
    "json",
    "claim",
    "outcome",
    "policy",
    "reading",
    "vendor",
    "trigger",
    "blueprint",
    "observed",
    "plan",
    "report",
    "session_policy",
    "config",
    "delivery",
    "telling",
];

struct File {
    path: PathBuf,
    /// The room: the first folder or file under `src`.
    room: String,
    /// The text without comments and without the tests in it.
    code: String,
    lines: usize,
}

fn source() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_owned();
                let room = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                files.push(File { code: code(&text), lines: text.lines().count(), path, room });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Tests stand at the end of a file, or in a file of their own.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    name == "tests" || name.ends_with("_tests") || name.ends_with("_properties") || name == "example"
}

/// The rooms that a text names, as `crate::plan` or, in the binaries, `account_onboarding::plan`.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "account_onboarding::"] {
        for rest in code.split(prefix).skip(1) {
            let list = rest.strip_prefix('{').and_then(|list| list.split_once('}')).map(|(list, _)| list);
            for item in list.unwrap_or(rest).split(',').take(if list.is_some() { usize::MAX } else { 1 }) {
                let word = item.trim().split(|c: char| !c.is_ascii_lowercase() && c != '_').next();
                found.extend(word.map(str::to_owned));
            }
        }
    }
    found
}

fn layer(room: &str) -> usize {
    LAYERS.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("`{room}` has no place in LAYERS"))
}

#[test]
fn each_room_uses_those_below_it() {
    for file in source().iter().filter(|file| !is_test(&file.path) && file.room != "lib") {
        for other in named(&file.code).iter().filter(|other| **other != file.room) {
            let demo = file.path.ends_with("cli/demo.rs") && other == "simulation";
            assert!(layer(other) < layer(&file.room), "{} uses `{other}`", file.path.display());
            let constructed = ["aws", "simulation", "registration"].contains(&other.as_str());
            let allowed = file.room == "bin" && ["aws", "registration"].contains(&other.as_str());
            assert!(!constructed || allowed || demo, "{} uses `{other}`", file.path.display());
        }
    }
}

#[test]
fn the_sdk_stays_in_its_room() {
    for file in source().iter().filter(|file| file.room != "aws" && !is_test(&file.path)) {
        for word in ["aws_sdk_", "aws_config", "aws_smithy", "aws_types", "aws_credential_types"] {
            assert!(!file.code.contains(word), "{} names `{word}`", file.path.display());
        }
    }
}

#[test]
fn pure_rooms_stay_pure() {
    let impure = ["std::env", "env::var", "SystemTime", "Instant", "tokio", "async ", ".await", "std::net", "println!"];
    for file in source().iter().filter(|file| PURE.contains(&file.room.as_str()) && !is_test(&file.path)) {
        for word in impure {
            assert!(!file.code.contains(word), "{} has `{word}`", file.path.display());
        }
        // The configuration's folder is the one place that reads files.
        let reads_files = file.path.ends_with("config/files.rs");
        assert!(reads_files || !file.code.contains("std::fs"), "{} reads files", file.path.display());
    }
}

#[test]
fn nobody_but_the_binaries_reads_the_environment_or_the_clock() {
    let allowed = ["lambda/settings.rs", "aws/clients.rs", "aws/clock.rs"];
    for file in source().iter().filter(|file| !is_test(&file.path) && file.room != "bin") {
        let may = allowed.iter().any(|path| file.path.ends_with(path));
        for word in ["env::var", "SystemTime", "Instant::now"] {
            assert!(may || !file.code.contains(word), "{} has `{word}`", file.path.display());
        }
    }
}

#[test]
fn files_are_short() {
    for file in source() {
        let most = if file.room == "bin" { 60 } else { 300 };
        assert!(file.lines < most || is_test(&file.path), "{} has {} lines", file.path.display(), file.lines);
    }
}
