//! `[[removed]]`: vendors and roles whose roles are deleted, and `[[access-role.revoke]]`: principals that lose access.
//!
//! A role that is only taken out of the configuration stays in the accounts. A block in the file removes it, from every
//! account, and can be deleted once no account has the role: it needs no state other than the file.

use super::context::ReadContext;
use super::registration::registration;
use super::vendors::KnownVendors;
use super::{AccessRole, Config, PrincipalSpec, RemovedRole, RoleTemplate, Template};
use crate::account::Account;
use crate::management_role::ManagementRole;
use crate::owner::Owner;
use crate::policy::Principal;
use crate::role::RoleName;
use crate::suggestion::{did_you_mean, list_of};
use crate::template::Place;
use crate::toml_reader::{Table, Value, principal_to_revoke, sample_account};
use crate::vendor::vendor_name;

const REMOVED: &[&str] = &["vendor", "role", "role-name", "registration", "adopt"];
const REVOKE: &[&str] = &["principal"];

/// The first characters of the names of roles that only AWS can change and delete, and whose they are.
const PROTECTED: [(&str, &str); 2] = [
    (
        "AWSServiceRoleFor",
        "is a service-linked role; delete this block, and delete the role in the console of its service",
    ),
    (
        "AWSReservedSSO_",
        "is a role of IAM Identity Center; delete this block, and remove the assignments of its permission set",
    ),
];

/// Reads `[[removed]]`. `roles` are the configured ones.
pub(super) fn removed(
    value: &Value<'_>,
    context: &ReadContext<'_>,
    vendors: &KnownVendors,
    access_role: &AccessRole,
    roles: &[RoleTemplate],
) -> Vec<RemovedRole> {
    let entries = value.list().unwrap_or_default();
    let mut removed = Vec::new();
    for entry in &entries {
        let Some(table) = entry.table(REMOVED) else { continue };
        let Some(role) = removed_role(entry, &table, context, vendors) else { continue };
        // A vendor whose role was renamed is configured, and its earlier role is removed.
        let is_same = |configured: &&RoleTemplate| {
            let definition = &configured.definition;
            definition.owner.is_same(&role.owner)
                && (table.get("role-name").is_none() || definition.name.is_same(&role.name))
        };
        if roles.iter().any(|configured| is_same(&configured)) {
            let (what, key) = match &role.owner {
                Owner::Vendor(name) => (format!("the vendor `{name}`"), format!("`[vendors.{name}]`")),
                Owner::Role(name) => (format!("the role `{name}`"), "its `[[role]]`".to_owned()),
            };
            entry.problem(format!("{what} is both configured and removed; delete {key}, or this block"));
            continue;
        }
        let named = ["role-name", "role", "vendor"].into_iter().find_map(|key| table.get(key));
        let named = named.as_ref().unwrap_or(entry);
        if access_role.all_names().any(|name| name.is_same(&role.name)) {
            named.problem(format!("the access role `{}` cannot be removed; delete this block", role.name));
        } else if let Some(whose) = protected(&role.name) {
            named.problem(format!("`{}` {whose}", role.name));
        } else {
            context.names.borrow_mut().reserve_removed(&role.name, named);
        }
        removed.push(role);
    }
    removed
}

/// What a role is that only AWS can delete, and what to do.
fn protected(name: &RoleName) -> Option<&'static str> {
    let starts_with = |start: &str| name.as_str().get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    PROTECTED.into_iter().find(|(start, _)| starts_with(start)).map(|(_, whose)| whose)
}

fn removed_role(
    entry: &Value<'_>,
    table: &Table<'_>,
    context: &ReadContext<'_>,
    vendors: &KnownVendors,
) -> Option<RemovedRole> {
    let adopt = table.get("adopt").and_then(|value| value.flag()).unwrap_or(false);
    match (table.get("vendor"), table.get("role")) {
        (Some(vendor), None) => vendor_role(&vendor, table, context, vendors, adopt),
        (None, Some(role)) => {
            for key in ["role-name", "registration"] {
                if let Some(value) = table.get(key) {
                    value.problem("only applies to a vendor; remove the key");
                }
            }
            let name = role.parse::<RoleName>()?;
            let owner = Owner::Role(name.clone());
            Some(RemovedRole { owner, title: name.to_string(), name, adopt, tenant: None })
        }
        (Some(_), Some(role)) => {
            role.problem("cannot be combined with `vendor`; use a block for each");
            None
        }
        (None, None) if table.misspells("vendor") || table.misspells("role") => None,
        (None, None) => {
            entry.problem("`vendor` or `role` is missing; write the name of a vendor or of a role");
            None
        }
    }
}

