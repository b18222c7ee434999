//! `targets` of a grant, a vendor or a role: which accounts it is for, and `on-unselect`: what happens in an account that is no
//! longer selected.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::account::AccountId;
use crate::organizational_unit::{UnitId, UnitSelector};
use crate::suggestion::{did_you_mean, one_of};
use crate::targets::{AccountFilter, OnUnselect, Targets};
use crate::text::Untrusted;
use crate::toml_reader::{Table, Value};

const TARGETS: &[&str] = &["organizational-units", "accounts", "tags", "exclude"];
const EXCLUDE: &[&str] = &["organizational-units", "accounts", "tags"];

/// Tags with the values of which an account has one.
type Tags = BTreeMap<String, BTreeSet<String>>;

/// How deep units can be nested, with the root as one more name in front.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
const DEEPEST_PATH: usize = 6;

/// The most tags of an account.
const MOST_TAGS: usize = 50;

/// Reads `targets` and `on-unselect` of a grant, a vendor or a role.
pub(super) fn targets(table: &Table<'_>) -> Targets {
    let value = table.get("targets");
    let on_unselect = table.get("on-unselect");
    if let (None, Some(on_unselect)) = (&value, &on_unselect) {
        on_unselect.problem("has no effect without `targets`; add `targets`, or remove the key");
    }
    let on_unselect = on_unselect.and_then(|value| self::on_unselect(&value)).unwrap_or_default();
    let targets = value.and_then(|value| selecting(&value)).unwrap_or_default();
    Targets { on_unselect, ..targets }
}

fn on_unselect(value: &Value<'_>) -> Option<OnUnselect> {
    let word = value.text()?;
    let words = OnUnselect::ALL.map(OnUnselect::as_str);
    let Some(known) = OnUnselect::ALL.into_iter().find(|known| known.as_str() == word) else {
        let near = did_you_mean(word, words);
        value.problem(format!("`{}` is not known; use {}{near}", Untrusted::new(word), one_of(words)));
        return None;
    };
    Some(known)
}

/// Reads `targets`.
pub(super) fn selecting(value: &Value<'_>) -> Option<Targets> {
    let table = value.table(TARGETS)?;
    if value.is_empty() {
        value.problem(
            "is empty, which selects no account; name units, accounts or tags, or remove the key to select every account",
        );
    }
    let selected = filter(&table);
    let exclude = table.get("exclude");
    let excluded = exclude.as_ref().and_then(|value| {
        if value.is_empty() {
            value.problem("is empty; name units, accounts or tags, or remove the key");
        }
        Some(filter(&value.table(EXCLUDE)?))
    });
    let excluded = excluded.unwrap_or_default();
    if let Some(value) = exclude {
        check_contradiction(&value, &selected, &excluded);
    }
    Some(Targets { selected, excluded, on_unselect: OnUnselect::default() })
}

/// Reports units and accounts that are both selected and excluded: they could never be selected, so this is a mistake.
fn check_contradiction(value: &Value<'_>, selected: &AccountFilter, excluded: &AccountFilter) {
    let units = selected.units.intersection(&excluded.units).map(ToString::to_string);
    let accounts = selected.accounts.intersection(&excluded.accounts).map(ToString::to_string);
    for both in units.chain(accounts) {
        value.problem(format!(
            "`{}` is selected and excluded, and excluding takes precedence; remove one of the two",
            Untrusted::new(both)
        ));
    }
    check_tags(value, &selected.tags, &excluded.tags);
}

/// Reports selected tags with which every account is excluded.
fn check_tags(value: &Value<'_>, selected: &Tags, excluded: &Tags) {
    // With more than one tag excluded, a value alone excludes no account.
    if let (Some((key, values)), 1) = (excluded.first_key_value(), excluded.len())
        && let Some(chosen) = selected.get(key)
    {
        for both in chosen.intersection(values) {
            value.problem(format!(
                "the tag `{}` = `{}` is selected and excluded, and excluding takes precedence; remove one of the two",
                Untrusted::new(key),
                Untrusted::new(both)
            ));
        }
    } else if excluded.len() > 1
        && excluded.iter().all(|(key, values)| selected.get(key).is_some_and(|chosen| chosen.is_subset(values)))
    {
        value.problem(
            "every account with the selected tags is excluded, and excluding takes precedence; remove one of the two",
        );
    }
}

fn filter(table: &Table<'_>) -> AccountFilter {
    let units = table.get("organizational-units").map(|value| parsed::<TargetUnit>(&value)).unwrap_or_default();
    AccountFilter {
        units: units.into_iter().map(|unit| unit.0).collect(),
        accounts: table.get("accounts").map(|value| parsed::<AccountId>(&value)).unwrap_or_default(),
        tags: table.get("tags").map(|value| tags(&value)).unwrap_or_default(),
    }
}

/// The items of an array, each of them once.
fn parsed<T: FromStr<Err: std::fmt::Display> + Ord>(value: &Value<'_>) -> BTreeSet<T> {
    let mut found = BTreeSet::new();
    for item in items(value) {
        if let Some(parsed) = item.parse::<T>()
            && !found.insert(parsed)
        {
            item.problem(format!(
                "`{}` appears twice; remove one",
                Untrusted::new(item.node().as_str().unwrap_or_default())
            ));
        }
    }
    found
}

