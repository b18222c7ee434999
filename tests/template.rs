//! Checks the contents of `template.yaml`, `control-tower.yaml`, `management.yaml` and `prerequisites.yaml`. CloudFormation linters do not notice
//! a wrong runtime, a queue that is not connected to anything or a permission that is too broad, and do not know the format
//! of `onboarding.toml`.
#![cfg(test)]

#[path = "template/alarms.rs"]
mod alarms;
#[path = "template/conditions.rs"]
mod conditions;
#[path = "template/configuration.rs"]
mod configuration;
#[path = "template/control_tower.rs"]
mod control_tower;
#[path = "template/deployer.rs"]
mod deployer;
#[path = "template/emails.rs"]
mod emails;
#[path = "template/limits.rs"]
mod limits;
#[path = "template/management.rs"]
mod management;
#[path = "template/notifications.rs"]
mod notifications;
#[path = "template/parameters.rs"]
mod parameters;
#[path = "template/prerequisites.rs"]
mod prerequisites;
#[path = "template/stack.rs"]
mod stack;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stack::{CONTROL_TOWER, MANAGEMENT, PREREQUISITES, Stack, TEMPLATE, list, read, template};

/// All statements of the function's role.
fn permissions(stack: &Stack) -> Vec<Value> {
    let role = stack.resource("FunctionRole");
    assert!(role["ManagedPolicyArns"].is_null(), "no managed policy is attached");
    let policies = role["Policies"].as_array().expect("policies");
    policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().expect("statements").clone())
        .collect()
}

// ---------------------------------------------------------------- function

#[test]
fn lambda_runs_the_bootstrap_binary() {
    let function = Stack::with(&[]).resource("Onboard");
    assert_eq!(function["Runtime"], "provided.al2023");
    assert_eq!(function["Handler"], "bootstrap");
    let metadata = template()["Resources"]["Onboard"]["Metadata"].clone();
    assert_eq!(metadata, json!({ "BuildMethod": "rust-cargolambda", "BuildProperties": { "Binary": "bootstrap" } }));
}

#[test]
fn architecture_is_x86_64_or_arm64() {
    let template = template();
    assert_eq!(template["Parameters"]["Architecture"]["Default"], "x86_64");
    assert_eq!(template["Parameters"]["Architecture"]["AllowedValues"], json!(["x86_64", "arm64"]));
    assert_eq!(template["Resources"]["Onboard"]["Properties"]["Architectures"], json!([{ "Ref": "Architecture" }]));
}

#[test]
fn function_reads_the_configuration_parameter() {
    let parameter =
        |stack: &Stack| stack.resource("Onboard")["Environment"]["Variables"]["ONBOARDING_CONFIG_PARAMETER"].clone();
    let generated = Stack::with(&[]);
    assert_eq!(parameter(&generated), generated.resource("Configuration")["Name"]);
    let own = Stack::with(&[("ConfigurationParameterName", "/platform/onboarding")]);
    assert_eq!(parameter(&own), "/platform/onboarding");
    assert_eq!(own.resource("Configuration"), Value::Null, "the user's own configuration is not overwritten");
}

// ---------------------------------------------------------------- events and queues

