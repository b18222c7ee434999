//! Counts the attempts that AWS throttles.
//!
//! The SDK retries a throttled attempt and returns only the result of the last one, so that a caller at the limit of a quota sees
//! calls which succeed slowly. [`Throttles`] is an interceptor of all calls with a quota that counts these attempts, so that
//! the rate of their API is reduced ([`onboarding_engine::Governed`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use onboarding_core::rate::LimitedApi;

/// What the errors of throttled attempts have in their codes: `ThrottlingException`, `Throttling`, `ThrottledException`,
/// `TooManyRequestsException`, `RequestLimitExceeded`, and `ProvisionedThroughputExceededException` of DynamoDB, which on-demand
/// tables return, too.
const CODES: [&str; 4] = ["Throttl", "TooManyRequests", "RequestLimitExceeded", "ThroughputExceeded"];

/// The throttled attempts of each API. Clones share their counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Throttles(Arc<Mutex<BTreeMap<LimitedApi, u64>>>);

impl Throttles {
    /// How many attempts were throttled so far.
    pub(super) fn count(&self, api: LimitedApi) -> u64 {
        self.lock().get(&api).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LimitedApi, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Throttles {
    fn name(&self) -> &'static str {
        "Throttles"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(response) = context.response().filter(|response| response.status().as_u16() >= 400) else {
            return Ok(());
        };
        let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let is_throttled = response.status().as_u16() == 429 || CODES.iter().any(|code| body.contains(code));
        if is_throttled && let Some(api) = config.load::<Metadata>().and_then(|call| limited_api(call.name())) {
            *self.lock().entry(api).or_default() += 1;
        }
        Ok(())
    }
}

fn limited_api(operation: &str) -> Option<LimitedApi> {
    Some(match operation {
        "DescribeAccount" => LimitedApi::DescribeAccount,
        "ListAccounts" => LimitedApi::ListAccounts,
        "ListTagsForResource" => LimitedApi::ListTags,
        "ListRoots" | "DescribeOrganizationalUnit" | "ListOrganizationalUnitsForParent" | "ListCreateAccountStatus" => {
            LimitedApi::ReadOrganization
        }
        "ListParents" => LimitedApi::ListParents,
        "CreateAccount" => LimitedApi::CreateAccount,
        "DescribeCreateAccountStatus" => LimitedApi::CreationStatus,
        "AssumeRole" => LimitedApi::AssumeRole,
        "GetParameter" | "GetParameters" | "GetParametersByPath" => LimitedApi::ReadParameters,
        "PutEvents" => LimitedApi::PutEvents,
        "GetItem" | "UpdateItem" | "BatchGetItem" | "TransactWriteItems" | "Scan" => LimitedApi::Records,
        _ => return None,
    })
}
