//! The format in which the file of a vendor describes its API.

use url::Host;

use super::key_header::KeyHeader;

/// The calls of a vendor's API, as logs, reports and errors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCalls {
    /// Finds the registrations of an account.
    pub search: &'static str,
    /// Registers an account.
    pub create: &'static str,
    /// Changes an existing registration.
    pub update: &'static str,
    /// Removes a registration.
    pub delete: &'static str,
    /// Reads the external ID of the tenant.
    pub external_id: &'static str,
}

/// The description of one vendor's API.
pub(super) struct ApiSpec {
    /// The name in a vendor file.
    pub(super) name: &'static str,
    /// The name of the product in error messages.
    pub(super) product: &'static str,
    pub(super) calls: ApiCalls,
    /// Where the API is by region. `None` if the configuration has to set a URL.
    pub(super) regions: Option<Regions>,
    /// An example of a URL for error messages.
    pub(super) example_url: &'static str,
    /// How the key is sent to a host of the vendor. `None` for every other host.
    pub(super) vendor_host: fn(&Host<&str>) -> Option<KeyHeader>,
    /// How the key is sent to a host of the customer.
    pub(super) own_host: KeyHeader,
    /// When the API is on a host of the customer, for error messages: `if you …`.
    pub(super) own_host_if: &'static str,
}

/// The regions of a vendor's API.
pub(super) struct Regions {
    /// What each of them is, with its article: `a Cloud One region`.
    pub(super) noun: &'static str,
    pub(super) names: &'static [&'static str],
    /// The URL of the API in a region.
    pub(super) url: fn(&str) -> String,
    /// How the key is sent.
    pub(super) header: KeyHeader,
}
