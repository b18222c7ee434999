//! Asking before something is changed.

use std::io::{IsTerminal, Write};

use anyhow::ensure;

/// Fails before anything is done if `command` needs an answer and stdin is not a terminal.
pub(super) fn ensure_can_ask(command: &str, yes: bool) -> anyhow::Result<()> {
    ensure!(
        yes || std::io::stdin().is_terminal(),
        "{command} needs confirmation and stdin is not a terminal; pass `--yes`"
    );
    Ok(())
}

/// The same as [`ask`] after Ctrl-C was handled in this process, which then no longer ends it: Ctrl-C is a refusal.
pub(super) async fn ask_interruptible(question: &str) -> anyhow::Result<bool> {
    let (answered, answer) = tokio::sync::oneshot::channel();
    let question = question.to_owned();
    // A thread that the end of the process does not wait for.
    std::thread::spawn(move || answered.send(ask(&question)));
    tokio::select! {
        answer = answer => answer?,
        Ok(()) = tokio::signal::ctrl_c() => {
            print_line!();
            Ok(false)
        }
    }
}

/// Prints a question and returns whether the answer is `yes`.
pub(super) fn ask(question: &str) -> anyhow::Result<bool> {
    print_text!("\n{question} Only 'yes' will be accepted: ");
    anstream::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
