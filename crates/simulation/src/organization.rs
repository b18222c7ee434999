//! The organization: accounts, time and a journal behind one handle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::account::{Rejection, SimAccount, access_role};
use super::account_creation::PendingCreation;
use super::consistency::Lag;
use super::journal::Call;
use super::role_state::{PolicyText, RoleState};
use super::vendor::Tenant;
use onboarding_core::account::{AccountId, AccountState, Partition};
use onboarding_core::lease::Lease;
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::AssumeRoleRequest;

/// When the virtual time starts: November 2026.
pub(super) const START: f64 = 1_795_000_000.0;

/// The id of the organization, for conditions on `aws:PrincipalOrgID`.
pub(super) const ORGANIZATION_ID: &str = "o-exampleorgid";

/// The role of the function that calls, in the management account.
const FUNCTION: &str = "account-onboarding";

/// An organization in memory. A clone is the same organization.
///
/// It implements `Directory`, `Sessions`, `Secrets`, `LeaseStore`, `VendorApi` and `Clock`; the caller is the function's role in the management
/// account, or whoever [`FakeOrganization::as_caller`] says.
#[derive(Clone)]
pub struct FakeOrganization {
    state: Arc<Mutex<State>>,
    pub(super) caller: Caller,
}

pub(super) struct State {
    pub(super) partition: Partition,
    pub(super) management: AccountId,
    pub(super) accounts: BTreeMap<AccountId, SimAccount>,
    /// Accounts of others, such as vendors.
    pub(super) outside: BTreeSet<AccountId>,
    /// Roles and users that exist and are nothing but names here.
    pub(super) identities: BTreeSet<String>,
    pub(super) parameters: BTreeMap<String, String>,
    /// Who is at work in which account, and the version of that claim.
    pub(super) claims: BTreeMap<AccountId, (Lease, i64)>,
    /// A vendor with an API.
    pub(super) tenant: Option<Tenant>,
    pub(super) births: BTreeMap<String, PendingCreation>,
    /// When the progress of a creation was asked for, lately.
    pub(super) polls: Vec<f64>,
    /// ARNs of AWS-managed policies that do not exist.
    pub(super) missing_policies: BTreeSet<String>,
    /// How many seconds a new principal is unknown to policies.
    pub(super) propagation: f64,
    pub(super) page_size: usize,
    pub(super) throttle_every: Option<u64>,
    /// Whether STS names the trust policy that does not let a caller in.
    pub(super) names_trust: bool,
    /// How long a call is on its way.
    pub(super) latency: Duration,
    pub(super) now: f64,
    pub(super) sleepers: BTreeMap<u64, f64>,
    pub(super) calls_under_way: usize,
    /// Grows with whatever begins or ends: while it does, somebody is at work.
    pub(super) activity: u64,
    pub(super) journal: Vec<Call>,
    pub(super) entries: Vec<AssumeRoleRequest>,
    pub(super) calls: u64,
    serial: u64,
}

impl FakeOrganization {
    /// An organization with its management account, in which the function's role is, and the identity account.
    #[must_use]
    pub fn new(partition: Partition, management: AccountId, identity: AccountId) -> Self {
        let caller = Caller {
            account: management.clone(),
            arn: Some(format!("arn:{partition}:iam::{management}:role/{FUNCTION}")),
        };
        let mut accounts = BTreeMap::new();
        let mut first = SimAccount::new("management", AccountState::Active, None, 0.0);
        if let Ok(function) = FUNCTION.parse::<RoleName>() {
            first.insert(&management, &function, function_role(), 0.0, Lag::default());
        }
        accounts.insert(identity, SimAccount::new("identity", AccountState::Active, None, 0.0));
        accounts.insert(management.clone(), first);
        let state = State {
            partition,
            management,
            accounts,
            outside: BTreeSet::new(),
            identities: BTreeSet::new(),
            parameters: BTreeMap::new(),
            claims: BTreeMap::new(),
            tenant: None,
            births: BTreeMap::new(),
            polls: Vec::new(),
            missing_policies: BTreeSet::new(),
            propagation: 0.0,
            page_size: 100,
            throttle_every: None,
            names_trust: false,
            latency: Duration::ZERO,
            now: START,
            sleepers: BTreeMap::new(),
            calls_under_way: 0,
            activity: 0,
            journal: Vec::new(),
            entries: Vec::new(),
            calls: 0,
            serial: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), caller }
    }

    /// The same organization, called by somebody else.
    #[must_use]
    pub fn as_caller(&self, caller: Caller) -> Self {
        Self { state: Arc::clone(&self.state), caller }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FakeOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Organization({} accounts)", self.lock().accounts.len())
    }
}

/// The function's role as far as it matters here: it may assume roles. What it may ask of Organizations is not simulated.
fn function_role() -> RoleState {
    let may = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
    let mut role = RoleState::trusting(LAMBDA);
    role.policies.insert("access-roles".to_owned(), PolicyText(may.to_owned()));
    role
}

const LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

impl State {
    /// A number that nobody has had.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Lets happen what time has brought: accounts that are made, access roles that appear.
    pub(super) fn tick(&mut self) {
        self.births_done();
        let role = access_role(&self.partition, &self.management);
        for (id, account) in &mut self.accounts {
            if let Some((name, at)) = account.coming.take_if(|(_, at)| self.now >= *at) {
                account.insert(id, &name, role.clone(), at, Lag::default());
            }
        }
    }

    /// An account that a call is about.
    pub(super) fn account(&self, id: &AccountId) -> Result<&SimAccount, Rejection> {
        self.accounts.get(id).ok_or_else(|| no_account(id))
    }

    /// The same, to be changed.
    pub(super) fn account_mut(&mut self, id: &AccountId) -> Result<&mut SimAccount, Rejection> {
        self.accounts.get_mut(id).ok_or_else(|| no_account(id))
    }
}

fn no_account(id: &AccountId) -> Rejection {
    Rejection::new("AccessDenied", format!("account {id} is not simulated"))
}
