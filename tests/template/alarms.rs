//! The alarms watch the right metrics, and the dashboard shows every alarm and metric.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::stack::{CONTROL_TOWER, MANAGEMENT, Stack, text};

fn alarms(stack: &Stack) -> BTreeMap<String, Value> {
    stack.resources("AWS::CloudWatch::Alarm").into_iter().collect()
}

/// The metrics that an alarm watches, as `namespace/metric dimension=value`, with each dimension.
fn metrics(alarm: &Value) -> Vec<String> {
    let named = |metric: &Value| {
        let dimension = |one: &Value| format!(" {}={}", text(&one["Name"]), text(&one["Value"]));
        let dimensions: String = metric["Dimensions"].as_array().expect("dimensions").iter().map(dimension).collect();
        format!("{}/{}{dimensions}", text(&metric["Namespace"]), text(&metric["MetricName"]))
    };
    match alarm["Metrics"].as_array() {
        None => vec![named(alarm)],
        Some(all) => all
            .iter()
            .filter_map(|one| one["MetricStat"]["Metric"].as_object())
            .cloned()
            .map(Value::Object)
            .map(|metric| named(&metric))
            .collect(),
    }
}

#[test]
fn every_alarm_notifies_the_topic_and_treats_missing_data_as_healthy() {
    for (stack, count) in [(Stack::with(&[]), 8), (Stack::new(CONTROL_TOWER, &[]), 2), (Stack::new(MANAGEMENT, &[]), 2)]
    {
        let alarms = alarms(&stack);
        assert_eq!(alarms.len(), count);
        for (name, alarm) in alarms {
            assert_eq!(alarm["AlarmActions"], json!(["name of Notifications"]), "`{name}`");
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "`{name}`");
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "`{name}`");
            // CloudFormation generates names with the stack's name as prefix, which the topic's policy matches.
            assert!(alarm["AlarmName"].is_null(), "`{name}`");
            let description = text(&alarm["AlarmDescription"]);
            assert!((40..=1024).contains(&description.len()), "`{name}`: {description}");
        }
    }
}

/// The metrics that each alarm watches, by alarm name.
fn watched(stack: &Stack) -> BTreeMap<String, Vec<String>> {
    alarms(stack).into_iter().map(|(name, alarm)| (name, metrics(&alarm))).collect()
}

/// The failure metrics of every rule of a stack. The metrics of a rule on another bus than the default one have the bus as a
/// dimension. See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>.
fn rule_failure_metrics(stack: &Stack) -> Vec<String> {
    let rules = stack.resources("AWS::Events::Rule").into_iter();
    let named = rules.map(|(name, rule)| {
        let bus = rule["EventBusName"].as_str().map(|bus| format!("EventBusName={bus} ")).unwrap_or_default();
        format!("{bus}RuleName={}", rule["Name"].as_str().map_or(format!("name of {name}"), str::to_owned))
    });
    let metrics = ["FailedInvocations", "InvocationsFailedToBeSentToDlq"];
    named.flat_map(|rule| metrics.map(|metric| format!("AWS/Events/{metric} {rule}"))).collect()
}

#[test]
fn alarms_watch_every_failure_metric() {
    let stack = Stack::with(&[]);
    let sweep = ["TargetErrorCount", "InvocationDroppedCount", "InvocationsFailedToBeSentToDeadLetterCount"];
    let one = |metric: &str| vec![metric.to_owned()];
    let expected = [
        ("DeadLettersAlarm", one("AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<DeadLetters.QueueName>")),
        ("UndeliveredAlarm", one("AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<Undelivered.QueueName>")),
        ("OldestMessageAlarm", one("AWS/SQS/ApproximateAgeOfOldestMessage QueueName=<Inbox.QueueName>")),
        ("ErrorsAlarm", one("AWS/Lambda/Errors FunctionName=account-onboarding")),
        ("ThrottlesAlarm", one("AWS/Lambda/Throttles FunctionName=account-onboarding")),
        ("DeliveryAlarm", rule_failure_metrics(&stack)),
        ("SweepAlarm", sweep.map(|metric| format!("AWS/Scheduler/{metric} ScheduleGroup=name of SweepGroup")).to_vec()),
        ("NotificationsAlarm", one("AWS/SNS/NumberOfNotificationsFailed TopicName=<Notifications.TopicName>")),
    ];
    assert_eq!(watched(&stack), expected.map(|(name, metrics)| (name.to_owned(), metrics)).into());
    assert_eq!(
        stack.resource("ScheduledSweep")["GroupName"],
        "name of SweepGroup",
        "the schedule belongs to the group"
    );
}

