//! The removal of a role, and what in the configuration asks for it.

use crate::config::{RegistrationTemplate, RemovedRole, RoleTemplate};
use crate::role_settings::RoleDefinition;
use crate::secret_values::{SecretValues, tenant_access};
use crate::vendor::ApiAccess;

/// A role that is deleted.
#[derive(Debug, Clone)]
pub struct RoleRemoval {
    /// The role.
    pub role: RemovedRole,
    /// The endpoint and the API key of the vendor from which the registration is removed first, or why they are not available.
    /// `None` if no registration is removed.
    pub access: Option<Result<ApiAccess, String>>,
    /// What in the configuration asks for it.
    pub reason: RemovalReason,
}

impl RoleRemoval {
    /// The removal of a role that a `[[removed]]` block names, with the API key of its vendor.
    #[must_use]
    pub fn new(role: &RemovedRole, secrets: &SecretValues) -> Self {
        let access = role.tenant.as_ref().map(|tenant| tenant_access(tenant, secrets));
        Self { role: role.clone(), access, reason: RemovalReason::Block }
    }

    /// The removal of a configured role from an account that its targets do not select.
    #[must_use]
    pub fn unselected(template: &RoleTemplate, secrets: &SecretValues) -> Self {
        let RoleDefinition { owner, title, name, adopt, .. } = &template.definition;
        let tenant = template.registration.as_ref().map(|RegistrationTemplate { tenant, .. }| tenant.clone());
        let role =
            RemovedRole { owner: owner.clone(), title: title.clone(), name: name.clone(), adopt: *adopt, tenant };
        Self { reason: RemovalReason::Unselected, ..Self::new(&role, secrets) }
    }
}

/// What in the configuration asks for the removal of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalReason {
    /// A `[[removed]]` block, which is for every account.
    Block,
    /// `on-unselect = "remove"`, for the accounts that the role's targets no longer select.
    Unselected,
}

impl RemovalReason {
    /// What to change in the configuration so that the role is kept.
    pub(crate) fn to_keep(self) -> &'static str {
        match self {
            Self::Block => "delete its `[[removed]]` block",
            Self::Unselected => "set its `on-unselect` to \"keep\"",
        }
    }
}
