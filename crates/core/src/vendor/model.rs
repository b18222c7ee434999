//! One vendor.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::registration::Api;
use crate::account::AccountId;
use crate::role::RoleName;
use crate::template::Template;

/// A vendor whose role is installed.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// Its name in the configuration: `trelica`.
    pub name: String,
    /// What people call it: `Trelica`.
    pub title: String,
    /// Where the vendor describes all this.
    pub documentation: Vec<String>,
    /// The vendor's own accounts; at least one.
    pub accounts: Vec<AccountId>,
    /// Whether the vendor gives an external id.
    pub external_id: ExternalIdRule,
    /// The role's name, unless the configuration chooses another.
    pub role_name: RoleName,
    /// Whether the vendor knows the role by that name alone.
    pub name_fixed: bool,
    /// The role's description.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_seconds: i32,
    /// The name of the inline policy that holds the permissions.
    pub policy_name: String,
    /// ARNs of managed policies.
    pub managed: BTreeSet<Template>,
    /// What the role may do, in the order of the file.
    pub groups: Vec<Group>,
    /// The API that accounts are registered with, where the vendor has one.
    pub registration: Option<Api>,
    /// Where the vendor is described.
    pub origin: VendorOrigin,
}

/// Whether a vendor gives an external id.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternalIdRule {
    /// It does, and must.
    Required {
        /// Where the user finds it.
        hint: Option<String>,
    },
    /// It does not, for this reason.
    NoneBecause(String),
}

/// Permissions that are chosen together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name in the configuration.
    pub name: String,
    /// The actions.
    pub actions: Vec<String>,
    /// On what.
    pub resources: Vec<String>,
    /// Whether an action changes something: off unless chosen by name.
    pub mutates: bool,
}

/// Where a vendor is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorOrigin {
    /// In this program.
    BuiltIn,
    /// In a file of the user's own, as the configuration names it.
    File(String),
    /// In the configuration itself.
    Configuration,
}

impl Vendor {
    /// The groups that the role gets when the configuration chooses none: all that change nothing.
    #[must_use]
    pub fn default_groups(&self) -> Vec<&Group> {
        self.groups.iter().filter(|group| !group.mutates).collect()
    }

    /// The inline policy of some groups: one statement for each set of resources; `None` for no groups.
    #[must_use]
    pub fn policy(groups: &[&Group]) -> Option<Template> {
        let mut by_resources: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
        for group in groups {
            let actions = by_resources.entry(&group.resources).or_default();
            actions.extend(group.actions.iter().map(String::as_str));
        }
        let statements: Vec<Value> = by_resources
            .into_iter()
            .map(|(resources, actions)| {
                let resource = match resources {
                    [one] => json!(one),
                    several => json!(several),
                };
                json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
            })
            .collect();
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        (!groups.is_empty()).then(|| Template(policy.to_string()))
    }
}
