//! The session policies: what a session in an account may do, cut to the blueprint.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::Account;
use crate::blueprint::{Blueprint, RoleSpec};
use crate::mode::Mode;
use crate::role::RoleName;

/// The characters that an inline session policy may have.
///
/// See `Policy` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
pub const LONGEST: usize = 2048;

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

/// One session: the roles that it is for, and all that it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The roles that are read and written through it.
    pub roles: BTreeSet<RoleName>,
    /// The session policy.
    pub policy: String,
}

/// Cuts the session policies of a blueprint: as few sessions as there may be, each within its length.
///
/// A role whose own part is too long is given back beside them; it harms no other.
#[must_use]
pub fn scopes<'a>(blueprint: &'a Blueprint, access: &RoleName, mode: Mode) -> (Vec<Scope>, Vec<&'a RoleSpec>) {
    let account = &blueprint.account;
    let policy = |with_access: bool, roles: &[&RoleSpec]| {
        let mut statements = Vec::new();
        if with_access {
            statements.push(access_statement(account, access, mode));
        }
        statements.extend(role_statements(account, roles, mode));
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    // A role that cannot be written is not planned either.
    let fits = |role| {
        let statements = role_statements(account, &[role], Mode::Apply);
        json!({"Version": "2012-10-17", "Statement": statements}).to_string().len() <= LONGEST
    };
    let mut groups: Vec<Vec<&RoleSpec>> = vec![Vec::new()];
    let mut too_long = Vec::new();
    for role in &blueprint.roles {
        let first = groups.len() == 1;
        if !fits(role) {
            too_long.push(role);
        } else if let Some(group) = groups.last_mut() {
            group.push(role);
            if policy(first, group).len() > LONGEST {
                group.pop();
                groups.push(vec![role]);
            }
        }
    }
    let scope = |(index, group): (usize, Vec<&RoleSpec>)| {
        let mut roles: BTreeSet<_> = group.iter().map(|role| role.name.clone()).collect();
        if index == 0 {
            roles.insert(access.clone());
        }
        Scope { roles, policy: policy(index == 0, &group) }
    };
    (groups.into_iter().enumerate().map(scope).collect(), too_long)
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
    let arn = |role: &RoleSpec, path: &str| role.name.arn(&account.partition, &account.id, path);
    let arns: BTreeSet<_> = roles.iter().map(|role| arn(role, &role.path)).collect();
    // A read by name of a role that is not there is judged by the name alone, as if its path were `/`.
    let read: BTreeSet<_> = arns.iter().cloned().chain(roles.iter().map(|role| arn(role, "/"))).collect();
    let mut statements = vec![json!({"Effect": "Allow", "Action": READS, "Resource": read})];
    if mode == Mode::Plan {
        return statements;
    }
    statements.push(json!({"Effect": "Allow", "Action": WRITES, "Resource": arns}));
    for role in roles {
        let arn = arn(role, &role.path);
        if !role.attached.is_empty() {
            let only = json!({"ArnEquals": {"iam:PolicyARN": role.attached}});
            statements
                .push(json!({"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": arn, "Condition": only}));
        }
        if let Some(boundary) = &role.boundary {
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
