//! What an older configuration has and a newer one neither configures nor removes: it stays in the accounts.

use std::collections::BTreeMap;

use super::{Config, ExternalIdSource, GrantSpec, PrincipalSpec, RoleTemplate, VendorTenant};
use crate::owner::Owner;
use crate::policy::Principal;
use crate::role::RoleName;
use crate::suggestion::thousands;
use crate::template::Place;
use crate::text::printable;
use crate::toml_reader::{parameter_name, sample_account};
use crate::vendor::{Api, Endpoint, HostOwner};

/// Something that stays in the accounts, and the block that removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// What stays, and what to do, in a sentence.
    pub warning: String,
    /// The lines to add to the configuration; empty if none removes it.
    pub block: Vec<String>,
}

/// Compares a configuration with an older one.
#[must_use]
pub fn dropped(old: &Config, new: &Config) -> Vec<Dropped> {
    let roles = old.roles.iter().filter_map(|role| dropped_role(role, new));
    let grants = old.access_role.grants.iter().flat_map(|grant| dropped_grants(grant, new));
    let mut all: Vec<Dropped> = Vec::new();
    for one in roles.chain(grants) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn dropped_role(old: &RoleTemplate, new: &Config) -> Option<Dropped> {
    let definition = &old.definition;
    let name = &definition.name;
    let is_kept = new.roles.iter().any(|role| role.definition.name.is_same(name));
    if is_kept || new.removed.iter().any(|removed| removed.name.is_same(name)) {
        return None;
    }
    let owner = &definition.owner;
    let mut block = removal_block(owner, name);
    if owner.is_vendor() {
        block.extend(old.registration.as_ref().map(|one| registration(&one.tenant)));
    }
    let why = why(owner, new);
    let warning = format!("{owner}: role `{name}` {why} and stays in the accounts; to remove it, add");
    Some(Dropped { warning, block })
}

/// A role that accounts still have, and that a configuration neither has nor removes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StillInAccounts {
    /// What asked for it, if that is known.
    pub owner: Option<Owner>,
    /// The number of accounts that have it.
    pub accounts: usize,
    /// How many of them this tool registered with the vendor, by the [label](VendorTenant::label) of the tenant in their records.
    pub registered: BTreeMap<String, usize>,
}

impl StillInAccounts {
    /// The warning. Records are not trusted: the API key of the block is sent to the URL in it, so that only hosts of the vendor are
    /// copied from them.
    #[must_use]
    pub fn dropped(&self, config: &Config, name: &RoleName) -> Dropped {
        let (subject, owner) = match &self.owner {
            Some(owner) => (format!("{owner}: role `{name}`"), owner.clone()),
            None => (format!("role `{name}`"), Owner::Role(name.clone())),
        };
        let why = why(&owner, config);
        let mut warning = format!("{subject} {why} and is still present in {}", accounts(self.accounts));
        let mut block = removal_block(&owner, name);
        let of_vendor =
            self.registered.iter().filter_map(|(label, count)| Some((*count, label, recorded_tenant(label)?)));
        let named = of_vendor.max_by_key(|(count, ..)| *count);
        for (label, count) in self.registered.iter().map(|(label, count)| (label, *count)) {
            let tenant = printable(label);
            match &named {
                Some((_, named, _)) if *named == label => {}
                Some(_) => warning.push_str(&format!(
                    "; {} stay registered in another tenant ({tenant}): once this block is done, repeat it with that tenant as \
                     `registration`",
                    accounts(count)
                )),
                None => warning.push_str(&format!(
                    "; this tool registered {} with the vendor ({tenant}), and they stay registered unless you add the key \
                     `registration` to the block, as it was configured for the vendor",
                    accounts(count)
                )),
            }
        }
        warning.push_str("; to remove it, add");
        if owner.is_vendor() {
            block.extend(named.map(|(_, _, tenant)| registration(&tenant)));
        }
        Dropped { warning, block }
    }
}

