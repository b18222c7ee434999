//! Before the access role is assumed: what the account is, whether it may be processed, and its blueprint.

use std::collections::BTreeSet;

use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::blueprint::{Blueprint, BlueprintError, ConfiguredPart, SecretValues};
use onboarding_core::code::Code;
use onboarding_core::eligibility::{eligibility, eligibility_by_id};
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Refusal;
use onboarding_core::targets::AccountFacts;

use crate::job::Engine;
use crate::ports::World;

/// What an account should hold.
pub(crate) struct Prepared {
    pub(crate) blueprint: Blueprint,
    /// The configured roles that no blueprint could be made of.
    pub(crate) refusals: Vec<Refusal>,
    /// Why the grants on the access role are incomplete, if that does not pass with time.
    pub(crate) undecided_grants: Vec<BlueprintError>,
    /// Waiting, when a role lacks the external ID of a vendor that may return it later, or it is not known yet whether a part of
    /// the configuration is for the account.
    pub(crate) incomplete: Option<Stop>,
}

impl<W: World> Engine<W> {
    /// Stops at accounts that the configuration excludes, before any call is made.
    pub(crate) fn check_excluded(&self, id: &AccountId) -> Result<(), Stop> {
        eligibility_by_id(id, &self.config.excluded).check(id)
    }

    /// Looks an active member account up that the configuration does not exclude.
    ///
    /// # Errors
    /// When it is not one, or Organizations does not answer.
    pub async fn member(&self, id: &AccountId) -> Result<Account, Stop> {
        self.check_excluded(id)?;
        self.look_up(id, None).await
    }

    /// Looks the account up in Organizations, unless that was done a moment ago. Accounts that are not active member accounts
    /// stop here.
    pub(crate) async fn look_up(
        &self,
        id: &AccountId,
        known: Option<Result<Option<Account>, ApiError>>,
    ) -> Result<Account, Stop> {
        let account = self.look_up_any(id, known).await?;
        eligibility(&account, &self.config.excluded).check(id)?;
        Ok(account)
    }

    /// The same, for an account that the configuration may exclude.
    pub(crate) async fn look_up_even_if_excluded(&self, id: &AccountId) -> Result<Account, Stop> {
        let account = self.look_up_any(id, None).await?;
        eligibility(&account, &BTreeSet::new()).check(id)?;
        Ok(account)
    }

    async fn look_up_any(
        &self,
        id: &AccountId,
        known: Option<Result<Option<Account>, ApiError>>,
    ) -> Result<Account, Stop> {
        let found = match known {
            Some(found) => found,
            None => self.world.account(id).await,
        };
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
        Ok(account)
    }

    /// Makes the blueprint of an account.
    pub(crate) fn prepare(&self, facts: &AccountFacts<'_>, secrets: &SecretValues) -> Result<Prepared, Stop> {
        let (mut blueprint, errors) = Blueprint::from_facts(&self.config, facts, secrets).map_err(|error| {
            let blocked =
                || Stop::blocked(Code::Configuration, error.to_string(), "fix the configuration, then run again");
            error.stop.as_deref().cloned().unwrap_or_else(blocked)
        })?;
        blueprint.end_grants(self.world.aws_time());
        let refusals = errors.iter().filter_map(Refusal::configuration).collect();
        let incomplete = errors.iter().find_map(BlueprintError::wait);
        let is_final = |error: &BlueprintError| error.part == ConfiguredPart::AccessRole && error.wait().is_none();
        let undecided_grants = errors.into_iter().filter(is_final).collect();
        Ok(Prepared { blueprint, refusals, undecided_grants, incomplete })
    }

    /// Whether the account may still be getting ready.
    pub(crate) fn age(&self, account: &Account) -> AccountAge {
        AccountAge::at(self.world.now(), account.joined_at, self.config.new_for)
    }
}
