//! The configuration as lines, with all defaults and without secrets.

use std::fmt::Write;

use super::model::{
    Config, ExternalIdSource, PrincipalSpec, RegistrationTemplate, RemovedRole, RoleTemplate, TrustSpec, VendorTenant,
};
use super::rate_limits;
use crate::lines::{Line, Style};
use crate::management_role::ManagementExternalId;
use crate::policy::{AssumeAction, Document, Redactor};
use crate::rate::RateLimits;
use crate::role_settings::RoleDefinition;
use crate::rollout::{Repair, SweepSettings};
use crate::suggestion::plain_list_of;
use crate::targets::{OnUnselect, Targets};

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
    lines
        .extend(access.others.iter().map(|other| field("tried first", format!("{} in {}", other.name, other.targets))));
    if access.grants.is_empty() {
        lines.push(field("granted to", "no one else"));
    }
    lines.extend(access.grants.iter().map(|grant| {
        let only = grant.access_role.as_ref().map(|name| format!(", only on {name}")).unwrap_or_default();
        let until = grant.until.map(|day| format!(", until the end of {day}")).unwrap_or_default();
        let accounts = match grant.targets.is_every_account() {
            true => String::new(),
            false => format!(", in {}", targets(&grant.targets)),
        };
        field("granted to", trust(&grant.trust, "") + &only + &accounts + &until)
    }));
    lines.extend(access.revoked.iter().map(|principal| field("revoked from", &principal.0)));
    let excluded: Vec<_> = config.excluded.iter().map(ToString::to_string).collect();
    let excluded = if excluded.is_empty() { "none".to_owned() } else { excluded.join(", ") };
    lines.extend([
        Line::blank(),
        Line::heading("accounts"),
        field("excluded", excluded),
        field("count as new", format!("for {} minutes after joining", config.new_for.as_secs() / 60)),
        field("retried", format!("for {} hours", config.give_up_after.as_secs() / 3600)),
    ]);
    if let Some(management) = &config.management {
        let external_id = match &management.external_id {
            ManagementExternalId::Literal(_) => "hidden".to_owned(),
            ManagementExternalId::Parameter(name) => format!("from the SSM parameter {name}"),
        };
        lines.extend([
            Line::blank(),
            Line::heading("management"),
            field("through", &management.arn),
            field("external ID", external_id),
        ]);
    }
    let SweepSettings { repair, canary } = &config.sweep;
    if config.sweep.hold_back() {
        let canary: Vec<_> = canary.iter().map(ToString::to_string).collect();
        let canary = if canary.is_empty() { "none".to_owned() } else { canary.join(", ") };
        lines.extend([
            Line::blank(),
            Line::heading("sweep"),
            field("drift", if *repair == Repair::Apply { "is repaired" } else { "is only reported" }),
            field("canary", canary),
        ]);
    }
    if let Some(portal) = &config.console.access_portal {
        let set = config.console.permission_set.as_ref().map_or("chosen in the portal", |set| set.as_str());
        lines.extend([
            Line::blank(),
            Line::heading("console"),
            field("access portal", portal.as_str()),
            field("permission set", set),
        ]);
    }
    if config.limits != RateLimits::default() {
        lines.extend([Line::blank(), Line::heading("limits")]);
        lines.extend(rate_limits::described(&config.limits).map(|(label, text)| field(label, text)));
    }
    lines.extend(config.roles.iter().flat_map(role));
    if !config.removed.is_empty() {
        lines.extend([Line::blank(), Line::heading("removed")]);
        lines.extend(config.removed.iter().map(removed));
    }
    lines
}

