//! The permissions of a vendor's role: `permissions` chooses groups, and `omit-actions` leaves out actions that the vendor can do
//! without. What AWS allows in the management account only is separated from what a member account gets.

use std::collections::{BTreeMap, BTreeSet};

use super::{ManagementOnly, Template};
use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;
use crate::toml_reader::{Table, Value, check_quota};
use crate::vendor::{Group, Vendor};

/// What the configuration chooses.
pub(super) struct Permissions {
    /// The inline policies in member accounts.
    pub(super) policies: BTreeMap<String, Template>,
    pub(super) management_only: Option<ManagementOnly>,
}

impl Permissions {
    /// Reads `permissions` and `omit-actions`.
    pub(super) fn read(vendor: &Vendor, entry: &Value<'_>, table: &Table<'_>) -> Self {
        let listed = table.get("permissions");
        let groups = listed.as_ref().map_or_else(|| vendor.default_groups(), |value| listed_groups(vendor, value));
        let omitted = table.get("omit-actions").map(|value| omitted(vendor, &groups, &value)).unwrap_or_default();
        let permissions = Self::new(vendor, &groups, &omitted);
        let has_policies = !permissions.policies.is_empty() || !vendor.managed.is_empty();
        if let (Some(only), Some(value), false) = (&permissions.management_only, &listed, has_policies) {
            value.problem(format!(
                "the role would have no permissions, because AWS allows {} in the management account only, and this tool writes \
                 in member accounts only; add another group",
                list_of(only.actions.iter().map(String::as_str))
            ));
        }
        check_quota(entry, &permissions.policies);
        permissions
    }

    /// The permissions of a vendor for which nothing is chosen.
    pub(super) fn default_of(vendor: &Vendor) -> Self {
        Self::new(vendor, &vendor.default_groups(), &BTreeSet::new())
    }

    fn new(vendor: &Vendor, groups: &[&Group], omitted: &BTreeSet<&str>) -> Self {
        let without_omitted = |group: &&Group| {
            let mut group = Group::clone(group);
            group.actions.retain(|action| !omitted.contains(action.as_str()));
            (!group.actions.is_empty()).then_some(group)
        };
        let groups: Vec<_> = groups.iter().filter_map(without_omitted).collect();
        let (management_only, everywhere): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.management_only);
        let actions: BTreeSet<_> = management_only.iter().flat_map(|group| group.actions.iter().cloned()).collect();
        let policies = |groups: &[&Group]| -> BTreeMap<String, Template> {
            Vendor::policy(groups).map(|policy| (vendor.policy_name.clone(), policy)).into_iter().collect()
        };
        let all: Vec<_> = groups.iter().collect();
        Self {
            policies: policies(&everywhere),
            management_only: (!actions.is_empty()).then(|| ManagementOnly { actions, policies: policies(&all) }),
        }
    }
}

/// The permission groups that the configuration lists.
fn listed_groups<'v>(vendor: &'v Vendor, value: &Value<'_>) -> Vec<&'v Group> {
    let list = value.list().unwrap_or_default();
    if list.is_empty() && value.node().is_array() {
        value.problem("is empty, so the role would have no permissions; remove the key to use the default");
    }
    let names = || vendor.groups.iter().map(|group| group.name.as_str());
    let mut chosen: Vec<&Group> = Vec::new();
    for item in list {
        let Some(name) = item.text() else { continue };
        match vendor.groups.iter().find(|group| group.name == name) {
            Some(group) if chosen.contains(&group) => item.problem(format!("`{name}` appears twice; remove one")),
            Some(group) => chosen.push(group),
            None => item.problem(format!(
                "{} has no permission group `{}`; the groups are {}{}",
                vendor.title,
                Untrusted::new(name),
                list_of(names()),
                did_you_mean(name, names())
            )),
        }
    }
    chosen
}

/// The actions that the configuration leaves out. Only those that the vendor can do without may be left out.
fn omitted<'v>(vendor: &'v Vendor, groups: &[&'v Group], value: &Value<'_>) -> BTreeSet<&'v str> {
    let optional: BTreeSet<_> = vendor.optional_actions().collect();
    let mut omitted = BTreeSet::new();
    for item in value.list().unwrap_or_default() {
        let Some(name) = item.text() else { continue };
        let is_chosen = |action: &str| groups.iter().any(|group| group.actions.iter().any(|one| one == action));
        match optional.get(name) {
            Some(action) if !is_chosen(action) => {
                item.problem(format!(
                    "`{action}` is in no group of `permissions`, so there is nothing to leave out; remove it"
                ));
            }
            Some(action) if omitted.insert(*action) => {}
            Some(action) => item.problem(format!("`{action}` appears twice; remove one")),
            None if optional.is_empty() => {
                item.problem(format!("{} has no optional actions; remove `omit-actions`", vendor.title));
            }
            None => item.problem(format!(
                "`{}` is not an optional action of {}; the optional actions are {}{}",
                Untrusted::new(name),
                vendor.title,
                list_of(optional.iter().copied()),
                did_you_mean(name, optional.iter().copied())
            )),
        }
    }
    omitted
}

#[cfg(test)]
#[path = "vendor_permissions_tests.rs"]
mod tests;
