//! `prerequisites.yaml`, and what `onboard prerequisites show` prints: the same policies in every format.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::stack::{PREREQUISITES, Stack, read, text};

const IDENTITY: &str = "222233334444";
const MANAGEMENT: &str = "111122223333";
const PARTITION: &str = "aws-us-gov";

fn show(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
    let output = command.args(["prerequisites", "show"]).args(arguments).output().expect("onboard");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The JSON documents by name. Placeholders of another format must not be left in them.
fn documents(arguments: &[&str]) -> BTreeMap<String, Value> {
    let accounts = ["--identity-account", IDENTITY, "--management-account", MANAGEMENT];
    let fixed = [&["--format", "json", "--partition", PARTITION], &accounts[..]].concat();
    let printed = show(&[&fixed, arguments].concat());
    for placeholder in ["{access", "{application", "{account", "{session", "{partition", "${AWS::", "data."] {
        assert!(!printed.contains(placeholder), "{printed}");
    }
    serde_json::from_str(&printed).expect("JSON")
}

/// The policies of a template's resources by the name of the prerequisite.
fn policies(template: &str, account: &str, parameters: &[(&str, &str)]) -> BTreeMap<String, Value> {
    let id = if account == "identity" { IDENTITY } else { MANAGEMENT };
    let fixed = [("Account", account), ("AWS::AccountId", id), ("AWS::Partition", PARTITION)];
    let stack = Stack::new(template, &[&fixed, parameters].concat());
    let policies = stack.created().map(|(name, _, properties)| {
        let document = ["PolicyDocument", "AssumeRolePolicyDocument"].into_iter().find_map(|key| properties.get(key));
        // A document with a parameter in a key is a JSON string.
        let document = match document.expect("a policy") {
            Value::String(text) => serde_json::from_str(text).expect("JSON"),
            object => object.clone(),
        };
        (kebab_case(&name), document)
    });
    policies.collect()
}

fn kebab_case(name: &str) -> String {
    let dashed = name.chars().map(|c| if c.is_ascii_uppercase() { format!("-{}", c.to_lowercase()) } else { c.into() });
    dashed.collect::<String>().trim_start_matches('-').to_owned()
}

/// The policies of Terraform resources by the name of the prerequisite, which is in the comment above each.
fn terraform(account: &str, arguments: &[&str]) -> BTreeMap<String, Value> {
    let id = if account == "identity" { IDENTITY } else { MANAGEMENT };
    let printed = show(&[&["--format", "terraform", "--for", account], arguments].concat());
    let resources = printed.split("# ").skip(1).map(|resource| {
        let (name, body) = resource.split_once('\n').expect("a comment");
        let (_, expression) = body.split_once("jsonencode(").expect("a policy");
        let (expression, _) = expression.split_once("\n  })").expect("its end");
        let json = json_of(&format!("{expression}\n}}"));
        let json = json.replace("${data.aws_partition.current.partition}", PARTITION);
        let json = json.replace("${data.aws_caller_identity.current.account_id}", id);
        let json = json.replace("data.aws_caller_identity.current.account_id", &format!("{id:?}"));
        let json = json.replace("$${", "${");
        (name.to_owned(), serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}")))
    });
    resources.collect()
}

/// A Terraform object, of which each line is an attribute or a bracket, as JSON.
fn json_of(object: &str) -> String {
    let lines = object.lines().map(|line| match line.trim().split_once(" = ") {
        Some((key, value)) => format!("\"{}\": {value}", key.trim().trim_matches('"')),
        None => line.trim().trim_end_matches(',').to_owned(),
    });
    let lines: Vec<_> = lines.collect();
    let ends = lines.iter().skip(1).map(|next| next.starts_with(['}', ']'])).chain([true]);
    let separated = lines.iter().zip(ends).map(|(line, is_last)| {
        let comma = if is_last || line.ends_with(['{', '[']) { "" } else { "," };
        format!("{line}{comma}\n")
    });
    separated.collect()
}

const APPLICATION: (&str, &str) = ("ApplicationService", "codebuild.amazonaws.com");

/// Options of the command, and parameters of the template with the same meaning.
type Variant = (&'static [&'static str], &'static [(&'static str, &'static str)]);

const VARIANTS: [Variant; 5] = [
    (&[], &[]),
    (&["--require-mfa", "false"], &[("RequireMfa", "false")]),
    (&["--session-tag", "team"], &[("SessionTagKey", "team")]),
    (
        &["--session-tag", "cost:center", "--require-mfa", "false"],
        &[("SessionTagKey", "cost:center"), ("RequireMfa", "false")],
    ),
    (
        &["--access-role", "Ops", "--application-target", "deploy", "--account-creation-role", "Vending"],
        &[("AccessRoleName", "Ops"), ("ApplicationTargetRoleName", "deploy"), ("AccountCreationRoleName", "Vending")],
    ),
];

#[test]
fn policies_are_the_same_in_every_format() {
    for (options, parameters) in VARIANTS {
        let options = [options, &["--application-service", APPLICATION.1]].concat();
        let parameters = [parameters, &[APPLICATION]].concat();
        let expected = documents(&options);
        assert_eq!(expected.len(), 7, "{options:?}");
        for of in [
            |account: &str, _: &[&str], parameters: &[(&str, &str)]| policies(PREREQUISITES, account, parameters),
            |account: &str, options: &[&str], _: &[(&str, &str)]| terraform(account, options),
            // The options are the defaults of the parameters.
            |account: &str, options: &[&str], _: &[(&str, &str)]| policies(&show(options), account, &[]),
        ] {
            let mut found = of("identity", &options, &parameters);
            found.extend(of("management", &options, &parameters));
            assert_eq!(found, expected, "{options:?}");
        }
    }
}

#[test]
fn variants_differ() {
    let policy = |options: &[&str]| documents(options)["identity-access-policy"].to_string();
    let all: std::collections::BTreeSet<_> = VARIANTS.iter().map(|(options, _)| policy(options)).collect();
    assert_eq!(all.len(), VARIANTS.len());
}

#[test]
fn published_template_is_the_output_of_the_command() {
    assert_eq!(show(&[]), PREREQUISITES, "run `onboard prerequisites show > prerequisites.yaml`");
    assert_eq!(show(&["--format", "cloudformation"]), PREREQUISITES);
}

#[test]
fn resources_are_created_in_their_account_and_applications_are_optional() {
    let created = |account: &str, parameters: &[(&str, &str)]| -> Vec<String> {
        policies(PREREQUISITES, account, parameters).into_keys().collect()
    };
    assert_eq!(created("identity", &[]), ["identity-access-policy"]);
    let with_application = ["application-policy", "application-role", "identity-access-policy"];
    assert_eq!(created("identity", &[APPLICATION]), with_application);
    let management = [
        "account-creation-access-policy",
        "account-creation-policy",
        "account-creation-role",
        "management-access-policy",
    ];
    assert_eq!(created("management", &[]), management);
    assert_eq!(created("management", &[APPLICATION]), management);
}

#[test]
fn policies_are_attached_to_the_groups() {
    let groups = |account: &str, resource: &str, parameters: &[(&str, &str)]| {
        let parameters = [&[("Account", account)], parameters].concat();
        Stack::new(PREREQUISITES, &parameters).resource(resource)["Groups"].clone()
    };
    let admins = [("GroupNames", "admins")];
    assert_eq!(groups("identity", "IdentityAccessPolicy", &[]), Value::Null);
    assert_eq!(groups("identity", "IdentityAccessPolicy", &admins), "admins");
    assert_eq!(groups("management", "ManagementAccessPolicy", &admins), "admins");
    assert_eq!(groups("management", "AccountCreationAccessPolicy", &admins), Value::Null);
    let creators = [("AccountCreationGroupNames", "creators")];
    assert_eq!(groups("management", "AccountCreationAccessPolicy", &creators), "creators");
}

/// Without a default, a deployment has to say which account it is for.
#[test]
fn only_the_account_is_a_required_parameter() {
    let parameters = read(PREREQUISITES)["Parameters"].clone();
    for (name, parameter) in parameters.as_object().expect("parameters") {
        assert_eq!(parameter["Default"].is_null(), name == "Account", "`{name}`");
        assert_eq!(parameter["NoEcho"], Value::Null, "`{name}`");
    }
    assert_eq!(parameters["Account"]["AllowedValues"], json!(["identity", "management"]));
    assert_eq!(text(&parameters["RequireMfa"]["Default"]), "true");
}

/// The same document alone and among others.
#[test]
fn one_document_is_printed_without_its_name() {
    let all = documents(&[]);
    for (name, document) in &all {
        let accounts = ["--identity-account", IDENTITY, "--management-account", MANAGEMENT];
        let printed = show(&[&[name, "--format", "json", "--partition", PARTITION], &accounts[..]].concat());
        assert_eq!(serde_json::from_str::<Value>(&printed).expect("JSON"), *document, "{name}");
    }
}