/// The items of an array that is not empty.
fn items<'a>(value: &Value<'a>) -> Vec<Value<'a>> {
    let items = value.list().unwrap_or_default();
    if items.is_empty() && value.node().is_array() {
        value.problem("is empty; add an entry, or remove the key");
    }
    items
}

/// A unit that can be a target: not the root, which contains every account.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct TargetUnit(UnitSelector);

impl FromStr for TargetUnit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown = Untrusted::new(text);
        let root = || is_the_root(text);
        if let Some(problem) = of_another_form(text) {
            return Err(problem);
        }
        // A name may start like an ID, but one that looks like an ID and is none is a mistake.
        if text.starts_with("ou-") && !text.contains('/') && text.parse::<UnitId>().is_err() {
            return Err(format!("`{shown}` is not the ID of an organizational unit; write it like `ou-ab12-cdef3456`"));
        }
        let unit = text.parse::<UnitSelector>().map_err(|error| error.to_string())?;
        match &unit {
            UnitSelector::Id(id) if id.is_root() => Err(root()),
            UnitSelector::Path(names) if matches!(names.as_slice(), [name] if name == ROOT_NAME) => Err(root()),
            UnitSelector::Path(names) if names.len() > DEEPEST_PATH => Err(format!(
                "`{shown}` has more names than units can be nested, which is five levels below the root; shorten it"
            )),
            UnitSelector::Path(names) if names.iter().any(|name| name.chars().count() > 128) => Err(format!(
                "`{shown}` contains a name with more than 128 characters, the limit of Organizations; shorten it"
            )),
            UnitSelector::Id(_) | UnitSelector::Path(_) => Ok(Self(unit)),
        }
    }
}

fn is_the_root(text: &str) -> String {
    let shown = Untrusted::new(text);
    format!(
        "`{shown}` is the root, which contains every account; write a unit, or remove the key to select every account"
    )
}

/// The remedy for what would be read as a path of names and is something else: an ARN, a path of IDs as AWS writes it, an ID between
/// names, the ID of an account, or a wildcard.
fn of_another_form(text: &str) -> Option<String> {
    let shown = Untrusted::new(text);
    let path = text.trim_end_matches(['/', '*']);
    let parts: Vec<_> = path.split('/').map(str::trim).collect();
    let last = *parts.last()?;
    let is_organization = |part: &str| {
        let id = part.strip_prefix("o-").unwrap_or_default();
        (10..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let is_unit = |part: &str| part.parse::<UnitId>().is_ok_and(|id| !id.is_root());
    let is_arn = text.starts_with("arn:");
    let has_organization = parts.iter().any(|part| is_organization(part));
    if last.parse::<AccountId>().is_ok() {
        return Some(format!("`{shown}` is an account and not a unit; write `{last}` in `accounts`"));
    }
    if is_unit(last) {
        return (last != text).then(|| format!("`{shown}` is not the ID of an organizational unit; write `{last}`"));
    }
    if (is_arn || has_organization) && (is_organization(last) || last.parse::<UnitId>().is_ok()) {
        return Some(is_the_root(text));
    }
    if has_organization || parts.iter().any(|part| is_unit(part)) {
        return Some(format!(
            "`{shown}` combines IDs and names; write only the ID of the unit, or the names from below the root"
        ));
    }
    if is_arn {
        return Some(format!("`{shown}` is not an organizational unit; write its ID, such as `ou-ab12-cdef3456`"));
    }
    let is_wildcard = text.ends_with("/*") || text.ends_with("/**");
    is_wildcard.then(|| {
        format!("`{shown}` has a wildcard, and nested units are included without one; write `{}`", Untrusted::new(path))
    })
}

/// The name of the root, which cannot be changed.
const ROOT_NAME: &str = "Root";

/// Tags, each with one value or several of which it has one.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Tag.html>.
fn tags(value: &Value<'_>) -> Tags {
    let entries = value.entries().unwrap_or_default();
    if entries.is_empty() && value.node().is_table() {
        value.problem("is empty; add a tag, or remove the key");
    }
    if entries.len() > MOST_TAGS {
        value.problem(format!(
            "{} tags are more than the {MOST_TAGS} that an account can have, and it needs all of them",
            entries.len()
        ));
    }
    let is_allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let mut tags = Tags::new();
    for entry in entries {
        let key = entry.key();
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_allowed) {
            entry.problem("is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`");
        }
        let several = if entry.node().is_array() { items(&entry) } else { vec![entry.clone()] };
        let mut values = BTreeSet::new();
        for one in several {
            let Some(text) = one.text() else { continue };
            if text.chars().count() > 256 || !text.chars().all(is_allowed) {
                one.problem("the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`");
            }
            if !values.insert(text.to_owned()) {
                one.problem(format!("`{}` appears twice; remove one", Untrusted::new(text)));
            }
        }
        tags.insert(key.to_owned(), values);
    }
    tags
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
