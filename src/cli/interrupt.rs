//! Ctrl-C during a command for many accounts: accounts in progress are finished, and no more are begun.

use std::pin::pin;

use super::output::eprint_lines;
use onboarding_core::lines::{Line, Style};
use onboarding_engine::Interrupt;

/// Runs to the end. Ctrl-C ends it after what is in progress, and a second one at once: `None`.
pub(super) async fn until_interrupted<T>(work: impl Future<Output = T>, interrupt: &Interrupt) -> Option<T> {
    let mut work = pin!(work);
    tokio::select! {
        done = &mut work => return Some(done),
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    interrupt.set();
    let text = "Interrupted: the accounts in progress are finished; press Ctrl-C again to stop at once.";
    eprint_lines(&[Line::at(0).styled(Style::Warning, text)]);
    tokio::select! {
        done = &mut work => Some(done),
        Ok(()) = tokio::signal::ctrl_c() => None,
    }
}
