//! The strings and numbers of a file, wherever they are.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::location::{Location, SourceFile};

/// A string or a number at any depth of a file. The items of an array have the keys of the array.
pub(crate) struct Scalar {
    /// The keys that lead to it.
    pub(crate) keys: Vec<String>,
    /// The value as text.
    pub(crate) text: String,
    /// Where it is.
    pub(crate) location: Location,
}

impl SourceFile<'_> {
    /// All strings and integers of this file, in file order.
    pub(crate) fn scalars(&self, document: &Spanned<DeTable<'_>>) -> Vec<Scalar> {
        let mut found = Vec::new();
        collect_entries(self, document.get_ref(), &[], &mut found);
        found.sort_by(|a, b| a.location.cmp(&b.location));
        found
    }
}

fn collect_entries(source: &SourceFile<'_>, map: &DeTable<'_>, keys: &[String], found: &mut Vec<Scalar>) {
    for (key, node) in map {
        let keys = [keys, &[key.get_ref().to_string()]].concat();
        collect(source, node, &keys, found);
    }
}

fn collect(source: &SourceFile<'_>, node: &Spanned<DeValue<'_>>, keys: &[String], found: &mut Vec<Scalar>) {
    let mut add = |text: &str| {
        let location = source.location(node.span().start);
        found.push(Scalar { keys: keys.to_vec(), text: text.to_owned(), location });
    };
    match node.get_ref() {
        DeValue::String(text) => add(text),
        DeValue::Integer(number) => add(number.as_str()),
        DeValue::Array(items) => items.iter().for_each(|item| collect(source, item, keys, found)),
        DeValue::Table(map) => collect_entries(source, map, keys, found),
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}
