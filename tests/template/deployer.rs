//! `deployer-policy.json` allows what a deployment of the templates calls, and `operator-policy.json` what `onboard` calls, and
//! nothing else.
//!
//! CloudFormation calls the services with the permissions of whoever deploys. What it calls for a type of resource is in the
//! handlers of that type's schema (create, read, update, delete), which `aws cloudformation describe-type` prints. A handler
//! lists the calls for every property that the type has; [`calls`] has those for the properties that the templates set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::conditions::matches;
use crate::stack::{CONTROL_TOWER, MANAGEMENT, Stack, TEMPLATE, list, text};

fn policy() -> Value {
    serde_json::from_str(include_str!("../../deployer-policy.json")).expect("JSON")
}

fn operator_policy() -> Value {
    serde_json::from_str(include_str!("../../operator-policy.json")).expect("JSON")
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().expect("statements")
}

/// Statements that are not about resources of the templates.
const OTHER_STATEMENTS: [&str; 4] = ["Stacks", "Sam", "Packages", "Doctor"];

/// What operators do with the resources of the stack: docs/DEPLOY.md, docs/OPERATIONS.md, `--records`, a redrive, `config push`.
const OPERATION: [&str; 12] = [
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "lambda:GetFunctionConfiguration",
    "lambda:InvokeFunction",
    "logs:FilterLogEvents",
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:StartMessageMoveTask",
    "ssm:DeleteParameters",
    "ssm:GetParameter",
    "ssm:GetParametersByPath",
];

/// The calls that CloudFormation makes for a type of resource.
fn calls(kind: &str) -> Vec<&'static str> {
    let calls = match kind {
        "AWS::CloudWatch::Alarm" => {
            "cloudwatch: DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource"
        }
        "AWS::CloudWatch::Dashboard" => {
            "cloudwatch: DeleteDashboards GetDashboard ListTagsForResource PutDashboard TagResource"
        }
        "AWS::DynamoDB::Table" => {
            "dynamodb: CreateTable DeleteTable DescribeContinuousBackups DescribeContributorInsights \
             DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetResourcePolicy ListTagsOfResource \
             TagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive"
        }
        "AWS::Events::EventBus" => {
            "events: CreateEventBus DeleteEventBus DescribeEventBus ListTagsForResource TagResource UpdateEventBus"
        }
        "AWS::Events::EventBusPolicy" => "events: DescribeEventBus PutPermission RemovePermission",
        "AWS::Events::Rule" => {
            "events: DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets \
             TagResource"
        }
        "AWS::IAM::Role" => {
            "iam: CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies \
             PutRolePolicy TagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription PassRole"
        }
        "AWS::Logs::LogGroup" => {
            "logs: CreateLogGroup DeleteLogGroup GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy TagResource"
        }
        "AWS::SNS::Subscription" => "sns: GetSubscriptionAttributes SetSubscriptionAttributes Subscribe Unsubscribe",
        "AWS::SNS::Topic" => {
            "sns: CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic \
             ListTagsForResource SetTopicAttributes TagResource"
        }
        "AWS::SNS::TopicPolicy" => "sns: GetTopicAttributes SetTopicAttributes",
        "AWS::SQS::Queue" => {
            "sqs: CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue"
        }
        "AWS::SQS::QueuePolicy" => "sqs: GetQueueAttributes SetQueueAttributes",
        "AWS::SSM::Parameter" => {
            "ssm: AddTagsToResource DeleteParameter GetParameters ListTagsForResource PutParameter"
        }
        "AWS::Scheduler::Schedule" => "scheduler: CreateSchedule DeleteSchedule GetSchedule UpdateSchedule",
        "AWS::Scheduler::ScheduleGroup" => {
            "scheduler: CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup ListTagsForResource TagResource"
        }
        // SAM makes two resources of it: the function, and the event source mapping of its queue.
        "AWS::Serverless::Function" => {
            "lambda: CreateFunction DeleteFunction GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig \
             GetRuntimeManagementConfig TagResource UpdateFunctionCode UpdateFunctionConfiguration"
        }
        "AWS::Lambda::EventSourceMapping" => {
            "lambda: CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping ListTags \
             UpdateEventSourceMapping"
        }
        other => panic!("`{other}`: add what CloudFormation calls for it, here and to deployer-policy.json"),
    };
    let (service, names) = calls.split_once(": ").expect("a service");
    names.split_whitespace().map(|name| &*format!("{service}:{name}").leak()).collect()
}

const ACCOUNT: &str = "us-east-1:111122223333";

