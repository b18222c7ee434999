//! The desired state of a registration with a vendor.

use crate::account::{Account, AccountId};
use crate::config::RegistrationTemplate;
use crate::display_name::DisplayName;
use crate::observed::ExistingRegistration;
use crate::role_settings::RoleDefinition;
use crate::secret_values::{SecretValues, tenant_access};
use crate::vendor::{Api, ApiAccess};

/// The desired state of a registration with a vendor.
#[derive(Debug, Clone)]
pub struct RegistrationSpec {
    /// The [label](VendorTenant::label) of the tenant in which the account is registered.
    pub tenant: String,
    /// The API of the vendor.
    pub api: Api,
    /// The endpoint and the API key, or why they are not available; the role is installed nevertheless.
    pub access: Result<ApiAccess, String>,
    /// The registration.
    pub registration: AccountRegistration,
    /// Whether a display name that was changed in the vendor's console is kept.
    pub edited_name: EditedName,
}

impl RegistrationSpec {
    /// Whether a registration is for the role.
    #[must_use]
    pub fn has_role(&self, existing: &ExistingRegistration) -> bool {
        existing.has_role(&self.registration.role_arn)
    }

    /// Whether a registration is as configured.
    pub(crate) fn is_satisfied_by(&self, existing: &ExistingRegistration) -> bool {
        let AccountRegistration { display_name, workspaces, .. } = &self.registration;
        let name = existing.display_name.as_deref().map(str::trim);
        let has_name = self.edited_name == EditedName::Kept || name == Some(display_name);
        self.has_role(existing) && has_name && workspaces.is_none_or(|workspaces| workspaces == existing.workspaces)
    }
}

/// Whether a display name that was changed in the vendor's console is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditedName {
    /// It is kept: the configuration sets no display name.
    Kept,
    /// It is replaced by the configured one.
    Replaced,
}

/// The registration of an account, as a vendor stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRegistration {
    /// The account.
    pub account: AccountId,
    /// The ARN of the role that the vendor assumes.
    pub role_arn: String,
    /// The display name in the vendor's console.
    pub display_name: String,
    /// Whether the vendor also reads Amazon WorkSpaces; `None` if that is not configured, and so not changed.
    pub workspaces: Option<bool>,
}

/// The registration of an account for which the configuration asks.
pub(super) fn registration(
    template: &RegistrationTemplate,
    role: &RoleDefinition,
    account: &Account,
    secrets: &SecretValues,
) -> RegistrationSpec {
    let role_arn = role.name.arn(&account.partition, &account.id, &role.settings.path);
    let (display_name, edited_name) = match &template.display_name {
        Some(name) => (name.expand(account), EditedName::Replaced),
        None => (DisplayName::default().expand(account), EditedName::Kept),
    };
    let workspaces = template.workspaces;
    let registration = AccountRegistration { account: account.id.clone(), role_arn, display_name, workspaces };
    let access = tenant_access(&template.tenant, secrets);
    RegistrationSpec { tenant: template.tenant.label(), api: template.tenant.api, access, registration, edited_name }
}
