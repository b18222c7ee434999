//! Which links an account has.

use super::link::{ConsoleLink, switch_role_page};
use super::portal::{AccessPortal, PermissionSet};
use crate::account::{Account, Partition};
use crate::config::{Config, PrincipalSpec, TrustSpec};
use crate::policy::{AssumeAction, ConditionClause, Principal};
use crate::role::RoleName;
use crate::targets::{TargetDecision, Targets};
use crate::template::Place;

/// `[console]` of the configuration: how people open accounts, apart from switching roles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsoleSettings {
    /// The access portal of IAM Identity Center, if people use it.
    pub access_portal: Option<AccessPortal>,
    /// The permission set that its links name; without one, the user chooses in the portal.
    pub permission_set: Option<PermissionSet>,
}

/// The links to an account with this access role: to switch to it, and through the access portal.
#[must_use]
pub fn access_role_links(config: &Config, account: &Account, access_role: &RoleName) -> Vec<ConsoleLink> {
    let usable_by = can_assume_access_role(config, account, access_role);
    let switch = switch_role(account, "/", access_role, &usable_by);
    let portal = config.console.access_portal.as_ref();
    let portal = portal.map(|url| ConsoleLink::access_portal(account, url, config.console.permission_set.as_ref()));
    switch.into_iter().chain(portal).collect()
}

/// The links to an account: those of [`access_role_links`], and one for each configured role that the principals of an
/// identity account can switch to. Vendors' roles have none: people do not use them.
#[must_use]
pub fn account_links(config: &Config, account: &Account, access_role: &RoleName) -> Vec<ConsoleLink> {
    let mut links = access_role_links(config, account, access_role);
    let identity_accounts: Vec<_> =
        can_assume_access_role(config, account, access_role).iter().filter_map(Principal::account).collect();
    let roles = config.roles.iter().filter(|role| !role.definition.owner.is_vendor());
    for role in roles.filter(|role| may_select(&role.targets, account)) {
        let usable_by: Vec<_> = role
            .trust
            .iter()
            .flat_map(|spec| console_users(spec, account))
            .filter(|principal| principal.account().is_some_and(|id| identity_accounts.contains(&id)))
            .collect();
        links.extend(switch_role(account, &role.definition.settings.path, &role.definition.name, &usable_by));
    }
    links
}

