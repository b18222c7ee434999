//! What a user asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::organizational_unit::UnitSelector;
use crate::text::Untrusted;

/// The accounts that a command is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The accounts to choose from.
    pub scope: Scope,
    /// Of these, only the accounts with these tags; all of them if empty.
    pub tags: Vec<TagFilter>,
}

/// Accounts, before tags narrow them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every account of the organization.
    All,
    /// The accounts of these units and of the units below them, and these accounts.
    Named {
        /// The units.
        units: Vec<UnitSelector>,
        /// The accounts.
        accounts: Vec<RequestedId>,
    },
}

/// An account that is named, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedId {
    /// The account.
    pub id: AccountId,
    /// The file and the line, such as `accounts.txt:3`; `None` for an option of the command line.
    pub place: Option<String>,
}

impl Selection {
    /// Every account of the organization.
    #[must_use]
    pub fn all() -> Self {
        Self { scope: Scope::All, tags: Vec::new() }
    }

    /// Whether every account of the organization is selected.
    #[must_use]
    pub fn is_whole_organization(&self) -> bool {
        self.scope == Scope::All && self.tags.is_empty()
    }

    /// Whether an account with these tags is selected: for each key that is asked for, it has one of the values.
    #[must_use]
    pub fn matches_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        let keys: BTreeSet<_> = self.tags.iter().map(|tag| &tag.key).collect();
        keys.into_iter().all(|key| {
            let value = tags.get(key);
            self.tags.iter().any(|tag| tag.key == *key && value == Some(&tag.value))
        })
    }
}

/// A tag that an account must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A string does not name a tag and its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tag with its value; write it like `environment=production`")]
pub struct InvalidTag(Untrusted);

impl FromStr for TagFilter {
    type Err = InvalidTag;

    /// The limits are those of Organizations:
    /// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Tag.html>.
    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let (key, value) = text.split_once('=').ok_or_else(|| InvalidTag(text.into()))?;
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(InvalidTag(text.into()));
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filters: &[&str], tags: &[(&str, &str)]) -> bool {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let filters = filters.iter().map(|text| text.parse().unwrap()).collect();
        Selection { tags: filters, ..Selection::all() }.matches_tags(&tags)
    }

    #[test]
    fn account_has_one_of_the_values_of_each_key() {
        let production = [("environment", "production"), ("team", "payments")];
        assert!(matches(&[], &production));
        assert!(matches(&["environment=production"], &production));
        assert!(matches(&["environment=production", "environment=staging"], &production));
        assert!(matches(&["environment=production", "team=payments"], &production));
        assert!(!matches(&["environment=production", "team=search"], &production));
        assert!(!matches(&["environment=Production"], &production));
        assert!(!matches(&["environment="], &production));
        assert!(!matches(&["environment=production"], &[]));
    }

    #[test]
    fn tag_has_a_key_and_a_value() {
        let tag = "cost-center=a=b".parse::<TagFilter>().unwrap();
        assert_eq!((tag.key.as_str(), tag.value.as_str()), ("cost-center", "a=b"));
        assert_eq!("retired=".parse::<TagFilter>().unwrap().to_string(), "retired=");
        for bad in ["environment", "=production", "", &format!("{}=x", "k".repeat(129))] {
            assert!(bad.parse::<TagFilter>().is_err(), "{bad}");
        }
        insta::assert_snapshot!("environment".parse::<TagFilter>().unwrap_err(), @"`environment` is not a tag with its value; write it like `environment=production`");
    }
}
