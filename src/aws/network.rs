//! The connections of the CLI: through the proxy of the environment, with the certificates that `AWS_CA_BUNDLE` names.
//!
//! The variables are those of the AWS CLI: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in lowercase. The
//! function uses none of them.
//!
//! See <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html> and, for `AWS_CA_BUNDLE`,
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>.

use std::env;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::unreachable::marked;
use onboarding_core::text::{Untrusted, printable};

/// Why the certificates that `AWS_CA_BUNDLE` names cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`AWS_CA_BUNDLE` names `{file}`, which cannot be used: {reason}; name a PEM file with the certificates to trust"
)]
pub struct BundleError {
    file: Untrusted,
    reason: String,
}

/// The certificates to trust instead of those of the system, in PEM; `None` if the environment names none. They were parsed,
/// because the SDK panics on others.
#[derive(Debug, Clone, Default)]
pub(super) struct TrustedCertificates(Option<Vec<u8>>);

impl TrustedCertificates {
    /// Reads the file that `AWS_CA_BUNDLE` names.
    pub(super) fn from_env() -> Result<Self, BundleError> {
        let Some(file) = env::var("AWS_CA_BUNDLE").ok().filter(|file| !file.trim().is_empty()) else {
            return Ok(Self(None));
        };
        let unusable = |reason: String| BundleError { file: file.as_str().into(), reason: printable(&reason) };
        let pem = std::fs::read(&file).map_err(|error| unusable(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = certificates.map_err(|error| unusable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unusable("it has no certificate".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        Ok(Self(Some(pem)))
    }

    /// A client for the SDK.
    pub(super) fn http_client(self) -> SharedHttpClient {
        let connect = move |settings: Option<&HttpConnectorSettings>, _: Option<&RuntimeComponents>| {
            self.connector(settings.cloned(), TrustStore::empty())
        };
        SharedHttpClient::new(UserHttpClient(Builder::new().build_with_connector_fn(connect)))
    }

    /// A connector to the vendors, which also trusts the system's certificates: the variable is about AWS.
    pub(super) fn vendor_connector(&self, settings: HttpConnectorSettings) -> Connector {
        self.connector(Some(settings), TrustStore::default())
    }

    /// A connector with a pool of connections of its own. `store` has what is trusted in addition to the certificates, if there
    /// are any.
    fn connector(&self, settings: Option<HttpConnectorSettings>, store: TrustStore) -> Connector {
        let mut builder = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .sleep_impl(TokioSleep::new())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        builder.set_connector_settings(settings);
        if let Some(pem) = &self.0 {
            let store = store.with_pem_certificate(pem.clone());
            if let Ok(context) = TlsContext::builder().with_trust_store(store).build() {
                builder.set_tls_context(context);
            }
        }
        builder.build()
    }
}

/// A client whose connections are [`UserConnector`]s.
#[derive(Debug)]
struct UserHttpClient(SharedHttpClient);

impl HttpClient for UserHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(UserConnector(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// A connector that marks connections that no retry makes.
#[derive(Debug)]
struct UserConnector(SharedHttpConnector);

impl HttpConnector for UserConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let host = host(request.uri()).to_owned();
        let sent = self.0.call(request);
        HttpConnectorFuture::new(async move { sent.await.map_err(|error| marked(error, &host)) })
    }
}

/// The host of a URL.
pub(super) fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    rest.split(['/', '?']).next().unwrap_or_default()
}
