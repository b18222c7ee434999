//! Plan or apply for many accounts at the same time, with one engine: one configuration, one cache of secrets and one connection
//! pool.
//!
//! A bounded number of accounts is in progress. What happens in one does not affect the others: an error is the outcome of its
//! report, and a panic is caught and reported like one. After an interrupt, the accounts in progress are finished and no other is
//! started. Nothing is kept between two runs: what an account needs is read from it, so that the same command continues.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::mode::Mode;
use onboarding_core::plan::ConfirmedPlan;
use onboarding_core::report::Report;
use onboarding_core::text::Untrusted;
use tracing::Instrument;

use crate::first_look::FirstLook;
use crate::interrupt::Interrupt;
use crate::job::{Engine, Job};
use crate::panicked::panicked;
use crate::ports::{World, WriteIam};

/// How many accounts are processed.
#[derive(Debug, Clone)]
pub struct OrganizationRun {
    /// The most accounts in progress at the same time.
    pub concurrency: usize,
    /// How long to wait for an account that is not ready.
    pub wait: Duration,
    /// The name of the run, with which it acquires the leases of the accounts.
    pub name: String,
    /// Set by the user.
    pub interrupt: Interrupt,
}

/// An account to process.
#[derive(Debug, Clone)]
pub struct AccountToProcess {
    /// Its ID.
    pub id: AccountId,
    /// Its name.
    pub name: Untrusted,
    /// What the list of accounts says about it. A plan uses it instead of asking for each account again.
    pub listed: Option<Account>,
    /// The plan that a person confirmed: no other is applied.
    pub confirmed: Option<ConfirmedPlan>,
}

impl From<Account> for AccountToProcess {
    fn from(account: Account) -> Self {
        Self { id: account.id.clone(), name: account.name.clone(), listed: Some(account), confirmed: None }
    }
}

/// How the run for an account ended; `None` if it was not started.
pub type AccountReport = Option<Box<Report>>;

impl<W: World> Engine<W> {
    /// Reports what `apply` would do in each account. `ended` gets every account as soon as it is done.
    pub async fn plan_accounts(
        &self,
        accounts: Vec<AccountToProcess>,
        run: &OrganizationRun,
        ended: impl FnMut(AccountToProcess, AccountReport),
    ) {
        let plan = async |job: &Job, listed: Option<Account>| {
            let look = FirstLook { account: listed.map(|account| Ok(Some(account))), record: None };
            self.plan_unsaved(job, look).await.save(job).await
        };
        self.process_accounts(accounts, run, Mode::Plan, plan, ended).await;
    }

    async fn process_accounts(
        &self,
        accounts: Vec<AccountToProcess>,
        run: &OrganizationRun,
        mode: Mode,
        process: impl AsyncFn(&Job, Option<Account>) -> Report,
        mut ended: impl FnMut(AccountToProcess, AccountReport),
    ) {
        let process = &process;
        let process_one = async |mut account: AccountToProcess| {
            if run.interrupt.is_set() {
                return (account, None);
            }
            let mut job = self.command_line_job(account.id.clone(), &run.name, run.wait);
            job.confirmed_plan = account.confirmed.take();
            let span = tracing::debug_span!("account", id = %account.id);
            let done = AssertUnwindSafe(process(&job, account.listed.take())).catch_unwind().instrument(span).await;
            let mut report = done.unwrap_or_else(|_| panicked(&account.id, mode));
            report.account_name.get_or_insert_with(|| account.name.clone());
            (account, Some(Box::new(report)))
        };
        let mut done = stream::iter(accounts).map(process_one).buffer_unordered(run.concurrency.max(1));
        while let Some((account, report)) = done.next().await {
            ended(account, report);
        }
    }
}

impl<W: World<Session: WriteIam>> Engine<W> {
    /// Brings each account to its blueprint. `ended` gets every account as soon as it is done.
    pub async fn apply_accounts(
        &self,
        accounts: Vec<AccountToProcess>,
        run: &OrganizationRun,
        ended: impl FnMut(AccountToProcess, AccountReport),
    ) {
        // The list may be minutes old: before it writes, the engine asks for the account again.
        let apply = async |job: &Job, _: Option<Account>| self.apply(job).await;
        self.process_accounts(accounts, run, Mode::Apply, apply, ended).await;
    }
}
