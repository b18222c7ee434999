//! Shared fixtures: the organization, the configuration, the engine, and the [`Scenario`] builder.
//!
//! A [`Scenario`] arranges an account, applies or plans a configuration, and asserts on the result, so that a test reads as
//! a sequence of steps. Tests that need several accounts, their own ports or the Lambda function use the functions below.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Change;
use onboarding_core::policy::Caller;
use onboarding_core::report::Report;
use onboarding_core::role::RoleName;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::{Clock, Directory, LeaseStore, Ports, Secrets, Sessions, VendorApi, Whole};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, FakeOrganization, Lag, RoleState};

pub(crate) const MANAGEMENT: &str = "111122223333";
pub(crate) const IDENTITY: &str = "222233334444";
/// The established member account.
pub(crate) const OLD: &str = "333344445555";
/// The newly created account.
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

/// Two vendors, one with its external ID in an SSM parameter and one inline, and a custom role that uses every setting.
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

/// The configuration for sweeps. It excludes the identity account, which has no access role in this organization.
pub(crate) fn sweep_config() -> String {
    CONFIG.replace("exclude = [\"999988887777\"]", &format!("exclude = [\"999988887777\", \"{IDENTITY}\"]"))
}

/// An engine whose ports are all implemented by the simulated organization.
pub(crate) type Simulated = Engine<Whole<FakeOrganization>>;

pub(crate) fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> RoleName {
    text.parse().unwrap()
}

/// An organization with an established member, the vendors, and the SSM parameter with an external ID.
pub(crate) fn organization() -> FakeOrganization {
    FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_member(&id(OLD), "old", AccountState::Active, Some(1_500_000_000))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(PIPELINE)
        .with_parameter(PARAMETER, SECURITY_ID)
}

/// The organization with a new account that is ready to use.
pub(crate) fn with_new_account() -> FakeOrganization {
    let organization = organization();
    create_account(&organization, AccountCreation::default());
    organization
}

/// Creates the new account and advances time until the creation event is sent.
pub(crate) fn create_account(organization: &FakeOrganization, creation: AccountCreation) {
    let request = organization.create_account_with("payments-dev", creation);
    assert_eq!(organization.finish_creation(&request), Some(id(NEW)));
}

/// The organization with the new account already onboarded, and an empty journal.
pub(crate) fn onboarded() -> FakeOrganization {
    let organization = with_new_account();
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    organization.clear_journal();
    organization
}

pub(crate) fn config(text: &str) -> Config {
    Config::parse_without_files(text).unwrap()
}

/// An engine on one value that implements all ports.
pub(crate) fn engine_on<P: Clone>(ports: &P, config: Config) -> Engine<Whole<P>> {
    Engine { world: Whole::from(ports.clone()), config }
}

/// The ports of an organization with another implementation of sessions.
pub(crate) fn with_sessions<S>(
    organization: &FakeOrganization,
    sessions: S,
) -> Ports<FakeOrganization, S, FakeOrganization, FakeOrganization, FakeOrganization, FakeOrganization> {
    let [directory, secrets, leases, vendors, clock] = [(); 5].map(|()| organization.clone());
    Ports { directory, sessions, secrets, leases, vendors, clock }
}

pub(crate) fn engine(organization: &FakeOrganization, config_text: &str) -> Simulated {
    engine_on(organization, config(config_text))
}

static RUNS: AtomicU32 = AtomicU32::new(1);

/// A job with a unique run id and a deadline in 15 minutes.
pub(crate) fn job(clock: &impl Clock, account: &str) -> Job {
    Job {
        account: id(account),
        trigger: TriggerKind::CreateAccountResult,
        session_suffix: "event-1".to_owned(),
        run: format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)),
        deadline: clock.now() + 900.0,
        end: clock.now() + 1020.0,
        shown: None,
    }
}

/// Runs a future to completion. Time is virtual, so the runtime needs no timer.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn apply(organization: &FakeOrganization, account: &str) -> Report {
    apply_with(organization, account, CONFIG)
}

pub(crate) fn apply_with(organization: &FakeOrganization, account: &str, config_text: &str) -> Report {
    run(engine(organization, config_text).apply(&job(organization, account)))
}

pub(crate) fn plan(organization: &FakeOrganization, account: &str) -> Report {
    plan_with(organization, account, CONFIG)
}

pub(crate) fn plan_with<P>(ports: &P, account: &str, config_text: &str) -> Report
where
    P: Directory + Sessions + Secrets + LeaseStore + VendorApi + Clock + Clone,
{
    run(engine_on(ports, config(config_text)).plan(&job(ports, account)))
}

/// The outcome and the code of its cause, such as `blocked foreign_role`.
pub(crate) fn outcome_code(report: &Report) -> String {
    assert_eq!(report.cause.as_ref(), report.outcome.cause(), "the report and its outcome have the same cause");
    let code = report.outcome.cause().map(|cause| format!(" {}", cause.code)).unwrap_or_default();
    format!("{}{code}", report.outcome.as_str())
}

