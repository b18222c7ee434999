//! The way of one account: prepare, enter, confirm, observe, plan, guard, apply, verify, report.

use std::time::Duration;

use super::ledger::Ledger;
use super::patience::Patience;
use super::prepare::Prepared;
use super::target::TargetAccount;
use super::within::{out_of_time, within};
use super::{End, Engine, Errand, enter};
use crate::account::AccountId;
use crate::blueprint::ExternalIds;
use crate::mode::Mode;
use crate::observed::Observed;
use crate::outcome::Outcome;
use crate::plan::{Approved, Change, Refusal, diff, guard, proofs};
use crate::ports::{Clock, Creation, Directory, Secrets, Sessions, WriteIam};
use crate::report::{Calls, Report, Status, Step};

/// An account that was entered and read for the first time.
struct Arrival<S> {
    prepared: Prepared,
    target: TargetAccount<S>,
    observed: Observed,
}

impl<D: Directory, S: Sessions, X: Secrets, C: Clock> Engine<D, S, X, C> {
    /// Waits for the creation of an account, and tells which it is.
    ///
    /// # Errors
    /// How the errand ends when there is no account.
    pub async fn created(&self, request: &str, deadline: f64) -> Result<AccountId, Outcome> {
        let mut patience = Patience::until(deadline);
        loop {
            let end = match self.directory.creation(request).await {
                Ok(Creation::Succeeded(id)) => return Ok(id),
                Ok(Creation::InProgress) => {
                    Outcome::waiting("creation_in_progress", format!("the creation `{request}` is in progress"))
                }
                Ok(Creation::Failed(reason)) => {
                    let message = format!("the creation `{request}` failed: {reason}");
                    return Err(Outcome::ignored("creation_failed", message));
                }
                Ok(Creation::Unknown) => Outcome::blocked(
                    "unknown_request",
                    format!("the organization knows no creation `{request}`"),
                    "check the request's id, and that the function runs in the management account",
                ),
                Err(error) => Outcome::of_error(&error, false),
            };
            if !matches!(end, Outcome::Waiting(_)) || !patience.pause(&self.clock, &end).await {
                return Err(end);
            }
        }
    }

    /// Shows what would be done in an account. Nothing is written: the sessions cannot.
    pub async fn plan(&self, errand: &Errand) -> Report {
        self.report(errand, Mode::Plan, async |report, ids| {
            let mut patience = Patience::until(errand.deadline);
            let Arrival { prepared, target, observed } = loop {
                let arrival = self.arrive(errand, Mode::Plan, &mut patience, report, ids).await?;
                match unreadable(&arrival.prepared, &arrival.observed) {
                    Some(wait) if patience.pause(&self.clock, &wait).await => {}
                    _ => break arrival,
                }
            };
            report.calls = target.calls();
            let approved = approve(&prepared, &observed, report);
            let planned = |change: &Change| Step { change: change.clone(), status: Status::Planned };
            report.changes = approved.changes().iter().map(planned).collect();
            report.proofs = proofs(&prepared.blueprint, &observed);
            Ok(match (unreadable(&prepared, &observed).or_else(|| refused(report)), report.changes.len()) {
                (Some(end), _) => end,
                (None, 0) => proven(report),
                (None, count) => Outcome::Waiting(crate::outcome::Cause::new(
                    "changes_pending",
                    format!("{count} {} to make", if count == 1 { "change" } else { "changes" }),
                    "apply makes them",
                )),
            })
        })
        .await
    }

    /// Runs an errand and makes its report, in which no external id stands.
    async fn report(
        &self,
        errand: &Errand,
        mode: Mode,
        way: impl AsyncFnOnce(&mut Report, &mut ExternalIds) -> Result<Outcome, End>,
    ) -> Report {
        let started = self.clock.now();
        let (mut report, mut ids) = (Report::begin(&errand.account, &errand.trigger, mode), ExternalIds::new());
        let outcome = way(&mut report, &mut ids).await.unwrap_or_else(|end| end);
        report.end(outcome);
        report.notices.extend(self.config.warnings());
        report.scrub(&ids, &self.config.external_ids());
        report.duration_ms =
            Duration::try_from_secs_f64(self.clock.now() - started).map_or(0, |t| t.as_millis() as u64);
        report
    }

