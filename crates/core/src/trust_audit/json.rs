//! The report as JSON. Its version changes like that of the report of a run.

use serde_json::{Value, json};

use super::finding::LastUse;
use super::report::{PlacedFinding, PlacedPolicy, PrincipalFindings, TrustReport};
use crate::policy::ExternalIdCheck;
use crate::text::printable_json;

/// The report as JSON. `docs/TRUST_AUDIT.md` describes the fields.
#[must_use]
pub fn trust_json(report: &TrustReport) -> Value {
    let (roles, accounts) = report.reach();
    let count = |is: fn(&PrincipalFindings) -> bool| report.principals.iter().filter(|one| is(one)).count();
    let all = |groups: &[PrincipalFindings]| groups.iter().map(principal).collect::<Vec<_>>();
    let unread_accounts = report.unread_accounts.iter().map(|one| {
        json!({
            "account_id": one.account,
            "account_name": one.account_name,
            "code": one.cause.code,
            "message": one.cause.message,
            "remedy": one.cause.remedy,
        })
    });
    let skipped = report.skipped.iter().map(|one| {
        json!({ "account_id": one.id, "account_name": one.name, "reason": one.reason.as_str(), "message": one.reason.to_string() })
    });
    let mut json = json!({
        "version": 1,
        "organization_id": report.organization,
        "severity": report.severity(),
        "summary": {
            "accounts_read": report.accounts,
            "accounts_not_read": report.unread_accounts.len(),
            "roles_read": report.roles,
            "policies_not_read": report.unread_policies.len(),
            "principals": report.principals.len(),
            "roles": roles,
            "accounts": accounts,
            "without_external_id": count(PrincipalFindings::needs_no_external_id),
            "unknown": count(PrincipalFindings::is_unknown),
            "configured": count(|one| one.is_configured),
        },
        "principals": all(&report.principals),
        "identity_providers": all(&report.identity_providers),
        "without_access": all(&report.without_access),
        "policies_not_read": report.unread_policies.iter().map(policy).collect::<Vec<_>>(),
        "accounts_not_read": unread_accounts.collect::<Vec<_>>(),
        "accounts_skipped": skipped.collect::<Vec<_>>(),
    });
    printable_json(&mut json);
    json
}

fn principal(group: &PrincipalFindings) -> Value {
    let known = group.known.as_ref();
    json!({
        "principal": group.principal,
        "account_id": group.account,
        "name": known.map(|known| &known.name),
        "known_by": known.map(|known| known.by),
        "source": known.and_then(|known| known.source.as_ref()),
        "retrieved": known.and_then(|known| known.retrieved.as_ref()),
        "configured": group.is_configured,
        "severity": group.severity(),
        "findings": group.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn finding(placed: &PlacedFinding) -> Value {
    let finding = &placed.finding;
    let (status, time, region) = match &placed.last_use {
        LastUse::At { time, region } => ("known", Some(time), region.as_ref()),
        LastUse::Never => ("never", None, None),
        LastUse::Unknown => ("unknown", None, None),
    };
    json!({
        "severity": finding.severity,
        "account_id": placed.account,
        "account_name": placed.account_name,
        "role": finding.role,
        "role_arn": finding.role_arn,
        "statement": finding.statement,
        "message": finding.message,
        "external_id": finding.external_id.map(external_id),
        "mfa_required": finding.requires_mfa,
        "conditions": finding.conditions,
        "configured": placed.is_configured,
        "role_last_used": { "status": status, "time": time, "region": region },
    })
}

fn policy(placed: &PlacedPolicy) -> Value {
    json!({
        "account_id": placed.account,
        "account_name": placed.account_name,
        "role_arn": placed.policy.role_arn,
        "problem": placed.policy.problem,
    })
}

/// The word for an external ID, in JSON and CSV.
pub(super) fn external_id(check: ExternalIdCheck) -> &'static str {
    match check {
        ExternalIdCheck::NotRequired => "not_required",
        ExternalIdCheck::AnyAccepted => "any_accepted",
        ExternalIdCheck::Required => "required",
    }
}
