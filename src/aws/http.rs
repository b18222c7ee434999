//! HTTP to those who are not AWS, over the SDK's own client: one TLS stack, and one list of roots.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use onboarding_core::error::ApiError;
use onboarding_engine::ports::{Http, VendorRequest, VendorResponse};

/// An HTTP client, made with the first request. A clone shares its connections.
#[derive(Debug, Clone, Default)]
pub struct HttpClient(Arc<OnceLock<Connector>>);

/// No answer of an API that is spoken here is as long.
const LONGEST: usize = 1 << 20;

impl Http for HttpClient {
    async fn send(&self, request: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        let (call, timeout) = (request.call, request.timeout);
        let sent = tokio::time::timeout(timeout, self.exchange(request)).await;
        sent.unwrap_or_else(|_| Err(ApiError::new(call, "Timeout", "no answer in time")))
    }
}

impl HttpClient {
    async fn exchange(&self, request: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        let call = request.call;
        let connection = |error: &dyn std::error::Error| ApiError::new(call, "Connection", &super::error::chain(error));
        let answer = self.connector().call(http_request(request)?).await.map_err(|error| connection(&error))?;
        let status = answer.status().as_u16();
        let mut stream = ByteStream::new(answer.into_body());
        let mut body = Vec::new();
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.map_err(|error| connection(&error))?);
            if body.len() > LONGEST {
                return Err(ApiError::new(call, "MalformedAnswer", "the answer is longer than 1 MiB"));
            }
        }
        Ok(VendorResponse { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_secs(3)).build();
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .connector_settings(settings)
                .sleep_impl(TokioSleep::new())
                .build()
        })
    }
}

fn http_request(request: VendorRequest<'_>) -> Result<HttpRequest, ApiError> {
    let wrong = |error: &dyn std::fmt::Display| ApiError::new(request.call, "Client", &error.to_string());
    let mut http = HttpRequest::new(SdkBody::from(request.body.to_string()));
    http.set_method("POST").map_err(|error| wrong(&error))?;
    http.set_uri(request.url.as_str()).map_err(|error| wrong(&error))?;
    for (name, value) in &request.headers {
        // The value is not told: it may be a key.
        let set = http.headers_mut().try_insert(*name, (*value).to_owned());
        set.map_err(|_| wrong(&format!("the header `{name}` cannot be sent")))?;
    }
    Ok(http)
}