    /// From an id to the first look inside the account, again and again while the account is not ready.
    async fn arrive(
        &self,
        errand: &Errand,
        mode: Mode,
        patience: &mut Patience,
        report: &mut Report,
        ids: &mut ExternalIds,
    ) -> Result<Arrival<S::Session>, End> {
        loop {
            let arrived = within(&self.clock, errand.end, self.arrive_once(errand, mode, report, ids)).await;
            match arrived.unwrap_or_else(|| Err(out_of_time())) {
                Err(end @ Outcome::Waiting(_)) => {
                    if !patience.pause(&self.clock, &end).await {
                        return Err(end);
                    }
                }
                other => return other,
            }
        }
    }

    async fn arrive_once(
        &self,
        errand: &Errand,
        mode: Mode,
        report: &mut Report,
        ids: &mut ExternalIds,
    ) -> Result<Arrival<S::Session>, End> {
        let (account, read) = futures_util::join!(self.look_up(&errand.account), self.external_ids());
        let account = account?;
        report.account_name = Some(account.name.clone());
        report.joined_at = account.joined_at;
        *ids = read?;
        let mut prepared = self.blueprint(&account, ids)?;
        report.refusals = prepared.errors.iter().filter_map(Refusal::configuration).collect();
        let name = enter::session_name(&errand.origin);
        let (entered, refusals) = self.enter(&prepared, mode, &name).await?;
        report.access_role = Some(entered.access_role.clone());
        prepared.blueprint.roles.retain(|role| !refusals.iter().any(|refusal| refusal.role == role.name));
        report.refusals.extend(refusals);
        let (target, observed) = entered.confirm(&prepared.blueprint).await?;
        report.calls = target.calls();
        Ok(Arrival { prepared, target, observed: observed? })
    }
}

