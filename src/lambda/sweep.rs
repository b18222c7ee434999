//! The full sweep: queues every account of the organization, the active ones in chunks of up to 25.
//!
//! Events are delivered on a best-effort basis and accounts drift, so a schedule starts a sweep that reconciles every
//! account. The sweep reads the accounts page by page and sends the accounts of a page as one chunk, with what the page says
//! about them. An account that a chunk cannot describe, such as one whose state is not known to this version, gets a message of
//! its own. Suspended and closed accounts, excluded accounts and the management account are skipped. So is an account whose
//! description is incomplete: it is logged and counted, and the other accounts of its page are queued.
//!
//! If the deadline comes before the last page, the rest of the sweep becomes a message of its own that carries the
//! pagination token. If a call fails, the whole message is retried. An account that is queued twice costs only a few
//! reads.
//!
//! The message says for each account whether its changes are applied or only reported ([`SweepMode`]). `ListAccounts` returns
//! when each account joined, so that this costs no call.

use std::fmt;

use serde_json::json;

use super::chunk::BATCH;
use super::{FunctionWorld, Invocation, log};
use onboarding_core::account::{Account, AccountAge};
use onboarding_core::eligibility::{Eligibility, eligibility};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::limits::CANARY_CHECK_AFTER;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::report::Report;
use onboarding_core::rollout::Held;
use onboarding_core::suggestion::counted;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::trigger::{ListedAccount, TriggerKind, account_message, chunk_messages};
use onboarding_engine::ports::OutgoingMessage;
use onboarding_engine::{Pages, timed_out, timeout_at};

impl<W: FunctionWorld> Invocation<'_, W> {
    /// Queues all accounts, starting with the page of a pagination token.
    pub(super) async fn sweep(&self, kind: TriggerKind, from: Option<String>) -> Report {
        let mut counts = SweepCounts::default();
        let swept = timeout_at(&self.engine.world, self.deadlines.work, self.queue_pages(from, &mut counts)).await;
        let outcome = match swept {
            Some(Ok(())) => Outcome::Converged,
            Some(Err(error)) => Stop::from_error(&error, AccountAge::Established).into(),
            None => timed_out().into(),
        };
        let mut report = Report::new(None, kind, Mode::Apply, outcome);
        report.notices.push(counts.to_string());
        if self.engine.config.sweep.hold_back() && !self.engine.world.records_enabled() {
            report.notices.push(format!("accounts are {}", Held::Unknown));
        }
        if self.sweep_mode == (SweepMode::Report { deployed_at: None }) {
            report
                .notices
                .push("`ONBOARDING_DEPLOYED_AT` is not set or is not a time, so accounts are only reported".to_owned());
        }
        report
    }

    async fn queue_pages(&self, from: Option<String>, counts: &mut SweepCounts) -> Result<(), ApiError> {
        let mut token_is_from_message = from.is_some();
        let mut pages = Pages::new("organizations:ListAccounts");
        let mut page = pages.next(from)?;
        loop {
            page = match self.queue_page(page.clone(), counts).await {
                // The token of an earlier invocation may have expired. Start again with the first page.
                Err(error) if token_is_from_message && error.kind() == ErrorKind::InvalidInput => None,
                Err(error) => return Err(error),
                Ok(None) => return self.send_canary_check().await,
                Ok(next) => pages.next(next)?,
            };
            token_is_from_message = false;
            if self.engine.world.now() >= self.deadlines.waiting {
                counts.more = true;
                let rest = json!({"sweep": {"page": page}}).to_string();
                return self.engine.world.send_messages(&[rest.into()]).await;
            }
        }
    }

    /// At the end of a sweep whose configuration is not released, sends the message that checks the canary.
    async fn send_canary_check(&self) -> Result<(), ApiError> {
        if self.needs_canary_check().await? {
            let body = json!({"sweep": {"canary": true}}).to_string();
            self.engine.world.send_messages(&[OutgoingMessage { body, delay: CANARY_CHECK_AFTER }]).await?;
        }
        Ok(())
    }

    /// Queues the accounts of one page. Returns the token of the next page.
    async fn queue_page(&self, from: Option<String>, counts: &mut SweepCounts) -> Result<Option<String>, ApiError> {
        let page = self.engine.world.accounts(from).await?;
        for account in &page.unreadable {
            log::unreadable_account(self.invocation, account);
        }
        counts.unreadable += page.unreadable.len();
        let accounts: Vec<_> = page.accounts.iter().filter(|account| self.should_queue(account, counts)).collect();
        let mut listed = Vec::new();
        let mut messages = Vec::new();
        for account in &accounts {
            let mode = self.sweep_mode.mode_for(account.joined_at);
            match ListedAccount::new(account, mode) {
                Some(account) => listed.push(account),
                None => messages.push(account_message(&account.id, mode)),
            }
            counts.reported += usize::from(mode == Mode::Plan);
        }
        messages.extend(chunk_messages(&listed));
        let messages: Vec<_> = messages.into_iter().map(OutgoingMessage::from).collect();
        for batch in messages.chunks(BATCH) {
            self.engine.world.send_messages(batch).await?;
        }
        counts.queued += accounts.len();
        Ok(page.next)
    }

    /// Whether an account gets a message. Suspended and closed accounts are counted and skipped; accounts in a state
    /// that is not known to this version are queued, so that they are reported.
    fn should_queue(&self, account: &Account, counts: &mut SweepCounts) -> bool {
        match eligibility(account, &self.engine.config.excluded) {
            // Looked at again with `DescribeAccount`, and reported.
            Eligibility::UnitUnknown | Eligibility::UnknownState(_) => return true,
            Eligibility::Eligible | Eligibility::NotYet => return true,
            Eligibility::Excluded | Eligibility::Management => {}
            Eligibility::Suspended => counts.suspended += 1,
            Eligibility::Closing | Eligibility::Closed => counts.closed += 1,
        }
        false
    }
}

/// How many accounts a sweep queued and skipped.
#[derive(Default)]
struct SweepCounts {
    queued: usize,
    /// How many of the queued accounts are only reported.
    reported: usize,
    suspended: usize,
    closed: usize,
    /// How many accounts were skipped because their description cannot be read.
    unreadable: usize,
    /// Whether the remaining pages were left to another message.
    more: bool,
}

impl fmt::Display for SweepCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queued {}", counted(self.queued, "account"))?;
        if self.reported > 0 {
            write!(f, ", {} of them only to report their changes", self.reported)?;
        }
        for (count, state) in [(self.suspended, "suspended"), (self.closed, "closed or closing")] {
            if count > 0 {
                write!(f, ", skipped {count} {state}")?;
            }
        }
        if self.unreadable > 0 {
            write!(f, ", skipped {} that cannot be read (see the log)", self.unreadable)?;
        }
        if self.more { f.write_str("; another message continues with the next page") } else { Ok(()) }
    }
}
