//! The endpoint of a vendor's API, from a region or a URL. The key is sent there, so its host is checked.

use url::{Host, Url};

use super::key_header::KeyHeader;
use super::spec::ApiSpec;
use super::supported::Api;
use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

/// The endpoint of a vendor's API. HTTPS is required unless the host is the local machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    url: String,
    header: KeyHeader,
    own_host: bool,
}

/// To whom the host of a URL belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostOwner {
    /// To the vendor: its hosts are known, and any other is refused.
    Vendor,
    /// To the customer, who says so in the configuration: any host is accepted.
    Customer,
}

impl Endpoint {
    /// The endpoint of an API in a region.
    ///
    /// # Errors
    /// If the region does not exist. The message names the product and its regions.
    pub fn from_region(api: Api, region: &str) -> Result<Self, String> {
        Self::in_region(api.spec(), region)
    }

    fn in_region(spec: &ApiSpec, region: &str) -> Result<Self, String> {
        let Some(regions) = &spec.regions else {
            return Err(format!("{} has no regions; set `url` instead", spec.product));
        };
        let names = || regions.names.iter().copied();
        if !regions.names.contains(&region) {
            return Err(format!(
                "`{}` is not {}; the regions are {}{}",
                Untrusted::new(region),
                regions.noun,
                list_of(names()),
                did_you_mean(region, names())
            ));
        }
        Ok(Self { url: (regions.url)(region), header: regions.header, own_host: false })
    }

    /// The endpoint of an API at a full URL. Because the API key is sent to this host, a host that does not belong to the
    /// vendor is accepted only as a host of the customer.
    ///
    /// # Errors
    /// If the key must not be sent there. The message says why.
    pub fn from_url(api: Api, text: &str, owner: HostOwner) -> Result<Self, String> {
        Self::at_url(api.spec(), text, owner)
    }

    fn at_url(spec: &ApiSpec, text: &str, owner: HostOwner) -> Result<Self, String> {
        let example = spec.example_url;
        let url = Url::parse(text).map_err(|error| {
            format!("`{}` is not a valid URL ({error}); expected a URL such as `{example}`", Untrusted::new(text))
        })?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err("the URL must have only a scheme, a host and a path; remove the user name, password, query and fragment".to_owned());
        }
        let Some(host) = url.host() else {
            return Err(format!("the URL has no host; expected a URL such as `{example}`"));
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local_machine(&host)) {
            return Err("the API key would be sent unencrypted; use `https://`".to_owned());
        }
        let (header, own_host) = match ((spec.vendor_host)(&host), owner) {
            (Some(header), _) => (header, false),
            (None, HostOwner::Customer) => (spec.own_host, true),
            (None, HostOwner::Vendor) => {
                return Err(format!(
                    "the API key would be sent to `{host}`, which is not a host of the vendor; {}, set `own-host = true`",
                    spec.own_host_if
                ));
            }
        };
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), header, own_host })
    }

    /// The URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether its host is not the vendor's.
    #[must_use]
    pub(crate) fn is_own_host(&self) -> bool {
        self.own_host
    }

    /// The HTTP header that carries the API key.
    #[must_use]
    pub fn header(&self) -> KeyHeader {
        self.header
    }
}

fn is_local_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
