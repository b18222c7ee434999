//! Promise 7: external IDs appear in no log, error, debug output, metric or report.

use std::time::{Duration, UNIX_EPOCH};

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::error::ApiError;
use onboarding_core::limits::CONFIGURATION_AGE;
use onboarding_core::lines::plain;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Action, Change};
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::{ChangeStatus, Detail, Report, emf, plan_lines, report_lines};
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::unix_milliseconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Faulty, PolicyText, Quotas, RoleState, Script};
use serde_json::json;
use serde_json::value::RawValue;
use tracing::level_filters::LevelFilter;

use crate::common::{
    ACCESS, CONFIG, MANAGEMENT, NEW, PARAMETER, SECURITY_ID, SECURITY_ROLE, Scenario, TRELICA, TRELICA_ID,
    TRELICA_ROLE, config, job, run,
};
use crate::log::{logged, logged_without};

/// An external ID in a statement of the access role that this tool did not write.
const UNOWNED_ID: &str = "s3cret-of-another-team";

/// A report in every output format, concatenated.
fn rendered(report: &Report) -> String {
    let steps: Vec<_> =
        report.changes.iter().map(|step| format!("{step:?} {} {:#?}", step.change, step.change)).collect();
    [
        serde_json::to_string(report).unwrap(),
        plain(&report_lines(report, None, Detail::Full)),
        plain(&plan_lines(report, Detail::Summary)),
        plain(&plan_lines(report, Detail::Full)),
        emf(report, UNIX_EPOCH).to_string(),
        format!("{report:?} {:#?} {}", report.outcome, report.outcome),
        steps.concat(),
    ]
    .concat()
}

/// Asserts that a string contains no external ID and no recognizable part of one.
fn assert_hidden(text: &str, what: &str) {
    for id in [SECURITY_ID, TRELICA_ID, UNOWNED_ID] {
        assert!(!text.contains(id), "{what}: {id}");
    }
    assert!(!text.contains("s3c"), "{what}: {text}");
}

/// An error message that repeats the policy document, as those of IAM do.
fn echo_policy(code: &str, prefix: &str, change: &Change) -> Option<ApiError> {
    let document = match &change.action {
        Action::CreateRole(new) => &new.trust,
        Action::UpdateTrust { after, .. } => after,
        _ => return None,
    };
    Some(ApiError::new(change.call(), code, &format!("{prefix}{}", document.to_json())))
}

#[test]
fn successful_run_shows_no_external_id() {
    let scenario = Scenario::new().with_new_account().plan();
    assert_hidden(&rendered(scenario.report()), "plan");
    let scenario = scenario.apply();
    assert_hidden(&rendered(scenario.report()), "apply");
    let scenario = scenario.apply();
    assert_hidden(&rendered(scenario.report()), "again");
    let organization = scenario.organization();
    assert_hidden(&format!("{:?}", organization.assume_role_requests()), "session policies");
    assert_hidden(&format!("{:?} {:?}", config(CONFIG), organization.state()), "values");
    assert_hidden(&plain(&onboarding_core::config::show(&config(CONFIG))), "the configuration");
}

