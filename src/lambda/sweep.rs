//! A sweep: one message for each account, ten at a time. Events are best effort; this is what makes up for it.

use serde_json::json;

use super::{Ports, Work};
use crate::account::{Account, AccountState};
use crate::fault::ApiError;
use crate::mode::Mode;
use crate::outcome::Outcome;
use crate::ports::{Clock, Directory, Queue};
use crate::report::Report;

/// As many messages as SQS takes at once.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
const BATCH: usize = 10;

impl<P: Ports> Work<'_, P> {
    /// Queues every account from a page on. When time runs out, the rest becomes a message of its own; when a call
    /// fails, the whole message comes again: an account that is queued twice costs a look.
    pub(super) async fn sweep(&self, kind: &str, from: Option<String>) -> Report {
        let report = |outcome| Report::new(None, kind, Mode::Apply, outcome);
        let (mut page, mut queued) = (from, 0);
        loop {
            match self.sweep_page(page).await {
                Ok((count, next)) => {
                    queued += count;
                    page = next;
                }
                Err(error) => return report(Outcome::of_error(&error, false)),
            }
            if page.is_none() {
                break;
            }
            if self.engine.clock.now() >= self.deadline {
                let rest = json!({"sweep": {"page": page}}).to_string();
                match self.ports.queue().send(&[rest]).await {
                    Ok(()) => break,
                    Err(error) => return report(Outcome::of_error(&error, false)),
                }
            }
        }
        let mut report = report(Outcome::Converged);
        let rest = if page.is_some() { "; the rest follows" } else { "" };
        report.notices.push(format!("{queued} accounts were queued{rest}"));
        report
    }

    async fn sweep_page(&self, from: Option<String>) -> Result<(usize, Option<String>), ApiError> {
        let page = self.engine.directory.accounts(from).await?;
        let wanted: Vec<_> = page.accounts.iter().filter(|account| self.wants(account)).map(message).collect();
        for batch in wanted.chunks(BATCH) {
            self.ports.queue().send(batch).await?;
        }
        Ok((wanted.len(), page.next))
    }

    /// What could not be onboarded costs no message; the state is asked for again before anything is done.
    fn wants(&self, account: &Account) -> bool {
        let ready = matches!(account.state, AccountState::Active | AccountState::PendingActivation);
        ready && !account.is_management() && !self.engine.config.excluded.contains(&account.id)
    }
}

fn message(account: &Account) -> String {
    json!({"sweep": {"account_id": account.id}}).to_string()
}
