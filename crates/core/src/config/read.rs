//! The parser of `onboarding.toml`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::context::ReadContext;
use super::files::{Files, NoFiles};
use super::hash::HashedFiles;
use super::{
    AccessRole, Config, ConfigErrors, OtherAccessRole, RoleTemplate, examples, management, rate_limits, removal, roles,
    self_trust, targets, trust, trust_size, vendors, warnings,
};
use crate::console::ConsoleSettings;
use crate::exclude::Exclude;
use crate::owner::Owner;
use crate::role::RoleName;
use crate::rollout::{Repair, SweepSettings};
use crate::toml_reader::{Scalar, SourceFile, Table, Value};
use crate::vendor::Catalogue;

const ACCOUNTS: &[&str] = &["exclude"];
const CONSOLE: &[&str] = &["access-portal", "permission-set"];
const WAITING: &[&str] = &["new-account-minutes", "give-up-after-hours"];
const SWEEP: &[&str] = &["repair", "canary"];
const TOP_LEVEL: &[&str] = &[
    "access-role",
    "accounts",
    "management",
    "console",
    "waiting",
    "sweep",
    "limits",
    "vendors",
    "role",
    "removed",
    "vendor-files",
    "catalogue",
];
const ACCESS_ROLE: &[&str] = &["names", "prune-orphans", "grant", "revoke", "other"];
const OTHER_ACCESS_ROLE: &[&str] = &["name", "targets"];
const DEFAULT_ACCESS_ROLES: [&str; 2] = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"];
const WEEK_IN_MINUTES: i64 = 7 * 24 * 60;

impl Config {
    /// Parses a configuration and the files that it references.
    ///
    /// # Errors
    /// All problems, each with its location and how to fix it.
    pub fn parse(text: &str, files: &dyn Files) -> Result<Self, ConfigErrors> {
        let files = HashedFiles::new(files, text);
        let config = read(text, &files, |table, scalars, context| {
            let vendors = vendors::known_vendors(table, context);
            let config = config(table, context, &vendors);
            Self { example_values: examples::found(&scalars, &config.roles, context), ..config }
        })?;
        let warnings = warnings::found(&config);
        Ok(Self { hash: files.hash(), warnings, ..config })
    }

    /// Parses a configuration that references no files.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse_without_files(text: &str) -> Result<Self, ConfigErrors> {
        Self::parse(text, &NoFiles::named("onboarding.toml"))
    }

    /// The vendors that a configuration can use: the built-in ones and those that it defines.
    ///
    /// # Errors
    /// The problems of the vendors that it defines. The rest of the configuration is not validated.
    pub fn catalogue(text: &str, files: &dyn Files) -> Result<Catalogue, ConfigErrors> {
        read(text, files, |table, _, context| vendors::known_vendors(table, context).catalogue)
    }

    /// The role of a vendor: as the configuration has it, or else as it would be with nothing but an external ID. `None` if no
    /// vendor has this name.
    ///
    /// # Errors
    /// The problems of `vendors`, and of the vendors that the configuration defines. The rest is not validated.
    pub fn vendor_role(text: &str, files: &dyn Files, name: &str) -> Result<Option<RoleTemplate>, ConfigErrors> {
        read(text, files, |table, _, context| {
            let vendors = vendors::known_vendors(table, context);
            let used = table.get("vendors").map(|value| vendors::roles(&value, context, &vendors)).unwrap_or_default();
            let used = used.into_iter().map(|(_, role)| role);
            let mut used = used.filter(|role| role.definition.owner == Owner::Vendor(name.to_owned()));
            used.next().or_else(|| vendors.catalogue.get(name).map(vendors::default_role))
        })
    }
}

fn read<T>(
    text: &str,
    files: &dyn Files,
    part: impl FnOnce(&Table<'_>, Vec<Scalar>, &ReadContext<'_>) -> T,
) -> Result<T, ConfigErrors> {
    let source = SourceFile::new(files.name(), text);
    let context = ReadContext {
        files,
        names: RefCell::default(),
        parameters: RefCell::default(),
        vendor_file_problems: RefCell::default(),
    };
    let document = source.document();
    let is_vendor_file =
        document.as_ref().is_some_and(|d| ["title", "trust"].iter().all(|key| d.get_ref().contains_key(*key)));
    if is_vendor_file {
        source.problem(0..0, "this is a vendor file; name it in `vendor-files` of a configuration, and check that");
    }
    let value = document
        .as_ref()
        .filter(|_| !is_vendor_file)
        .map(|d| part(&Table::of_document(&source, d, TOP_LEVEL), source.scalars(d), &context));
    drop(document);
    let mut problems = source.into_problems();
    problems.extend(context.vendor_file_problems.into_inner());
    value.filter(|_| problems.is_empty()).ok_or(problems)
}

