//! Bringing an account to its blueprint: compare, change, look again, prove.

use futures_util::future::join;

use super::arrive::{OpenedAccount, silent, unreadable};
use super::draft::ReportBuilder;
use super::hands::{Executor, Known};
use super::hold::AccountLease;
use super::ledger::Ledger;
use super::patience::Backoff;
use super::within::{timed_out, within};
use super::{End, Engine, Job, SessionOf};
use crate::ports::{Sessions, World, WriteIam};
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Change, proofs};
use onboarding_core::report::{Calls, Report};

/// What a run has done so far, and may do.
struct Doing<'a, K> {
    ledger: Ledger,
    hold: AccountLease<'a, K>,
}

impl<W: World<Sessions: Sessions<Session: WriteIam>>> Engine<W> {
    /// Brings an account to its blueprint, and proves it.
    pub async fn apply(&self, errand: &Job) -> Report {
        self.report(errand, Mode::Apply, async |draft| {
            let (mut patience, mut calls) = (Backoff::until(errand.deadline), Calls::default());
            let mut doing = Doing { ledger: Ledger::default(), hold: AccountLease::of(self.world.claims(), errand) };
            let end = loop {
                let arrival = match self.arrive(errand, &mut patience, draft, &mut doing.hold).await {
                    Ok(arrival) => arrival,
                    // What an earlier session did is told all the same.
                    Err(end) => break end,
                };
                let end = self.converge(errand, &arrival, draft, &mut doing).await;
                let end = end.unwrap_or_else(|end| end);
                calls += arrival.target.calls();
                // Sessions end after a quarter of an hour; the account is entered anew.
                if !end.needs_new_session() || !patience.pause(self.clock(), &end).await {
                    break end;
                }
            };
            let Doing { ledger, hold } = doing;
            draft.report.notices.extend(hold.release(self.clock()).await);
            draft.report.calls = calls;
            draft.report.changes = ledger.into_steps();
            Ok(end)
        })
        .await
    }

    /// Compares, changes and looks again, until there is nothing left to change that can be.
    async fn converge(
        &self,
        errand: &Job,
        arrival: &OpenedAccount<SessionOf<W>>,
        draft: &mut ReportBuilder,
        doing: &mut Doing<'_, W::LeaseStore>,
    ) -> Result<Outcome, End> {
        let OpenedAccount { prepared, target, observed } = arrival;
        let (mut observed, mut patience) = (observed.clone(), Backoff::until(errand.deadline));
        let before = draft.report.refusals.clone();
        let ledger = &mut doing.ledger;
        loop {
            draft.report.refusals.clone_from(&before);
            let approved = draft.approve(prepared, &observed);
            let open = ledger.open(&approved);
            if errand.shown.as_ref().is_some_and(|shown| ledger.departs_from(shown, &open, &observed)) {
                return Ok(Outcome::blocked(
                    "plan_changed",
                    "the account is no longer as it was when the plan was shown",
                    "look at the new plan, then apply that one",
                ));
            }
            if open.is_empty() {
                let (unreadable, silent) = (unreadable(prepared, &observed), silent(&observed));
                // A vendor that is silent keeps nobody from the next account, unless it was just told something.
                let wait = unreadable.as_ref().or(silent.as_ref().filter(|_| !ledger.is_empty()));
                if let Some(wait) = wait
                    && patience.pause(self.clock(), wait).await
                {
                    observed = self.look_again(errand, arrival, None, &mut patience).await?;
                    continue;
                }
                draft.report.proofs = proofs(&prepared.blueprint, &observed);
                ledger.settle(&approved, &observed);
                // What needs a person is told before what passes at a vendor's.
                let end = ledger.stuck().or(unreadable).or_else(|| draft.refused()).or(silent);
                return Ok(end.unwrap_or_else(|| draft.proven()));
            }
            // Nobody is told anything by what was known a while ago: another run may have told them.
            let known = if open.iter().any(Change::is_registration) { None } else { Some(observed.registered) };
            let only_vendors = open.iter().all(Change::is_registration);
            let to_do = ledger.in_turn(open);
            let wait = if !doing.hold.is_held() {
                // Another run may have been at work while this one read: what is to be done is seen when it is held.
                doing.hold.take(self.clock()).await.err()
            } else if to_do.is_empty() {
                // Everything was done, and it is not shown yet.
                Some(match only_vendors {
                    true => Outcome::waiting("vendor_not_ready", "the vendor does not show the registration yet"),
                    false => Outcome::waiting("not_propagated", "IAM does not show the changes yet"),
                })
            } else {
                let hands = Executor { target, registrar: self.world.registrar(), blueprint: &prepared.blueprint };
                ledger.perform(self.clock(), errand.end, &hands, to_do, prepared.young).await
            };
            if let Some(wait) = wait
                && (wait.needs_new_session() || !patience.pause(self.clock(), &wait).await)
            {
                return Ok(wait);
            }
            observed = self.look_again(errand, arrival, known, &mut patience).await?;
        }
    }

    /// Reads again. Vendors are asked again where it is not known any more, or yet, what they know.
    async fn look_again(
        &self,
        errand: &Job,
        arrival: &OpenedAccount<SessionOf<W>>,
        known: Option<Known>,
        patience: &mut Backoff,
    ) -> Result<Observed, End> {
        let OpenedAccount { prepared, target, .. } = arrival;
        let vendors = async {
            match known {
                Some(known) => known,
                None => self.registered(&prepared.blueprint).await,
            }
        };
        let look = async {
            loop {
                let end = match target.observe(&prepared.blueprint).await {
                    Ok(observed) => return Ok(observed),
                    Err(error) => Outcome::from_error(&error, prepared.young),
                };
                let waits = matches!(end, Outcome::Waiting(_)) && !end.needs_new_session();
                if !waits || !patience.pause(self.clock(), &end).await {
                    return Err(end);
                }
            }
        };
        let (observed, registered) =
            within(self.clock(), errand.end, join(look, vendors)).await.ok_or_else(timed_out)?;
        Ok(Observed { registered, ..observed? })
    }
}
