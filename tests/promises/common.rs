//! The organization, the configuration and the engine of all promises.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Change;
use onboarding_core::policy::Caller;
use onboarding_core::report::Report;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{Clock, Directory, LeaseStore, Ports, Secrets, Sessions, VendorApi, Whole};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization, RoleState};

pub(crate) const MANAGEMENT: &str = "111122223333";
pub(crate) const IDENTITY: &str = "222233334444";
/// An account that is there since long.
pub(crate) const OLD: &str = "333344445555";
/// The account that is created.
pub(crate) const NEW: &str = "444455556666";
/// The vendors' accounts.
pub(crate) const WORKLOAD_SECURITY: &str = "147995105371";
pub(crate) const TRELICA: &str = "377450845233";

pub(crate) const ACCESS: &str = "OrganizationAccountAccessRole";
pub(crate) const SECURITY_ROLE: &str = "Workload_Security_Role_Cross";
pub(crate) const TRELICA_ROLE: &str = "TrelicaIntegration";
pub(crate) const OWN_ROLE: &str = "app-deployer";
pub(crate) const ROLES: [&str; 3] = [SECURITY_ROLE, TRELICA_ROLE, OWN_ROLE];

pub(crate) const SECURITY_ID: &str = "s3cret-of-workload-security";
pub(crate) const TRELICA_ID: &str = "s3cret/of:trelica";
pub(crate) const PARAMETER: &str = "/onboarding/workload-security";
pub(crate) const PIPELINE: &str = "arn:aws:iam::222233334444:role/app-pipeline";

/// Two vendors, one external id in a parameter and one in place, and a role that has all that a role can have.
pub(crate) const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[accounts]
exclude = ["999988887777"]

[vendors.workload-security]
external-id = { ssm-parameter = "/onboarding/workload-security" }

[vendors.trelica]
external-id = "s3cret/of:trelica"
permissions = ["iam", "organizations"]

[[role]]
name = "app-deployer"
path = "/apps/"
description = "The pipeline updates the application"
max-session-seconds = 7200
permissions-boundary = "arn:{partition}:iam::aws:policy/PowerUserAccess"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
tags = { team = "platform" }
policies = { deploy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:*","Resource":"*"}}' }
[[role.trust]]
principal = "arn:aws:iam::222233334444:role/app-pipeline"
"#;

/// The configuration for everything but the identity account, which has no access role here: what a sweep needs.
pub(crate) fn config_of_sweeps() -> String {
    CONFIG.replace("exclude = [\"999988887777\"]", &format!("exclude = [\"999988887777\", \"{IDENTITY}\"]"))
}

/// The simulated organization in every place.
pub(crate) type Simulated = Engine<Whole<FakeOrganization>>;

pub(crate) fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> RoleName {
    text.parse().unwrap()
}

/// An organization with an old member, the vendors and the external id of one of them.
pub(crate) fn organization() -> FakeOrganization {
    FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_member(&id(OLD), "old", AccountState::Active, Some(1_500_000_000))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(PIPELINE)
        .with_parameter(PARAMETER, SECURITY_ID)
}

/// The organization with a new account, made and ready.
pub(crate) fn with_new_account() -> FakeOrganization {
    let organization = organization();
    born(&organization, AccountCreation::default());
    organization
}

/// A new account, as the event says that it is.
pub(crate) fn born(organization: &FakeOrganization, newborn: AccountCreation) {
    let request = organization.create_account_as("payments-dev", newborn);
    assert_eq!(organization.finish_creation(&request), Some(id(NEW)));
}

/// The new account, onboarded once and with a clean journal.
pub(crate) fn onboarded() -> FakeOrganization {
    let organization = with_new_account();
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    organization.clear_journal();
    organization
}

pub(crate) fn config(text: &str) -> Config {
    Config::parse_alone(text).unwrap()
}

/// An engine on any ports that are all in one.
pub(crate) fn engine_on<P: Clone>(ports: &P, config: Config) -> Engine<Whole<P>> {
    Engine { world: Whole::from(ports.clone()), config }
}

/// The organization in every place, entered by other sessions.
pub(crate) fn with_sessions<S>(
    organization: &FakeOrganization,
    sessions: S,
) -> Ports<FakeOrganization, S, FakeOrganization, FakeOrganization, FakeOrganization, FakeOrganization> {
    let [directory, secrets, claims, registrar, clock] = [(); 5].map(|()| organization.clone());
    Ports { directory, sessions, secrets, claims, registrar, clock }
}

pub(crate) fn engine(organization: &FakeOrganization, config_text: &str) -> Simulated {
    engine_on(organization, config(config_text))
}

static RUNS: AtomicU32 = AtomicU32::new(1);

/// Fifteen minutes of patience, in a run of its own.
pub(crate) fn errand(clock: &impl Clock, account: &str) -> Job {
    let [trigger, origin] = ["create_account_result", "event-1"].map(str::to_owned);
    Job {
        account: id(account),
        trigger,
        origin,
        run: format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)),
        deadline: clock.now() + 900.0,
        end: clock.now() + 1020.0,
        shown: None,
    }
}

