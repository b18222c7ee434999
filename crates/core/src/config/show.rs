//! The configuration as text, with all defaults and without secrets.

use std::fmt::Write;

use super::{Config, ExternalIdSource, PrincipalSpec, RegistrationTemplate, RoleTemplate, TrustSpec};
use crate::policy::{Document, Redactor};
use crate::role_settings::RoleDefinition;

/// The effective configuration as text. Equal configurations give equal text.
#[must_use]
pub fn show(config: &Config) -> String {
    let mut out = String::new();
    let access = &config.access_role;
    let names: Vec<_> = access.names.iter().map(ToString::to_string).collect();
    let orphans = if access.prune_orphans { "removed from the trust policy" } else { "kept in the trust policy" };
    heading(&mut out, "access role");
    line(&mut out, "tried in order", &names.join(", "));
    line(&mut out, "orphans", orphans);
    for grant in &access.grants {
        line(&mut out, "granted to", &trust(grant));
    }
    heading(&mut out, "accounts");
    let excluded: Vec<_> = config.excluded.iter().map(ToString::to_string).collect();
    let excluded = if excluded.is_empty() { "none".to_owned() } else { excluded.join(", ") };
    line(&mut out, "excluded", &excluded);
    line(&mut out, "new", &format!("for {} minutes after joining", config.new_for / 60));
    for one in &config.roles {
        role(&mut out, one);
    }
    out
}

fn role(out: &mut String, role: &RoleTemplate) {
    let RoleDefinition { owner, title, name, adopt, settings, attached } = &role.definition;
    heading(out, &format!("role {name} ({owner})"));
    if title != name.as_str() {
        line(out, "vendor", title);
    }
    for spec in &role.trust {
        let is_third_party_without_id = owner.is_vendor() && spec.external_id.is_none();
        let warning = if is_third_party_without_id { ", without an external ID" } else { "" };
        line(out, "trusts", &format!("{}{warning}", trust(spec)));
    }
    line(out, "path", &settings.path);
    if !settings.description.is_empty() {
        line(out, "description", &settings.description.lines().collect::<Vec<_>>().join(" "));
    }
    line(out, "session", &format!("up to {} seconds", settings.max_session.as_secs()));
    if let Some(boundary) = &settings.boundary {
        line(out, "boundary", &boundary.0);
    }
    for (key, value) in &settings.tags {
        line(out, "tag", &format!("{key} = {value}"));
    }
    if let Some(registration) = &role.registration {
        let RegistrationTemplate { endpoint, key_parameter, .. } = registration;
        let key = format!("with the key in the SSM parameter {key_parameter}");
        line(out, "registered at", &format!("{}, {key}", endpoint.url()));
    }
    let existing = if *adopt { "adopted" } else { "refused" };
    line(out, "existing role", &format!("of the same name: {existing}"));
    for arn in attached {
        line(out, "attached", &arn.0);
    }
    for (name, policy) in &role.policies {
        line(out, "policy", name);
        let pretty = Document::parse(&policy.0).map_or_else(|_| policy.0.clone(), |policy| policy.to_pretty());
        for text in pretty.lines() {
            _ = writeln!(out, "    {text}");
        }
    }
}

/// The principals, their external ID (hidden) and their condition.
fn trust(spec: &TrustSpec) -> String {
    let who = spec.principals.iter().map(|principal| match principal {
        PrincipalSpec::Aws(text) => text.0.clone(),
        PrincipalSpec::Service(name) => format!("service {name}"),
    });
    let mut text = who.collect::<Vec<_>>().join(", ");
    match &spec.external_id {
        None => {}
        Some(ExternalIdSource::Literal(_)) => text.push_str(", with an external ID (hidden)"),
        Some(ExternalIdSource::Parameter(name)) => {
            _ = write!(text, ", with the external ID in the SSM parameter {name}")
        }
    }
    if !spec.condition.is_empty() {
        _ = write!(text, ", if {}", Redactor::default().value(&spec.condition.to_json()));
    }
    text
}

fn heading(out: &mut String, text: &str) {
    let newline = if out.is_empty() { "" } else { "\n" };
    _ = writeln!(out, "{newline}{text}");
}

fn line(out: &mut String, label: &str, text: &str) {
    _ = writeln!(out, "  {label:<16}{text}");
}
