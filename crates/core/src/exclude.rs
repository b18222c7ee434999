//! What the configuration excludes: accounts by their IDs, and organizational units with every account in them and below.
//!
//! An account that is excluded by its ID costs no call. Whether an account is in an excluded unit is known from its path, which
//! Organizations returns with the account.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::account::{Account, AccountId, InvalidAccountId};
use crate::organizational_unit::UnitId;
use crate::text::Untrusted;

/// An account or an organizational unit that is never changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclude {
    /// One account.
    Account(AccountId),
    /// The accounts of a unit, and of the units below it.
    Unit(UnitId),
}

/// A string does not name what to exclude.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExclude {
    /// It is not the ID of an account.
    #[error("{0}; for a unit, write its ID, such as `ou-ab12-cdef3456`")]
    Account(#[from] InvalidAccountId),
    /// It is not the ID of a unit.
    #[error("`{0}` is not the ID of an organizational unit; write it like `ou-ab12-cdef3456`")]
    Unit(Untrusted),
    /// It is the root.
    #[error("`{0}` is the root, which contains every account; write the ID of a unit, such as `ou-ab12-cdef3456`")]
    Root(Untrusted),
}

impl FromStr for Exclude {
    type Err = InvalidExclude;

    fn from_str(text: &str) -> Result<Self, InvalidExclude> {
        match text.parse::<UnitId>() {
            Ok(unit) if unit.is_root() => Err(InvalidExclude::Root(text.into())),
            Ok(unit) => Ok(Self::Unit(unit)),
            Err(_) if text.starts_with("ou-") || text.starts_with("r-") => Err(InvalidExclude::Unit(text.into())),
            Err(_) => Ok(Self::Account(text.parse()?)),
        }
    }
}

impl fmt::Display for Exclude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Unit(unit) => unit.fmt(f),
        }
    }
}

impl Exclude {
    fn unit(&self) -> Option<&UnitId> {
        match self {
            Self::Account(_) => None,
            Self::Unit(unit) => Some(unit),
        }
    }
}

/// Whether an account is in a unit that is excluded, or below it; `None` if that depends on the account's path and
/// Organizations returned none.
pub(crate) fn is_in_excluded_unit(account: &Account, excluded: &BTreeSet<Exclude>) -> Option<bool> {
    let mut units = excluded.iter().filter_map(Exclude::unit).peekable();
    if units.peek().is_none() {
        return Some(false);
    }
    let path = account.ou_path.as_ref()?;
    Some(units.any(|unit| path.split('/').any(|part| part == unit.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_units_are_excluded_by_their_ids() {
        for good in ["444455556666", "ou-ab12-cdef3456"] {
            assert_eq!(good.parse::<Exclude>().unwrap().to_string(), good);
        }
        let refused = ["r-ab12", "ou-ab12", "ou-AB12-cdef3456", "4444", "Workloads/Dev", ""]
            .map(|text| text.parse::<Exclude>().unwrap_err().to_string());
        insta::assert_snapshot!(refused.join("\n"), @"
        `r-ab12` is the root, which contains every account; write the ID of a unit, such as `ou-ab12-cdef3456`
        `ou-ab12` is not the ID of an organizational unit; write it like `ou-ab12-cdef3456`
        `ou-AB12-cdef3456` is not the ID of an organizational unit; write it like `ou-ab12-cdef3456`
        `4444` is not a valid account ID; write exactly twelve digits, in quotes; for a unit, write its ID, such as `ou-ab12-cdef3456`
        `Workloads/Dev` is not a valid account ID; write exactly twelve digits, in quotes; for a unit, write its ID, such as `ou-ab12-cdef3456`
        `` is not a valid account ID; write exactly twelve digits, in quotes; for a unit, write its ID, such as `ou-ab12-cdef3456`
        ");
    }
}
