//! Vendors: who they are, what they may do, and what they ask for. Data, in `vendors/*.toml`.

mod catalogue;
mod model;
mod read;
mod registration;
mod show;

pub use catalogue::Catalogue;
pub use model::{ExternalIdRule, Group, Vendor, VendorOrigin};
pub use registration::{Api, ApiAccess, ApiKey, Endpoint, KeyHeader};
pub use show::{Row, rows, show};

pub(crate) use catalogue::NameTaken;
pub(crate) use read::{read_file, read_value, vendor_name};
