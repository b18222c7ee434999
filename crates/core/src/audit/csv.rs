//! An audit as CSV: one line for each account and requirement, for a pivot table.

use super::account::{AuditedAccount, RequirementResult};
use super::departed::DepartedAccount;
use super::requirement::AuditRequirement;
use super::summary::Audit;
use crate::code::Code;
use crate::csv_line::csv_line;
use crate::handoff::HandoffStatus;
use crate::time::to_policy_date;

const HEADER: [&str; 15] = [
    "account_id",
    "account_name",
    "unit",
    "account_status",
    "requirement",
    "kind",
    "role",
    "status",
    "since",
    "code",
    "message",
    "remedy",
    "last_run",
    "configuration",
    "open_handoffs",
];

/// The audit as CSV. An account that is not processed, or that has departed, has one line without a requirement.
#[must_use]
pub fn audit_csv(audit: &Audit) -> String {
    let mut text = csv_line(HEADER.into_iter());
    for account in &audit.accounts {
        for (requirement, result) in audit.requirements.iter().zip(&account.requirements) {
            text += &line(account, requirement, *result);
        }
    }
    for skipped in &audit.skipped {
        let id = skipped.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = skipped.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let reason = skipped.reason.to_string();
        let known = [id.as_str(), &name, "", "skipped", "", "", "", "", "", skipped.reason.as_str(), &reason];
        text += &csv_line(known.into_iter().chain([""; 4]));
    }
    for account in &audit.departed {
        let id = account.id.as_str();
        let message = message(account);
        let remedy = account.remedy();
        let last_run = account.last_run().unwrap_or_default();
        let known = [id, &account.name, "", "departed", "", "", "", "", "", "", &message, &remedy, &last_run, "", ""];
        text += &csv_line(known.into_iter());
    }
    text
}

fn message(account: &DepartedAccount) -> String {
    let parts = [("registrations", account.registrations()), ("roles", account.roles())];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let parts: String = parts.map(|(label, text)| format!("; {label}: {text}")).collect();
    format!("no longer in the organization{parts}")
}

fn line(account: &AuditedAccount, requirement: &AuditRequirement, result: RequirementResult) -> String {
    let date = |time: Option<_>| time.and_then(to_policy_date).unwrap_or_default();
    let cause = account.cause.as_ref();
    let since = date(result.since);
    let last_run = date(account.last_run);
    let open = account.handoffs.iter().filter(|handoff| handoff.status == HandoffStatus::Open);
    let open: Vec<_> = open.map(|handoff| handoff.vendor.as_str()).collect();
    let open = open.join(" ");
    let cells = [
        account.id.as_str(),
        &account.name,
        &account.unit,
        account.status.as_str(),
        &requirement.title,
        requirement.kind.as_str(),
        requirement.role.as_str(),
        result.status.as_str(),
        &since,
        cause.map_or("", |cause| Code::as_str(cause.code)),
        cause.map_or("", |cause| &cause.message),
        cause.map_or("", |cause| &cause.remedy),
        &last_run,
        account.configuration.as_str(),
        &open,
    ];
    csv_line(cells.into_iter())
}
