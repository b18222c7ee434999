//! Methods that set up a simulated organization, and that change it outside of the tool as an administrator would.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::account::{ACCESS_ROLE, ControlPolicy, SimAccount, access_role};
use crate::consistency::Lag;
use crate::organization::FakeOrganization;
use crate::quota::Quotas;
use crate::role_state::{PolicyText, RoleState};
use crate::state::State;
use onboarding_core::account::{AccountId, AccountState, JoinMethod};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::time::after;
use onboarding_engine::ports::ParameterKind;

impl FakeOrganization {
    /// Adds an established member account with the access role that Organizations creates.
    #[must_use]
    pub fn with_member(self, id: &AccountId, name: &str, state: AccountState, joined_at: Option<SystemTime>) -> Self {
        self.change(|all| {
            let mut account = SimAccount::new(name, state, joined_at, UNIX_EPOCH);
            if let Ok(role) = ACCESS_ROLE.parse::<RoleName>() {
                account.insert(id, &role, access_role(&all.partition, &all.management), UNIX_EPOCH, Lag::default());
            }
            all.accounts.insert(id.clone(), account);
        });
        self
    }

    /// Adds an account that was invited long ago. It has no access role, because Organizations does not create one in invited
    /// accounts.
    #[must_use]
    pub fn with_invited_member(self, id: &AccountId, name: &str, joined_at: Option<SystemTime>) -> Self {
        self.change(|all| {
            let mut account = SimAccount::new(name, AccountState::Active, joined_at, UNIX_EPOCH);
            account.joined = JoinMethod::Invited;
            all.accounts.insert(id.clone(), account);
        });
        self
    }

    /// Adds an account outside the organization, such as a vendor's, so that policies may name it as a principal.
    #[must_use]
    pub fn with_outside_account(self, id: &AccountId) -> Self {
        self.change(|all| all.outside.insert(id.clone()));
        self
    }

    /// Adds a role or user by its ARN, in any account, so that policies may name it as a principal.
    #[must_use]
    pub fn with_identity(self, arn: &str) -> Self {
        self.change(|all| all.identities.insert(arn.to_owned()));
        self
    }

    /// Adds a role or user by its unique ID and its ARN. IAM accepts the ID in a policy and saves the ARN.
    #[must_use]
    pub fn with_unique_id(self, id: &str, arn: &str) -> Self {
        self.change(|all| all.unique_ids.insert(id.to_owned(), arn.to_owned()));
        self.with_identity(arn)
    }

    /// Sets an SSM parameter of the management account.
    #[must_use]
    pub fn with_parameter(self, name: &str, value: &str) -> Self {
        self.change(|all| all.parameters.insert(name.to_owned(), value.to_owned()));
        self
    }

    /// Stores an SSM parameter that is not encrypted.
    #[must_use]
    pub fn with_plain_parameter(self, name: &str, value: &str) -> Self {
        self.change(|all| all.parameter_kinds.insert(name.to_owned(), ParameterKind::Plain));
        self.with_parameter(name, value)
    }

    /// Stores an SSM parameter of the type `StringList`.
    #[must_use]
    pub fn with_list_parameter(self, name: &str, value: &str) -> Self {
        self.change(|all| all.parameter_kinds.insert(name.to_owned(), ParameterKind::List));
        self.with_parameter(name, value)
    }

    /// Deletes an SSM parameter.
    #[must_use]
    pub fn without_parameter(self, name: &str) -> Self {
        self.change(|all| all.parameters.remove(name));
        self
    }

    /// Lists an account without its state, as AWS does not document but may do.
    #[must_use]
    pub fn with_unreadable_account(self, account: &AccountId) -> Self {
        self.change(|all| all.unreadable.insert(account.clone()));
        self
    }

    /// Stores no records, as on the command line: every lease is granted, and nothing is remembered.
    #[must_use]
    pub fn without_records(self) -> Self {
        self.change(|all| all.has_records = false);
        self
    }