#[test]
fn rule_sends_events_to_the_queue_and_the_queue_triggers_the_function() {
    let stack = Stack::with(&[]);
    let rule = stack.resource("NewAccount");
    assert_eq!(rule["Targets"][0]["Arn"], "<Inbox.Arn>");
    assert_eq!(rule["EventPattern"]["source"], json!(["aws.organizations", "aws.controltower"]));
    assert!(
        rule["EventPattern"]["detail-type"].is_null(),
        "the detail-type is not certain, so the pattern does not match on it"
    );
    let calls = json!({
        "eventName": [
            "CreateAccount", "CreateGovCloudAccount", "MoveAccount", "RemoveAccountFromOrganization", "TagResource",
            "UntagResource",
        ],
        "errorCode": [{ "exists": false }],
    });
    assert_eq!(rule["EventPattern"]["detail"]["$or"][2], calls, "a failed call created nothing");
    let source = &stack.resource("Onboard")["Events"]["Inbox"]["Properties"];
    assert_eq!(source["Queue"], "<Inbox.Arn>");
    assert_eq!(source["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!(source["ScalingConfig"]["MaximumConcurrency"], "5");
}

#[test]
fn change_of_the_configuration_starts_a_sweep_unless_sweeps_are_disabled() {
    let pattern = |name: &str| {
        json!({
            "source": ["aws.ssm"],
            "detail-type": ["Parameter Store Change"],
            "account": ["111122223333"],
            "detail": {"name": [name], "operation": ["Create", "Update"]},
        })
    };
    let generated = Stack::with(&[]).resource("ConfigurationChanged");
    let name = Stack::with(&[]).resource("Onboard")["Environment"]["Variables"]["ONBOARDING_CONFIG_PARAMETER"].clone();
    assert_eq!(generated["EventPattern"], pattern(name.as_str().expect("the name of the parameter")));
    assert_eq!((&generated["State"], &generated["Targets"][0]["Arn"]), (&json!("ENABLED"), &json!("<Inbox.Arn>")));
    let own = Stack::with(&[("ConfigurationParameterName", "/platform/onboarding"), ("Sweep", "DISABLED")]);
    let own = own.resource("ConfigurationChanged");
    assert_eq!((&own["EventPattern"], &own["State"]), (&pattern("/platform/onboarding"), &json!("DISABLED")));
}

#[test]
fn rules_match_only_events_of_the_account_of_the_stack() {
    for (template, count) in [(TEMPLATE, 4), (CONTROL_TOWER, 1), (MANAGEMENT, 1)] {
        let stack = Stack::new(template, &[]);
        let resources = read(template)["Resources"].clone();
        let resources = resources.as_object().expect("resources");
        let rules: Vec<_> = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::Events::Rule")
            .map(|(name, _)| name)
            .collect();
        assert_eq!(rules.len(), count, "{rules:?}");
        for rule in rules {
            assert_eq!(stack.resource(rule)["EventPattern"]["account"], json!(["111122223333"]), "{rule}");
        }
    }
}

#[test]
fn sweep_schedule_sends_to_the_same_queue() {
    let stack = Stack::with(&[]);
    let sweep = stack.resource("ScheduledSweep");
    assert_eq!(sweep["ScheduleExpression"], "rate(1 day)");
    assert_eq!(
        (&sweep["Target"]["Arn"], &sweep["Target"]["Input"]),
        (&json!("<Inbox.Arn>"), &json!("{\"sweep\": {}}"))
    );
    assert_eq!(sweep["Target"]["DeadLetterConfig"]["Arn"], "<Undelivered.Arn>");
    let sends = stack.resource("SweepRole")["Policies"][0]["PolicyDocument"]["Statement"].clone();
    assert_eq!(sends[0]["Action"], "sqs:SendMessage");
    let trust = stack.resource("SweepRole")["AssumeRolePolicyDocument"]["Statement"].clone();
    assert_eq!(trust.as_array().map(Vec::len), Some(1));
    assert_eq!(trust[0]["Principal"], json!({ "Service": "scheduler.amazonaws.com" }));
    let only = json!({
        "StringEquals": { "aws:SourceAccount": "111122223333" },
        "ArnEquals": { "aws:SourceArn": "<SweepGroup.Arn>" },
    });
    assert_eq!(trust[0]["Condition"], only);
}

/// The processes of the function share the quotas of AWS, so that each has to know how many there are.
#[test]
fn function_knows_how_many_of_it_run_at_the_same_time() {
    for (parameters, expected) in [(&[][..], "5"), (&[("MaximumConcurrency", "20")], "20")] {
        let stack = Stack::with(parameters);
        let variable = &stack.resource("Onboard")["Environment"]["Variables"]["ONBOARDING_CONCURRENCY"];
        assert_eq!(variable.to_string().trim_matches('"'), expected);
    }
}

/// The function decides by these two variables which accounts a sweep changes.
#[test]
fn sweep_only_reports_existing_accounts_unless_apply_is_chosen() {
    let variables =
        |parameters: &[(&str, &str)]| Stack::with(parameters).resource("Onboard")["Environment"]["Variables"].clone();
    assert_eq!(variables(&[])["ONBOARDING_SWEEP"], "report", "the default changes nothing");
    for (mode, expected) in [("DISABLED", "report"), ("REPORT", "report"), ("APPLY", "apply")] {
        let variables = variables(&[("Sweep", mode)]);
        assert_eq!(variables["ONBOARDING_SWEEP"], expected, "{mode}");
        assert_eq!(variables["ONBOARDING_DEPLOYED_AT"], "<SweepGroup.CreationDate>", "{mode}");
    }
    let offered = &template()["Parameters"]["Sweep"]["AllowedValues"];
    assert_eq!(*offered, json!(["DISABLED", "REPORT", "APPLY"]));
}

/// A property that changes would replace the group, and with it the time of the deployment.
#[test]
fn time_of_the_deployment_does_not_change_with_the_stack() {
    assert_eq!(template()["Resources"]["SweepGroup"], json!({ "Type": "AWS::Scheduler::ScheduleGroup" }));
}

#[test]
fn disabled_sweep_has_no_schedule() {
    let disabled = Stack::with(&[("Sweep", "DISABLED")]);
    assert_eq!((disabled.resource("ScheduledSweep"), disabled.resource("SweepRole")), (Value::Null, Value::Null));
    for mode in ["REPORT", "APPLY"] {
        assert!(Stack::with(&[("Sweep", mode)]).resource("ScheduledSweep").is_object(), "{mode}");
    }
}

#[test]
fn unanswered_messages_reach_the_dead_letter_queue_before_they_expire() {
    let inbox = Stack::with(&[]).resource("Inbox");
    let tries = inbox["RedrivePolicy"]["maxReceiveCount"].as_u64().expect("a number");
    let seconds = tries * inbox["VisibilityTimeout"].as_u64().expect("seconds");
    // Later than the function gives up on a message, which is after `give-up-after-hours`.
    assert!(seconds > 24 * 60 * 60 && seconds < inbox["MessageRetentionPeriod"].as_u64().expect("seconds"));
}

#[test]
fn function_is_given_the_urls_of_its_queues() {
    let stack = Stack::with(&[]);
    let variables = &stack.resource("Onboard")["Environment"]["Variables"];
    assert_eq!(
        (&variables["ONBOARDING_QUEUE_URL"], &variables["ONBOARDING_DEAD_LETTERS_URL"]),
        (&json!("name of Inbox"), &json!("name of DeadLetters"))
    );
}

#[test]
fn visibility_timeout_is_at_least_six_function_timeouts() {
    let stack = Stack::with(&[]);
    let visibility = stack.resource("Inbox")["VisibilityTimeout"].as_u64().expect("seconds");
    let timeout = stack.resource("Onboard")["Timeout"].as_u64().expect("seconds");
    assert!(visibility >= 6 * timeout, "{visibility} is less than 6 x {timeout}");
}

#[test]
fn failed_messages_and_events_are_retained_for_14_days() {
    let stack = Stack::with(&[]);
    assert_eq!(stack.resource("Inbox")["RedrivePolicy"]["deadLetterTargetArn"], "<DeadLetters.Arn>");
    assert_eq!(stack.resource("NewAccount")["Targets"][0]["DeadLetterConfig"]["Arn"], "<Undelivered.Arn>");
    for queue in ["DeadLetters", "Undelivered"] {
        assert_eq!(stack.resource(queue)["MessageRetentionPeriod"], 14 * 24 * 60 * 60);
    }
    for queue in ["Inbox", "DeadLetters", "Undelivered"] {
        assert_eq!(stack.resource(queue)["SqsManagedSseEnabled"], true, "`{queue}` is encrypted");
    }
}

#[test]
fn only_the_rules_send_to_the_queues_and_only_over_tls() {
    let stack = Stack::with(&[]);
    let senders = BTreeMap::from([
        ("Inbox", vec!["<NewAccount.Arn>", "<ConfigurationChanged.Arn>"]),
        ("DeadLetters", vec![]),
        (
            "Undelivered",
            vec!["<NewAccount.Arn>", "<ConfigurationChanged.Arn>", "<AccountBlocked.Arn>", "<CreationFailed.Arn>"],
        ),
    ]);
    assert_eq!(stack.resources("AWS::SQS::Queue").len(), senders.len());
    for (queue, rules) in senders {
        let policy = stack.resource(&format!("{queue}Policy"));
        assert_eq!(policy["Queues"], json!([format!("name of {queue}")]));
        let statements = policy["PolicyDocument"]["Statement"].as_array().expect("statements").clone();
        let (allowed, denied): (Vec<_>, Vec<_>) = statements.iter().partition(|one| one["Effect"] == "Allow");
        for statement in &statements {
            assert_eq!(statement["Resource"], format!("<{queue}.Arn>"));
        }
        let denied: Vec<_> = denied.into_iter().filter(|one| one["Sid"] != "DenyOtherSenders").collect();
        assert_eq!(denied.len(), 1);
        assert_eq!((&denied[0]["Principal"], &denied[0]["Action"]), (&json!("*"), &json!("sqs:*")));
        assert_eq!(denied[0]["Condition"], json!({ "Bool": { "aws:SecureTransport": "false" } }));
        assert_eq!(allowed.len(), usize::from(!rules.is_empty()));
        for statement in allowed {
            assert_eq!(statement["Principal"], json!({ "Service": "events.amazonaws.com" }));
            assert_eq!(statement["Action"], "sqs:SendMessage");
            assert_eq!(list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]), rules);
        }
    }
}