impl<D: Directory, S: Sessions, X: Secrets, C: Clock> Engine<D, S, X, C>
where
    S::Session: WriteIam,
{
    /// Brings an account to its blueprint, and proves it.
    pub async fn apply(&self, errand: &Errand) -> Report {
        self.report(errand, Mode::Apply, async |report, ids| {
            let mut patience = Patience::until(errand.deadline);
            let (mut ledger, mut calls) = (Ledger::default(), Calls::default());
            let end = loop {
                let arrival = match self.arrive(errand, Mode::Apply, &mut patience, report, ids).await {
                    Ok(arrival) => arrival,
                    // What an earlier session did is told all the same.
                    Err(end) => break end,
                };
                let end = self.converge(errand, &arrival, report, &mut ledger).await;
                let end = end.unwrap_or_else(|end| end);
                calls += arrival.target.calls();
                // Sessions end after a quarter of an hour; the account is entered anew.
                if !end.wants_new_session() || !patience.pause(&self.clock, &end).await {
                    break end;
                }
            };
            report.calls = calls;
            report.changes = ledger.into_steps();
            Ok(end)
        })
        .await
    }

    /// Compares, changes and looks again, until there is nothing left to change that can be.
    async fn converge(
        &self,
        errand: &Errand,
        arrival: &Arrival<S::Session>,
        report: &mut Report,
        ledger: &mut Ledger,
    ) -> Result<Outcome, End> {
        let Arrival { prepared, target, observed } = arrival;
        let (mut observed, mut patience) = (observed.clone(), Patience::until(errand.deadline));
        let before = report.refusals.clone();
        loop {
            report.refusals.clone_from(&before);
            let approved = approve(prepared, &observed, report);
            let open = ledger.open(&approved);
            if errand.shown.as_ref().is_some_and(|shown| ledger.departs_from(shown, &open)) {
                return Ok(Outcome::blocked(
                    "plan_changed",
                    "the account is no longer as it was when the plan was shown",
                    "look at the new plan, then apply that one",
                ));
            }
            if open.is_empty() {
                if let Some(wait) = unreadable(prepared, &observed)
                    && patience.pause(&self.clock, &wait).await
                {
                    let looked = self.look_again(target, prepared, &mut patience);
                    observed = within(&self.clock, errand.end, looked).await.unwrap_or_else(|| Err(out_of_time()))?;
                    continue;
                }
                report.proofs = proofs(&prepared.blueprint, &observed);
                ledger.settle(&approved);
                let wait = unreadable(prepared, &observed);
                return Ok(ledger.stuck().or(wait).or_else(|| refused(report)).unwrap_or_else(|| proven(report)));
            }
            let to_do = ledger.not_done(open);
            let wait = if to_do.is_empty() {
                // Everything was done, and IAM does not show it yet.
                Some(Outcome::waiting("not_propagated", "IAM does not show the changes yet"))
            } else {
                ledger.perform(&self.clock, errand.end, target, to_do, prepared.young).await
            };
            if let Some(wait) = wait
                && (wait.wants_new_session() || !patience.pause(&self.clock, &wait).await)
            {
                return Ok(wait);
            }
            let looked = within(&self.clock, errand.end, self.look_again(target, prepared, &mut patience)).await;
            observed = looked.unwrap_or_else(|| Err(out_of_time()))?;
        }
    }

    async fn look_again(
        &self,
        target: &TargetAccount<S::Session>,
        prepared: &Prepared,
        patience: &mut Patience,
    ) -> Result<Observed, End> {
        loop {
            let end = match target.observe(&prepared.blueprint).await {
                Ok(observed) => return Ok(observed),
                Err(error) => Outcome::of_error(&error, prepared.young),
            };
            let waits = matches!(end, Outcome::Waiting(_)) && !end.wants_new_session();
            if !waits || !patience.pause(&self.clock, &end).await {
                return Err(end);
            }
        }
    }
}

/// Waiting, when a role of a young account may not be read: nothing may be, perhaps, for a while.
fn unreadable(prepared: &Prepared, observed: &Observed) -> Option<Outcome> {
    let (role, why) = observed.unreadable.first_key_value().filter(|_| prepared.young)?;
    let code = if why.code == "control_policy_denies" { why.code } else { "account_not_ready" };
    Some(Outcome::waiting(code, format!("role `{role}` may not be read: {}", why.message)))
}

/// Plans and guards, and tells in the report what the guard said.
fn approve(prepared: &Prepared, observed: &Observed, report: &mut Report) -> Approved {
    let approved = guard(diff(&prepared.blueprint, observed), &prepared.blueprint, observed);
    report.refusals.extend_from_slice(approved.refusals());
    report.notices = approved.notices().iter().map(ToString::to_string).collect();
    approved
}

/// Blocked, when something was refused.
fn refused(report: &Report) -> Option<Outcome> {
    let first = report.refusals.first()?;
    let message = match report.refusals.len() - 1 {
        0 => first.message.clone(),
        more => format!("{} (and {more} more)", first.message),
    };
    Some(Outcome::blocked(first.code, message, first.remedy.clone()))
}

/// Converged, when every proof holds.
fn proven(report: &Report) -> Outcome {
    let Some(broken) = report.proofs.iter().find(|proof| !proof.holds) else { return Outcome::Converged };
    let message = format!("role `{}` is as configured, and yet: {}", broken.role, broken.sentence);
    let remedy = match report.notices.first() {
        Some(notice) => format!("in the trust policy of the access role, {notice}"),
        None => "compare the trust policy with the configuration".to_owned(),
    };
    Outcome::blocked("not_proven", message, remedy)
}