/// The ARN of a resource with the name that the template, or CloudFormation, gives it.
fn arn(stack: &str, name: &str, kind: &str, properties: &Value) -> String {
    let own = ["Name", "FunctionName", "DashboardName", "RoleName"].iter().find_map(|key| properties[*key].as_str());
    let own = own.map_or_else(|| format!("{stack}-{name}-1A2B3C4D5E6F"), str::to_owned);
    match kind {
        "AWS::CloudWatch::Alarm" => format!("arn:aws:cloudwatch:{ACCOUNT}:alarm:{own}"),
        "AWS::CloudWatch::Dashboard" => format!("arn:aws:cloudwatch::111122223333:dashboard/{own}"),
        "AWS::DynamoDB::Table" => format!("arn:aws:dynamodb:{ACCOUNT}:table/{own}"),
        "AWS::Events::EventBus" => format!("arn:aws:events:{ACCOUNT}:event-bus/{own}"),
        "AWS::Events::EventBusPolicy" => {
            format!("arn:aws:events:{ACCOUNT}:event-bus/{}", text(&properties["EventBusName"]))
        }
        "AWS::Events::Rule" => match properties["EventBusName"].as_str() {
            Some(bus) => format!("arn:aws:events:{ACCOUNT}:rule/{bus}/{own}"),
            None => format!("arn:aws:events:{ACCOUNT}:rule/{own}"),
        },
        "AWS::IAM::Role" => format!("arn:aws:iam::111122223333:role/{own}"),
        "AWS::Logs::LogGroup" => format!("arn:aws:logs:{ACCOUNT}:log-group:{own}"),
        "AWS::SNS::Topic" => format!("arn:aws:sns:{ACCOUNT}:{own}"),
        // The topic's ARN; the resource of Unsubscribe is the topic as well.
        "AWS::SNS::Subscription" | "AWS::SNS::TopicPolicy" => {
            format!("arn:aws:sns:{ACCOUNT}:{stack}-Notifications-1A2B3C4D5E6F")
        }
        "AWS::SQS::Queue" => format!("arn:aws:sqs:{ACCOUNT}:{own}"),
        "AWS::SQS::QueuePolicy" => format!("arn:aws:sqs:{ACCOUNT}:{stack}-Inbox-1A2B3C4D5E6F"),
        "AWS::SSM::Parameter" => format!("arn:aws:ssm:{ACCOUNT}:parameter{own}"),
        "AWS::Scheduler::Schedule" => {
            format!("arn:aws:scheduler:{ACCOUNT}:schedule/{stack}-SweepGroup-1A2B3C4D5E6F/{own}")
        }
        "AWS::Scheduler::ScheduleGroup" => format!("arn:aws:scheduler:{ACCOUNT}:schedule-group/{own}"),
        "AWS::Serverless::Function" => format!("arn:aws:lambda:{ACCOUNT}:function:{own}"),
        "AWS::Lambda::EventSourceMapping" => {
            format!("arn:aws:lambda:{ACCOUNT}:event-source-mapping:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        }
        other => panic!("`{other}` has no ARN here"),
    }
}

/// Every resource of the templates with all its parameters set: type and ARN.
fn resources() -> Vec<(String, String)> {
    let email = ("NotificationEmail", "a@example.com");
    let vendors = [("TrelicaExternalId", "x1"), ("WorkloadSecurityExternalId", "x2")];
    // SAM makes it; the template has none.
    let mapping = "AWS::Lambda::EventSourceMapping";
    let mut found = vec![(mapping.to_owned(), arn("account-onboarding", "", mapping, &Value::Null))];
    for (name, stack) in [
        ("account-onboarding", Stack::new(TEMPLATE, &[vendors[0], vendors[1], email])),
        ("account-onboarding-control-tower", Stack::new(CONTROL_TOWER, &[email])),
        ("account-onboarding-management", Stack::new(MANAGEMENT, &[email])),
    ] {
        let created =
            stack.created().map(|(id, kind, properties)| (kind.to_owned(), arn(name, &id, kind, &properties)));
        found.extend(created);
    }
    found
}

fn allows(policy: &Value, action: &str, arn: &str) -> bool {
    statements(policy).iter().any(|statement| {
        list(&statement["Action"]).contains(&action)
            && list(&statement["Resource"]).iter().any(|pattern| matches(pattern, arn))
    })
}

#[test]
fn deployer_may_create_update_and_delete_each_resource() {
    let policy = policy();
    let resources = resources();
    assert!(resources.len() > 40, "{}", resources.len());
    for (kind, arn) in resources {
        for action in calls(&kind) {
            assert!(allows(&policy, action, &arn), "{kind}: `{action}` on {arn}");
        }
    }
}

#[test]
fn deployer_may_do_nothing_else_with_resources() {
    let kinds: BTreeSet<_> = resources().into_iter().map(|(kind, _)| kind).collect();
    let needed: BTreeSet<_> = kinds.iter().flat_map(|kind| calls(kind)).chain(OPERATION).collect();
    let policy = policy();
    for statement in statements(&policy) {
        let is_other = OTHER_STATEMENTS.contains(&text(&statement["Sid"]));
        // The reads of event source mappings, whose ARNs do not name the stack, are among those of `onboard doctor`.
        let of_resources = |action: &&str| !is_other || action.starts_with("lambda:");
        for action in list(&statement["Action"]).into_iter().filter(of_resources) {
            assert!(needed.contains(action), "`{action}` is not needed");
        }
        if is_other {
            continue;
        }
        let own = |arn: &&str| arn.contains("account-onboarding");
        let limited = statement["Condition"]["ArnLike"]["lambda:FunctionArn"].is_string();
        assert!(limited || list(&statement["Resource"]).iter().all(own), "{}", statement["Sid"]);
    }
}

#[test]
fn deployer_cannot_touch_roles_and_stacks_of_others() {
    let policy = policy();
    for (action, arn) in [
        ("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/admin"),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/admin"),
        ("cloudformation:DeleteStack", "arn:aws:cloudformation:us-east-1:111122223333:stack/network/0a1b"),
        ("ssm:GetParameter", "arn:aws:ssm:us-east-1:111122223333:parameter/database/password"),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:111122223333:function:billing"),
        ("sts:AssumeRole", "arn:aws:iam::444455556666:role/billing"),
    ] {
        assert!(!allows(&policy, action, arn) && !allows(&operator_policy(), action, arn), "{action} on {arn}");
    }
    let pass = statements(&policy).iter().find(|one| one["Action"] == "iam:PassRole").expect("a statement");
    let services = list(&pass["Condition"]["StringEquals"]["iam:PassedToService"]);
    assert_eq!(services, ["lambda.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"]);
}

/// The calls of `onboard doctor`, `plan` and `config push` with the user's own credentials, as the source names them.
#[test]
fn deployer_and_operator_may_do_what_the_command_line_calls() {
    let mut seen = BTreeMap::new();
    for (file, source) in [
        ("inspect", include_str!("../../src/aws/inspect.rs")),
        ("directory", include_str!("../../src/aws/directory.rs")),
        ("parameter_store", include_str!("../../src/aws/parameter_store.rs")),
        ("parameters", include_str!("../../src/aws/parameters.rs")),
        ("records", include_str!("../../src/aws/records.rs")),
        ("sessions", include_str!("../../src/aws/sessions.rs")),
    ] {
        for word in source.split('"').skip(1).step_by(2) {
            let is_call = word.split_once(':').is_some_and(|(service, name)| {
                service.bytes().all(|b| b.is_ascii_lowercase())
                    && name.starts_with(|c: char| c.is_ascii_uppercase())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric())
            });
            if is_call {
                seen.insert(word, file);
            }
        }
    }
    assert!(seen.len() >= 12, "{seen:?}");
    // Needs no permission; and only the function waits for a request to create an account, or processes chunks of a sweep.
    for action in [
        "sts:GetCallerIdentity",
        "organizations:DescribeCreateAccountStatus",
        "dynamodb:BatchGetItem",
        "dynamodb:TransactWriteItems",
    ] {
        seen.remove(action);
    }
    let policies = [policy(), operator_policy()];
    let allowed: BTreeSet<_> = policies.iter().flat_map(statements).flat_map(|one| list(&one["Action"])).collect();
    for (action, file) in seen {
        assert!(allowed.contains(action), "{file}: `{action}`");
    }
}

#[test]
fn policies_fit_managed_policies() {
    for document in [include_str!("../../deployer-policy.json"), include_str!("../../operator-policy.json")] {
        assert!(document.chars().filter(|c| !c.is_whitespace()).count() <= 6144);
        let policy = serde_json::from_str(document).expect("JSON");
        let mut sids = BTreeSet::new();
        for statement in statements(&policy) {
            assert!(sids.insert(text(&statement["Sid"])), "{}", statement["Sid"]);
            assert!(!list(&statement["Action"]).iter().any(|action| action.contains('*')), "{}", statement["Sid"]);
        }
    }
}

/// An operator may read the organization and assume access roles, and may not deploy or write anything but records.
#[test]
fn operator_writes_nothing_but_records() {
    let policy = operator_policy();
    let actions: BTreeSet<_> = statements(&policy).iter().flat_map(|one| list(&one["Action"])).collect();
    let reads = |action: &&&str| {
        let name = action.split(':').nth(1).expect("a name");
        ["Get", "List", "Describe", "BatchGet", "Scan"].iter().any(|start| name.starts_with(start))
    };
    let others: Vec<_> = actions.iter().filter(|action| !reads(action)).copied().collect();
    assert_eq!(others, ["dynamodb:UpdateItem", "sts:AssumeRole"]);
}
