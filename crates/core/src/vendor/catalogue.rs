//! The vendors that are known by name.

use std::collections::BTreeMap;

use super::model::{Vendor, VendorOrigin};
use super::read::read_file;

const BUILT_IN: [(&str, &str, &str); 2] = [
    ("trelica", "vendors/trelica.toml", include_str!("../../../../vendors/trelica.toml")),
    ("workload-security", "vendors/workload-security.toml", include_str!("../../../../vendors/workload-security.toml")),
];

/// The vendors that are known by name: the built-in ones, and the user's own.
#[derive(Debug, Clone)]
pub struct Catalogue(BTreeMap<String, Vendor>);

/// A vendor of that name is there already.
#[derive(Debug)]
pub(crate) struct NameTaken {
    /// Where the other one comes from.
    pub(crate) by: VendorOrigin,
}

impl Catalogue {
    /// The vendors that ship with this program.
    #[must_use]
    pub fn built_in() -> Self {
        // A test holds that each is without a problem.
        let vendors =
            BUILT_IN.iter().filter_map(|(name, file, text)| read_file(name, file, text, VendorOrigin::BuiltIn).0);
        Self(vendors.map(|vendor| (vendor.name.clone(), vendor)).collect())
    }

    /// The vendor of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Vendor> {
        self.0.get(name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The vendors, in the order of their names.
    pub fn vendors(&self) -> impl Iterator<Item = &Vendor> {
        self.0.values()
    }

    /// Adds a vendor of the user's own.
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
