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
use onboarding_core::outcome::{Outcome, Stop};

use crate::job::Engine;
use crate::ports::World;
use crate::retry::{Backoff, without_session};

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
