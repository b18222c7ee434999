//! A vendor with an API is told of the account: once, when its role stands, and by nobody but us.

use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Report, plan_text, report_text};
use onboarding_engine::ports::{Clock, Ports};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{Connector, FakeOrganization, Faulty, Injection, Script, Tenant};
use serde_json::json;

use crate::common::*;
use crate::lambda::{Lambda, created};

const URL: &str = "https://workload.us-1.cloudone.trendmicro.com/api";
const KEY: &str = "tmc12:s3cret-key";
const KEY_PARAMETER: &str = "/account-onboarding/workload-security/api-key";

/// The configuration, with the vendor's registration.
fn registering() -> String {
    format!(
        "{CONFIG}\n[vendors.workload-security.registration]\nregion = \"us-1\"\napi-key = {{ ssm-parameter = \"{KEY_PARAMETER}\" }}\n"
    )
}

fn with_tenant(organization: FakeOrganization) -> FakeOrganization {
    organization.set_tenant(Tenant::new(URL, KEY, &id(WORKLOAD_SECURITY), SECURITY_ID));
    organization.with_parameter(KEY_PARAMETER, KEY)
}

/// A new account, and a vendor that does not know it yet.
fn fresh() -> FakeOrganization {
    with_tenant(with_new_account())
}

fn change(organization: &FakeOrganization, change: impl FnOnce(&mut Tenant)) {
    let mut tenant = organization.tenant().unwrap();
    change(&mut tenant);
    organization.set_tenant(tenant);
}

fn apply_to(organization: &FakeOrganization, account: &str) -> Report {
    run(engine(organization, &registering()).apply(&errand(organization, account)))
}

fn plan_of(organization: &FakeOrganization) -> Report {
    run(engine(organization, &registering()).plan(&errand(organization, NEW)))
}

fn connectors(organization: &FakeOrganization) -> Vec<Connector> {
    organization.tenant().unwrap().connectors.into_values().collect()
}

/// Somebody else's registration of the new account.
fn theirs() -> Connector {
    let role_arn = Some(format!("arn:aws:iam::{NEW}:role/of-somebody-else"));
    Connector { account: id(NEW), role_arn, display_name: "ours since long".to_owned() }
}

/// Holds that the vendor knows the account once, by its role.
fn assert_registered(organization: &FakeOrganization, account: &str) {
    let arn = format!("arn:aws:iam::{account}:role/{SECURITY_ROLE}");
    let all = connectors(organization);
    let ours: Vec<_> = all.iter().filter(|one| one.account == id(account)).collect();
    let [one] = ours.as_slice() else { panic!("{all:?}") };
    assert_eq!(one.role_arn.as_ref(), Some(&arn));
}

#[test]
fn a_new_account_is_registered_when_its_role_stands() {
    let organization = fresh();
    let plan = plan_of(&organization);
    assert_eq!(connectors(&organization), [], "a plan tells nobody");
    let text = anstream::adapter::strip_str(&plan_text(&plan)).to_string();
    let told: Vec<_> = text.lines().skip_while(|line| !line.contains("register the account")).take(3).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    + register the account with Trend Micro Cloud One Workload Security, to be entered by role `Workload_Security_Role_Cross`
        + role            arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
        + display name    payments-dev (444455556666)
    ");

    let report = apply_to(&organization, NEW);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    assert_connected(&organization, NEW);
    assert_eq!(connectors(&organization)[0].display_name, format!("payments-dev ({NEW})"));
    let planned: Vec<_> = plan.changes.iter().map(|step| step.change.clone()).collect();
    let mut done: Vec<_> = report.changes.iter().map(|step| step.change.clone()).collect();
    done.sort_by_key(|change| planned.iter().position(|other| other == change));
    assert_eq!(done, planned, "what was shown is what was done");
    let last = report.changes.last().unwrap();
    assert_eq!((last.change.call(), last.status.word()), ("workload-security:CreateAwsConnector", "done"));
    // The role was read again, as it is to be, before the vendor was told of it.
    let journal = organization.journal();
    let of_role = journal.iter().rposition(|call| call.write && call.role == Some(name(SECURITY_ROLE))).unwrap();
    let told = journal.iter().position(|call| call.call == "workload-security:CreateAwsConnector").unwrap();
    let between = journal.get(of_role..told).unwrap();
    assert!(between.iter().any(|call| call.call == "iam:GetRole" && call.role == Some(name(SECURITY_ROLE))));

    let sentence = report.proofs.iter().find(|proof| proof.expected == "registered").unwrap();
    insta::assert_snapshot!(sentence.sentence, @"Trend Micro Cloud One Workload Security has the account registered, by this role");

    organization.clear_journal();
    assert_eq!(apply_to(&organization, NEW).outcome, Outcome::Converged);
    assert_eq!(organization.writes(), [], "a second run tells nobody anything");
}

