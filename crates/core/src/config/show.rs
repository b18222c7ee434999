//! The configuration as lines, with all defaults and without secrets.

use std::fmt::Write;

use super::model::{Config, ExternalIdSource, PrincipalSpec, RegistrationTemplate, RoleTemplate, TrustSpec};
use crate::lines::{Line, Style};
use crate::policy::{Document, Redactor};
use crate::role_settings::RoleDefinition;

/// The effective configuration. Equal configurations give equal lines.
#[must_use]
pub fn show(config: &Config) -> Vec<Line> {
    let access = &config.access_role;
    let names: Vec<_> = access.names.iter().map(ToString::to_string).collect();
    let orphans = if access.prune_orphans {
        "deleted roles and users are removed from the trust policy"
    } else {
        "deleted roles and users stay in the trust policy"
    };
    let mut lines =
        vec![Line::heading("access role"), field("tried in order", names.join(", ")), field("orphans", orphans)];
    lines.extend(access.grants.iter().map(|grant| field("granted to", trust(grant))));
    let excluded: Vec<_> = config.excluded.iter().map(ToString::to_string).collect();
    let excluded = if excluded.is_empty() { "none".to_owned() } else { excluded.join(", ") };
    lines.extend([
        Line::blank(),
        Line::heading("accounts"),
        field("excluded", excluded),
        field("count as new", format!("for {} minutes after joining", config.new_for.as_secs() / 60)),
        field("retried", format!("for {} hours", config.give_up_after.as_secs() / 3600)),
    ]);
    lines.extend(config.roles.iter().flat_map(role));
    lines
}

fn role(role: &RoleTemplate) -> Vec<Line> {
    let RoleDefinition { owner, title, name, adopt, settings, attached } = &role.definition;
    let mut lines = vec![Line::blank(), Line::heading(format!("role {name} ({owner})"))];
    let mut add = |label: &str, text: &str| lines.push(field(label, text));
    if title != name.as_str() {
        add("vendor", title);
    }
    for spec in &role.trust {
        let is_third_party_without_id = owner.is_vendor() && spec.external_ids.is_empty();
        let warning = if is_third_party_without_id { ", without an external ID" } else { "" };
        add("trusts", &format!("{}{warning}", trust(spec)));
    }
    add("path", &settings.path);
    if !settings.description.is_empty() {
        add("description", &settings.description);
    }
    add("session", &format!("up to {} seconds", settings.max_session.as_secs()));
    if let Some(boundary) = &settings.boundary {
        add("boundary", &boundary.0);
    }
    for (key, value) in &settings.tags {
        add("tag", &format!("{key} = {value}"));
    }
    if let Some(registration) = &role.registration {
        let RegistrationTemplate { endpoint, key_parameter, .. } = registration;
        let key = format!("with the key in the SSM parameter {key_parameter}");
        add("registered at", &format!("{}, {key}", endpoint.url()));
    }
    let existing = if *adopt { "taken over" } else { "left unchanged" };
    add("existing role", &format!("of the same name: {existing}"));
    for arn in attached {
        add("attached", &arn.0);
    }
    for (name, policy) in &role.policies {
        lines.push(field("policy", name));
        let pretty = Document::parse(&policy.0).map_or_else(|_| policy.0.clone(), |policy| policy.to_pretty());
        lines.extend(pretty.lines().map(|text| Line::verbatim(4).text(text)));
    }
    lines
}

/// The principals, their external ID (hidden) and their condition.
fn trust(spec: &TrustSpec) -> String {
    let who = spec.principals.iter().map(|principal| match principal {
        PrincipalSpec::Aws(text) => text.0.clone(),
        PrincipalSpec::Service(name) => format!("service {name}"),
        PrincipalSpec::Federated(provider) => format!("identity provider {}", provider.0),
    });
    let mut text = who.collect::<Vec<_>>().join(", ");
    for (index, source) in spec.external_ids.iter().enumerate() {
        text.push_str(if index == 0 { ", with " } else { " or " });
        match source {
            ExternalIdSource::Literal(_) => text.push_str("an external ID (hidden)"),
            ExternalIdSource::Parameter(name) => _ = write!(text, "the external ID in the SSM parameter {name}"),
            ExternalIdSource::Pattern(_) => text.push_str("an external ID that matches a pattern (hidden)"),
        }
    }
    text.push_str(&if spec.actions.passed().is_empty() {
        String::new()
    } else {
        format!(",{}", spec.actions.passed())
    });
    if !spec.condition.is_empty() {
        _ = write!(text, ", if {}", Redactor::default().value(&spec.condition.to_json()));
    }
    text
}

/// The width of the longest label.
const LABEL: usize = 14;

fn field(label: &str, text: impl AsRef<str>) -> Line {
    Line::at(2).column(Style::Faint, label, LABEL).text(text.as_ref())
}
