//! What people need in the identity account and in the management account before they can use the access roles: policies and
//! roles that this tool does not create, because it changes neither of the two accounts.
//!
//! Each policy is built once ([`documents`]), with placeholders such as `{access-role}`, and is printed in three formats:
//!
//! - JSON ([`json`]), with the values in their places, for the AWS CLI and the console;
//! - CloudFormation ([`cloudformation`]), with parameters. `prerequisites.yaml` is this template with every prerequisite;
//! - Terraform ([`terraform`]), as resources to copy into a configuration.
//!
//! A policy can therefore not differ between the formats, except by its values.

mod cloudformation;
mod documents;
mod json;
mod kind;
mod parameters;
mod settings;
mod terraform;

pub use cloudformation::cloudformation;
pub use json::{MissingAccount, json};
pub use kind::{AccountKind, InvalidPrerequisite, Prerequisite};
pub use settings::{InvalidServicePrincipal, InvalidTagKey, MfaRequirement, ServicePrincipal, Settings, TagKey};
pub use terraform::terraform;
