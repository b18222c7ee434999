//! Judges the policies of the stack on requests, as IAM does: conditions with all their operators, statements that allow and
//! statements that deny. What no other test says about a condition is said here, because a wrong operator (`StringEquals` on a
//! key with several values) looks right.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::permissions;
use crate::stack::{Stack, list, text};

/// The context of a request: the values of each key. A key that is not listed is missing.
type Context<'a> = BTreeMap<&'a str, Vec<&'a str>>;

fn context<'a>(keys: &[(&'a str, &[&'a str])]) -> Context<'a> {
    keys.iter().map(|(key, values)| (*key, values.to_vec())).collect()
}

/// Whether every condition of a statement is met. Panics on an operator that it does not know.
fn condition_is_met(statement: &Value, context: &Context<'_>) -> bool {
    let Some(operators) = statement["Condition"].as_object() else { return true };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().expect("keys").iter().all(|(key, wanted)| {
            let wanted: Vec<_> = list(wanted).into_iter().map(|value| resolve(value, context)).collect();
            operator_is_met(operator, &wanted, context.get(key.as_str()))
        })
    })
}

/// A policy variable is replaced by the value of its key.
fn resolve(value: &str, context: &Context<'_>) -> String {
    match value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(key) => context.get(key).map_or("", |values| values[0]).to_owned(),
        None => value.to_owned(),
    }
}

fn operator_is_met(operator: &str, wanted: &[String], values: Option<&Vec<&str>>) -> bool {
    if operator == "Null" {
        return wanted == [values.is_none().to_string()];
    }
    if let Some(operator) = operator.strip_prefix("ForAllValues:") {
        return values.is_none_or(|values| values.iter().all(|value| one_is_met(operator, wanted, value)));
    }
    if let Some(operator) = operator.strip_suffix("IfExists") {
        return values.is_none() || operator_is_met(operator, wanted, values);
    }
    match values.map(Vec::as_slice) {
        // A missing key is not equal to anything.
        None => operator.contains("Not"),
        Some([value]) => one_is_met(operator, wanted, value),
        Some(values) => panic!("`{operator}` without ForAllValues or ForAnyValue on several values: {values:?}"),
    }
}

fn one_is_met(operator: &str, wanted: &[String], value: &str) -> bool {
    let is_equal = |wanted: &String| wanted == value;
    match operator {
        "StringEquals" | "ArnEquals" | "Bool" => wanted.iter().any(is_equal),
        "StringNotEquals" | "ArnNotEquals" => !wanted.iter().any(is_equal),
        "StringLike" | "ArnLike" => wanted.iter().any(|pattern| matches(pattern, value)),
        other => panic!("the operator `{other}` is not known"),
    }
}

/// A pattern with `*`.
pub(crate) fn matches(pattern: &str, value: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == value,
        Some((start, rest)) => value.strip_prefix(start).is_some_and(|value| {
            (0..=value.len()).filter_map(|skipped| value.get(skipped..)).any(|value| matches(rest, value))
        }),
    }
}

fn statement(sid: &str) -> Value {
    permissions(&Stack::with(&[])).into_iter().find(|one| one["Sid"] == sid).expect("a statement")
}

#[test]
fn function_publishes_its_own_events_only_however_many_entries_a_call_has() {
    let notify = statement("Notify");
    let allows = |sources: &[&str], kinds: &[&str]| {
        condition_is_met(&notify, &context(&[("events:source", sources), ("events:detail-type", kinds)]))
    };
    let ours = "account-onboarding";
    for kind in ["AccountOnboarded", "AccountBlocked", "AccountDeparted", "AccountDrifted"] {
        assert!(allows(&[ours], &[kind]), "{kind}");
        assert!(allows(&[ours, ours], &[kind, "AccountOnboarded"]), "two events: {kind}");
    }
    assert!(!allows(&["billing"], &["AccountBlocked"]));
    assert!(!allows(&[ours, "billing"], &["AccountBlocked", "AccountBlocked"]), "a foreign source among our own");
    assert!(!allows(&[ours, ours], &["AccountBlocked", "Refund"]), "a foreign detail-type among our own");
    // ForAllValues alone is true of a request without the keys.
    assert!(!condition_is_met(&notify, &context(&[])));
    assert!(!condition_is_met(&notify, &context(&[("events:source", &[ours])])));
}

