//! HTTP requests to vendors, over the SDK's HTTP client, so that there is one TLS stack and one set of root
//! certificates.

use std::sync::{Arc, OnceLock};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::network::{self, TrustedCertificates};
use super::unreachable::{Obstacle, marked, obstacle};
use onboarding_core::error::ApiError;
use onboarding_core::limits::CONNECT;
use onboarding_engine::ports::{Http, VendorRequest, VendorResponse};

/// An HTTP client that is created with the first request. Clones share its connections. It does not follow redirects
/// and does not retry.
#[derive(Debug, Clone, Default)]
pub struct HttpClient {
    connector: Arc<OnceLock<Connector>>,
    /// The certificates that the user trusts. `None` in the function, which uses no proxy either.
    user: Option<TrustedCertificates>,
}

/// The size limit for the body of a successful response, in bytes. No response that the vendor clients expect is that large.
const MAX_BODY: usize = 128 << 10;

/// How much is read of the body of any other response, in bytes. Its message is shortened further where it is shown.
const MAX_ERROR_BODY: usize = 4 << 10;

impl Http for HttpClient {
    async fn send(&self, request: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        let call = request.call;
        let timeout = request.timeout;
        let sent = tokio::time::timeout(timeout, self.exchange(request)).await;
        sent.unwrap_or_else(|_| Err(ApiError::new(call, "Timeout", "no response before the timeout")))
    }
}

impl HttpClient {
    /// The client of the CLI.
    pub(super) fn for_user(certificates: TrustedCertificates) -> Self {
        Self { user: Some(certificates), ..Self::default() }
    }

    async fn exchange(&self, request: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        let call = request.call;
        let connection =
            |error: &dyn std::error::Error| ApiError::new(call, "Connection", &super::error_chain::chain(error));
        let host = network::host(&request.url).to_owned();
        let sent = self.connector().call(http_request(request)?).await;
        let response = sent.map_err(|error| {
            let error = if self.user.is_some() { marked(error, &host) } else { error };
            let code = obstacle(&error).map_or("Connection", Obstacle::code);
            ApiError::new(call, code, &super::error_chain::chain(&error))
        })?;
        let status = response.status().as_u16();
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        let is_success = (200..300).contains(&status);
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.map_err(|error| connection(&error))?);
            if is_success && body.len() > MAX_BODY {
                return Err(ApiError::new(call, "MalformedAnswer", "the response is larger than 128 KiB"));
            }
            if !is_success && body.len() >= MAX_ERROR_BODY {
                body.truncate(MAX_ERROR_BODY);
                break;
            }
        }
        Ok(VendorResponse { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
            if let Some(trusted) = &self.user {
                return trusted.vendor_connector(settings);
            }
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .connector_settings(settings)
                .sleep_impl(TokioSleep::new())
                .build()
        })
    }
}

fn http_request(request: VendorRequest<'_>) -> Result<HttpRequest, ApiError> {
    let invalid = |error: &dyn std::fmt::Display| ApiError::new(request.call, "Client", &error.to_string());
    let body = request.body.as_ref().map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_string()));
    let mut http = HttpRequest::new(body);
    http.set_method(request.method.as_str()).map_err(|error| invalid(&error))?;
    http.set_uri(request.url.as_str()).map_err(|error| invalid(&error))?;
    for (name, value) in &request.headers {
        // The message leaves out the value because it may be an API key.
        let set = http.headers_mut().try_insert(*name, (*value).to_owned());
        set.map_err(|_| invalid(&format!("the value of the header `{name}` is not valid in HTTP")))?;
    }
    Ok(http)
}
