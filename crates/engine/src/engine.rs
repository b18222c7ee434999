//! `plan` and `apply`, from top to bottom.
//!
//! Both open the account, which reads it, and compare it with its blueprint. `plan` reports the difference; its sessions
//! cannot write. `apply` makes the changes and reads again until none is left, and then verifies who can assume what.

use std::time::SystemTime;

use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{predicted, proofs};
use onboarding_core::report::Report;
use onboarding_core::trigger::RequestedAccount;

use crate::job::{Engine, Job};
use crate::ports::{Creation, World, WriteIam};
use crate::retry::{Backoff, without_session};
use crate::run::{Run, refused, verified};

impl<W: World> Engine<W> {
    /// The ID of a requested account, once it exists.
    ///
    /// # Errors
    /// How the job ends when there is no account.
    pub async fn resolve(&self, account: RequestedAccount, deadline: SystemTime) -> Result<AccountId, Outcome> {
        match account {
            RequestedAccount::Existing(id) => Ok(id),
            RequestedAccount::BeingCreated(request) => self.created(&request, deadline).await,
        }
    }

    /// Waits for the creation of an account, and returns the account's id.
    ///
    /// # Errors
    /// How the job ends when there is no account.
    pub async fn created(&self, request: &str, deadline: SystemTime) -> Result<AccountId, Outcome> {
        let mut backoff = Backoff::until(deadline);
        loop {
            match self.creation(request).await.map_err(without_session) {
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                ended => return ended.map_err(Outcome::from),
            }
        }
    }

    async fn creation(&self, request: &str) -> Result<AccountId, Stop> {
        let creation = self.world.account_creation(request).await;
        match creation.map_err(|error| Stop::from_error(&error, AccountAge::Established))? {
            Creation::Succeeded(id) => Ok(id),
            Creation::InProgress => {
                Err(Stop::wait(Code::CreationInProgress, format!("the account creation `{request}` is in progress")))
            }
            Creation::Failed(reason) => {
                Err(Stop::ignored(Code::CreationFailed, format!("the account creation `{request}` failed: {reason}")))
            }
            Creation::Unknown => Err(Stop::blocked(
                Code::UnknownRequest,
                format!("the organization has no account creation request `{request}`"),
                "check the request ID, and that the function runs in the management account",
            )),
        }
    }

    /// Reports what `apply` would do in an account. Nothing is written: the sessions cannot.
    pub async fn plan(&self, job: &Job) -> Report {
        let mut run = Run::new(job, Mode::Plan, &self.world);
        let outcome = self.compare(&mut run).await.unwrap_or_else(Outcome::from);
        run.into_report(outcome, &self.config)
    }

    async fn compare(&self, run: &mut Run<'_, W>) -> Result<Outcome, Stop> {
        let account = loop {
            let account = self.open(run).await?;
            match account.not_readable_yet(&account.observed) {
                Some(wait) if run.backoff.again(&self.world, &wait).await => {}
                _ => break account,
            }
        };
        let observed = &account.observed;
        let approved = account.approve(observed);
        run.record(&account.refusals, &approved);
        run.findings.calls = account.target.calls();
        run.findings.planned = approved.changes().to_vec();
        run.findings.proofs = proofs(&account.blueprint, observed);
        if !approved.changes().is_empty() {
            run.findings.proofs_after = proofs(&account.blueprint, &predicted(observed, approved.changes()));
        }
        let stop = account.not_readable_yet(observed);
        let stop = stop.or_else(|| refused(&run.findings.refusals)).or_else(|| account.silent_vendor(observed));
        match (stop, approved.changes().len()) {
            (Some(stop), _) => Err(stop),
            (None, 0) => Ok(verified(&run.findings)),
            (None, count) => Ok(Outcome::Waiting(Cause::new(
                Code::ChangesPending,
                format!("{count} {} to make", if count == 1 { "change" } else { "changes" }),
                "run `apply` to make them",
            ))),
        }
    }
}

impl<W: World<Session: WriteIam>> Engine<W> {
    /// Brings an account to its blueprint, and verifies it.
    pub async fn apply(&self, job: &Job) -> Report {
        let mut run = Run::new(job, Mode::Apply, &self.world);
        let outcome = loop {
            let ended = self.bring_to_blueprint(&mut run).await;
            // Sessions end after 15 minutes; a longer run opens the account again.
            match ended {
                Err(Stop::Reopen(cause)) if run.backoff.again(&self.world, &Stop::Wait(cause.clone())).await => {}
                ended => break ended.unwrap_or_else(Outcome::from),
            }
        };
        let notice = run.lease.release().await;
        run.findings.notices.extend(notice);
        run.into_report(outcome, &self.config)
    }

    async fn bring_to_blueprint(&self, run: &mut Run<'_, W>) -> Result<Outcome, Stop> {
        let earlier = run.findings.calls;
        let account = self.open(run).await?;
        let ended = self.converge(run, &account).await;
        run.findings.calls = earlier;
        run.findings.calls += account.target.calls();
        ended
    }
}
