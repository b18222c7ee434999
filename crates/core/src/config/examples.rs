//! Values that were copied from an example and not replaced: account IDs of the AWS documentation, and external IDs such as
//! `example-external-id`. They are valid, so that examples and tests can use them, but a run with them would grant access
//! to an account that belongs to another customer of AWS, or does not exist.
//!
//! They are looked for in every string of the configuration and of the vendor and policy files that it uses, whatever the
//! string is for, so that a new key needs no code here. What is certainly an example is refused by `onboard plan` and
//! `apply`; what only looks like one is a warning of `onboard config check`, because an external ID can be any string.
//!
//! The documentation of AWS uses account IDs such as 111122223333 and 123456789012. See
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::fmt;
use std::path::Path;

use super::RoleTemplate;
use super::context::ReadContext;
use crate::owner::Owner;
use crate::toml_reader::{Location, Scalar, SourceFile};

/// An example value in a configuration, or in a file that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleValue {
    /// Where it is.
    pub location: Location,
    /// Whether it is certainly an example.
    pub certainty: Certainty,
    /// The key of the value; none in a policy file.
    key: Option<String>,
    kind: Kind,
    /// What to replace it with.
    remedy: &'static str,
}

/// Whether a value is an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It is one: no real account ID or external ID is like this.
    Certain,
    /// It looks like one, and may be real.
    Likely,
}

/// What the value is. An external ID is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Account(String),
    Organization(String),
    ExternalId,
}

impl fmt::Display for ExampleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.location)?;
        if let Some(key) = &self.key {
            write!(f, "`{key}`: ")?;
        }
        match &self.kind {
            Kind::Account(id) => write!(f, "the account ID {id} ")?,
            Kind::Organization(id) => write!(f, "the organization ID {id} ")?,
            Kind::ExternalId => write!(f, "the external ID ")?,
        }
        match self.certainty {
            Certainty::Certain => write!(f, "is an example; {}", self.remedy),
            Certainty::Likely => write!(f, "looks like an example; if it is one, {}", self.remedy),
        }
    }
}

/// The example values of a configuration. Vendors that it does not use are left out.
pub(super) fn found(scalars: &[Scalar], roles: &[RoleTemplate], context: &ReadContext<'_>) -> Vec<ExampleValue> {
    let is_used = |name: &str| roles.iter().any(|role| role.definition.owner == Owner::Vendor(name.to_owned()));
    let mut found = Vec::new();
    for scalar in scalars {
        let keys: Vec<_> = scalar.keys.iter().map(String::as_str).collect();
        match keys.as_slice() {
            ["catalogue", name, ..] if !is_used(name) => {}
            ["vendor-files"] => {
                let stem = Path::new(&scalar.text).file_stem().and_then(|stem| stem.to_str());
                if stem.is_some_and(is_used) {
                    in_vendor_file(&scalar.text, context, &mut found);
                }
            }
            ["role", "policies", _, "file"] => in_policy_file(&scalar.text, context, &mut found),
            _ => in_scalar(scalar, &mut found),
        }
    }
    found
}

/// A file that cannot be read has a problem of its own.
fn in_vendor_file(path: &str, context: &ReadContext<'_>, found: &mut Vec<ExampleValue>) {
    let Ok(text) = context.files.read(path) else { return };
    let source = SourceFile::new(path, &text);
    let document = source.document();
    for scalar in document.as_ref().map(|document| source.scalars(document)).unwrap_or_default() {
        in_scalar(&scalar, found);
    }
}

fn in_policy_file(path: &str, context: &ReadContext<'_>, found: &mut Vec<ExampleValue>) {
    let Ok(text) = context.files.read(path) else { return };
    let source = SourceFile::new(path, &text);
    for (offset, kind, certainty) in examples_in(&text) {
        let remedy = remedy(&kind, &[]);
        found.push(ExampleValue { location: source.location(offset), certainty, key: None, kind, remedy });
    }
}

/// Keys of texts for people, and of names that this tool or AWS resolves.
const NO_VALUES: [&str; 7] =
    ["description", "title", "documentation", "tags", "external-id-hint", "none-because", "ssm-parameter"];

