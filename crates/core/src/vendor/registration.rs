//! Registration of accounts with a vendor: the API, its endpoint and the API key.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

/// A supported API for registering accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Trend Micro Cloud One Workload Security, formerly Deep Security: its AWS connectors.
    WorkloadSecurity,
}

impl Api {
    /// All supported APIs.
    pub const ALL: [Self; 1] = [Self::WorkloadSecurity];

    /// The name in a vendor file.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WorkloadSecurity => "workload-security",
        }
    }
}

/// The Cloud One regions that offer Workload Security. For any other region the configuration must set `url`.
const REGIONS: [&str; 10] = ["us-1", "trend-us-1", "au-1", "ie-1", "sg-1", "in-1", "jp-1", "ca-1", "de-1", "gb-1"];

/// The host of the manager for tenants that are older than Cloud One.
const LEGACY: &str = "app.deepsecurity.trendmicro.com";

/// The endpoint of a vendor's API. HTTPS is required unless the host is the local machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    header: KeyHeader,
}

/// The HTTP header that carries the API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: ApiKey …`, used by Cloud One.
    Authorization,
    /// `api-secret-key: …`, used by the legacy manager and by self-hosted managers.
    ApiSecretKey,
}

/// Who hosts the manager of a vendor's product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    /// The vendor, on hosts of its own.
    Vendor,
    /// The user, on any host.
    SelfHosted,
}

impl Endpoint {
    /// The endpoint of Workload Security in a Cloud One region.
    ///
    /// # Errors
    /// If the region does not exist.
    pub fn from_region(region: &str) -> Result<Self, String> {
        if !REGIONS.contains(&region) {
            return Err(format!(
                "`{}` is not a Cloud One region; the regions are {}{}",
                Untrusted::new(region),
                list_of(REGIONS),
                did_you_mean(region, REGIONS)
            ));
        }
        let url = format!("https://workload.{region}.cloudone.trendmicro.com/api");
        Ok(Self { url, header: KeyHeader::Authorization })
    }

    /// The endpoint at a full URL. Because the API key is sent to this host, a host that does not belong to the vendor is
    /// accepted only if the manager is self-hosted.
    ///
    /// # Errors
    /// If it is not a valid URL, or the API key must not be sent to it.
    pub fn from_url(text: &str, hosting: Hosting) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| {
            format!(
                "`{}` is not a valid URL ({error}); expected a URL such as `https://manager.example.com:4119/api`",
                Untrusted::new(text)
            )
        })?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err("the URL must have only a scheme, a host and a path; remove the user name, password, query and fragment".to_owned());
        }
        let Some(host) = url.host() else {
            return Err("the URL has no host; expected a URL such as `https://manager.example.com:4119/api`".to_owned());
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local_machine(&host)) {
            return Err("the API key would be sent unencrypted; use `https://`".to_owned());
        }
        let header = match host {
            Host::Domain(name) if name.strip_prefix("workload.").is_some_and(is_cloud_one) => KeyHeader::Authorization,
            Host::Domain(LEGACY) => KeyHeader::ApiSecretKey,
            _ if hosting == Hosting::SelfHosted => KeyHeader::ApiSecretKey,
            host => {
                return Err(format!(
                    "the API key would be sent to `{host}`, which is not a host of the vendor; if you host the manager yourself, set `own-host = true`"
                ));
            }
        };
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), header })
    }

    /// The URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The HTTP header that carries the API key.
    #[must_use]
    pub fn header(&self) -> KeyHeader {
        self.header
    }
}

fn is_cloud_one(rest: &str) -> bool {
    rest.strip_suffix(".cloudone.trendmicro.com").is_some_and(|region| REGIONS.contains(&region))
}

fn is_local_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// The key of a vendor's API: 1 to 1024 visible ASCII characters, so that it fits in an HTTP header. Never printed.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// A string is not a valid API key. The error does not contain the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a valid API key; use 1 to 1024 visible ASCII characters, without spaces")]
pub struct InvalidApiKey;

impl ApiKey {
    /// The plain key. Use it only for the header of a request.
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

/// An endpoint and the API key for it.
#[derive(Debug, Clone)]
pub struct ApiAccess {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The API key.
    pub key: ApiKey,
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
