//! Hand-offs as CSV.

use super::lines::AccountHandoff;
use crate::csv_line::csv_line;

/// The hand-offs as CSV with one line each, and a column for each label of a field.
#[must_use]
pub fn csv(handoffs: &[AccountHandoff]) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for field in handoffs.iter().flat_map(|one| &one.handoff.fields) {
        if !labels.contains(&field.label.as_str()) {
            labels.push(&field.label);
        }
    }
    let fixed = ["vendor", "account_id", "account_name", "status", "changed", "role_status", "instruction", "link"];
    let mut text = csv_line(fixed.into_iter().chain(labels.iter().copied()));
    for AccountHandoff { account_id, account_name, role_status, handoff } in handoffs {
        let name = account_name.to_string();
        let value = |label: &&str| {
            let field = handoff.fields.iter().find(|field| field.label == **label);
            field.map_or("", |field| field.value.as_str())
        };
        let cells = [
            handoff.vendor.as_str(),
            account_id.as_str(),
            name.as_str(),
            handoff.status.as_str(),
            if handoff.changed { "true" } else { "false" },
            role_status.map_or("", |status| status.as_str()),
            handoff.instruction.as_str(),
            handoff.link.as_deref().unwrap_or_default(),
        ];
        text += &csv_line(cells.into_iter().chain(labels.iter().map(value)));
    }
    text
}
