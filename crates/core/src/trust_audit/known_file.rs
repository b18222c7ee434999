//! The data file of known vendors, which is compiled into the program.

use serde::Deserialize;

use super::known_account::{KnownAccount, KnownBy};
use crate::account::AccountId;

const TEXT: &str = include_str!("../../data/known_accounts.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    account: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default = "commercial")]
    partition: String,
    name: String,
    source: String,
    retrieved: String,
    confidence: Confidence,
}

/// What makes it likely that the account is the vendor's.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    /// The vendor names it for this purpose.
    High,
    /// It is in examples, or in copies of the vendor's template.
    Medium,
}

fn commercial() -> String {
    "aws".to_owned()
}

/// The accounts of the file in a partition. A test asserts that every entry is valid, so that none is left out.
pub(super) fn known_accounts(partition: &str) -> Vec<(AccountId, KnownAccount)> {
    let entries = toml::from_str::<File>(TEXT).map(|file| file.account).unwrap_or_default();
    let entries = entries.into_iter().filter(|entry| entry.partition == partition);
    entries.filter_map(|entry| Some((entry.id.parse().ok()?, known(entry)))).collect()
}

fn known(Entry { name, source, retrieved, confidence, .. }: Entry) -> KnownAccount {
    let is_likely = matches!(confidence, Confidence::Medium);
    let name = if is_likely { format!("{name} (likely)") } else { name };
    KnownAccount { name, by: KnownBy::BuiltIn, source: Some(source), retrieved: Some(retrieved) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::account::Partition;
    use crate::time::from_policy_date;
    use crate::vendor::Catalogue;

    #[test]
    fn every_entry_is_valid() {
        let file: File = toml::from_str(TEXT).unwrap();
        let mut seen = BTreeSet::new();
        for entry in &file.account {
            let id = &entry.id;
            assert!(id.parse::<AccountId>().is_ok(), "{id}");
            assert!(entry.partition.parse::<Partition>().is_ok(), "{id}");
            assert!(entry.source.starts_with("https://"), "{id}: the source must be a link");
            assert!(from_policy_date(&format!("{}T00:00:00Z", entry.retrieved)).is_some(), "{id}: {}", entry.retrieved);
            assert!(!entry.name.is_empty() && entry.name.chars().all(crate::text::is_printable), "{id}");
            assert!(seen.insert((&entry.partition, id)), "{id} occurs twice");
        }
        let partitions: BTreeSet<_> = file.account.iter().map(|entry| entry.partition.as_str()).collect();
        let read: usize = partitions.iter().map(|partition| known_accounts(partition).len()).sum();
        assert_eq!(read, file.account.len());
        assert!(read >= 30, "{read}");
    }

    #[test]
    fn vendors_of_the_catalogue_are_known_by_the_same_accounts() {
        let known = known_accounts("aws");
        for vendor in Catalogue::built_in().vendors() {
            for account in &vendor.accounts {
                let found = known.iter().find(|(id, _)| *id.as_str() == *account.0);
                assert_eq!(found.map(|(_, known)| known.name.as_str()), Some(vendor.title.as_str()));
            }
        }
    }
}
