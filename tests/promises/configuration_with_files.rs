//! The function reads a configuration with files from SSM parameters below one path, all of it or nothing.

use std::cell::Cell;
use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use onboarding_core::config::Files;
use onboarding_core::config::deployed_files::{FileIndex, FileSet};
use onboarding_core::error::ApiError;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::unix_milliseconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Faulty, Script};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common::{OLD, Scenario, id, name, run};

const PATH: &str = "/account-onboarding/own";
const ROLE: &str = "reader";

/// Twenty policies in files of their own, all with the same content.
struct Local {
    action: &'static str,
}

impl Files for Local {
    fn name(&self) -> &str {
        "onboarding.toml"
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Ok(json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": self.action, "Resource": "*"}})
            .to_string())
    }
}

fn files(action: &'static str) -> FileSet {
    let policies: Vec<_> = (0..20).map(|index| format!("p{index} = {{ file = \"policies/{index}.json\" }}")).collect();
    let text = format!(
        "[[role]]\nname = \"{ROLE}\"\npolicies = {{ {} }}\n[[role.trust]]\nprincipal = \"222233334444\"\n",
        policies.join(", ")
    );
    FileSet::collect(&text, &Local { action }).unwrap_or_else(|problems| panic!("{problems}")).1
}

fn parameters(files: &FileSet) -> Vec<(String, String)> {
    let index = FileIndex::new(PATH, files).unwrap();
    index.parameters(PATH).map(|(file, name)| (name, files.get(file).unwrap().to_owned())).collect()
}

/// Stores the contents, without the index.
fn with_contents(organization: FakeOrganization, files: &FileSet) -> FakeOrganization {
    parameters(files)
        .iter()
        .fold(organization, |organization, (name, value)| organization.with_plain_parameter(name, value))
}

fn with_index(organization: FakeOrganization, files: &FileSet) -> FakeOrganization {
    organization.with_plain_parameter(PATH, &FileIndex::new(PATH, files).unwrap().to_value())
}

/// An organization in which `files` were pushed.
fn pushed(files: &FileSet) -> FakeOrganization {
    let organization = Scenario::new().organization().clone();
    let organization = with_index(with_contents(organization, files), files);
    organization.clear_journal();
    organization
}

fn function(organization: &FakeOrganization, script: &Script) -> Function<Faulty<FakeOrganization>> {
    let location = ConfigLocation::Parameter(PATH.to_owned());
    Function::new(Faulty::new(organization.clone(), script), location, SweepMode::Apply, KnownSecrets::default())
}

fn invoke(function: &Function<Faulty<FakeOrganization>>, organization: &FakeOrganization) -> Result<Value, Diagnostic> {
    let payload = RawValue::from_string(json!({ "account_id": OLD }).to_string()).unwrap();
    let mut context = Context::default();
    context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
    run(function.handle(LambdaEvent::new(payload, context)))
}

/// The actions that the installed policies allow; empty if there is no role.
fn installed(organization: &FakeOrganization) -> String {
    let policies = organization.role_state(&id(OLD), &name(ROLE)).map(|role| role.policies).unwrap_or_default();
    let mut actions: Vec<_> = policies
        .values()
        .map(|policy| serde_json::from_str::<Value>(&policy.0).unwrap()["Statement"]["Action"].to_string())
        .collect();
    actions.dedup();
    actions.join(" ")
}

fn reads(organization: &FakeOrganization) -> String {
    let journal = organization.journal();
    let reads: Vec<_> = journal.iter().map(|call| call.call).filter(|call| call.starts_with("ssm:")).collect();
    reads.join(" ")
}

#[test]
fn policies_of_files_are_installed_and_the_files_are_read_once_a_minute() {
    let organization = pushed(&files("s3:ListAllMyBuckets"));
    let function = function(&organization, &Script::none());
    invoke(&function, &organization).unwrap();
    assert_eq!(installed(&organization), "\"s3:ListAllMyBuckets\"");
    let pages = "ssm:GetParametersByPath ssm:GetParametersByPath ssm:GetParametersByPath";
    assert_eq!(reads(&organization), format!("ssm:GetParameter {pages}"), "21 files on three pages");
    organization.clear_journal();
    run(organization.sleep(Duration::from_secs(50)));
    invoke(&function, &organization).unwrap();
    assert_eq!(reads(&organization), "");
    run(organization.sleep(Duration::from_secs(11)));
    invoke(&function, &organization).unwrap();
    assert_eq!(reads(&organization), format!("ssm:GetParameter {pages}"));
}

#[test]
fn interrupted_push_changes_nothing() {
    let [old, new] = ["s3:ListAllMyBuckets", "ec2:DescribeInstances"].map(files);
    let mut organization = pushed(&old);
    for (name, value) in parameters(&new) {
        organization = organization.with_plain_parameter(&name, &value);
        invoke(&function(&organization, &Script::none()), &organization).unwrap();
        assert_eq!(installed(&organization), "\"s3:ListAllMyBuckets\"");
    }
    let organization = with_index(organization, &new);
    invoke(&function(&organization, &Script::none()), &organization).unwrap();
    assert_eq!(installed(&organization), "\"ec2:DescribeInstances\"");
}

