//! What will be done for each account, and how that ended, as lines. Both start with a summary.

use super::plan::{AccountPlan, AccountResult, Ending, Existing};
use super::request::NewAccount;
use super::values::BillingAccess;
use crate::config::{Config, PrincipalSpec};
use crate::console::ConsoleLink;
use crate::lines::{Line, Mark, Style};
use crate::outcome::{Outcome, for_command_line};
use crate::report::Report;
use crate::role::RoleName;
use crate::suggestion::{counted, plain_list_of};

/// The width of the labels of an account.
const LABEL: usize = 12;

/// What will be asked of AWS for each account, and what each account gets.
#[must_use]
pub fn plan_lines(plans: &[AccountPlan], config: &Config) -> Vec<Line> {
    let mut lines = vec![Line::heading(format!("Plan: {}", counts(plans)))];
    for plan in plans {
        lines.push(Line::blank());
        lines.extend(account_lines(plan));
    }
    lines.push(Line::blank());
    lines.extend(onboarding_lines(config, plans.len()));
    if plans.iter().any(|plan| !plan.is_member()) {
        lines.push(Line::blank());
        lines.push(Line::at(0).styled(
            Style::Faint,
            "An account cannot be deleted, only closed; its email then stays taken, and it counts toward the quota for 90 days.",
        ));
    }
    lines
}

/// The question before anything is done. One answer covers both the creation and the onboarding.
#[must_use]
pub fn question(plans: &[AccountPlan]) -> String {
    let new = plans.iter().filter(|plan| !plan.is_member()).count();
    let moves = plans.iter().filter(|plan| is_moved(plan)).count();
    let mut parts = Vec::new();
    if new > 0 {
        parts.push(format!("create {}", counted(new, "account")));
    }
    if moves > 0 {
        parts.push(format!("move {}", counted(moves, "account")));
    }
    parts.push(format!("onboard {}", counted(plans.len(), "account")));
    let text = plain_list_of(parts.iter().map(String::as_str));
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!("{}{}?", first.into_iter().collect::<String>(), letters.as_str())
}

fn is_moved(plan: &AccountPlan) -> bool {
    matches!(&plan.existing, Existing::Member { moved_from: Some(_), .. })
}

fn counts(plans: &[AccountPlan]) -> String {
    let members = plans.iter().filter(|plan| plan.is_member()).count();
    let create = format!("{} to create", counted(plans.len() - members, "account"));
    match members {
        0 => create,
        1 => format!("{create}, 1 exists already"),
        _ => format!("{create}, {members} exist already"),
    }
}

fn account_lines(plan: &AccountPlan) -> Vec<Line> {
    let NewAccount { name, email, role_name, billing, tags, .. } = &plan.row.account;
    let field = |label: &str| Line::at(6).column(Style::Faint, label, LABEL);
    let unit = plan.unit.as_ref().map_or_else(|| "the root of the organization".to_owned(), ToString::to_string);
    if let Existing::Member { id, name: found, moved_from } = &plan.existing {
        let heading = Line::at(2).mark(Mark::Unknown).styled(Style::Strong, format!("account {found} ({id})"));
        let mut lines = vec![heading.text(format!(" exists, with the email {email}"))];
        if *found != name.as_str() {
            lines.push(field("name").text(format!("stays `{found}`, not `{name}`")));
        }
        if let Some(from) = moved_from {
            lines.push(field("unit").text(format!("moved to {unit} from {from}")));
        }
        return lines;
    }
    let mut lines = vec![Line::at(2).mark(Mark::Add).styled(Style::Strong, format!("account {name}"))];
    if let Existing::InProgress(requests) = &plan.existing {
        let requests = plain_list_of(requests.iter().map(String::as_str));
        let text =
            format!("an account of this name is being created ({requests}): created only if that has another email");
        lines.push(field("first").text(text));
    }
    lines.push(field("email").text(email));
    lines.push(field("unit").text(unit));
    lines.push(field("access role").text(role_name.as_ref().map_or("the default of AWS", RoleName::as_str)));
    lines.push(field("billing").text(match billing {
        BillingAccess::Allow => "IAM users and roles see it if their policies allow it",
        BillingAccess::Deny => "only the root user sees it",
    }));
    if !tags.is_empty() {
        let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        lines.push(field("tags").text(tags.join(", ")));
    }
    lines
}

