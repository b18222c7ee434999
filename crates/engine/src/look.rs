//! A look at an account of which only the list of accounts was read: the cheapest way to see that nothing is to be done.
//!
//! A sweep finds most accounts as configured. `ListAccounts` has returned their names and paths already, so that such an
//! account needs no `DescribeAccount`, and its record comes from a batch. But these facts arrive in a message, and a message
//! proves nothing. So a look is made with a session that can only read, never waits, and has one good end: nothing to do. The
//! account is as configured and everything is proven, or its changes are only reported. The caller decides whether that counts ([`ListedAccount::is_confirmed_by`]); with any other end,
//! the account is processed from the start, as if there had been no look.
//!
//! [`ListedAccount::is_confirmed_by`]: onboarding_core::trigger::ListedAccount::is_confirmed_by

use onboarding_core::account::{Account, AccountId};
use onboarding_core::code::Code;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::record::Record;

use crate::converge::grants_found;
use crate::first_look::FirstLook;
use crate::job::{Engine, Job};
use crate::known_organization::Organization;
use crate::ports::World;
use crate::run::{Processed, Run};

impl<W: World> Engine<W> {
    /// The organization, from the description of one of its accounts: `described`, if there was one already, or that of the first of
    /// `members` that Organizations describes. The others may have left since they were listed. It is asked for once. `None` if none
    /// is described, or with the first error.
    pub async fn organization(&self, members: &[&AccountId], described: Option<Organization>) -> Option<Organization> {
        let mut known = self.cache.organization.lock().await;
        if known.is_none() {
            *known = described;
        }
        for member in members {
            if known.is_some() {
                break;
            }
            *known = self.world.account(member).await.ok()?.map(Organization::of);
        }
        known.clone()
    }

    /// Compares an account with its blueprint, without asking Organizations about it. `record` is its record, if records are
    /// stored. Returns the run if nothing has to be done in the account, and `None` otherwise: then nothing was written or recorded.
    pub async fn look_unsaved(
        &self,
        job: &Job,
        mode: Mode,
        account: Account,
        record: Option<Record>,
    ) -> Option<Processed<'_, W>> {
        let first_look = FirstLook { account: Some(Ok(Some(account))), record: record.map(Ok) };
        // A pause would end after this deadline, so that there is none, and nothing is asked again.
        let job = Job { deadline: self.world.now(), ..job.clone() };
        let mut run = Run::new(&job, mode, &self.world, first_look);
        run.session_mode = Mode::Plan;
        let account = self.open_to_compare(&mut run).await.ok()?;
        let outcome = self.compare(&mut run, &account).await.ok()?;
        let is_done = match &outcome {
            Outcome::Converged => true,
            Outcome::Waiting(cause) => cause.code == Code::ChangesPending && mode == Mode::Plan,
            Outcome::Blocked(_) | Outcome::Ignored(_) => false,
        };
        // Recorded roles that are gone are taken out of the record under its lease.
        if !is_done || !run.findings.gone.is_empty() {
            return None;
        }
        if mode == Mode::Apply {
            run.findings.grants = grants_found(&run, &account.blueprint, &account.observed);
        }
        Some(run.into_processed(outcome, &self.config))
    }
}
