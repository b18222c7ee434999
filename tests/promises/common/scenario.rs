//! The [`Scenario`] builder.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Change, ConfirmedPlan, Proof};
use onboarding_core::record::Record;
use onboarding_core::report::{ChangeStatus, Report};
use onboarding_core::role::RoleName;
use onboarding_engine::Job;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, Call, ControlPolicy, FakeOrganization, Lag, Quotas, RoleState, Script};

use super::{
    CONFIG, IDENTITY, NEW, OLD, Simulated, assert_onboarded, create_account, engine, fix_jitter, id, job, name,
    organization, run, scripted_engine,
};
use crate::lambda::Lambda;

/// A test scenario: an account in the simulated organization, a configuration, and the report of the last run.
///
/// The `with_…` methods arrange, [`Scenario::plan`] and the `apply…` methods run the engine, and the `assert_…` methods check
/// the result. The configuration is [`CONFIG`] unless [`Scenario::config`] sets another. Tests of the Lambda function start
/// with [`Scenario::function`].
///
/// ```ignore
/// Scenario::new()
///     .with_new_account()
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
        Self::in_organization(organization())
    }

    /// The established account of another organization, and [`CONFIG`].
    pub(crate) fn in_organization(organization: FakeOrganization) -> Self {
        Self { organization, account: OLD, config: CONFIG.to_owned(), before: BTreeMap::new(), report: None }
    }

    /// Makes another account the account of the scenario.
    pub(crate) fn for_account(self, account: &'static str) -> Self {
        Self { account, ..self }
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

    /// Creates a new account whose access role appears after this time, and makes it the account of the scenario.
    pub(crate) fn with_late_access_role(self, delay: Duration) -> Self {
        self.with_account_creation(AccountCreation { access_role_delay: delay, ..AccountCreation::default() })
    }

    /// Creates a new account and onboards it with [`CONFIG`]. The journal is empty afterwards.
    pub(crate) fn with_onboarded_account(self) -> Self {
        let scenario = self.with_new_account();
        let report = scenario.apply_config(CONFIG);
        assert_eq!(report.outcome, Outcome::Converged);
        scenario.organization.clear_journal();
        scenario
    }

    /// Adds an account outside the organization.
    pub(crate) fn with_outside_account(self, account: &str) -> Self {
        Self { organization: self.organization.with_outside_account(&id(account)), ..self }
    }

    /// Adds a user or role that policies may name as a principal.
    pub(crate) fn with_identity(self, arn: &str) -> Self {
        Self { organization: self.organization.with_identity(arn), ..self }
    }

    /// Adds a user or role that policies may name by its unique ID.
    pub(crate) fn with_unique_id(self, unique_id: &str, arn: &str) -> Self {
        Self { organization: self.organization.with_unique_id(unique_id, arn), ..self }
    }

    /// Stores an SSM parameter.
    pub(crate) fn with_parameter(self, name: &str, value: &str) -> Self {
        Self { organization: self.organization.with_parameter(name, value), ..self }
    }

    /// Sets the state that Organizations reports for the account.
    pub(crate) fn with_account_state(self, state: AccountState) -> Self {
        self.organization.set_state(&id(self.account), state);
        self
    }

    /// Sets the IAM quotas of the account.
    pub(crate) fn with_quotas(self, quotas: Quotas) -> Self {
        self.organization.set_quotas(&id(self.account), quotas);
        self
    }

    /// Makes every call take this long.
    pub(crate) fn with_latency(self, latency: Duration) -> Self {
        self.organization.set_latency(latency);
        self
    }

    /// Makes a new principal usable in policies only after this time, and creates one in the identity account.
    pub(crate) fn with_propagating_principal(self, role: &str, delay: Duration) -> Self {
        self.organization.set_propagation(delay);
        self.organization.put_role(&id(IDENTITY), &name(role), RoleState::trusting("{}"));
        self
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

    /// Deletes a role.
    pub(crate) fn without_role(self, role: &str) -> Self {
        self.organization.delete_role(&id(self.account), &name(role));
        self
    }

    /// Replaces the trust policy of a role.
    pub(crate) fn with_trust_policy(self, role: &str, policy: &str) -> Self {
        self.organization.set_trust(&id(self.account), &name(role), policy);
        self
    }

    /// Adds a control policy that denies an action on a role.
    pub(crate) fn with_denial(self, policy: ControlPolicy, action: &str, role: &str) -> Self {
        self.organization.deny(&id(self.account), policy, action, role);
        self
    }

    /// Removes all control policies of the account.
    pub(crate) fn without_denials(self) -> Self {
        self.organization.remove_control_policies(&id(self.account));
        self
    }

    /// Makes STS say why it denies access.
    pub(crate) fn with_explained_denials(self) -> Self {
        self.organization.explain_denials();
        self
    }

    /// Gives the lease of the account to another run, for this time from now.
    pub(crate) fn with_lease(self, owner: &str, duration: Duration) -> Self {
        let expires_at = self.organization.now() + duration;
        self.organization.put_lease(&id(self.account), &Lease { owner: owner.to_owned(), expires_at });
        self
    }

    /// Leaves the lease of a killed run, which expired long ago.
    pub(crate) fn with_expired_lease(self) -> Self {
        self.organization
            .put_lease(&id(self.account), &Lease { owner: "killed".to_owned(), expires_at: SystemTime::UNIX_EPOCH });
        self
    }

    /// Deletes the record of the account.
    pub(crate) fn without_record(self) -> Self {
        self.organization.put_record(self.account, &Record::default());
        self
    }

    /// Sets the configuration of the following runs.
    pub(crate) fn config(self, config: &str) -> Self {
        Self { config: config.to_owned(), ..self }
    }

    /// Lets time pass.
    pub(crate) fn after(self, duration: Duration) -> Self {
        run(self.organization.sleep(duration));
        self
    }

    /// Plans without applying.
    pub(crate) fn plan(self) -> Self {
        self.run_engine(|scenario| run(scenario.engine().plan(&scenario.job())))
    }

    /// Applies the configuration.
    pub(crate) fn apply(self) -> Self {
        self.run_engine(|scenario| scenario.apply_config(&scenario.config))
    }

    /// Applies the configuration if its changes are still these, as the CLI does after it has shown a plan.
    pub(crate) fn apply_shown(self, shown: Vec<Change>) -> Self {
        self.run_engine(|scenario| {
            run(scenario.engine().apply(&Job { confirmed_plan: Some(ConfirmedPlan::Exact(shown)), ..scenario.job() }))
        })
    }

    /// Applies the configuration while a script injects faults.
    pub(crate) fn apply_with_faults(self, script: &Script) -> Self {
        fix_jitter();
        self.run_with_script(script)
    }

    /// Applies the configuration to the new account while some writes are answered with an error.
    pub(crate) fn apply_with_intercepted_writes(
        self,
        answer: impl Fn(&Change) -> Option<ApiError> + Send + 'static,
    ) -> Self {
        self.run_with_script(&Script::intercepting(move |_, change| change.and_then(&answer)))
    }

    fn run_with_script(self, script: &Script) -> Self {
        self.run_engine(|scenario| {
            run(scripted_engine(&scenario.organization, script, &scenario.config).apply(&scenario.job()))
        })
    }

    /// Clears the journal and applies the configuration again, so that the assertions see the calls of this run only.
    pub(crate) fn apply_again(self) -> Self {
        self.organization.clear_journal();
        self.apply()
    }

    /// Edits a role outside of the tool.
    pub(crate) fn drift(self, role: &str, edit: impl FnOnce(&mut RoleState)) -> Self {
        let mut state = self.role(role);
        edit(&mut state);
        self.with_role(role, state)
    }

    /// The function of this organization, with the configuration of the scenario.
    pub(crate) fn function(&self) -> Lambda {
        Lambda::new(&self.organization, &self.config)
    }

    fn run_engine(self, run: impl FnOnce(&Self) -> Report) -> Self {
        let before = self.organization.state();
        let report = run(&self);
        Self { before, report: Some(report), ..self }
    }

    fn apply_config(&self, config: &str) -> Report {
        run(engine(&self.organization, config).apply(&self.job()))
    }

    /// An engine with the configuration of the scenario.
    pub(crate) fn engine(&self) -> Simulated {
        engine(&self.organization, &self.config)
    }

    /// A job for the account.
    pub(crate) fn job(&self) -> Job {
        job(&self.organization, self.account)
    }

    /// The simulated organization.
    pub(crate) fn organization(&self) -> &FakeOrganization {
        &self.organization
    }

    /// The id of the account.
    pub(crate) fn account(&self) -> &'static str {
        self.account
    }

    /// The report of the last run.
    pub(crate) fn report(&self) -> &Report {
        self.report.as_ref().expect("the scenario has run")
    }

    /// The outcome of the last run.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.report().outcome
    }

    /// The outcome of the last run, and the code of its cause.
    pub(crate) fn outcome_code(&self) -> String {
        outcome_code(self.report())
    }

    /// The changes of the last run.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.report().changes.iter().map(|step| step.change.clone()).collect()
    }

    /// Every attempted write since the journal was cleared.
    pub(crate) fn writes(&self) -> Vec<Call> {
        self.organization.writes()
    }

    /// The last written state of a role.
    pub(crate) fn role(&self, role: &str) -> RoleState {
        self.organization.role_state(&id(self.account), &name(role)).unwrap()
    }

    /// The last written state of all roles in the account.
    pub(crate) fn roles(&self) -> BTreeMap<RoleName, RoleState> {
        self.organization.state().remove(&id(self.account)).unwrap_or_default()
    }

    /// Asserts on the outcome and the code of its cause, such as `converged` or `blocked foreign_role`.
    pub(crate) fn assert_outcome(self, expected: &str) -> Self {
        assert_eq!(self.outcome_code(), expected, "{}", self.report().outcome);
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
    pub(crate) fn assert_converged_without_writes(self) -> Self {
        let report = self.report();
        assert_eq!(report.outcome, Outcome::Converged);
        assert_eq!((report.changes.len(), report.calls.writes), (0, 0));
        let proofs_hold = report.proofs.iter().all(Proof::is_proven) && !report.proofs.is_empty();
        assert!(proofs_hold, "{:?}", report.proofs);
        self.assert_nothing_written()
    }

    /// Asserts that no write was attempted since the journal was cleared, and that the last run left every account as it
    /// was.
    pub(crate) fn assert_nothing_written(self) -> Self {
        assert_eq!(self.organization.writes(), []);
        assert_eq!(self.organization.state(), self.before);
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
        let mut expected = Self::new().with_onboarded_account().roles();
        for role in except {
            actual.remove(&name(role));
            expected.remove(&name(role));
        }
        assert_eq!(actual, expected);
        self
    }

    /// Asserts that the report lists every change of the other roles as done and gives a remedy.
    pub(crate) fn assert_failure_is_limited_to(self, role: &str) -> Self {
        let report = self.report();
        for step in report.changes.iter().filter(|step| step.change.role != name(role)) {
            assert_eq!(step.status, ChangeStatus::Done, "{}", step.change);
        }
        assert!(report.cause.as_ref().is_some_and(|cause| !cause.remedy.is_empty()));
        self
    }

    /// Asserts that all roles are as in an account that was onboarded without obstacles.
    pub(crate) fn assert_roles_onboarded(self) -> Self {
        self.assert_roles_onboarded_except(&[])
    }
}

/// The outcome and the code of its cause, such as `blocked foreign_role`.
pub(crate) fn outcome_code(report: &Report) -> String {
    assert_eq!(report.cause.as_ref(), report.outcome.cause(), "the report and its outcome have the same cause");
    let code = report.outcome.cause().map(|cause| format!(" {}", cause.code)).unwrap_or_default();
    format!("{}{code}", report.outcome.as_str())
}

/// The number of writes that onboarding a new account takes.
pub(crate) fn writes_of_one_onboarding() -> usize {
    Scenario::new().with_new_account().apply().assert_onboarded().writes().len()
}
