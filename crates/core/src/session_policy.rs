//! Session policies: a session in an account is limited to what its blueprint needs.
//!
//! The access role is usually an administrator. The tool does not need that: it passes a session policy to
//! `sts:AssumeRole`, and the session can do only what both the role and the session policy allow. The policy allows
//!
//! - reading the access role and, to apply, updating its trust policy;
//! - reading the roles of the blueprint, each by its ARN;
//! - to apply, the write calls that a plan may contain for these roles. `iam:AttachRolePolicy` and
//!   `iam:PutRolePermissionsBoundary` are limited to the configured ARNs.
//!
//! The roles that the configuration removes get statements of their own, with the calls that delete a role. Their paths are not
//! known, so that each has two ARNs: with the path `/`, and with any other one.
//!
//! STS limits an inline session policy to 2,048 characters, which is enough for a few roles. With more roles, they are
//! distributed over several sessions. Roles are added to a session in the order of the blueprint until its policy would be
//! too long, then the next session starts. The first session includes the access role.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::Account;
use crate::blueprint::{Blueprint, RoleSpec};
use crate::management_role::ManagementRole;
use crate::mode::Mode;
use crate::role::RoleName;

/// The maximum length of an inline session policy, in characters.
///
/// See `Policy` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
pub const MAX_LENGTH: usize = 2048;

const READS: [&str; 4] = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];
const WRITES: [&str; 9] = [
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

/// The reads of a role that is removed.
const REMOVAL_READS: [&str; 5] = [
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
];
const REMOVAL_WRITES: [&str; 3] = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"];

/// How many roles a session of [`scopes_to_read`] reads, so that its policy is short enough whatever their names are.
const ROLES_TO_READ: usize = 8;

/// One session: its roles and its session policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionScope {
    /// The roles that are read and written in this session.
    pub roles: BTreeSet<RoleName>,
    /// The session policy.
    pub policy: String,
}

/// What a session of the role in the management account may do: read the organization, and assume the access roles.
#[must_use]
pub fn of_management(role: &ManagementRole) -> String {
    let policy = |roles: &[String]| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["organizations:Describe*", "organizations:List*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles},
        ]})
        .to_string()
    };
    let arn = |name: &str| format!("arn:{}:iam::*:role/{name}", role.partition);
    let exact = policy(&role.access_roles.iter().map(|name| arn(name.as_str())).collect::<Vec<_>>());
    // The role's own policy names the access roles as well.
    if exact.len() <= MAX_LENGTH { exact } else { policy(&[arn("*")]) }
}

/// The sessions of a blueprint. See the module documentation for how roles are distributed.
///
/// Also returns the roles whose policy is too long even in a session of their own. They do not affect the others.
#[must_use]
pub fn scopes<'a>(blueprint: &'a Blueprint, access: &RoleName, mode: Mode) -> (Vec<SessionScope>, Vec<&'a RoleSpec>) {
    scopes_within(blueprint, access, mode, MAX_LENGTH)
}

/// The same with shorter policies, if STS rejects those of [`scopes`]: it packs a session policy together with the session
/// tags, and the size at which it rejects them is not known in advance. A role whose policy is longer gets a session of its own.
#[must_use]
pub fn scopes_within<'a>(
    blueprint: &'a Blueprint,
    access: &RoleName,
    mode: Mode,
    length: usize,
) -> (Vec<SessionScope>, Vec<&'a RoleSpec>) {
    let account = &blueprint.account;
    let policy = |with_access: bool, group: &[Entry<'_>]| {
        let mut statements = Vec::new();
        if with_access {
            statements.push(access_statement(account, access, mode));
        }
        let roles: Vec<_> = group.iter().filter_map(|entry| entry.role()).collect();
        let removed: Vec<_> = group.iter().filter_map(|entry| entry.removed()).collect();
        statements.extend(role_statements(account, &roles, mode));
        statements.extend(removal_statement(account, &removed, mode));
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    // Checked for `apply` in either mode: a role that cannot be written is not planned either.
    let fits = |role| {
        let statements = role_statements(account, &[role], Mode::Apply);
        json!({"Version": "2012-10-17", "Statement": statements}).to_string().len() <= MAX_LENGTH
    };
    let (fitting, too_long): (Vec<_>, Vec<_>) = blueprint.roles.iter().partition(|role| fits(role));
    let entries = fitting.into_iter().map(Entry::Role);
    let mut groups: Vec<Vec<Entry<'_>>> = vec![Vec::new()];
    for entry in entries.chain(blueprint.removed.iter().map(|removal| Entry::Removed(&removal.role.name))) {
        let first = groups.len() == 1;
        if let Some(group) = groups.last_mut() {
            group.push(entry);
            let is_alone = !first && group.len() == 1;
            if policy(first, group).len() > length && !is_alone {
                group.pop();
                groups.push(vec![entry]);
            }
        }
    }
    let scope = |(index, group): (usize, Vec<Entry<'_>>)| {
        let mut roles: BTreeSet<_> = group.iter().map(|entry| entry.name().clone()).collect();
        if index == 0 {
            roles.insert(access.clone());
        }
        SessionScope { roles, policy: policy(index == 0, &group) }
    };
    (groups.into_iter().enumerate().map(scope).collect(), too_long)
}

/// A role that a session is for.
#[derive(Clone, Copy)]
enum Entry<'a> {
    /// It is installed.
    Role(&'a RoleSpec),
    /// It is removed.
    Removed(&'a RoleName),
}

impl<'a> Entry<'a> {
    fn role(self) -> Option<&'a RoleSpec> {
        match self {
            Self::Role(role) => Some(role),
            Self::Removed(_) => None,
        }
    }

    fn removed(self) -> Option<&'a RoleName> {
        match self {
            Self::Role(_) => None,
            Self::Removed(name) => Some(name),
        }
    }

    fn name(self) -> &'a RoleName {
        match self {
            Self::Role(role) => role.name(),
            Self::Removed(name) => name,
        }
    }
}

