//! Converts SDK errors to `ApiError`: the error code from the wire, the message, and the SDK error as the source.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::ErrorKind;

use super::credentials::unavailable_credentials;
use super::error_chain::chain;
use super::unreachable::obstacle;
use onboarding_core::error::ApiError;

/// Converts the SDK error of a call.
pub(super) fn api_error<E>(call: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message) = match &error {
            SdkError::ServiceError(response) => {
                let message = response.err().message().unwrap_or_default();
                match response.err().code().filter(|code| !code.is_empty()) {
                    Some(code) => (code.to_owned(), message.to_owned()),
                    None => (code_of_status(response.raw()), with_status(response.raw(), message)),
                }
            }
            SdkError::TimeoutError(_) => ("Timeout".to_owned(), "no response before the timeout".to_owned()),
            SdkError::DispatchFailure(_) if let Some(reason) = unavailable_credentials(&error) => {
                ("NoCredentials".to_owned(), reason)
            }
            SdkError::DispatchFailure(_) if let Some(obstacle) = obstacle(&error) => {
                (obstacle.code().to_owned(), chain(&error))
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => ("Timeout".to_owned(), chain(&error)),
            SdkError::DispatchFailure(failure) if is_lost_connection(failure) => {
                ("Connection".to_owned(), chain(&error))
            }
            SdkError::ResponseError(response) => {
                (code_of_status(response.raw()), with_status(response.raw(), &chain(&error)))
            }
            _ => ("Client".to_owned(), chain(&error)),
        };
        let ours = ApiError::new(call, code, &message);
        let ours = match status {
            Some(status) => ours.with_status(status),
            None => ours,
        };
        ours.caused_by(error)
    }
}

/// Whether the connection failed, or was closed before the head of the response was complete. The SDK calls only the first an
/// I/O error; the second is a transient error of another kind, which occurs when a server closes an idle connection just as
/// it is used again.
fn is_lost_connection(failure: &DispatchFailure) -> bool {
    failure.is_io() || failure.as_other() == Some(ErrorKind::TransientError)
}

/// An error code for a response that has none or cannot be parsed.
fn code_of_status(response: &HttpResponse) -> String {
    let code = match response.status().as_u16() {
        429 => "TooManyRequestsException",
        500.. => "ServiceUnavailable",
        _ => "MalformedAnswer",
    };
    code.to_owned()
}

/// The message of a response that is not the service's, which often comes from a proxy.
fn with_status(response: &HttpResponse, message: &str) -> String {
    let status = format!("HTTP status {}", response.status().as_u16());
    if message.is_empty() { status } else { format!("{status}: {message}") }
}

/// The error of a response without a field that the service's model requires.
pub(super) fn malformed(call: &'static str, what: &str) -> ApiError {
    ApiError::new(call, "MalformedAnswer", &format!("the response has no {what}"))
}
