//! The names of the profiles: a template, and what happens if two accounts get the same name.
//!
//! A name that several accounts share goes to none of them: each gets its account ID appended. If the first one kept it, a new
//! account could take the name over, and commands that were written for one account would run in another. A name that exists
//! outside the block is left alone in the same way, because the AWS CLI merges sections of the same name.
//!
//! Names are compared without case, so that no two differ only in case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

const PLACEHOLDERS: [&str; 3] = ["account-name", "account-id", "role"];

/// The characters of profile names besides letters and digits. They are a subset of what the SDKs accept
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>); a slash comes from the template only.
const PUNCTUATION: &[u8] = b"_.@+-";

/// A template of profile names, such as `{account-name}-{role}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    AccountName,
    AccountId,
    Role,
}

/// A string is not a valid template of profile names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNameTemplate {
    /// A placeholder that does not exist.
    #[error("`{{{0}}}` is not a placeholder; use {1}{2}")]
    Placeholder(Untrusted, String, String),
    /// A brace without its counterpart.
    #[error("a `{{` or `}}` has no counterpart; write placeholders as `{{account-name}}`")]
    Brace,
    /// A character that profile names must not have.
    #[error("`{}` cannot be in a profile name; use letters, digits and `_.@+/-`", .0.escape_default())]
    Character(char),
    /// Every account would get the same name.
    #[error("the names would be the same for every account; use `{{account-name}}` or `{{account-id}}`")]
    Same,
}

impl FromStr for NameTemplate {
    type Err = InvalidNameTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidNameTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, after) = match rest.split_once('{') {
                Some((literal, after)) => (literal, Some(after)),
                None => (rest, None),
            };
            if literal.contains('}') {
                return Err(InvalidNameTemplate::Brace);
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '/' || is_punctuation(c);
            if let Some(bad) = literal.chars().find(|c| !allowed(*c)) {
                return Err(InvalidNameTemplate::Character(bad));
            }
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            let Some(after) = after else { break };
            let (name, after) = after.split_once('}').ok_or(InvalidNameTemplate::Brace)?;
            parts.push(placeholder(name)?);
            rest = after;
        }
        if !parts.iter().any(|part| matches!(part, Part::AccountName | Part::AccountId)) {
            return Err(InvalidNameTemplate::Same);
        }
        Ok(Self(parts))
    }
}

fn placeholder(name: &str) -> Result<Part, InvalidNameTemplate> {
    match name {
        "account-name" => Ok(Part::AccountName),
        "account-id" => Ok(Part::AccountId),
        "role" => Ok(Part::Role),
        other => {
            let known = PLACEHOLDERS.map(|name| format!("{{{name}}}"));
            let known = list_of(known.iter().map(String::as_str));
            Err(InvalidNameTemplate::Placeholder(other.into(), known, did_you_mean(other, PLACEHOLDERS)))
        }
    }
}

impl NameTemplate {
    /// The name for an account and a role, of safe characters only.
    #[must_use]
    pub fn expand(&self, id: &AccountId, name: &Untrusted, role: &str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::AccountName => {
                let name = safe(name.raw());
                if name.is_empty() { id.to_string() } else { name }
            }
            Part::AccountId => id.to_string(),
            Part::Role => safe(role),
        });
        parts.collect()
    }
}

impl fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::AccountName => f.write_str("{account-name}"),
            Part::AccountId => f.write_str("{account-id}"),
            Part::Role => f.write_str("{role}"),
        })
    }
}

/// Letters, digits and punctuation, with a hyphen for each run of other characters, and none at the ends.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || is_punctuation(c) {
            safe.push(c);
        } else if !safe.ends_with('-') {
            safe.push('-');
        }
    }
    safe.trim_matches('-').to_owned()
}

fn is_punctuation(c: char) -> bool {
    u8::try_from(c).is_ok_and(|b| PUNCTUATION.contains(&b))
}

/// The names of the profiles, and what could not be named as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssignedNames {
    /// The name for each account.
    pub names: BTreeMap<AccountId, String>,
    /// The accounts that got another name, by account ID.
    pub renamed: Vec<Renamed>,
}

/// An account whose name was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The account.
    pub account: AccountId,
    /// The name by the template.
    pub wanted: String,
    /// The name instead.
    pub name: String,
    /// Whether other accounts want the same name; otherwise, it exists outside the block.
    pub is_shared: bool,
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, wanted, name, is_shared } = self;
        let why = if *is_shared {
            "several accounts would have the name"
        } else {
            "a profile outside the block has the name"
        };
        write!(f, "account {account} gets the profile `{name}`, because {why} `{wanted}`")
    }
}

/// Gives each account a name that is free. `reserved` are the names outside the block. The result depends on the accounts and
/// the reserved names alone, and not on their order.
#[must_use]
pub fn assign_names(wanted: &BTreeMap<AccountId, String>, reserved: &BTreeSet<String>) -> AssignedNames {
    let key = |name: &str| name.to_ascii_lowercase();
    // `[profile default]` is the default profile.
    let reserved: BTreeSet<_> = reserved.iter().map(|name| key(name)).chain(["default".to_owned()]).collect();
    let mut counts = BTreeMap::<_, usize>::new();
    for name in wanted.values() {
        *counts.entry(key(name)).or_default() += 1;
    }
    let is_shared = |name: &str| counts.get(&key(name)).is_some_and(|count| *count > 1);
    let is_free = |name: &str| !reserved.contains(&key(name)) && !is_shared(name);
    let mut assigned = AssignedNames::default();
    let mut taken = reserved.clone();
    // Accounts whose names are unique come first, so that no name that is made up below takes one of them.
    for (account, name) in wanted.iter().filter(|(_, name)| is_free(name)) {
        taken.insert(key(name));
        assigned.names.insert(account.clone(), name.clone());
    }
    for (account, wanted) in wanted.iter().filter(|(_, name)| !is_free(name)) {
        let with_id = format!("{wanted}-{account}");
        let numbered = (2_u32..).map(|number| format!("{with_id}-{number}"));
        let mut candidates = std::iter::once(with_id.clone()).chain(numbered);
        let name = candidates.find(|name| taken.insert(key(name))).unwrap_or_else(|| with_id.clone());
        let is_shared = is_shared(wanted);
        assigned.names.insert(account.clone(), name.clone());
        assigned.renamed.push(Renamed { account: account.clone(), wanted: wanted.clone(), name, is_shared });
    }
    assigned
}

#[cfg(test)]
#[path = "name_tests.rs"]
mod tests;
