//! The desired state of one account: the configuration, with templates expanded for the account and secrets resolved.

mod build;
mod desired;
mod error;
mod registration;
mod role;
mod trust;

pub use crate::access_grant::{AccessGrant, EndedGrant};
pub use crate::role_removal::{RemovalReason, RoleRemoval};
pub use crate::secret_values::{SecretValues, key_parameters, parameters, placeholder_secrets, tenant_access, tenants};
pub use crate::unselected::{Unselected, UnselectedPart};
pub use desired::Blueprint;
pub use error::{BlueprintError, ConfiguredPart};
pub use registration::{AccountRegistration, EditedName, RegistrationSpec};
pub use role::RoleSpec;
pub(crate) use role::role_of_account;
