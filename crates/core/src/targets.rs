//! Targets: which accounts a grant, a vendor or a role is for.
//!
//! [`Targets`] selects accounts by their organizational unit (nested units included), by their ID and by their tags. An account
//! is selected if any of the three names it, or if none of them is configured, unless `exclude` names it.
//!
//! Not everything about an account is always known. Organizations may not have returned its path yet, and the tags, and the IDs
//! of units that are configured by their names, cost calls, and so does it to find out whether a unit exists. The answer therefore has three values, as in Kleene's logic: what is
//! not known matters only if it could change the answer. An account that is selected by its ID needs no tags. What remains not
//! known is left as it is: nothing is installed, changed or reported as unselected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::account::{Account, AccountId};
use crate::code::Code;
use crate::organizational_unit::{UnitId, UnitSelector};
use crate::outcome::Stop;
use crate::suggestion::plain_list_of;

/// The tags of an account.
pub type Tags = BTreeMap<String, String>;

/// The units of a configuration that were looked up, or why there is no such unit.
pub type UnitIds = BTreeMap<UnitSelector, Result<UnitId, Stop>>;

/// Which accounts a grant, a vendor or a role is for. The default is every account.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Targets {
    /// The accounts that are selected; every account if it is empty.
    pub(crate) selected: AccountFilter,
    /// The accounts that are not selected in any case.
    pub(crate) excluded: AccountFilter,
    /// What happens in an account that is no longer selected.
    pub on_unselect: OnUnselect,
}

/// What happens to what this tool made in an account that is no longer selected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnUnselect {
    /// It is reported and kept.
    #[default]
    Keep,
    /// It is removed.
    Remove,
}

impl OnUnselect {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Keep, Self::Remove];

    /// The word in the configuration: `keep` or `remove`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }
}

/// Names accounts in up to three ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AccountFilter {
    /// Units: the accounts in them and below.
    pub(crate) units: BTreeSet<UnitSelector>,
    /// IDs of accounts.
    pub(crate) accounts: BTreeSet<AccountId>,
    /// Tags: the accounts that have every key, each with one of its values.
    pub(crate) tags: BTreeMap<String, BTreeSet<String>>,
}

/// Whether an account is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetDecision {
    /// It is.
    Selected,
    /// It is not.
    NotSelected,
    /// That depends on something that is not known.
    NotKnown(Unknown),
}

/// A fact about an account that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// Its path: Organizations did not return it.
    Path,
    /// The units of the configuration: they were not looked up.
    Units,
    /// Its tags: they were not read.
    Tags,
    /// Something that was read without success.
    Failed(Stop),
}

impl Unknown {
    /// How a part of the configuration ends whose accounts are not known: it waits, unless waiting does not help.
    #[must_use]
    pub fn stop(&self, account: &AccountId) -> Stop {
        let not_known = |what: &str| {
            Stop::wait(Code::NotPropagated, format!("Organizations did not return the {what} of account {account}"))
        };
        match self {
            Self::Path => not_known("organizational units"),
            Self::Units => not_known("names of the organizational units"),
            Self::Tags => not_known("tags"),
            Self::Failed(stop) => stop.clone(),
        }
    }
}

/// The facts about an account by which it is selected.
#[derive(Debug, Clone)]
pub struct AccountFacts<'a> {
    account: &'a Account,
    units: Option<&'a UnitIds>,
    tags: Option<&'a Result<Tags, Stop>>,
}

impl<'a> AccountFacts<'a> {
    /// What Organizations says about an account. `units` and `tags` are known only if they were read.
    #[must_use]
    pub fn new(account: &'a Account, units: Option<&'a UnitIds>, tags: Option<&'a Result<Tags, Stop>>) -> Self {
        Self { account, units, tags }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &'a Account {
        self.account
    }
}

impl<'a> From<&'a Account> for AccountFacts<'a> {
    fn from(account: &'a Account) -> Self {
        Self::new(account, None, None)
    }
}

impl Targets {
    /// Whether every account is selected.
    #[must_use]
    pub fn is_every_account(&self) -> bool {
        self.selected.is_empty() && self.excluded.is_empty()
    }

    /// Whether this account alone can be selected.
    pub(crate) fn is_only(&self, account: &AccountId) -> bool {
        let AccountFilter { units, accounts, tags } = &self.selected;
        units.is_empty() && tags.is_empty() && accounts.len() == 1 && accounts.contains(account)
    }

    /// Whether an account is selected.
    #[must_use]
    pub fn decide(&self, facts: &AccountFacts<'_>) -> TargetDecision {
        let removes = self.on_unselect == OnUnselect::Remove;
        let selected =
            if self.selected.is_empty() { TargetDecision::Selected } else { self.selected.names(facts, removes) };
        match (selected, self.excluded.names(facts, false)) {
            (TargetDecision::NotSelected, _) | (_, TargetDecision::Selected) => TargetDecision::NotSelected,
            (TargetDecision::Selected, TargetDecision::NotSelected) => TargetDecision::Selected,
            (TargetDecision::NotKnown(unknown), _) | (_, TargetDecision::NotKnown(unknown)) => {
                TargetDecision::NotKnown(unknown)
            }
        }
    }

