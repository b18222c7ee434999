//! Before the access role is assumed: what the account is, whether it may be processed, and its blueprint.

use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::blueprint::{Blueprint, SecretValues};
use onboarding_core::code::Code;
use onboarding_core::eligibility::{eligibility, eligibility_by_id};
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Refusal;

use crate::job::Engine;
use crate::ports::World;

/// What an account should hold.
pub(crate) struct Prepared {
    pub(crate) blueprint: Blueprint,
    /// The configured roles that no blueprint could be made of.
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) age: AccountAge,
}

impl<W: World> Engine<W> {
    /// Looks the account up in Organizations. Accounts that are not active member accounts stop here.
    pub(crate) async fn look_up(&self, id: &AccountId) -> Result<Account, Stop> {
        eligibility_by_id(id, &self.config.excluded).check(id)?;
        let found = self.world.account(id).await;
        let Some(account) = found.map_err(|error| Stop::from_error(&error, AccountAge::Established))? else {
            return Err(Stop::blocked(
                Code::NotAMember,
                format!("the organization has no member account {id}"),
                "check the account ID; accounts of other organizations are never processed",
            ));
        };
        if account.id != *id {
            let message = format!("Organizations described account {} when asked for {id}", account.id);
            return Err(Stop::blocked(Code::WrongAccount, message, "nothing was changed; run again"));
        }
        eligibility(&account, &self.config.excluded).check(id)?;
        Ok(account)
    }

    /// Makes the blueprint of an account.
    pub(crate) fn prepare(&self, account: &Account, secrets: &SecretValues) -> Result<Prepared, Stop> {
        let (blueprint, errors) = Blueprint::new(&self.config, account, secrets).map_err(|error| {
            Stop::blocked(Code::Configuration, error.to_string(), "fix the configuration, then run again")
        })?;
        let age = AccountAge::at(self.world.now(), account.joined_at, self.config.new_for);
        let refusals = errors.iter().filter_map(Refusal::configuration).collect();
        Ok(Prepared { blueprint, refusals, age })
    }
}