#[test]
fn alarms_of_the_forwarding_stacks_watch_every_failure_metric() {
    for template in [CONTROL_TOWER, MANAGEMENT] {
        let stack = Stack::new(template, &[]);
        let undelivered = "AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<Undelivered.QueueName>".to_owned();
        let expected = [("DeliveryAlarm", rule_failure_metrics(&stack)), ("UndeliveredAlarm", vec![undelivered])];
        assert_eq!(watched(&stack), expected.map(|(name, metrics)| (name.to_owned(), metrics)).into());
    }
}

#[test]
fn alarms_on_several_metrics_add_up_all_of_them() {
    let alarms =
        [Stack::with(&[]), Stack::new(CONTROL_TOWER, &[]), Stack::new(MANAGEMENT, &[])].map(|stack| alarms(&stack));
    let several: Vec<_> =
        alarms.iter().flat_map(BTreeMap::values).filter_map(|one| one["Metrics"].as_array()).collect();
    assert_eq!(several.len(), 4);
    for metrics in several {
        let (sum, parts) = metrics.split_first().expect("metrics");
        assert!(sum["ReturnData"].is_null(), "only the sum is returned");
        assert!(parts.iter().all(|part| part["ReturnData"] == false));
        assert!(metrics.len() <= 10, "CloudWatch allows at most 10 metrics");
        // Missing data of one metric must not hide a failure in another.
        let filled: Vec<_> = parts.iter().map(|part| format!("FILL({}, 0)", text(&part["Id"]))).collect();
        assert_eq!(text(&sum["Expression"]), filled.join(" + "));
    }
}

/// A data point that arrives late belongs to a period that was already evaluated with a zero in its place.
#[test]
fn alarms_on_several_metrics_evaluate_late_data_points() {
    for stack in [Stack::with(&[]), Stack::new(CONTROL_TOWER, &[]), Stack::new(MANAGEMENT, &[])] {
        for (name, alarm) in alarms(&stack).into_iter().filter(|(_, alarm)| alarm["Metrics"].is_array()) {
            assert_eq!(
                (&alarm["DatapointsToAlarm"], &alarm["EvaluationPeriods"]),
                (&json!(1), &json!(3)),
                "`{name}` is an alarm of 1 in 3"
            );
        }
    }
}

#[test]
fn errors_and_throttles_alarm_only_after_two_periods() {
    let stack = Stack::with(&[]);
    let retry_delay = stack.resource("Inbox")["VisibilityTimeout"].as_i64().expect("seconds");
    for name in ["ErrorsAlarm", "ThrottlesAlarm"] {
        let alarm = stack.resource(name);
        assert!(alarm["Period"].as_i64().expect("seconds") > retry_delay, "each period contains an attempt");
        assert_eq!((&alarm["EvaluationPeriods"], &alarm["Threshold"]), (&json!(2), &json!(0)));
    }
}

/// The body of the dashboard.
fn dashboard() -> Value {
    let body = Stack::with(&[]).resource("Dashboard")["DashboardBody"].clone();
    serde_json::from_str(text(&body)).expect("the body is JSON")
}

#[test]
fn dashboard_is_json_and_its_widgets_fill_the_grid() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    for widget in dashboard["widgets"].as_array().expect("widgets") {
        let number = |key: &str| widget[key].as_i64().expect("a number");
        assert!(number("x") + number("width") <= 24, "{widget}");
        for x in number("x")..number("x") + number("width") {
            for y in number("y")..number("y") + number("height") {
                assert!(taken.insert((x, y)), "two widgets overlap at {x}, {y}");
            }
        }
        let kind = text(&widget["type"]);
        assert_eq!(widget["properties"]["region"].is_null(), ["text", "alarm"].contains(&kind), "{widget}");
    }
    assert_eq!(taken.len() % 24, 0, "the widgets leave no gaps");
}

#[test]
fn dashboard_shows_every_alarm() {
    let dashboard = dashboard();
    let shown: Vec<_> =
        dashboard["widgets"].as_array().expect("widgets").iter().filter(|one| one["type"] == "alarm").collect();
    assert_eq!(shown.len(), 1);
    let shown: BTreeSet<_> = shown[0]["properties"]["alarms"].as_array().expect("alarms").iter().map(text).collect();
    let alarms = alarms(&Stack::with(&[]));
    let all: Vec<_> = alarms.keys().map(|name| format!("<{name}.Arn>")).collect();
    assert_eq!(shown, all.iter().map(String::as_str).collect());
}

#[test]
fn dashboard_shows_the_metrics_of_the_function() {
    let body = dashboard().to_string();
    for metric in ["Accounts", "TimeToOnboarded"] {
        assert!(body.contains(&format!("\"AccountOnboarding\",\"{metric}\"")), "{metric}");
    }
    for outcome in ["converged", "waiting", "blocked", "ignored"] {
        assert!(body.contains(&format!("\"outcome\",\"{outcome}\"")), "{outcome}");
    }
    assert!(
        body.contains("SEARCH('{AccountOnboarding,outcome,cause} MetricName="),
        "causes are discovered by a search"
    );
}
