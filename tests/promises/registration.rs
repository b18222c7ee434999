//! Registration with a vendor that has an API: the account is registered once, after its role exists, and registrations made by
//! others are left alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use onboarding_core::last_result::Requirement;
use onboarding_core::lines::plain;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::{Detail, plan_lines, report_lines};
use onboarding_core::time::since;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Connector, FakeOrganization, Injection, Script, Tenant};
use serde_json::json;

use crate::common::{
    CONFIG, NEW, SECURITY_ID, SECURITY_ROLE, Scenario, TRELICA_ROLE, WORKLOAD_SECURITY, assert_onboarded, config,
    faults_at, id, job, name, outcome_code, run, scripted_engine,
};
use crate::lambda::account_created;

const URL: &str = "https://workload.us-1.cloudone.trendmicro.com/api";
pub(crate) const KEY: &str = "tmc12:s3cret-key";
pub(crate) const KEY_PARAMETER: &str = "/account-onboarding/workload-security/api-key";

/// The configuration with the registration of the vendor.
pub(crate) fn registration_config() -> String {
    format!(
        "{CONFIG}\n[vendors.workload-security.registration]\nregion = \"us-1\"\napi-key = {{ ssm-parameter = \"{KEY_PARAMETER}\" }}\n"
    )
}

/// A new account that is not registered with the vendor yet.
pub(crate) fn unregistered() -> Scenario {
    Scenario::new().with_new_account().with_registration()
}

/// An account that was onboarded before the registration was configured.
fn onboarded_without_registration() -> Scenario {
    Scenario::new().with_onboarded_account().with_registration()
}

impl Scenario {
    /// Adds the tenant at the vendor with its API key, and configures the registration.
    pub(crate) fn with_registration(self) -> Self {
        self.organization().set_tenant(Tenant::new(URL, KEY, &id(WORKLOAD_SECURITY), SECURITY_ID));
        self.with_parameter(KEY_PARAMETER, KEY).config(&registration_config())
    }

    /// Edits the tenant at the vendor.
    pub(crate) fn with_tenant(self, edit: impl FnOnce(&mut Tenant)) -> Self {
        edit_tenant(self.organization(), edit);
        self
    }

    /// The registrations at the vendor.
    pub(crate) fn connectors(&self) -> Vec<Connector> {
        connectors(self.organization())
    }

    /// Asserts that the last run converged, and that the account is registered exactly once, with its role.
    pub(crate) fn assert_registered(self) -> Self {
        assert_registered(self.organization(), self.account());
        self.assert_outcome("converged")
    }
}

pub(crate) fn edit_tenant(organization: &FakeOrganization, edit: impl FnOnce(&mut Tenant)) {
    let mut tenant = organization.tenant().unwrap();
    edit(&mut tenant);
    organization.set_tenant(tenant);
}

pub(crate) fn connectors(organization: &FakeOrganization) -> Vec<Connector> {
    organization.tenant().unwrap().connectors.into_values().collect()
}

/// A registration of the new account that this tool did not make.
pub(crate) fn unowned_connector() -> Connector {
    let role_arn = Some(format!("arn:aws:iam::{NEW}:role/another-role"));
    let display_name = "registered earlier".to_owned();
    Connector { account: id(NEW), role_arn, display_name, workspaces: false, last_read: None }
}

/// Asserts that the account is registered exactly once, with its role.
pub(crate) fn assert_registered(organization: &FakeOrganization, account: &str) {
    let arn = format!("arn:aws:iam::{account}:role/{SECURITY_ROLE}");
    let all = connectors(organization);
    let ours: Vec<_> = all.iter().filter(|one| one.account == id(account)).collect();
    let [one] = ours.as_slice() else { panic!("{all:?}") };
    assert_eq!(one.role_arn.as_ref(), Some(&arn));
}

/// When an outage ends that outlasts every test.
pub(crate) fn far_future() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX))
}

