//! The report as CSV: one line for each finding.

use super::finding::LastUse;
use super::json::external_id;
use super::report::TrustReport;
use crate::account::AccountId;
use crate::csv_line::csv_line;
use crate::text::printable;

const HEADER: [&str; 18] = [
    "section",
    "severity",
    "principal",
    "principal_account_id",
    "name",
    "configured",
    "account_id",
    "account_name",
    "role",
    "role_arn",
    "statement",
    "external_id",
    "mfa_required",
    "conditions",
    "role_last_used",
    "role_last_used_region",
    "message",
    "source",
];

/// The findings, and the accounts and policies that could not be read, as CSV.
#[must_use]
pub fn trust_csv(report: &TrustReport) -> String {
    let mut text = csv_line(HEADER.into_iter());
    let mut line = |cells: [&str; 18]| {
        let cells = cells.map(printable);
        text += &csv_line(cells.iter().map(String::as_str));
    };
    let sections = [
        ("principal", &report.principals),
        ("identity_provider", &report.identity_providers),
        ("no_access", &report.without_access),
    ];
    for (section, groups) in sections {
        for group in groups {
            for placed in &group.findings {
                let finding = &placed.finding;
                let (time, region) = match &placed.last_use {
                    LastUse::At { time, region } => (time.as_str(), region.as_deref().unwrap_or_default()),
                    LastUse::Never => ("never", ""),
                    LastUse::Unknown => ("unknown", ""),
                };
                line([
                    section,
                    finding.severity.as_str(),
                    &group.principal,
                    group.account.as_ref().map_or("", AccountId::as_str),
                    group.known.as_ref().map_or("", |known| &known.name),
                    yes_or_no(group.is_configured),
                    placed.account.as_str(),
                    &placed.account_name.to_string(),
                    &finding.role,
                    &finding.role_arn,
                    &finding.statement,
                    finding.external_id.map_or("", external_id),
                    yes_or_no(finding.requires_mfa),
                    &finding.conditions.join("; "),
                    time,
                    region,
                    &finding.message,
                    group.known.as_ref().and_then(|known| known.source.as_deref()).unwrap_or_default(),
                ]);
            }
        }
    }
    for placed in &report.unread_policies {
        let account_name = placed.account_name.to_string();
        let mut cells = [""; 18];
        let known = [
            (0, "policy_not_read"),
            (6, placed.account.as_str()),
            (7, &account_name),
            (9, &placed.policy.role_arn),
            (16, &placed.policy.problem),
        ];
        fill(&mut cells, &known);
        line(cells);
    }
    for unread in &report.unread_accounts {
        let account_name = unread.account_name.to_string();
        let mut cells = [""; 18];
        let known =
            [(0, "account_not_read"), (6, unread.account.as_str()), (7, &account_name), (16, &unread.cause.message)];
        fill(&mut cells, &known);
        line(cells);
    }
    text
}

fn fill<'a>(cells: &mut [&'a str; 18], known: &[(usize, &'a str)]) {
    for (column, text) in known {
        if let Some(cell) = cells.get_mut(*column) {
            *cell = text;
        }
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
