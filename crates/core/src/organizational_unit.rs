//! Organizational units: the root and the units below it, each with an ID and a name.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::suggestion::did_you_mean;
use crate::text::Untrusted;

/// The ID of the root (`r-…`) or of a unit (`ou-…`).
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UnitId(String);

/// A string does not select an organizational unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an organizational unit; write an ID such as `ou-ab12-cdef3456`, or a path of names such as `Workloads/Dev`"
)]
pub struct InvalidUnit(Untrusted);

impl UnitId {
    /// The ID as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the ID of the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.starts_with("r-")
    }
}

impl FromStr for UnitId {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        let is_part = |part: &str, shortest: usize| {
            (shortest..=32).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_valid = match text.split('-').collect::<Vec<_>>().as_slice() {
            ["r", root] => is_part(root, 4),
            ["ou", root, unit] => is_part(root, 4) && is_part(unit, 8),
            _ => false,
        };
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidUnit(text.into())) }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The root or a unit, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The ID.
    pub id: UnitId,
    /// The name, or the path of names.
    pub name: Untrusted,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

/// A unit as it is shown: with its path of names, or with its ID if the names are not known. The names are filtered and shortened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShownUnit {
    id: UnitId,
    path: String,
}

impl ShownUnit {
    /// A unit with the names of the units from below the root to it; for the root, its own name.
    #[must_use]
    pub fn new(id: UnitId, names: &[Untrusted]) -> Self {
        let path = names.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        Self { id, path }
    }

    /// A unit whose names are not known.
    #[must_use]
    pub fn without_names(id: UnitId) -> Self {
        Self { path: id.to_string(), id }
    }
}

impl fmt::Display for ShownUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.path)
    }
}

impl Serialize for ShownUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A unit as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitSelector {
    /// Its ID.
    Id(UnitId),
    /// The names of the units from below the root to it.
    Path(Vec<String>),
}

impl fmt::Display for UnitSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Path(names) => f.pad(&names.join("/")),
        }
    }
}

impl FromStr for UnitSelector {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let names: Vec<_> = text.split('/').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err(InvalidUnit(text.into()));
        }
        Ok(Self::Path(names))
    }
}

impl UnitSelector {
    /// Why there is no unit of this name in a path, with what there is below the same parent.
    #[must_use]
    pub fn unknown_name(name: &str, parent: &str, below: &[Unit]) -> String {
        let name = Untrusted::new(name);
        let known: Vec<_> = below.iter().map(|unit| unit.name.to_string()).collect();
        let near = did_you_mean(&name.to_string(), known.iter().map(String::as_str));
        let parent = Untrusted::new(parent);
        if known.is_empty() {
            return format!("there is no unit `{name}`: `{parent}` contains no units");
        }
        let hint = if near.is_empty() { format!("; it contains {}", listed(&known)) } else { near };
        format!("`{parent}` contains no unit `{name}`{hint}")
    }
}

impl UnitSelector {
    /// What to write instead of a path, if these names, the rest of the path, begin with the name of a unit that contains slashes:
    /// in a path, a slash separates names.
    #[must_use]
    pub fn name_with_slash(names: &[String], below: &[Unit]) -> Option<String> {
        let is_meant = |unit: &&Unit| {
            let parts: Vec<_> = unit.name.raw().split('/').map(str::trim).collect();
            parts.len() > 1 && names.len() >= parts.len() && parts.iter().zip(names).all(|(part, name)| part == name)
        };
        let Unit { id, name } = below.iter().find(is_meant)?;
        Some(format!(
            "the name of unit `{name}` contains a slash, which separates names in a path; write its ID `{id}`"
        ))
    }
}

/// The first few names.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selector_is_an_id_or_a_path() {
        let id = |text: &str| UnitSelector::Id(text.parse().unwrap());
        assert_eq!("ou-ab12-cdef3456".parse(), Ok(id("ou-ab12-cdef3456")));
        assert_eq!("r-ab12".parse(), Ok(id("r-ab12")));
        assert_eq!("Workloads / Dev".parse(), Ok(UnitSelector::Path(vec!["Workloads".to_owned(), "Dev".to_owned()])));
        assert_eq!("r-and-d".parse(), Ok(UnitSelector::Path(vec!["r-and-d".to_owned()])));
        for bad in ["", "/", "Workloads/", "/Dev", "a//b"] {
            assert!(bad.parse::<UnitSelector>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shown_unit_has_its_path_of_names_or_its_id() {
        let id: UnitId = "ou-ab12-cdef3456".parse().unwrap();
        let shown = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| Untrusted::from(*name)).collect();
            ShownUnit::new(id.clone(), &names).to_string()
        };
        assert_eq!(shown(&["Workloads", "Prod"]), "Workloads/Prod");
        assert_eq!(shown(&["Sand\u{1b}[2Jbox", "a\u{202e}b\nc"]), "Sand?[2Jbox/a?b c");
        assert_eq!(shown(&[&"x".repeat(128), "Prod"]), format!("{}…/Prod", "x".repeat(60)));
        assert_eq!(ShownUnit::without_names(id.clone()).to_string(), "ou-ab12-cdef3456");
    }

    #[test]
    fn name_with_a_slash_is_recognized_at_the_start_of_a_path() {
        let unit = |id: &str, name: &str| Unit { id: id.parse().unwrap(), name: name.into() };
        let below = [unit("ou-ab12-cdef3456", "Dev"), unit("ou-ab12-cdef3457", "R&D / Labs")];
        let found = |path: &str| {
            let names: Vec<_> = path.split('/').map(|name| name.trim().to_owned()).collect();
            UnitSelector::name_with_slash(&names, &below)
        };
        insta::assert_snapshot!(found("R&D/Labs").unwrap(), @"the name of unit `R&D / Labs` contains a slash, which separates names in a path; write its ID `ou-ab12-cdef3457`");
        assert_eq!(found("R&D / Labs/Below"), found("R&D/Labs"));
        for other in ["R&D", "Dev", "Dev/Labs", "Labs", "R&D/Lab"] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn unknown_name_is_explained_with_what_exists() {
        let unit = |id: &str, name: &str| Unit { id: id.parse().unwrap(), name: name.into() };
        let below = [unit("ou-ab12-cdef3456", "Workloads"), unit("ou-ab12-cdef3457", "Sand\u{1b}box")];
        insta::assert_snapshot!(UnitSelector::unknown_name("Worklaods", "Root", &below), @"`Root` contains no unit `Worklaods`; did you mean `Workloads`?");
        insta::assert_snapshot!(UnitSelector::unknown_name("Prod", "Root", &below), @"`Root` contains no unit `Prod`; it contains `Workloads`, `Sand?box`");
        insta::assert_snapshot!(UnitSelector::unknown_name("Prod", "Workloads", &[]), @"there is no unit `Prod`: `Workloads` contains no units");
    }
}
