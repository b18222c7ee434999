//! The SDK configuration. All clients of all accounts share one configuration and one HTTP connection pool.

use std::env;

use aws_config::BehaviorVersion;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::credentials::{CredentialsProblem, ProfileCredentials, SendableCredentials};
use super::endpoints;
use super::network::{BundleError, TrustedCertificates};
use super::profiles::{self, ProfileError, ProfileOption, Selected};
use super::regions;
use onboarding_core::limits::{CALL, CALL_ATTEMPT, CONNECT};
use onboarding_core::text::Untrusted;

/// Why the SDK configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// An environment variable that Lambda sets is missing.
    #[error("the environment variable `{0}` is not set; Lambda sets it, so set it yourself for a local run")]
    Environment(&'static str),
    /// No region is set by an option, in the environment or in a profile.
    #[error("no region is set; pass `--region` or set `AWS_REGION`")]
    Region,
    /// The same, where the profile could have one.
    #[error(
        "no region is set; pass `--region`, set `AWS_REGION`, or run `aws configure set region REGION --profile {0}`"
    )]
    RegionOfProfile(Untrusted),
    /// The region does not exist.
    #[error("{0}")]
    UnknownRegion(String),
    /// A variable, or a setting of the profile, is not an endpoint.
    #[error("`{0}` is not an endpoint: it needs a URL that starts with `https://` or `http://`; correct or unset it")]
    Endpoint(String),
    /// The trusted certificates cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The credentials of a profile were not loaded.
    #[error("the credentials of the profile cannot be loaded: {0}; check them with `aws sts get-caller-identity`")]
    Unloaded(Untrusted),
    /// The profile has no valid credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsProblem),
}

/// The configuration of the function. It comes only from the environment variables that Lambda sets: looking for
/// profiles and other credential sources would slow down every cold start.
///
/// # Errors
/// When a variable that Lambda sets is missing.
pub fn function_config() -> Result<SdkConfig, ClientsError> {
    let required = |name| env::var(name).map_err(|_| ClientsError::Environment(name));
    let key = required("AWS_ACCESS_KEY_ID")?;
    let secret = required("AWS_SECRET_ACCESS_KEY")?;
    let credentials = Credentials::new(key, secret, env::var("AWS_SESSION_TOKEN").ok(), None, "lambda");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .use_fips(env::var("AWS_USE_FIPS_ENDPOINT").is_ok_and(|flag| flag.eq_ignore_ascii_case("true")))
        .service_config(Endpoints);
    Ok(config.build())
}

/// The configuration of the CLI, and the certificates that the user trusts for connections to vendors as well.
#[derive(Debug, Clone)]
pub struct UserConfig {
    pub(super) sdk: SdkConfig,
    pub(super) certificates: TrustedCertificates,
}

/// The configuration of the CLI: the credentials of a profile, or those of the SDK's default chain. See
/// [`profiles`](super::profiles) for which of the two.
///
/// # Errors
/// When the profile or its credentials cannot be used, or no valid region is set.
pub async fn cli_config(profile: Option<&str>, region: Option<&str>) -> Result<UserConfig, ClientsError> {
    load(profiles::select(profile).await?, region).await
}

/// The configuration of the caller whose access is tried: that of a profile.
///
/// # Errors
/// As [`cli_config`].
pub(super) async fn caller_config(profile: &str, region: Option<&str>) -> Result<UserConfig, ClientsError> {
    let selected = profiles::select(Some(profile)).await?;
    load(selected.map(|selected| Selected { option: ProfileOption::As, ..selected }), region).await
}

async fn load(selected: Option<Selected>, region: Option<&str>) -> Result<UserConfig, ClientsError> {
    let certificates = TrustedCertificates::from_env()?;
    let http_client = certificates.clone().http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client.clone())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts());
    if let Some(selected) = &selected {
        loader = loader.profile_name(&selected.name).no_credentials();
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let config = loader.load().await;
    if let Some(setting) = endpoints::invalid(&config) {
        return Err(ClientsError::Endpoint(setting));
    }
    match (config.region().map(AsRef::as_ref).unwrap_or_default(), &selected) {
        ("", Some(selected)) => return Err(ClientsError::RegionOfProfile(selected.name.as_str().into())),
        ("", None) => return Err(ClientsError::Region),
        (region, _) if config.endpoint_url().is_none() => {
            regions::check(region).await.map_err(ClientsError::UnknownRegion)?;
        }
        _ => {}
    }
    let credentials = match (selected, config.credentials_provider()) {
        (Some(selected), _) => {
            let loaded = ProfileCredentials::load(selected, config.region().cloned(), http_client).await?;
            SharedCredentialsProvider::new(loaded)
        }
        (None, Some(default)) => SharedCredentialsProvider::new(SendableCredentials(default)),
        (None, None) => return Ok(UserConfig { sdk: config, certificates }),
    };
    Ok(UserConfig { sdk: config.to_builder().credentials_provider(credentials).build(), certificates })
}

/// The same configuration with the credentials of a session. Region, retries and connections are shared.
pub(super) fn with_credentials(config: &SdkConfig, credentials: Credentials) -> SdkConfig {
    // The credentials are static. A cache would only keep them in memory longer than the session.
    let builder = config.to_builder().identity_cache(IdentityCache::no_cache());
    builder.credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(CALL_ATTEMPT)
        .operation_timeout(CALL)
        .build()
}

/// `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, as in every AWS SDK.
///
/// See <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() != "AWS_ENDPOINT_URL" {
            return None;
        }
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        let url = env::var(format!("AWS_ENDPOINT_URL_{service}")).or_else(|_| env::var("AWS_ENDPOINT_URL"));
        url.ok().filter(|url| !url.is_empty())
    }
}
