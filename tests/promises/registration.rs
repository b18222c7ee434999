//! Registration with a vendor that has an API: the account is registered once, after its role exists, and registrations made by
//! others are left alone.

use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, plan_text, report_text};
use onboarding_engine::ports::{Clock, Ports};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{Connector, FakeOrganization, Faulty, Injection, Script, Tenant};
use serde_json::json;

use crate::common::*;
use crate::lambda::{Lambda, account_created};

const URL: &str = "https://workload.us-1.cloudone.trendmicro.com/api";
const KEY: &str = "tmc12:s3cret-key";
const KEY_PARAMETER: &str = "/account-onboarding/workload-security/api-key";

/// The configuration with the registration of the vendor.
fn registration_config() -> String {
    format!(
        "{CONFIG}\n[vendors.workload-security.registration]\nregion = \"us-1\"\napi-key = {{ ssm-parameter = \"{KEY_PARAMETER}\" }}\n"
    )
}

fn with_tenant(organization: FakeOrganization) -> FakeOrganization {
    organization.set_tenant(Tenant::new(URL, KEY, &id(WORKLOAD_SECURITY), SECURITY_ID));
    organization.with_parameter(KEY_PARAMETER, KEY)
}

/// A new account that is not registered with the vendor yet.
fn unregistered() -> FakeOrganization {
    with_tenant(with_new_account())
}

fn edit_tenant(organization: &FakeOrganization, edit: impl FnOnce(&mut Tenant)) {
    let mut tenant = organization.tenant().unwrap();
    edit(&mut tenant);
    organization.set_tenant(tenant);
}

fn apply_registration(organization: &FakeOrganization, account: &str) -> Report {
    run(engine(organization, &registration_config()).apply(&job(organization, account)))
}

fn plan_registration(organization: &FakeOrganization) -> Report {
    run(engine(organization, &registration_config()).plan(&job(organization, NEW)))
}

fn connectors(organization: &FakeOrganization) -> Vec<Connector> {
    organization.tenant().unwrap().connectors.into_values().collect()
}

/// A registration of the new account that this tool did not make.
fn unowned_connector() -> Connector {
    let role_arn = Some(format!("arn:aws:iam::{NEW}:role/another-role"));
    Connector { account: id(NEW), role_arn, display_name: "registered earlier".to_owned() }
}

/// Asserts that the account is registered exactly once, with its role.
fn assert_registered(organization: &FakeOrganization, account: &str) {
    let arn = format!("arn:aws:iam::{account}:role/{SECURITY_ROLE}");
    let all = connectors(organization);
    let ours: Vec<_> = all.iter().filter(|one| one.account == id(account)).collect();
    let [one] = ours.as_slice() else { panic!("{all:?}") };
    assert_eq!(one.role_arn.as_ref(), Some(&arn));
}

