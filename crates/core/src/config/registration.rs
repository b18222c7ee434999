//! `[vendors.NAME.registration]`: where a vendor is told of accounts.

use super::Registration;
use crate::toml_reader::{Value, parameter_name};
use crate::vendor::{Endpoint, Vendor};

const REGISTRATION: &[&str] = &["region", "url", "own-host", "api-key"];

pub(super) fn registration(vendor: &Vendor, value: &Value<'_>) -> Option<Registration> {
    let Some(api) = vendor.registration else {
        value.problem(format!("{} registers no accounts by an API that is known here; take it out", vendor.title));
        return None;
    };
    let table = value.table(REGISTRATION)?;
    let own_host = table.get("own-host").and_then(|value| value.flag()).unwrap_or(false);
    let key_parameter = table.require("api-key").and_then(|value| key(&value));
    let endpoint = match (table.get("region"), table.get("url")) {
        (Some(region), None) => region.checked(Endpoint::from_region),
        (None, Some(url)) => url.checked(|text| Endpoint::from_url(text, own_host)),
        (Some(_), Some(url)) => {
            url.problem("stands beside `region`, which says the same; take one out");
            None
        }
        (None, None) => {
            table.problem("neither `region` nor `url` says where accounts are registered; write one");
            None
        }
    };
    Some(Registration { api, endpoint: endpoint?, key_parameter: key_parameter? })
}

/// A key opens the vendor's whole console: it stands in no file.
fn key(value: &Value<'_>) -> Option<String> {
    if !value.node().is_table() {
        value.problem("a key stands in no file; keep it in an SSM parameter (SecureString) and write `{ ssm-parameter = \"/name\" }`");
        return None;
    }
    value.table(&["ssm-parameter"])?.require("ssm-parameter")?.checked(parameter_name)
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
