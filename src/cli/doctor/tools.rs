//! The tools that a build of the function needs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use onboarding_core::doctor::{Check, tool};

/// How long a tool has to print its version.
const LIMIT: Duration = Duration::from_secs(10);

/// A check of each tool.
pub(super) fn checks() -> Vec<Check> {
    // `python3 -m ziglang` does not count: cargo-lambda looks for the command.
    let zig = || version("zig", &["version"]);
    let threads = [
        std::thread::spawn(|| version("sam", &["--version"])),
        std::thread::spawn(|| version("cargo", &["lambda", "--version"])),
        std::thread::spawn(zig),
    ];
    let mut found = threads.map(|thread| thread.join().ok().flatten()).into_iter();
    let mut next = |name, install| tool(name, found.next().flatten().as_deref(), install);
    vec![
        next(
            "AWS SAM",
            "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html",
        ),
        next("cargo-lambda", "https://www.cargo-lambda.info/guide/installation.html"),
        next(
            "Zig",
            "install it from https://ziglang.org/download/; docs/DEPLOY.md has the command for ziglang from pip",
        ),
    ]
}

/// The first line that a program prints; `None` if it does not exist, fails or takes too long.
fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let end = Instant::now() + LIMIT;
    // Versions are shorter than the buffer of a pipe, so that no program waits for a reader.
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let output = child.wait_with_output().ok().filter(|_| status.success())?;
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                return text.lines().next().map(str::to_owned).filter(|line| !line.is_empty());
            }
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}