#[test]
fn new_account_is_registered_after_its_role_exists() {
    let organization = unregistered();
    let plan = plan_registration(&organization);
    assert_eq!(connectors(&organization), [], "a plan registers nothing");
    let text = anstream::adapter::strip_str(&plan_text(&plan)).to_string();
    let change: Vec<_> = text.lines().skip_while(|line| !line.contains("register the account")).take(3).collect();
    insta::assert_snapshot!(change.join("\n"), @"
    + register the account with Trend Micro Cloud One Workload Security, using role `Workload_Security_Role_Cross`
        + role            arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
        + display name    payments-dev (444455556666)
    ");

    let report = apply_registration(&organization, NEW);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    assert_onboarded(&organization, NEW);
    assert_eq!(connectors(&organization)[0].display_name, format!("payments-dev ({NEW})"));
    let planned: Vec<_> = plan.changes.iter().map(|step| step.change.clone()).collect();
    let mut done: Vec<_> = report.changes.iter().map(|step| step.change.clone()).collect();
    done.sort_by_key(|change| planned.iter().position(|other| other == change));
    assert_eq!(done, planned, "the planned changes are those that were made");
    let last = report.changes.last().unwrap();
    assert_eq!((last.change.call(), last.status.as_str()), ("workload-security:CreateAwsConnector", "done"));
    // The role was read back before the account was registered.
    let journal = organization.journal();
    let last_role_write =
        journal.iter().rposition(|call| call.write && call.role == Some(name(SECURITY_ROLE))).unwrap();
    let registration = journal.iter().position(|call| call.call == "workload-security:CreateAwsConnector").unwrap();
    let between = journal.get(last_role_write..registration).unwrap();
    assert!(between.iter().any(|call| call.call == "iam:GetRole" && call.role == Some(name(SECURITY_ROLE))));

    let sentence = report.proofs.iter().find(|proof| proof.expected == "registered").unwrap();
    insta::assert_snapshot!(sentence.sentence, @"Trend Micro Cloud One Workload Security has registered the account with this role");

    organization.clear_journal();
    assert_eq!(apply_registration(&organization, NEW).outcome, Outcome::Converged);
    assert_eq!(organization.writes(), [], "a second run makes no write");
}

#[test]
fn registration_is_retried_until_the_role_has_propagated() {
    let organization = unregistered();
    edit_tenant(&organization, |tenant| tenant.propagation = 9.0);
    let report = apply_registration(&organization, NEW);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    let refused = organization.writes().iter().filter(|call| call.call.starts_with("workload") && !call.ok).count();
    assert!(refused >= 1, "the first registration was rejected");
    assert!(report.changes.iter().all(|step| step.status.as_str() == "done"));
}

/// The roles are installed meanwhile, and the message is retried until the vendor responds.
#[test]
fn vendor_outage_is_isolated_and_retried() {
    for status in [429, 500, 503] {
        let organization = unregistered();
        edit_tenant(&organization, |tenant| tenant.outage = Some((status, f64::MAX)));
        let lambda = Lambda::new(&organization, &registration_config());
        lambda.queue.put(&account_created(&id(NEW)));
        lambda.process_for(110.0);
        assert_onboarded(&organization, NEW);
        assert_eq!(connectors(&organization), [], "{status}");
        let report = lambda.answer(&json!({"account_id": NEW}).to_string()).unwrap();
        assert_eq!((&report["outcome"], &report["cause"]["code"]), (&json!("waiting"), &json!("vendor_not_ready")));

        let now = organization.now();
        edit_tenant(&organization, |tenant| tenant.outage = Some((status, now + 2000.0)));
        lambda.process_for(10_000.0);
        assert_registered(&organization, NEW);
        assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()), "{status}");
    }
}

