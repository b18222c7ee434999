//! Finds the accounts that a request selects, in the list that Organizations returned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::request::{RequestedId, Scope};
use super::skipped::{SkipReason, SkippedAccount};
use crate::account::{Account, AccountId};
use crate::eligibility::eligibility;
use crate::exclude::Exclude;
use crate::organizational_unit::UnitId;

/// The accounts of the organization, as they were listed.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Those that can be read.
    pub accounts: Vec<Account>,
    /// Those whose description cannot be read, with the problem.
    pub unreadable: Vec<(Option<AccountId>, String)>,
    /// For accounts without a path: the unit that each is in, and those above it.
    pub units_above: BTreeMap<AccountId, BTreeSet<UnitId>>,
}

/// The accounts that a request selects, ordered by their IDs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// Those that are processed.
    pub accounts: Vec<Account>,
    /// The others, with the reasons.
    pub skipped: Vec<SkippedAccount>,
}

impl Selected {
    /// The number of accounts, with those that are skipped.
    #[must_use]
    pub fn total(&self) -> usize {
        self.accounts.len() + self.skipped.len()
    }

    /// Keeps the accounts for which this is true. Accounts without a known ID are kept.
    pub fn retain(&mut self, mut is_selected: impl FnMut(&AccountId) -> bool) {
        self.accounts.retain(|account| is_selected(&account.id));
        self.skipped.retain(|skipped| skipped.id.as_ref().is_none_or(&mut is_selected));
    }
}

/// What a request names and the organization does not have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotFound {
    /// Why there is no such unit, one sentence for each.
    pub units: Vec<String>,
    /// The accounts.
    pub accounts: Vec<RequestedId>,
}

impl NotFound {
    /// Whether everything was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty() && self.accounts.is_empty()
    }
}

/// One line for each of the first problems.
impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        let account = |RequestedId { id, place }: &RequestedId| match place {
            Some(place) => format!("{place}: account {id} is not in the organization"),
            None => format!("account {id} is not in the organization"),
        };
        let problems: Vec<_> = self.units.iter().cloned().chain(self.accounts.iter().map(account)).collect();
        let shown: Vec<_> = problems.iter().take(SHOWN).map(String::as_str).collect();
        f.write_str(&shown.join("\n"))?;
        match problems.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(f, "\nand {more} more")?,
        }
        match self.accounts.as_slice() {
            [] => Ok(()),
            _ => f.write_str("\n`onboard accounts list` shows the IDs of its accounts"),
        }
    }
}

impl std::error::Error for NotFound {}

/// The accounts of a scope; `units` are those that its units were resolved to, and `excluded` is what the configuration excludes.
///
/// # Errors
/// The accounts that are named and not in the organization.
pub fn find(
    scope: &Scope,
    units: &BTreeSet<UnitId>,
    listing: Listing,
    excluded: &BTreeSet<Exclude>,
) -> Result<Selected, NotFound> {
    let Listing { accounts, unreadable, units_above } = listing;
    let is_named = named(scope, &accounts, &unreadable)?;
    let is_in_unit = |account: &Account| match (&account.ou_path, units_above.get(&account.id)) {
        (Some(path), _) => path.split('/').any(|part| units.iter().any(|unit| unit.as_str() == part)),
        (None, Some(above)) => !above.is_disjoint(units),
        (None, None) => units.iter().any(UnitId::is_root),
    };
    let mut selected = Selected::default();
    for account in accounts {
        if *scope != Scope::All && !is_named.contains(&account.id) && !is_in_unit(&account) {
            continue;
        }
        match SkipReason::new(eligibility(&account, excluded)) {
            None => selected.accounts.push(account),
            Some(reason) => {
                selected.skipped.push(SkippedAccount { id: Some(account.id), name: Some(account.name), reason });
            }
        }
    }
    for (id, problem) in unreadable {
        // Its unit cannot be read either, so that it may be in any.
        if *scope == Scope::All || !units.is_empty() || id.as_ref().is_some_and(|id| is_named.contains(id)) {
            selected.skipped.push(SkippedAccount { id, name: None, reason: SkipReason::Unreadable(problem) });
        }
    }
    selected.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    selected.skipped.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(selected)
}

/// The accounts that are named by their IDs, all of which must be in the organization.
fn named(
    scope: &Scope,
    accounts: &[Account],
    unreadable: &[(Option<AccountId>, String)],
) -> Result<BTreeSet<AccountId>, NotFound> {
    let Scope::Named { accounts: requested, .. } = scope else { return Ok(BTreeSet::new()) };
    let unreadable = unreadable.iter().filter_map(|(id, _)| id.as_ref());
    let members: BTreeSet<_> = accounts.iter().map(|account| &account.id).chain(unreadable).collect();
    let missing: Vec<_> = requested.iter().filter(|account| !members.contains(&account.id)).cloned().collect();
    if missing.is_empty() {
        return Ok(requested.iter().map(|account| account.id.clone()).collect());
    }
    Err(NotFound { accounts: missing, ..NotFound::default() })
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
