//! The report as lines: a summary, then each principal with what it can do and in which roles.

use super::finding::{LastUse, TrustSeverity};
use super::known_account::{KnownAccount, KnownBy};
use super::report::{PlacedFinding, PrincipalFindings, TrustReport};
use crate::lines::{Line, Style};
use crate::selection::skipped_summary;
use crate::suggestion::{counted, plain_list_of};

/// How many roles of one principal are named. JSON and CSV have all of them.
const SHOWN: usize = 10;

/// The report for a person.
#[must_use]
pub fn trust_lines(report: &TrustReport) -> Vec<Line> {
    let mut lines = summary(report);
    for group in &report.principals {
        lines.extend(principal(group));
    }
    section(&mut lines, "Identity providers", &report.identity_providers);
    section(&mut lines, "Named in trust policies, but cannot assume the role", &report.without_access);
    if !report.unread_policies.is_empty() {
        lines.push(Line::blank());
        lines.push(Line::heading("Trust policies that cannot be read"));
        for one in report.unread_policies.iter().take(SHOWN) {
            lines.push(Line::at(4).text(&one.policy.role_arn).text(": ").text(&one.policy.problem));
        }
        more(&mut lines, report.unread_policies.len());
    }
    if !report.unread_accounts.is_empty() {
        lines.push(Line::blank());
        lines.push(Line::heading("Accounts that could not be read"));
        for one in report.unread_accounts.iter().take(SHOWN) {
            lines.push(Line::at(2).styled(Style::Strong, &one.account_name).text(format!(" ({})", one.account)));
            lines.push(Line::at(4).text(&one.cause.message));
            lines.push(Line::at(4).styled(Style::Faint, &one.cause.remedy));
        }
        more(&mut lines, report.unread_accounts.len());
    }
    lines.extend(skipped(report));
    lines.extend(advice(report));
    lines
}

fn summary(report: &TrustReport) -> Vec<Line> {
    let (roles, accounts) = report.reach();
    let read = format!("{} of {} were read", counted(report.roles, "role"), counted(report.accounts, "account"));
    let first = match report.principals.len() {
        0 => format!("no principal outside the organization can assume a role ({read})"),
        principals => format!(
            "{} outside the organization can assume {} in {} ({read})",
            counted(principals, "principal"),
            counted(roles, "role"),
            counted(accounts, "account"),
        ),
    };
    let mut lines = vec![Line::heading(first)];
    let count = |is: fn(&PrincipalFindings) -> bool| report.principals.iter().filter(|one| is(one)).count();
    let counts = [
        (count(PrincipalFindings::needs_no_external_id), "without an external ID"),
        (count(PrincipalFindings::is_unknown), "unknown"),
        (count(|one| one.is_configured), "configured"),
    ];
    let counts: Vec<_> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !counts.is_empty() {
        lines.push(Line::at(0).text(counts.join(", ")));
    }
    let missing = [(report.unread_accounts.len(), "account"), (report.unread_policies.len(), "trust policy")];
    let missing: Vec<_> =
        missing.into_iter().filter(|(count, _)| *count > 0).map(|(n, what)| counted_of(n, what)).collect();
    if !missing.is_empty() {
        let missing = plain_list_of(missing.iter().map(String::as_str));
        lines.push(
            Line::at(0).styled(Style::Error, format!("{missing} could not be read, so the result is incomplete")),
        );
    }
    lines
}

fn counted_of(count: usize, what: &str) -> String {
    match (count, what) {
        (2.., "trust policy") => format!("{count} trust policies"),
        _ => counted(count, what),
    }
}

fn section(lines: &mut Vec<Line>, title: &str, groups: &[PrincipalFindings]) {
    if groups.is_empty() {
        return;
    }
    lines.push(Line::blank());
    lines.push(Line::heading(title));
    for group in groups {
        lines.extend(principal(group));
    }
}

