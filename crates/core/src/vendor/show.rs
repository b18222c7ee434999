//! Vendors as text.

use std::fmt::Write;

use super::catalogue::Catalogue;
use super::model::{ExternalIdRule, Group, Vendor, VendorOrigin};
use crate::suggestion::list_of;

/// A vendor in the output of `onboard vendors list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name in the configuration.
    pub name: String,
    /// The name in output.
    pub title: String,
    /// The name of its role.
    pub role: String,
    /// Where it is defined: `built in`, a file, or `[catalogue.NAME]`.
    pub origin: String,
}

/// The vendors of a catalogue, sorted by name.
#[must_use]
pub fn rows(catalogue: &Catalogue) -> Vec<Row> {
    let row = |vendor: &Vendor| Row {
        name: vendor.name.clone(),
        title: vendor.title.clone(),
        role: vendor.role_name.to_string(),
        origin: origin(vendor),
    };
    catalogue.vendors().map(row).collect()
}

/// Everything about one vendor, and how to configure it.
#[must_use]
pub fn show(vendor: &Vendor) -> String {
    let mut out = String::new();
    let accounts: Vec<_> = vendor.accounts.iter().map(ToString::to_string).collect();
    let name = match vendor.name_fixed {
        true => format!("{}, fixed by the vendor", vendor.role_name),
        false => format!("{} (override with `role-name`)", vendor.role_name),
    };
    let mut line = |label: &str, text: &str| _ = writeln!(out, "  {label:<14}{text}");
    line("source", &origin(vendor));
    line("accounts", &accounts.join(", "));
    line("external ID", &external_id(&vendor.external_id));
    line("role", &name);
    line("policy", &vendor.policy_name);
    for arn in &vendor.managed {
        line("attached", &arn.0);
    }
    if vendor.registration_api.is_some() {
        line("registration", "through the vendor's API, if configured");
    }
    for link in &vendor.documentation {
        line("docs", link);
    }
    if !vendor.groups.is_empty() {
        _ = writeln!(out, "\n  permissions");
    }
    for group in &vendor.groups {
        let state = if group.mutates { "off by default: it can modify resources" } else { "on" };
        _ = writeln!(out, "    {} ({state})", group.name);
        for action in &group.actions {
            _ = writeln!(out, "      {action}");
        }
        for resource in group.resources.iter().filter(|r| *r != "*") {
            _ = writeln!(out, "      on {resource}");
        }
    }
    format!("{} ({})\n{out}\n{}", vendor.title, vendor.name, example(vendor))
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

fn example(vendor: &Vendor) -> String {
    let mut out = format!("  in onboarding.toml\n    [vendors.{}]\n", vendor.name);
    if matches!(vendor.external_id, ExternalIdRule::Required { .. }) {
        _ = writeln!(
            out,
            "    external-id = {{ ssm-parameter = \"/account-onboarding/{}/external-id\" }}",
            vendor.name
        );
    }
    let names = |groups: Vec<&Group>| list_of(groups.iter().map(|g| g.name.as_str())).replace('`', "");
    let chosen = vendor.groups.iter().filter(|group| group.mutates).collect::<Vec<_>>();
    if !chosen.is_empty() {
        _ = writeln!(
            out,
            "    # permissions = [\"…\"]   default: {}; optional: {}",
            names(vendor.default_groups()),
            names(chosen)
        );
    }
    out
}
