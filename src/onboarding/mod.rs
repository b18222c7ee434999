//! The engine: one account from its id to its report.
//!
//! [`Engine::plan`] asks for sessions that read; [`Engine::apply`] asks for sessions that write as well.

mod diagnose;
mod enter;
mod ledger;
mod observe;
mod patience;
mod prepare;
mod run;
mod target;
pub(crate) mod within;

pub use target::TargetAccount;

use crate::account::AccountId;
use crate::config::Config;
use crate::outcome::Outcome;
use crate::plan::Change;

/// Why the way of an account ended before its blueprint was compared.
type End = Outcome;

/// Everything that is needed to bring accounts to their blueprint.
pub struct Engine<D, S, X, C> {
    /// The organization's register of accounts.
    pub directory: D,
    /// The way into accounts.
    pub sessions: S,
    /// Where external ids are kept.
    pub secrets: X,
    /// Time.
    pub clock: C,
    /// What accounts should hold.
    pub config: Config,
}

/// One account to see to.
#[derive(Debug, Clone)]
pub struct Errand {
    /// The account.
    pub account: AccountId,
    /// What set it off, as `create_account_result`.
    pub trigger: String,
    /// Which event or person set it off; becomes part of the session's name.
    pub origin: String,
    /// When to stop waiting, in seconds since 1970.
    pub deadline: f64,
    /// When to have answered, in seconds since 1970: calls that are under way then are given up.
    pub end: f64,
    /// The plan that a person approved: no other is applied.
    pub shown: Option<Vec<Change>>,
}