/// A stack that is deleted leaves the accounts that need attention, the log of what was changed, and the records. Their names
/// are generated, so that the next stack can create its own.
#[test]
fn log_dead_letters_and_records_outlive_the_stack() {
    let resources = template()["Resources"].clone();
    let retained =
        resources.as_object().expect("resources").iter().filter(|(_, one)| one["DeletionPolicy"] == "Retain");
    let retained: Vec<_> = retained.map(|(name, one)| (name.as_str(), one["UpdateReplacePolicy"].clone())).collect();
    let retain = || json!("Retain");
    assert_eq!(retained, [("Records", retain()), ("DeadLetters", retain()), ("LogGroup", retain())]);
    assert!(resources["LogGroup"]["Properties"]["LogGroupName"].is_null());
    assert!(resources["DeadLetters"]["Properties"]["QueueName"].is_null());
    assert!(resources["Records"]["Properties"]["TableName"].is_null());
}

/// Lambda drops JSON log lines below this level before they reach the log group; the function has its own filter.
#[test]
fn log_lines_of_every_level_reach_the_log_group() {
    assert_eq!(Stack::with(&[]).resource("Onboard")["LoggingConfig"]["ApplicationLogLevel"], "TRACE");
}

#[test]
fn regions_without_organizations_events_are_rejected() {
    let regions = &template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"]["Fn::Contains"];
    assert_eq!(regions[0], json!(["us-east-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1"]));
    assert_eq!(regions[1], json!({ "Ref": "AWS::Region" }));
}

