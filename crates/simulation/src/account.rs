//! One account of the organization: its lifecycle state, roles, quotas and control policies.
//!
//! Roles are stored by lowercase name, because IAM role names are unique ignoring case, while lookups are case-sensitive.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::consistency::{Lag, Record};
use crate::quota::Quotas;
use crate::role_state::{Role, RoleState, unique_id};
use onboarding_core::account::{AccountId, AccountState, JoinMethod, Partition};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;

/// The default name of the access role that Organizations creates.
pub(super) const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// The ID of the root of the organization.
pub(super) const ROOT: &str = "r-exam";

/// The two kinds of control policies. Neither of them applies to the management account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlPolicy {
    /// A service control policy. It limits what the roles and users of the account may call, in any account.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>.
    Service,
    /// A resource control policy. It limits who may assume the roles of the account. It does not apply to IAM actions.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>.
    Resource,
}

/// The state of one account.
pub(super) struct SimAccount {
    pub(super) name: String,
    /// The email of the owner, if it was set.
    pub(super) email: Option<String>,
    /// The ID of the unit that it is in.
    pub(super) unit: String,
    pub(super) state: AccountState,
    /// The tags in Organizations.
    pub(super) tags: BTreeMap<String, String>,
    /// The path in the organization, such as `o-…/r-…/ou-…/ACCOUNT/`.
    pub(super) ou_path: Option<String>,
    pub(super) joined_at: Option<SystemTime>,
    pub(super) joined: JoinMethod,
    /// When the account was created. Policies may name it as a principal once this has propagated.
    pub(super) created_at: SystemTime,
    /// By lowercase name, because role names are unique ignoring case.
    pub(super) roles: BTreeMap<String, Record>,
    /// The ARNs of customer-managed policies.
    pub(super) policies: BTreeSet<String>,
    /// The control policies attached to this account.
    pub(super) controls: Vec<(ControlPolicy, Document)>,
    pub(super) quotas: Quotas,
    pub(super) lag: Lag,
    /// The access role that has not been created yet, and when it will be.
    pub(super) pending_access_role: Option<(RoleName, SystemTime)>,
    /// Error codes with which calls fail until a point in time, in the order in which they end.
    pub(super) transient_errors: Vec<(String, SystemTime)>,
}

impl SimAccount {
    pub(super) fn new(name: &str, state: AccountState, joined_at: Option<SystemTime>, created_at: SystemTime) -> Self {
        Self {
            name: name.to_owned(),
            email: None,
            unit: ROOT.to_owned(),
            state,
            tags: BTreeMap::new(),
            ou_path: None,
            joined_at,
            joined: JoinMethod::Created,
            created_at,
            roles: BTreeMap::new(),
            policies: BTreeSet::new(),
            controls: Vec::new(),
            quotas: Quotas::default(),
            lag: Lag::default(),
            pending_access_role: None,
            transient_errors: Vec::new(),
        }
    }

    /// The last written state of the role with exactly this name. Unlike uniqueness, lookup is case-sensitive.
    pub(super) fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(&key(name)).and_then(Record::newest).filter(|role| role.name == *name)
    }

    /// Whether a role with this name exists, ignoring case.
    pub(super) fn has_role(&self, name: &RoleName) -> bool {
        self.roles.get(&key(name)).is_some_and(|record| record.newest().is_some())
    }

    /// The number of roles in the account.
    pub(super) fn role_count(&self) -> usize {
        self.roles.values().filter(|record| record.newest().is_some()).count()
    }

    /// The role as a read returns it now, which may be older than the last write.
    pub(super) fn read(&mut self, name: &RoleName, now: SystemTime) -> Option<Role> {
        self.roles.get_mut(&key(name)).and_then(|record| record.read(now)).filter(|role| role.name == *name)
    }

    /// Creates a role, or replaces the role with this name.
    pub(super) fn insert(&mut self, id: &AccountId, name: &RoleName, state: RoleState, now: SystemTime, lag: Lag) {
        let record = self.roles.entry(key(name)).or_default();
        record.generation += 1;
        let id = unique_id(id, name, record.generation);
        record.write(Some(Role { name: name.clone(), id, created_at: now, state }), lag, now);
    }

    /// Updates an existing role.
    pub(super) fn update(&mut self, name: &RoleName, state: RoleState, now: SystemTime) {
        let lag = self.lag;
        if let Some(record) = self.roles.get_mut(&key(name))
            && let Some(role) = record.newest().cloned()
        {
            record.write(Some(Role { state, ..role }), lag, now);
        }
    }

    /// Deletes a role, visible to every read immediately, and returns its last state.
    pub(super) fn remove(&mut self, name: &RoleName, now: SystemTime) -> Option<Role> {
        let role = self.role(name).cloned()?;
        self.roles.get_mut(&key(name))?.write(None, Lag::default(), now);
        Some(role)
    }
}

/// The access role as Organizations creates it: it trusts the management account and has administrator permissions.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html>.
pub(super) fn access_role(partition: &Partition, management: &AccountId) -> RoleState {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{management}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let mut state = RoleState::trusting(&trust);
    state.attached.insert(format!("arn:{partition}:iam::aws:policy/AdministratorAccess"));
    state
}

fn key(name: &RoleName) -> String {
    name.as_str().to_ascii_lowercase()
}