/// The principals outside the account that the configuration lets assume its access role without an external ID.
#[must_use]
pub fn can_assume_access_role(config: &Config, account: &Account, access_role: &RoleName) -> Vec<Principal> {
    let grants = config.access_role.grants_on(access_role).filter(|grant| may_select(&grant.targets, account));
    let mut found: Vec<_> = grants.flat_map(|grant| console_users(&grant.trust, account)).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether every grant by which people can assume an access role requires MFA.
#[must_use]
pub fn access_requires_mfa(config: &Config, account: &Account, access_role: &RoleName) -> bool {
    let grants = config.access_role.grants_on(access_role).filter(|grant| may_select(&grant.targets, account));
    let mut grants = grants.filter(|grant| !console_users(&grant.trust, account).is_empty()).peekable();
    grants.peek().is_some()
        && grants.all(|grant| grant.trust.condition.clauses().iter().any(ConditionClause::requires_mfa))
}

/// Whether the account itself does not show that targets do not select it. Names of units and tags are not read for a link.
fn may_select(targets: &Targets, account: &Account) -> bool {
    targets.decide(&account.into()) != TargetDecision::NotSelected
}

/// Whether links to switch roles can be made in a partition.
#[must_use]
pub fn has_switch_role_page(partition: &Partition) -> bool {
    switch_role_page(partition).is_some()
}

/// The accounts, roles and users of other accounts that may assume a role without an external ID.
fn console_users(spec: &TrustSpec, account: &Account) -> Vec<Principal> {
    if !spec.external_ids.is_empty() || !spec.actions.contains(AssumeAction::AssumeRole) {
        return Vec::new();
    }
    let principals = spec.principals.iter().filter_map(|principal| match principal {
        PrincipalSpec::Aws(text) => Principal::to_grant(&text.expand(account, Place::Identifier)).ok(),
        PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
    });
    principals.filter(|principal| principal.account().is_some_and(|id| id != account.id)).collect()
}

fn switch_role(account: &Account, path: &str, role: &RoleName, usable_by: &[Principal]) -> Option<ConsoleLink> {
    let names: Vec<_> = usable_by.iter().map(ToString::to_string).collect();
    if names.is_empty() { None } else { ConsoleLink::switch_role(account, path, role.as_str(), names) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::LinkForm;
    use crate::plan::sample::account;

    /// The links, each as its role and who can use it.
    fn links(toml: &str, access_role: &str) -> String {
        let config = Config::parse_without_files(toml).unwrap_or_else(|problems| panic!("{problems}"));
        let links = account_links(&config, &account(), &access_role.parse().unwrap());
        let lines = links.iter().map(|link| {
            let role = link.role.as_deref().unwrap_or("-");
            if link.form == LinkForm::SwitchRole {
                format!("{role}: {}", link.usable_by.join(", "))
            } else {
                format!("{role}: {}", link.url)
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn only_roles_that_people_of_the_identity_account_can_assume_have_links() {
        let config = r#"
            [[access-role.grant]]
            principal = ["222233334444", "arn:{partition}:iam::222233334444:role/break-glass"]
            [[access-role.grant]]
            principal = "arn:aws:iam::555566667777:user/ann"
            external-id = "example-external-id"
            [[role]]
            name = "reader"
            path = "/people/"
            trust = [{ principal = "222233334444" }]
            [[role]]
            name = "pipeline"
            trust = [{ principal = "arn:aws:iam::888877776666:role/ci" }, { principal = { service = "ec2.amazonaws.com" } }]
            [[role]]
            name = "with-external-id"
            trust = [{ principal = "222233334444", external-id = "example-external-id" }]
            [vendors.trelica]
            external-id = "example-external-id"
        "#;
        insta::assert_snapshot!(links(config, "OrganizationAccountAccessRole"), @"
        OrganizationAccountAccessRole: account 222233334444, arn:aws:iam::222233334444:role/break-glass
        reader: account 222233334444
        ");
    }

    #[test]
    fn access_role_without_a_grant_has_no_link() {
        let config = r#"
            [[access-role.grant]]
            principal = "222233334444"
            access-role = "AWSControlTowerExecution"
        "#;
        assert_eq!(links(config, "OrganizationAccountAccessRole"), "");
        assert_eq!(links(config, "AWSControlTowerExecution"), "AWSControlTowerExecution: account 222233334444");
    }

    #[test]
    fn access_requires_mfa_if_every_grant_does() {
        let with = "[[access-role.grant]]\nprincipal = \"222233334444\"\ncondition = { Bool = { \"aws:MultiFactorAuthPresent\" = true } }\n";
        let without = "[[access-role.grant]]\nprincipal = \"555566667777\"\n";
        let requires = |toml: &str| {
            let config = Config::parse_without_files(toml).unwrap_or_else(|problems| panic!("{problems}"));
            access_requires_mfa(&config, &account(), &"OrganizationAccountAccessRole".parse().unwrap())
        };
        assert!(requires(with));
        for other in
            ["Bool = { \"aws:MultiFactorAuthPresent\" = false }", "Null = { \"aws:MultiFactorAuthPresent\" = true }"]
        {
            assert!(!requires(&with.replace("Bool = { \"aws:MultiFactorAuthPresent\" = true }", other)), "{other}");
        }
        assert!(!requires(&format!("{with}{without}")));
        assert!(!requires(without));
    }

    #[test]
    fn grant_to_the_account_itself_makes_no_link() {
        let config = "[[access-role.grant]]\nprincipal = \"arn:{partition}:iam::{account-id}:role/local\"";
        assert_eq!(links(config, "OrganizationAccountAccessRole"), "");
    }

    #[test]
    fn configured_portal_adds_its_link() {
        let config = r#"
            [[access-role.grant]]
            principal = "222233334444"
            [console]
            access-portal = "https://example.awsapps.com/start/#/"
            permission-set = "AdministratorAccess"
        "#;
        insta::assert_snapshot!(links(config, "OrganizationAccountAccessRole"), @"
        OrganizationAccountAccessRole: account 222233334444
        AdministratorAccess: https://example.awsapps.com/start/#/console?account_id=444455556666&role_name=AdministratorAccess
        ");
    }
}
