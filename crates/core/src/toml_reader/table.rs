//! Keys taken out of a TOML table. Whoever reads gets a value or nothing; what is wrong is recorded on the way.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::location::SourceFile;
use super::nearest::{did_you_mean, list_of};
use crate::text::Untrusted;

/// A value and the key that it stands under.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    source: &'a SourceFile<'a>,
    node: &'a DeValue<'a>,
    span: Range<usize>,
    key: String,
}

/// A table whose keys are known.
pub(crate) struct Table<'a> {
    source: &'a SourceFile<'a>,
    map: &'a DeTable<'a>,
    span: Range<usize>,
    known: &'static [&'static str],
    /// How a sentence goes on after a key that is missing: ` in `[trust]``, or nothing.
    place: String,
}

impl<'a> Table<'a> {
    /// The table that a whole text is.
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
        place: String,
    ) -> Self {
        for key in map.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let mut remedy = did_you_mean(name, known.iter().copied());
            if remedy.is_empty() {
                remedy = format!("; the keys here are {}", list_of(known.iter().copied()));
            }
            source.problem(key.span(), format!("unknown key `{}`{remedy}", Untrusted::new(name)));
        }
        Self { source, map, span, known, place }
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.known.contains(&key), "`{key}` is read and not known");
        let node = self.map.get(key)?;
        Some(Value { source: self.source, node: node.get_ref(), span: node.span(), key: key.to_owned() })
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&self, key: &'static str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.problem(format!("`{key}` is missing{}", self.place));
        }
        value
    }

    /// Records a problem of the table as a whole.
    pub(crate) fn problem(&self, message: impl Into<String>) {
        self.source.problem(self.span.clone(), message);
    }
}

impl<'a> Value<'a> {
    /// The key that the value stands under, or of the list that it stands in.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Where it is.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text that it is in.
    pub(crate) fn source(&self) -> &'a SourceFile<'a> {
        self.source
    }

    /// Whether it is a list or a table with nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self.node {
            DeValue::Array(items) => items.is_empty(),
            DeValue::Table(map) => map.is_empty(),
            _ => false,
        }
    }

    /// Records a problem of it; the message follows the key.
    pub(crate) fn problem(&self, message: impl Display) {
        self.source.problem(self.span.clone(), format!("`{}`: {message}", Untrusted::new(&self.key)));
    }

    /// The value, whatever it is.
    pub(crate) fn node(&self) -> &'a DeValue<'a> {
        self.node
    }

    /// Says that the value is of another type than it should be; never what it is, for it may be a secret.
    pub(crate) fn should_be(&self, expected: &str) {
        let found = match self.node {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let scalar = !matches!(self.node, DeValue::Array(_) | DeValue::Table(_));
        let remedy = if scalar && expected.starts_with("a text") { "; write it in quotes" } else { "" };
        self.problem(format!("should be {expected} and is {found}{remedy}"));
    }

    /// The text that it should be.
    pub(crate) fn text(&self) -> Option<&'a str> {
        let text = self.node.as_str();
        if text.is_none() {
            self.should_be("a text");
        }
        text
    }

    /// What the text that it should be means.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.checked(|text| text.parse::<T>().map_err(|e| e.to_string()))
    }

    /// What the text that it should be means to a check.
    pub(crate) fn checked<T>(&self, check: impl FnOnce(&'a str) -> Result<T, String>) -> Option<T> {
        check(self.text()?).map_err(|e| self.problem(e)).ok()
    }

    /// The flag that it should be.
    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = self.node.as_bool();
        if flag.is_none() {
            self.should_be("`true` or `false`, without quotes,");
        }
        flag
    }

    /// The whole number that it should be.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>, unit: &str) -> Option<i64> {
        let Some(integer) = self.node.as_integer() else {
            self.should_be("a whole number, without quotes,");
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            self.problem(format!("must be from {} to {} {unit}", range.start(), range.end()));
        }
        number
    }

    /// The items of the list that it should be.
    pub(crate) fn list(&self) -> Option<Vec<Value<'a>>> {
        let Some(items) = self.node.as_array() else {
            self.should_be("a list, in `[` and `]`,");
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

    /// The table that it should be, with these keys and no others.
    pub(crate) fn table(&self, known: &'static [&'static str]) -> Option<Table<'a>> {
        let map = self.map()?;
        let place = format!(" in `{}`", Untrusted::new(&self.key));
        Some(Table::new(self.source, map, self.span.clone(), known, place))
    }

    /// The entries of the table that it should be, whose keys are anyone's names; in the order of the text.
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

    fn map(&self) -> Option<&'a DeTable<'a>> {
        let map = self.node.as_table();
        if map.is_none() {
            self.should_be("a table");
        }
        map
    }
}
