//! Before an account is entered: what it is, whether it is ours to enter, and its blueprint.

use futures_util::future::join_all;

use super::{End, Engine};
use crate::ports::{Clock, Directory, Secrets, World};
use onboarding_core::account::{Account, AccountId, AccountState};
use onboarding_core::blueprint::{self, Blueprint, BlueprintError, SecretValues};
use onboarding_core::error::ErrorKind;
use onboarding_core::outcome::Outcome;

/// An account that may be entered, and what it should hold.
pub(super) struct Prepared {
    pub(super) blueprint: Blueprint,
    pub(super) errors: Vec<BlueprintError>,
    pub(super) young: bool,
}

impl<W: World> Engine<W> {
    /// Asks Organizations what the account is, and stops what is not an active member account.
    pub(super) async fn look_up(&self, id: &AccountId) -> Result<Account, End> {
        if self.config.excluded.contains(id) {
            return Err(Outcome::ignored("excluded", format!("account {id} is excluded by the configuration")));
        }
        let found = self.world.directory().account(id).await.map_err(|error| Outcome::from_error(&error, false))?;
        let Some(account) = found else {
            return Err(Outcome::blocked(
                "not_a_member",
                format!("the organization has no member account {id}"),
                "check the id; an account of another organization is never entered",
            ));
        };
        if account.id != *id {
            let message = format!("Organizations described account {} when asked for {id}", account.id);
            return Err(Outcome::blocked("wrong_account", message, "nothing was done; run again"));
        }
        if account.is_management() {
            return Err(Outcome::ignored(
                "management_account",
                format!("{id} is the management account, which is never written"),
            ));
        }
        match &account.state {
            AccountState::Active => Ok(account),
            AccountState::PendingActivation => {
                Err(Outcome::waiting("pending_activation", format!("account {id} is PENDING_ACTIVATION")))
            }
            state => Err(not_active(id, state)),
        }
    }

    /// Reads what the configuration keeps in parameters. Only a passing fault is an error.
    pub(super) async fn secret_values(&self) -> Result<SecretValues, End> {
        let read = blueprint::parameters(&self.config).into_iter().map(|name| async move {
            match self.world.secrets().parameter(name).await {
                Ok(value) => Ok((name.to_owned(), Ok(value))),
                Err(error) => match Outcome::from_error(&error, false) {
                    wait @ Outcome::Waiting(_) if error.fault() != ErrorKind::NotFound => Err(wait),
                    _ => Ok((name.to_owned(), Err(error.to_string()))),
                },
            }
        });
        join_all(read).await.into_iter().collect()
    }

    /// Makes the blueprint.
    pub(super) fn blueprint(&self, account: &Account, secrets: &SecretValues) -> Result<Prepared, End> {
        let (blueprint, errors) = Blueprint::new(&self.config, account, secrets)
            .map_err(|e| Outcome::blocked("configuration", e.to_string(), "fix the configuration, then run again"))?;
        let age = account.joined_at.map(|joined| self.clock().now() - joined as f64);
        let young = age.is_none_or(|age| age < self.config.new_for as f64);
        Ok(Prepared { blueprint, errors, young })
    }
}

/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>.
fn not_active(id: &AccountId, state: &AccountState) -> Outcome {
    let (is, remedy) = match state {
        AccountState::Suspended => (
            "was suspended by AWS",
            "ask AWS Support why, from the account itself; once it is active, run again, or exclude it in the configuration",
        ),
        AccountState::PendingClosure => {
            ("is being closed", "let it close, and exclude it in the configuration if it is told again")
        }
        AccountState::Closed => (
            "was closed",
            "to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in \
             the configuration",
        ),
        _ => ("is in a state that is not known here", "see in Organizations what holds it, then run again"),
    };
    Outcome::blocked("account_not_active", format!("account {id} {is} ({state})"), remedy)
}
