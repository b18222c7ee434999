//! The rules, the notifications topic, and which principals may publish to it.

use serde_json::{Value, json};

use crate::stack::{CONTROL_TOWER, MANAGEMENT, Stack, TEMPLATE, list, text};

/// The stacks, each with its number of rules.
fn stacks() -> [(Stack, usize); 3] {
    [(Stack::with(&[]), 4), (Stack::new(CONTROL_TOWER, &[]), 1), (Stack::new(MANAGEMENT, &[]), 1)]
}

#[test]
fn undeliverable_events_go_to_the_undelivered_queue() {
    for (stack, count) in stacks() {
        let rules = stack.resources("AWS::Events::Rule");
        assert_eq!(rules.len(), count);
        let policy = stack.resource("UndeliveredPolicy")["PolicyDocument"]["Statement"][0].clone();
        let allowed = list(&policy["Condition"]["ArnEquals"]["aws:SourceArn"]);
        for (name, rule) in rules {
            for target in rule["Targets"].as_array().expect("targets") {
                assert_eq!(target["DeadLetterConfig"]["Arn"], "<Undelivered.Arn>", "`{name}`");
            }
            assert!(allowed.contains(&format!("<{name}.Arn>").as_str()), "`{name}` is allowed to send to the queue");
        }
    }
}

#[test]
fn only_alarms_of_the_stack_publish_to_the_topic_and_only_over_tls() {
    for (stack, _) in stacks() {
        let topics = stack.resources("AWS::SNS::Topic");
        assert_eq!(topics.len(), 1, "one topic for everything");
        let policy = stack.resource("NotificationsPolicy");
        assert_eq!(policy["Topics"], json!(["name of Notifications"]));
        let alarms = json!({
            "StringEquals": { "aws:SourceAccount": "111122223333" },
            "ArnLike": { "aws:SourceArn": "arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:account-onboarding-*" },
        });
        let statement = |sid: &str, effect: &str, principal: Value, condition: Value| {
            json!({ "Sid": sid, "Effect": effect, "Principal": principal, "Action": "sns:Publish",
                    "Resource": "name of Notifications", "Condition": condition })
        };
        let expected = json!([
            statement("AllowAlarmsOfThisStack", "Allow", json!({ "Service": "cloudwatch.amazonaws.com" }), alarms),
            statement(
                "DenyInsecureTransport",
                "Deny",
                json!("*"),
                json!({ "Bool": { "aws:SecureTransport": "false" } })
            ),
        ]);
        assert_eq!(policy["PolicyDocument"]["Statement"], expected);
    }
}

#[test]
fn topic_has_no_kms_key_because_alarms_cannot_use_the_aws_managed_one() {
    for (stack, _) in stacks() {
        assert!(stack.resource("Notifications")["KmsMasterKeyId"].is_null());
    }
}

#[test]
fn email_subscription_exists_only_if_an_address_is_given() {
    for template in [TEMPLATE, CONTROL_TOWER, MANAGEMENT] {
        assert!(Stack::new(template, &[]).resource("EmailSubscription").is_null());
        let subscription =
            Stack::new(template, &[("NotificationEmail", "platform@example.com")]).resource("EmailSubscription");
        let expected = json!({
            "TopicArn": "name of Notifications", "Protocol": "email", "Endpoint": "platform@example.com",
        });
        assert_eq!(subscription, expected);
    }
}

/// Asserts that only these rules can assume the role, and that it allows only this action on this resource.
fn assert_role_is_dedicated(stack: &Stack, role: &str, rules: &[&str], action: &str, resource: &str) {
    let arns: Vec<_> = rules
        .iter()
        .map(|rule| {
            let rule = stack.resource(rule);
            let bus = rule["EventBusName"].as_str().map(|bus| format!("{bus}/")).unwrap_or_default();
            format!("arn:aws-us-gov:events:us-gov-west-1:111122223333:rule/{bus}{}", text(&rule["Name"]))
        })
        .collect();
    let uses_role = |rule: &&str| stack.resource(rule)["Targets"][0]["RoleArn"] == format!("<{role}.Arn>");
    assert!(rules.iter().all(uses_role), "{rules:?} use `{role}`");
    let role = stack.resource(role);
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().map(Vec::len), Some(1));
    assert_eq!(trust[0]["Principal"], json!({ "Service": "events.amazonaws.com" }));
    assert_eq!(trust[0]["Condition"]["StringEquals"], json!({ "aws:SourceAccount": "111122223333" }));
    assert_eq!(list(&trust[0]["Condition"]["ArnEquals"]["aws:SourceArn"]), arns);
    assert_eq!(role["Policies"].as_array().map(Vec::len), Some(1));
    let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(*statements, json!([{ "Effect": "Allow", "Action": action, "Resource": resource }]));
}

#[test]
fn only_two_rules_publish_to_the_topic_with_a_dedicated_role() {
    let stack = Stack::with(&[]);
    let rules = ["AccountBlocked", "CreationFailed"];
    assert_role_is_dedicated(&stack, "NotifierRole", &rules, "sns:Publish", "name of Notifications");
    for rule in rules {
        assert_eq!(stack.resource(rule)["Targets"][0]["Arn"], "name of Notifications");
    }
}

#[test]
fn control_tower_events_are_forwarded_to_the_region_of_organizations_events() {
    for (partition, region) in [
        ("aws", "us-east-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-cn", "cn-northwest-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        let stack = Stack::new(CONTROL_TOWER, &[("AWS::Partition", partition), ("AWS::Region", "elsewhere")]);
        let bus = format!("arn:{partition}:events:{region}:111122223333:event-bus/default");
        assert_eq!(stack.resource("ManagedAccount")["Targets"][0]["Arn"], bus);
    }
    let stack = Stack::new(CONTROL_TOWER, &[]);
    let bus = "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/default";
    assert_role_is_dedicated(&stack, "ForwarderRole", &["ManagedAccount"], "events:PutEvents", bus);
    let bus = "arn:aws-us-gov:events:us-gov-west-1:222233334444:event-bus/default";
    assert_role_is_dedicated(
        &Stack::new(MANAGEMENT, &[]),
        "ForwarderRole",
        &["AccountEvents"],
        "events:PutEvents",
        bus,
    );
}
