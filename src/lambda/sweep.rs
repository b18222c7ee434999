//! A sweep: one message for each account, ten at a time. Events are best effort; this is what makes up for it.

use std::fmt;

use serde_json::json;

use super::{Invocation, Ports};
use onboarding_core::account::{Account, AccountState};
use onboarding_core::error::ApiError;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_engine::ports::{Clock, Directory, Queue, World};
use onboarding_engine::within::{timed_out, within};

/// As many messages as SQS takes at once.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
const BATCH: usize = 10;

impl<P: Ports> Invocation<'_, P> {
    /// Queues every account from a page on. When time runs out, the rest becomes a message of its own; when a call
    /// fails, the whole message comes again: an account that is queued twice costs a look.
    pub(super) async fn sweep(&self, kind: &str, from: Option<String>) -> Report {
        let mut seen = SweepCounts::default();
        let swept = within(self.engine.clock(), self.times.end, self.pages(from, &mut seen)).await;
        let outcome = match swept {
            Some(Ok(())) => Outcome::Converged,
            Some(Err(error)) => Outcome::from_error(&error, false),
            None => timed_out(),
        };
        let mut report = Report::new(None, kind, Mode::Apply, outcome);
        report.notices.push(seen.to_string());
        report
    }

    async fn pages(&self, from: Option<String>, seen: &mut SweepCounts) -> Result<(), ApiError> {
        let mut handed_on = from.is_some();
        let mut page = from;
        loop {
            page = match self.page(page.clone(), seen).await {
                // A token that came with the message may be too old: only the start of the list helps.
                Err(error) if handed_on && error.code == "InvalidInputException" => None,
                Err(error) => return Err(error),
                Ok(None) => return Ok(()),
                Ok(next) if next == page => {
                    let said = "a page leads to itself";
                    return Err(ApiError::new("organizations:ListAccounts", "MalformedAnswer", said));
                }
                Ok(next) => next,
            };
            handed_on = false;
            if self.engine.clock().now() >= self.times.deadline {
                seen.more = true;
                let rest = json!({"sweep": {"page": page}}).to_string();
                return self.ports.queue().send(&[rest]).await;
            }
        }
    }

    /// Queues the accounts of a page; gives the token of the next.
    async fn page(&self, from: Option<String>, seen: &mut SweepCounts) -> Result<Option<String>, ApiError> {
        let page = self.engine.world.directory().accounts(from).await?;
        let wanted: Vec<_> = page.accounts.iter().filter(|account| self.wants(account, seen)).map(message).collect();
        for batch in wanted.chunks(BATCH) {
            self.ports.queue().send(batch).await?;
            seen.queued += batch.len();
        }
        Ok(page.next)
    }

    /// What is known not to be for us costs no message and is counted; a state that is not known is looked at.
    fn wants(&self, account: &Account, seen: &mut SweepCounts) -> bool {
        if account.is_management() || self.engine.config.excluded.contains(&account.id) {
            return false;
        }
        match account.state {
            AccountState::Suspended => seen.suspended += 1,
            AccountState::PendingClosure | AccountState::Closed => seen.closed += 1,
            AccountState::Active | AccountState::PendingActivation | AccountState::Unknown(_) => return true,
        }
        false
    }
}

/// What a sweep met.
#[derive(Default)]
struct SweepCounts {
    queued: usize,
    suspended: usize,
    closed: usize,
    more: bool,
}

impl fmt::Display for SweepCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} accounts were queued", self.queued)?;
        for (count, state) in [(self.suspended, "suspended"), (self.closed, "closed or closing")] {
            if count > 0 {
                write!(f, ", {count} left out: {state}")?;
            }
        }
        if self.more { f.write_str("; the rest follows") } else { Ok(()) }
    }
}

fn message(account: &Account) -> String {
    json!({"sweep": {"account_id": account.id}}).to_string()
}
