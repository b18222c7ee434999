//! Vendors as lines.

use super::catalogue::Catalogue;
use super::model::{ExternalIdRule, Group, Vendor, VendorOrigin};
use crate::lines::{Line, Style, widest};
use crate::policy::{AssumeAction, Condition, Redactor};
use crate::suggestion::plain_list_of;

/// The vendors of a catalogue as a table, sorted by name.
#[must_use]
pub fn list(catalogue: &Catalogue) -> Vec<Line> {
    let head = ["NAME", "VENDOR", "ROLE", "FROM"].map(str::to_owned);
    let row =
        |vendor: &Vendor| [vendor.name.clone(), vendor.title.clone(), vendor.role_name.to_string(), origin(vendor)];
    let rows: Vec<_> = [head].into_iter().chain(catalogue.vendors().map(row)).collect();
    let [name, title, role, _] = [0, 1, 2, 3].map(|column| widest(rows.iter().filter_map(|row| row.get(column))));
    let line = |(index, row): (usize, &[String; 4])| {
        let style = if index == 0 { Style::Strong } else { Style::Plain };
        let [cell_name, cell_title, cell_role, from] = row;
        let line = Line::verbatim(0).column(style, cell_name, name).column(style, cell_title, title);
        line.column(style, cell_role, role).styled(style, from)
    };
    rows.iter().enumerate().map(line).collect()
}

/// Everything about one vendor, and how to configure it.
#[must_use]
pub fn show(vendor: &Vendor) -> Vec<Line> {
    let accounts: Vec<_> = vendor.accounts.iter().map(|account| account.0.as_str()).collect();
    let name = match vendor.name_fixed {
        true => format!("{}, fixed by the vendor", vendor.role_name),
        false => format!("{} (override with `role-name`)", vendor.role_name),
    };
    let mut lines = vec![Line::heading(&vendor.title).text(format!(" ({})", vendor.name))];
    let mut add = |label: &str, text: &str| lines.push(Line::at(2).column(Style::Faint, label, LABEL).text(text));
    add("source", &origin(vendor));
    add("accounts", &accounts.join(", "));
    add("external ID", &external_id(&vendor.external_id));
    if !vendor.condition.is_empty() {
        add("condition", &shown(&vendor.condition));
    }
    if !vendor.actions.passed().is_empty() {
        add("actions", &plain_list_of(vendor.actions.iter().map(AssumeAction::as_str)));
    }
    add("role", &name);
    add("policy", &vendor.policy_name);
    for arn in &vendor.managed {
        add("attached", &arn.0);
    }
    if vendor.registration_api.is_some() {
        add("registration", "through the vendor's API, if configured");
    }
    if let Some(handoff) = &vendor.handoff {
        let labels = handoff.fields.iter().map(|(label, _)| label.as_str());
        add("hand-off", &format!("{} ({})", handoff.instruction, plain_list_of(labels)));
    }
    for step in &vendor.once {
        add("once", step);
    }
    for link in &vendor.documentation {
        add("docs", link);
    }
    if !vendor.groups.is_empty() {
        lines.extend([Line::blank(), Line::at(2).styled(Style::Strong, "permissions")]);
    }
    for group in &vendor.groups {
        lines.push(match group.mutates {
            true => Line::at(4).text(&group.name).styled(Style::Warning, " (off by default: it can modify resources)"),
            false if group.management_only => Line::at(4).text(&group.name).styled(Style::Warning, MANAGEMENT_ONLY),
            false => Line::at(4).text(&group.name).styled(Style::Faint, " (on)"),
        });
        lines.extend(group.actions.iter().map(|action| {
            let is_optional = group.optional_actions.contains(action);
            Line::at(6).text(action).styled(Style::Faint, if is_optional { " (optional)" } else { "" })
        }));
        let resources = group.resources.iter().filter(|resource| *resource != "*");
        lines.extend(resources.map(|resource| Line::at(6).text(format!("on {resource}"))));
        if !group.condition.is_empty() {
            lines.push(Line::at(6).text(format!("if {}", shown(&group.condition))));
        }
    }
    lines.push(Line::blank());
    lines.extend(example(vendor));
    lines
}

/// The width of the longest label.
const LABEL: usize = 12;

/// The remark about a group whose actions AWS allows in the management account only.
const MANAGEMENT_ONLY: &str = " (only in the management account; left out in member accounts, where AWS refuses it)";

/// A condition as JSON, without external IDs.
fn shown(condition: &Condition) -> String {
    Redactor::default().value(&condition.to_json()).to_string()
}

fn origin(vendor: &Vendor) -> String {
    match &vendor.origin {
        VendorOrigin::BuiltIn => "built in".to_owned(),
        VendorOrigin::File(file) => file.clone(),
        VendorOrigin::Configuration => format!("[catalogue.{}]", vendor.name),
    }
}

fn external_id(rule: &ExternalIdRule) -> String {
    match rule {
        ExternalIdRule::Required { hint: Some(hint) } => format!("required: {hint}"),
        ExternalIdRule::Required { hint: None } => "required".to_owned(),
        ExternalIdRule::NoneBecause(reason) => format!("none: {reason}"),
    }
}

/// The lines for onboarding.toml, which are not wrapped, so that they can be copied.
fn example(vendor: &Vendor) -> Vec<Line> {
    let mut lines = vec![Line::at(2).styled(Style::Strong, "in onboarding.toml")];
    lines.push(Line::verbatim(4).text(format!("[vendors.{}]", vendor.name)));
    if matches!(vendor.external_id, ExternalIdRule::Required { .. }) {
        let parameter = format!("/account-onboarding/{}/external-id", vendor.name);
        lines.push(Line::verbatim(4).text(format!("external-id = {{ ssm-parameter = \"{parameter}\" }}")));
    }
    let names = |groups: Vec<&Group>| plain_list_of(groups.iter().map(|group| group.name.as_str()));
    let optional = vendor.groups.iter().filter(|group| group.mutates).collect::<Vec<_>>();
    if !optional.is_empty() {
        lines.push(Line::verbatim(4).text("# permissions = [\"…\"]"));
        let (management_only, members) = vendor.default_groups().into_iter().partition(|group| group.management_only);
        lines.push(Line::verbatim(4).text(format!("#   default: {}", names(members))));
        if !Vec::is_empty(&management_only) {
            let text = format!("#   only in the management account, which is not changed: {}", names(management_only));
            lines.push(Line::verbatim(4).text(text));
        }
        lines.push(Line::verbatim(4).text(format!("#   optional: {}", names(optional))));
    }
    let optional: Vec<_> = vendor.optional_actions().map(|action| format!("\"{action}\"")).collect();
    if !optional.is_empty() {
        lines.push(Line::verbatim(4).text(format!("# omit-actions = [{}]", optional.join(", "))));
    }
    if let Some(region) = vendor.handoff.as_ref().and_then(|handoff| handoff.region.as_ref()) {
        lines.push(Line::verbatim(4).text(format!("# handoff = {{ region = \"{region}\" }}")));
    }
    lines
}
