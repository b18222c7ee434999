//! The configuration: `onboarding.toml`, checked as a whole.

mod files;
mod model;
mod names;
mod read;
mod registration;
mod roles;
mod show;
mod trust;
mod vendors;

pub use files::{Files, Folder, NoFiles};
pub use model::{AccessRole, Config, ExternalIdSource, PrincipalSpec, Registration, RoleTemplate, TrustSpec};
pub use show::show;

pub use crate::template::Template;
pub use crate::toml_reader::{Location, Problem, Problems as ConfigErrors};
