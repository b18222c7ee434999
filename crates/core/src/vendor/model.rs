//! The description of a vendor.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::api::Api;
use super::handoff::HandoffTemplate;
use crate::policy::{AssumeActions, Condition};
use crate::role::RoleName;
use crate::role_settings::RoleSettings;
use crate::template::Template;

/// A vendor whose role can be installed.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// The name in the configuration, such as `trelica`.
    pub name: String,
    /// The name in output, such as `Trelica`.
    pub title: String,
    /// Links to the vendor's documentation.
    pub documentation: Vec<String>,
    /// The AWS accounts of the vendor, or its roles and users. Not empty.
    pub accounts: Vec<Template>,
    /// Whether the vendor passes an external ID.
    pub external_id: ExternalIdRule,
    /// Further conditions of the trust policy, whose values may contain placeholders.
    pub condition: Condition,
    /// What the vendor may do.
    pub actions: AssumeActions,
    /// The role name, unless the configuration overrides it.
    pub role_name: RoleName,
    /// Whether the vendor requires this exact role name.
    pub name_fixed: bool,
    /// The settings of the role, unless the configuration overrides them.
    pub settings: RoleSettings<Template>,
    /// The name of the inline policy with the permissions.
    pub policy_name: String,
    /// The ARNs of managed policies to attach.
    pub managed: BTreeSet<Template>,
    /// The permission groups, in file order.
    pub groups: Vec<Group>,
    /// The API to register accounts with, if the vendor has one.
    pub registration_api: Option<Api>,
    /// What a person does at the vendor for each account.
    pub handoff: Option<HandoffTemplate>,
    /// What a person does at the vendor once, for all accounts.
    pub once: Vec<String>,
    /// Where the vendor is defined.
    pub origin: VendorOrigin,
}

/// Whether a vendor passes an external ID.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternalIdRule {
    /// The vendor passes one, and the trust policy requires it.
    Required {
        /// Where the user finds the value.
        hint: Option<String>,
    },
    /// The vendor passes none, for this reason.
    NoneBecause(String),
}

/// Permissions that are enabled or disabled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name in the configuration.
    pub name: String,
    /// The allowed actions.
    pub actions: Vec<String>,
    /// The resources, `*` or ARNs.
    pub resources: Vec<String>,
    /// Under which condition, whose values may contain placeholders.
    pub condition: Condition,
    /// Whether an action can modify resources. Such a group is disabled unless the configuration lists it.
    pub mutates: bool,
    /// Whether AWS allows the actions in the management account only. Such a group is left out in member accounts.
    pub management_only: bool,
    /// The actions that the vendor can do without, so that the configuration may leave them out.
    pub optional_actions: Vec<String>,
}

/// Where a vendor is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorOrigin {
    /// In a file that is compiled into the program.
    BuiltIn,
    /// In a user's file, at this path in `vendor-files`.
    File(String),
    /// In `[catalogue]` of the configuration.
    Configuration,
}

impl Vendor {
    /// The groups that are enabled by default: those without write access. Some of them may be
    /// [for the management account only](Group::management_only).
    #[must_use]
    pub(crate) fn default_groups(&self) -> Vec<&Group> {
        self.groups.iter().filter(|group| !group.mutates).collect()
    }

    /// The actions that the vendor can do without.
    pub(crate) fn optional_actions(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| group.optional_actions.iter().map(String::as_str))
    }

    /// The inline policy that allows these groups, with one statement for each set of resources
    /// and condition. `None` if there are no groups.
    #[must_use]
    pub(crate) fn policy(groups: &[&Group]) -> Option<Template> {
        let mut by_scope: BTreeMap<(&[String], String), Vec<&Group>> = BTreeMap::new();
        for group in groups {
            let scope = (group.resources.as_slice(), group.condition.to_json().to_string());
            by_scope.entry(scope).or_default().push(group);
        }
        let statements: Vec<Value> = by_scope.values().filter_map(|groups| statement(groups)).collect();
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        (!groups.is_empty()).then(|| Template(policy.to_string()))
    }
}

/// One statement for groups with the same resources and the same condition.
fn statement(groups: &[&Group]) -> Option<Value> {
    let Group { resources, condition, .. } = groups.first()?;
    let actions: BTreeSet<_> = groups.iter().flat_map(|group| &group.actions).collect();
    let resource = match resources.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    Some(match condition.is_empty() {
        true => json!({ "Effect": "Allow", "Action": actions, "Resource": resource }),
        false => {
            json!({ "Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition.to_json() })
        }
    })
}
