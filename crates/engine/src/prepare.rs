//! Before the access role is assumed: what the account is, whether it may be processed, and its blueprint.

use futures_util::future::join_all;
use onboarding_core::account::{Account, AccountAge, AccountId, AccountState};
use onboarding_core::blueprint::{self, Blueprint, SecretValues};
use onboarding_core::code::Code;
use onboarding_core::error::ErrorKind;
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
        if self.config.excluded.contains(id) {
            return Err(Stop::ignored(Code::Excluded, format!("account {id} is excluded by the configuration")));
        }
        let found = self.world.account(id).await;
        let Some(account) = found.map_err(|error| Stop::from_error(&error, AccountAge::Established))? else {
            return Err(Stop::blocked(
                Code::NotAMember,
                format!("the organization has no member account {id}"),
                "check the account id; accounts of other organizations are never processed",
            ));
        };
        if account.id != *id {
            let message = format!("Organizations described account {} when asked for {id}", account.id);
            return Err(Stop::blocked(Code::WrongAccount, message, "nothing was changed; run again"));
        }
        if account.is_management() {
            let message = format!("{id} is the management account, in which nothing is ever written");
            return Err(Stop::ignored(Code::ManagementAccount, message));
        }
        match &account.state {
            AccountState::Active => Ok(account),
            AccountState::PendingActivation => {
                Err(Stop::wait(Code::PendingActivation, format!("account {id} is PENDING_ACTIVATION")))
            }
            state => Err(not_active(id, state)),
        }
    }

    /// Reads the external IDs and keys that the configuration keeps in SSM parameters. Only an error that passes with
    /// time stops the run; another is reported by the role that needs the value.
    pub(crate) async fn secret_values(&self) -> Result<SecretValues, Stop> {
        let read = blueprint::parameters(&self.config).into_iter().map(|name| async move {
            match self.world.parameter(name).await {
                Ok(value) => Ok((name.to_owned(), Ok(value))),
                Err(error) => match Stop::from_error(&error, AccountAge::Established) {
                    stop @ (Stop::Wait(_) | Stop::Reopen(_)) if error.kind() != ErrorKind::NotFound => Err(stop),
                    _ => Ok((name.to_owned(), Err(error.to_string()))),
                },
            }
        });
        join_all(read).await.into_iter().collect()
    }

    /// Makes the blueprint of an account.
    pub(crate) fn prepare(&self, account: &Account, secrets: &SecretValues) -> Result<Prepared, Stop> {
        let (blueprint, errors) = Blueprint::new(&self.config, account, secrets).map_err(|error| {
            Stop::blocked(Code::Configuration, error.to_string(), "fix the configuration, then run again")
        })?;
        let member_for = account.joined_at.and_then(|joined| self.world.now().duration_since(joined).ok());
        let age = match member_for {
            Some(member_for) if member_for >= self.config.new_for => AccountAge::Established,
            _ => AccountAge::New,
        };
        let refusals = errors.iter().filter_map(Refusal::configuration).collect();
        Ok(Prepared { blueprint, refusals, age })
    }
}

/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>.
fn not_active(id: &AccountId, state: &AccountState) -> Stop {
    let (is, remedy) = match state {
        AccountState::Suspended => (
            "was suspended by AWS",
            "ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude it in \
             the configuration",
        ),
        AccountState::PendingClosure => {
            ("is being closed", "no action needed; exclude it in the configuration if you are notified again")
        }
        AccountState::Closed => (
            "was closed",
            "to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in \
             the configuration",
        ),
        _ => ("is in a state that this version does not know", "check the account in Organizations, then run again"),
    };
    Stop::blocked(Code::AccountNotActive, format!("account {id} {is} ({state})"), remedy)
}