    /// Makes every run pause in the same way, so that it prints the same times. Concurrent runs then pause in step.
    #[must_use]
    pub fn with_jitter_seed(self, seed: u64) -> Self {
        self.change(|all| all.jitter_seed = Some(seed));
        self
    }

    /// Sets when a role was last used, such as `2026-11-01T12:00:00Z`.
    pub fn set_last_use(&self, account: &AccountId, role: &RoleName, time: &str) {
        self.change(|all| all.last_uses.insert((account.clone(), role.clone()), time.to_owned()));
    }

    /// Sets the number of items per page of a list; the default is 100.
    pub fn set_page_size(&self, items: usize) {
        self.change(|all| all.page_size = items.max(1));
    }

    /// From now on, the last account of a page of `ListAccounts` is the first of the next page as well, as after an account joined
    /// meanwhile. A page needs two accounts or more.
    pub fn repeat_accounts_on_pages(&self) {
        self.change(|all| all.repeats_accounts = true);
    }

    /// Throttles every n-th call; `None` disables throttling. Code that needs n calls for one attempt and starts over after
    /// each failure never finishes.
    pub fn set_throttling(&self, every: Option<u64>) {
        self.change(|all| all.throttle_every = every.filter(|n| *n > 0));
    }

    /// Sets the latency of every call; the default is zero. Concurrent calls overlap.
    pub fn set_latency(&self, latency: Duration) {
        self.change(|all| all.latency = latency);
    }

    /// Sets the latency of every call to the event bus; the default is zero.
    pub fn set_notifier_latency(&self, latency: Duration) {
        self.change(|all| all.notifications.latency = latency);
    }

    /// Opens sessions whose policy contains a text in another account, as a wrong endpoint would do.
    pub fn misdirect_sessions(&self, policy_contains: &str, from: &AccountId, to: &AccountId) {
        self.change(|all| all.misdirected = Some((policy_contains.to_owned(), from.clone(), to.clone())));
    }

    /// Sets for how long a new role or account is rejected as a principal in policies.
    pub fn set_propagation(&self, time: Duration) {
        self.change(|all| all.propagation = time);
    }

    /// Sets how far reads lag behind writes in an account.
    pub fn set_lag(&self, account: &AccountId, lag: Lag) {
        self.alter(account, |account| account.lag = lag);
    }

    /// Sets the IAM quotas of an account.
    pub fn set_quotas(&self, account: &AccountId, quotas: Quotas) {
        self.alter(account, |account| account.quotas = quotas);
    }

    /// Sets the lifecycle state of an account.
    pub fn set_state(&self, account: &AccountId, state: AccountState) {
        self.alter(account, |account| account.state = state);
    }

    /// Sets the name of an account.
    pub fn rename_account(&self, account: &AccountId, name: &str) {
        self.alter(account, |account| name.clone_into(&mut account.name));
    }

    /// Sets a tag of an account in Organizations.
    pub fn tag_account(&self, account: &AccountId, key: &str, value: &str) {
        self.alter(account, |account| account.tags.insert(key.to_owned(), value.to_owned()));
    }

    /// Denies every caller to read the tags of an account.
    pub fn hide_account_tags(&self, account: &AccountId) {
        self.change(|all| all.unreadable_tags.insert(account.clone()));
    }

    /// Makes every call of a session in an account fail with an error code, for this time from now.
    pub fn fail_sessions(&self, account: &AccountId, code: &str, time: Duration) {
        let until = after(self.lock().now, time);
        self.alter(account, |account| account.transient_errors.push((code.to_owned(), until)));
    }

    /// Makes Organizations return no path for an account.
    pub fn clear_ou_path(&self, account: &AccountId) {
        self.alter(account, |account| account.ou_path = None);
    }

