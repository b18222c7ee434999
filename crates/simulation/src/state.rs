//! Everything that the simulated organization contains: its accounts, parameters, messages, clock and journal.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::account::{SimAccount, access_role};
use crate::account_creation::PendingCreation;
use crate::account_factory::AccountFactory;
use crate::api_quotas::ApiQuotas;
use crate::call::Call;
use crate::consistency::Lag;
use crate::inbox::Inbox;
use crate::list_roles::RoleKey;
use crate::notifications::Notifications;
use crate::profile_settings::ProfileSettings;
use crate::rejection::Rejection;
use crate::tenant::Tenant;
use onboarding_core::account::{AccountId, Partition};
use onboarding_core::attributes::Attributes;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{AssumeRoleRequest, ParameterKind};

/// When the virtual time starts, in seconds since 1970: November 2026.
const START: Duration = Duration::from_secs(1_795_000_000);

/// The organization id, for conditions on `aws:PrincipalOrgID`.
pub(super) const ORGANIZATION_ID: &str = "o-exampleorgid";

/// The data of an organization. Its behaviour is implemented for [`FakeOrganization`](super::FakeOrganization).
pub(super) struct State {
    pub(super) partition: Partition,
    pub(super) management: AccountId,
    pub(super) accounts: BTreeMap<AccountId, SimAccount>,
    /// Accounts whose description in `ListAccounts` is incomplete.
    pub(super) unreadable: BTreeSet<AccountId>,
    /// Accounts whose tags must not be read.
    pub(super) unreadable_tags: BTreeSet<AccountId>,
    /// Accounts outside the organization, such as those of vendors.
    pub(super) outside: BTreeSet<AccountId>,
    /// ARNs of roles and users that exist only as principals.
    pub(super) identities: BTreeSet<String>,
    /// The unique IDs of some of them, each with its ARN.
    pub(super) unique_ids: BTreeMap<String, String>,
    pub(super) parameters: BTreeMap<String, String>,
    /// How parameters are stored; the others are encrypted.
    pub(super) parameter_kinds: BTreeMap<String, ParameterKind>,
    /// The items of the table.
    pub(super) records: BTreeMap<String, Attributes>,
    /// Whether there is a table.
    pub(super) has_records: bool,
    /// The profiles with which access is tried.
    pub(super) profiles: BTreeMap<String, ProfileSettings>,
    pub(super) inbox: Inbox,
    pub(super) notifications: Notifications,
    /// The tenant at a vendor with an API, if any.
    pub(super) tenant: Option<Tenant>,
    pub(super) creations: BTreeMap<String, PendingCreation>,
    pub(super) account_factory: AccountFactory,
    /// The times of recent `DescribeCreateAccountStatus` calls, for its rate limit.
    pub(super) polls: Vec<SystemTime>,
    /// ARNs of AWS-managed policies that were removed.
    pub(super) missing_policies: BTreeSet<String>,
    /// How long policies cannot name a new principal.
    pub(super) propagation: Duration,
    pub(super) page_size: usize,
    /// Whether the last account of a page is the first of the next one as well.
    pub(super) repeats_accounts: bool,
    /// When roles were last used; the others never were.
    pub(super) last_uses: BTreeMap<RoleKey, String>,
    pub(super) throttle_every: Option<u64>,
    /// Whether STS names the trust policy as the reason when it denies a caller.
    pub(super) explains_denials: bool,
    /// A text in a session policy, the account that such a session is for, and the one in which it is opened.
    pub(super) misdirected: Option<(String, AccountId, AccountId)>,
    /// The seed of the jitter of pauses; `None` for random pauses.
    pub(super) jitter_seed: Option<u64>,
    /// The latency of every call.
    pub(super) latency: Duration,
    pub(super) now: SystemTime,
    /// The tasks that sleep, by when they wake up, with the wakers of those that wait for another one to wake up.
    pub(super) sleepers: BTreeMap<(SystemTime, u64), Option<Waker>>,
    pub(super) calls_in_flight: usize,
    /// Incremented when a call or a sleep starts or ends: while it changes, a task is active and time must not advance.
    pub(super) activity: u64,
    pub(super) journal: Vec<Call>,
    /// Whether the journal is kept.
    pub(super) has_journal: bool,
    pub(super) assume_role_requests: Vec<AssumeRoleRequest>,
    pub(super) calls: u64,
    pub(super) api_quotas: ApiQuotas,
    /// The accounts whose access role has not appeared yet.
    pub(super) without_access_role: BTreeSet<AccountId>,
    serial: u64,
}

impl State {
    /// Deletes a role. Trust policies that name it keep its unique ID.
    pub(super) fn delete_role(&mut self, account: &AccountId, name: &RoleName, lag: Lag) {
        let now = self.now;
        let Some(role) = self.accounts.get_mut(account).and_then(|account| account.remove(name, now, lag)) else {
            return;
        };
        let arn = name.arn(&self.partition, account, &role.state.settings.path);
        for record in self.accounts.values_mut().flat_map(|account| account.roles.values_mut()) {
            record.rewrite(|state| state.orphan(&arn, &role.id));
        }
    }

    /// An organization with these accounts.
    pub(super) fn new(partition: Partition, management: AccountId, accounts: BTreeMap<AccountId, SimAccount>) -> Self {
        Self {
            partition,
            management,
            accounts,
            unreadable: BTreeSet::new(),
            unreadable_tags: BTreeSet::new(),
            outside: BTreeSet::new(),
            identities: BTreeSet::new(),
            unique_ids: BTreeMap::new(),
            parameters: BTreeMap::new(),
            parameter_kinds: BTreeMap::new(),
            records: BTreeMap::new(),
            has_records: true,
            profiles: BTreeMap::new(),
            inbox: Inbox::default(),
            notifications: Notifications::default(),
            tenant: None,
            creations: BTreeMap::new(),
            account_factory: AccountFactory::default(),
            polls: Vec::new(),
            missing_policies: BTreeSet::new(),
            propagation: Duration::ZERO,
            page_size: 100,
            repeats_accounts: false,
            last_uses: BTreeMap::new(),
            throttle_every: None,
            explains_denials: false,
            misdirected: None,
            jitter_seed: None,
            latency: Duration::ZERO,
            now: UNIX_EPOCH + START,
            sleepers: BTreeMap::new(),
            calls_in_flight: 0,
            activity: 0,
            journal: Vec::new(),
            has_journal: true,
            assume_role_requests: Vec::new(),
            calls: 0,
            api_quotas: ApiQuotas::default(),
            without_access_role: BTreeSet::new(),
            serial: 0,
        }
    }

    /// The next unused number.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Applies what is due by now: creations that complete, access roles that appear.
    pub(super) fn tick(&mut self) {
        self.complete_creations();
        let Self { accounts, now, partition, management, .. } = self;
        self.without_access_role.retain(|id| {
            let Some(account) = accounts.get_mut(id) else { return false };
            if let Some((name, at)) = account.pending_access_role.take_if(|(_, at)| now >= at) {
                account.insert(id, &name, access_role(partition, management), at, Lag::default());
            }
            account.pending_access_role.is_some()
        });
    }

    /// How a parameter is stored.
    pub(super) fn parameter_kind(&self, name: &str) -> ParameterKind {
        self.parameter_kinds.get(name).copied().unwrap_or(ParameterKind::Secure)
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