/// A push writes the index and deletes the old contents while the function has read the old index, before each page.
#[test]
fn push_during_a_read_is_noticed_and_everything_is_read_again() {
    let [old, new] = ["s3:ListAllMyBuckets", "ec2:DescribeInstances"].map(files);
    for page in 1..=3 {
        let organization = pushed(&old);
        let pages = Cell::new(0);
        let (state, old, new) = (organization.clone(), old.clone(), new.clone());
        let script = Script::intercepting(move |call, _| {
            pages.set(pages.get() + usize::from(call == "ssm:GetParametersByPath"));
            if call == "ssm:GetParametersByPath" && pages.get() == page {
                let pushed = with_index(with_contents(state.clone(), &new), &new);
                let kept: Vec<_> = parameters(&new).into_iter().map(|(name, _)| name).collect();
                let stale = parameters(&old).into_iter().map(|(name, _)| name).filter(|name| !kept.contains(name));
                stale.fold(pushed, |organization, name| organization.without_parameter(&name));
            }
            None
        });
        invoke(&function(&organization, &script), &organization).unwrap();
        assert_eq!(installed(&organization), "\"ec2:DescribeInstances\"", "before page {page}");
    }
}

#[test]
fn mixture_is_never_applied_and_the_error_says_what_to_do() {
    let [old, new] = ["s3:ListAllMyBuckets", "ec2:DescribeInstances"].map(files);
    let policy = parameters(&new).last().unwrap().clone();
    let missing = pushed(&new).without_parameter(&policy.0);
    let altered = pushed(&new).with_plain_parameter(&policy.0, &parameters(&old).last().unwrap().1);
    let index_only = with_index(Scenario::new().organization().clone(), &new);
    let mut messages = Vec::new();
    for organization in [missing, altered, index_only] {
        let error = invoke(&function(&organization, &Script::none()), &organization).unwrap_err();
        assert_eq!(error.error_type, "Configuration");
        assert!(
            error.error_message.ends_with("run `onboard config push --name /account-onboarding/own` again"),
            "{error:?}"
        );
        assert_eq!(organization.writes(), [], "nothing is changed");
        assert_eq!(installed(&organization), "");
        messages.push(error.error_message);
        let completed = with_contents(organization, &new);
        invoke(&function(&completed, &Script::none()), &completed).unwrap();
        assert_eq!(installed(&completed), "\"ec2:DescribeInstances\"");
    }
    insta::assert_snapshot!(messages[..2].join("\n"), @"
    the configuration below `/account-onboarding/own` is not complete, so that none of it is used: `policies/9.json` is missing; run `onboard config push --name /account-onboarding/own` again
    the configuration below `/account-onboarding/own` is not complete, so that none of it is used: `policies/9.json` is not what `onboard config push` wrote; run `onboard config push --name /account-onboarding/own` again
    ");
}

#[test]
fn index_that_is_not_valid_and_denied_files_have_a_remedy() {
    let organization = pushed(&files("s3:ListAllMyBuckets")).with_plain_parameter(PATH, "{\"files\":{\"../x\":\"\"}}");
    let error = invoke(&function(&organization, &Script::none()), &organization).unwrap_err();
    insta::assert_snapshot!(error.error_message, @"the value of the SSM parameter `/account-onboarding/own` starts like the index of a configuration with files and is not a valid one: its `format` is not `account-onboarding/1`; the function may be older than the `onboard` that wrote it; run `onboard config push --name /account-onboarding/own` again");

    let organization = pushed(&files("s3:ListAllMyBuckets"));
    let script = Script::intercepting(|call, _| {
        (call == "ssm:GetParametersByPath")
            .then(|| ApiError::new("ssm:GetParametersByPath", "AccessDeniedException", "no"))
    });
    let error = invoke(&function(&organization, &script), &organization).unwrap_err();
    insta::assert_snapshot!(error.error_message, @"could not read the files of the configuration below `/account-onboarding/own`: ssm:GetParametersByPath failed: AccessDeniedException: no; allow `ssm:GetParametersByPath` on this path (for the function, deploy the stack again)");
}

#[test]
fn parameter_that_no_push_wrote_is_a_warning_and_stops_nothing() {
    let organization = pushed(&files("s3:ListAllMyBuckets"));
    let organization = organization.with_plain_parameter("/account-onboarding/own/notes", "s3cret-note");
    let organization = organization.with_parameter("/account-onboarding/own/key", "s3cret-key");
    let response = invoke(&function(&organization, &Script::none()), &organization).unwrap();
    assert_eq!(installed(&organization), "\"s3:ListAllMyBuckets\"");
    let notices = response["notices"].as_array().unwrap().iter().map(|notice| notice.as_str().unwrap());
    let strays: Vec<_> = notices.filter(|notice| notice.contains("/account-onboarding/own/")).collect();
    insta::assert_snapshot!(strays.join("\n"), @"
    the SSM parameter `/account-onboarding/own/key` is below the configuration `/account-onboarding/own` and was not written by `onboard config push`: it is ignored; store it elsewhere
    the SSM parameter `/account-onboarding/own/notes` is below the configuration `/account-onboarding/own` and was not written by `onboard config push`: it is ignored; store it elsewhere
    ");
    assert!(!response.to_string().contains("s3cret"));
}
