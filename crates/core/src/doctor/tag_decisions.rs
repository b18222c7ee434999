//! What targets that depend on tags select, collected while the accounts are processed.
//!
//! Reading the tags of every account takes long, and a plan for all accounts has done it where a target needs them. So the plan
//! notes here what came of it, and no call is made again.

use std::collections::BTreeSet;

use crate::account::{Account, AccountId};
use crate::config::Config;
use crate::targets::{AccountFacts, TargetDecision, Targets};

/// The accounts whose tags were read, and the targets that select any of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagDecisions {
    accounts: BTreeSet<AccountId>,
    /// The targets that select an account, or may: its tags could not be read.
    selecting: BTreeSet<Targets>,
}

impl TagDecisions {
    /// Adds an account whose tags were read.
    pub fn add(&mut self, config: &Config, facts: &AccountFacts<'_>) {
        self.accounts.insert(facts.account().id.clone());
        for targets in config.targets().filter(|targets| targets.decide(facts) != TargetDecision::NotSelected) {
            if !self.selecting.contains(targets) {
                self.selecting.insert(targets.clone());
            }
        }
    }

    /// Whether targets select any of these accounts; `None` if the tags of some were not read.
    pub(super) fn selects_any(&self, targets: &Targets, accounts: &[&Account]) -> Option<bool> {
        if self.selecting.contains(targets) {
            return Some(true);
        }
        accounts.iter().all(|account| self.accounts.contains(&account.id)).then_some(false)
    }
}