#[test]
fn changed_external_id_is_not_shown() {
    for (from, to) in [(SECURITY_ID, "s3cret-before"), (TRELICA_ID, "s3cret-before")] {
        let replace = |role: &mut RoleState| role.trust = PolicyText(role.trust.0.replace(from, to));
        let scenario =
            Scenario::new().with_onboarded_account().drift(SECURITY_ROLE, replace).drift(TRELICA_ROLE, replace).plan();
        let calls: Vec<_> = scenario.changes().iter().map(Change::call).collect();
        assert_eq!(calls, ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"], "the sessions are revoked first");
        assert_hidden(&rendered(scenario.report()), "plan");
        assert_hidden(&rendered(scenario.apply().report()), "apply");
    }
}

#[test]
fn error_that_repeats_the_policy_shows_no_external_id() {
    let answers: [fn(&Change) -> Option<ApiError>; 4] = [
        |change| echo_policy("MalformedPolicyDocument", "Syntax error in ", change),
        |change| echo_policy("LimitExceeded", "", change),
        |change| echo_policy("MalformedPolicyDocument", "Invalid principal in policy: ", change),
        |change| echo_policy("AccessDenied", "", change),
    ];
    for answer in answers {
        let scenario = Scenario::new().with_new_account().apply_with_intercepted_writes(answer);
        let report = scenario.report();
        assert_ne!(report.outcome, Outcome::Converged);
        assert!(report.changes.iter().any(|step| matches!(step.status, ChangeStatus::Failed(_))));
        assert_hidden(&rendered(report), "the report");
    }
}

/// Long messages are truncated. If the cut is inside an external ID, its first part must not be shown either.
#[test]
fn message_truncated_inside_an_external_id_shows_no_part_of_it() {
    for before in (150..420).step_by(3) {
        let scenario = Scenario::new().with_new_account().apply_with_intercepted_writes(move |change| {
            echo_policy("MalformedPolicyDocument", &"x".repeat(before), change)
        });
        assert_hidden(&rendered(scenario.report()), &format!("after {before} characters"));
    }
}

#[test]
fn external_id_of_an_unowned_statement_is_not_shown() {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Principal":{{"AWS":"{MANAGEMENT}"}},"Action":"sts:AssumeRole"}},
            {{"Effect":"Allow","Principal":{{"AWS":"{TRELICA}"}},"Action":"sts:AssumeRole",
              "Condition":{{"StringEquals":{{"sts:ExternalId":["{UNOWNED_ID}","s3cret"]}}}}}}]}}"#
    );
    let scenario = Scenario::new().with_new_account().with_trust_policy(ACCESS, &trust).plan();
    assert_hidden(&rendered(scenario.report()), "plan");
    let scenario = scenario.apply_with_intercepted_writes(|change| echo_policy("MalformedPolicyDocument", "", change));
    assert_hidden(&rendered(scenario.report()), "an error that repeats the policy");
    assert_hidden(&rendered(scenario.apply().report()), "apply");
}

#[test]
fn external_id_that_contains_another_is_hidden_completely() {
    let echo = |change: &Change| echo_policy("MalformedPolicyDocument", "", change);
    let shorter = CONFIG.replace(TRELICA_ID, "s3cret");
    let scenario = Scenario::new().with_new_account().config(&shorter).apply_with_intercepted_writes(echo);
    let text = rendered(scenario.report());
    assert!(!text.contains("-of-workload-security"), "{text}");
    let scenario =
        Scenario::new().with_parameter(PARAMETER, "s3cret").with_new_account().apply_with_intercepted_writes(echo);
    let text = rendered(scenario.report());
    assert!(!text.contains("/of:trelica"), "{text}");
}

#[test]
fn parameter_with_an_invalid_external_id_is_not_shown() {
    for value in ["s3cret with spaces", "s", "s3cret\u{e9}"] {
        let scenario = Scenario::new()
            .with_parameter(PARAMETER, value)
            .with_new_account()
            .apply()
            .assert_outcome("blocked configuration");
        assert_hidden(&rendered(scenario.report()), value);
    }
}

#[test]
fn quota_error_shows_no_external_id() {
    let scenario = Scenario::new()
        .with_new_account()
        .with_quotas(Quotas { trust_length: 100, ..Quotas::default() })
        .apply()
        .assert_outcome("blocked quota_exceeded");
    assert_hidden(&rendered(scenario.report()), "quota");
}

const CONFIG_PARAMETER: &str = "/onboarding/config";

/// Invokes the function with a payload, and returns its log at the finest level, its response, the published events and the
/// notification records.
fn invoke(organization: &FakeOrganization, payload: &str) -> String {
    let published = organization.notifier();
    let config = ConfigLocation::Parameter(CONFIG_PARAMETER.to_owned());
    let function = Function::new(organization.clone(), config, SweepMode::Apply, KnownSecrets::default());
    let mut context = Context::default();
    context.deadline = unix_milliseconds(job(organization, NEW).deadline);
    let payload = RawValue::from_string(payload.to_owned()).unwrap();
    let answer = || run(function.handle(LambdaEvent::new(payload, context)));
    let (lines, answer) = logged(LevelFilter::TRACE, answer);
    assert!(lines.lines().count() > 0, "something was logged");
    let events = published.events();
    let details: String = events.iter().map(|event| event.detail().to_string()).collect();
    format!("{lines}{answer:?}{details}{:?}", published.notifications())
}

