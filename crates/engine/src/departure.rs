//! Confirms departures: an event that says that an account left the organization, was removed from it or was closed is not
//! believed.
//!
//! Whoever can send to the queue can send such an event about any account, and queues deliver late and more than once. If it
//! were believed, a live account would be announced as departed, and what was remembered about it would be replaced. So
//! Organizations is asked first: an account that it does not know, or that is suspended or closed, has departed. Any other
//! account is processed as if the event had said nothing.

use std::time::SystemTime;

use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::eligibility::inactive;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::report::Report;

use crate::deregister::Deregistering;
use crate::first_look::FirstLook;
use crate::job::{Engine, Job};
use crate::ports::World;
use crate::retry::{Backoff, without_session};
use crate::run::{Processed, Run};

/// An account whose departure was processed without an event.
#[derive(Debug)]
pub struct Departed {
    /// The report, with the registrations as changes.
    pub report: Report,
    /// The number of steps that are left for a person, or to be retried.
    pub left: usize,
}

impl<W: World> Engine<W> {
    /// The ID of an account that is said to be gone, if it is still an account of the organization.
    ///
    /// # Errors
    /// [`Code::Departed`] if Organizations confirms the departure, or how the job ends if Organizations does not answer.
    pub(crate) async fn confirm_departure(
        &self,
        id: AccountId,
        how: &str,
        deadline: SystemTime,
    ) -> Result<AccountId, Outcome> {
        let mut backoff = Backoff::until(&self.world, deadline);
        loop {
            match self.departure(&id, how).await.map_err(without_session) {
                Ok(None) => return Ok(id),
                Ok(Some(departed)) => return Err(departed),
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                Err(stop) => return Err(stop.into()),
            }
        }
    }

    /// Processes an account that the organization no longer has, although its record shows that it was processed before: the event
    /// about its departure was lost. Its registrations are removed, of a confirmed plan only those that it has, or only named with [`Mode::Plan`], and its record expires. `None`
    /// if there is no such record, or if the account is live.
    pub async fn departed(&self, job: &Job, mode: Mode) -> Option<Departed> {
        let mut record = Run::new(job, mode, &self.world, FirstLook::default()).record;
        record.load().await.ok()?;
        let known = record.record();
        if known.roles.is_empty() && known.registrations.is_empty() {
            return None;
        }
        let gone = self.confirm_departure(job.account.clone(), "is no longer in the organization", job.deadline).await;
        let mut report = Report::new(Some(job.account.clone()), job.trigger, mode, gone.err()?);
        if report.cause.as_ref().is_none_or(|cause| cause.code != Code::Departed) {
            return Some(Departed { report, left: 0 });
        }
        let how = if mode == Mode::Apply { Deregistering::Apply } else { Deregistering::Plan };
        let confirmed = job.confirmed_plan.as_ref();
        let left = self.deregister(&job.account, how, confirmed, &mut report, &mut record, job.deadline).await;
        if mode == Mode::Plan {
            return Some(Departed { report, left });
        }
        // Only the run that holds the lease writes.
        if let Err(stop) = record.acquire_until(job.deadline).await {
            report.retry.get_or_insert(stop.into_cause());
        }
        Some(Departed { report: Processed { report, record }.save(job).await, left })
    }

    /// The outcome of an account that has departed; `None` for a live account. How an account left is taken from the event,
    /// because Organizations does not know; the state of an account that it knows is not.
    async fn departure(&self, id: &AccountId, how: &str) -> Result<Option<Outcome>, Stop> {
        let found = self.world.account(id).await;
        let found = found.map_err(|error| Stop::from_error(&error, AccountAge::Established))?;
        let departed = match found.as_ref() {
            None => Some(how),
            // Looking the account up again reports the wrong answer.
            Some(account) if account.id != *id => None,
            Some(account) => inactive(&account.state),
        };
        Ok(departed.map(|what| Outcome::ignored(Code::Departed, format!("account {id} {what}"))))
    }
}
