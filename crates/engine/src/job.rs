//! The engine's parts, and one account to process.

use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::plan::Change;

use crate::ports::{Sessions, World};

/// The sessions of a world.
pub(crate) type SessionOf<W> = <<W as World>::Sessions as Sessions>::Session;

/// Everything that is needed to bring accounts to their blueprint.
pub struct Engine<W> {
    /// The outside world.
    pub world: W,
    /// What accounts should hold.
    pub config: Config,
}

/// One account to process.
#[derive(Debug, Clone)]
pub struct Job {
    /// The account.
    pub account: AccountId,
    /// What started the job, for example `create_account_result`.
    pub trigger: String,
    /// The event or person that started the job; becomes part of the session's name.
    pub origin: String,
    /// The holder of the account's lease: unique to this run.
    pub run: String,
    /// When to stop waiting, in seconds since 1970.
    pub deadline: f64,
    /// When to have answered, in seconds since 1970: calls that are in flight then are abandoned.
    pub end: f64,
    /// The plan that a person confirmed: no other is applied.
    pub shown: Option<Vec<Change>>,
}

impl<W: World> Engine<W> {
    /// The clock of the outside world.
    pub fn clock(&self) -> &W::Clock {
        self.world.clock()
    }
}
