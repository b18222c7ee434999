//! The parameters of the stacks: what they accept, and how `sam deploy --guided` asks for them.

use regex::Regex;
use serde_json::Value;

use crate::stack::{CONTROL_TOWER, MANAGEMENT, Stack, TEMPLATE, read, template, text};

/// Whether CloudFormation accepts a value: whether the whole value matches `AllowedPattern`.
///
/// CloudFormation's patterns may look ahead, which the crate `regex` cannot. They are written as alternatives, each of which
/// may start with one `(?!…)` after `^` or `(`; that part is matched on its own.
fn is_accepted(parameter: &str, value: &str) -> bool {
    let pattern = template()["Parameters"][parameter]["AllowedPattern"].clone();
    let pattern = text(&pattern);
    let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).expect("a pattern").is_match(value);
    match pattern.split_once("(?!") {
        None => whole(pattern),
        Some((before, after)) => {
            let end = closing_parenthesis(after);
            let (forbidden, rest) = after.split_at(end);
            let rest = rest.trim_start_matches(')');
            // Without the lookahead, and without the alternative that it belongs to.
            let alternatives = before.trim_end_matches(['^', '(']).trim_end_matches('|').trim_start_matches(['^', '(']);
            let excluded = Regex::new(&format!("^(?:{forbidden})")).expect("a pattern").is_match(value);
            whole(alternatives) || (!excluded && whole(&format!("{before}{rest}")))
        }
    }
}

/// The position of the parenthesis that closes the one before the text.
fn closing_parenthesis(text: &str) -> usize {
    let mut depth = 1;
    text.bytes()
        .position(|byte| {
            depth += match byte {
                b'(' => 1,
                b')' => -1,
                _ => 0,
            };
            depth == 0
        })
        .expect("a closing parenthesis")
}

/// With `NoEcho`, `sam deploy --guided` does not accept an empty answer and asks again, even if the default is empty.
#[test]
fn every_optional_parameter_can_be_left_empty_in_a_guided_deployment() {
    for file in [TEMPLATE, CONTROL_TOWER, MANAGEMENT] {
        let parameters = read(file)["Parameters"].clone();
        for (name, parameter) in parameters.as_object().expect("parameters") {
            assert_eq!(parameter["NoEcho"], Value::Null, "`{name}`");
            let is_required = ["IdentityAccountId", "FunctionRoleArn", "ExternalId"].contains(&name.as_str());
            assert_eq!(parameter["Default"].is_null(), is_required, "`{name}` has a default");
        }
    }
}

#[test]
fn configuration_parameter_is_not_one_that_the_stack_writes() {
    let accepts = |name: &str| is_accepted("ConfigurationParameterName", name);
    let stack = Stack::with(&[("WorkloadSecurityExternalId", "one"), ("TrelicaExternalId", "two")]);
    let own = stack.resources("AWS::SSM::Parameter");
    assert_eq!(own.len(), 3);
    for (_, parameter) in own {
        assert!(!accepts(text(&parameter["Name"])), "{parameter}");
    }
    let allowed = ["", "/platform/onboarding", "/account-onboarding/custom.toml", "/account-onboarding/trelica"];
    for name in allowed {
        assert!(accepts(name), "{name}");
    }
    for name in ["onboarding", "/", "/a/", "/a b"] {
        assert!(!accepts(name), "{name}");
    }
}

/// IAM role names are case-insensitive, and `onboarding.toml` rejects a name that is listed twice.
#[test]
fn control_tower_role_is_written_in_its_own_spelling() {
    let accepts = |name: &str| is_accepted("AccessRoleName", name);
    let long = "a".repeat(64);
    for name in ["AWSControlTowerExecution", "OrganizationAccountAccessRole", "AWSControlTowerExecution2", &long] {
        assert!(accepts(name), "{name}");
        let stack = Stack::with(&[("AccessRoleName", name)]);
        let configuration = stack.resource("Configuration")["Value"].clone();
        assert!(onboarding_core::config::Config::parse_without_files(text(&configuration)).is_ok(), "{name}");
    }
    for name in ["awscontroltowerexecution", "AWSControlTowerexecution", "a/b", "", &format!("{long}a")] {
        assert!(!accepts(name), "{name}");
    }
}

/// CloudFormation accepts stack names of up to 128 characters, and shortens the names that it generates, but not these.
#[test]
fn names_are_short_enough_for_every_stack_name() {
    let name = "s".repeat(128);
    for file in [TEMPLATE, CONTROL_TOWER, MANAGEMENT] {
        for (resource, kind, properties) in Stack::new(file, &[("AWS::StackName", &name)]).created() {
            for (key, value) in properties.as_object().into_iter().flatten() {
                let longest = match (kind, key.as_str()) {
                    ("AWS::Events::Rule", "Name") | ("AWS::Serverless::Function", "FunctionName") => 64,
                    ("AWS::IAM::Role", "RoleName") | ("AWS::Scheduler::Schedule", "Name") => 64,
                    ("AWS::SQS::Queue", "QueueName") => 80,
                    ("AWS::CloudWatch::Dashboard", "DashboardName") | ("AWS::CloudWatch::Alarm", "AlarmName") => 255,
                    ("AWS::Events::EventBus", "Name") | ("AWS::SNS::Topic", "TopicName") => 256,
                    ("AWS::SSM::Parameter", "Name") => 1011,
                    (_, "Name") => panic!("how long may the name of `{resource}` be?"),
                    _ => continue,
                };
                assert!(text(value).len() <= longest, "`{resource}`: {value}");
            }
        }
    }
}