#[test]
fn a_role_that_the_vendor_does_not_see_yet_is_waited_for() {
    let organization = fresh();
    change(&organization, |tenant| tenant.propagation = 9.0);
    let report = apply_to(&organization, NEW);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    let refused = organization.writes().iter().filter(|call| call.call.starts_with("workload") && !call.ok).count();
    assert!(refused >= 1, "it was refused at first");
    assert!(report.changes.iter().all(|step| step.status.word() == "done"));
}

/// The rest is done meanwhile, and the message comes again until the vendor answers.
#[test]
fn a_vendor_that_is_not_ready_is_waited_for_and_harms_no_other() {
    for status in [429, 500, 503] {
        let organization = fresh();
        change(&organization, |tenant| tenant.trouble = Some((status, f64::MAX)));
        let lambda = Lambda::new(&organization, &registering());
        lambda.queue.put(&created(&id(NEW)));
        lambda.work_for(110.0);
        assert_connected(&organization, NEW);
        assert_eq!(connectors(&organization), [], "{status}");
        let report = lambda.answer(&json!({"account_id": NEW}).to_string()).unwrap();
        assert_eq!((&report["outcome"], &report["cause"]["code"]), (&json!("waiting"), &json!("vendor_not_ready")));

        let now = organization.now();
        change(&organization, |tenant| tenant.trouble = Some((status, now + 2000.0)));
        lambda.work_for(10_000.0);
        assert_registered(&organization, NEW);
        assert_eq!((lambda.queue.next_visible(), lambda.queue.dead_letters()), (None, Vec::new()), "{status}");
    }
}