fn principal(group: &PrincipalFindings) -> Vec<Line> {
    let severity = group.severity();
    let mut line = Line::at(0).column(style(severity), severity.as_str(), 8).styled(Style::Strong, &group.principal);
    if let Some(known) = &group.known {
        line = line.text(": ").text(&known.name);
    } else if group.is_unknown() {
        line = line.text(": unknown");
    }
    if group.is_configured {
        line = line.styled(Style::Success, ", configured in onboarding.toml");
    }
    let mut lines = vec![Line::blank(), line];
    lines.extend(group.known.as_ref().map(|known| Line::verbatim(4).styled(Style::Faint, origin(known))));
    let mut shown = 0;
    let mut last = None;
    for placed in &group.findings {
        let what = (&placed.finding.message, &placed.finding.conditions, placed.finding.external_id);
        if last != Some(what) {
            if shown >= SHOWN {
                break;
            }
            lines.push(Line::at(4).text(sentence(placed)));
            last = Some(what);
        }
        if shown < SHOWN {
            lines.push(role(placed, group.is_configured));
            shown += 1;
        }
    }
    more(&mut lines, group.findings.len());
    lines
}

/// How many entries are not shown.
fn more(lines: &mut Vec<Line>, all: usize) {
    if let Some(more) = all.checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(Line::at(6).styled(Style::Faint, format!("and {more} more; `--format csv` has all of them")));
    }
}

/// What can be done, and under which conditions.
fn sentence(placed: &PlacedFinding) -> String {
    let finding = &placed.finding;
    if finding.conditions.is_empty() {
        return finding.message.clone();
    }
    format!("{}, when {}", finding.message, finding.conditions.join(" and "))
}

fn role(placed: &PlacedFinding, is_configured: bool) -> Line {
    let finding = &placed.finding;
    let used = match &placed.last_use {
        LastUse::At { time, region } => {
            let day = time.split('T').next().unwrap_or_default();
            let region = region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
            format!("role last used on {day}{region}")
        }
        LastUse::Never => "role not used in 400 days".to_owned(),
        LastUse::Unknown => "last use of the role is not known".to_owned(),
    };
    let line = Line::at(6)
        .text(format!("{} ({}): role ", placed.account_name, placed.account))
        .styled(Style::Strong, &finding.role)
        .text(format!(", {}; ", finding.statement))
        .styled(Style::Faint, used);
    match is_configured && !placed.is_configured {
        true => line.styled(Style::Warning, "; it is not configured for this role"),
        false => line,
    }
}

fn origin(known: &KnownAccount) -> String {
    let from = match known.by {
        KnownBy::File => "named in your file",
        KnownBy::Catalogue => "in the catalogue of vendors",
        KnownBy::BuiltIn => "known vendor",
    };
    match (&known.source, &known.retrieved) {
        (Some(source), Some(date)) => format!("{from}: {source}, noted on {date}"),
        (Some(source), None) => format!("{from}: {source}"),
        _ => from.to_owned(),
    }
}

fn skipped(report: &TrustReport) -> Vec<Line> {
    if report.skipped.is_empty() {
        return Vec::new();
    }
    let summary = skipped_summary(&report.skipped);
    vec![Line::blank(), Line::at(0).styled(Style::Faint, summary)]
}

fn advice(report: &TrustReport) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |is: bool, text: &str| {
        if is {
            lines.push(Line::at(2).text(text));
        }
    };
    let any = |is: fn(&PrincipalFindings) -> bool| report.principals.iter().any(is);
    add(
        any(|one| one.severity() == TrustSeverity::Critical),
        "Everyone can assume a role: name the principals in its trust policy, or add a condition on `aws:PrincipalOrgID`.",
    );
    add(
        any(|one| one.needs_no_external_id() && one.severity() >= TrustSeverity::High && one.account.is_some()),
        "Without an external ID: if the account is a vendor's, ask the vendor for one and require it with `StringEquals` on `sts:ExternalId` (confused deputy).",
    );
    add(
        any(PrincipalFindings::is_unknown),
        "Unknown: find out who it is from the owner of the role, or from the AssumeRole events of the role in CloudTrail. Remove the principal, or name it with `--known-accounts FILE`.",
    );
    add(
        report.identity_providers.iter().any(|one| one.severity() == TrustSeverity::Critical),
        "An identity provider without a limit: add a condition on the subject of the token, such as `StringLike` with `repo:my-organization/*`.",
    );
    if !lines.is_empty() {
        lines.splice(0..0, [Line::blank(), Line::heading("What to do")]);
    }
    lines
}

fn style(severity: TrustSeverity) -> Style {
    match severity {
        TrustSeverity::Critical | TrustSeverity::High => Style::Error,
        TrustSeverity::Medium => Style::Warning,
        TrustSeverity::Low | TrustSeverity::Info => Style::Faint,
    }
}
