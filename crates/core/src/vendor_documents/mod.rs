//! Documents for whoever installs a vendor's role manually: policies as JSON, a CloudFormation template, a Terraform
//! configuration.
//!
//! They say what a run installs, because the same code makes them: the role is built like that of any account
//! (`crate::blueprint`), but for an account that does not exist, with values that occur nowhere else ([`symbols`]). Each format
//! then replaces these values by its own means, such as `${AWS::AccountId}`. Two things differ from an installed role:
//!
//! - The external ID is a secret and never printed. It is a parameter, or a marked placeholder in JSON.
//! - The owner tag is left out. A role that a person installs is that person's: a run leaves it alone unless it may adopt it.

mod cloudformation;
mod json;
mod role;
mod symbols;
mod terraform;

pub use json::JsonValues;
pub use role::{Destination, VendorDocuments};
