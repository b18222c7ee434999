//! Promise 7: external ids are in no log, error, debug output, metric or report.

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
use crate::intercepting_ports::apply_against;
use crate::lambda::settings;
use crate::log::logged;

/// An external id that somebody else's statement asks for, in the access role's trust policy.
const THEIR_ID: &str = "s3cret-of-somebody-else";

/// Every face of a report, as one text.
fn faces(report: &Report) -> String {
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

/// Holds that no external id is in a text, nor a part of one that a person could finish.
fn assert_hidden(text: &str, what: &str) {
    for id in [SECURITY_ID, TRELICA_ID, THEIR_ID] {
        assert!(!text.contains(id), "{what}: {id}");
    }
    assert!(!text.contains("s3c"), "{what}: {text}");
}

/// A service that repeats its input, as IAM does.
fn repeats(code: &str, prefix: &str, change: &Change) -> Option<ApiError> {
    let document = match &change.action {
        Action::CreateRole(new) => &new.trust,
        Action::UpdateTrust { after, .. } => after,
        _ => return None,
    };
    Some(ApiError::new(change.call(), code, &format!("{prefix}{}", document.to_json())))
}

#[test]
fn a_run_that_goes_well_shows_none() {
    let organization = with_new_account();
    assert_hidden(&faces(&plan(&organization, NEW)), "plan");
    assert_hidden(&faces(&apply(&organization, NEW)), "apply");
    assert_hidden(&faces(&apply(&organization, NEW)), "again");
    assert_hidden(&format!("{:?}", organization.entries()), "session policies");
    assert_hidden(&format!("{:?} {:?}", config(CONFIG), organization.state()), "values");
    assert_hidden(&onboarding_core::config::show(&config(CONFIG)), "the configuration");
}

#[test]
fn a_change_of_external_ids_shows_none() {
    for (from, to) in [(SECURITY_ID, "s3cret-before"), (TRELICA_ID, "s3cret-before")] {
        let organization = onboarded();
        for role in [SECURITY_ROLE, TRELICA_ROLE] {
            alter(&organization, NEW, role, |state| state.trust = PolicyText(state.trust.0.replace(from, to)));
        }
        let plan = plan(&organization, NEW);
        assert_eq!(plan.changes.len(), 1);
        assert_hidden(&faces(&plan), "plan");
        assert_hidden(&faces(&apply(&organization, NEW)), "apply");
    }
}

#[test]
fn an_error_that_repeats_the_policy_shows_none() {
    let answers: [fn(&Change) -> Option<ApiError>; 4] = [
        |change| repeats("MalformedPolicyDocument", "Syntax error in ", change),
        |change| repeats("LimitExceeded", "", change),
        |change| repeats("MalformedPolicyDocument", "Invalid principal in policy: ", change),
        |change| repeats("AccessDenied", "", change),
    ];
    for answer in answers {
        let organization = with_new_account();
        let report = apply_against(&organization, CONFIG, answer);
        assert_ne!(report.outcome, Outcome::Converged);
        assert!(report.changes.iter().any(|step| matches!(step.status, Status::Failed(_))));
        assert_hidden(&faces(&report), "the report");
    }
}

/// A long message is cut; what is left of an external id at the cut is a part of it.
#[test]
fn a_message_that_is_cut_inside_an_external_id_shows_no_part_of_it() {
    static BEFORE: Mutex<usize> = Mutex::new(0);
    for before in (150..420).step_by(3) {
        *BEFORE.lock().unwrap() = before;
        let organization = with_new_account();
        let report = apply_against(&organization, CONFIG, |change| {
            let filling = "x".repeat(*BEFORE.lock().unwrap());
            repeats("MalformedPolicyDocument", &filling, change)
        });
        assert_hidden(&faces(&report), &format!("after {before} characters"));
    }
}

#[test]
fn somebody_else_s_external_id_shows_neither() {
    let theirs = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Principal":{{"AWS":"{MANAGEMENT}"}},"Action":"sts:AssumeRole"}},
            {{"Effect":"Allow","Principal":{{"AWS":"{TRELICA}"}},"Action":"sts:AssumeRole",
              "Condition":{{"StringEquals":{{"sts:ExternalId":["{THEIR_ID}","s3cret"]}}}}}}]}}"#
    );
    let organization = with_new_account();
    organization.set_trust(&id(NEW), &name(ACCESS), &theirs);
    assert_hidden(&faces(&plan(&organization, NEW)), "plan");
    let report = apply_against(&organization, CONFIG, |change| repeats("MalformedPolicyDocument", "", change));
    assert_hidden(&faces(&report), "an error that repeats the policy");
    assert_hidden(&faces(&apply(&organization, NEW)), "apply");
}

#[test]
fn one_external_id_in_another_leaves_no_rest() {
    let repeat = |change: &Change| repeats("MalformedPolicyDocument", "", change);
    let shorter = CONFIG.replace(TRELICA_ID, "s3cret");
    let text = faces(&apply_against(&with_new_account(), &shorter, repeat));
    assert!(!text.contains("-of-workload-security"), "{text}");
    let organization = organization().with_parameter(PARAMETER, "s3cret");
    born(&organization, Default::default());
    let text = faces(&apply_against(&organization, CONFIG, repeat));
    assert!(!text.contains("/of:trelica"), "{text}");
}

#[test]
fn a_parameter_that_holds_none_is_not_repeated() {
    for value in ["s3cret with spaces", "s", "s3cret\u{e9}"] {
        let organization = organization().with_parameter(PARAMETER, value);
        born(&organization, Default::default());
        let report = apply(&organization, NEW);
        assert_eq!(end(&report), "blocked configuration");
        assert_hidden(&faces(&report), value);
    }
}

#[test]
fn a_quota_shows_none() {
    let organization = with_new_account();
    organization.set_quotas(&id(NEW), Quotas { trust_length: 100, ..Quotas::default() });
    let report = apply(&organization, NEW);
    assert_eq!(end(&report), "blocked quota_exceeded");
    assert_hidden(&faces(&report), "quota");
}

/// Hands a payload to the function; gives its log at the finest level, its answer, and what it told and remembers.
fn invoke(organization: &FakeOrganization, payload: &str) -> String {
    let (queue, notifier) = (FakeQueue::new(organization), FakeNotifier::default());
    let told = notifier.clone();
    let ports = Clients { world: Whole::from(organization.clone()), queue, notifier };
    let function = Function { ports, settings: settings("/onboarding/config") };
    let mut context = Context::default();
    context.deadline = (errand(organization, NEW).deadline * 1000.0) as u64;
    let payload = RawValue::from_string(payload.to_owned()).unwrap();
    let answer = || run(function.answer(LambdaEvent::new(payload, context)));
    let (lines, answer) = logged(LevelFilter::TRACE, answer);
    assert!(lines.lines().count() > 0, "something was logged");
    let notices = told.notices();
    let details: String = notices.iter().map(|notice| notice.detail().to_string()).collect();
    format!("{lines}{answer:?}{details}{:?}", told.memory())
}

#[test]
fn the_function_s_log_and_answer_show_none() {
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
