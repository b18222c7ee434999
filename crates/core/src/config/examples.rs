//! Values of a configuration that come from an example: AWS's documentation account IDs, and the external IDs of the
//! example configuration. A grant to such an account would give access to whoever owns it.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::toml_reader::{Location, SourceFile};

/// The account IDs in AWS's documentation. They are well known and may belong to anyone.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html> and other pages.
const ACCOUNT_IDS: [&str; 7] =
    ["111122223333", "123456789012", "222233334444", "444455556666", "555566667777", "777788889999", "999988887777"];

/// The external IDs of the example configuration.
const EXTERNAL_IDS: [&str; 2] = ["00000000-1111-2222-3333-444444444444", "example-trelica-organization-id"];

/// A value of a configuration that comes from an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleValue {
    /// Where it is.
    pub location: Location,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Account { id: &'static str, is_grant: bool },
    ExternalId,
}

impl fmt::Display for ExampleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.location)?;
        match &self.kind {
            Kind::Account { id, is_grant: true } => {
                write!(f, "`{id}` is a documentation account ID; replace it with your identity account")?;
            }
            Kind::Account { id, is_grant: false } => {
                write!(f, "`{id}` is a documentation account ID; replace it with one of your own, or remove it,")?;
            }
            Kind::ExternalId => f.write_str("the external ID is that of the example; replace it with your own")?,
        }
        f.write_str(" before you plan or apply")
    }
}

/// The example values in the text of a configuration, in file order. Comments and other files are not searched.
#[must_use]
pub fn example_values(file: &str, text: &str) -> Vec<ExampleValue> {
    let source = SourceFile::new(file, text);
    let mut found = Vec::new();
    if let Some(document) = source.document() {
        search_table(&source, document.get_ref(), Place::default(), &mut found);
    }
    found.sort_by(|a, b| a.location.cmp(&b.location));
    found
}

/// What the keys around a value say about it.
#[derive(Clone, Copy, Default)]
struct Place {
    is_grant: bool,
    is_external_id: bool,
}

fn search_table(source: &SourceFile<'_>, table: &DeTable<'_>, place: Place, found: &mut Vec<ExampleValue>) {
    for (key, value) in table {
        let place = Place {
            is_grant: place.is_grant || key.get_ref() == "grant",
            is_external_id: key.get_ref() == "external-id",
        };
        search(source, value, place, found);
    }
}

fn search(source: &SourceFile<'_>, value: &Spanned<DeValue<'_>>, place: Place, found: &mut Vec<ExampleValue>) {
    let mut add = |kind| found.push(ExampleValue { location: source.location(value.span().start), kind });
    match value.get_ref() {
        DeValue::String(text) if place.is_external_id && EXTERNAL_IDS.contains(&text.as_ref()) => add(Kind::ExternalId),
        DeValue::String(_) if place.is_external_id => {}
        DeValue::String(text) => {
            let id = account_ids(text).next();
            id.into_iter().for_each(|id| add(Kind::Account { id, is_grant: place.is_grant }));
        }
        DeValue::Array(items) => items.iter().for_each(|item| search(source, item, place, found)),
        DeValue::Table(table) => search_table(source, table, place, found),
        _ => {}
    }
}

/// The documentation account IDs in a text: the ID itself, or as part of an ARN or a policy.
fn account_ids(text: &str) -> impl Iterator<Item = &'static str> {
    let numbers = text.split(|c: char| !c.is_ascii_alphanumeric());
    numbers.filter_map(|number| ACCOUNT_IDS.into_iter().find(|id| *id == number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> String {
        example_values("onboarding.toml", text).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn example_configuration_is_recognized_with_every_location() {
        insta::assert_snapshot!(listed(include_str!("../../../../onboarding.toml")), @"
        onboarding.toml:16:13: `222233334444` is a documentation account ID; replace it with your identity account before you plan or apply
        onboarding.toml:21:12: `999988887777` is a documentation account ID; replace it with one of your own, or remove it, before you plan or apply
        onboarding.toml:30:15: the external ID is that of the example; replace it with your own before you plan or apply
        onboarding.toml:36:15: the external ID is that of the example; replace it with your own before you plan or apply
        onboarding.toml:60:13: `222233334444` is a documentation account ID; replace it with one of your own, or remove it, before you plan or apply
        ");
    }

    #[test]
    fn ids_are_found_in_arns_and_policies_and_not_in_longer_numbers_or_external_ids() {
        let text = r#"
            a = "arn:aws:iam::123456789012:role/x"
            b = ["210987654321", "arn:aws:s3:::bucket-111122223333-x"]
            c = "1234567890123"
            external-id = "123456789012"
            d = { external-id = "f123456789012" } # 123456789012
        "#;
        insta::assert_snapshot!(listed(text), @"
        onboarding.toml:2:17: `123456789012` is a documentation account ID; replace it with one of your own, or remove it, before you plan or apply
        onboarding.toml:3:34: `111122223333` is a documentation account ID; replace it with one of your own, or remove it, before you plan or apply
        ");
        assert_eq!(listed("not = [toml"), "");
    }
}
