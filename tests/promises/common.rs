//! What the promise tests share: the accounts, the configurations, the [`Scenario`] builder, and how an engine is built and
//! run.
//!
//! A [`Scenario`] arranges an account, applies or plans a configuration, and asserts on the result, so that a test reads as
//! a sequence of steps. Tests of the Lambda function get the function from [`Scenario::function`].

mod access;
mod accounts;
mod configurations;
mod faults;
mod scenario;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use onboarding_core::config::Config;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Governed, Job};
use onboarding_simulation::{FakeOrganization, Faulty, Script};

pub(crate) use self::access::{assert_onboarded, can_assume};
pub(crate) use self::accounts::{
    ACCESS, IDENTITY, MANAGEMENT, NEW, OLD, OWN_ROLE, ROLES, SECURITY_ROLE, TRELICA, TRELICA_ROLE, WORKLOAD_SECURITY,
    create_account, create_accounts, id, name, organization,
};
pub(crate) use self::configurations::{
    CONFIG, PARAMETER, PIPELINE, SECURITY_ID, TRELICA_ID, adopting_trelica, many_roles, missing_parameter,
    new_for_a_week, sweep_config, trusting_role,
};
pub(crate) use self::faults::{DISTINCT_INJECTIONS, Fault, faults_at, fix_jitter, lines};
pub(crate) use self::scenario::{Scenario, outcome_code, writes_of_one_onboarding};

/// An engine on the simulated organization, whose calls wait for their rates as in production.
pub(crate) type Simulated = Engine<Governed<FakeOrganization>>;

pub(crate) fn config(text: &str) -> Config {
    Config::parse_without_files(text).unwrap()
}

pub(crate) fn engine(organization: &FakeOrganization, config_text: &str) -> Simulated {
    Engine::new(Governed::new(organization.clone()), config(config_text))
}

/// An engine on an organization whose calls go through a script.
pub(crate) fn scripted_engine(
    organization: &FakeOrganization,
    script: &Script,
    config_text: &str,
) -> Engine<Governed<Faulty<FakeOrganization>>> {
    Engine::new(Governed::new(Faulty::new(organization.clone(), script)), config(config_text))
}

static RUNS: AtomicU32 = AtomicU32::new(1);

/// A job with a unique run id and a deadline in 15 minutes.
pub(crate) fn job(clock: &impl Clock, account: &str) -> Job {
    Job {
        account: id(account),
        trigger: TriggerKind::CreateAccountResult,
        session_suffix: "event-1".to_owned(),
        lease_owner: format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)),
        deadline: clock.now() + Duration::from_secs(900),
        abandon_at: clock.now() + Duration::from_secs(1020),
        confirmed_plan: None,
    }
}

/// Runs a future to completion. Time is virtual, so the runtime needs no timer.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
