//! Accounts that have something in common.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::account::AccountId;
use crate::organizational_unit::ShownUnit;
use crate::text::Untrusted;

/// An account as it is named in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName {
    /// Its ID.
    pub id: AccountId,
    /// Its name, filtered and shortened.
    pub name: String,
}

impl AccountName {
    /// An account with its name.
    #[must_use]
    pub fn new(id: &AccountId, name: Option<&Untrusted>) -> Self {
        Self { id: id.clone(), name: name.map(ToString::to_string).unwrap_or_default() }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { write!(f, "{}", self.id) } else { write!(f, "{} ({})", self.id, self.name) }
    }
}

/// An account of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) account: AccountName,
    /// The organizational unit that it is in, if that is known.
    pub(super) unit: Option<Arc<ShownUnit>>,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account.fmt(f)
    }
}

/// Accounts with the same value, of which one example is kept.
#[derive(Debug, Clone)]
pub(super) struct Group<T> {
    pub(super) example: T,
    pub(super) accounts: Vec<Member>,
}

/// Groups by a key.
#[derive(Debug, Clone)]
pub(super) struct Groups<T>(BTreeMap<String, Group<T>>);

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Groups<T> {
    pub(super) fn add(&mut self, key: String, account: Member, example: impl FnOnce() -> T) {
        let group = self.0.entry(key).or_insert_with(|| Group { example: example(), accounts: Vec::new() });
        group.accounts.push(account);
    }

    /// The groups, the largest first, with their accounts in the order of their IDs.
    pub(super) fn sorted(&self) -> Vec<Group<T>>
    where
        T: Clone,
    {
        let mut groups: Vec<_> = self.0.values().cloned().collect();
        for group in &mut groups {
            group.accounts.sort();
        }
        // The sort is stable, so that groups of the same size keep the order of their keys.
        groups.sort_by_key(|group| std::cmp::Reverse(group.accounts.len()));
        groups
    }
}

/// A text without what differs between accounts although it means the same: the account's ID and name, and the unique IDs of its
/// roles.
pub(super) fn general_text(text: &str, AccountName { id, name }: &AccountName) -> String {
    let text = text.replace(id.as_str(), "{account-id}").replace(&format!("({name})"), "({account-name})");
    without_unique_ids(&text)
}

/// Unique IDs such as `AROAEXAMPLEID12345678` become `AROA…`.
fn without_unique_ids(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let mut general = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        let prefix = ["AROA", "AIDA"].into_iter().find(|prefix| word.len() >= 16 && word.starts_with(prefix));
        match (prefix, piece.strip_prefix(word)) {
            (Some(prefix), Some(rest)) => general.extend([prefix, "…", rest]),
            _ => general.push_str(piece),
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_ids_do_not_distinguish_accounts() {
        let text = "role `A` (ID AROAEXAMPLEID12345678 instead of AROASHORT), AIDAEXAMPLEID12345678";
        assert_eq!(without_unique_ids(text), "role `A` (ID AROA… instead of AROASHORT), AIDA…");
        assert_eq!(without_unique_ids("ÄROAEXAMPLEID12345678ö"), "ÄROAEXAMPLEID12345678ö");
    }
}
