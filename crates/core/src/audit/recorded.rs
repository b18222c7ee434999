//! An account of an audit, from its record.

use std::collections::BTreeMap;

use super::account::{AccountStatus, AuditHandoff, AuditedAccount, ConfigurationMatch};
use super::requirement::AuditRequirement;
use crate::account::Account;
use crate::config::Config;
use crate::handoff::{Handoff, handoffs};
use crate::outcome::Cause;
use crate::record::Record;
use crate::text::printable;

/// An account as its record describes it. `unit` is the path of its unit.
#[must_use]
pub fn recorded_account(
    config: &Config,
    requirements: &[AuditRequirement],
    account: &Account,
    unit: &str,
    record: &Record,
) -> AuditedAccount {
    let mut audited = unseen(config, account, unit, record);
    let Some(result) = &record.result else {
        audited.set_results(requirements, &BTreeMap::new(), |_| None);
        return audited;
    };
    audited.status = AccountStatus::new(result.outcome, result.code);
    audited.cause = result.code.map(|code| Cause::new(code, &result.message, &result.remedy));
    // Records of earlier versions do not say since when, but the status is at least as old as they are.
    let since = |key: &str| Some(result.since.get(key).copied().unwrap_or(result.recorded_at));
    audited.set_results(requirements, &result.requirements, since);
    audited.last_run = Some(result.recorded_at);
    audited.first_converged = result.first_converged;
    audited.last_converged = result.last_converged;
    let is_same = result.configuration == config.hash;
    audited.configuration = if is_same { ConfigurationMatch::Same } else { ConfigurationMatch::Different };
    audited
}

/// The account without the result of a run, and with every hand-off.
pub(super) fn unseen(config: &Config, account: &Account, unit: &str, record: &Record) -> AuditedAccount {
    let handoff = |handoff: Handoff| AuditHandoff {
        vendor: handoff.vendor,
        title: handoff.title,
        role: handoff.role,
        status: handoff.status,
        changed: handoff.changed,
    };
    AuditedAccount {
        id: account.id.clone(),
        name: account.name.to_string(),
        unit: printable(unit),
        status: AccountStatus::NeverSeen,
        cause: None,
        requirements: Vec::new(),
        last_run: None,
        first_converged: None,
        last_converged: None,
        configuration: ConfigurationMatch::NotKnown,
        handoffs: handoffs(config, account, &record.handoffs).into_iter().map(handoff).collect(),
        roles: Vec::new(),
    }
}
