//! The vendors that the configuration defines (`vendor-files`, `[catalogue]`) and uses (`[vendors]`).

use std::collections::BTreeSet;
use std::path::Path;

use super::context::ReadContext;
use super::handoff::handoff;
use super::registration::registration;
use super::roles;
use super::starter::default_parameter;
use super::trust::external_ids;
use super::vendor_permissions::Permissions;
use super::{ExternalIdSource, PrincipalSpec, RegistrationTemplate, RoleTemplate, TrustSpec, targets, trust_size};
use crate::owner::Owner;
use crate::policy::ExternalIdRequirement;
use crate::role::RoleName;
use crate::role_settings::{RoleDefinition, RoleSettings};
use crate::suggestion::{did_you_mean, list_of};
use crate::targets::Targets;
use crate::template::Template;
use crate::text::{Untrusted, printable};
use crate::toml_reader::{Table, Value};
use crate::vendor::{Catalogue, ExternalIdRule, NameTaken, Vendor, VendorOrigin, read_file, read_value, vendor_name};

const VENDOR: &[&str] = &[
    "external-id",
    "permissions",
    "omit-actions",
    "role-name",
    "path",
    "description",
    "max-session-seconds",
    "permissions-boundary",
    "tags",
    "adopt",
    "registration",
    "handoff",
    "targets",
    "on-unselect",
];

/// The known vendors, and the names of vendor definitions with errors.
///
/// A use of a vendor whose definition has errors is not reported as unknown.
pub(super) struct KnownVendors {
    pub(super) catalogue: Catalogue,
    broken: BTreeSet<String>,
}

/// The built-in vendors, those of `vendor-files` and those of `[catalogue]`.
pub(super) fn known_vendors(table: &Table<'_>, context: &ReadContext<'_>) -> KnownVendors {
    let mut all = KnownVendors { catalogue: Catalogue::built_in(), broken: BTreeSet::new() };
    for file in table.get("vendor-files").and_then(|value| value.list()).unwrap_or_default() {
        let Some(path) = file.text() else { continue };
        let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let vendor = file.checked(|path| {
            let name =
                vendor_name(stem).map_err(|error| format!("the file name must be the vendor name, but {error}"))?;
            let text = context.files.read(path).map_err(|error| format!("`{}`: {error}", Untrusted::new(path)))?;
            let (vendor, problems) = read_file(&name, path, &text, VendorOrigin::File(path.to_owned()));
            context.vendor_file_problems.borrow_mut().extend(problems);
            Ok(vendor)
        });
        all.add(stem, vendor.flatten(), &file);
    }
    for entry in table.get("catalogue").and_then(|value| value.entries()).unwrap_or_default() {
        if let Err(error) = vendor_name(entry.key()) {
            entry.problem(error);
        }
        all.add(entry.key(), read_value(entry.key(), &entry), &entry);
    }
    all
}

impl KnownVendors {
    /// Whether the definition of a vendor has errors.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    fn add(&mut self, name: &str, vendor: Option<Vendor>, value: &Value<'_>) {
        let Some(vendor) = vendor else {
            self.broken.insert(name.to_owned());
            return;
        };
        if let Err(NameTaken { by }) = self.catalogue.add(vendor) {
            let by = match by {
                VendorOrigin::BuiltIn => "built in".to_owned(),
                VendorOrigin::File(path) => format!("defined in `{}`", Untrusted::new(&path)),
                VendorOrigin::Configuration => "defined in this file".to_owned(),
            };
            value.problem(format!("the vendor `{name}` is already {by}; choose another name"));
        }
    }
}

/// Reads `[vendors]`: the roles of the vendors that the configuration uses, each with its entry.
pub(super) fn roles<'a>(
    value: &Value<'a>,
    context: &ReadContext<'_>,
    vendors: &KnownVendors,
) -> Vec<(Value<'a>, RoleTemplate)> {
    let mut roles = Vec::new();
    for entry in value.entries().unwrap_or_default() {
        let table = entry.table(VENDOR);
        match vendors.catalogue.get(entry.key()) {
            Some(vendor) => {
                let role = table.and_then(|table| role(vendor, &entry, &table, context));
                roles.extend(role.map(|role| (entry, role)));
            }
            None if vendors.broken.contains(entry.key()) => {}
            None => entry.problem(format!(
                "unknown vendor; known vendors are {} (define others in `vendor-files` or `[catalogue.NAME]`){}",
                list_of(vendors.catalogue.names()),
                did_you_mean(entry.key(), vendors.catalogue.names())
            )),
        }
    }
    roles
}

