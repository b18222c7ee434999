//! The simulated organization: its accounts, clock and call journal behind one shared handle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::account::{Rejection, SimAccount, access_role};
use super::account_creation::PendingCreation;
use super::consistency::Lag;
use super::journal::Call;
use super::notifier::Notifications;
use super::queue::Inbox;
use super::role_state::{PolicyText, RoleState};
use super::vendor::Tenant;
use onboarding_core::account::{AccountId, AccountState, Partition};
use onboarding_core::lease::Lease;
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::AssumeRoleRequest;

/// When the virtual time starts, in seconds since 1970: November 2026.
const START: Duration = Duration::from_secs(1_795_000_000);

/// The organization id, for conditions on `aws:PrincipalOrgID`.
pub(super) const ORGANIZATION_ID: &str = "o-exampleorgid";

/// The name of the Lambda function's role in the management account, which is the default caller.
const FUNCTION: &str = "account-onboarding";

/// An organization in memory. Clones share their state.
///
/// It implements every port. The caller is the function's role
/// in the management account, unless [`FakeOrganization::as_caller`] sets another one.
#[derive(Clone)]
pub struct FakeOrganization {
    state: Arc<Mutex<State>>,
    pub(super) caller: Caller,
}

pub(super) struct State {
    pub(super) partition: Partition,
    pub(super) management: AccountId,
    pub(super) accounts: BTreeMap<AccountId, SimAccount>,
    /// Accounts outside the organization, such as those of vendors.
    pub(super) outside: BTreeSet<AccountId>,
    /// ARNs of roles and users that exist only as principals.
    pub(super) identities: BTreeSet<String>,
    pub(super) parameters: BTreeMap<String, String>,
    /// The lease of each account, and its version.
    pub(super) leases: BTreeMap<AccountId, (Lease, i64)>,
    /// Whether leases are stored.
    pub(super) has_leases: bool,
    pub(super) inbox: Inbox,
    pub(super) notifications: Notifications,
    /// The tenant at a vendor with an API, if any.
    pub(super) tenant: Option<Tenant>,
    pub(super) creations: BTreeMap<String, PendingCreation>,
    /// The times of recent `DescribeCreateAccountStatus` calls, for its rate limit.
    pub(super) polls: Vec<SystemTime>,
    /// ARNs of AWS-managed policies that were removed.
    pub(super) missing_policies: BTreeSet<String>,
    /// How long policies cannot name a new principal.
    pub(super) propagation: Duration,
    pub(super) page_size: usize,
    pub(super) throttle_every: Option<u64>,
    /// Whether STS names the trust policy as the reason when it denies a caller.
    pub(super) explains_denials: bool,
    /// A text in a session policy, the account that such a session is for, and the one in which it is opened.
    pub(super) misdirected: Option<(String, AccountId, AccountId)>,
    /// The latency of every call.
    pub(super) latency: Duration,
    pub(super) now: SystemTime,
    pub(super) sleepers: BTreeMap<u64, SystemTime>,
    pub(super) calls_in_flight: usize,
    /// Incremented when a call or a sleep starts or ends: while it changes, a task is active and time must not advance.
    pub(super) activity: u64,
    pub(super) journal: Vec<Call>,
    pub(super) assume_role_requests: Vec<AssumeRoleRequest>,
    pub(super) calls: u64,
    serial: u64,
}

impl FakeOrganization {
    /// An organization with its management account, which contains the function's role, and the identity account.
    #[must_use]
    pub fn new(partition: Partition, management: AccountId, identity: AccountId) -> Self {
        let caller = Caller {
            account: management.clone(),
            arn: Some(format!("arn:{partition}:iam::{management}:role/{FUNCTION}")),
        };
        let mut accounts = BTreeMap::new();
        let mut first = SimAccount::new("management", AccountState::Active, None, UNIX_EPOCH);
        if let Ok(function) = FUNCTION.parse::<RoleName>() {
            first.insert(&management, &function, function_role(), UNIX_EPOCH, Lag::default());
        }
        accounts.insert(identity, SimAccount::new("identity", AccountState::Active, None, UNIX_EPOCH));
        accounts.insert(management.clone(), first);
        let state = State {
            partition,
            management,
            accounts,
            outside: BTreeSet::new(),
            identities: BTreeSet::new(),
            parameters: BTreeMap::new(),
            leases: BTreeMap::new(),
            has_leases: true,
            inbox: Inbox::default(),
            notifications: Notifications::default(),
            tenant: None,
            creations: BTreeMap::new(),
            polls: Vec::new(),
            missing_policies: BTreeSet::new(),
            propagation: Duration::ZERO,
            page_size: 100,
            throttle_every: None,
            explains_denials: false,
            misdirected: None,
            latency: Duration::ZERO,
            now: UNIX_EPOCH + START,
            sleepers: BTreeMap::new(),
            calls_in_flight: 0,
            activity: 0,
            journal: Vec::new(),
            assume_role_requests: Vec::new(),
            calls: 0,
            serial: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), caller }
    }

    /// The same organization with another caller.
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

/// The function's role, which may assume roles. Its permissions for Organizations and SSM are not simulated.
fn function_role() -> RoleState {
    let may = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
    let mut role = RoleState::trusting(LAMBDA);
    role.policies.insert("access-roles".to_owned(), PolicyText(may.to_owned()));
    role
}

const LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

impl State {
    /// The next unused number.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Applies what is due by now: creations that complete, access roles that appear.
    pub(super) fn tick(&mut self) {
        self.complete_creations();
        let role = access_role(&self.partition, &self.management);
        for (id, account) in &mut self.accounts {
            if let Some((name, at)) = account.pending_access_role.take_if(|(_, at)| self.now >= *at) {
                account.insert(id, &name, role.clone(), at, Lag::default());
            }
        }
    }

    /// The account that a call addresses.
    pub(super) fn account(&self, id: &AccountId) -> Result<&SimAccount, Rejection> {
        self.accounts.get(id).ok_or_else(|| no_account(id))
    }

    /// The account that a call addresses, to modify it.
    pub(super) fn account_mut(&mut self, id: &AccountId) -> Result<&mut SimAccount, Rejection> {
        self.accounts.get_mut(id).ok_or_else(|| no_account(id))
    }
}

fn no_account(id: &AccountId) -> Rejection {
    Rejection::new("AccessDenied", format!("account {id} is not simulated"))
}
