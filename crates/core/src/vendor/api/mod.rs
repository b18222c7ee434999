//! The vendors' APIs that accounts can be registered with.
//!
//! Each file of this folder describes one vendor's API as an [`ApiSpec`]: where the API is, which hosts may receive its key, and
//! what its calls are named. The rest of the program asks an [`Api`] and compares no
//! vendors. The requests and responses are in the file of the same name in `src/vendors`.

mod access;
mod endpoint;
mod workload_security;

pub use access::{ApiAccess, ApiKey, KeyHeader};
pub use endpoint::{Endpoint, HostOwner};

use url::Host;

/// A supported API for registering accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Trend Micro Cloud One Workload Security, formerly Deep Security: its AWS connectors.
    WorkloadSecurity,
}

/// The calls of a vendor's API, as logs, reports and errors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCalls {
    /// Finds the registrations of an account.
    pub search: &'static str,
    /// Registers an account.
    pub create: &'static str,
    /// Changes an existing registration.
    pub update: &'static str,
}

impl Api {
    /// All supported APIs.
    pub const ALL: [Self; 1] = [Self::WorkloadSecurity];

    /// The name in a vendor file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The names of its calls.
    #[must_use]
    pub const fn calls(self) -> ApiCalls {
        self.spec().calls
    }

    const fn spec(self) -> &'static ApiSpec {
        match self {
            Self::WorkloadSecurity => &workload_security::SPEC,
        }
    }
}

/// The description of one vendor's API.
struct ApiSpec {
    /// The name in a vendor file.
    name: &'static str,
    /// The name of the product in error messages.
    product: &'static str,
    calls: ApiCalls,
    /// Where the API is by region. `None` if the configuration has to set a URL.
    regions: Option<Regions>,
    /// An example of a URL for error messages.
    example_url: &'static str,
    /// How the key is sent to a host of the vendor. `None` for every other host.
    vendor_host: fn(&Host<&str>) -> Option<KeyHeader>,
    /// How the key is sent to a host of the customer.
    own_host: KeyHeader,
    /// When the API is on a host of the customer, for error messages: `if you …`.
    own_host_if: &'static str,
}

/// The regions of a vendor's API.
struct Regions {
    /// What each of them is, with its article: `a Cloud One region`.
    noun: &'static str,
    names: &'static [&'static str],
    /// The URL of the API in a region.
    url: fn(&str) -> String,
    /// How the key is sent.
    header: KeyHeader,
}
