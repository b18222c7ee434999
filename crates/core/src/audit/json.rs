//! An audit as JSON: everything that the other formats show. docs/AUDIT.md documents the format.

use serde_json::{Map, Value, json};

use super::account::{AccountStatus, AuditedAccount};
use super::coverage::{by_requirement, by_unit};
use super::departed::DepartedAccount;
use super::details::RoleDetails;
use super::summary::Audit;
use crate::handoff::HandoffStatus;
use crate::text::printable_json;
use crate::time::to_policy_date;

/// The version of the format. It changes like that of the report.
const VERSION: u32 = 1;

/// The audit as JSON.
#[must_use]
pub fn audit_json(audit: &Audit) -> Value {
    let mut value = json!({
        "version": VERSION,
        "source": audit.source.as_str(),
        "made_at": to_policy_date(audit.made_at),
        "configuration": audit.configuration,
        "summary": summary(audit),
        "requirements": audit.requirements,
        "accounts": audit.accounts.iter().map(account).collect::<Vec<_>>(),
        "skipped": audit.skipped.iter().map(|skipped| json!({
            "account_id": skipped.id,
            "account_name": skipped.name,
            "reason": skipped.reason.as_str(),
            "message": skipped.reason.to_string(),
        })).collect::<Vec<_>>(),
        "departed": audit.departed.iter().map(departed).collect::<Vec<_>>(),
    });
    printable_json(&mut value);
    value
}

fn summary(audit: &Audit) -> Value {
    let accounts: Map<_, _> =
        AccountStatus::ALL.into_iter().map(|status| (status.as_str().to_owned(), audit.count(status).into())).collect();
    let requirements = by_requirement(audit).into_iter().map(|coverage| {
        let counts: Map<_, _> =
            coverage.counts.iter().map(|(status, count)| (status.as_str().to_owned(), (*count).into())).collect();
        json!({ "title": coverage.title, "required": coverage.required(), "holds": coverage.holds(), "statuses": counts })
    });
    let units = by_unit(audit).into_iter().map(|coverage| {
        let counts: Map<_, _> =
            coverage.counts.iter().map(|(status, count)| (status.as_str().to_owned(), (*count).into())).collect();
        json!({ "unit": coverage.unit, "accounts": coverage.total(), "statuses": counts })
    });
    let (open, all) = audit.handoffs();
    json!({
        "accounts": accounts,
        "skipped": audit.skipped.len(),
        "departed": audit.departed.len(),
        "other_configuration": audit.outdated(),
        "handoffs": { "open": open, "done": all - open },
        "by_requirement": requirements.collect::<Vec<_>>(),
        "by_unit": units.collect::<Vec<_>>(),
    })
}

fn departed(account: &DepartedAccount) -> Value {
    let registrations = account.registrations.iter().map(|(role, one)| {
        json!({ "role": role, "id": one.id, "tenant": one.tenant, "registered_at": to_policy_date(one.registered_at) })
    });
    json!({
        "account_id": account.id,
        "account_name": account.name,
        "last_run": account.last_run(),
        "registrations": registrations.collect::<Vec<_>>(),
        "roles": account.roles,
        "remedy": account.remedy(),
    })
}

fn account(account: &AuditedAccount) -> Value {
    let date = |time: Option<_>| time.and_then(to_policy_date);
    let requirements = account
        .requirements
        .iter()
        .map(|result| json!({ "status": result.status.as_str(), "since": date(result.since) }));
    let handoffs = account.handoffs.iter().map(|handoff| {
        json!({ "vendor": handoff.vendor, "status": handoff.status.as_str(), "changed": is_changed(handoff) })
    });
    let mut value = json!({
        "account_id": account.id,
        "account_name": account.name,
        "unit": account.unit,
        "status": account.status.as_str(),
        "since": date(account.since()),
        "cause": account.cause,
        "requirements": requirements.collect::<Vec<_>>(),
        "last_run": date(account.last_run),
        "first_converged": date(account.first_converged),
        "last_converged": date(account.last_converged),
        "configuration": account.configuration.as_str(),
        "handoffs": handoffs.collect::<Vec<_>>(),
    });
    if let Some(value) = value.as_object_mut().filter(|_| !account.roles.is_empty()) {
        value.insert("roles".to_owned(), account.roles.iter().map(role).collect());
    }
    value
}

fn is_changed(handoff: &super::account::AuditHandoff) -> bool {
    handoff.changed && handoff.status == HandoffStatus::Open
}

fn role(role: &RoleDetails) -> Value {
    json!({
        "role": role.role,
        "exists": role.exists,
        "trust_policy": role.trust,
        "policies": role.policies,
        "access": role.access,
    })
}
