//! The external IDs and API keys that a configuration refers to: their names, and their values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, ExternalIdSource, VendorTenant};
use crate::outcome::Stop;
use crate::vendor::ApiAccess;

/// The external IDs and API keys that the configuration refers to.
#[derive(Debug, Clone, Default)]
pub struct SecretValues {
    /// The values of SSM parameters by name, or why a value is not available.
    pub parameters: BTreeMap<String, Result<SecretString, String>>,
    /// The external IDs that vendors' APIs return, or why one is not known.
    pub tenants: BTreeMap<VendorTenant, Result<SecretString, Stop>>,
}

impl SecretValues {
    /// Every value that is known.
    pub(crate) fn known(&self) -> impl Iterator<Item = &SecretString> {
        self.parameters.values().flatten().chain(self.tenants.values().flatten())
    }
}

/// The SSM parameters that a configuration refers to.
#[must_use]
pub fn parameters(config: &Config) -> BTreeSet<&str> {
    let granted = config.access_role.grants.iter().map(|grant| &grant.trust);
    let specs = granted.chain(config.roles.iter().flat_map(|role| &role.trust));
    let ids = specs.flat_map(|spec| &spec.external_ids).filter_map(|source| match source {
        ExternalIdSource::Parameter(name) => Some(name.as_str()),
        ExternalIdSource::Literal(_)
        | ExternalIdSource::Template(_)
        | ExternalIdSource::Pattern(_)
        | ExternalIdSource::Tenant(_) => None,
    });
    ids.chain(key_parameters(config)).collect()
}

/// The SSM parameters that hold API keys of vendors.
#[must_use]
pub fn key_parameters(config: &Config) -> BTreeSet<&str> {
    let registered = config.roles.iter().filter_map(|role| Some(&role.registration.as_ref()?.tenant));
    let removed = config.removed.iter().filter_map(|role| role.tenant.as_ref());
    registered.chain(removed).map(|tenant| tenant.key_parameter.as_str()).collect()
}

/// The tenants whose external ID a configuration leaves to the vendor's API.
#[must_use]
pub fn tenants(config: &Config) -> BTreeSet<&VendorTenant> {
    let sources = config.roles.iter().flat_map(|role| &role.trust).flat_map(|spec| &spec.external_ids);
    sources
        .filter_map(|source| match source {
            ExternalIdSource::Tenant(tenant) => Some(tenant),
            ExternalIdSource::Literal(_)
            | ExternalIdSource::Template(_)
            | ExternalIdSource::Parameter(_)
            | ExternalIdSource::Pattern(_) => None,
        })
        .collect()
}

/// The endpoint of a vendor's API and its key.
///
/// # Errors
/// Why the key is not available.
pub fn tenant_access(tenant: &VendorTenant, secrets: &SecretValues) -> Result<ApiAccess, String> {
    let key = parameter(secrets, &tenant.key_parameter, "API key");
    key.map(|key| ApiAccess { endpoint: tenant.endpoint.clone(), key })
}

/// A value for every parameter, for a blueprint that is made before the parameters were read. Only the session policies are
/// computed from it: they name roles and policies, and contain neither external IDs nor keys.
#[must_use]
pub fn placeholder_secrets(config: &Config) -> SecretValues {
    let placeholder = || SecretString::from("placeholder");
    SecretValues {
        parameters: parameters(config).into_iter().map(|name| (name.to_owned(), Ok(placeholder()))).collect(),
        tenants: tenants(config).into_iter().map(|tenant| (tenant.clone(), Ok(placeholder()))).collect(),
    }
}

/// The value of a parameter, parsed as what it is used for.
pub(crate) fn parameter<T: FromStr<Err: fmt::Display>>(
    secrets: &SecretValues,
    name: &str,
    what: &str,
) -> Result<T, String> {
    let value = match secrets.parameters.get(name) {
        Some(value) => value.as_ref().map_err(Clone::clone),
        None => Err("the parameter was not read".to_owned()),
    };
    let parsed =
        value.and_then(|value| value.expose_secret().trim().parse().map_err(|error: T::Err| error.to_string()));
    parsed.map_err(|problem| format!("cannot read the {what} from the SSM parameter `{name}`: {problem}"))
}