fn in_scalar(scalar: &Scalar, found: &mut Vec<ExampleValue>) {
    let keys: Vec<_> = scalar.keys.iter().map(String::as_str).collect();
    let mut add = |kind: Kind, certainty: Certainty| {
        let remedy = remedy(&kind, &keys);
        let (location, key) = (scalar.location.clone(), keys.last().map(|key| (*key).to_owned()));
        found.push(ExampleValue { location, certainty, key, kind, remedy });
    };
    if keys.iter().any(|key| NO_VALUES.contains(key)) {
        return;
    }
    if let [.., "external-id"] | [.., "external-id", "like"] = keys.as_slice() {
        if let Some(certainty) = external_id(&scalar.text) {
            add(Kind::ExternalId, certainty);
        }
        return;
    }
    for (_, kind, certainty) in examples_in(&scalar.text) {
        add(kind, certainty);
    }
}

fn remedy(kind: &Kind, keys: &[&str]) -> &'static str {
    match (kind, keys) {
        (Kind::ExternalId, _) => "replace it with the external ID that the vendor gave you",
        (Kind::Organization(_), _) => "replace it with the ID of your organization",
        (Kind::Account(_), ["access-role", "grant", "principal", ..]) => {
            "replace it with the ID of your identity account"
        }
        (Kind::Account(_), ["accounts", "exclude"]) => "replace it with the ID of an account to exclude, or remove it",
        (Kind::Account(_), _) => "replace it with the ID of the account that is meant",
    }
}

/// The example account IDs and organization IDs in a text, each once, with the offset of its first occurrence.
fn examples_in(text: &str) -> Vec<(usize, Kind, Certainty)> {
    let mut found: Vec<(usize, Kind, Certainty)> = Vec::new();
    let mut add = |offset, kind: Kind, certainty| {
        if !found.iter().any(|(_, known, _)| *known == kind) {
            found.push((offset, kind, certainty));
        }
    };
    for (start, word) in words(text, |c| c.is_ascii_alphanumeric() || c == '-') {
        if is_example_organization(word) {
            add(start, Kind::Organization(word.to_owned()), Certainty::Certain);
        }
        for (offset, number) in words(word, |c| c.is_ascii_digit()) {
            if let Some(certainty) = account(number) {
                add(start + offset, Kind::Account(number.to_owned()), certainty);
            }
        }
    }
    found
}

/// The longest parts of a text of which every character is allowed, with their offsets.
fn words(text: &str, allowed: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr().addr();
    text.split(move |c: char| !allowed(c)).map(move |word| (word.as_ptr().addr() - start, word))
}

/// Whether an account ID is one of the documentation: 123456789012, or three times the same four digits, such as
/// 111122223333. An account has one of these with a probability of one to a billion.
pub(super) fn account(id: &str) -> Option<Certainty> {
    const SEQUENCES: [&str; 7] = [
        "012345678901",
        "210987654321",
        "987654321098",
        "987654321012",
        "098765432109",
        "123456789123",
        "123412341234",
    ];
    let is_uniform = |group: &[u8]| group.windows(2).all(|pair| pair.first() == pair.last());
    let is_documented = id.len() == 12 && (id.as_bytes().chunks(4).all(is_uniform) || id == "123456789012");
    is_documented.then_some(Certainty::Certain).or(SEQUENCES.contains(&id).then_some(Certainty::Likely))
}

fn is_example_organization(id: &str) -> bool {
    id.strip_prefix("o-").is_some_and(|rest| rest.starts_with("example") || is_crossed_out(rest))
}

/// At least four `x` and nothing else.
fn is_crossed_out(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|b| b.eq_ignore_ascii_case(&b'x'))
}

/// Whether an external ID is an example. Only whole words count, because a random string may contain any.
fn external_id(id: &str) -> Option<Certainty> {
    /// The external ID of the example configuration that is not a placeholder by its words.
    const OWN: &str = "00000000-1111-2222-3333-444444444444";
    let lower = id.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let is_placeholder = |word: &str| ["example", "changeme", "placeholder"].contains(&word) || is_crossed_out(word);
    let starts_with_your = ["your-", "your_"].iter().any(|start| lower.starts_with(start));
    if id == OWN || starts_with_your || lower.contains("change-me") || words.any(is_placeholder) {
        return Some(Certainty::Certain);
    }
    let is_uniform = |group: &str| group.bytes().all(|b| Some(b) == group.bytes().next());
    let groups: Vec<_> = lower.split('-').collect();
    let is_uuid = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let is_ascending = |group: &&str| "123456789012".starts_with(*group);
    let is_likely = ["external-id", "externalid", "test", "12345", "123456", "12345678", "1234567890"]
        .contains(&lower.as_str())
        || lower.contains("example")
        || (is_uuid && (groups.iter().all(|group| is_uniform(group)) || groups.iter().all(is_ascending)));
    is_likely.then_some(Certainty::Likely)
}

#[cfg(test)]
#[path = "examples_tests.rs"]
mod tests;