fn config(table: &Table<'_>, context: &ReadContext<'_>, vendors: &vendors::KnownVendors) -> Config {
    let access_role_table = table.get("access-role").and_then(|value| value.table(ACCESS_ROLE));
    let mut access_role =
        access_role_table.as_ref().map_or_else(default_access_role, |table| self::access_role(table, context));
    for name in &access_role.names {
        context.names.borrow_mut().reserve_default(name, "`[access-role]` (default)");
    }
    let mut roles = table.get("vendors").map(|value| vendors::roles(&value, context, vendors)).unwrap_or_default();
    let role_entries = table.get("role").and_then(|value| value.list()).unwrap_or_default();
    roles.extend(
        role_entries.into_iter().filter_map(|value| Some((value.clone(), roles::role_entry(&value, context)?))),
    );
    self_trust::check(&roles);
    let roles: Vec<_> = roles.into_iter().map(|(_, role)| role).collect();
    let removed = table
        .get("removed")
        .map(|value| removal::removed(&value, context, vendors, &access_role, &roles))
        .unwrap_or_default();
    let is_absent = |key| table.get(key).is_none_or(|value| value.is_empty());
    let has_entry = |key| table.get("access-role").is_some_and(|value| has_entry(&value, key));
    let removes = !is_absent("removed") || has_entry("revoke");
    let is_misspelled = ["access-role", "vendors", "role", "removed"].into_iter().any(|key| table.misspells(key));
    if is_absent("vendors") && is_absent("role") && !has_entry("grant") && !removes && !is_misspelled {
        table.problem(
            "the configuration grants no access and installs no role; add `[[access-role.grant]]`, `[vendors.NAME]` or `[[role]]`",
        );
    }
    let accounts = table.get("accounts").and_then(|value| value.table(ACCOUNTS));
    let waiting = table.get("waiting").and_then(|value| value.table(WAITING));
    let new_minutes = waiting.as_ref().and_then(|t| t.get("new-account-minutes"));
    let new_minutes =
        new_minutes.and_then(|value| value.integer(0..=WEEK_IN_MINUTES, "minutes (at most one week)")).unwrap_or(60);
    // The queue drops messages after four days: see `Inbox` in template.yaml.
    let give_up = waiting.as_ref().and_then(|t| t.get("give-up-after-hours"));
    let give_up = give_up.and_then(|value| value.integer(1..=72, "hours (at most three days)")).unwrap_or(24);
    let limits = table.get("limits").map(|value| rate_limits::read(&value)).unwrap_or_default();
    let excluded = accounts.and_then(|t| t.get("exclude")).and_then(|value| value.list()).unwrap_or_default();
    let excluded = excluded.iter().filter_map(Value::parse::<Exclude>).collect::<BTreeSet<_>>();
    let management = table.get("management");
    let names: Vec<_> = access_role.all_names().cloned().collect();
    let management = management.and_then(|value| management::role(&value, context, &names));
    let revoked = access_role_table.as_ref().and_then(|table| table.get("revoke"));
    access_role.revoked =
        revoked.map(|value| removal::revoked(&value, &access_role, management.as_ref())).unwrap_or_default();
    let sweep = table.get("sweep").and_then(|value| value.table(SWEEP));
    let sweep = sweep.as_ref().map(|table| sweep_settings(table, &excluded)).unwrap_or_default();
    let console = table.get("console").and_then(|value| value.table(CONSOLE));
    let console = console.as_ref().map(console_settings).unwrap_or_default();
    let new_for = Duration::from_secs(new_minutes.unsigned_abs() * 60);
    let give_up_after = Duration::from_secs(give_up.unsigned_abs() * 3600);
    Config {
        access_role,
        management,
        console,
        excluded,
        sweep,
        new_for,
        give_up_after,
        limits,
        roles,
        removed,
        hash: String::new(),
        example_values: Vec::new(),
        warnings: Vec::new(),
    }
}

