//! Endpoint URLs of the environment and of profiles, checked before a call. The SDK's error does not say where the URL comes
//! from.
//!
//! See <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.

use std::env;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// The variable with the endpoint of all services; the name of a service is added for one of them.
const VARIABLE: &str = "AWS_ENDPOINT_URL";

/// The same in a profile, or in the `services` section that it names.
const SETTING: &str = "endpoint_url";

/// The services that this tool calls on the command line.
const SERVICES: [&str; 7] = ["STS", "Organizations", "IAM", "SSM", "DynamoDB", "SSO", "SSO OIDC"];

/// The setting whose endpoint is not a URL, for an error message.
pub(super) fn invalid(config: &SdkConfig) -> Option<String> {
    let settings = config.service_config()?;
    SERVICES.into_iter().find_map(|service| {
        let key = ServiceConfigKey::builder().service_id(service).env(VARIABLE).profile(SETTING).build().ok()?;
        let url = settings.load_config(key).filter(|url| !is_url(url))?;
        let of_service = format!("{VARIABLE}_{}", service.to_ascii_uppercase().replace(' ', "_"));
        let mut variables = [of_service, VARIABLE.to_owned()].into_iter();
        Some(
            variables.find(|name| env::var(name).is_ok_and(|value| value == url)).unwrap_or_else(|| SETTING.to_owned()),
        )
    })
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_http = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
    is_http && HttpRequest::new(SdkBody::empty()).set_uri(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_are_endpoints() {
        for url in ["http://127.0.0.1:4566", "https://vpce-1.iam.us-east-1.vpce.amazonaws.com", "HTTPS://localhost/x"] {
            assert!(is_url(url), "{url}");
        }
        for text in
            ["nonsense", "localhost:4566", "http://", "http:/x", "ftp://localhost", "http://local host", "https://[x"]
        {
            assert!(!is_url(text), "{text}");
        }
    }
}