/// What the configuration gives each account.
fn onboarding_lines(config: &Config, accounts: usize) -> Vec<Line> {
    let what = if accounts == 1 { "The account is then onboarded" } else { "Each account is then onboarded" };
    let mut lines = vec![Line::heading(format!("{what}, as by `onboard apply`"))];
    for grant in &config.access_role.grants {
        let principals: Vec<_> = grant.trust.principals.iter().map(principal).collect();
        let who = plain_list_of(principals.iter().map(String::as_str));
        lines.push(Line::at(2).mark(Mark::Change).text(format!("the access role trusts {who}")));
    }
    for role in &config.roles {
        let definition = &role.definition;
        let line = Line::at(2).mark(Mark::Add).text(format!("role {}", definition.name));
        lines.push(if definition.title == definition.name.as_str() {
            line
        } else {
            line.styled(Style::Faint, format!("  {}", definition.title))
        });
    }
    lines
}

fn principal(spec: &PrincipalSpec) -> String {
    match spec {
        PrincipalSpec::Aws(text) | PrincipalSpec::Federated(text) => text.0.clone(),
        PrincipalSpec::Service(name) => name.clone(),
    }
}

/// How it ended for one of several accounts.
#[must_use]
pub fn result_lines(result: &AccountResult) -> Vec<Line> {
    let name = &result.plan.row.account.name;
    let subject = match &result.id {
        Some(id) => format!("{name} ({id})"),
        None => format!("{name} <{}>", result.plan.row.account.email),
    };
    let heading = |mark| Line::at(2).mark(mark).styled(Style::Strong, &subject).text(": ");
    let done = done_before(result);
    match (result.outcome(), &result.ending) {
        (_, Ending::Requested(request)) => {
            vec![heading(Mark::Unknown).text(format!("requested (`{request}`); AWS still creates it"))]
        }
        (None, _) => {
            let what = if done.is_empty() { "not started" } else { "interrupted" };
            vec![heading(Mark::Unknown).text(format!("{done}{what}"))]
        }
        (Some(Outcome::Converged), Ending::Onboarded(report)) => {
            let changes = match report.done() {
                0 => String::new(),
                made => format!(", {} made", counted(made, "change")),
            };
            let mut lines = vec![heading(Mark::Holds).text(format!("{done}converged{changes}"))];
            lines.extend(links(report));
            lines.extend(handoffs(report));
            lines
        }
        (Some(outcome), _) => {
            let mark = if matches!(outcome, Outcome::Blocked(_)) { Mark::Fails } else { Mark::Unknown };
            let code = outcome.cause().map(|cause| format!(" ({})", cause.code)).unwrap_or_default();
            let mut lines = vec![heading(mark).text(format!("{done}{}{code}", outcome.as_str()))];
            lines.extend(outcome.cause().map(|cause| Line::at(6).text(&cause.message)));
            match &outcome {
                Outcome::Blocked(cause) => lines.push(Line::at(6).column(Style::Strong, "Fix:", 4).text(&cause.remedy)),
                Outcome::Waiting(cause) if !cause.remedy.is_empty() => {
                    lines.push(Line::at(6).text(for_command_line(&cause.remedy)));
                }
                _ => {}
            }
            lines
        }
    }
}

fn done_before(result: &AccountResult) -> String {
    let mut done = String::new();
    if result.is_created {
        done.push_str("created, ");
    }
    if let Some(unit) = result.plan.unit.as_ref().filter(|_| result.is_moved) {
        done.push_str(&format!("moved to {}, ", unit.name));
    }
    done
}

fn links(report: &Report) -> impl Iterator<Item = Line> {
    report.links.iter().map(|ConsoleLink { url, .. }| Line::verbatim(6).styled(Style::Faint, url))
}

fn handoffs(report: &Report) -> Option<Line> {
    let vendors: Vec<_> = report.open_handoffs().map(|handoff| handoff.title.as_str()).collect();
    let account = report.account_id.as_ref()?;
    (!vendors.is_empty()).then(|| {
        let line = Line::at(6).styled(Style::Warning, "Hand-off:");
        line.text(format!(" {} (`onboard handoff --account {account}`)", plain_list_of(vendors)))
    })
}

/// How many accounts ended how.
#[must_use]
pub fn summary_line(results: &[AccountResult]) -> Line {
    let count = |wanted: fn(&Outcome) -> bool| results.iter().filter_map(AccountResult::outcome).filter(wanted).count();
    let created = results.iter().filter(|result| result.is_created).count();
    let interrupted = results.iter().filter(|result| result.outcome().is_none()).count();
    let mut parts = vec![format!("{created} created")];
    for (number, word) in [
        (count(|outcome| matches!(outcome, Outcome::Converged)), "converged"),
        (count(|outcome| matches!(outcome, Outcome::Waiting(_))), "waiting"),
        (count(|outcome| matches!(outcome, Outcome::Blocked(_))), "blocked"),
        (count(|outcome| matches!(outcome, Outcome::Ignored(_))), "ignored"),
        (interrupted, "not finished"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    Line::heading(format!("{}: {}", counted(results.len(), "account"), parts.join(", ")))
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
