//! The open hand-offs of several accounts as lines, vendor by vendor.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::account::AccountId;
use crate::handoff::{Handoff, HandoffStatus};
use crate::last_result::Requirement;
use crate::lines::{Line, Style, widest};
use crate::text::Untrusted;

/// A hand-off with its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountHandoff {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// Whether the role exists as configured, according to the last run; `None` if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_status: Option<Requirement>,
    /// The hand-off.
    #[serde(flatten)]
    pub handoff: Handoff,
}

/// The hand-offs as text: how many there are, and then what is open, with every value in a column of its own, so that it can be
/// copied.
#[must_use]
pub fn handoff_lines(handoffs: &[AccountHandoff]) -> Vec<Line> {
    let count = |status| handoffs.iter().filter(|one| one.handoff.status == status).count();
    let mut lines = vec![Line::heading(format!(
        "Hand-offs: {} open, {} done",
        count(HandoffStatus::Open),
        count(HandoffStatus::Done)
    ))];
    let open: Vec<_> = handoffs.iter().filter(|one| one.handoff.is_open()).collect();
    let vendors: BTreeSet<_> = open.iter().map(|one| one.handoff.vendor.as_str()).collect();
    for vendor in vendors {
        let of_vendor: Vec<_> = open.iter().copied().filter(|one| one.handoff.vendor == vendor).collect();
        lines.extend(vendor_lines(vendor, &of_vendor));
    }
    lines
}

fn vendor_lines(vendor: &str, open: &[&AccountHandoff]) -> Vec<Line> {
    let Some(AccountHandoff { handoff: first, .. }) = open.first() else { return Vec::new() };
    let mut lines = vec![Line::blank(), Line::heading(&first.title).text(format!(" ({vendor})"))];
    for one in open {
        lines.push(Line::blank());
        lines.extend(account_lines(one));
    }
    lines.push(Line::blank());
    lines.extend(first.link.as_ref().map(|link| Line::verbatim(2).styled(Style::Faint, link)));
    lines.extend(first.notes.iter().map(|note| Line::at(2).styled(Style::Faint, "note:").text(format!(" {note}"))));
    let account = match open {
        [one] => one.account_id.as_str(),
        _ => "ID",
    };
    let done = format!("onboard handoff done --vendor {vendor} --account {account} --records TABLE");
    lines.push(Line::verbatim(2).styled(Style::Faint, "When it is done, run: ").text(done));
    lines
}

fn account_lines(AccountHandoff { account_id, account_name, role_status, handoff }: &AccountHandoff) -> Vec<Line> {
    let mut lines =
        vec![Line::at(2).styled(Style::Strong, format!("Account {account_id}")).text(format!(" ({account_name})"))];
    if handoff.changed {
        let text = "open again: its text has changed since it was done";
        lines.push(Line::at(4).styled(Style::Warning, text));
    }
    if let Some(status) = role_status.filter(|status| *status != Requirement::Holds) {
        let text = format!(
            "not yet: the role `{}` is not ready (`{}`); run `onboard apply --account {account_id}`",
            handoff.role,
            status.as_str()
        );
        lines.push(Line::at(4).styled(Style::Warning, text));
    }
    lines.push(Line::at(4).text(&handoff.instruction));
    let width = widest(handoff.fields.iter().map(|field| &field.label));
    let field = |(label, value): (&str, &str)| Line::verbatim(6).column(Style::Faint, label, width).text(value);
    lines.extend(handoff.fields.iter().map(|one| field((&one.label, &one.value))));
    lines
}
