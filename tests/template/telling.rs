//! Who is told of what: rules, the topic, and who may publish to it.

use serde_json::{Value, json};

use crate::stack::{CONTROL_TOWER, Stack, TEMPLATE, list, text};

/// Both stacks, and how many rules each has.
fn stacks() -> [(Stack, usize); 2] {
    [(Stack::with(&[]), 3), (Stack::new(CONTROL_TOWER, &[]), 1)]
}

#[test]
fn what_no_rule_can_deliver_is_set_aside() {
    for (stack, count) in stacks() {
        let rules = stack.resources("AWS::Events::Rule");
        assert_eq!(rules.len(), count);
        let policy = stack.resource("UndeliveredPolicy")["PolicyDocument"]["Statement"][0].clone();
        let may = list(&policy["Condition"]["ArnEquals"]["aws:SourceArn"]);
        for (name, rule) in rules {
            for target in rule["Targets"].as_array().expect("targets") {
                assert_eq!(target["DeadLetterConfig"]["Arn"], "<Undelivered.Arn>", "`{name}`");
            }
            assert!(may.contains(&format!("<{name}.Arn>").as_str()), "`{name}` may send there");
        }
    }
}

#[test]
fn the_topic_is_closed() {
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
            statement("DenyInsecureTransport", "Deny", json!("*"), json!({ "Bool": { "aws:SecureTransport": "false" } })),
        ]);
        assert_eq!(policy["PolicyDocument"]["Statement"], expected);
    }
}

#[test]
fn the_key_that_alarms_cannot_use_is_not_used() {
    for (stack, _) in stacks() {
        assert!(stack.resource("Notifications")["KmsMasterKeyId"].is_null());
    }
}

#[test]
fn a_mail_is_sent_where_an_address_is_given() {
    for template in [TEMPLATE, CONTROL_TOWER] {
        assert!(Stack::new(template, &[]).resource("EmailSubscription").is_null());
        let mail = Stack::new(template, &[("NotificationEmail", "platform@example.com")]).resource("EmailSubscription");
        let expected = json!({
            "TopicArn": "name of Notifications", "Protocol": "email", "Endpoint": "platform@example.com",
        });
        assert_eq!(mail, expected);
    }
}

/// The role that these rules use may be assumed for them alone, and do this alone.
fn used_by(stack: &Stack, role: &str, rules: &[&str], action: &str, on: &str) {
    let arns: Vec<_> = rules
        .iter()
        .map(|rule| {
            let name = stack.resource(rule)["Name"].clone();
            format!("arn:aws-us-gov:events:us-gov-west-1:111122223333:rule/{}", text(&name))
        })
        .collect();
    let role_of = |rule: &&str| stack.resource(rule)["Targets"][0]["RoleArn"] == format!("<{role}.Arn>");
    assert!(rules.iter().all(role_of), "{rules:?} use `{role}`");
    let role = stack.resource(role);
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().map(Vec::len), Some(1));
    assert_eq!(trust[0]["Principal"], json!({ "Service": "events.amazonaws.com" }));
    assert_eq!(trust[0]["Condition"]["StringEquals"], json!({ "aws:SourceAccount": "111122223333" }));
    assert_eq!(list(&trust[0]["Condition"]["ArnEquals"]["aws:SourceArn"]), arns);
    assert_eq!(role["Policies"].as_array().map(Vec::len), Some(1));
    let may = &role["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(*may, json!([{ "Effect": "Allow", "Action": action, "Resource": on }]));
}

#[test]
fn two_rules_publish_to_the_topic_and_nobody_else_as_them() {
    let stack = Stack::with(&[]);
    let rules = ["AccountBlocked", "CreationFailed"];
    used_by(&stack, "NotifierRole", &rules, "sns:Publish", "name of Notifications");
    for rule in rules {
        assert_eq!(stack.resource(rule)["Targets"][0]["Arn"], "name of Notifications");
    }
}

#[test]
fn control_tower_s_events_go_to_the_region_of_organizations() {
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
    used_by(&stack, "ForwarderRole", &["ManagedAccount"], "events:PutEvents", bus);
}