/// The changes of a report.
pub(crate) fn changes(report: &Report) -> Vec<Change> {
    report.changes.iter().map(|step| step.change.clone()).collect()
}

/// The calls for each role, in order.
pub(crate) type CallsByRole = BTreeMap<RoleName, Vec<&'static str>>;

/// The calls that a report lists.
pub(crate) fn reported_calls(report: &Report) -> CallsByRole {
    let mut calls = CallsByRole::new();
    for step in &report.changes {
        calls.entry(step.change.role.clone()).or_default().push(step.change.call());
    }
    calls
}

/// The write calls that were made.
pub(crate) fn actual_calls(organization: &FakeOrganization) -> CallsByRole {
    let mut calls = CallsByRole::new();
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

/// Edits a role outside of the tool.
pub(crate) fn edit_role(
    organization: &FakeOrganization,
    account: &str,
    role: &str,
    change: impl FnOnce(&mut RoleState),
) {
    let mut state = role_state(organization, account, role);
    change(&mut state);
    organization.put_role(&id(account), &name(role), state);
}

/// Whether an account can assume a role, according to the simulated STS.
pub(crate) fn can_assume(
    organization: &FakeOrganization,
    caller: &str,
    account: &str,
    role: &str,
    external_id: Option<&str>,
) -> bool {
    let caller = Caller { account: id(caller), arn: None };
    organization.can_assume(&caller, &format!("arn:aws:iam::{account}:role/{role}"), external_id)
}

/// Asserts that every configured principal can assume its role in an account, and only with the right external ID.
pub(crate) fn assert_onboarded(organization: &FakeOrganization, account: &str) {
    let can_assume = |caller, role, external_id| can_assume(organization, caller, account, role, external_id);
    assert!(can_assume(MANAGEMENT, ACCESS, None) && can_assume(IDENTITY, ACCESS, None));
    for (caller, role, external_id) in
        [(WORKLOAD_SECURITY, SECURITY_ROLE, SECURITY_ID), (TRELICA, TRELICA_ROLE, TRELICA_ID)]
    {
        assert!(can_assume(caller, role, Some(external_id)), "{role} with its external ID");
        assert!(!can_assume(caller, role, None), "{role} without an external ID");
        assert!(!can_assume(caller, role, Some("another")), "{role} with another external ID");
    }
    let pipeline = Caller { account: id(IDENTITY), arn: Some(PIPELINE.to_owned()) };
    assert!(organization.can_assume(&pipeline, &format!("arn:aws:iam::{account}:role/apps/{OWN_ROLE}"), None));
}

/// A configuration with a number of small roles, named `role-0` and so on.
pub(crate) fn many_roles(count: usize) -> String {
    let role = |n: usize| {
        format!(
            "[[role]]\nname = \"role-{n}\"\nmanaged-policies = [\"arn:{{partition}}:iam::aws:policy/ReadOnlyAccess\"]\n\
             [[role.trust]]\nprincipal = \"222233334444\"\n"
        )
    };
    (0..count).map(role).collect()
}

/// A test scenario: an account in the simulated organization, a configuration, and the report of the last run.
///
/// The `with_…` methods arrange, [`Scenario::plan`], [`Scenario::apply`] and [`Scenario::apply_again`] run the engine, and the
/// `assert_…` methods check the result:
///
/// ```ignore
/// Scenario::new()
///     .with_new_account()
///     .config(CONFIG)
///     .apply()
///     .assert_onboarded()
///     .drift(OWN_ROLE, |role| role.policies.clear())
///     .apply()
///     .assert_onboarded();
/// ```
pub(crate) struct Scenario {
    organization: FakeOrganization,
    account: &'static str,
    config: String,
    /// The state of all accounts before the last run.
    before: OrganizationState,
    report: Option<Report>,
}

/// The roles of every account.
type OrganizationState = BTreeMap<AccountId, BTreeMap<RoleName, RoleState>>;

impl Scenario {
    /// The established account, which has not been onboarded yet, and [`CONFIG`].
    pub(crate) fn new() -> Self {
        let organization = organization();
        Self { organization, account: OLD, config: CONFIG.to_owned(), before: BTreeMap::new(), report: None }
    }

    /// Creates a new account that is ready to use, and makes it the account of the scenario.
    pub(crate) fn with_new_account(self) -> Self {
        self.with_account_creation(AccountCreation::default())
    }

    /// Creates a new account whose creation proceeds as given, and makes it the account of the scenario.
    pub(crate) fn with_account_creation(self, creation: AccountCreation) -> Self {
        create_account(&self.organization, creation);
        Self { account: NEW, ..self }
    }

    /// Adds an account outside the organization.
    pub(crate) fn with_outside_account(self, account: &str) -> Self {
        Self { organization: self.organization.with_outside_account(&id(account)), ..self }
    }

    /// Adds a user or role that policies may name as a principal.
    pub(crate) fn with_identity(self, arn: &str) -> Self {
        Self { organization: self.organization.with_identity(arn), ..self }
    }

    /// Makes reads of the account lag behind its writes.
    pub(crate) fn with_read_lag(self, lag: Lag) -> Self {
        self.organization.set_lag(&id(self.account), lag);
        self
    }

    /// Sets the number of items per page of every list.
    pub(crate) fn with_page_size(self, items: usize) -> Self {
        self.organization.set_page_size(items);
        self
    }

    /// Adds a role that the tool did not create, or replaces an existing one.
    pub(crate) fn with_role(self, role: &str, state: RoleState) -> Self {
        self.organization.put_role(&id(self.account), &name(role), state);
        self
    }

    /// Replaces the trust policy of a role.
    pub(crate) fn with_trust_policy(self, role: &str, policy: &str) -> Self {
        self.organization.set_trust(&id(self.account), &name(role), policy);
        self
    }

    /// Sets the configuration of the following runs.
    pub(crate) fn config(self, config: &str) -> Self {
        Self { config: config.to_owned(), ..self }
    }

    /// Plans without applying.
    pub(crate) fn plan(self) -> Self {
        let before = self.organization.state();
        let report = plan_with(&self.organization, self.account, &self.config);
        Self { before, report: Some(report), ..self }
    }

    /// Applies the configuration.
    pub(crate) fn apply(self) -> Self {
        let before = self.organization.state();
        let report = apply_with(&self.organization, self.account, &self.config);
        Self { before, report: Some(report), ..self }
    }

    /// Clears the journal and applies the configuration again, so that the assertions see the calls of this run only.
    pub(crate) fn apply_again(self) -> Self {
        self.organization.clear_journal();
        self.apply()
    }

    /// Edits a role outside of the tool.
    pub(crate) fn drift(self, role: &str, edit: impl FnOnce(&mut RoleState)) -> Self {
        edit_role(&self.organization, self.account, role, edit);
        self
    }

    /// The simulated organization.
    pub(crate) fn organization(&self) -> &FakeOrganization {
        &self.organization
    }

    /// The report of the last run.
    pub(crate) fn report(&self) -> &Report {
        self.report.as_ref().expect("the scenario has run")
    }

    /// The last written state of a role.
    pub(crate) fn role(&self, role: &str) -> RoleState {
        role_state(&self.organization, self.account, role)
    }

    /// The last written state of all roles in the account.
    pub(crate) fn roles(&self) -> BTreeMap<RoleName, RoleState> {
        roles(&self.organization, self.account)
    }

    /// Asserts on the outcome and the code of its cause, such as `converged` or `blocked foreign_role`.
    pub(crate) fn assert_outcome(self, expected: &str) -> Self {
        assert_eq!(outcome_code(self.report()), expected, "{}", self.report().outcome);
        self
    }

    /// Asserts that the last run converged, and that every configured principal can assume its role.
    pub(crate) fn assert_onboarded(self) -> Self {
        assert_onboarded(&self.organization, self.account);
        self.assert_outcome("converged")
    }

    /// Asserts that the report lists as many changes as writes were made since the journal was cleared.
    pub(crate) fn assert_each_change_was_written_once(self) -> Self {
        assert_eq!(self.organization.writes().len(), self.report().changes.len(), "no call was made twice");
        self
    }

    /// Asserts that the last run converged, verified the account, and neither planned nor made a write.
    pub(crate) fn assert_no_writes(self) -> Self {
        let report = self.report();
        assert_eq!(report.outcome, Outcome::Converged);
        assert_eq!((report.changes.len(), report.calls.writes), (0, 0));
        assert_eq!(self.organization.writes(), []);
        assert_eq!(self.organization.state(), self.before);
        assert!(report.proofs.iter().all(|proof| proof.holds) && !report.proofs.is_empty());
        self
    }

    /// Asserts that a role still has this state and that no write to it was attempted.
    pub(crate) fn assert_role_untouched(self, role: &str, state: &RoleState) -> Self {
        assert_eq!(self.role(role), *state);
        assert!(self.organization.writes().iter().all(|call| call.role != Some(name(role))));
        self
    }

    /// Asserts that all roles except the given ones are as in an account that was onboarded without obstacles.
    pub(crate) fn assert_roles_onboarded_except(self, except: &[&str]) -> Self {
        let mut actual = self.roles();
        let mut expected = roles(&onboarded(), NEW);
        for role in except {
            actual.remove(&name(role));
            expected.remove(&name(role));
        }
        assert_eq!(actual, expected);
        self
    }

    /// Asserts that all roles are as in an account that was onboarded without obstacles.
    pub(crate) fn assert_roles_onboarded(self) -> Self {
        self.assert_roles_onboarded_except(&[])
    }
}
