//! Vendors whose roles can be installed.
//!
//! A vendor is data in a TOML file: its AWS accounts, whether it uses an external ID, the name of its role, and its
//! permissions in groups that the configuration can choose from. The files in `vendors/` are compiled into the program;
//! users define others in `vendor-files` or `[catalogue.NAME]`. [`Catalogue`] holds all of them by name.

mod api;
mod catalogue;
mod handoff;
mod model;
mod read;
mod show;

pub use api::{Api, ApiAccess, ApiCalls, ApiKey, Endpoint, HostOwner, KeyHeader};
pub use catalogue::Catalogue;
pub use handoff::HandoffTemplate;
pub use model::{ExternalIdRule, Group, Vendor, VendorOrigin};
pub use show::{list, show};

pub(crate) use catalogue::NameTaken;
pub(crate) use handoff::aws_region;
pub(crate) use read::{read_file, read_value, vendor_name};
