//! One account of the organization.

use std::collections::{BTreeMap, BTreeSet};

use super::consistency::{Lag, Record};
use super::quota::Quotas;
use super::role_state::{Role, RoleState, unique_id};
use onboarding_core::account::{AccountId, AccountState, JoinMethod, Partition};
use onboarding_core::error::ApiError;
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;

/// The role that Organizations makes unless it is told otherwise.
pub(super) const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// Why a call fails, before it is known which call it is.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) code: String,
    pub(super) message: String,
}

impl Rejection {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    pub(super) fn no_role(name: &RoleName) -> Self {
        Self::new("NoSuchEntity", format!("The role with name {name} cannot be found."))
    }

    pub(super) fn into_error(self, call: &'static str) -> ApiError {
        ApiError::new(call, self.code, &self.message)
    }
}

/// The kinds of an organization's control policies. Neither binds the management account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// A service control policy: it binds the roles and users of the account, whatever they call.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>.
    Service,
    /// A resource control policy: it guards the account's roles against being assumed, whoever calls. IAM is no service
    /// that it guards.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>.
    Resource,
}

/// An account.
pub(super) struct SimAccount {
    pub(super) name: String,
    pub(super) state: AccountState,
    pub(super) joined_at: Option<i64>,
    pub(super) joined: JoinMethod,
    /// When others can name it in policies.
    pub(super) born: f64,
    /// By name in lower case: names are unique ignoring case.
    pub(super) roles: BTreeMap<String, Record>,
    /// The ARNs of customer-managed policies.
    pub(super) policies: BTreeSet<String>,
    /// Control policies of the organization that deny, on this account.
    pub(super) controls: Vec<(Control, Document)>,
    pub(super) quotas: Quotas,
    pub(super) lag: Lag,
    /// The access role that is still to come, and when.
    pub(super) coming: Option<(RoleName, f64)>,
    /// Codes that calls fail with until a time, in the order in which they pass.
    pub(super) hiccups: Vec<(String, f64)>,
}

impl SimAccount {
    pub(super) fn new(name: &str, state: AccountState, joined_at: Option<i64>, born: f64) -> Self {
        Self {
            name: name.to_owned(),
            state,
            joined_at,
            joined: JoinMethod::Created,
            born,
            roles: BTreeMap::new(),
            policies: BTreeSet::new(),
            controls: Vec::new(),
            quotas: Quotas::default(),
            lag: Lag::default(),
            coming: None,
            hiccups: Vec::new(),
        }
    }

    /// The role of that name as it was written last. Unlike uniqueness, look-up knows case.
    pub(super) fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(&key(name)).and_then(Record::newest).filter(|role| role.name == *name)
    }

    /// Whether a role has that name, ignoring case.
    pub(super) fn holds(&self, name: &RoleName) -> bool {
        self.roles.get(&key(name)).is_some_and(|record| record.newest().is_some())
    }

    /// How many roles there are.
    pub(super) fn count(&self) -> usize {
        self.roles.values().filter(|record| record.newest().is_some()).count()
    }

    /// The role as a reader sees it now.
    pub(super) fn read(&mut self, name: &RoleName, now: f64) -> Option<Role> {
        self.roles.get_mut(&key(name)).and_then(|record| record.read(now)).filter(|role| role.name == *name)
    }

    /// Makes a role, or replaces the one of that name.
    pub(super) fn insert(&mut self, id: &AccountId, name: &RoleName, state: RoleState, now: f64, lag: Lag) {
        let record = self.roles.entry(key(name)).or_default();
        record.lives += 1;
        let id = unique_id(id, name, record.lives);
        record.write(Some(Role { name: name.clone(), id, born: now, state }), lag, now);
    }

    /// Writes a role that is there.
    pub(super) fn update(&mut self, name: &RoleName, state: RoleState, now: f64) {
        let lag = self.lag;
        if let Some(record) = self.roles.get_mut(&key(name))
            && let Some(role) = record.newest().cloned()
        {
            record.write(Some(Role { state, ..role }), lag, now);
        }
    }

    /// Takes a role away, for every reader at once; gives what it was.
    pub(super) fn remove(&mut self, name: &RoleName, now: f64) -> Option<Role> {
        let role = self.role(name).cloned()?;
        self.roles.get_mut(&key(name))?.write(None, Lag::default(), now);
        Some(role)
    }
}

/// The access role as Organizations makes it: one statement for the management account, and administrator permissions.
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
