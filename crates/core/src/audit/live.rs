//! An account of an audit, from a plan that was made for it now.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::account::{AccountStatus, AuditedAccount, ConfigurationMatch};
use super::details::role_details;
use super::recorded::unseen;
use super::requirement::AuditRequirement;
use crate::account::Account;
use crate::blueprint::Blueprint;
use crate::config::Config;
use crate::last_result::Requirement;
use crate::observed::Observed;
use crate::record::Record;
use crate::report::Report;

/// What a plan found in an account.
pub struct LiveAccount<'a> {
    /// The report of the plan.
    pub report: &'a Report,
    /// The status of each requirement.
    pub requirements: &'a BTreeMap<String, Requirement>,
    /// The state that was read; `None` if the account could not be opened.
    pub state: Option<(&'a Blueprint, &'a Observed)>,
    /// The record as earlier runs left it; empty without a table.
    pub record: &'a Record,
    /// When the plan was made.
    pub made_at: SystemTime,
}

/// An account as a plan describes it. `unit` is the path of its unit. Since when a requirement has its status is known from the
/// record, if that has the same status.
#[must_use]
pub fn live_account(
    config: &Config,
    requirements: &[AuditRequirement],
    account: &Account,
    unit: &str,
    live: &LiveAccount<'_>,
) -> AuditedAccount {
    let mut audited = unseen(config, account, unit, live.record);
    let earlier = live.record.result.as_ref();
    let since = |key: &str| {
        let same = earlier.filter(|earlier| earlier.requirements.get(key) == live.requirements.get(key));
        Some(same.map_or(live.made_at, |earlier| earlier.since.get(key).copied().unwrap_or(earlier.recorded_at)))
    };
    let cause = live.report.outcome.cause();
    audited.status = AccountStatus::new(live.report.outcome.kind(), cause.map(|cause| cause.code));
    audited.cause = cause.cloned();
    audited.set_results(requirements, live.requirements, since);
    audited.last_run = Some(live.made_at);
    audited.first_converged = earlier.and_then(|earlier| earlier.first_converged);
    let converged_now = (audited.status == AccountStatus::Converged).then_some(live.made_at);
    audited.last_converged = converged_now.or_else(|| earlier?.last_converged);
    audited.configuration = ConfigurationMatch::Same;
    audited.roles =
        live.state.map(|(blueprint, observed)| role_details(blueprint, observed, live.report)).unwrap_or_default();
    audited
}