fn role(vendor: &Vendor, entry: &Value<'_>, table: &Table<'_>, context: &ReadContext<'_>) -> Option<RoleTemplate> {
    let owner = Owner::Vendor(vendor.name.clone());
    let settings = roles::settings(table, vendor.settings.clone());
    let adopt = roles::adopt(table);
    let targets = targets::targets(table);
    let named = table.get("role-name");
    let name = match &named {
        Some(value) => role_name(vendor, value),
        None => Some(vendor.role_name.clone()),
    };
    if let Some(name) = &name {
        context.names.borrow_mut().reserve(name, &owner, named.as_ref().unwrap_or(entry));
    }
    let permissions = Permissions::read(vendor, entry, table);
    let external_id = table.get("external-id");
    let given = external_id.map(|_| vendor_external_ids(vendor, None, entry, table, context));
    let registration = table.get("registration").and_then(|value| registration(vendor, &value, context));
    let external_ids =
        given.unwrap_or_else(|| vendor_external_ids(vendor, registration.as_ref(), entry, table, context));
    let (external_ids, no_external_id) = external_ids?;
    let handoff = match table.get("handoff") {
        Some(value) => handoff(vendor, &value),
        None => vendor.handoff.clone(),
    };
    let trust = Trust { external_ids, no_external_id };
    let role = role_template(vendor, name?, settings, permissions, trust);
    trust_size::check(entry, trust_size::of_role(&role.trust));
    // Where the API registers the account, there is nothing left for a person to do.
    let handoff = handoff.filter(|_| registration.is_none());
    let definition = RoleDefinition { adopt, ..role.definition };
    Some(RoleTemplate { definition, registration, handoff, targets, ..role })
}

/// The external IDs of a vendor, or why there are none.
struct Trust {
    external_ids: Vec<ExternalIdSource>,
    no_external_id: Option<String>,
}

/// The role of a vendor that the configuration does not use, as it would be with nothing but an external ID.
pub(super) fn default_role(vendor: &Vendor) -> RoleTemplate {
    let (external_ids, no_external_id) = match &vendor.external_id {
        ExternalIdRule::Required { .. } => (vec![ExternalIdSource::Parameter(default_parameter(&vendor.name))], None),
        ExternalIdRule::NoneBecause(reason) => (Vec::new(), Some(reason.clone())),
    };
    let permissions = Permissions::default_of(vendor);
    let trust = Trust { external_ids, no_external_id };
    let role = role_template(vendor, vendor.role_name.clone(), vendor.settings.clone(), permissions, trust);
    RoleTemplate { handoff: vendor.handoff.clone(), ..role }
}

fn role_template(
    vendor: &Vendor,
    name: RoleName,
    settings: RoleSettings<Template>,
    permissions: Permissions,
    Trust { external_ids, no_external_id }: Trust,
) -> RoleTemplate {
    // Only an exact external ID protects against the confused deputy problem.
    let are_exact = external_ids.iter().all(|source| !matches!(source, ExternalIdSource::Pattern(_)));
    let external_id_requirement = match are_exact && !external_ids.is_empty() {
        true => ExternalIdRequirement::Required,
        false => ExternalIdRequirement::Optional,
    };
    let principals = vendor.accounts.iter().cloned().map(PrincipalSpec::Aws).collect();
    let condition = vendor.condition.clone();
    let owner = Owner::Vendor(vendor.name.clone());
    let title = vendor.title.clone();
    let attached = vendor.managed.clone();
    let Permissions { policies, management_only } = permissions;
    RoleTemplate {
        definition: RoleDefinition { owner, title, name, adopt: false, settings, attached },
        trust: vec![TrustSpec { principals, external_ids, condition, actions: vendor.actions.clone() }],
        external_id_requirement,
        no_external_id,
        policies,
        registration: None,
        handoff: None,
        once: vendor.once.clone(),
        management_only,
        targets: Targets::default(),
    }
}

fn role_name(vendor: &Vendor, value: &Value<'_>) -> Option<RoleName> {
    let name = value.parse::<RoleName>()?;
    if vendor.name_fixed && name != vendor.role_name {
        value.problem(format!("{} requires the role name `{}`; remove `role-name`", vendor.title, vendor.role_name));
    }
    Some(name)
}

/// The external IDs of a vendor, or the reason why there are none, which the configuration or the vendor file has to give.
fn vendor_external_ids(
    vendor: &Vendor,
    registration: Option<&RegistrationTemplate>,
    entry: &Value<'_>,
    table: &Table<'_>,
    context: &ReadContext<'_>,
) -> Option<(Vec<ExternalIdSource>, Option<String>)> {
    let value = table.get("external-id");
    match (value, &vendor.external_id) {
        (Some(value), _) if is_waived(&value) => {
            let reason = value.table(&["none-because"])?.require("none-because")?;
            let text = reason.text()?;
            if text.trim().is_empty() {
                reason.problem("is empty; state why this vendor uses no external ID");
            }
            Some((Vec::new(), Some(printable(text))))
        }
        (Some(value), ExternalIdRule::Required { .. }) => {
            let external_ids = external_ids(&value, context);
            if external_ids.is_empty() { None } else { Some((external_ids, None)) }
        }
        (Some(value), ExternalIdRule::NoneBecause(reason)) => {
            value.problem(format!("{} uses no external ID ({reason}); remove the key", vendor.title));
            None
        }
        // The API that registers the accounts also returns the external ID.
        (None, ExternalIdRule::Required { .. }) if table.get("registration").is_some() => {
            let tenant = registration?.tenant.clone();
            Some((vec![ExternalIdSource::Tenant(tenant)], None))
        }
        (None, ExternalIdRule::Required { .. }) if table.misspells("external-id") => None,
        (None, ExternalIdRule::Required { hint }) => {
            let hint = hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
            entry.problem(format!("`external-id` is missing; set the external ID of {}{hint}", vendor.title));
            None
        }
        (None, ExternalIdRule::NoneBecause(reason)) => Some((Vec::new(), Some(reason.clone()))),
    }
}

fn is_waived(value: &Value<'_>) -> bool {
    value.node().as_table().is_some_and(|map| map.contains_key("none-because"))
}
