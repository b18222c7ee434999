//! Which account it is, and what would be done in it: the ways that write nothing.

use super::arrive::{OpenedAccount, silent, unreadable};
use super::hold::AccountLease;
use super::patience::Backoff;
use super::{Engine, Job};
use crate::ports::{Creation, Directory, World};
use onboarding_core::account::AccountId;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::plan::{Change, proofs};
use onboarding_core::report::{Report, Status, Step};

impl<W: World> Engine<W> {
    /// Waits for the creation of an account, and tells which it is.
    ///
    /// # Errors
    /// How the errand ends when there is no account.
    pub async fn created(&self, request: &str, deadline: f64) -> Result<AccountId, Outcome> {
        let mut patience = Backoff::until(deadline);
        loop {
            let end = match self.world.directory().creation(request).await {
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
                Err(error) => Outcome::from_error(&error, false),
            };
            if !matches!(end, Outcome::Waiting(_)) || !patience.pause(self.clock(), &end).await {
                return Err(end);
            }
        }
    }

    /// Shows what would be done in an account. Nothing is written: the sessions cannot.
    pub async fn plan(&self, errand: &Job) -> Report {
        self.report(errand, Mode::Plan, async |draft| {
            let mut patience = Backoff::until(errand.deadline);
            let mut hold = AccountLease::of(self.world.claims(), errand);
            let OpenedAccount { prepared, target, observed } = loop {
                let arrival = self.arrive(errand, &mut patience, draft, &mut hold).await?;
                match unreadable(&arrival.prepared, &arrival.observed) {
                    Some(wait) if patience.pause(self.clock(), &wait).await => {}
                    _ => break arrival,
                }
            };
            draft.report.calls = target.calls();
            let approved = draft.approve(&prepared, &observed);
            let planned = |change: &Change| Step { change: change.clone(), status: Status::Planned };
            draft.report.changes = approved.changes().iter().map(planned).collect();
            draft.report.proofs = proofs(&prepared.blueprint, &observed);
            let end = unreadable(&prepared, &observed).or_else(|| draft.refused()).or_else(|| silent(&observed));
            Ok(match (end, draft.report.changes.len()) {
                (Some(end), _) => end,
                (None, 0) => draft.proven(),
                (None, count) => Outcome::Waiting(Cause::new(
                    "changes_pending",
                    format!("{count} {} to make", if count == 1 { "change" } else { "changes" }),
                    "apply makes them",
                )),
            })
        })
        .await
    }
}
