//! The port of `onboard doctor`: reads about the caller, the organization and the deployed stack.

use std::future::Future;

use onboarding_core::doctor::{FunctionFacts, OrganizationFacts, QueueFacts, RuleFacts, TrailFacts};
use onboarding_core::error::ApiError;

/// Reads the environment of the tool. Nothing here writes.
pub trait Inspect: Sync {
    /// The region of the clients.
    fn region_name(&self) -> String;

    /// `sts:GetCallerIdentity`: the ARN of the caller.
    fn caller_arn(&self) -> impl Future<Output = Result<String, ApiError>> + Send;

    /// `organizations:DescribeOrganization`.
    fn organization_facts(&self) -> impl Future<Output = Result<OrganizationFacts, ApiError>> + Send;

    /// The trails that log in the region: `cloudtrail:DescribeTrails`, and for each `cloudtrail:GetTrailStatus` and
    /// `cloudtrail:GetEventSelectors`.
    fn trail_facts(&self) -> impl Future<Output = Result<Vec<TrailFacts>, ApiError>> + Send;

    /// `lambda:GetFunctionConfiguration`; `None` if there is no such function.
    fn function_facts(&self, name: &str) -> impl Future<Output = Result<Option<FunctionFacts>, ApiError>> + Send;

    /// `sqs:GetQueueAttributes`.
    fn queue_facts(&self, url: &str) -> impl Future<Output = Result<QueueFacts, ApiError>> + Send;

    /// The rules of the default event bus with this target: `events:ListRuleNamesByTarget`, and for each
    /// `events:DescribeRule`.
    fn rules_with_target(&self, arn: &str) -> impl Future<Output = Result<Vec<RuleFacts>, ApiError>> + Send;

    /// `dynamodb:DescribeTable`: the state of a table.
    fn table_state(&self, name: &str) -> impl Future<Output = Result<String, ApiError>> + Send;

    /// The inline policies of a role in the caller's account: `iam:ListRolePolicies`, and for each `iam:GetRolePolicy`.
    fn own_role_policies(&self, role: &str) -> impl Future<Output = Result<Vec<String>, ApiError>> + Send;
}