    /// Sets the path of an account in the organization, as when it is moved to an organizational unit.
    pub fn set_ou_path(&self, account: &AccountId, path: &str) {
        self.alter(account, |account| account.ou_path = Some(path.to_owned()));
    }

    /// Removes an account from the organization, as when it leaves or is removed.
    pub fn remove_account(&self, account: &AccountId) {
        self.change(|all| all.accounts.remove(account));
    }

    /// Sets the join method that Organizations reports for an account.
    pub fn set_joined(&self, account: &AccountId, joined: JoinMethod) {
        self.alter(account, |account| account.joined = joined);
    }

    /// Makes STS name the trust policy as the reason when it denies a caller, as the AWS documentation shows. By default it
    /// gives no reason, as in most real messages for cross-account calls.
    pub fn explain_denials(&self) {
        self.change(|all| all.explains_denials = true);
    }

    /// Attaches a control policy to an account that denies an action, such as `iam:*` or `sts:AssumeRole`, on the roles with
    /// a name, such as `*`.
    pub fn deny(&self, account: &AccountId, kind: ControlPolicy, action: &str, role: &str) {
        let statement = serde_json::json!({
            "Effect": "Deny", "Action": action, "Resource": [format!("arn:*:iam::*:role/{role}"), format!("arn:*:iam::*:role/*/{role}")],
        });
        if let Ok(policy) = Document::from_statements(vec![statement]) {
            self.alter(account, |account| account.controls.push((kind, policy)));
        }
    }

    /// Removes all control policies from an account.
    pub fn remove_control_policies(&self, account: &AccountId) {
        self.alter(account, |account| account.controls.clear());
    }

    /// Adds a customer-managed policy by its ARN.
    pub fn add_policy(&self, account: &AccountId, arn: &str) {
        self.alter(account, |account| account.policies.insert(arn.to_owned()));
    }

    /// Removes an AWS-managed policy by its ARN. Every other AWS-managed policy with a valid name exists.
    pub fn remove_managed_policy(&self, arn: &str) {
        self.change(|all| all.missing_policies.insert(arn.to_owned()));
    }

    /// Writes a role as another tool or administrator might have. The role is not validated and is visible immediately. An
    /// existing role is edited and keeps its unique ID; to create it again, delete it first.
    pub fn put_role(&self, account: &AccountId, name: &RoleName, role: RoleState) {
        let now = self.lock().now;
        self.alter(account, |target| match target.role(name) {
            Some(_) => {
                let lag = std::mem::take(&mut target.lag);
                target.update(name, role, now);
                target.lag = lag;
            }
            None => target.insert(account, name, role, now, Lag::default()),
        });
    }

    /// Replaces the trust policy of a role with any string. The change is visible immediately.
    pub fn set_trust(&self, account: &AccountId, name: &RoleName, trust: &str) {
        if let Some(role) = self.role_state(account, name) {
            self.put_role(account, name, RoleState { trust: PolicyText(trust.to_owned()), ..role });
        }
    }

    /// Deletes a role. Trust policies that name it keep its unique id, which no principal matches any more.
    pub fn delete_role(&self, account: &AccountId, name: &RoleName) {
        self.change(|all| all.delete_role(account, name, Lag::default()));
    }

    /// Puts a role into an instance profile, as a user of EC2 does.
    pub fn add_to_instance_profile(&self, account: &AccountId, profile: &str, role: &RoleName) {
        self.alter(account, |account| account.instance_profiles.insert(profile.to_owned(), role.clone()));
    }

    /// Removes an instance profile.
    pub fn remove_instance_profile(&self, account: &AccountId, profile: &str) {
        self.alter(account, |account| account.instance_profiles.remove(profile));
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        let mut state = self.lock();
        state.tick();
        change(&mut state);
    }

    pub(super) fn alter<T>(&self, account: &AccountId, change: impl FnOnce(&mut SimAccount) -> T) {
        self.change(|all| all.accounts.get_mut(account).map(change));
    }
}
