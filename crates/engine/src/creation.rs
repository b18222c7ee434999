//! Waiting for an account that is still being created.

use std::time::SystemTime;

use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::trigger::RequestedAccount;

use crate::job::Engine;
use crate::ports::{Creation, World};
use crate::retry::{Backoff, without_session};

impl<W: World> Engine<W> {
    /// The ID of a requested account, once it exists. An account that is said to be gone has one only if Organizations says
    /// otherwise.
    ///
    /// # Errors
    /// How the job ends when there is no account.
    pub async fn resolve(&self, account: RequestedAccount, deadline: SystemTime) -> Result<AccountId, Outcome> {
        match account {
            RequestedAccount::Existing(id) => Ok(id),
            RequestedAccount::BeingCreated(request) => self.wait_for_creation(&request, deadline).await,
            RequestedAccount::SaidToBeGone { id, how } => self.confirm_departure(id, &how, deadline).await,
        }
    }

    /// Waits for the creation of an account, and returns the account's id.
    ///
    /// # Errors
    /// How the job ends when there is no account.
    pub async fn wait_for_creation(&self, request: &str, deadline: SystemTime) -> Result<AccountId, Outcome> {
        let mut backoff = Backoff::until(&self.world, deadline);
        loop {
            match self.creation_status(request).await.map_err(without_session) {
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                ended => return ended.map_err(Outcome::from),
            }
        }
    }

    async fn creation_status(&self, request: &str) -> Result<AccountId, Stop> {
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
}