#[test]
fn what_needs_a_person_is_told_and_the_role_stands_all_the_same() {
    type Spoil = fn(FakeOrganization) -> FakeOrganization;
    let spoils: [(&str, Spoil); 5] = [
        ("vendor_key_refused", |organization| organization.with_parameter(KEY_PARAMETER, "another-key")),
        ("configuration", |organization| organization.with_parameter(KEY_PARAMETER, "no key at all")),
        ("foreign_registration", |organization| {
            change(&organization, |tenant| drop(tenant.connectors.insert(7, theirs())));
            organization
        }),
        ("foreign_registration", |organization| {
            change(&organization, |tenant| {
                tenant.connectors.insert(7, Connector { role_arn: None, ..theirs() });
            });
            organization
        }),
        ("vendor_refused", |organization| {
            change(&organization, |tenant| tenant.trouble = Some((418, f64::MAX)));
            organization
        }),
    ];
    let mut causes = Vec::new();
    for (code, spoil) in spoils {
        let organization = spoil(fresh());
        let before = connectors(&organization);
        let report = apply_to(&organization, NEW);
        assert_eq!(end(&report), format!("blocked {code}"));
        assert_eq!(connectors(&organization), before, "{code}");
        assert_connected(&organization, NEW);
        causes.push(report.outcome.to_string());
        let again = plan_of(&organization);
        assert_eq!((end(&again), again.changes.len()), (format!("blocked {code}"), 0));
    }
    insta::assert_snapshot!(causes.join("\n"), @"
    blocked (vendor_key_refused): Trend Micro Cloud One Workload Security is not told of the account: workload-security:SearchAwsConnectors failed: HTTP 401: (hidden) is no key of ours; put a key that the vendor takes into its SSM parameter, then run again
    blocked (configuration): Trend Micro Cloud One Workload Security is not told of the account: the SSM parameter `/account-onboarding/workload-security/api-key` gives no API key: this is no API key; use 1 to 1024 visible characters, without spaces; mend the configuration or the parameter, then run again
    blocked (foreign_registration): Trend Micro Cloud One Workload Security knows the account already, and enters it by `arn:aws:iam::444455556666:role/of-somebody-else`: it was registered by hand, or for another role name or path; remove that registration at the vendor, or set `adopt = true` to have it enter by this role
    blocked (foreign_registration): Trend Micro Cloud One Workload Security knows the account already, and enters it without a role: it was registered by hand, or for another role name or path; remove that registration at the vendor, or set `adopt = true` to have it enter by this role
    blocked (vendor_refused): Trend Micro Cloud One Workload Security is not told of the account: workload-security:SearchAwsConnectors failed: HTTP 418: trouble, on purpose; mend what the vendor says, then run again
    ");
}

/// An old account, whose role was not written just now: what the vendor refuses stays refused.
#[test]
fn a_vendor_that_cannot_enter_an_old_account_s_role_is_told_to_a_person() {
    let organization = with_tenant(onboarded());
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    change(&organization, |tenant| tenant.external_id = "another-id".to_owned());
    let report = apply_to(&organization, NEW);
    assert_eq!(end(&report), "blocked vendor_refused");
    assert!(report_text(&report).contains("cannot be assumed"), "{}", report_text(&report));
}

#[test]
fn adopt_takes_a_foreign_registration_over() {
    let organization = fresh();
    change(&organization, |tenant| drop(tenant.connectors.insert(7, theirs())));
    let adopting =
        registering().replace("[vendors.workload-security]\n", "[vendors.workload-security]\nadopt = true\n");
    assert!(adopting.contains("adopt"));
    let report = run(engine(&organization, &adopting).apply(&errand(&organization, NEW)));
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
    assert_eq!(connectors(&organization).len(), 1, "the number stays");
    insta::assert_snapshot!(report.changes.last().unwrap().change, @"tell Trend Micro Cloud One Workload Security to enter the account by role `Workload_Security_Role_Cross`");
}

#[test]
fn several_events_at_the_same_moment_register_once() {
    let organization = fresh();
    let lambda = Lambda::new(&organization, &registering());
    (0..5).for_each(|_| lambda.queue.put(&created(&id(NEW))));
    lambda.work_in_batches(10, 900.0);
    assert_registered(&organization, NEW);
    assert_eq!(organization.writes().iter().filter(|call| call.call.starts_with("workload")).count(), 1);
}

/// An old account is claimed when there is something to write: what was known of the vendor before that is out of date.
#[test]
fn a_drift_that_several_runs_see_registers_once() {
    let organization = with_tenant(onboarded());
    alter(&organization, NEW, SECURITY_ROLE, |state| state.policies.clear());
    run(organization.sleep(Duration::from_secs(30 * 86_400)));
    let engine = engine(&organization, &registering());
    let errands = [(); 4].map(|()| errand(&organization, NEW));
    let reports = run(futures_util::future::join_all(errands.iter().map(|errand| engine.apply(errand))));
    assert!(reports.iter().all(|report| end(report) == "converged"), "{reports:?}");
    assert_registered(&organization, NEW);
    let told: Vec<_> = organization.writes().into_iter().filter(|call| call.call.starts_with("workload")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
}

/// A fault of each kind at every call, then a re-run: the account is registered once.
#[test]
fn a_fault_at_every_call_registers_once() {
    let run_with = |organization: &FakeOrganization, script: &Script| {
        fastrand::seed(7);
        let ports = Faulty::new(organization.clone(), script);
        run(engine_on(&ports, config(&registering())).apply(&errand(organization, NEW)))
    };
    let sound = Script::none();
    run_with(&fresh(), &sound);
    let calls = sound.calls();
    assert!(calls.contains(&"workload-security:CreateAwsConnector"));
    for (index, call) in calls.iter().enumerate() {
        for injection in Injection::ALL {
            let what = format!("{injection:?} at {index}, {call}");
            let organization = fresh();
            let first = run_with(&organization, &Script::at(index, injection));
            let told = first.changes.iter().any(|step| step.change.is_registration() && step.status.word() == "done");
            assert!(!told || !connectors(&organization).is_empty(), "{what}: told, and not done");
            run(organization.sleep(Duration::from_secs(1200)));
            assert_eq!(run_with(&organization, &Script::none()).outcome, Outcome::Converged, "{what}");
            assert_registered(&organization, NEW);
            organization.clear_journal();
            assert_eq!(run_with(&organization, &Script::none()).outcome, Outcome::Converged, "{what}");
            assert_eq!(organization.writes(), [], "{what}");
        }
    }
}

/// A vendor that falls silent when it is told, and stays so: it is not known whether it was.
#[test]
fn a_vendor_that_falls_silent_is_not_said_to_be_told() {
    let apply_with = |organization: &FakeOrganization, script: &Script| {
        let [directory, sessions, secrets, claims, clock] = [(); 5].map(|()| organization.clone());
        let registrar = Faulty::new(organization.clone(), script);
        let world = Ports { directory, sessions, secrets, claims, registrar, clock };
        run(Engine { world, config: config(&registering()) }.apply(&errand(organization, NEW)))
    };
    let sound = Script::none();
    apply_with(&fresh(), &sound);
    let create = sound.calls().iter().position(|call| *call == "workload-security:CreateAwsConnector").unwrap();
    for injection in [Injection::Throttle, Injection::Unavailable, Injection::Timeout, Injection::Reset] {
        let organization = fresh();
        let report = apply_with(&organization, &Script::during(create, usize::MAX, injection));
        assert_eq!(end(&report), "waiting vendor_not_ready", "{injection:?}");
        let told = report.changes.iter().find(|step| step.change.is_registration()).unwrap();
        assert_eq!((told.status.word(), connectors(&organization)), ("failed", Vec::new()), "{injection:?}");
        assert!(report.proofs.iter().any(|proof| proof.sentence.contains("does not say")), "{:?}", report.proofs);
    }
}

/// While one vendor is silent, what needs a person at another is told all the same; and nobody is kept waiting.
#[test]
fn a_silent_vendor_hides_nothing_and_keeps_nobody() {
    let organization = with_tenant(onboarded());
    change(&organization, |tenant| tenant.trouble = Some((503, f64::MAX)));
    let began = organization.now();
    assert_eq!(end(&apply_to(&organization, NEW)), "waiting vendor_not_ready");
    assert!(organization.now() - began < 1.0, "it is for the queue to wait");
    alter(&organization, NEW, TRELICA_ROLE, |state| state.tags.clear());
    assert_eq!(end(&apply_to(&organization, NEW)), "blocked foreign_role");
}

/// The plan was shown; then the vendor is silent for a while: that is no other plan.
#[test]
fn a_plan_that_was_shown_waits_for_its_vendor() {
    let organization = fresh();
    let plan = plan_of(&organization);
    let shown: Vec<_> = plan.changes.into_iter().map(|step| step.change).collect();
    let now = organization.now();
    change(&organization, |tenant| tenant.trouble = Some((503, now + 20.0)));
    let errand = Job { shown: Some(shown), ..errand(&organization, NEW) };
    let report = run(engine(&organization, &registering()).apply(&errand));
    assert_eq!(report.outcome, Outcome::Converged);
    assert_registered(&organization, NEW);
}

/// A vendor that repeats the key, and a key that is not taken: neither shows it.
#[test]
fn the_key_shows_nowhere() {
    let wrong = fresh().with_parameter(KEY_PARAMETER, "s3cret-and-wrong");
    for (organization, key) in [(fresh(), KEY), (wrong, "s3cret-and-wrong")] {
        let plan = plan_of(&organization);
        let report = apply_to(&organization, NEW);
        let told = [serde_json::to_string(&report).unwrap(), report_text(&report), plan_text(&plan)].concat();
        let faces = format!("{told}{report:?}{plan:?}{:?}", config(&registering()));
        assert!(!faces.contains(key) && !faces.contains("s3cret"), "{told}");
        assert!(!onboarding_core::config::show(&config(&registering())).contains("s3cret"));
    }
}
