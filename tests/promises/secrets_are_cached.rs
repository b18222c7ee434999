//! The configuration and the secrets are read once a minute, ten parameters with each call.

use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::error::ApiError;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::unix_milliseconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Script};
use serde_json::json;
use serde_json::value::RawValue;

use crate::common::{CONFIG, OLD, PARAMETER, Scenario, run};

const CONFIG_PARAMETER: &str = "/onboarding/config";

/// Processes the established account, and returns the number of reads of parameters.
fn reads_of_one_invocation(function: &Function<FakeOrganization>, organization: &FakeOrganization) -> usize {
    organization.clear_journal();
    let payload = RawValue::from_string(json!({ "account_id": OLD }).to_string()).unwrap();
    let mut context = Context::default();
    context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
    run(function.handle(LambdaEvent::new(payload, context))).unwrap();
    let is_read = |call: &&str| ["ssm:GetParameter", "ssm:GetParameters"].contains(call);
    organization.journal().iter().map(|call| call.call).filter(is_read).count()
}

#[test]
fn configuration_and_secrets_are_read_again_after_a_minute() {
    let organization = Scenario::new().apply().organization().clone().with_parameter(CONFIG_PARAMETER, CONFIG);
    let function = Function::new(
        organization.clone(),
        ConfigLocation::Parameter(CONFIG_PARAMETER.to_owned()),
        SweepMode::Apply,
        KnownSecrets::default(),
    );
    assert_eq!(reads_of_one_invocation(&function, &organization), 2, "the configuration, and all secrets in one call");
    run(organization.sleep(Duration::from_secs(50)));
    assert_eq!(reads_of_one_invocation(&function, &organization), 0);
    run(organization.sleep(Duration::from_secs(11)));
    assert_eq!(reads_of_one_invocation(&function, &organization), 2);
}

/// A parameter that is created after an account failed for the lack of it is found by the next account.
#[test]
fn missing_parameter_is_looked_for_again() {
    let scenario = Scenario::new().config(&CONFIG.replace(PARAMETER, "/later")).apply();
    let scenario = scenario.assert_outcome("blocked configuration").with_parameter("/later", "s3cret-later");
    scenario.apply().assert_outcome("converged");
}

/// Eleven roles, each with an external ID in a parameter of its own.
fn eleven_parameters() -> Scenario {
    let mut config = String::from("[[access-role.grant]]\nprincipal = \"222233334444\"\n");
    let mut scenario = Scenario::new();
    for index in 0..11 {
        config.push_str(&format!(
            "[[role]]\nname = \"role-{index}\"\n[[role.trust]]\nprincipal = \"222233334444\"\n\
             external-id = {{ ssm-parameter = \"/id/{index}\" }}\n"
        ));
        scenario = scenario.with_parameter(&format!("/id/{index}"), &format!("s3cret-{index}"));
    }
    scenario.config(&config)
}

/// IAM rejects the whole call if it may not read one of its parameters.
#[test]
fn denied_parameter_affects_only_the_role_that_needs_it() {
    let mut calls = 0;
    let script = Script::intercepting(move |call, _| {
        calls += usize::from(call == "ssm:GetParameters");
        // The two calls with several names, and the first of those with one.
        let is_denied = call == "ssm:GetParameters" && [1, 3].contains(&calls);
        is_denied.then(|| ApiError::new("ssm:GetParameters", "AccessDeniedException", "denied"))
    });
    let scenario = eleven_parameters().apply_with_faults(&script).assert_outcome("blocked configuration");
    assert_eq!(scenario.report().refusals.len(), 1, "{:?}", scenario.report().refusals);
}

/// Its commas would become part of the value.
#[test]
fn list_is_not_an_external_id() {
    let organization = Scenario::new().organization().clone().with_list_parameter(PARAMETER, "s3cret-1,s3cret-2");
    let scenario = Scenario::in_organization(organization).apply().assert_outcome("blocked configuration");
    let refusals = format!("{:?}", scenario.report().refusals);
    assert!(refusals.contains("is a StringList") && !refusals.contains("s3cret-1"), "{refusals}");
}

#[test]
fn eleven_parameters_are_read_with_two_calls() {
    let scenario = eleven_parameters().apply().assert_outcome("converged");
    let journal = scenario.organization().journal();
    assert_eq!(journal.iter().filter(|call| call.call == "ssm:GetParameters").count(), 2);
}
