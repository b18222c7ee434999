//! The catalogue of known vendors.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::model::{Vendor, VendorOrigin};
use super::read::read_file;

const BUILT_IN: [(&str, &str, &str); 2] = [
    ("trelica", "vendors/trelica.toml", include_str!("../../../../vendors/trelica.toml")),
    ("workload-security", "vendors/workload-security.toml", include_str!("../../../../vendors/workload-security.toml")),
];

/// The known vendors by name: the built-in ones and those that the user defines.
#[derive(Debug, Clone)]
pub struct Catalogue(BTreeMap<String, Vendor>);

/// A vendor of the same name already exists.
#[derive(Debug)]
pub(crate) struct NameTaken {
    /// Where the existing vendor is defined.
    pub(crate) by: VendorOrigin,
}

impl Catalogue {
    /// The vendors that are compiled into the program.
    #[must_use]
    pub fn built_in() -> Self {
        // Read once: every configuration starts with them, and the function reads its configuration every minute.
        static READ: LazyLock<Catalogue> = LazyLock::new(|| {
            // A test asserts that each file is valid, so nothing is filtered out.
            let vendors =
                BUILT_IN.iter().filter_map(|(name, file, text)| read_file(name, file, text, VendorOrigin::BuiltIn).0);
            Catalogue(vendors.map(|vendor| (vendor.name.clone(), vendor)).collect())
        });
        READ.clone()
    }

    /// The vendor with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Vendor> {
        self.0.get(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The vendors, sorted by name.
    pub(crate) fn vendors(&self) -> impl Iterator<Item = &Vendor> {
        self.0.values()
    }

    /// Adds a user-defined vendor.
    pub(crate) fn add(&mut self, vendor: Vendor) -> Result<(), NameTaken> {
        if let Some(other) = self.0.get(&vendor.name) {
            return Err(NameTaken { by: other.origin.clone() });
        }
        self.0.insert(vendor.name.clone(), vendor);
        Ok(())
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
