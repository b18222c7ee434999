//! `[vendors.NAME.registration]`: where accounts are registered with the vendor.

use super::context::ReadContext;
use super::parameters::ParameterUse;
use super::{RegistrationTemplate, VendorTenant};
use crate::display_name::DisplayName;
use crate::toml_reader::{Value, parameter_name};
use crate::vendor::{Endpoint, HostOwner, Vendor};

const REGISTRATION: &[&str] = &["region", "url", "own-host", "api-key", "workspaces", "display-name"];

pub(super) fn registration(
    vendor: &Vendor,
    value: &Value<'_>,
    context: &ReadContext<'_>,
) -> Option<RegistrationTemplate> {
    let Some(api) = vendor.registration_api else {
        value.problem(format!("account registration is not supported for {}; remove `registration`", vendor.title));
        return None;
    };
    let table = value.table(REGISTRATION)?;
    let host_owner = match table.get("own-host").and_then(|value| value.flag()) {
        Some(true) => HostOwner::Customer,
        _ => HostOwner::Vendor,
    };
    let key_parameter = table.require("api-key").and_then(|value| api_key(&value, context));
    let endpoint = match (table.get("region"), table.get("url")) {
        (Some(region), None) => region.checked(|name| Endpoint::from_region(api, name)),
        (None, Some(url)) => url.checked(|text| Endpoint::from_url(api, text, host_owner)),
        (Some(_), Some(url)) => {
            url.problem("cannot be combined with `region`; remove one of the two");
            None
        }
        (None, None) if table.misspells("region") || table.misspells("url") => None,
        (None, None) => {
            table.problem("`region` or `url` is missing; set one of them");
            None
        }
    };
    let workspaces = table.get("workspaces").and_then(|value| value.flag());
    let display_name = table.get("display-name").and_then(|value| value.checked(DisplayName::parse));
    let tenant = VendorTenant { api, endpoint: endpoint?, key_parameter: key_parameter? };
    Some(RegistrationTemplate { tenant, workspaces, display_name })
}

/// The API key gives access to the vendor's whole console, so it is never read from the file.
fn api_key(value: &Value<'_>, context: &ReadContext<'_>) -> Option<String> {
    if !value.node().is_table() {
        value.problem("API keys must not be in the file; store the key in an SSM parameter (SecureString) and write `{ ssm-parameter = \"/name\" }`");
        return None;
    }
    let name = value.table(&["ssm-parameter"])?.require("ssm-parameter")?;
    let parameter = name.checked(parameter_name)?;
    context.parameters.borrow_mut().reserve(&parameter, ParameterUse::ApiKey, &name);
    Some(parameter)
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
