//! What a configuration requires of each account: the columns of an audit.

use serde::Serialize;

use crate::config::Config;
use crate::last_result::registration_key;
use crate::owner::Owner;
use crate::role::RoleName;

/// A requirement of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRequirement {
    /// The kind of requirement.
    pub kind: RequirementKind,
    /// The name in output.
    pub title: String,
    /// The name of the vendor in the configuration, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The role: of access roles, the first name in the configuration.
    pub role: RoleName,
    /// The keys under which a record may have the status. Only an access role has several names.
    #[serde(skip)]
    pub(super) keys: Vec<String>,
}

/// The kind of requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequirementKind {
    /// The grants on the access role.
    AccessRole,
    /// The role of a vendor.
    VendorRole,
    /// The registration of the account with a vendor.
    Registration,
    /// A role of `[[role]]`.
    Role,
}

impl RequirementKind {
    /// The word: `access_role`, `vendor_role`, `registration` or `role`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessRole => "access_role",
            Self::VendorRole => "vendor_role",
            Self::Registration => "registration",
            Self::Role => "role",
        }
    }
}

/// The requirements of a configuration, in its order: the access role, then each role, followed by its registration.
#[must_use]
pub fn audit_requirements(config: &Config) -> Vec<AuditRequirement> {
    let access = config.access_role.names.first().map(|first| AuditRequirement {
        kind: RequirementKind::AccessRole,
        title: "Access role".to_owned(),
        vendor: None,
        role: first.clone(),
        keys: config.access_role.all_names().map(ToString::to_string).collect(),
    });
    let mut requirements: Vec<_> = access.into_iter().collect();
    for template in &config.roles {
        let definition = &template.definition;
        let (kind, vendor) = match &definition.owner {
            Owner::Vendor(vendor) => (RequirementKind::VendorRole, Some(vendor.clone())),
            Owner::Role(_) => (RequirementKind::Role, None),
        };
        let role = definition.name.clone();
        let title = definition.title.clone();
        let registration = template.registration.as_ref().map(|_| AuditRequirement {
            kind: RequirementKind::Registration,
            title: format!("{title}: registration"),
            vendor: vendor.clone(),
            role: role.clone(),
            keys: vec![registration_key(&role)],
        });
        requirements.push(AuditRequirement { kind, title, vendor, keys: vec![role.to_string()], role });
        requirements.extend(registration);
    }
    requirements
}
