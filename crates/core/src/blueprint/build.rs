//! The configuration becomes the blueprint of one account: every grant and every role is decided on by its targets.

use super::desired::Blueprint;
use super::error::{BlueprintError, ConfiguredPart, unfit};
use super::role::role_of_account;
use super::trust::trusted;
use crate::access_grant::AccessGrant;
use crate::account::Account;
use crate::config::{AccessRole, Config, GrantSpec};
use crate::revoked_principals::{RevokedPrincipals, revoked_principals};
use crate::role_removal::RoleRemoval;
use crate::role_settings::RoleDefinition;
use crate::secret_values::SecretValues;
use crate::targets::{AccountFacts, TargetDecision, Unknown};
use crate::unselected::Unselected;

impl Blueprint {
    /// The blueprint of one account, and the roles that cannot be built. They are reported and do not affect the others.
    ///
    /// # Errors
    /// When the grants on the access role cannot be built.
    pub fn new(
        config: &Config,
        account: &Account,
        secrets: &SecretValues,
    ) -> Result<(Self, Vec<BlueprintError>), BlueprintError> {
        Self::from_facts(config, &account.into(), secrets)
    }

    /// The same, of an account about which more is known, to decide which parts of the configuration are for it. A part for
    /// which that is not decided is among the errors.
    ///
    /// # Errors
    /// When the grants on the access role cannot be built.
    pub fn from_facts(
        config: &Config,
        facts: &AccountFacts<'_>,
        secrets: &SecretValues,
    ) -> Result<(Self, Vec<BlueprintError>), BlueprintError> {
        let account = facts.account();
        let undecided = |unknown: Unknown| BlueprintError::undecided(ConfiguredPart::AccessRole, &unknown, account);
        let access_roles = config.access_role.names_in(facts).map_err(undecided)?;
        let AccessRole { revoked, prune_orphans, .. } = &config.access_role;
        let RevokedPrincipals { principals, not_named, not_known } = revoked_principals(revoked, account);
        let fail = |problem| BlueprintError { part: ConfiguredPart::AccessRole, problem, stop: None };
        let mut errors: Vec<_> = not_known.iter().map(|error| unfit(&fail, error, account)).collect();
        let mut blueprint = Self {
            account: account.clone(),
            grants: Vec::new(),
            ended: Vec::new(),
            revoked: principals,
            not_revoked: not_named,
            prune_orphans: *prune_orphans,
            access_roles,
            roles: Vec::new(),
            unselected: Vec::new(),
            undecided_grants: Vec::new(),
            ended_undecided_grants: Vec::new(),
            removed: config.removed.iter().map(|role| RoleRemoval::new(role, secrets)).collect(),
        };
        for spec in &config.access_role.grants {
            match spec.targets.decide(facts) {
                TargetDecision::Selected => blueprint.grants.extend(access_grants(spec, account, secrets)?),
                TargetDecision::NotSelected => {
                    // They are only looked for, so that one that cannot be built is not an error.
                    let grants = access_grants(spec, account, secrets).unwrap_or_default();
                    let unselected = grants.into_iter().map(|grant| Unselected::grant(grant, spec.targets.on_unselect));
                    blueprint.unselected.extend(unselected);
                }
                TargetDecision::NotKnown(unknown) => {
                    blueprint.undecided_grants.extend(access_grants(spec, account, secrets).unwrap_or_default());
                    errors.push(BlueprintError::undecided(ConfiguredPart::AccessRole, &unknown, account));
                }
            }
        }
        for template in &config.roles {
            let RoleDefinition { owner, name, .. } = &template.definition;
            match template.targets.decide(facts) {
                TargetDecision::Selected => match role_of_account(template, account, secrets) {
                    Ok(role) => blueprint.roles.push(role),
                    Err(error) => errors.push(error),
                },
                TargetDecision::NotSelected => {
                    let removal = RoleRemoval::unselected(template, secrets);
                    blueprint.unselected.push(Unselected::role(removal, template.targets.on_unselect));
                }
                TargetDecision::NotKnown(unknown) => {
                    let part = ConfiguredPart::Role { owner: owner.clone(), name: name.clone() };
                    errors.push(BlueprintError::undecided(part, &unknown, account));
                }
            }
        }
        Ok((blueprint, errors))
    }
}

/// The grants of an entry in one account.
fn access_grants(
    spec: &GrantSpec,
    account: &Account,
    secrets: &SecretValues,
) -> Result<Vec<AccessGrant>, BlueprintError> {
    let fail = |problem| BlueprintError { part: ConfiguredPart::AccessRole, problem, stop: None };
    let some = trusted(&spec.trust, account, secrets, &fail)?;
    let grant = |grant| AccessGrant { access_role: spec.access_role.clone(), grant, until: spec.until };
    Ok(some.into_iter().map(grant).collect())
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