fn accounts(count: usize) -> String {
    format!("{} account{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// The tenant of a label, if it is at a host of a vendor.
fn recorded_tenant(label: &str) -> Option<VendorTenant> {
    let (url, parameter) = label.split_once(' ')?;
    let key_parameter = parameter_name(parameter).ok()?;
    let at = |api| {
        Some(VendorTenant {
            api,
            endpoint: Endpoint::from_url(api, url, HostOwner::Vendor).ok()?,
            key_parameter: key_parameter.clone(),
        })
    };
    Api::ALL.into_iter().find_map(at)
}

fn why(owner: &Owner, config: &Config) -> &'static str {
    match config.roles.iter().any(|role| role.definition.owner.is_same(owner)) {
        true => "has another name now",
        false => "is no longer configured",
    }
}

fn removal_block(owner: &Owner, name: &RoleName) -> Vec<String> {
    let mut block = vec!["[[removed]]".to_owned()];
    match owner {
        Owner::Vendor(vendor) => {
            block.push(format!("vendor = \"{vendor}\""));
            block.push(format!("role-name = \"{name}\""));
        }
        // The tag of a role is not proof of its name.
        Owner::Role(_) => block.push(format!("role = \"{name}\"")),
    }
    block
}

fn registration(VendorTenant { endpoint, key_parameter, .. }: &VendorTenant) -> String {
    let url = endpoint.url();
    let own_host = if endpoint.is_own_host() { ", own-host = true" } else { "" };
    format!("registration = {{ url = \"{url}\"{own_host}, api-key = {{ ssm-parameter = \"{key_parameter}\" }} }}")
}

/// The principals of a grant that are neither granted access in the same way nor revoked.
fn dropped_grants(old: &GrantSpec, new: &Config) -> Vec<Dropped> {
    let access_role = &new.access_role;
    let dropped = |spec: &PrincipalSpec| {
        let text = principal_text(spec)?;
        let principal = parsed(text);
        let of_principal = access_role.grants.iter().filter(|grant| {
            let mut texts = grant.trust.principals.iter().filter_map(principal_text);
            texts.any(|text| parsed(text) == principal)
        });
        let is_revoked = access_role.revoked.iter().any(|revoked| parsed(&revoked.0) == principal);
        if is_revoked || of_principal.clone().any(|grant| is_same_grant(old, grant)) {
            return None;
        }
        Some(match of_principal.count() {
            0 => Dropped {
                warning: format!(
                    "access-role: `{text}` is no longer granted access and keeps it in the accounts; to remove it, add"
                ),
                block: vec!["[[access-role.revoke]]".to_owned(), format!("principal = \"{text}\"")],
            },
            _ => Dropped {
                warning: format!(
                    "access-role: the grant for `{text}` has other conditions, external IDs or actions now, and the accounts \
                     keep the earlier one as well; revoke the principal first, and grant it access again when that has been \
                     applied, or edit the trust policies manually"
                ),
                block: Vec::new(),
            },
        })
    };
    old.trust.principals.iter().filter_map(dropped).collect()
}

fn principal_text(spec: &PrincipalSpec) -> Option<&str> {
    match spec {
        PrincipalSpec::Aws(text) => Some(&text.0),
        PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
    }
}

/// The principal in an example account.
fn parsed(text: &str) -> Principal {
    let expanded = sample_account().map(|account| super::Template(text.to_owned()).expand(&account, Place::Identifier));
    Principal::from_policy("AWS", expanded.as_deref().unwrap_or(text))
}

/// Whether both allow the same under the same conditions. The access role is not compared: an account has one of them.
fn is_same_grant(old: &GrantSpec, new: &GrantSpec) -> bool {
    let (old, new) = (&old.trust, &new.trust);
    let is_same_id = |(old, new): (&ExternalIdSource, &ExternalIdSource)| match (old, new) {
        (ExternalIdSource::Literal(old), ExternalIdSource::Literal(new)) => old.expose() == new.expose(),
        (ExternalIdSource::Parameter(old), ExternalIdSource::Parameter(new)) => old == new,
        (ExternalIdSource::Pattern(old), ExternalIdSource::Pattern(new)) => {
            old.as_secret().expose() == new.as_secret().expose()
        }
        (ExternalIdSource::Template(old), ExternalIdSource::Template(new)) => {
            old.as_secret().expose() == new.as_secret().expose()
        }
        (ExternalIdSource::Tenant(old), ExternalIdSource::Tenant(new)) => old == new,
        _ => false,
    };
    old.condition == new.condition
        && old.actions == new.actions
        && old.external_ids.len() == new.external_ids.len()
        && old.external_ids.iter().zip(&new.external_ids).all(is_same_id)
}

#[cfg(test)]
#[path = "dropped_tests.rs"]
mod tests;
