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

use onboarding_core::config::Config;
use onboarding_engine::ports::{Clock, Ports, Whole};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::FakeOrganization;

pub(crate) use self::access::{assert_onboarded, can_assume};
pub(crate) use self::accounts::*;
pub(crate) use self::configurations::*;
pub(crate) use self::faults::{DISTINCT_INJECTIONS, Fault, faults_at, fix_jitter, lines};
pub(crate) use self::scenario::{Scenario, outcome_code, writes_of_one_onboarding};

/// An engine whose ports are all implemented by the simulated organization.
pub(crate) type Simulated = Engine<Whole<FakeOrganization>>;

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

/// Runs a future to completion. Time is virtual, so the runtime needs no timer.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
