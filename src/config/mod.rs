//! The configuration: `onboarding.toml`, checked as a whole.

mod model;

pub use model::{AccessRole, Config, ExternalIdSource, PrincipalSpec, RoleTemplate, Template, TrustSpec};
