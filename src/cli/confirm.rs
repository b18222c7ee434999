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

/// Prints a question and returns whether the answer is `yes`.
pub(super) fn ask(question: &str) -> anyhow::Result<bool> {
    print_text!("\n{question} Only 'yes' will be accepted: ");
    anstream::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
