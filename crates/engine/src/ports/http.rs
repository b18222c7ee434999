//! HTTP requests to the APIs of vendors.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde_json::Value;

use onboarding_core::error::ApiError;

/// A request with a JSON body, or without a body. Its headers may contain a key and are never printed.
pub struct VendorRequest<'a> {
    /// The API call, for example `workload-security:SearchAwsConnectors`.
    pub call: &'static str,
    /// The URL.
    pub url: String,
    /// Headers, with lowercase names.
    pub headers: Vec<(&'static str, &'a str)>,
    /// The method.
    pub method: Method,
    /// The body, if there is one.
    pub body: Option<Value>,
    /// The timeout of the whole exchange.
    pub timeout: Duration,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Debug for VendorRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {})", self.call, self.url)
    }
}

/// A response, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorResponse {
    /// The status.
    pub status: u16,
    /// The body, with invalid UTF-8 replaced.
    pub body: String,
}

/// An HTTP client for APIs that are not part of AWS.
pub trait Http: Sync {
    /// Sends a request. Redirects are not followed, so that a key only reaches the host that it was sent to.
    ///
    /// # Errors
    /// `Connection` or `Timeout` if there is no response, `MalformedAnswer` if it cannot be read.
    fn send(&self, request: VendorRequest<'_>) -> impl Future<Output = Result<VendorResponse, ApiError>> + Send;
}
