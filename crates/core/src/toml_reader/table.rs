//! Tables and values of a TOML file. Accessors return `None` for missing and invalid values and record the problem.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::location::SourceFile;
use crate::last_day::LastDay;
use crate::suggestion::{did_you_mean, nearest, one_of};
use crate::text::Untrusted;

const STRING: &str = "a string";
const BOOLEAN: &str = "a boolean (`true` or `false`)";
const INTEGER: &str = "an integer";

/// The keys of arrays of tables, each with the header of a table in it.
const HEADERS: [(&str, &str); 6] = [
    ("grant", "[[access-role.grant]]"),
    ("revoke", "[[access-role.revoke]]"),
    ("other", "[[access-role.other]]"),
    ("role", "[[role]]"),
    ("trust", "[[role.trust]]"),
    ("removed", "[[removed]]"),
];

/// A value, together with its key.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    source: &'a SourceFile<'a>,
    node: &'a DeValue<'a>,
    span: Range<usize>,
    key: String,
}

/// A table with a closed set of keys.
pub(crate) struct Table<'a> {
    source: &'a SourceFile<'a>,
    map: &'a DeTable<'a>,
    span: Range<usize>,
    known: &'static [&'static str],
    /// The end of a message about a missing key: ` in `[trust]``, or nothing for the top level.
    in_table: String,
}

/// The remedy for a key of something that this tool does not do.
fn unsupported(key: &str) -> Option<String> {
    let key = key.to_ascii_lowercase().replace('_', "-");
    key.starts_with("instance-profile").then(|| {
        "; this tool creates roles and no instance profiles, so that EC2 instances cannot use its roles: create the role \
         and its instance profile with CloudFormation StackSets instead"
            .to_owned()
    })
}

impl<'a> Table<'a> {
    /// The top-level table of a file.
    pub(crate) fn of_document(
        source: &'a SourceFile<'a>,
        document: &'a Spanned<DeTable<'a>>,
        known: &'static [&'static str],
    ) -> Self {
        Self::new(source, document.get_ref(), 0..0, known, String::new())
    }

    fn new(
        source: &'a SourceFile<'a>,
        map: &'a DeTable<'a>,
        span: Range<usize>,
        known: &'static [&'static str],
        in_table: String,
    ) -> Self {
        let mut unknown: Vec<_> = map.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
        // In file order, because only the first problems of a file are kept.
        unknown.sort_by_key(|key| key.span().start);
        for key in unknown {
            let name = key.get_ref();
            let mut remedy = unsupported(name).unwrap_or_else(|| did_you_mean(name, known.iter().copied()));
            if remedy.is_empty() {
                remedy = format!("; expected {}", one_of(known.iter().copied()));
            }
            source.problem(key.span(), format!("unknown key `{}`{remedy}", Untrusted::new(name)));
        }
        Self { source, map, span, known, in_table }
    }

    /// The value of an optional key.
    pub(crate) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.known.contains(&key), "`{key}` is read but not in the list of keys");
        let node = self.map.get(key)?;
        Some(Value { source: self.source, node: node.get_ref(), span: node.span(), key: key.to_owned() })
    }

    /// Whether another key is a misspelling of this one, which is missing. That is a problem already.
    pub(crate) fn misspells(&self, key: &'static str) -> bool {
        let is_misspelling =
            |name: &str| !self.known.contains(&name) && nearest(name, self.known.iter().copied()) == Some(key);
        !self.map.contains_key(key) && self.map.keys().any(|name| is_misspelling(name.get_ref()))
    }

    /// The value of a required key.
    pub(crate) fn require(&self, key: &'static str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() && !self.misspells(key) {
            self.problem(format!("`{key}` is missing{}", self.in_table));
        }
        value
    }

    /// Records a problem with the table as a whole.
    pub(crate) fn problem(&self, message: impl Into<String>) {
        self.source.problem(self.span.clone(), message);
    }
}

impl<'a> Value<'a> {
    /// The key of the value, or of the array that contains it.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The position in the file.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The file that contains the value.
    pub(crate) fn source(&self) -> &'a SourceFile<'a> {
        self.source
    }

    /// Whether this is an empty array or table.
    pub(crate) fn is_empty(&self) -> bool {
        match self.node {
            DeValue::Array(items) => items.is_empty(),
            DeValue::Table(map) => map.is_empty(),
            _ => false,
        }
    }

    /// Records a problem with the value. The message is printed after the key.
    pub(crate) fn problem(&self, message: impl Display) {
        self.source.problem(self.span.clone(), format!("`{}`: {message}", Untrusted::new(&self.key)));
    }