fn console_settings(table: &Table<'_>) -> ConsoleSettings {
    let access_portal = table.get("access-portal").and_then(|value| value.parse());
    let permission_set = table.get("permission-set");
    if let (None, Some(value)) = (table.get("access-portal"), &permission_set) {
        value.problem("has no effect without `access-portal`; add the URL of the access portal, or remove the key");
    }
    ConsoleSettings { access_portal, permission_set: permission_set.and_then(|value| value.parse()) }
}

fn sweep_settings(table: &Table<'_>, excluded: &BTreeSet<Exclude>) -> SweepSettings {
    let repair = table.get("repair").and_then(|value| value.parse()).unwrap_or_default();
    let Some(value) = table.get("canary") else { return SweepSettings { repair, ..SweepSettings::default() } };
    let list = value.list().unwrap_or_default();
    let canary: BTreeSet<_> = list.iter().filter_map(Value::parse::<Exclude>).collect();
    if repair == Repair::Report && !value.is_empty() {
        value.problem(
            "cannot be combined with `repair = \"report\"`: the accounts of the canary that converged before would never get a changed \
             configuration, so that it would reach no other account; delete one of the two",
        );
    } else if !canary.is_empty() && canary.is_subset(excluded) {
        value.problem(
            "names only accounts and units that `exclude` in `[accounts]` names too, so that no changed configuration would reach the \
             other accounts; add an account that is not excluded, or remove the key",
        );
    }
    SweepSettings { repair, canary }
}

fn default_access_role() -> AccessRole {
    let names = DEFAULT_ACCESS_ROLES.iter().filter_map(|name| name.parse().ok()).collect();
    AccessRole { names, others: Vec::new(), grants: Vec::new(), revoked: Vec::new(), prune_orphans: false }
}

fn access_role(table: &Table<'_>, context: &ReadContext<'_>) -> AccessRole {
    let mut access_role = default_access_role();
    if let Some(value) = table.get("names") {
        let list = value.list().unwrap_or_default();
        if list.is_empty() && value.node().is_array() {
            value.problem("is empty; list at least one role name, or remove the key to use the default");
        }
        access_role.names = Vec::new();
        for item in &list {
            if let Some(name) = item.parse::<RoleName>() {
                context.names.borrow_mut().reserve(&name, &"`[access-role]`", item);
                access_role.names.push(name);
            }
        }
    }
    let others = table.get("other").and_then(|value| value.list()).unwrap_or_default();
    access_role.others = others.iter().filter_map(|value| other_access_role(value, context)).collect();
    let grants = table.get("grant").and_then(|value| value.list()).unwrap_or_default();
    let names: Vec<_> = access_role.all_names().cloned().collect();
    access_role.grants = grants.iter().filter_map(|value| trust::grant(value, context, &names)).collect();
    if let Some(value) = table.get("grant") {
        trust_size::check(&value, trust_size::of_grants(&access_role));
    }
    access_role.prune_orphans = table.get("prune-orphans").and_then(|value| value.flag()).unwrap_or(false);
    access_role
}

/// Reads an entry of `[[access-role.other]]`.
fn other_access_role(value: &Value<'_>, context: &ReadContext<'_>) -> Option<OtherAccessRole> {
    let table = value.table(OTHER_ACCESS_ROLE)?;
    let name = table.require("name");
    let targets = table.require("targets").and_then(|value| targets::selecting(&value));
    let item = name?;
    let name = item.parse::<RoleName>()?;
    context.names.borrow_mut().reserve(&name, &"`[access-role]`", &item);
    Some(OtherAccessRole { name, targets: targets? })
}

/// Whether there is an entry below a key, valid or not. An invalid one already reports a problem of its own.
fn has_entry(access_role: &Value<'_>, key: &str) -> bool {
    let Some(map) = access_role.node().as_table() else { return true };
    map.get(key).is_some_and(|value| value.get_ref().as_array().is_none_or(|items| !items.is_empty()))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "error_tests.rs"]
mod error_tests;

#[cfg(test)]
#[path = "hostile_tests.rs"]
mod hostile_tests;

#[cfg(test)]
#[path = "refused_tests.rs"]
mod refused_tests;
