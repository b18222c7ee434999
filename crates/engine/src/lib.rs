//! The engine: one account from its id to its report.
//!
//! [`Engine::plan`] asks for sessions that read; [`Engine::apply`] asks for sessions that write as well.

mod apply;
mod arrive;
mod diagnose;
mod draft;
mod enter;
mod hands;
mod hold;
mod ledger;
mod observe;
mod patience;
pub mod ports;
mod prepare;
mod run;
mod target;
pub mod within;

pub use target::TargetAccount;

use crate::ports::{Sessions, World};
use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Change;

/// Why the way of an account ended before its blueprint was compared.
type End = Outcome;

/// The sessions of a world.
type SessionOf<W> = <<W as World>::Sessions as Sessions>::Session;

/// Everything that is needed to bring accounts to their blueprint.
pub struct Engine<W> {
    /// What it works with.
    pub world: W,
    /// What accounts should hold.
    pub config: Config,
}

impl<W: World> Engine<W> {
    /// Time.
    pub fn clock(&self) -> &W::Clock {
        self.world.clock()
    }
}

/// One account to see to.
#[derive(Debug, Clone)]
pub struct Job {
    /// The account.
    pub account: AccountId,
    /// What set it off, as `create_account_result`.
    pub trigger: String,
    /// Which event or person set it off; becomes part of the session's name.
    pub origin: String,
    /// By which name the account is claimed while it is written: of this run alone.
    pub run: String,
    /// When to stop waiting, in seconds since 1970.
    pub deadline: f64,
    /// When to have answered, in seconds since 1970: calls that are under way then are given up.
    pub end: f64,
    /// The plan that a person approved: no other is applied.
    pub shown: Option<Vec<Change>>,
}
