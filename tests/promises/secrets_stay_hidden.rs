//! Promise 7: external IDs appear in no log, error, debug output, metric or report.

use std::sync::Mutex;

use account_onboarding::lambda::{Clients, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Action, Change};
use onboarding_core::report::{Report, Status, emf, plan_text, report_text};
use onboarding_engine::ports::Whole;
use onboarding_simulation::{FakeNotifier, FakeOrganization, FakeQueue, PolicyText, Quotas};
use serde_json::value::RawValue;
use tracing::level_filters::LevelFilter;

use crate::common::*;
use crate::intercepting_ports::apply_with_intercepted_writes;
use crate::lambda::settings;
use crate::log::logged;

/// An external ID in a statement of the access role that this tool did not write.
const UNOWNED_ID: &str = "s3cret-of-another-team";

/// A report in every output format, concatenated.
fn rendered(report: &Report) -> String {
    let steps: Vec<_> =
        report.changes.iter().map(|step| format!("{step:?} {} {:#?}", step.change, step.change)).collect();
    [
        serde_json::to_string(report).unwrap(),
        report_text(report),
        plan_text(report),
        emf(report, 1.0).to_string(),
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
    let organization = with_new_account();
    assert_hidden(&rendered(&plan(&organization, NEW)), "plan");
    assert_hidden(&rendered(&apply(&organization, NEW)), "apply");
    assert_hidden(&rendered(&apply(&organization, NEW)), "again");
    assert_hidden(&format!("{:?}", organization.assume_role_requests()), "session policies");
    assert_hidden(&format!("{:?} {:?}", config(CONFIG), organization.state()), "values");
    assert_hidden(&onboarding_core::config::show(&config(CONFIG)), "the configuration");
}

#[test]
fn changed_external_id_is_not_shown() {
    for (from, to) in [(SECURITY_ID, "s3cret-before"), (TRELICA_ID, "s3cret-before")] {
        let organization = onboarded();
        for role in [SECURITY_ROLE, TRELICA_ROLE] {
            edit_role(&organization, NEW, role, |state| state.trust = PolicyText(state.trust.0.replace(from, to)));
        }
        let plan = plan(&organization, NEW);
        assert_eq!(plan.changes.len(), 1);
        assert_hidden(&rendered(&plan), "plan");
        assert_hidden(&rendered(&apply(&organization, NEW)), "apply");
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
        let organization = with_new_account();
        let report = apply_with_intercepted_writes(&organization, CONFIG, answer);
        assert_ne!(report.outcome, Outcome::Converged);
        assert!(report.changes.iter().any(|step| matches!(step.status, Status::Failed(_))));
        assert_hidden(&rendered(&report), "the report");
    }
}

/// Long messages are truncated. If the cut is inside an external ID, its first part must not be shown either.
#[test]
fn message_truncated_inside_an_external_id_shows_no_part_of_it() {
    static BEFORE: Mutex<usize> = Mutex::new(0);
    for before in (150..420).step_by(3) {
        *BEFORE.lock().unwrap() = before;
        let organization = with_new_account();
        let report = apply_with_intercepted_writes(&organization, CONFIG, |change| {
            let padding = "x".repeat(*BEFORE.lock().unwrap());
            echo_policy("MalformedPolicyDocument", &padding, change)
        });
        assert_hidden(&rendered(&report), &format!("after {before} characters"));
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
    let organization = with_new_account();
    organization.set_trust(&id(NEW), &name(ACCESS), &trust);
    assert_hidden(&rendered(&plan(&organization, NEW)), "plan");
    let report = apply_with_intercepted_writes(&organization, CONFIG, |change| {
        echo_policy("MalformedPolicyDocument", "", change)
    });
    assert_hidden(&rendered(&report), "an error that repeats the policy");
    assert_hidden(&rendered(&apply(&organization, NEW)), "apply");
}

#[test]
fn external_id_that_contains_another_is_hidden_completely() {
    let echo = |change: &Change| echo_policy("MalformedPolicyDocument", "", change);
    let shorter = CONFIG.replace(TRELICA_ID, "s3cret");
    let text = rendered(&apply_with_intercepted_writes(&with_new_account(), &shorter, echo));
    assert!(!text.contains("-of-workload-security"), "{text}");
    let organization = organization().with_parameter(PARAMETER, "s3cret");
    create_account(&organization, Default::default());
    let text = rendered(&apply_with_intercepted_writes(&organization, CONFIG, echo));
    assert!(!text.contains("/of:trelica"), "{text}");
}

#[test]
fn parameter_with_an_invalid_external_id_is_not_shown() {
    for value in ["s3cret with spaces", "s", "s3cret\u{e9}"] {
        let organization = organization().with_parameter(PARAMETER, value);
        create_account(&organization, Default::default());
        let report = apply(&organization, NEW);
        assert_eq!(outcome_code(&report), "blocked configuration");
        assert_hidden(&rendered(&report), value);
    }
}

#[test]
fn quota_error_shows_no_external_id() {
    let organization = with_new_account();
    organization.set_quotas(&id(NEW), Quotas { trust_length: 100, ..Quotas::default() });
    let report = apply(&organization, NEW);
    assert_eq!(outcome_code(&report), "blocked quota_exceeded");
    assert_hidden(&rendered(&report), "quota");
}

/// Invokes the function with a payload, and returns its log at the finest level, its response, the published events and the
/// notification records.
fn invoke(organization: &FakeOrganization, payload: &str) -> String {
    let queue = FakeQueue::new(organization);
    let notifier = FakeNotifier::default();
    let published = notifier.clone();
    let ports = Clients { world: Whole::from(organization.clone()), queue, notifier };
    let function = Function { ports, settings: settings("/onboarding/config") };
    let mut context = Context::default();
    context.deadline = (job(organization, NEW).deadline * 1000.0) as u64;
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
    let organization = with_new_account().with_parameter("/onboarding/config", CONFIG);
    let text = invoke(&organization, &manual);
    assert!(text.contains("converged") && text.contains("\"subject\":"), "{text}");
    assert_hidden(&text, "converged");

    let quota = with_new_account().with_parameter("/onboarding/config", CONFIG);
    quota.set_quotas(&id(NEW), Quotas { trust_length: 100, ..Quotas::default() });
    let text = invoke(&quota, &manual);
    assert!(text.contains("quota_exceeded"), "{text}");
    assert_hidden(&text, "blocked");

    let broken = with_new_account().with_parameter(
        "/onboarding/config",
        &format!("{CONFIG}\n[vendors.trelica2]\nexternal-id = \"s3cret with spaces\"\n"),
    );
    assert_hidden(&invoke(&broken, &manual), "a wrong configuration");
}