// ---------------------------------------------------------------- permissions

#[test]
fn no_permission_has_a_wildcard_that_can_be_avoided() {
    for statement in permissions(&Stack::with(&[])) {
        let actions = list(&statement["Action"]);
        assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
        let everything = list(&statement["Resource"]).contains(&"*");
        // The actions that do not support resource-level permissions.
        let without = ["organizations:DescribeCreateAccountStatus", "organizations:ListAccounts"];
        assert_eq!(everything, actions == without, "{actions:?}");
    }
}

#[test]
fn function_assumes_only_the_access_roles_and_none_in_the_management_account() {
    let stack = Stack::with(&[("AccessRoleName", "Vending")]);
    let of = |effect: &str| -> Vec<String> {
        let assumes_role = |one: &&Value| one["Effect"] == effect && list(&one["Action"]).contains(&"sts:AssumeRole");
        let statements = permissions(&stack);
        statements.iter().filter(assumes_role).flat_map(|one| list(&one["Resource"])).map(str::to_owned).collect()
    };
    let others = Stack::with(&[("OtherAccessRoleNames", "One,Two")]);
    let assume = permissions(&others).into_iter().find(|one| one["Sid"] == "AssumeAccessRoles").expect("a statement");
    let names: Vec<_> = list(&assume["Resource"]).into_iter().filter_map(|arn| arn.split("role/").nth(1)).collect();
    assert_eq!(names, ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "One", "Two", "", ""]);
    let allowed = ["arn:aws-us-gov:iam::*:role/Vending", "arn:aws-us-gov:iam::*:role/AWSControlTowerExecution"];
    assert_eq!(of("Allow"), allowed);
    assert_eq!(of("Deny"), ["arn:aws-us-gov:iam::111122223333:role/*"]);
}

