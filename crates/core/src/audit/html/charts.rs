//! The charts of the page: bars in inline SVG, each with its numbers in words.

use std::fmt::Write;

use super::super::account::{AccountStatus, Status};
use super::super::coverage::{by_requirement, by_unit, percent};
use super::super::summary::Audit;
use super::escape::{breakable, escaped};
use crate::suggestion::thousands;

/// How many units the chart shows before the rest is folded away.
const SHOWN_UNITS: usize = 12;

/// The width of a bar in its own units.
const WIDTH: usize = 1000;

/// One part of a bar.
struct Part {
    /// The word that the style sheet knows.
    word: String,
    label: String,
    count: usize,
}

/// All accounts by their status.
pub(super) fn overall_bar(audit: &Audit) -> String {
    let parts: Vec<_> =
        AccountStatus::ALL.into_iter().rev().map(|status| account_part(status, audit.count(status))).collect();
    let legend: String = parts
        .iter()
        .filter(|part| part.count > 0)
        .map(|part| {
            format!(
                "<li><i class=\"key {}\"></i>{} <b>{}</b></li>",
                part.word,
                escaped(&part.label),
                thousands(part.count)
            )
        })
        .collect();
    format!("<div class=\"overall\">{}</div><ul class=\"legend\">{legend}</ul>", bar(&parts))
}

/// One bar for each requirement.
pub(super) fn requirement_chart(audit: &Audit) -> String {
    let row = |coverage: super::super::coverage::RequirementCoverage<'_>| {
        let part = |status: Status| Part {
            word: status.as_str().to_owned(),
            label: status.label(),
            count: coverage.counts.get(&status).copied().unwrap_or_default(),
        };
        let parts: Vec<_> = Status::all().map(part).collect();
        row(coverage.title, &parts, coverage.holds(), coverage.required())
    };
    table("Requirement", by_requirement(audit).into_iter().map(row))
}

/// One bar for each unit; of many units, those with most to do.
pub(super) fn unit_chart(audit: &Audit) -> String {
    let rows: Vec<_> = by_unit(audit)
        .into_iter()
        .map(|coverage| {
            let count = |status| coverage.counts.get(&status).copied().unwrap_or_default();
            let parts: Vec<_> =
                AccountStatus::ALL.into_iter().rev().map(|status| account_part(status, count(status))).collect();
            row(coverage.unit, &parts, coverage.converged(), coverage.total())
        })
        .collect();
    let more = rows.len().saturating_sub(SHOWN_UNITS);
    let mut chart = table("Unit", rows.iter().take(SHOWN_UNITS).cloned());
    if more > 0 {
        let rest = table("Unit", rows.into_iter().skip(SHOWN_UNITS));
        let _ = write!(chart, "<details><summary>{more} more units</summary>{rest}</details>");
    }
    chart
}

fn account_part(status: AccountStatus, count: usize) -> Part {
    Part { word: status.as_str().to_owned(), label: status.label().to_owned(), count }
}

fn table(what: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.collect();
    format!(
        "<table class=\"chart\"><thead class=\"hidden\"><tr><th>{what}</th><th>Accounts by status</th><th>Share</th><th>As configured</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}

fn row(label: &str, parts: &[Part], done: usize, total: usize) -> String {
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"wide\">{}</td><td class=\"number\">{}</td><td class=\"number faint\">{}/{}</td></tr>",
        breakable(label),
        bar(parts),
        percent(done, total),
        thousands(done),
        thousands(total)
    )
}

/// A bar whose parts are as wide as their counts; a part that is not empty is visible.
fn bar(parts: &[Part]) -> String {
    const NARROWEST: usize = 6;
    let total: usize = parts.iter().map(|part| part.count).sum();
    let words: Vec<_> =
        parts.iter().filter(|part| part.count > 0).map(|part| format!("{} {}", part.count, part.label)).collect();
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escaped(&words.join(", "))
    );
    let widths: Vec<_> = parts
        .iter()
        .map(|part| match part.count {
            0 => 0,
            count => (count * WIDTH).checked_div(total).unwrap_or_default().max(NARROWEST),
        })
        .collect();
    let scale: usize = widths.iter().sum::<usize>().max(1);
    let mut before = 0;
    for (part, width) in parts.iter().zip(widths).filter(|(_, width)| *width > 0) {
        let x = before * WIDTH / scale;
        before += width;
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{x}\" width=\"{}\" height=\"10\"><title>{} {}</title></rect>",
            part.word,
            before * WIDTH / scale - x,
            part.count,
            escaped(&part.label)
        );
    }
    svg + "</svg>"
}
