//! Trend Micro Cloud One Workload Security, formerly Deep Security.
//!
//! Tenants are in a region of Cloud One. Older tenants use the legacy host, and some customers host the manager themselves.
//!
//! See <https://cloudone.trendmicro.com/docs/workload-security/api-send-request/>.

use url::Host;

use super::key_header::KeyHeader;
use super::spec::{ApiCalls, ApiSpec, Regions};

/// `Authorization: ApiKey …`, used by Cloud One.
pub(super) const AUTHORIZATION: KeyHeader = KeyHeader { name: "authorization", prefix: "ApiKey " };

/// `api-secret-key: …`, used by the legacy manager and by self-hosted managers.
pub(super) const API_SECRET_KEY: KeyHeader = KeyHeader { name: "api-secret-key", prefix: "" };

/// The Cloud One regions that offer Workload Security. For any other region the configuration must set `url`.
const REGIONS: [&str; 10] = ["us-1", "trend-us-1", "au-1", "ie-1", "sg-1", "in-1", "jp-1", "ca-1", "de-1", "gb-1"];

/// The host of the manager for tenants that are older than Cloud One.
const LEGACY_HOST: &str = "app.deepsecurity.trendmicro.com";

pub(super) const SPEC: ApiSpec = ApiSpec {
    name: "workload-security",
    product: "Workload Security",
    calls: ApiCalls {
        search: "workload-security:SearchAwsConnectors",
        create: "workload-security:CreateAwsConnector",
        update: "workload-security:ModifyAwsConnector",
        delete: "workload-security:DeleteAwsConnector",
        external_id: "workload-security:DescribeAwsConnectorSettings",
    },
    regions: Some(Regions {
        noun: "a Cloud One region",
        names: &REGIONS,
        url: |region| format!("https://{}/api", host(region)),
        header: AUTHORIZATION,
    }),
    example_url: "https://manager.example.com:4119/api",
    vendor_host,
    own_host: API_SECRET_KEY,
    own_host_if: "if you host the manager yourself",
};

fn host(region: &str) -> String {
    format!("workload.{region}.cloudone.trendmicro.com")
}

fn vendor_host(given: &Host<&str>) -> Option<KeyHeader> {
    match given {
        Host::Domain(LEGACY_HOST) => Some(API_SECRET_KEY),
        Host::Domain(name) if REGIONS.iter().any(|region| host(region) == *name) => Some(AUTHORIZATION),
        _ => None,
    }
}
