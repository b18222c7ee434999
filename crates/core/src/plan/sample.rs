//! The blueprint of the unit tests, and accounts in various states.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::RoleHistory;
use crate::account::{Account, AccountState, JoinMethod};
use crate::blueprint::{Blueprint, SecretValues};
use crate::config::Config;
use crate::observed::{Observed, ObservedRole};
use crate::policy::{Document, add_grants};
use crate::role::RoleName;

pub(crate) const ROLE: &str = "Acme";

pub(crate) const ROLE_ID: &str = "AROADBQP57FF2AEXAMPLE";

const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[catalogue.acme]
title = "Acme"
documentation = ["https://example.com/"]
[catalogue.acme.trust]
accounts = ["123456789012"]
external-id = "required"
[catalogue.acme.role]
name = "Acme"
description = "Acme reads"
max-session-seconds = 3600
policy-name = "read"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
[catalogue.acme.permissions.ec2]
actions = ["ec2:DescribeInstances"]

[vendors.acme]
external-id = "s3cret-id"
permissions-boundary = "arn:{partition}:iam::aws:policy/PowerUserAccess"
tags = { team = "platform" }
"#;

/// The trust policy that Organizations creates.
pub(crate) const FRESH: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;

pub(crate) fn name(text: &str) -> RoleName {
    text.parse().unwrap()
}

pub(crate) fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

/// A member account of the organization.
pub(crate) fn account() -> Account {
    Account {
        id: "444455556666".parse().unwrap(),
        name: "payments-dev".into(),
        state: AccountState::Active,
        joined_at: None,
        joined: JoinMethod::Created,
        management: "111122223333".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        ou_path: None,
    }
}

/// The blueprint of the account for a configuration.
pub(crate) fn blueprint_of(config: &Config) -> Blueprint {
    let (blueprint, errors) = Blueprint::new(config, &account(), &SecretValues::default()).unwrap();
    assert_eq!(errors, []);
    blueprint
}

pub(crate) fn blueprint_with(change: impl FnOnce(&mut Config)) -> Blueprint {
    let mut config = Config::parse_without_files(CONFIG).unwrap();
    change(&mut config);
    blueprint_of(&config)
}

pub(crate) fn blueprint() -> Blueprint {
    blueprint_with(|_| {})
}

/// The time of the comparison.
pub(crate) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// The role as it was recorded, so that its ID shows that this tool created it.
pub(crate) fn recorded() -> RoleHistory {
    RoleHistory { known: [(name(ROLE), ROLE_ID.parse().unwrap())].into(), ..RoleHistory::default() }
}

/// An account that was just created.
pub(crate) fn fresh() -> Observed {
    Observed {
        access_role: name("OrganizationAccountAccessRole"),
        access_trust: Ok(document(FRESH)),
        access_role_id: None,
        roles: BTreeMap::new(),
        unreadable: BTreeMap::new(),
        instance_profiles: BTreeMap::new(),
        registrations: BTreeMap::new(),
    }
}

/// An account that matches the blueprint.
pub(crate) fn converged(blueprint: &Blueprint) -> Observed {
    let mut observed = fresh();
    let grants = blueprint.grants_on(&observed.access_role);
    let edit = add_grants(&document(FRESH), &grants, &blueprint.account.partition).unwrap();
    observed.access_trust = Ok(edit.document);
    for spec in &blueprint.roles {
        let role = ObservedRole {
            inline_length: 0,
            id: Some(ROLE_ID.parse().unwrap()),
            settings: spec.definition.settings.clone(),
            trust: Ok(spec.trust.clone()),
            policies: spec.policies.iter().map(|(name, policy)| (name.clone(), Ok(policy.clone()))).collect(),
            attached: spec.definition.attached.clone(),
        };
        observed.roles.insert(spec.name().clone(), role);
    }
    observed
}

/// The same, with a change to the role.
pub(crate) fn drifted(change: impl FnOnce(&mut ObservedRole)) -> Observed {
    let mut observed = converged(&blueprint());
    change(observed.roles.get_mut(&name(ROLE)).unwrap());
    observed
}
