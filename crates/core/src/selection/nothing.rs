//! Why a request selects no account, in words that fit what it names.

use std::collections::BTreeMap;

use super::request::{Scope, Selection, TagFilter};
use crate::organizational_unit::UnitSelector;
use crate::suggestion::{list_of, one_of};
use crate::text::Untrusted;

/// A request selects no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no account is selected: {0}")]
pub struct NothingSelected(String);

/// What left no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrowing {
    /// The organization has no account, or the units that are named.
    Scope,
    /// They have accounts, none of which has the tags.
    Tags,
}

impl NothingSelected {
    /// The reason why `selection` selects no account.
    #[must_use]
    pub fn new(selection: &Selection, narrowing: Narrowing) -> Self {
        let Selection { scope, tags } = selection;
        Self(match narrowing {
            Narrowing::Scope => without_accounts(scope),
            Narrowing::Tags => {
                format!("{} has {}; keys and values are case-sensitive", none_of(scope), required(tags))
            }
        })
    }
}

fn without_accounts(scope: &Scope) -> String {
    match scope {
        Scope::All => {
            "Organizations returned no account; check that the credentials are those of the management account"
                .to_owned()
        }
        Scope::Named { units, .. } => {
            let names = names(units);
            let names = list_of(names.iter().map(String::as_str));
            if units.len() == 1 {
                format!("unit {names} contains no account")
            } else {
                format!("units {names} contain no account")
            }
        }
    }
}

/// The accounts of a scope as the subject of a sentence: none of them.
fn none_of(scope: &Scope) -> String {
    const NAMED: &str = "none of the accounts that are named";
    let Scope::Named { units, accounts } = scope else { return "no account of the organization".to_owned() };
    let names = names(units);
    let in_units = format!("no account in {}", one_of(names.iter().map(String::as_str)));
    match (units.as_slice(), accounts.as_slice()) {
        ([], _) => NAMED.to_owned(),
        (_, []) => in_units,
        _ => format!("{in_units}, and {NAMED},"),
    }
}

fn names(units: &[UnitSelector]) -> Vec<String> {
    units.iter().map(|unit| shown(&unit.to_string())).collect()
}

/// Tags as they are required: the values of one key are alternatives.
fn required(tags: &[TagFilter]) -> String {
    let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for tag in tags {
        keys.entry(&tag.key).or_default().push(shown(&tag.to_string()));
    }
    let alternatives: Vec<_> = keys.values().map(|tags| one_of(tags.iter().map(String::as_str))).collect();
    format!("tag {}", alternatives.join(", and "))
}

fn shown(text: &str) -> String {
    Untrusted::new(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::request::RequestedId;
    use super::*;

    fn reason(units: &[&str], accounts: &[&str], tags: &[&str]) -> String {
        let requested = |account: &&str| RequestedId { id: account.parse().unwrap(), place: None };
        let scope = match (units, accounts) {
            ([], []) => Scope::All,
            _ => Scope::Named {
                units: units.iter().map(|unit| unit.parse().unwrap()).collect(),
                accounts: accounts.iter().map(requested).collect(),
            },
        };
        let narrowing = if tags.is_empty() { Narrowing::Scope } else { Narrowing::Tags };
        let selection = Selection { scope, tags: tags.iter().map(|tag| tag.parse().unwrap()).collect() };
        NothingSelected::new(&selection, narrowing).to_string()
    }

    /// An account that is named and does not exist is another error.
    #[test]
    fn reason_names_what_was_asked_for() {
        let reasons = [
            reason(&[], &[], &[]),
            reason(&["Workloads/Empty"], &[], &[]),
            reason(&["Workloads/Empty", "ou-ab12-cdef3456"], &[], &[]),
            reason(&[], &[], &["environment=Prod"]),
            reason(&[], &[], &["team=a", "environment=prod", "environment=dev\u{1b}[2J"]),
            reason(&["Workloads"], &[], &["team=a"]),
            reason(&[], &["444455556666"], &["team=a"]),
            reason(&["Workloads"], &["444455556666"], &["team=a"]),
        ];
        insta::assert_snapshot!(reasons.join("\n"), @"
        no account is selected: Organizations returned no account; check that the credentials are those of the management account
        no account is selected: unit `Workloads/Empty` contains no account
        no account is selected: units `Workloads/Empty` and `ou-ab12-cdef3456` contain no account
        no account is selected: no account of the organization has tag `environment=Prod`; keys and values are case-sensitive
        no account is selected: no account of the organization has tag `environment=prod` or `environment=dev?[2J`, and `team=a`; keys and values are case-sensitive
        no account is selected: no account in `Workloads` has tag `team=a`; keys and values are case-sensitive
        no account is selected: none of the accounts that are named has tag `team=a`; keys and values are case-sensitive
        no account is selected: no account in `Workloads`, and none of the accounts that are named, has tag `team=a`; keys and values are case-sensitive
        ");
    }
}