    /// The value, whatever it is.
    pub(crate) fn node(&self) -> &'a DeValue<'a> {
        self.node
    }

    /// Records that the value has the wrong type. The value itself is not printed, because it may be a secret.
    pub(crate) fn wrong_type(&self, expected: &str) {
        let found = match self.node {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let remedy = match self.node {
            DeValue::Array(_) | DeValue::Table(_) => "",
            DeValue::String(_) if matches!(expected, BOOLEAN | INTEGER) => "; write it without quotes",
            DeValue::String(_) => "",
            _ if expected.starts_with(STRING) || expected.starts_with("a JSON string") => "; write it in quotes",
            _ => "",
        };
        self.problem(format!("expected {expected}, found {found}{remedy}"));
    }

    /// The value as a string.
    pub(crate) fn text(&self) -> Option<&'a str> {
        let text = self.node.as_str();
        if text.is_none() {
            self.wrong_type(STRING);
        }
        text
    }

    /// The value as a string that is parsed into `T`.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.checked(|text| text.parse::<T>().map_err(|e| e.to_string()))
    }

    /// The value as a string that is validated by `check`.
    pub(crate) fn checked<T>(&self, check: impl FnOnce(&'a str) -> Result<T, String>) -> Option<T> {
        check(self.text()?).map_err(|e| self.problem(e)).ok()
    }

    /// The value as a boolean.
    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = self.node.as_bool();
        if flag.is_none() {
            self.wrong_type(BOOLEAN);
        }
        flag
    }

    /// The value as a date without a time.
    pub(crate) fn day(&self) -> Option<LastDay> {
        let DeValue::Datetime(found) = self.node else {
            self.problem("is not a date; write the last day like `2027-01-31`, without quotes");
            return None;
        };
        if found.time.is_some() || found.offset.is_some() {
            self.problem("has a time; write the last day alone, like `2027-01-31`, which ends at midnight UTC");
            return None;
        }
        let day = found.date.and_then(|date| LastDay::new(date.year, date.month, date.day));
        if day.is_none() {
            self.problem("is not a date; write the last day like `2027-01-31`");
        }
        day
    }

    /// The value as an integer within `range`.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>, unit: &str) -> Option<i64> {
        let Some(integer) = self.node.as_integer() else {
            self.wrong_type(INTEGER);
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            self.problem(format!("must be between {} and {} {unit}", range.start(), range.end()));
        }
        number
    }

    /// The items of the value as an array.
    pub(crate) fn list(&self) -> Option<Vec<Value<'a>>> {
        let Some(items) = self.node.as_array() else {
            match HEADERS.iter().find(|(key, _)| *key == self.key && self.node.is_table()) {
                Some((_, header)) => {
                    self.problem(format!(
                        "expected an array of tables, found a table; write `{header}`, with two brackets"
                    ));
                }
                None => self.wrong_type("an array, in `[` and `]`"),
            }
            return None;
        };
        let item = |item: &'a Spanned<DeValue<'a>>| Value {
            source: self.source,
            node: item.get_ref(),
            span: item.span(),
            key: self.key.clone(),
        };
        Some(items.iter().map(item).collect())
    }

    /// The value as a table with these keys and no others.
    pub(crate) fn table(&self, known: &'static [&'static str]) -> Option<Table<'a>> {
        let map = self.map()?;
        let in_table = format!(" in `{}`", Untrusted::new(&self.key));
        Some(Table::new(self.source, map, self.span.clone(), known, in_table))
    }

    /// The entries of the value as a table with arbitrary keys, in file order.
    pub(crate) fn entries(&self) -> Option<Vec<Value<'a>>> {
        let map = self.map()?;
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entry = |(key, node): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &std::borrow::Cow<'a, str> = key.get_ref();
            Value { source: self.source, node: node.get_ref(), span: key.span(), key: name.to_string() }
        };
        Some(entries.into_iter().map(entry).collect())
    }

    /// The value of a key, if this is a table that has it. Records no problem.
    pub(crate) fn peek(&self, key: &str) -> Option<Value<'a>> {
        let node = self.node.as_table()?.get(key)?;
        Some(Value { source: self.source, node: node.get_ref(), span: node.span(), key: key.to_owned() })
    }

    fn map(&self) -> Option<&'a DeTable<'a>> {
        let map = self.node.as_table();
        let is_table = |item: &Spanned<DeValue<'_>>| item.get_ref().is_table();
        if self.node.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_table)) {
            self.problem("expected a table, found an array of tables; write its header with one bracket on each side");
        } else if map.is_none() {
            self.wrong_type("a table");
        }
        map
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
