//! Several accounts at the same time: create, move, onboard. The failure of one does not affect the others.

use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, stream};
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::limits::CONCURRENT_CREATIONS;
use onboarding_core::new_account::{AccountPlan, AccountResult, Ending, move_stop};
use onboarding_core::organizational_unit::Unit;
use onboarding_core::outcome::Stop;
use onboarding_core::report::Report;
use onboarding_core::time::after;
use tracing::Instrument;

use super::create::{OneCreation, Present};
use super::halt::Halt;
use crate::interrupt::Interrupt;
use crate::job::Engine;
use crate::ports::{ManageAccounts, World, WriteIam};
use crate::retry::Backoff;

/// How the accounts are created.
#[derive(Debug, Clone)]
pub struct CreationRun {
    /// How long to wait for each account: once for its creation, and once more until it is onboarded.
    pub wait: Duration,
    /// The name of the run, with which it acquires the leases of the accounts.
    pub name: String,
    /// Set by the user.
    pub interrupt: Interrupt,
}

impl<W: World<Session: WriteIam> + ManageAccounts> Engine<W> {
    /// Creates the accounts that do not exist, moves them, and onboards them all: five at a time, as many as Organizations allows to
    /// be in progress. Returns the results in the order of the plans.
    pub async fn create_accounts(&self, plans: Vec<AccountPlan>, run: &CreationRun) -> Vec<AccountResult> {
        let process = |(index, plan): (usize, AccountPlan)| {
            let span = tracing::debug_span!("account", name = %plan.row.account.name);
            async move { (index, self.create_and_onboard(plan, run).await) }.instrument(span)
        };
        let results = stream::iter(plans.into_iter().enumerate()).map(process).buffer_unordered(CONCURRENT_CREATIONS);
        let mut results: Vec<_> = results.collect().await;
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    async fn create_and_onboard(&self, plan: AccountPlan, run: &CreationRun) -> AccountResult {
        let ending = Ending::Interrupted;
        let mut result = AccountResult { plan, id: None, is_created: false, is_moved: false, ending };
        result.ending = match self.steps(&mut result, run).await {
            Ok(report) => Ending::Onboarded(Box::new(report)),
            Err(halt) => halt.into(),
        };
        result
    }

    /// The steps of one account. Each step is noted in the result, also if a later step fails.
    async fn steps(&self, result: &mut AccountResult, run: &CreationRun) -> Result<Report, Halt> {
        let interrupt = &run.interrupt;
        interrupt.check()?;
        let deadline = after(self.world.now(), run.wait);
        let creation = OneCreation { world: &self.world, plan: &result.plan, interrupt, deadline };
        let Present { id, is_created } = creation.ensure().await?;
        result.id = Some(id.clone());
        result.is_created = is_created;
        if is_created {
            tracing::debug!("created: account {id}");
        }
        if let Some(unit) = result.plan.unit.clone() {
            interrupt.check()?;
            result.is_moved = self.ensure_in_unit(&id, &unit, deadline).await?;
            if result.is_moved {
                tracing::debug!("moved to {unit}");
            }
        }
        interrupt.check()?;
        tracing::debug!("onboarding account {id}");
        Ok(self.apply(&self.command_line_job(id, &run.name, run.wait)).await)
    }

    /// Moves an account, unless it is there already. Returns whether this call moved it.
    async fn ensure_in_unit(&self, id: &AccountId, unit: &Unit, deadline: SystemTime) -> Result<bool, Stop> {
        let mut backoff = Backoff::until(&self.world, deadline);
        let mut is_requested = false;
        loop {
            let attempt = async {
                let parent = self.world.parent(id).await?;
                if parent == unit.id {
                    return Ok::<_, ApiError>(is_requested);
                }
                // If its response is lost, the next attempt finds the account there.
                is_requested = true;
                self.world.move_account(id, &parent, &unit.id).await.map(|()| true)
            };
            match attempt.await.map_err(|error| move_stop(&error)) {
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                ended => return ended,
            }
        }
    }
}