#[test]
fn function_log_and_response_show_no_external_id() {
    let manual = format!(r#"{{"account_id":"{NEW}"}}"#);
    let new_account = Scenario::new().with_new_account().with_parameter(CONFIG_PARAMETER, CONFIG);
    let text = invoke(new_account.organization(), &manual);
    assert!(text.contains("converged") && text.contains("\"subject\":"), "{text}");
    assert_hidden(&text, "converged");

    let quotas = Quotas { trust_length: 100, ..Quotas::default() };
    let blocked = Scenario::new().with_new_account().with_quotas(quotas).with_parameter(CONFIG_PARAMETER, CONFIG);
    let text = invoke(blocked.organization(), &manual);
    assert!(text.contains("quota_exceeded"), "{text}");
    assert_hidden(&text, "blocked");

    let invalid = format!("{CONFIG}\n[vendors.trelica2]\nexternal-id = \"s3cret with spaces\"\n");
    let misconfigured = Scenario::new().with_new_account().with_parameter(CONFIG_PARAMETER, &invalid);
    assert_hidden(&invoke(misconfigured.organization(), &manual), "a wrong configuration");
}

/// An error message that repeats the external IDs in each form: as they are, in another case, URL-encoded and JSON-escaped.
fn echo_each_form(call: &'static str, code: &str) -> ApiError {
    let url_encoded = TRELICA_ID.replace('/', "%2F").replace(':', "%3a");
    let escaped = TRELICA_ID.replace('/', "\\/").replace(':', "\\u003A");
    let message = format!("{SECURITY_ID} {TRELICA_ID} {} {url_encoded} {escaped} was here", SECURITY_ID.to_uppercase());
    ApiError::new(call, code, &message)
}

/// Three failures have no report, only a line of the log: the notification, the queue and the configuration.
#[test]
fn lines_about_failures_without_a_report_show_no_external_id_in_any_form() {
    let organization =
        Scenario::new().with_new_account().with_parameter(CONFIG_PARAMETER, CONFIG).organization().clone();
    let start = organization.now();
    let clock = organization.clone();
    let script = Script::intercepting(move |call, _| {
        let is_refused = match call {
            "events:PutEvents" | "sqs:SendMessage" => true,
            // The second read of the configuration, a minute later.
            "ssm:GetParameter" => clock.now() > start + CONFIGURATION_AGE,
            _ => false,
        };
        is_refused.then(|| echo_each_form(call, "ValidationException"))
    });
    let secrets = KnownSecrets::default();
    let location = ConfigLocation::Parameter(CONFIG_PARAMETER.to_owned());
    let function =
        Function::new(Faulty::new(organization.clone(), &script), location, SweepMode::Apply, secrets.clone());
    let invoke = |payload: &str| {
        let mut context = Context::default();
        context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
        let payload = RawValue::from_string(payload.to_owned()).unwrap();
        run(function.handle(LambdaEvent::new(payload, context)))
    };
    let (lines, answers) = logged_without(&secrets, || {
        let event = include_str!("../../events/account-joined-created.json");
        let refused = invoke(&format!(r#"{{"account_id":"{NEW}"}}"#));
        let direct = invoke(event);
        let queued =
            invoke(&json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": "no event"}]}).to_string());
        run(organization.sleep(CONFIGURATION_AGE * 2));
        format!("{refused:?}{direct:?}{queued:?}{:?}", invoke(event))
    });
    for expected in
        ["could not send or record the notification", "sqs:SendMessage failed", "could not read the configuration"]
    {
        assert!(lines.contains(expected), "{expected}: {lines}");
    }
    for text in [lines, answers] {
        assert!(text.contains("was here"), "{text}");
        assert_hidden(&text.to_lowercase(), "the log and the responses");
    }
}
