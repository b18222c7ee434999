//! Alarms ring for what they are meant for, and the dashboard shows it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::stack::{CONTROL_TOWER, Stack, text};

fn alarms(stack: &Stack) -> BTreeMap<String, Value> {
    stack.resources("AWS::CloudWatch::Alarm").into_iter().collect()
}

/// The metrics that an alarm looks at, as `namespace/metric dimension=value`.
fn metrics(alarm: &Value) -> Vec<String> {
    let named = |metric: &Value| {
        let dimension = &metric["Dimensions"][0];
        let of = |value: &Value| text(value).to_owned();
        format!(
            "{}/{} {}={}",
            of(&metric["Namespace"]),
            of(&metric["MetricName"]),
            of(&dimension["Name"]),
            of(&dimension["Value"])
        )
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
fn every_alarm_is_heard_and_an_idle_stack_is_quiet() {
    for (stack, count) in [(Stack::with(&[]), 8), (Stack::new(CONTROL_TOWER, &[]), 2)] {
        let alarms = alarms(&stack);
        assert_eq!(alarms.len(), count);
        for (name, alarm) in alarms {
            assert_eq!(alarm["AlarmActions"], json!(["name of Notifications"]), "`{name}`");
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "`{name}`");
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "`{name}`");
            // What the topic's policy goes by: CloudFormation makes the name of both.
            assert!(alarm["AlarmName"].is_null(), "`{name}`");
            let description = text(&alarm["AlarmDescription"]);
            assert!((40..=1024).contains(&description.len()), "`{name}`: {description}");
        }
    }
}

/// The metrics that each alarm looks at, by its name.
fn seen(stack: &Stack) -> BTreeMap<String, Vec<String>> {
    alarms(stack).into_iter().map(|(name, alarm)| (name, metrics(&alarm))).collect()
}

/// How each rule of a stack can fail.
fn failures_of_rules(stack: &Stack) -> Vec<String> {
    let rules = stack.resources("AWS::Events::Rule").into_iter();
    let named = rules.map(|(name, rule)| rule["Name"].as_str().map_or(format!("name of {name}"), str::to_owned));
    let metrics = ["FailedInvocations", "InvocationsFailedToBeSentToDlq"];
    named.flat_map(|rule| metrics.map(|metric| format!("AWS/Events/{metric} RuleName={rule}"))).collect()
}

#[test]
fn alarms_look_at_what_can_fail() {
    let stack = Stack::with(&[]);
    let sweep = ["TargetErrorCount", "InvocationDroppedCount", "InvocationsFailedToBeSentToDeadLetterCount"];
    let one = |metric: &str| vec![metric.to_owned()];
    let expected = [
        ("DeadLettersAlarm", one("AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<DeadLetters.QueueName>")),
        ("UndeliveredAlarm", one("AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<Undelivered.QueueName>")),
        ("OldestMessageAlarm", one("AWS/SQS/ApproximateAgeOfOldestMessage QueueName=<Inbox.QueueName>")),
        ("ErrorsAlarm", one("AWS/Lambda/Errors FunctionName=name of Onboard")),
        ("ThrottlesAlarm", one("AWS/Lambda/Throttles FunctionName=name of Onboard")),
        ("DeliveryAlarm", failures_of_rules(&stack)),
        ("SweepAlarm", sweep.map(|metric| format!("AWS/Scheduler/{metric} ScheduleGroup=name of SweepGroup")).to_vec()),
        ("NotificationsAlarm", one("AWS/SNS/NumberOfNotificationsFailed TopicName=<Notifications.TopicName>")),
    ];
    assert_eq!(seen(&stack), expected.map(|(name, metrics)| (name.to_owned(), metrics)).into());
    assert_eq!(stack.resource("Sweep")["GroupName"], "name of SweepGroup", "the schedule is in the group");
}

#[test]
fn control_tower_s_alarms_look_at_what_can_fail() {
    let stack = Stack::new(CONTROL_TOWER, &[]);
    let dead_letter = "AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=<Undelivered.QueueName>".to_owned();
    let expected = [("DeliveryAlarm", failures_of_rules(&stack)), ("UndeliveredAlarm", vec![dead_letter])];
    assert_eq!(seen(&stack), expected.map(|(name, metrics)| (name.to_owned(), metrics)).into());
}

#[test]
fn alarms_on_several_metrics_add_them_all_up() {
    let alarms = [Stack::with(&[]), Stack::new(CONTROL_TOWER, &[])].map(|stack| alarms(&stack));
    let several: Vec<_> =
        alarms.iter().flat_map(BTreeMap::values).filter_map(|one| one["Metrics"].as_array()).collect();
    assert_eq!(several.len(), 3);
    for metrics in several {
        let (sum, parts) = metrics.split_first().expect("metrics");
        assert!(sum["ReturnData"].is_null(), "one is returned");
        assert!(parts.iter().all(|part| part["ReturnData"] == false));
        assert!(metrics.len() <= 10, "CloudWatch takes no more");
        // Missing data of one hides no failure of another.
        let filled: Vec<_> = parts.iter().map(|part| format!("FILL({}, 0)", text(&part["Id"]))).collect();
        assert_eq!(text(&sum["Expression"]), filled.join(" + "));
    }
}

#[test]
fn one_failure_that_comes_again_rings_once_it_stays() {
    let stack = Stack::with(&[]);
    let again = stack.resource("Inbox")["VisibilityTimeout"].as_i64().expect("seconds");
    for name in ["ErrorsAlarm", "ThrottlesAlarm"] {
        let alarm = stack.resource(name);
        assert!(alarm["Period"].as_i64().expect("seconds") > again, "each period has a try in it");
        assert_eq!((&alarm["EvaluationPeriods"], &alarm["Threshold"]), (&json!(2), &json!(0)));
    }
}

/// The dashboard's body.
fn dashboard() -> Value {
    let body = Stack::with(&[]).resource("Dashboard")["DashboardBody"].clone();
    serde_json::from_str(text(&body)).expect("the body is JSON")
}

#[test]
fn the_dashboard_is_json_and_its_widgets_do_not_overlap() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    for widget in dashboard["widgets"].as_array().expect("widgets") {
        let number = |key: &str| widget[key].as_i64().expect("a number");
        assert!(number("x") + number("width") <= 24, "{widget}");
        for x in number("x")..number("x") + number("width") {
            for y in number("y")..number("y") + number("height") {
                assert!(taken.insert((x, y)), "two widgets at {x}, {y}");
            }
        }
        let kind = text(&widget["type"]);
        assert_eq!(widget["properties"]["region"].is_null(), ["text", "alarm"].contains(&kind), "{widget}");
    }
    assert_eq!(taken.len() % 24, 0, "no gaps");
}

#[test]
fn the_dashboard_shows_every_alarm() {
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
fn the_dashboard_shows_the_metrics_that_the_function_writes() {
    let body = dashboard().to_string();
    for metric in ["Accounts", "TimeToConnected"] {
        assert!(body.contains(&format!("\"AccountOnboarding\",\"{metric}\"")), "{metric}");
    }
    for outcome in ["converged", "waiting", "blocked", "ignored"] {
        assert!(body.contains(&format!("\"outcome\",\"{outcome}\"")), "{outcome}");
    }
    assert!(body.contains("SEARCH('{AccountOnboarding,outcome,cause} MetricName="), "causes are found by themselves");
}