    /// The units that have to be looked up: those that are named by their paths, and, if something is removed from accounts that are
    /// not in them, also those that are selected by their IDs.
    pub fn units_to_look_up(&self) -> impl Iterator<Item = &UnitSelector> {
        let removes = self.on_unselect == OnUnselect::Remove;
        let selected = self.selected.units.iter().filter(move |unit| removes || matches!(unit, UnitSelector::Path(_)));
        selected.chain(self.excluded.units.iter().filter(|unit| matches!(unit, UnitSelector::Path(_))))
    }

    /// The units that are named, selected or excluded.
    pub fn units(&self) -> impl Iterator<Item = &UnitSelector> {
        self.selected.units.iter().chain(&self.excluded.units)
    }
}

impl AccountFilter {
    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty() && self.accounts.is_empty() && self.tags.is_empty()
    }

    /// Whether the filter names an account. With `exist`, that an account is not in a unit counts only if the unit exists: a mistyped ID
    /// must not remove anything.
    fn names(&self, facts: &AccountFacts<'_>, exist: bool) -> TargetDecision {
        let by_id = if self.accounts.contains(&facts.account.id) {
            TargetDecision::Selected
        } else {
            TargetDecision::NotSelected
        };
        let by_unit = self.units.iter().map(|unit| is_in(unit, facts, exist));
        any([by_id].into_iter().chain(by_unit).chain([self.names_tags(facts)]))
    }

    fn names_tags(&self, facts: &AccountFacts<'_>) -> TargetDecision {
        let has = |tags: &Tags, key: &String, values: &BTreeSet<String>| {
            tags.get(key).is_some_and(|value| values.contains(value))
        };
        match facts.tags {
            _ if self.tags.is_empty() => TargetDecision::NotSelected,
            None => TargetDecision::NotKnown(Unknown::Tags),
            Some(Err(stop)) => TargetDecision::NotKnown(Unknown::Failed(stop.clone())),
            Some(Ok(tags)) if self.tags.iter().all(|(key, values)| has(tags, key, values)) => TargetDecision::Selected,
            Some(Ok(_)) => TargetDecision::NotSelected,
        }
    }
}

/// Whether an account is in a unit, or below it.
fn is_in(unit: &UnitSelector, facts: &AccountFacts<'_>, exists: bool) -> TargetDecision {
    if facts.account.ou_path.is_none() {
        return TargetDecision::NotKnown(Unknown::Path);
    }
    let answer =
        |id: &UnitId| if facts.account.is_in(id) { TargetDecision::Selected } else { TargetDecision::NotSelected };
    match unit {
        UnitSelector::Id(id) if !exists || facts.account.is_in(id) => answer(id),
        UnitSelector::Id(_) | UnitSelector::Path(_) => match facts.units.and_then(|units| units.get(unit)) {
            None => TargetDecision::NotKnown(Unknown::Units),
            Some(Err(stop)) => TargetDecision::NotKnown(Unknown::Failed(stop.clone())),
            Some(Ok(id)) => answer(id),
        },
    }
}

/// Selected if one is, and otherwise not known if one is not known.
fn any(mut answers: impl Iterator<Item = TargetDecision>) -> TargetDecision {
    let mut unknown = None;
    let selected = answers.any(|answer| match answer {
        TargetDecision::Selected => true,
        TargetDecision::NotSelected => false,
        TargetDecision::NotKnown(why) => {
            unknown.get_or_insert(why);
            false
        }
    });
    match unknown {
        _ if selected => TargetDecision::Selected,
        Some(why) => TargetDecision::NotKnown(why),
        None => TargetDecision::NotSelected,
    }
}

/// Which accounts are selected, as a part of a sentence.
impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.selected.is_empty() {
            f.write_str("every account")?
        } else {
            self.selected.fmt(f)?
        }
        if self.excluded.is_empty() { Ok(()) } else { write!(f, ", except {}", self.excluded) }
    }
}

impl fmt::Display for AccountFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<_> = self.units.iter().map(|unit| format!("accounts in {unit}")).collect();
        parts.extend(self.accounts.iter().map(ToString::to_string));
        let tags = self.tags.iter().map(|(key, values)| {
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("`{key}` = {}", values.join(" or "))
        });
        let tags: Vec<_> = tags.collect();
        if !tags.is_empty() {
            parts.push(format!("accounts with the tag {}", plain_list_of(tags.iter().map(String::as_str))));
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
