//! How a simulated organization is furnished, and changed behind the tool's back.

use std::time::Duration;

use super::account::{ACCESS_ROLE, Control, SimAccount, access_role};
use super::consistency::Lag;
use super::organization::{FakeOrganization, State};
use super::quota::Quotas;
use super::role_state::{PolicyText, RoleState};
use onboarding_core::account::{AccountId, AccountState, JoinMethod};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;

impl FakeOrganization {
    /// Adds a member that is there since long, with the access role that Organizations makes.
    #[must_use]
    pub fn with_member(self, id: &AccountId, name: &str, state: AccountState, joined_at: Option<i64>) -> Self {
        self.change(|all| {
            let mut account = SimAccount::new(name, state, joined_at, 0.0);
            if let Ok(role) = ACCESS_ROLE.parse::<RoleName>() {
                account.insert(id, &role, access_role(&all.partition, &all.management), 0.0, Lag::default());
            }
            all.accounts.insert(id.clone(), account);
        });
        self
    }

    /// Adds a member that was invited long ago, without an access role: Organizations makes none.
    #[must_use]
    pub fn with_invited_member(self, id: &AccountId, name: &str, joined_at: Option<i64>) -> Self {
        self.change(|all| {
            let mut account = SimAccount::new(name, AccountState::Active, joined_at, 0.0);
            account.joined = JoinMethod::Invited;
            all.accounts.insert(id.clone(), account);
        });
        self
    }

    /// Makes an account outside of the organization known, such as a vendor's: policies may name it.
    #[must_use]
    pub fn with_outside_account(self, id: &AccountId) -> Self {
        self.change(|all| all.outside.insert(id.clone()));
        self
    }

    /// Makes a role or user known by its ARN, in any account: policies may name it.
    #[must_use]
    pub fn with_identity(self, arn: &str) -> Self {
        self.change(|all| all.identities.insert(arn.to_owned()));
        self
    }

    /// Sets an SSM parameter of the management account.
    #[must_use]
    pub fn with_parameter(self, name: &str, value: &str) -> Self {
        self.change(|all| all.parameters.insert(name.to_owned(), value.to_owned()));
        self
    }

    /// How many items a page of a list has; 100 at first.
    pub fn set_page_size(&self, items: usize) {
        self.change(|all| all.page_size = items.max(1));
    }

    /// Every n-th call is throttled, or none. Who makes n calls for one look and starts anew at each failure never ends.
    pub fn set_throttling(&self, every: Option<u64>) {
        self.change(|all| all.throttle_every = every.filter(|n| *n > 0));
    }

    /// How long every call is on its way; no time at first. Calls side by side take the time of one.
    pub fn set_latency(&self, latency: Duration) {
        self.change(|all| all.latency = latency);
    }

    /// How many seconds a new role or account is refused as a principal of policies.
    pub fn set_propagation(&self, seconds: f64) {
        self.change(|all| all.propagation = seconds);
    }

    /// How far reads are behind writes in an account.
    pub fn set_lag(&self, account: &AccountId, lag: Lag) {
        self.alter(account, |account| account.lag = lag);
    }

    /// The quotas of an account.
    pub fn set_quotas(&self, account: &AccountId, quotas: Quotas) {
        self.alter(account, |account| account.quotas = quotas);
    }

    /// Where an account is in its life.
    pub fn set_state(&self, account: &AccountId, state: AccountState) {
        self.alter(account, |account| account.state = state);
    }

    /// How Organizations says that an account joined.
    pub fn set_joined(&self, account: &AccountId, joined: JoinMethod) {
        self.alter(account, |account| account.joined = joined);
    }

    /// Whether STS names the trust policy where it is what keeps a caller out, as AWS's documentation shows. Most reports
    /// of calls from another account show no reason, and at first none is given here.
    pub fn set_names_trust(&self, names: bool) {
        self.change(|all| all.names_trust = names);
    }

    /// From now on, every call into an account's IAM fails with a code, for so many seconds after those set before.
    pub fn add_hiccup(&self, account: &AccountId, code: &str, seconds: f64) {
        let now = self.lock().now;
        self.alter(account, |account| {
            let from = account.hiccups.last().map_or(now, |(_, until)| until.max(now));
            account.hiccups.push((code.to_owned(), from + seconds));
        });
    }

    /// A control policy on an account denies an action, such as `iam:*` or `sts:AssumeRole`, on the roles of a name, such
    /// as `*`.
    pub fn deny(&self, account: &AccountId, kind: Control, action: &str, role: &str) {
        let statement = serde_json::json!({
            "Effect": "Deny", "Action": action, "Resource": [format!("arn:*:iam::*:role/{role}"), format!("arn:*:iam::*:role/*/{role}")],
        });
        if let Ok(policy) = Document::from_statements(vec![statement]) {
            self.alter(account, |account| account.controls.push((kind, policy)));
        }
    }

    /// Takes the control policies of an account away.
    pub fn lift_denies(&self, account: &AccountId) {
        self.alter(account, |account| account.controls.clear());
    }

    /// Makes a customer-managed policy exist, by ARN.
    pub fn add_policy(&self, account: &AccountId, arn: &str) {
        self.alter(account, |account| account.policies.insert(arn.to_owned()));
    }

    /// Makes an AWS-managed policy not exist, by ARN; every other one of a valid name does.
    pub fn forget_managed_policy(&self, arn: &str) {
        self.change(|all| all.missing_policies.insert(arn.to_owned()));
    }

    /// Puts a role there as somebody else might have left it: nothing is checked, everybody sees it at once.
    pub fn put_role(&self, account: &AccountId, name: &RoleName, role: RoleState) {
        let now = self.lock().now;
        self.alter(account, |there| there.insert(account, name, role, now, Lag::default()));
    }

    /// Replaces a role's trust policy by any text.
    pub fn set_trust(&self, account: &AccountId, name: &RoleName, trust: &str) {
        if let Some(role) = self.role_state(account, name) {
            let state = RoleState { trust: PolicyText(trust.to_owned()), ..role };
            let now = self.lock().now;
            self.alter(account, |there| {
                let lag = std::mem::take(&mut there.lag);
                there.update(name, state, now);
                there.lag = lag;
            });
        }
    }

    /// Deletes a role. Policies that name it keep its unique id, which lets nobody in.
    pub fn delete_role(&self, account: &AccountId, name: &RoleName) {
        self.change(|all| {
            let now = all.now;
            let Some(role) = all.accounts.get_mut(account).and_then(|there| there.remove(name, now)) else { return };
            let arn = name.arn(&all.partition, account, &role.state.path);
            for record in all.accounts.values_mut().flat_map(|there| there.roles.values_mut()) {
                record.rewrite(|state| state.orphan(&arn, &role.id));
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        let mut state = self.lock();
        state.tick();
        change(&mut state);
    }

    fn alter<T>(&self, account: &AccountId, change: impl FnOnce(&mut SimAccount) -> T) {
        self.change(|all| all.accounts.get_mut(account).map(change));
    }
}