#[test]
fn rejected_registration_is_blocked_and_the_role_is_installed() {
    type Obstacle = fn(FakeOrganization) -> FakeOrganization;
    let obstacles: [(&str, Obstacle); 5] = [
        ("vendor_key_refused", |organization| organization.with_parameter(KEY_PARAMETER, "another-key")),
        ("configuration", |organization| organization.with_parameter(KEY_PARAMETER, "not a key")),
        ("foreign_registration", |organization| {
            edit_tenant(&organization, |tenant| drop(tenant.connectors.insert(7, unowned_connector())));
            organization
        }),
        ("foreign_registration", |organization| {
            edit_tenant(&organization, |tenant| {
                tenant.connectors.insert(7, Connector { role_arn: None, ..unowned_connector() });
            });
            organization
        }),
        ("vendor_refused", |organization| {
            edit_tenant(&organization, |tenant| tenant.outage = Some((418, f64::MAX)));
            organization
        }),
    ];
    let mut causes = Vec::new();
    for (code, add_obstacle) in obstacles {
        let organization = add_obstacle(unregistered());
        let before = connectors(&organization);
        let report = apply_registration(&organization, NEW);
        assert_eq!(outcome_code(&report), format!("blocked {code}"));
        assert_eq!(connectors(&organization), before, "{code}");
        assert_onboarded(&organization, NEW);
        causes.push(report.outcome.to_string());
        let again = plan_registration(&organization);
        assert_eq!((outcome_code(&again), again.changes.len()), (format!("blocked {code}"), 0));
    }
    insta::assert_snapshot!(causes.join("\n"), @"
    blocked (vendor_key_refused): could not register the account with Trend Micro Cloud One Workload Security: workload-security:SearchAwsConnectors failed: HTTP 401: (hidden) is not a valid API key; store an API key that the vendor accepts in its SSM parameter, then run again
    blocked (configuration): could not register the account with Trend Micro Cloud One Workload Security: cannot read the API key from the SSM parameter `/account-onboarding/workload-security/api-key`: the value is not a valid API key; use 1 to 1024 visible ASCII characters, without spaces; fix the configuration or the parameter, then run again
    blocked (foreign_registration): Trend Micro Cloud One Workload Security already has this account registered, using role `arn:aws:iam::444455556666:role/another-role`: it was registered manually, or for another role name or path; remove that registration at the vendor, or set `adopt = true` to change it to this role
    blocked (foreign_registration): Trend Micro Cloud One Workload Security already has this account registered, without a role: it was registered manually, or for another role name or path; remove that registration at the vendor, or set `adopt = true` to change it to this role
    blocked (vendor_refused): could not register the account with Trend Micro Cloud One Workload Security: workload-security:SearchAwsConnectors failed: HTTP 418: trouble, on purpose; fix what the vendor's message reports, then run again
    ");
}

/// The role of an established account has propagated, so the rejection is permanent.
#[test]
fn vendor_that_cannot_assume_the_role_of_an_established_account_is_blocked() {
    let organization = with_tenant(onboarded());
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    edit_tenant(&organization, |tenant| tenant.external_id = "another-id".to_owned());
    let report = apply_registration(&organization, NEW);
    assert_eq!(outcome_code(&report), "blocked vendor_refused");
    assert!(report_text(&report).contains("cannot be assumed"), "{}", report_text(&report));
}

#[test]
fn adopted_registration_is_updated_in_place() {
    let organization = unregistered();
    edit_tenant(&organization, |tenant| drop(tenant.connectors.insert(7, unowned_connector())));
    let adopting =
        registration_config().replace("[vendors.workload-security]\n", "[vendors.workload-security]\nadopt = true\n");
    assert!(adopting.contains("adopt"));
    let report = run(engine(&organization, &adopting).apply(&job(&organization, NEW)));
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    assert_eq!(connectors(&organization).len(), 1, "no connector is added");
    insta::assert_snapshot!(report.changes.last().unwrap().change, @"update the registration with Trend Micro Cloud One Workload Security to use role `Workload_Security_Role_Cross`");
}

#[test]
fn concurrent_events_register_once() {
    let organization = unregistered();
    let lambda = Lambda::new(&organization, &registration_config());
    (0..5).for_each(|_| lambda.queue.put(&account_created(&id(NEW))));
    lambda.process_in_batches(10, 900.0);
    assert_registered(&organization, NEW);
    assert_eq!(organization.writes().iter().filter(|call| call.call.starts_with("workload")).count(), 1);
}

/// For an established account, a run acquires the lease only when there is something to write. What it read from the vendor
/// before that is out of date.
#[test]
fn drift_seen_by_concurrent_runs_registers_once() {
    let organization = with_tenant(onboarded());
    edit_role(&organization, NEW, SECURITY_ROLE, |state| state.policies.clear());
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    let engine = engine(&organization, &registration_config());
    let jobs = [(); 4].map(|()| job(&organization, NEW));
    let reports = run(futures_util::future::join_all(jobs.iter().map(|job| engine.apply(job))));
    assert!(reports.iter().all(|report| outcome_code(report) == "converged"), "{reports:?}");
    assert_registered(&organization, NEW);
    let registrations: Vec<_> =
        organization.writes().into_iter().filter(|call| call.call.starts_with("workload")).collect();
    assert_eq!(registrations.len(), 1, "{registrations:?}");
}

/// Injects each kind of fault at every call and runs again.
#[test]
fn fault_at_any_call_registers_once() {
    let run_with = |organization: &FakeOrganization, script: &Script| {
        fastrand::seed(7);
        let ports = Faulty::new(organization.clone(), script);
        run(engine_on(&ports, config(&registration_config())).apply(&job(organization, NEW)))
    };
    let fault_free = Script::none();
    run_with(&unregistered(), &fault_free);
    let calls = fault_free.calls();
    assert!(calls.contains(&"workload-security:CreateAwsConnector"));
    for (index, call) in calls.iter().enumerate() {
        for injection in Injection::ALL {
            let what = format!("{injection:?} at {index}, {call}");
            let organization = unregistered();
            let first = run_with(&organization, &Script::at(index, injection));
            let is_reported =
                first.changes.iter().any(|step| step.change.is_registration() && step.status.as_str() == "done");
            assert!(
                !is_reported || !connectors(&organization).is_empty(),
                "{what}: reported as done, but not registered"
            );
            run(organization.sleep(Duration::from_secs(1200)));
            assert_eq!(run_with(&organization, &Script::none()).outcome, Outcome::Converged, "{what}");
            assert_registered(&organization, NEW);
            organization.clear_journal();
            assert_eq!(run_with(&organization, &Script::none()).outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.writes(), [], "{what}");
        }
    }
}

/// The vendor stops responding during the registration, so its result is ambiguous.
#[test]
fn registration_with_an_ambiguous_result_is_not_reported_as_done() {
    let apply_with = |organization: &FakeOrganization, script: &Script| {
        let [directory, sessions, secrets, leases, clock] = [(); 5].map(|()| organization.clone());
        let vendors = Faulty::new(organization.clone(), script);
        let world = Ports { directory, sessions, secrets, leases, vendors, clock };
        run(Engine { world, config: config(&registration_config()) }.apply(&job(organization, NEW)))
    };
    let fault_free = Script::none();
    apply_with(&unregistered(), &fault_free);
    let create = fault_free.calls().iter().position(|call| *call == "workload-security:CreateAwsConnector").unwrap();
    for injection in [Injection::Throttle, Injection::Unavailable, Injection::Timeout, Injection::Reset] {
        let organization = unregistered();
        let report = apply_with(&organization, &Script::during(create, usize::MAX, injection));
        assert_eq!(outcome_code(&report), "waiting vendor_not_ready", "{injection:?}");
        let registration = report.changes.iter().find(|step| step.change.is_registration()).unwrap();
        assert_eq!((registration.status.as_str(), connectors(&organization)), ("failed", Vec::new()), "{injection:?}");
        assert!(report.proofs.iter().any(|proof| proof.sentence.contains("did not report")), "{:?}", report.proofs);
    }
}

/// A cause that needs attention is reported although a vendor is unavailable, and the run does not wait for the vendor.
#[test]
fn vendor_outage_neither_hides_other_causes_nor_delays_the_run() {
    let organization = with_tenant(onboarded());
    edit_tenant(&organization, |tenant| tenant.outage = Some((503, f64::MAX)));
    let start = organization.now();
    assert_eq!(outcome_code(&apply_registration(&organization, NEW)), "waiting vendor_not_ready");
    assert!(organization.now() - start < 1.0, "the queue retries, not the run");
    edit_role(&organization, NEW, TRELICA_ROLE, |state| state.settings.tags.clear());
    assert_eq!(outcome_code(&apply_registration(&organization, NEW)), "blocked foreign_role");
}

/// A vendor outage after the plan was shown does not make the plan outdated.
#[test]
fn shown_plan_is_applied_after_a_vendor_outage() {
    let organization = unregistered();
    let plan = plan_registration(&organization);
    let shown: Vec<_> = plan.changes.into_iter().map(|step| step.change).collect();
    let now = organization.now();
    edit_tenant(&organization, |tenant| tenant.outage = Some((503, now + 20.0)));
    let job = Job { shown: Some(shown), ..job(&organization, NEW) };
    let report = run(engine(&organization, &registration_config()).apply(&job));
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
}

/// Neither an accepted key nor a rejected key, which the vendor repeats in its error message, is shown.
#[test]
fn api_key_is_shown_nowhere() {
    let wrong = unregistered().with_parameter(KEY_PARAMETER, "s3cret-and-wrong");
    for (organization, key) in [(unregistered(), KEY), (wrong, "s3cret-and-wrong")] {
        let plan = plan_registration(&organization);
        let report = apply_registration(&organization, NEW);
        let reports = [serde_json::to_string(&report).unwrap(), report_text(&report), plan_text(&plan)].concat();
        let output = format!("{reports}{report:?}{plan:?}{:?}", config(&registration_config()));
        assert!(!output.contains(key) && !output.contains("s3cret"), "{reports}");
        assert!(!onboarding_core::config::show(&config(&registration_config())).contains("s3cret"));
    }
}
