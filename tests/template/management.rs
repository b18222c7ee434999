//! `management.yaml` is the part in the management account of a stack of `template.yaml` in another account.

use std::fs;

use onboarding_core::config::Config;
use serde_json::{Value, json};

use crate::permissions;
use crate::stack::{MANAGEMENT, Stack, list, read, template};

const MANAGEMENT_ACCOUNT: &str = "999988887777";
const ROLE: &str = "arn:aws-us-gov:iam::999988887777:role/account-onboarding-management";
const FUNCTION_ROLE: &str = "arn:aws-us-gov:iam::111122223333:role/account-onboarding-FunctionRole-EXAMPLE";

/// The stack of template.yaml in account 111122223333.
fn outside() -> Stack {
    Stack::with(&[("ManagementRoleArn", ROLE), ("TrelicaExternalId", "x1")])
}

fn management() -> Stack {
    let account = ("AWS::AccountId", MANAGEMENT_ACCOUNT);
    Stack::new(MANAGEMENT, &[account, ("FunctionRoleArn", FUNCTION_ROLE), ("ExternalId", "3e7ac2f0-0000-example")])
}

fn by_sid(statements: &[Value], sid: &str) -> Value {
    statements.iter().find(|one| one["Sid"] == sid).unwrap_or_else(|| panic!("a statement `{sid}`")).clone()
}

#[test]
fn only_the_function_assumes_the_role_and_with_the_external_id() {
    let trust = management().resource("ManagementRole")["AssumeRolePolicyDocument"]["Statement"].clone();
    assert_eq!(
        trust,
        json!([{
            "Effect": "Allow",
            "Principal": { "AWS": FUNCTION_ROLE },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": "3e7ac2f0-0000-example" } },
        }])
    );
}

/// The role may do what the function may do in a stack in the management account, and nothing else.
#[test]
fn role_has_the_permissions_of_the_function_for_the_organization() {
    let role = management().resource("ManagementRole");
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().expect("statements").clone();
    let own = permissions(&Stack::with(&[("AWS::AccountId", MANAGEMENT_ACCOUNT)]));
    for statement in &statements {
        let mut expected = by_sid(&own, statement["Sid"].as_str().expect("a Sid"));
        if let Some(condition) = expected.get_mut("Condition").and_then(Value::as_object_mut) {
            condition.remove("ArnEquals");
        }
        assert_eq!(*statement, expected);
    }
    let about_the_organization = |action: &&str| action.starts_with("organizations:") || action.starts_with("sts:");
    let actions = |statements: &[Value]| {
        let all =
            statements.iter().flat_map(|one| list(&one["Action"]).into_iter().map(str::to_owned).collect::<Vec<_>>());
        all.filter(|action| about_the_organization(&action.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(actions(&statements), actions(&own));
}

#[test]
fn function_outside_the_management_account_may_assume_that_role_only() {
    let own = permissions(&outside());
    let organizations = |one: &Value| list(&one["Action"]).iter().any(|action| action.starts_with("organizations:"));
    assert!(!own.iter().any(organizations), "Organizations answers in the management account only");
    let assume = by_sid(&own, "AssumeAccessRoles");
    assert_eq!(assume["Resource"], json!([ROLE]));
    assert!(assume["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"].is_string());
}

#[test]
fn events_of_the_management_account_are_forwarded_and_accepted() {
    let rule = management().resource("AccountEvents");
    let mut accepted = outside().resource("NewAccount")["EventPattern"].clone();
    assert_eq!(accepted["account"], json!([MANAGEMENT_ACCOUNT]));
    // The function ignores that an account could not be created, and the rule of the email needs it.
    let failed = outside().resource("CreationFailed")["EventPattern"].clone();
    assert_eq!(failed["account"], json!([MANAGEMENT_ACCOUNT]));
    let some = accepted["detail"]["$or"].as_array_mut().expect("alternatives");
    let created = some.remove(0)["eventName"].clone();
    assert_eq!(created, failed["detail"]["eventName"]);
    some[0]["eventName"].as_array_mut().expect("names").insert(0, created[0].clone());
    assert_eq!(rule["EventPattern"], accepted, "the same events, of the management account");
    let target = &rule["Targets"][0];
    let bus = "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/default";
    assert_eq!(target["Arn"], bus);
    let forwarder = management().resource("ForwarderRole");
    assert_eq!(forwarder["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"], bus);
    let expected = json!({
        "EventBusName": "default",
        "StatementId": "account-onboarding-forwarded-events",
        "Action": "events:PutEvents",
        "Principal": MANAGEMENT_ACCOUNT,
    });
    assert_eq!(outside().resource("ForwardedEvents"), expected);
}

#[test]
fn stack_in_the_management_account_accepts_no_events_of_others() {
    assert_eq!(Stack::with(&[]).resource("ForwardedEvents"), Value::Null);
}

#[test]
fn stack_is_rejected_where_organizations_sends_no_events() {
    let rule = |template: &Value| template["Rules"]["RegionReceivesOrganizationsEvents"].clone();
    assert_eq!(rule(&read(MANAGEMENT)), rule(&template()));
}

#[test]
fn generated_configuration_names_the_role() {
    let text = outside().resource("Configuration")["Value"].as_str().expect("a text").to_owned();
    let config = Config::parse_without_files(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let role = config.management.expect("a role");
    assert_eq!((role.arn.as_str(), role.account.as_str()), (ROLE, MANAGEMENT_ACCOUNT));
}

#[test]
fn function_reads_the_external_id_of_the_page() {
    let name = "/account-onboarding/management/external-id";
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/OTHER_ACCOUNT.md")).expect("the page");
    assert!(page.contains(name));
    assert!(outside().resource("Configuration")["Value"].as_str().expect("a text").contains(name));
}
