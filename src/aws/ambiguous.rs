//! Answers that were lost on the way, while the SDK tries a call again by itself and tells of the last attempt alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use onboarding_core::error::{ApiError, ErrorKind};

/// Whether an attempt of one call may have done what was asked for, though its answer does not say so.
#[derive(Debug, Clone, Default)]
pub(super) struct AmbiguousAttempt(Arc<AtomicBool>);

impl Intercept for AmbiguousAttempt {
    fn name(&self) -> &'static str {
        "Lost"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let unanswered = matches!(context.output_or_error(), Some(Err(error)) if !error.is_operation_error());
        let failed = context.response().is_some_and(|answer| answer.status().as_u16() >= 500);
        self.0.fetch_or(unanswered || failed, Ordering::Relaxed);
        Ok(())
    }
}

impl AmbiguousAttempt {
    /// The error of a write that cannot be made twice. That something is there already, or is gone already, may be the
    /// work of an attempt whose answer was lost: then it is told as that.
    pub(super) fn told(&self, error: ApiError) -> ApiError {
        let made = matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound);
        if !made || !self.0.load(Ordering::Relaxed) {
            return error;
        }
        let message = format!("an answer was lost, and the next attempt says {}: {}", error.code, error.message);
        ApiError::new(error.call, "Connection", &message).caused_by(error)
    }
}
