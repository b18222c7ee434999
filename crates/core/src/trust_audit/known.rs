//! The names of accounts outside the organization.

use std::collections::BTreeMap;

use super::known_account::{KnownAccount, KnownBy};
use super::known_file::known_accounts;
use crate::account::{AccountId, Partition};
use crate::config::{Config, PrincipalSpec, TrustSpec};
use crate::policy::Principal;
use crate::role::RoleName;
use crate::vendor::Catalogue;

/// The known accounts outside the organization: their names, and which of them are configured for which roles.
#[derive(Debug, Clone)]
pub struct KnownAccounts {
    names: BTreeMap<AccountId, KnownAccount>,
    /// The principals of the configuration, each with the roles that it is configured for.
    configured: Vec<(Principal, Vec<RoleName>)>,
}

impl KnownAccounts {
    /// The accounts of the data file, of the catalogue and of the user's file, in ascending order of precedence, and the
    /// principals of a configuration.
    #[must_use]
    pub fn new(
        partition: &Partition,
        catalogue: &Catalogue,
        file: Vec<(AccountId, KnownAccount)>,
        config: Option<&Config>,
    ) -> Self {
        let mut names: BTreeMap<_, _> = known_accounts(partition.as_str()).into_iter().collect();
        for vendor in catalogue.vendors() {
            for account in &vendor.accounts {
                let principal = Principal::from_policy("AWS", &account.0.replace("{partition}", partition.as_str()));
                let Some(id) = principal.account() else { continue };
                let source = vendor.documentation.first().cloned();
                let known =
                    KnownAccount { name: vendor.title.clone(), by: KnownBy::Catalogue, source, retrieved: None };
                names.insert(id, known);
            }
        }
        names.extend(file);
        Self { names, configured: config.map(|config| configured(config, partition)).unwrap_or_default() }
    }

    /// The name of an account.
    #[must_use]
    pub fn name(&self, account: &AccountId) -> Option<&KnownAccount> {
        self.names.get(account)
    }

    /// The roles that a principal is configured for; `None` if it is not configured. A role or user of a configured account is
    /// configured, but not the account of a configured role.
    pub(super) fn configured_for(&self, principal: &str, account: Option<&AccountId>) -> Option<Vec<&RoleName>> {
        let is_same = |configured: &Principal| match configured {
            Principal::Account(id) => account == Some(id),
            Principal::Arn(arn) => arn == principal,
            _ => false,
        };
        let found: Vec<_> = self.configured.iter().filter(|(configured, _)| is_same(configured)).collect();
        if found.is_empty() { None } else { Some(found.into_iter().flat_map(|(_, roles)| roles).collect()) }
    }
}

fn configured(config: &Config, partition: &Partition) -> Vec<(Principal, Vec<RoleName>)> {
    let principals = |trust: &TrustSpec| {
        let aws = trust.principals.iter().filter_map(|principal| match principal {
            PrincipalSpec::Aws(text) => Some(text.0.replace("{partition}", partition.as_str())),
            PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
        });
        aws.map(|text| Principal::from_policy("AWS", &text)).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for grant in &config.access_role.grants {
        let roles = match &grant.access_role {
            Some(role) => vec![role.clone()],
            None => config.access_role.all_names().cloned().collect(),
        };
        found.extend(principals(&grant.trust).into_iter().map(|principal| (principal, roles.clone())));
    }
    for role in &config.roles {
        let name = &role.definition.name;
        let principals = role.trust.iter().flat_map(principals);
        found.extend(principals.map(|principal| (principal, vec![name.clone()])));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_is_configured_for_every_access_role_that_an_account_may_have() {
        let config = Config::parse_without_files(
            "[access-role]\nnames = ['Admin']\n[[access-role.grant]]\nprincipal = '222233334444'\n\
             [[access-role.other]]\nname = 'AcquiredAdmin'\ntargets.accounts = ['444455556666']\n",
        )
        .unwrap_or_else(|problems| panic!("{problems}"));
        let partition = "aws".parse().unwrap();
        let known = KnownAccounts::new(&partition, &Catalogue::built_in(), Vec::new(), Some(&config));
        let account = "222233334444".parse().ok();
        let roles = known.configured_for("account 222233334444", account.as_ref()).unwrap();
        assert_eq!(roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(), ["Admin", "AcquiredAdmin"]);
    }
}
