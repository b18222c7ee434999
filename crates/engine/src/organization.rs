//! Plan or apply for many accounts at the same time, with one engine: one configuration, one cache of secrets and one connection
//! pool.
//!
//! A bounded number of accounts is in progress. What happens in one does not affect the others: an error is the outcome of its
//! report, and a panic is caught and reported like one. After an interrupt, the accounts in progress are finished and no other is
//! started. Nothing is kept between two runs: what an account needs is read from it, so that the same command continues.
//!
//! A plan looks at the first accounts while the others are still listed ([`Engine::plan_selected`]). An apply has a plan that was
//! confirmed, and thus all of its accounts.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt, join, stream};
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
use crate::ports::{ManageAccounts, World, WriteIam};
use crate::select_accounts::{SelectError, SelectedPages};
use crate::while_listing::{WhileListing, while_listing};

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
        process_accounts(accounts, run.concurrency, |account| self.plan_account(account, run), ended).await;
    }

    /// The same for the accounts of a list, while it is being read. `observe` gets each page, and every account as soon as it is
    /// done.
    ///
    /// # Errors
    /// When the list cannot be read to its end: the accounts that are not done by then are not planned for.
    pub async fn plan_selected(
        &self,
        pages: SelectedPages<'_, W>,
        run: &OrganizationRun,
        mut observe: impl FnMut(WhileListing<(AccountToProcess, AccountReport)>),
    ) -> Result<(), SelectError>
    where
        W: ManageAccounts,
    {
        let plan = |account: Account| self.plan_account(AccountToProcess::from(account), run);
        let mut steps = pin!(while_listing(pages, &run.interrupt, run.concurrency, plan));
        while let Some(step) = steps.try_next().await? {
            observe(step);
        }
        Ok(())
    }

    async fn plan_account(
        &self,
        account: AccountToProcess,
        run: &OrganizationRun,
    ) -> (AccountToProcess, AccountReport) {
        let plan = async |job: &Job, listed: Option<Account>| {
            let look = FirstLook { account: listed.map(|account| Ok(Some(account))), record: None };
            self.plan_unsaved(job, look).await.save(job).await
        };
        self.process_account(account, run, Mode::Plan, plan).await
    }

    /// Processes an account, unless the run was interrupted.
    async fn process_account(
        &self,
        mut account: AccountToProcess,
        run: &OrganizationRun,
        mode: Mode,
        process: impl AsyncFn(&Job, Option<Account>) -> Report,
    ) -> (AccountToProcess, AccountReport) {
        if run.interrupt.is_set() {
            return (account, None);
        }
        let mut job = self.command_line_job(account.id.clone(), &run.name, run.wait);
        job.confirmed_plan = account.confirmed.take();
        let span = tracing::debug_span!("account", id = %account.id);
        let path = account.listed.as_ref().and_then(|listed| listed.ou_path.clone());
        let done = AssertUnwindSafe(process(&job, account.listed.take())).catch_unwind().instrument(span);
        // The names are read meanwhile; those who waited for the same names find them in the cache.
        let (done, unit) = join!(done, self.shown_unit(path.as_deref()));
        let mut report = done.unwrap_or_else(|_| panicked(&account.id, mode));
        report.account_name.get_or_insert_with(|| account.name.clone());
        report.unit = match unit {
            None => self.shown_unit(report.ou_path.as_deref()).await,
            unit => unit,
        };
        (account, Some(Box::new(report)))
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
        let apply_one = |account| self.process_account(account, run, Mode::Apply, apply);
        process_accounts(accounts, run.concurrency, apply_one, ended).await;
    }
}

async fn process_accounts<F: Future<Output = (AccountToProcess, AccountReport)>>(
    accounts: Vec<AccountToProcess>,
    concurrency: usize,
    process: impl FnMut(AccountToProcess) -> F,
    mut ended: impl FnMut(AccountToProcess, AccountReport),
) {
    let mut done = stream::iter(accounts).map(process).buffer_unordered(concurrency.max(1));
    while let Some((account, report)) = done.next().await {
        ended(account, report);
    }
}