#[test]
fn status_of_a_registration_is_recorded_next_to_that_of_its_role() {
    let recorded = |scenario: &Scenario, key: &str| {
        let result = scenario.organization().record(NEW).result.unwrap();
        (result.requirements[SECURITY_ROLE], result.requirements.get(key).copied())
    };
    let key = format!("{SECURITY_ROLE}/registration");
    let scenario = onboarded_without_registration().plan();
    assert_eq!(recorded(&scenario, &key), (Requirement::Holds, Some(Requirement::Missing)));
    let scenario = scenario.apply().assert_registered();
    assert_eq!(recorded(&scenario, &key), (Requirement::Holds, Some(Requirement::Holds)));
    let scenario = scenario.with_tenant(|tenant| {
        tenant.connectors = [(7, unowned_connector())].into();
    });
    let scenario = scenario.plan().assert_outcome("blocked foreign_registration");
    assert_eq!(recorded(&scenario, &key), (Requirement::Holds, Some(Requirement::Blocked)));
    assert_eq!(recorded(&scenario, &format!("{TRELICA_ROLE}/registration")).1, None, "it has none");
}

#[test]
fn new_account_is_registered_after_its_role_exists() {
    let scenario = unregistered().plan();
    assert_eq!(scenario.connectors(), [], "a plan registers nothing");
    let planned = scenario.changes();
    let text = plain(&plan_lines(scenario.report(), Detail::Full));
    let change: Vec<_> = text.lines().skip_while(|line| !line.contains("register the account")).take(4).collect();
    insta::assert_snapshot!(change.join("\n"), @"
    + register the account with Trend Micro Cloud One Workload Security, using
      role `Workload_Security_Role_Cross`
        + role            arn:aws:iam::444455556666:role/Workload_Security_Role_Cross
        + display name    payments-dev (444455556666)
    ");

    let scenario = scenario.apply().assert_registered().assert_onboarded();
    assert_eq!(scenario.connectors()[0].display_name, format!("payments-dev ({NEW})"));
    let mut done = scenario.changes();
    done.sort_by_key(|change| planned.iter().position(|other| other == change));
    assert_eq!(done, planned, "the planned changes are those that were made");
    let report = scenario.report();
    let last = report.changes.last().unwrap();
    assert_eq!((last.change.call(), last.status.as_str()), ("workload-security:CreateAwsConnector", "done"));
    // The role was read back before the account was registered.
    let journal = scenario.organization().journal();
    let last_role_write =
        journal.iter().rposition(|call| call.write && call.role == Some(name(SECURITY_ROLE))).unwrap();
    let registration = journal.iter().position(|call| call.call == "workload-security:CreateAwsConnector").unwrap();
    let between = journal.get(last_role_write..registration).unwrap();
    assert!(between.iter().any(|call| call.call == "iam:GetRole" && call.role == Some(name(SECURITY_ROLE))));

    let sentence = report.proofs.iter().find(|proof| proof.expected == "registered").unwrap();
    insta::assert_snapshot!(sentence.sentence, @"Trend Micro Cloud One Workload Security has registered the account with this role and has not read the account yet");

    let scenario = scenario.apply_again().assert_outcome("converged");
    assert_eq!(scenario.writes(), [], "a second run makes no write");
}

#[test]
fn registration_is_retried_until_the_role_has_propagated() {
    let scenario =
        unregistered().with_tenant(|tenant| tenant.propagation = Duration::from_secs(9)).apply().assert_registered();
    let refused = scenario.writes().iter().filter(|call| call.call.starts_with("workload") && !call.ok).count();
    assert!(refused >= 1, "the first registration was rejected");
    assert!(scenario.report().changes.iter().all(|step| step.status.as_str() == "done"));
}

/// The roles are installed meanwhile, and the message is retried until the vendor responds.
#[test]
fn vendor_outage_is_isolated_and_retried() {
    for status in [429, 500, 503] {
        let function = unregistered().with_tenant(|tenant| tenant.outage = Some((status, far_future()))).function();
        let organization = function.organization();
        function.deliver(&account_created(&id(NEW)), Duration::from_secs(110));
        assert_onboarded(organization, NEW);
        assert_eq!(connectors(organization), [], "{status}");
        let report = function.answer(&json!({"account_id": NEW}).to_string()).unwrap();
        assert_eq!((&report["outcome"], &report["cause"]["code"]), (&json!("waiting"), &json!("vendor_not_ready")));

        let now = organization.now();
        edit_tenant(organization, |tenant| tenant.outage = Some((status, now + Duration::from_secs(2000))));
        function.process_for(Duration::from_secs(10_000));
        assert_registered(organization, NEW);
        function.assert_all_processed(&status.to_string());
    }
}

#[test]
fn rejected_registration_is_blocked_and_the_role_is_installed() {
    type Obstacle = fn(Scenario) -> Scenario;
    let obstacles: [(&str, Obstacle); 5] = [
        ("vendor_key_refused", |scenario| scenario.with_parameter(KEY_PARAMETER, "another-key")),
        ("configuration", |scenario| scenario.with_parameter(KEY_PARAMETER, "not a key")),
        ("foreign_registration", |scenario| {
            scenario.with_tenant(|tenant| drop(tenant.connectors.insert(7, unowned_connector())))
        }),
        ("foreign_registration", |scenario| {
            let without_role = Connector { role_arn: None, ..unowned_connector() };
            scenario.with_tenant(|tenant| drop(tenant.connectors.insert(7, without_role)))
        }),
        ("vendor_refused", |scenario| scenario.with_tenant(|tenant| tenant.outage = Some((418, far_future())))),
    ];
    let mut causes = Vec::new();
    for (code, add_obstacle) in obstacles {
        let scenario = add_obstacle(unregistered());
        let before = scenario.connectors();
        let scenario = scenario.apply().assert_outcome(&format!("blocked {code}"));
        assert_eq!(scenario.connectors(), before, "{code}");
        assert_onboarded(scenario.organization(), NEW);
        causes.push(scenario.outcome().to_string());
        let scenario = scenario.plan().assert_outcome(&format!("blocked {code}"));
        assert_eq!(scenario.changes().len(), 0);
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
    let scenario = onboarded_without_registration()
        .after(Duration::from_secs(30 * 86_400))
        .with_tenant(|tenant| tenant.external_id = "another-id".to_owned())
        .apply()
        .assert_outcome("blocked vendor_refused");
    let text = plain(&report_lines(scenario.report(), None, Detail::Summary));
    assert!(text.contains("cannot be assumed"), "{text}");
}

#[test]
fn adopted_registration_is_updated_in_place() {
    let adopting =
        registration_config().replace("[vendors.workload-security]\n", "[vendors.workload-security]\nadopt = true\n");
    assert!(adopting.contains("adopt"));
    let scenario = unregistered()
        .with_tenant(|tenant| drop(tenant.connectors.insert(7, unowned_connector())))
        .config(&adopting)
        .apply()
        .assert_registered();
    assert_eq!(scenario.connectors().len(), 1, "no connector is added");
    insta::assert_snapshot!(scenario.changes().last().unwrap(), @"update the registration with Trend Micro Cloud One Workload Security to use role `Workload_Security_Role_Cross`");
}

#[test]
fn concurrent_events_register_once() {
    let function = unregistered().function();
    (0..5).for_each(|_| function.queue.put(&account_created(&id(NEW))));
    function.process_in_batches(10, Duration::from_secs(900));
    assert_registered(function.organization(), NEW);
    let writes = function.organization().writes();
    assert_eq!(writes.iter().filter(|call| call.call.starts_with("workload")).count(), 1);
}

/// For an established account, a run acquires the lease only when there is something to write. What it read from the vendor
/// before that is out of date.
#[test]
fn drift_seen_by_concurrent_runs_registers_once() {
    let scenario = onboarded_without_registration()
        .drift(SECURITY_ROLE, |state| state.policies.clear())
        .after(Duration::from_secs(30 * 86_400));
    let engine = scenario.engine();
    let jobs = [(); 4].map(|()| scenario.job());
    let reports = run(futures_util::future::join_all(jobs.iter().map(|job| engine.apply(job))));
    assert!(reports.iter().all(|report| outcome_code(report) == "converged"), "{reports:?}");
    assert_registered(scenario.organization(), NEW);
    let registrations: Vec<_> =
        scenario.writes().into_iter().filter(|call| call.call.starts_with("workload")).collect();
    assert_eq!(registrations.len(), 1, "{registrations:?}");
}

/// Injects each kind of fault at every call and runs again.
#[test]
fn fault_at_any_call_registers_once() {
    let fault_free = Script::none().only("workload-security:");
    unregistered().apply_with_faults(&fault_free);
    let calls = fault_free.calls();
    assert!(calls.contains(&"workload-security:CreateAwsConnector"));
    for fault in faults_at(&calls, |_, _| &Injection::ALL) {
        let scenario = unregistered().apply_with_faults(&fault.script());
        let mut changes = scenario.report().changes.iter();
        let is_reported = changes.any(|step| step.change.is_registration() && step.status.as_str() == "done");
        let is_registered = !scenario.connectors().is_empty();
        assert!(!is_reported || is_registered, "{fault}: reported as done, but not registered");
        let scenario = scenario.after(Duration::from_secs(1200)).apply_with_faults(&Script::none());
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{fault}");
        let scenario = scenario.assert_registered();
        scenario.organization().clear_journal();
        let scenario = scenario.apply_with_faults(&Script::none());
        assert_eq!(*scenario.outcome(), Outcome::Converged, "{fault}");
        assert_eq!(scenario.writes(), [], "{fault}");
    }
}

/// The vendor stops responding during the registration, so its result is ambiguous.
#[test]
fn registration_with_an_ambiguous_result_is_not_reported_as_done() {
    let apply_with = |organization: &FakeOrganization, script: &Script| {
        run(scripted_engine(organization, script, &registration_config()).apply(&job(organization, NEW)))
    };
    let fault_free = Script::none().only("workload-security:");
    apply_with(unregistered().organization(), &fault_free);
    let create = fault_free.calls().iter().position(|call| *call == "workload-security:CreateAwsConnector").unwrap();
    for injection in [Injection::Throttle, Injection::Unavailable, Injection::Timeout, Injection::Reset] {
        let scenario = unregistered();
        let script = Script::during(create, usize::MAX, injection).only("workload-security:");
        let report = apply_with(scenario.organization(), &script);
        assert_eq!(outcome_code(&report), "waiting vendor_not_ready", "{injection:?}");
        let registration = report.changes.iter().find(|step| step.change.is_registration()).unwrap();
        assert_eq!((registration.status.as_str(), scenario.connectors()), ("failed", Vec::new()), "{injection:?}");
        assert!(report.proofs.iter().any(|proof| proof.sentence.contains("did not report")), "{:?}", report.proofs);
    }
}

/// A cause that needs attention is reported although a vendor is unavailable, and the run does not wait for the vendor.
#[test]
fn vendor_outage_neither_hides_other_causes_nor_delays_the_run() {
    let scenario = onboarded_without_registration().with_tenant(|tenant| tenant.outage = Some((503, far_future())));
    let start = scenario.organization().now();
    let scenario = scenario.apply().assert_outcome("waiting vendor_not_ready");
    assert!(since(start, scenario.organization().now()) < Duration::from_secs(1), "the queue retries, not the run");
    scenario.drift(TRELICA_ROLE, |state| state.settings.tags.clear()).apply().assert_outcome("blocked foreign_role");
}

/// A vendor outage after the plan was shown does not make the plan outdated.
#[test]
fn shown_plan_is_applied_after_a_vendor_outage() {
    let scenario = unregistered().plan();
    let shown = scenario.changes();
    let now = scenario.organization().now();
    scenario
        .with_tenant(|tenant| tenant.outage = Some((503, now + Duration::from_secs(20))))
        .apply_shown(shown)
        .assert_registered();
}

/// Neither an accepted key nor a rejected key, which the vendor repeats in its error message, is shown.
#[test]
fn api_key_is_shown_nowhere() {
    let wrong = unregistered().with_parameter(KEY_PARAMETER, "s3cret-and-wrong");
    for (scenario, key) in [(unregistered(), KEY), (wrong, "s3cret-and-wrong")] {
        let scenario = scenario.plan();
        let plan = scenario.report();
        let plan = format!("{}{plan:?}", plain(&plan_lines(plan, Detail::Full)));
        let scenario = scenario.apply();
        let report = scenario.report();
        let reports =
            [serde_json::to_string(report).unwrap(), plain(&report_lines(report, None, Detail::Full)), plan].concat();
        let output = format!("{reports}{report:?}{:?}", config(&registration_config()));
        assert!(!output.contains(key) && !output.contains("s3cret"), "{reports}");
        assert!(!plain(&onboarding_core::config::show(&config(&registration_config()))).contains("s3cret"));
    }
}

/// Whoever reads the key acts for the whole organization at the vendor, so it has to be encrypted.
#[test]
fn api_key_that_is_not_encrypted_is_refused() {
    let organization = unregistered().organization().clone().with_plain_parameter(KEY_PARAMETER, KEY);
    let scenario = Scenario::in_organization(organization).for_account(NEW).config(&registration_config()).apply();
    let scenario = scenario.assert_outcome("blocked configuration");
    assert_eq!(scenario.connectors(), []);
    assert!(scenario.outcome().to_string().contains("--type SecureString"), "{}", scenario.outcome());
}
