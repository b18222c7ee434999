//! What `onboard doctor` reads. Only it needs CloudTrail and Lambda, so that their clients are created here.

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, EventSelector, ReadWriteType};
use aws_sdk_eventbridge::types::RuleState;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use aws_sdk_organizations::types::OrganizationFeatureSet;
use aws_sdk_sqs::types::QueueAttributeName;
use futures_util::future::try_join_all;

use super::Aws;
use super::error::malformed;
use super::iam::decoded;
use onboarding_core::doctor::{FunctionFacts, FunctionState, OrganizationFacts, QueueFacts, RuleFacts, TrailFacts};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::Inspect;

impl Inspect for Aws {
    fn region_name(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    async fn caller_arn(&self) -> Result<String, ApiError> {
        const CALL: &str = "sts:GetCallerIdentity";
        let identity = self.sts.get_caller_identity().send().await.map_err(self.caller_error(CALL))?;
        identity.arn.ok_or_else(|| malformed(CALL, "ARN"))
    }

    async fn organization_facts(&self) -> Result<OrganizationFacts, ApiError> {
        const CALL: &str = "organizations:DescribeOrganization";
        let described = self.organizations.describe_organization().send().await.map_err(self.caller_error(CALL))?;
        let found = described.organization.ok_or_else(|| malformed(CALL, "organization"))?;
        let management = found.master_account_id().and_then(|id| id.parse().ok());
        Ok(OrganizationFacts {
            management: management.ok_or_else(|| malformed(CALL, "management account"))?,
            has_all_features: found.feature_set == Some(OrganizationFeatureSet::All),
            id: found.id.ok_or_else(|| malformed(CALL, "ID"))?,
        })
    }

    async fn trail_facts(&self) -> Result<Vec<TrailFacts>, ApiError> {
        let cloudtrail = aws_sdk_cloudtrail::Client::new(&self.config);
        let describe = cloudtrail.describe_trails().send().await;
        let trails = describe.map_err(self.caller_error("cloudtrail:DescribeTrails"))?.trail_list.unwrap_or_default();
        let names = trails.into_iter().filter_map(|trail| Some((trail.name?, trail.trail_arn?)));
        try_join_all(names.map(|(name, arn)| {
            let cloudtrail = &cloudtrail;
            async move {
                let status = cloudtrail.get_trail_status().name(&arn).send().await;
                let status = status.map_err(self.caller_error("cloudtrail:GetTrailStatus"))?;
                let selectors = cloudtrail.get_event_selectors().trail_name(&arn).send().await;
                let selectors = selectors.map_err(self.caller_error("cloudtrail:GetEventSelectors"))?;
                let logs_management_writes = selectors.event_selectors().iter().any(selects_writes)
                    || selectors.advanced_event_selectors().iter().any(advanced_selects_writes);
                Ok(TrailFacts { name, is_logging: status.is_logging.unwrap_or(false), logs_management_writes })
            }
        }))
        .await
    }

    async fn function_facts(&self, name: &str) -> Result<Option<FunctionFacts>, ApiError> {
        const CALL: &str = "lambda:GetFunctionConfiguration";
        let lambda = aws_sdk_lambda::Client::new(&self.config);
        let found = match lambda.get_function_configuration().function_name(name).send().await {
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            result => result.map_err(self.caller_error(CALL))?,
        };
        let update = found.last_update_status().filter(|status| **status == LastUpdateStatus::Failed);
        let reason = |text: Option<&str>| text.map(|text| format!(": {text}")).unwrap_or_default();
        let state = match found.state() {
            Some(State::Pending) => FunctionState::Pending,
            Some(state) if *state != State::Active && *state != State::Inactive => {
                FunctionState::Unusable(format!("its state is {state}{}", reason(found.state_reason())))
            }
            _ if update.is_some() => {
                let reason = reason(found.last_update_status_reason());
                FunctionState::Unusable(format!("its last update failed{reason}"))
            }
            _ => FunctionState::Active,
        };
        let role = found.role().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
        let environment = found.environment.and_then(|environment| environment.variables).unwrap_or_default();
        Ok(Some(FunctionFacts { name: name.to_owned(), state, role, environment: environment.into_iter().collect() }))
    }

    async fn queue_facts(&self, url: &str) -> Result<QueueFacts, ApiError> {
        const CALL: &str = "sqs:GetQueueAttributes";
        let get = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let get = get.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
        let attributes = get.send().await.map_err(self.caller_error(CALL))?.attributes.unwrap_or_default();
        let value = |name| attributes.get(&name).cloned().ok_or_else(|| malformed(CALL, "attribute"));
        let messages = value(QueueAttributeName::ApproximateNumberOfMessages)?;
        let messages = messages.parse().map_err(|_| malformed(CALL, "number of messages"))?;
        Ok(QueueFacts { arn: value(QueueAttributeName::QueueArn)?, messages })
    }

    async fn rules_with_target(&self, arn: &str) -> Result<Vec<RuleFacts>, ApiError> {
        let events = self.events();
        let list = events.list_rule_names_by_target().target_arn(arn).send().await;
        let names = list.map_err(self.caller_error("events:ListRuleNamesByTarget"))?.rule_names.unwrap_or_default();
        try_join_all(names.into_iter().map(|name| async move {
            let rule = events.describe_rule().name(&name).send().await;
            let rule = rule.map_err(self.caller_error("events:DescribeRule"))?;
            Ok(RuleFacts { name, is_enabled: rule.state != Some(RuleState::Disabled) })
        }))
        .await
    }

    async fn table_state(&self, name: &str) -> Result<String, ApiError> {
        const CALL: &str = "dynamodb:DescribeTable";
        let dynamodb = self.dynamodb();
        let described = dynamodb.describe_table().table_name(name).send().await.map_err(self.caller_error(CALL))?;
        let state = described.table.and_then(|table| table.table_status);
        state.map(|state| state.as_str().to_owned()).ok_or_else(|| malformed(CALL, "status"))
    }

    async fn own_role_policies(&self, role: &str) -> Result<Vec<String>, ApiError> {
        let iam = aws_sdk_iam::Client::new(&self.config);
        let pages = iam.list_role_policies().role_name(role).into_paginator().items().send();
        let names = pages.collect::<Result<Vec<_>, _>>().await.map_err(self.caller_error("iam:ListRolePolicies"))?;
        try_join_all(names.into_iter().map(|name| {
            let iam = &iam;
            async move {
                const CALL: &str = "iam:GetRolePolicy";
                let policy = iam.get_role_policy().role_name(role).policy_name(name).send().await;
                decoded(CALL, &policy.map_err(self.caller_error(CALL))?.policy_document)
            }
        }))
        .await
    }
}

fn selects_writes(selector: &EventSelector) -> bool {
    selector.include_management_events.unwrap_or(true) && selector.read_write_type != Some(ReadWriteType::ReadOnly)
}

/// A selector of management events that leaves out neither those that write nor those of Organizations. One with further fields
/// may leave out anything, and does not count.
fn advanced_selects_writes(selector: &AdvancedEventSelector) -> bool {
    let fields = selector.field_selectors();
    let is = |name: &str, value: &str| {
        fields.iter().any(|field| field.field() == name && field.equals().iter().any(|equal| equal == value))
    };
    let excludes_organizations = fields.iter().any(|field| {
        field.field() == "eventSource" && field.not_equals().iter().any(|source| source.starts_with("organizations."))
    });
    is("eventCategory", "Management") && !is("readOnly", "true") && !excludes_organizations
}
