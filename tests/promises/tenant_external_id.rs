//! The external ID of a vendor whose API returns it: one for all accounts, asked once, a secret from then on, and never trusted.

use std::time::Duration;

use onboarding_core::code::Code;
use onboarding_core::lines::plain;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Proof;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::{Detail, plan_lines, report_lines};
use onboarding_engine::Engine;
use onboarding_simulation::{Injection, Script};
use serde_json::json;

use crate::common::{
    CONFIG, NEW, OLD, PARAMETER, SECURITY_ID, SECURITY_ROLE, Scenario, config, id, job, outcome_code, run,
};
use crate::lambda::account_created;
use crate::registration::{KEY_PARAMETER, far_future, registration_config, unregistered};

const CALL: &str = "workload-security:DescribeAwsConnectorSettings";

/// The configuration of the registration, without an external ID of the vendor.
pub(crate) fn without_external_id() -> String {
    let written = format!("external-id = {{ ssm-parameter = \"{PARAMETER}\" }}\n");
    let config = registration_config();
    assert!(config.contains(&written));
    config.replace(&written, "")
}

/// A new account, whose vendor returns the external ID.
fn asking() -> Scenario {
    unregistered().config(&without_external_id())
}

fn asked(scenario: &Scenario) -> usize {
    scenario.organization().journal().iter().filter(|call| call.call == CALL).count()
}

#[test]
fn external_id_of_the_api_is_required_of_the_vendor() {
    let scenario = asking().apply().assert_registered();
    let trust = scenario.role(SECURITY_ROLE).trust.0;
    assert!(trust.contains(SECURITY_ID), "{trust}");
    let proven = |expected: &str| {
        let is_about = |proof: &&Proof| proof.role.as_str() == SECURITY_ROLE && proof.expected == expected;
        scenario.report().proofs.iter().filter(is_about).all(Proof::is_proven)
    };
    assert!(proven("can") && proven("cannot"), "{:?}", scenario.report().proofs);
    assert_eq!(asked(&scenario), 1);
    let scenario = scenario.apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), []);
}

/// An engine lives for a run of the command line, and for a minute in the function.
#[test]
fn external_id_is_asked_once_for_all_accounts() {
    let scenario = asking();
    let engine = scenario.engine();
    let jobs = [NEW, OLD, NEW].map(|account| job(scenario.organization(), account));
    let reports = run(futures_util::future::join_all(jobs.iter().map(|job| engine.plan(job))));
    assert_eq!(reports.iter().filter(|report| outcome_code(report) == "waiting changes_pending").count(), 3);
    run(engine.apply(&job(scenario.organization(), NEW)));
    assert_eq!(asked(&scenario), 1);

    let function = asking().function();
    (0..5).for_each(|_| function.queue.put(&account_created(&id(NEW))));
    function.process_in_batches(10, Duration::from_secs(50));
    assert_eq!(function.organization().journal().iter().filter(|call| call.call == CALL).count(), 1);
}

/// The other roles and the grants are not affected, and a vendor that does not answer is not asked for each account.
#[test]
fn unavailable_vendor_is_isolated_and_retried() {
    for injection in [Injection::Unavailable, Injection::Timeout, Injection::Throttle] {
        let script = Script::during(0, usize::MAX, injection).only(CALL);
        let scenario = asking().apply_with_faults(&script).assert_outcome("waiting vendor_not_ready");
        let scenario = scenario.assert_roles_onboarded_except(&[SECURITY_ROLE]);
        assert!(!scenario.roles().contains_key(&crate::common::name(SECURITY_ROLE)));
        assert_eq!(scenario.connectors(), []);
        scenario.apply().assert_registered().assert_onboarded();
    }
    let function = asking().with_tenant(|tenant| tenant.outage = Some((503, far_future()))).function();
    (0..20).for_each(|_| function.queue.put(&account_created(&id(NEW))));
    function.process_in_batches(10, Duration::from_secs(10));
    let asked = function.organization().journal().iter().filter(|call| call.call == CALL).count();
    assert!((1..=3).contains(&asked), "{asked}");
}

#[test]
fn role_is_left_as_it_is_while_the_vendor_does_not_answer() {
    let scenario = asking().apply().assert_registered();
    let before = scenario.role(SECURITY_ROLE);
    scenario.organization().clear_journal();
    let scenario = scenario
        .with_tenant(|tenant| tenant.outage = Some((503, far_future())))
        .apply()
        .assert_outcome("waiting vendor_not_ready");
    assert_eq!(scenario.role(SECURITY_ROLE), before);
    assert_eq!(scenario.writes(), []);
}