fn role(role: &RoleTemplate) -> Vec<Line> {
    let RoleDefinition { owner, title, name, adopt, settings, attached } = &role.definition;
    let mut lines = vec![Line::blank(), Line::heading(format!("role {name} ({owner})"))];
    let mut add = |label: &str, text: &str| lines.push(field(label, text));
    if title != name.as_str() {
        add("vendor", title);
    }
    let without_id = match &role.no_external_id {
        Some(reason) => format!(", without an external ID ({reason})"),
        None => String::new(),
    };
    if !role.targets.is_every_account() {
        add("installed in", &targets(&role.targets));
    }
    for spec in &role.trust {
        add("trusts", &trust(spec, &without_id));
    }
    add("path", &settings.path);
    add("description", if settings.description.is_empty() { NONE } else { &settings.description });
    add("session", &format!("up to {} seconds", settings.max_session.as_secs()));
    add("boundary", settings.boundary.as_ref().map_or(NONE, |boundary| &boundary.0));
    if settings.tags.is_empty() {
        add("tags", NONE);
    }
    for (key, value) in &settings.tags {
        add("tag", &format!("{key} = {value}"));
    }
    match &role.registration {
        Some(RegistrationTemplate {
            tenant: VendorTenant { endpoint, key_parameter, .. },
            workspaces,
            display_name,
        }) => {
            let key = format!("with the key in the SSM parameter {key_parameter}");
            add("registered at", &format!("{}, {key}", endpoint.url()));
            let kept = if display_name.is_none() { "; a name that was changed there is kept" } else { "" };
            add("registered as", &format!("{}{kept}", display_name.clone().unwrap_or_default().as_str()));
            add("WorkSpaces", workspaces.map_or("as set in the console", included));
        }
        None if owner.is_vendor() => add("registered at", NONE),
        None => {}
    }
    if let Some(handoff) = &role.handoff {
        let region = handoff.region.as_ref().map(|region| format!(" in region {region}")).unwrap_or_default();
        add("hand-off", &format!("by a person, for each account{region}"));
    }
    for step in &role.once {
        add("once", step);
    }
    if let Some(only) = &role.management_only {
        let actions = plain_list_of(only.actions.iter().map(String::as_str));
        add(
            "left out",
            &format!("{actions}, which AWS allows only to the management account and to delegated administrators"),
        );
    }
    let existing = if *adopt { "taken over" } else { "left unchanged" };
    add("existing role", &format!("of the same name: {existing}"));
    if attached.is_empty() {
        add("attached", NONE);
    }
    for arn in attached {
        add("attached", &arn.0);
    }
    if role.policies.is_empty() {
        add("policies", NONE);
    }
    for (name, policy) in &role.policies {
        lines.push(field("policy", name));
        let pretty =
            Document::parse(&policy.0).map_or_else(|_| policy.0.clone(), |policy| Redactor::default().pretty(&policy));
        lines.extend(pretty.lines().map(|text| Line::verbatim(4).text(text)));
    }
    lines
}

/// A role that is deleted, on which condition, and where its account is registered until then.
fn removed(removed: &RemovedRole) -> Line {
    let RemovedRole { owner, name, adopt, tenant, .. } = removed;
    let recorded = if *adopt { "recorded or not" } else { "if it is recorded as made by this tool" };
    let registration = tenant.as_ref().map(|tenant| {
        let VendorTenant { endpoint, key_parameter, .. } = tenant;
        format!(
            ", after its registration at {} is removed with the key in the SSM parameter {key_parameter}",
            endpoint.url()
        )
    });
    field("role", format!("{name} ({owner}), {recorded}{}", registration.unwrap_or_default()))
}

/// Whether a vendor reads Amazon WorkSpaces.
fn included(workspaces: bool) -> &'static str {
    if workspaces { "included" } else { "not included" }
}

/// The principals, their external ID (hidden), their actions and their condition. `without_id` is what to say if no external
/// ID is configured.
fn trust(spec: &TrustSpec, without_id: &str) -> String {
    let who = spec.principals.iter().map(|principal| match principal {
        PrincipalSpec::Aws(text) => text.0.clone(),
        PrincipalSpec::Service(name) => format!("service {name}"),
        PrincipalSpec::Federated(provider) => format!("identity provider {}", provider.0),
    });
    let mut text = who.collect::<Vec<_>>().join(", ");
    if spec.external_ids.is_empty() {
        text.push_str(without_id);
    }
    for (index, source) in spec.external_ids.iter().enumerate() {
        text.push_str(if index == 0 { ", with " } else { " or " });
        match source {
            ExternalIdSource::Literal(_) => text.push_str("an external ID (hidden)"),
            ExternalIdSource::Parameter(name) => _ = write!(text, "the external ID in the SSM parameter {name}"),
            ExternalIdSource::Template(_) => text.push_str("an external ID with placeholders (hidden)"),
            ExternalIdSource::Pattern(_) => text.push_str("an external ID that matches a pattern (hidden)"),
            ExternalIdSource::Tenant(_) => text.push_str("the external ID that the vendor's API returns"),
        }
    }
    _ = write!(text, ", for {}", plain_list_of(spec.actions.iter().map(AssumeAction::as_str)));
    if !spec.condition.is_empty() {
        _ = write!(text, ", if {}", Redactor::default().value(&spec.condition.to_json()));
    }
    text
}

/// The accounts that are selected, and what happens in those that no longer are.
fn targets(targets: &Targets) -> String {
    match targets.on_unselect {
        OnUnselect::Keep => targets.to_string(),
        OnUnselect::Remove => format!("{targets}; removed from accounts that are no longer selected"),
    }
}

/// The text for an optional setting that is not set.
const NONE: &str = "none";

/// The width of the longest label.
const LABEL: usize = 14;

fn field(label: &str, text: impl AsRef<str>) -> Line {
    Line::at(2).column(Style::Faint, label, LABEL).text(text.as_ref())
}
