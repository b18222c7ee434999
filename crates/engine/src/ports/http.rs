//! HTTP, as the APIs of vendors speak it: one request, one answer.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde_json::Value;

use onboarding_core::error::ApiError;

/// One `POST` of JSON. Its headers may hold a key: they are shown nowhere.
pub struct VendorRequest<'a> {
    /// What it is for, as `workload-security:SearchAwsConnectors`.
    pub call: &'static str,
    /// The URL.
    pub url: String,
    /// Headers, with names in small letters.
    pub headers: Vec<(&'static str, &'a str)>,
    /// The body.
    pub body: Value,
    /// How long the answer is waited for.
    pub timeout: Duration,
}

impl fmt::Debug for VendorRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {})", self.call, self.url)
    }
}

/// One answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorResponse {
    /// The status.
    pub status: u16,
    /// The body, as far as it is text.
    pub body: String,
}

/// The way to an API of somebody who is not AWS.
pub trait Http: Sync {
    /// Sends a request. No redirect is followed: a key goes where it was sent.
    ///
    /// # Errors
    /// `Connection` or `Timeout` where there is no answer, `MalformedAnswer` where it is none that we take.
    fn send(&self, request: VendorRequest<'_>) -> impl Future<Output = Result<VendorResponse, ApiError>> + Send;
}