/// What IAM does not accept is refused and repeated nowhere, and no role without an external ID is installed.
#[test]
fn answer_that_is_not_an_external_id_is_refused() {
    let hostile = [
        None,
        Some(String::new()),
        Some("x".to_owned()),
        Some("hostile *".to_owned()),
        Some("hostile\u{1b}[2J".to_owned()),
        Some("hostile*".to_owned()),
        Some("hostile\",\"aws:x\":\"".to_owned()),
        Some("${aws:hostile}".to_owned()),
        Some(format!("hostile{}", "x".repeat(1224))),
    ];
    let mut causes = Vec::new();
    for answer in hostile {
        let scenario = asking().with_tenant(|tenant| tenant.returned_external_id = answer.clone());
        let scenario = scenario.apply().assert_outcome("blocked vendor_refused");
        let scenario = scenario.assert_roles_onboarded_except(&[SECURITY_ROLE]);
        assert!(!scenario.roles().contains_key(&crate::common::name(SECURITY_ROLE)), "{answer:?}");
        let text = format!("{:?}{}", scenario.report(), scenario.outcome());
        assert!(!text.contains("hostile") && !text.contains("xxxx"), "{text}");
        causes.push(scenario.outcome().to_string());
    }
    causes.dedup();
    insta::assert_snapshot!(causes.join("\n"), @"
    blocked (vendor_refused): vendor/workload-security: the external ID is not known: workload-security:DescribeAwsConnectorSettings: the response contains no external ID; set `external-id` of the vendor in the configuration, and report the answer to the vendor, then run again
    blocked (vendor_refused): vendor/workload-security: the external ID is not known: workload-security:DescribeAwsConnectorSettings: the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`; set `external-id` of the vendor in the configuration, and report the answer to the vendor, then run again
    ");
}

#[test]
fn key_that_the_vendor_rejects_or_that_is_missing_is_named() {
    let rejected = asking().with_parameter(KEY_PARAMETER, "another-key").apply();
    let rejected =
        rejected.assert_outcome("blocked vendor_key_refused").assert_roles_onboarded_except(&[SECURITY_ROLE]);
    let missing = asking().config(&without_external_id().replace(KEY_PARAMETER, "/missing")).apply();
    let missing = missing.assert_outcome("blocked configuration").assert_roles_onboarded_except(&[SECURITY_ROLE]);
    insta::assert_snapshot!(format!("{}\n{}", rejected.outcome(), missing.outcome()), @"
    blocked (vendor_key_refused): vendor/workload-security: the external ID is not known: workload-security:DescribeAwsConnectorSettings failed: HTTP 401: (hidden) is not a valid API key; store an API key that the vendor accepts in its SSM parameter, then run again
    blocked (configuration): vendor/workload-security: the external ID is not known: cannot read the API key from the SSM parameter `/missing`: the parameter does not exist in this region; fix the configuration or the parameter, then run again
    ");
}

/// The vendor assumes a role with the external ID of the tenant. With another one, it refuses to register the account.
#[test]
fn wrong_external_id_is_found_by_the_registration() {
    let scenario = asking()
        .after(Duration::from_secs(30 * 86_400))
        .with_tenant(|tenant| tenant.external_id = "another-one".to_owned())
        .apply();
    assert!(
        matches!(scenario.outcome(), Outcome::Blocked(cause) | Outcome::Waiting(cause) if [Code::VendorRefused, Code::VendorNotReady].contains(&cause.code))
    );
    assert_eq!(scenario.connectors(), []);
}

#[test]
fn external_id_of_the_api_is_shown_nowhere() {
    let scenario = asking();
    let known = KnownSecrets::default();
    let engine =
        Engine::new(scenario.organization().clone(), config(&without_external_id())).with_known_secrets(known.clone());
    let plan = run(engine.plan(&scenario.job()));
    assert_eq!(known.redacted(SECURITY_ID.to_owned()), "(hidden)", "the log leaves it out");
    let report = run(engine.apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "converged");
    let output = [
        plain(&plan_lines(&plan, Detail::Full)),
        plain(&report_lines(&report, None, Detail::Full)),
        serde_json::to_string(&plan).unwrap(),
        serde_json::to_string(&report).unwrap(),
        plain(&onboarding_core::config::show(&config(&without_external_id()))),
    ]
    .concat();
    assert!(!output.contains(SECURITY_ID), "{output}");
    // A vendor that repeats it in the message of an error.
    let scenario = scenario.with_tenant(|tenant| tenant.connectors.clear());
    let message = format!("the external ID {SECURITY_ID} is wrong");
    let script = Script::intercepting(move |call, _| {
        (call == "workload-security:CreateAwsConnector").then(|| {
            onboarding_core::error::ApiError::new("workload-security:CreateAwsConnector", "HTTP 418", &message)
                .with_status(418)
        })
    });
    let scenario = scenario.apply_with_faults(&script);
    let text = format!("{}{}", scenario.outcome(), json!(scenario.report()));
    assert!(text.contains("(hidden)") && !text.contains(SECURITY_ID), "{text}");
}

/// A vendor whose configuration has an external ID is not asked.
#[test]
fn configured_external_id_is_used_without_asking() {
    let scenario = unregistered().apply().assert_registered();
    assert_eq!(asked(&scenario), 0);
    let without_api = CONFIG.replace(&format!("external-id = {{ ssm-parameter = \"{PARAMETER}\" }}\n"), "");
    let error = onboarding_core::config::Config::parse_without_files(&without_api).unwrap_err().to_string();
    assert!(error.contains("`external-id` is missing"), "{error}");
}
