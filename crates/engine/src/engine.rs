//! `plan` and `apply`, from top to bottom.
//!
//! Both open the account, which assumes its access role, confirms its ID and reads it. Both compare it with its blueprint
//! (`diff`) and check the difference (`guard`). `plan` reports that; its sessions cannot write. `apply` acquires the lease,
//! executes the changes and reads the account again, until no change is left, and then verifies who can assume what.
//!
//! IAM is eventually consistent: a change that was made may not be visible in the next read, and a call that seemed to fail
//! may have succeeded. So the loop never trusts its memory of what it did. It compares anew after every read; the ledger
//! only keeps it from repeating a change that is not visible yet.

use onboarding_core::code::Code;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{diff, guard, predicted, proofs, restated};
use onboarding_core::report::Report;

use crate::converge::{NextStep, known_registrations, next_step, plan_changed, verify};
use crate::first_look::FirstLook;
use crate::job::{Engine, Job};
use crate::open::OpenedAccount;
use crate::ports::{World, WriteIam};
use crate::retry::{Backoff, timed_out, timeout_at};
use crate::run::{Processed, Run, refused, verified};

impl<W: World> Engine<W> {
    /// Reports what `apply` would do in an account. Nothing is written there: the sessions cannot.
    pub async fn plan(&self, job: &Job) -> Report {
        self.plan_unsaved(job, FirstLook::default()).await.save(job).await
    }

    /// The same, and leaves the record to the caller. `first_look` is what was read before.
    pub async fn plan_unsaved(&self, job: &Job, first_look: FirstLook) -> Processed<'_, W> {
        let mut run = Run::new(job, Mode::Plan, &self.world, first_look);
        let outcome = match self.open_to_compare(&mut run).await {
            Ok(account) => self.compare(&mut run, &account).await,
            Err(stop) => Err(stop),
        };
        run.into_processed(outcome.unwrap_or_else(Outcome::from), &self.config)
    }

    /// Opens the account, again while its roles cannot be read yet.
    pub(crate) async fn open_to_compare(&self, run: &mut Run<'_, W>) -> Result<OpenedAccount<W::Session>, Stop> {
        loop {
            let account = self.open(run).await?;
            run.findings.calls += account.target.calls();
            match account.not_readable_yet(&account.observed) {
                Some(wait) if run.backoff.again(&self.world, &wait).await => {}
                _ => return Ok(account),
            }
        }
    }

    /// Compares an account with its blueprint. It makes no call in the account.
    pub(crate) async fn compare(
        &self,
        run: &mut Run<'_, W>,
        account: &OpenedAccount<W::Session>,
    ) -> Result<Outcome, Stop> {
        let blueprint = &account.blueprint;
        let history = run.role_history();
        let observed = &restated(blueprint, account.observed.clone(), &history);
        let plan = diff(blueprint, observed, &history, self.world.aws_time());
        let callers = self.callers_of(&plan, &observed.access_role, &run.job, &mut run.backoff).await?;
        let approved = guard(plan, blueprint, observed, &callers);
        run.compared(&account.refusals, &approved);
        run.findings.planned = approved.changes().to_vec();
        run.findings.proofs = proofs(blueprint, observed);
        run.note_vendor_reads(blueprint, observed);
        if !approved.changes().is_empty() {
            run.findings.proofs_after = proofs(blueprint, &predicted(observed, approved.changes()));
        }
        let stop = account.not_readable_yet(observed);
        let stop = stop.or_else(|| refused(&run.findings.refusals)).or_else(|| account.incomplete(observed));
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
        self.apply_unsaved(job, FirstLook::default()).await.save(job).await
    }

    /// The same, and leaves the record to the caller. `first_look` is what was read before.
    pub async fn apply_unsaved(&self, job: &Job, first_look: FirstLook) -> Processed<'_, W> {
        let mut run = Run::new(job, Mode::Apply, &self.world, first_look);
        let outcome = loop {
            let ended = self.apply_in_one_session(&mut run).await;
            // Sessions end after 15 minutes; a longer run opens the account again.
            match ended {
                Err(Stop::Reopen(cause)) if run.backoff.again(&self.world, &Stop::Wait(cause.clone())).await => {}
                ended => break ended.unwrap_or_else(Outcome::from),
            }
        };
        // Without the lease, they are removed from the record by a later run.
        if !run.findings.gone.is_empty() || !run.findings.deregistered.is_empty() {
            timeout_at(&self.world, run.job.abandon_at, run.record.acquire_early()).await;
        }
        run.into_processed(outcome, &self.config)
    }

    async fn apply_in_one_session(&self, run: &mut Run<'_, W>) -> Result<Outcome, Stop> {
        let account = self.open(run).await?;
        let ended = self.converge(run, &account).await;
        run.findings.calls += account.target.calls();
        ended
    }

    /// Compare, execute, read again, until nothing is left to change; then verify.
    async fn converge(&self, run: &mut Run<'_, W>, account: &OpenedAccount<W::Session>) -> Result<Outcome, Stop> {
        let blueprint = &account.blueprint;
        let mut observed = account.observed.clone();
        let mut backoff = Backoff::until(&self.world, run.job.deadline);
        loop {
            let history = run.role_history();
            observed = restated(blueprint, observed, &history);
            let plan = diff(blueprint, &observed, &history, self.world.aws_time());
            let callers = self.callers_of(&plan, &observed.access_role, &run.job, &mut backoff).await?;
            let approved = guard(plan, blueprint, &observed, &callers);
            run.ledger.confirm_revocations(&approved, &observed);
            run.compared(&account.refusals, &approved);
            let registrations = known_registrations(&run.ledger, &approved, &observed);
            let stop = match next_step(&run.ledger, &approved, &observed, run.job.confirmed_plan.as_ref()) {
                NextStep::PlanChanged => return Err(plan_changed()),
                NextStep::Verify => match account.not_final_yet(&run.ledger, &observed) {
                    Some(wait) if backoff.again(&self.world, &wait).await => None,
                    _ => return verify(run, account, &approved, &observed),
                },
                step => match run.record.permit() {
                    Some(permit) => self.execute(step, run, account, &observed, &permit).await,
                    // Another run may have written while this one read: without the lease, nothing that was read counts.
                    None => {
                        let acquired = timeout_at(&self.world, run.job.abandon_at, run.record.acquire()).await;
                        acquired.unwrap_or_else(|| Err(timed_out())).err()
                    }
                },
            };
            if let Some(stop) = stop
                && !backoff.again(&self.world, &stop).await
            {
                return Err(stop);
            }
            observed = self.observe_again(run, account, registrations, &mut backoff).await?;
        }
    }
}
