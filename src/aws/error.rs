//! The SDK's errors as ours: the code on the wire, the message, and the typed error behind them.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use onboarding_core::error::ApiError;

/// Turns the SDK's error of a call into ours.
pub(super) fn api_error<E>(call: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let (code, message) = match &error {
            SdkError::ServiceError(answer) => {
                let code = answer.err().code().filter(|code| !code.is_empty());
                let code = code.map_or_else(|| code_of_status(answer.raw()), str::to_owned);
                (code, answer.err().message().unwrap_or_default().to_owned())
            }
            SdkError::TimeoutError(_) => ("Timeout".to_owned(), "no answer in time".to_owned()),
            SdkError::DispatchFailure(_) if has_no_credentials(&error) => {
                ("NoCredentials".to_owned(), "neither the environment nor a profile has any".to_owned())
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => ("Timeout".to_owned(), chain(&error)),
            SdkError::DispatchFailure(failure) if failure.is_io() => ("Connection".to_owned(), chain(&error)),
            SdkError::ResponseError(answer) => (code_of_status(answer.raw()), chain(&error)),
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

/// The code of an answer that has none, or that is not understood.
fn code_of_status(answer: &HttpResponse) -> String {
    let code = match answer.status().as_u16() {
        429 => "TooManyRequestsException",
        500.. => "ServiceUnavailable",
        _ => "MalformedAnswer",
    };
    code.to_owned()
}

/// Whether the call was not made for want of credentials.
fn has_no_credentials(error: &dyn Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<CredentialsError>() {
            return true;
        }
        next = cause.source();
    }
    false
}

/// An answer that lacks what the service's model promises.
pub(super) fn malformed(call: &'static str, what: &str) -> ApiError {
    ApiError::new(call, "MalformedAnswer", &format!("the answer has no {what}"))
}

/// An error and its causes, since the SDK tells the first of them alone.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
