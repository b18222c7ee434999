//! How often AWS's APIs may be called, and how often they were.
//!
//! AWS limits the rate of each API with a token bucket of the account that calls: so many calls at once, refilled so many times
//! a second. A call without a token is answered with a throttling error and has no effect. The quotas are off until
//! [`FakeOrganization::enforce_api_quotas`], because a test makes many calls at one simulated instant.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>,
//! <https://docs.aws.amazon.com/general/latest/gr/ssm.html> and
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>. AWS documents no rate for the other reads of
//! Organizations: they have that of `ListAccounts`. DynamoDB on demand, and IAM in the member accounts, have none.

use std::collections::BTreeMap;
use std::time::SystemTime;

use onboarding_core::time::since;

use crate::organization::FakeOrganization;
use crate::rejection::Rejection;

/// The calls of an API so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ApiCalls {
    /// All of them.
    pub calls: u64,
    /// Those that were throttled.
    pub throttled: u64,
}

/// A quota of AWS.
struct ApiQuota {
    /// The calls that share it have the same name.
    name: &'static str,
    per_second: f64,
    burst: f64,
    /// The code of the throttling error.
    code: &'static str,
}

const fn quota(name: &'static str, per_second: u32, burst: u32, code: &'static str) -> Option<ApiQuota> {
    Some(ApiQuota { name, per_second: per_second as f64, burst: burst as f64, code })
}

fn quota_of(call: &str) -> Option<ApiQuota> {
    const TOO_MANY: &str = "TooManyRequestsException";
    match call {
        "organizations:DescribeAccount" => quota("DescribeAccount", 20, 30, TOO_MANY),
        "organizations:ListAccounts" => quota("ListAccounts", 8, 12, TOO_MANY),
        "organizations:ListTagsForResource" => quota("ListTagsForResource", 10, 15, TOO_MANY),
        "organizations:ListParents" => quota("ListParents", 5, 8, TOO_MANY),
        "organizations:ListRoots"
        | "organizations:DescribeOrganizationalUnit"
        | "organizations:ListOrganizationalUnitsForParent"
        | "organizations:ListCreateAccountStatus" => quota("other reads", 8, 12, TOO_MANY),
        "sts:AssumeRole" => quota("STS", 600, 600, "Throttling"),
        "ssm:GetParameter" | "ssm:GetParameters" | "ssm:GetParametersByPath" => {
            quota("Parameter Store", 40, 40, "ThrottlingException")
        }
        "events:PutEvents" => quota("PutEvents", 400, 400, "ThrottlingException"),
        _ => None,
    }
}

/// The tokens that were left at a time.
struct Tokens {
    left: f64,
    at: SystemTime,
}

/// The quotas, and the calls.
#[derive(Default)]
pub(super) struct ApiQuotas {
    /// The share of every quota that other callers leave; `None` if no quota is enforced.
    share: Option<f64>,
    tokens: BTreeMap<&'static str, Tokens>,
    calls: BTreeMap<&'static str, ApiCalls>,
}

impl ApiQuotas {
    /// Counts a call, and rejects it if there is no token for it.
    pub(super) fn take(&mut self, call: &'static str, now: SystemTime) -> Result<(), Rejection> {
        let calls = self.calls.entry(call).or_default();
        calls.calls += 1;
        let (Some(share), Some(quota)) = (self.share, quota_of(call)) else { return Ok(()) };
        let burst = (quota.burst * share).max(1.0);
        let tokens = self.tokens.entry(quota.name).or_insert(Tokens { left: burst, at: now });
        let refilled = since(tokens.at, now).as_secs_f64() * quota.per_second * share;
        tokens.left = (tokens.left + refilled).min(burst);
        tokens.at = now;
        // What is refilled is not exact.
        if tokens.left < 1.0 - 1e-6 {
            calls.throttled += 1;
            return Err(Rejection::new(quota.code, "Rate exceeded"));
        }
        tokens.left -= 1.0;
        Ok(())
    }

    pub(super) fn clear_calls(&mut self) {
        self.calls.clear();
    }
}

impl FakeOrganization {
    /// Enforces the quotas of AWS's APIs from now on. Other callers of the account leave this share of each, in percent.
    pub fn enforce_api_quotas(&self, percent: u32) {
        self.lock().api_quotas.share = Some(f64::from(percent) / 100.0);
    }

    /// The calls of each API since the journal was cleared, such as `organizations:ListAccounts`.
    #[must_use]
    pub fn api_calls(&self) -> BTreeMap<&'static str, ApiCalls> {
        self.lock().api_quotas.calls.clone()
    }

    /// The calls that were throttled because of a quota since the journal was cleared.
    #[must_use]
    pub fn throttled_calls(&self) -> u64 {
        self.api_calls().values().map(|calls| calls.throttled).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use onboarding_core::error::ErrorKind;
    use onboarding_engine::ports::{Clock, Directory, Secrets};

    use super::*;
    use crate::example;

    async fn throttled_of(organization: &FakeOrganization, calls: usize) -> usize {
        let id = example::id("333344445555");
        let answers = join_all((0..calls).map(|_| organization.account(&id))).await;
        let errors = answers.into_iter().filter_map(Result::err);
        errors.inspect(|error| assert_eq!(error.kind(), ErrorKind::Throttled, "{error}")).count()
    }

    #[tokio::test]
    async fn burst_is_answered_and_then_the_rate() {
        let organization = example::organization();
        assert_eq!(throttled_of(&organization, 100).await, 0, "quotas are off at first");
        organization.clear_journal();
        organization.enforce_api_quotas(100);
        assert_eq!(throttled_of(&organization, 50).await, 20);
        organization.sleep(Duration::from_millis(500)).await;
        assert_eq!(throttled_of(&organization, 11).await, 1);
        organization.sleep(Duration::from_secs(60)).await;
        assert_eq!(throttled_of(&organization, 31).await, 1);
        let expected = ApiCalls { calls: 92, throttled: 22 };
        assert_eq!(organization.api_calls(), BTreeMap::from([("organizations:DescribeAccount", expected)]));
    }

    #[tokio::test]
    async fn reads_of_parameters_share_one_quota() {
        let organization = example::organization().with_parameter("/a", "value");
        organization.enforce_api_quotas(50);
        for _ in 0..10 {
            organization.parameter("/a").await.unwrap();
            organization.parameters(&["/a"]).await.unwrap();
        }
        let error = organization.parameters(&["/a"]).await.unwrap_err().to_string();
        assert_eq!(error, "ssm:GetParameters failed: ThrottlingException: Rate exceeded");
    }
}