/// The sessions that read roles whose paths are not known, such as those that are no longer configured, and do nothing else.
#[must_use]
pub fn scopes_to_read(account: &Account, roles: &[&RoleName]) -> Vec<SessionScope> {
    let scope = |roles: &[&RoleName]| {
        let statement = json!({"Effect": "Allow", "Action": "iam:GetRole", "Resource": any_path(account, roles)});
        SessionScope {
            roles: roles.iter().map(|role| (*role).clone()).collect(),
            policy: json!({"Version": "2012-10-17", "Statement": [statement]}).to_string(),
        }
    };
    roles.chunks(ROLES_TO_READ).map(scope).collect()
}

/// The ARNs of roles whose path is `/` or another one.
fn any_path(account: &Account, roles: &[&RoleName]) -> Vec<String> {
    let arns = |role: &&RoleName| ["/", "/*/"].map(|path| role.arn(&account.partition, &account.id, path));
    roles.iter().flat_map(arns).collect()
}

/// What a session does with the roles that are removed.
fn removal_statement(account: &Account, removed: &[&RoleName], mode: Mode) -> Option<Value> {
    let writes = if mode == Mode::Apply { &REMOVAL_WRITES[..] } else { &[] };
    let actions: Vec<_> = REMOVAL_READS.iter().chain(writes).collect();
    let arns = any_path(account, removed);
    (!removed.is_empty()).then(|| json!({"Effect": "Allow", "Action": actions, "Resource": arns}))
}

fn access_statement(account: &Account, access: &RoleName, mode: Mode) -> Value {
    let mut actions = vec!["iam:GetRole"];
    if mode == Mode::Apply {
        actions.push("iam:UpdateAssumeRolePolicy");
    }
    json!({"Effect": "Allow", "Action": actions, "Resource": access.arn(&account.partition, &account.id, "/")})
}

fn role_statements(account: &Account, roles: &[&RoleSpec], mode: Mode) -> Vec<Value> {
    if roles.is_empty() {
        return Vec::new();
    }
    let arn = |role: &RoleSpec, path: &str| role.name().arn(&account.partition, &account.id, path);
    let arns: BTreeSet<_> = roles.iter().map(|role| arn(role, role.path())).collect();
    // IAM authorizes a read of a missing role by its name, with the path `/`.
    let read: BTreeSet<_> = arns.iter().cloned().chain(roles.iter().map(|role| arn(role, "/"))).collect();
    let mut statements = vec![json!({"Effect": "Allow", "Action": READS, "Resource": read})];
    if mode == Mode::Plan {
        return statements;
    }
    statements.push(json!({"Effect": "Allow", "Action": WRITES, "Resource": arns}));
    for role in roles {
        let arn = arn(role, role.path());
        if !role.definition.attached.is_empty() {
            let only = json!({"ArnEquals": {"iam:PolicyARN": role.definition.attached}});
            statements
                .push(json!({"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": arn, "Condition": only}));
        }
        if let Some(boundary) = &role.definition.settings.boundary {
            let action = "iam:PutRolePermissionsBoundary";
            let only = json!({"StringEquals": {"iam:PermissionsBoundary": boundary}});
            statements.push(json!({"Effect": "Allow", "Action": action, "Resource": arn, "Condition": only}));
        }
    }
    statements
}

#[cfg(test)]
#[path = "session_policy_tests.rs"]
mod tests;
