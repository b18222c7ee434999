//! The configuration file `onboarding.toml`.
//!
//! [`Config::parse`] reads and validates the whole file, including the policy and vendor files that it references, and
//! reports all errors at once with their location. The result, [`Config`], is the same for every account. Values that
//! depend on the account (`{partition}`, `{account-id}`) are kept as [`Template`], and external IDs in SSM parameters as
//! parameter names; both are resolved per account in [`crate::blueprint`].

mod context;
pub mod deployed;
pub mod deployed_files;
mod dropped;
mod examples;
mod files;
mod handoff;
mod hash;
mod management;
mod model;
mod names;
mod parameters;
mod rate_limits;
mod read;
mod registration;
mod removal;
mod risks;
mod roles;
mod self_trust;
mod services;
mod show;
pub mod starter;
mod starter_text;
mod targets;
mod trust;
mod trust_document;
mod trust_size;
mod trust_warnings;
mod vendor_permissions;
mod vendors;
mod warnings;

pub use dropped::{Dropped, StillInAccounts, dropped};
pub use examples::{Certainty, ExampleValue};
pub use files::{Files, Folder, NoFiles};
pub use model::{
    AccessRole, Config, ExternalIdSource, GrantSpec, ManagementOnly, OtherAccessRole, PrincipalSpec,
    RegistrationTemplate, RemovedRole, RoleTemplate, TrustSpec, VendorTenant,
};
pub use show::show;

pub use crate::template::Template;
pub use crate::toml_reader::{Location, Problem, Problems as ConfigErrors, check_no_references};