#[test]
fn partition_is_never_hard_coded() {
    for template in [TEMPLATE, CONTROL_TOWER, MANAGEMENT, PREREQUISITES] {
        assert!(!template.contains("arn:aws:"), "write `arn:${{AWS::Partition}}:`");
    }
}

// ---------------------------------------------------------------- notifications and records

#[test]
fn records_are_encrypted_recoverable_and_protected() {
    let table = Stack::with(&[]).resource("Records");
    let key = json!([{ "AttributeName": "subject", "KeyType": "HASH" }]);
    assert_eq!((&table["BillingMode"], &table["KeySchema"]), (&json!("PAY_PER_REQUEST"), &key));
    assert_eq!(table["AttributeDefinitions"], json!([{ "AttributeName": "subject", "AttributeType": "S" }]));
    assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["DeletionProtectionEnabled"], true);
    let expiring = json!({ "AttributeName": onboarding_core::record::attribute::EXPIRES_AT, "Enabled": true });
    assert_eq!(table["TimeToLiveSpecification"], expiring);
}

#[test]
fn function_publishes_only_its_own_events_and_writes_only_its_records() {
    let stack = Stack::with(&[]);
    let statements = permissions(&stack);
    let of = |sid: &str| statements.iter().find(|one| one["Sid"] == sid).expect("a statement").clone();
    let notify = of("Notify");
    assert_eq!(notify["Action"], "events:PutEvents");
    assert_eq!(notify["Resource"], "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/account-onboarding");
    let own = json!(["AccountOnboarded", "AccountBlocked", "AccountDeparted", "AccountDrifted"]);
    let only = json!({ "events:source": "account-onboarding", "events:detail-type": own });
    let present = json!({ "events:source": "false", "events:detail-type": "false" });
    assert_eq!(notify["Condition"], json!({ "ForAllValues:StringEquals": only, "Null": present }));
    let variables = &stack.resource("Onboard")["Environment"]["Variables"];
    assert_eq!(variables["ONBOARDING_EVENT_BUS"], "account-onboarding");
    assert_eq!(variables["ONBOARDING_TABLE"], "name of Records");
    let keep = of("KeepRecords");
    assert_eq!(keep["Action"], json!(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"]));
    assert_eq!(keep["Resource"], "<Records.Arn>");
    let others = statements.iter().flat_map(|one| list(&one["Action"])).filter(|action| action.starts_with("ssm:"));
    let others: Vec<_> = others.collect();
    assert_eq!(
        others,
        ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
        "parameters are only read"
    );
}

#[test]
fn function_reads_and_decrypts_only_its_own_parameters() {
    for (own, readable) in [("", vec!["/account-onboarding/*"]), ("/a/b", vec!["/account-onboarding/*", "/a/b"])] {
        let statements = permissions(&Stack::with(&[("ConfigurationParameterName", own)]));
        let arns: Vec<_> = readable
            .iter()
            .map(|name| format!("arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter{name}"))
            .collect();
        let of = |actions: Value| statements.iter().find(|one| one["Action"] == actions).expect("a statement").clone();
        assert_eq!(of(json!(["ssm:GetParameter", "ssm:GetParameters"]))["Resource"], json!(arns));
        // IAM authorizes the path of the request: this one, and none above it.
        let path = if own.is_empty() { "/account-onboarding/onboarding.toml" } else { own };
        let path = format!("arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter{path}");
        let listing = of(json!("ssm:GetParametersByPath"));
        assert_eq!(listing["Resource"], path);
        let function = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:account-onboarding";
        assert_eq!(listing["Condition"], json!({ "ArnEquals": { "lambda:SourceFunctionArn": function } }));
        let decrypting = &of(json!("kms:Decrypt"))["Condition"]["StringLike"];
        assert_eq!(decrypting["kms:ViaService"], "ssm.us-gov-west-1.*");
        assert_eq!(decrypting["kms:EncryptionContext:PARAMETER_ARN"], json!(arns));
    }
}