fn vendor_role(
    value: &Value<'_>,
    table: &Table<'_>,
    context: &ReadContext<'_>,
    vendors: &KnownVendors,
    adopt: bool,
) -> Option<RemovedRole> {
    let name = value.checked(vendor_name)?;
    let role_name = table.get("role-name").map(|value| value.parse::<RoleName>());
    let registration_value = table.get("registration");
    let owner = Owner::Vendor(name.clone());
    let Some(vendor) = vendors.catalogue.get(&name) else {
        if vendors.is_broken(&name) {
            return None;
        }
        // A vendor file may have been deleted together with the vendor.
        let Some(role_name) = role_name else {
            let names = || vendors.catalogue.names();
            value.problem(format!(
                "unknown vendor; known vendors are {}; for another one, set `role-name` to the name of its role{}",
                list_of(names()),
                did_you_mean(&name, names())
            ));
            return None;
        };
        if let Some(value) = registration_value {
            value.problem("the vendor is unknown, and so is its API; keep its vendor file until the vendor is removed");
        }
        return Some(RemovedRole { owner, title: name, name: role_name?, adopt, tenant: None });
    };
    let tenant = registration_value.and_then(|value| registration(vendor, &value, context)).map(|one| one.tenant);
    let role_name = role_name.unwrap_or_else(|| Some(vendor.role_name.clone()))?;
    Some(RemovedRole { owner, title: vendor.title.clone(), name: role_name, adopt, tenant })
}

/// Reads `[[access-role.revoke]]`. `access_role` has the grants, and `management` is the role through which the tool acts.
pub(super) fn revoked(
    value: &Value<'_>,
    access_role: &AccessRole,
    management: Option<&ManagementRole>,
) -> Vec<Template> {
    let mut revoked: Vec<Template> = Vec::new();
    for entry in value.list().unwrap_or_default() {
        let Some(principal) = entry.table(REVOKE).and_then(|table| table.require("principal")) else { continue };
        let Some(template) = principal.checked(principal_to_revoke) else { continue };
        if granted(access_role).any(|granted| is_same(granted, &template)) {
            principal.problem("is both granted access and revoked; delete its `[[access-role.grant]]`, or this block");
        } else if management
            .is_some_and(|role| principal_in(role, &template) == Principal::Account(role.account.clone()))
        {
            principal.problem(
                "is the management account, through a role of which this tool acts (`[management]`); it cannot be revoked, so delete this \
                 block",
            );
        } else if revoked.iter().any(|earlier| is_same(earlier, &template)) {
            principal.problem("is revoked twice; delete one of the two blocks");
        } else {
            revoked.push(template);
        }
    }
    revoked
}

fn granted(access_role: &AccessRole) -> impl Iterator<Item = &Template> {
    access_role.grants.iter().flat_map(|grant| &grant.trust.principals).filter_map(|principal| match principal {
        PrincipalSpec::Aws(text) => Some(text),
        PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
    })
}

/// The warning about the role of the management account through which the tool acts. Whether it loses its access depends on the trust
/// policies of the access roles, which may allow its account as well.
pub(super) fn own_role_warning(config: &Config) -> Option<String> {
    let role = config.management.as_ref()?;
    let is_revoked =
        config.access_role.revoked.iter().any(|one| principal_in(role, one) == Principal::Arn(role.arn.clone()));
    is_revoked.then(|| {
        format!(
            "access-role: `{}`, the role of `[management]`, is revoked, and this tool acts through it: accounts whose access role would \
             not allow it any more are blocked; delete its `[[access-role.revoke]]`",
            role.arn
        )
    })
}

/// A principal of the configuration in an organization with this role in its management account.
fn principal_in(role: &ManagementRole, template: &Template) -> Principal {
    let account = sample_account().map(|account| Account {
        management: role.account.clone(),
        partition: role.partition.clone(),
        ..account
    });
    let text = account.map_or_else(|| template.0.clone(), |account| template.expand(&account, Place::Identifier));
    Principal::from_policy("AWS", &text)
}

/// Whether both are the same principal in an account.
fn is_same(one: &Template, other: &Template) -> bool {
    let Some(account) = sample_account() else { return one == other };
    let principal = |template: &Template| Principal::from_policy("AWS", &template.expand(&account, Place::Identifier));
    principal(one) == principal(other)
}

#[cfg(test)]
#[path = "removal_tests.rs"]
mod tests;