/// Runs to the end; virtual time needs no timer.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn apply(organization: &FakeOrganization, account: &str) -> Report {
    apply_with(organization, account, CONFIG)
}

pub(crate) fn apply_with(organization: &FakeOrganization, account: &str, config_text: &str) -> Report {
    run(engine(organization, config_text).apply(&errand(organization, account)))
}

pub(crate) fn plan(organization: &FakeOrganization, account: &str) -> Report {
    plan_with(organization, account, CONFIG)
}

pub(crate) fn plan_with<P>(ports: &P, account: &str, config_text: &str) -> Report
where
    P: Directory + Sessions + Secrets + LeaseStore + VendorApi + Clock + Clone,
{
    run(engine_on(ports, config(config_text)).plan(&errand(ports, account)))
}

/// The word and the code of an end, as `blocked foreign_role`.
pub(crate) fn end(report: &Report) -> String {
    assert_eq!(report.cause.as_ref(), report.outcome.cause(), "the report's cause is the outcome's");
    let code = report.outcome.cause().map(|cause| format!(" {}", cause.code)).unwrap_or_default();
    format!("{}{code}", report.outcome.as_str())
}

/// The changes of a report.
pub(crate) fn changes(report: &Report) -> Vec<Change> {
    report.changes.iter().map(|step| step.change.clone()).collect()
}

/// Calls, role for role, in their order.
pub(crate) type Calls = BTreeMap<RoleName, Vec<&'static str>>;

/// The calls that a report tells.
pub(crate) fn told(report: &Report) -> Calls {
    let mut calls = Calls::new();
    for step in &report.changes {
        calls.entry(step.change.role.clone()).or_default().push(step.change.call());
    }
    calls
}

/// The calls that were made.
pub(crate) fn made(organization: &FakeOrganization) -> Calls {
    let mut calls = Calls::new();
    for call in organization.writes() {
        calls.entry(call.role.unwrap()).or_default().push(call.call);
    }
    calls
}

/// The roles of an account, by name.
pub(crate) fn roles(organization: &FakeOrganization, account: &str) -> BTreeMap<RoleName, RoleState> {
    organization.state().remove(&id(account)).unwrap_or_default()
}

pub(crate) fn role_state(organization: &FakeOrganization, account: &str, role: &str) -> RoleState {
    organization.role_state(&id(account), &name(role)).unwrap()
}

/// Alters a role behind the tool's back.
pub(crate) fn alter(organization: &FakeOrganization, account: &str, role: &str, change: impl FnOnce(&mut RoleState)) {
    let mut state = role_state(organization, account, role);
    change(&mut state);
    organization.put_role(&id(account), &name(role), state);
}

/// Whether somebody can assume a role: asked of the simulated STS.
pub(crate) fn can(
    organization: &FakeOrganization,
    who: &str,
    account: &str,
    role: &str,
    external_id: Option<&str>,
) -> bool {
    let caller = Caller { account: id(who), arn: None };
    organization.can_assume(&caller, &format!("arn:aws:iam::{account}:role/{role}"), external_id)
}

/// Holds that an account is as the configuration wants it.
pub(crate) fn assert_connected(organization: &FakeOrganization, account: &str) {
    let can = |who, role, external_id| can(organization, who, account, role, external_id);
    assert!(can(MANAGEMENT, ACCESS, None) && can(IDENTITY, ACCESS, None));
    for (who, role, external_id) in
        [(WORKLOAD_SECURITY, SECURITY_ROLE, SECURITY_ID), (TRELICA, TRELICA_ROLE, TRELICA_ID)]
    {
        assert!(can(who, role, Some(external_id)), "{role} with its external id");
        assert!(!can(who, role, None) && !can(who, role, Some("another")), "{role} without it");
    }
    let pipeline = Caller { account: id(IDENTITY), arn: Some(PIPELINE.to_owned()) };
    assert!(organization.can_assume(&pipeline, &format!("arn:aws:iam::{account}:role/apps/{OWN_ROLE}"), None));
}

/// The configuration of so many small roles, `role-0` and so on.
pub(crate) fn many_roles(count: usize) -> String {
    let role = |n: usize| {
        format!(
            "[[role]]\nname = \"role-{n}\"\nmanaged-policies = [\"arn:{{partition}}:iam::aws:policy/ReadOnlyAccess\"]\n\
             [[role.trust]]\nprincipal = \"222233334444\"\n"
        )
    };
    (0..count).map(role).collect()
}
