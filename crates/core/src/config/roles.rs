//! `[[role]]` entries, and the keys that they share with vendor roles.

use std::collections::{BTreeMap, BTreeSet};

use super::context::ReadContext;
use super::{RoleTemplate, Template, targets, trust, trust_size};
use crate::owner::{OWNER_TAG, Owner};
use crate::policy::ExternalIdRequirement;
use crate::role::RoleName;
use crate::role_settings::{RoleDefinition, RoleSettings};
use crate::text::Untrusted;
use crate::toml_reader::{
    Table, Value, check_count_of_managed, check_quota, description, managed_policy_arn, path, permissions_policy,
    policy_name, session_duration, tags,
};

const ROLE: &[&str] = &[
    "name",
    "path",
    "description",
    "max-session-seconds",
    "permissions-boundary",
    "managed-policies",
    "policies",
    "tags",
    "adopt",
    "trust",
    "targets",
    "on-unselect",
];

/// Reads the settings of a vendor role or a `[[role]]` entry. A key that is not set has its default.
pub(super) fn settings(table: &Table<'_>, defaults: RoleSettings<Template>) -> RoleSettings<Template> {
    RoleSettings {
        path: table.get("path").and_then(|value| value.checked(path)).unwrap_or(defaults.path),
        description: table
            .get("description")
            .and_then(|value| value.checked(description))
            .unwrap_or(defaults.description),
        max_session: table
            .get("max-session-seconds")
            .and_then(|value| session_duration(&value))
            .unwrap_or(defaults.max_session),
        boundary: table
            .get("permissions-boundary")
            .and_then(|value| value.checked(managed_policy_arn))
            .or(defaults.boundary),
        tags: table.get("tags").map_or(defaults.tags, |value| tags(&value)),
    }
}

/// Reads whether a vendor role or a `[[role]]` entry takes over an existing role.
pub(super) fn adopt(table: &Table<'_>) -> bool {
    table.get("adopt").and_then(|value| value.flag()).unwrap_or(false)
}

/// Reads an entry of `[[role]]`.
pub(super) fn role_entry(value: &Value<'_>, context: &ReadContext<'_>) -> Option<RoleTemplate> {
    let table = value.table(ROLE)?;
    let name = table.require("name").and_then(|value| name(&value, context));
    let settings = settings(&table, RoleSettings::default());
    let adopt = adopt(&table);
    let targets = targets::targets(&table);
    let trust = match table.get("trust") {
        Some(value) => {
            let entries = value.list().unwrap_or_default();
            if entries.is_empty() && value.node().is_array() {
                value.problem("is empty; add at least one principal that may assume the role");
            }
            let specs: Vec<_> = entries.iter().filter_map(|entry| trust::trust_entry(entry, context)).collect();
            trust_size::check(&value, trust_size::of_role(&specs));
            specs
        }
        None if table.misspells("trust") => Vec::new(),
        None => {
            table.problem("no principal may assume this role; add `[[role.trust]]`");
            Vec::new()
        }
    };
    let policies = table.get("policies").map(|value| policies(&value, context)).unwrap_or_default();
    let attached = table.get("managed-policies").map(|value| managed(&value)).unwrap_or_default();
    let name = name?;
    let owner = Owner::Role(name.clone());
    let title = name.to_string();
    Some(RoleTemplate {
        definition: RoleDefinition { owner, title, name, adopt, settings, attached },
        trust,
        external_id_requirement: ExternalIdRequirement::Optional,
        no_external_id: None,
        policies,
        registration: None,
        handoff: None,
        once: Vec::new(),
        management_only: None,
        targets,
    })
}

fn name(value: &Value<'_>, context: &ReadContext<'_>) -> Option<RoleName> {
    let name = value.parse::<RoleName>()?;
    if name.as_str().contains(',') {
        // Tag values: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
        value.problem(format!(
            "IAM does not allow `,` in the tag `{OWNER_TAG}`, whose value includes this name; choose another name"
        ));
    }
    context.names.borrow_mut().reserve(&name, &Owner::Role(name.clone()), value);
    Some(name)
}

fn managed(value: &Value<'_>) -> BTreeSet<Template> {
    let list = value.list().unwrap_or_default();
    check_count_of_managed(value, list.len());
    let mut managed = BTreeSet::new();
    for item in list {
        if let Some(arn) = item.checked(managed_policy_arn)
            && let Some(duplicate) = managed.replace(arn)
        {
            item.problem(format!("`{}` appears twice; remove one", duplicate.0));
        }
    }
    managed
}

fn policies(value: &Value<'_>, context: &ReadContext<'_>) -> BTreeMap<String, Template> {
    let mut policies = BTreeMap::new();
    for entry in value.entries().unwrap_or_default() {
        if let Err(error) = policy_name(entry.key()) {
            entry.problem(error);
        }
        if let Some(policy) = policy(&entry, context) {
            policies.insert(entry.key().to_owned(), policy);
        }
    }
    check_quota(value, &policies);
    policies
}

/// Inline JSON, or `{ file = "x.json" }`.
fn policy(value: &Value<'_>, context: &ReadContext<'_>) -> Option<Template> {
    if value.node().is_str() {
        return value.checked(permissions_policy);
    }
    if !value.node().is_table() {
        value.wrong_type("a JSON string or `{ file = \"policy.json\" }`");
        return None;
    }
    let file = value.table(&["file"])?.require("file")?;
    file.checked(|path| {
        let in_file = |error: String| format!("`{}`: {error}", Untrusted::new(path));
        let text = context.files.read(path).map_err(in_file)?;
        permissions_policy(&text).map_err(in_file)
    })
}
