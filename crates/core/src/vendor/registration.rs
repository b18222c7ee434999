//! Where a vendor registers accounts: its API, the address of it, and the key that opens it.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::text::Untrusted;
use crate::toml_reader::{did_you_mean, list_of};

/// An API that accounts are registered with, which this tool speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Trend Micro Cloud One Workload Security, formerly Deep Security: its AWS connectors.
    WorkloadSecurity,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::WorkloadSecurity];

    /// The name in a vendor file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WorkloadSecurity => "workload-security",
        }
    }
}

/// The regions of Cloud One in which Workload Security is. Tenants in others name the address in full.
const REGIONS: [&str; 10] = ["us-1", "trend-us-1", "au-1", "ie-1", "sg-1", "in-1", "jp-1", "ca-1", "de-1", "gb-1"];

/// The manager of tenants that are older than Cloud One.
const LEGACY: &str = "app.deepsecurity.trendmicro.com";

/// The address of a vendor's API: over TLS, unless it is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    header: KeyHeader,
}

/// In which header the key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: ApiKey …`, with Cloud One.
    Authorization,
    /// `api-secret-key: …`, with the legacy manager and with one's own.
    ApiSecretKey,
}

impl Endpoint {
    /// Workload Security in a region of Cloud One.
    ///
    /// # Errors
    /// When there is no such region.
    pub fn from_region(region: &str) -> Result<Self, String> {
        if !REGIONS.contains(&region) {
            let remedy = did_you_mean(region, REGIONS);
            return Err(format!(
                "`{}` is no region of Cloud One{remedy}; there are {}",
                Untrusted::new(region),
                list_of(REGIONS.into_iter())
            ));
        }
        let url = format!("https://workload.{region}.cloudone.trendmicro.com/api");
        Ok(Self { url, header: KeyHeader::Authorization })
    }

    /// An address in full. A host that is not the vendor's takes `own_host`, since the key goes there.
    ///
    /// # Errors
    /// When it is no address, or none that a key may go to.
    pub fn from_url(text: &str, own_host: bool) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| {
            format!(
                "`{}` is no URL ({error}); write one, as `https://manager.example.com:4119/api`",
                Untrusted::new(text)
            )
        })?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err("the URL holds more than a host and a path; write the address of the API alone".to_owned());
        }
        let Some(host) = url.host() else { return Err("the URL has no host".to_owned()) };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(&host)) {
            return Err("the key would go over the network in the clear; write `https://`".to_owned());
        }
        let header = match host {
            Host::Domain(name) if name.strip_prefix("workload.").is_some_and(is_cloud_one) => KeyHeader::Authorization,
            Host::Domain(LEGACY) => KeyHeader::ApiSecretKey,
            _ if own_host => KeyHeader::ApiSecretKey,
            host => {
                return Err(format!(
                    "the key would go to `{host}`, which is no host of the vendor; if it is a manager of your own, say `own-host = true`"
                ));
            }
        };
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), header })
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// In which header the key goes.
    #[must_use]
    pub fn header(&self) -> KeyHeader {
        self.header
    }
}

fn is_cloud_one(rest: &str) -> bool {
    rest.strip_suffix(".cloudone.trendmicro.com").is_some_and(|region| REGIONS.contains(&region))
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// The key of a vendor's API, shown nowhere: 1 to 1024 visible characters of ASCII, as a header takes.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// Why a text is no key. The text itself is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key; use 1 to 1024 visible characters, without spaces")]
pub struct InvalidApiKey;

impl ApiKey {
    /// The key itself, for the header of a request and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        if (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidApiKey)
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// The way into a vendor's API.
#[derive(Debug, Clone)]
pub struct ApiAccess {
    /// Its address.
    pub endpoint: Endpoint,
    /// The key that opens it.
    pub key: ApiKey,
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