#[test]
fn only_the_function_itself_assumes_roles_and_reads_secrets() {
    const FUNCTION: &str = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:account-onboarding";
    let key = "arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter/account-onboarding/trelica/external-id";
    for sid in ["AssumeAccessRoles", "ReadConfiguration", "DecryptConfiguration", "KeepRecords"] {
        let statement = statement(sid);
        let allows = |function: Option<&str>| {
            let mut context = context(&[
                ("aws:PrincipalOrgID", &["o-exampleorgid"]),
                ("aws:ResourceOrgID", &["o-exampleorgid"]),
                ("kms:ViaService", &["ssm.us-gov-west-1.amazonaws.com"]),
                ("kms:EncryptionContext:PARAMETER_ARN", &[key]),
            ]);
            if let Some(function) = function {
                context.insert("lambda:SourceFunctionArn", vec![function]);
            }
            condition_is_met(&statement, &context)
        };
        assert!(allows(Some(FUNCTION)), "{sid}");
        assert!(!allows(Some(&FUNCTION.replace("account-onboarding", "other"))), "{sid}: another function");
        assert!(!allows(None), "{sid}: credentials that are not from Lambda");
    }
    let function = Stack::with(&[]).resource("Onboard");
    assert!(FUNCTION.ends_with(&format!(":function:{}", text(&function["FunctionName"]))));
    // Lambda polls the queue outside of the function, without the key.
    assert!(condition_is_met(&statement("ReadInbox"), &context(&[])));
}

#[test]
fn access_roles_of_other_organizations_cannot_be_assumed() {
    let assume = statement("AssumeAccessRoles");
    let allows = |organization: Option<&str>| {
        let mut context = context(&[("aws:PrincipalOrgID", &["o-exampleorgid"])]);
        context.insert("lambda:SourceFunctionArn", list(&assume["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]));
        if let Some(organization) = organization {
            context.insert("aws:ResourceOrgID", vec![organization]);
        }
        condition_is_met(&assume, &context)
    };
    assert!(allows(Some("o-exampleorgid")));
    assert!(!allows(Some("o-otherorgid")));
    assert!(allows(None), "a new account may not have the key yet");
}

#[test]
fn only_the_function_writes_to_the_event_bus() {
    let stack = Stack::with(&[]);
    let policy = stack.resource("EventBusPolicy");
    assert_eq!(
        (&policy["EventBusName"], &stack.resource("EventBus")["Name"]),
        (&json!("account-onboarding"), &json!("account-onboarding"))
    );
    let deny = &policy["Statement"];
    assert_eq!(
        (&deny["Effect"], &deny["Principal"], &deny["Action"], &deny["Resource"]),
        (&json!("Deny"), &json!("*"), &json!("events:PutEvents"), &json!("<EventBus.Arn>"))
    );
    let denies = |principal: &str| condition_is_met(deny, &context(&[("aws:PrincipalArn", &[principal])]));
    assert!(!denies("<FunctionRole.Arn>"));
    for other in ["arn:aws-us-gov:iam::111122223333:role/admin", "arn:aws-us-gov:iam::111122223333:root"] {
        assert!(denies(other), "{other}");
    }
    assert!(condition_is_met(deny, &context(&[])), "a service has no ARN");
    // The email and the subscribers' rules are on this bus, and nothing is published to another one.
    assert_eq!(stack.resource("AccountBlocked")["EventBusName"], "account-onboarding");
    assert_eq!(stack.resource("Onboard")["Environment"]["Variables"]["ONBOARDING_EVENT_BUS"], "account-onboarding");
    assert_eq!(
        statement("Notify")["Resource"],
        "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/account-onboarding"
    );
}

#[test]
fn inbox_denies_senders_of_other_accounts_and_other_services() {
    let policy = Stack::with(&[]).resource("InboxPolicy")["PolicyDocument"]["Statement"].clone();
    let deny = policy.as_array().expect("statements").iter().find(|one| one["Sid"] == "DenyOtherSenders").cloned();
    let deny = deny.expect("a statement");
    let denies = |keys: &[(&str, &[&str])]| condition_is_met(&deny, &context(keys));
    for rule in ["<NewAccount.Arn>", "<ConfigurationChanged.Arn>"] {
        assert!(!denies(&[("aws:SourceArn", &[rule])]), "the rule");
    }
    assert!(!denies(&[("aws:PrincipalAccount", &["111122223333"])]), "the function, the schedule, and a redrive");
    assert!(denies(&[("aws:PrincipalAccount", &["444455556666"])]), "another account");
    assert!(denies(&[("aws:SourceArn", &["arn:aws-us-gov:events:us-gov-west-1:111122223333:rule/other"])]));
    assert!(denies(&[]), "a service that names no source");
}
