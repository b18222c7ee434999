//! Writes whose result is ambiguous because the response to one of the SDK's attempts was lost.
//!
//! The SDK retries a failed request automatically and returns only the result of the last attempt. For a write that
//! cannot be repeated this hides what happened. An example: IAM receives `CreateRole` and creates the role, but the
//! connection breaks before the response arrives. The SDK retries, and IAM responds with `EntityAlreadyExists`. That
//! looks as if another process had created the role, although it was this call.
//!
//! [`AmbiguousAttempt`] is an interceptor that watches every attempt of one call. If an attempt had no response, or a
//! response with a 5xx status, the service may have performed it. An "already exists" or "not found" error of a later
//! attempt is then replaced by a `Connection` error, which is transient: the next run reads the account again and plans
//! from what it finds. Throttled and rejected attempts were certainly not performed, and errors after them are returned
//! unchanged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use onboarding_core::error::{ApiError, ErrorKind};

/// Records whether an attempt of one call may have been performed although its response does not say so. Use one per
/// call.
#[derive(Debug, Clone, Default)]
pub(super) struct AmbiguousAttempt(Arc<AtomicBool>);

impl Intercept for AmbiguousAttempt {
    fn name(&self) -> &'static str {
        "AmbiguousAttempt"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let no_response = matches!(context.output_or_error(), Some(Err(error)) if !error.is_operation_error());
        let server_error = context.response().is_some_and(|response| response.status().as_u16() >= 500);
        self.0.fetch_or(no_response || server_error, Ordering::Relaxed);
        Ok(())
    }
}

impl AmbiguousAttempt {
    /// Classifies the error of a write that cannot be repeated: if an earlier attempt is ambiguous, "already exists"
    /// and "not found" become a transient `Connection` error.
    pub(super) fn classify(&self, error: ApiError) -> ApiError {
        let is_conflict = matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound);
        if !is_conflict || !self.0.load(Ordering::Relaxed) {
            return error;
        }
        let message = format!(
            "an earlier attempt had no response and may have made the change; the next attempt failed: {}: {}",
            error.code, error.message
        );
        ApiError::new(error.call, "Connection", &message).caused_by(error)
    }
}
