//! What was called, and what came of it.

use std::collections::BTreeMap;

use super::account::Rejection;
use super::clock::yield_once;
use super::organization::{FakeOrganization, State};
use super::role_state::RoleState;
use super::session;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{AssumeRoleRequest, Clock};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The account whose API was called; the management account for Organizations and SSM.
    pub account: AccountId,
    /// The action, as `iam:CreateRole`.
    pub call: &'static str,
    /// The role that it is about.
    pub role: Option<RoleName>,
    /// Whether it writes.
    pub write: bool,
    /// Whether it succeeded; a read that finds nothing does.
    pub ok: bool,
}

/// A call under way, during which no time passes.
struct UnderWay<'a>(&'a FakeOrganization);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.calls_under_way = state.calls_under_way.saturating_sub(1);
        state.activity += 1;
    }
}

/// What a call is, for the journal.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) account: &'a AccountId,
    pub(super) call: &'static str,
    pub(super) role: Option<&'a RoleName>,
    pub(super) write: bool,
}

impl FakeOrganization {
    /// Every call so far, in the order in which they were performed.
    #[must_use]
    pub fn journal(&self) -> Vec<Call> {
        self.lock().journal.clone()
    }

    /// The calls that write, failed ones too.
    #[must_use]
    pub fn writes(&self) -> Vec<Call> {
        self.lock().journal.iter().filter(|call| call.write).cloned().collect()
    }

    /// What every session that was opened was opened with.
    #[must_use]
    pub fn entries(&self) -> Vec<AssumeRoleRequest> {
        self.lock().entries.clone()
    }

    /// Forgets the calls so far.
    pub fn clear_journal(&self) {
        let mut state = self.lock();
        state.journal.clear();
        state.entries.clear();
    }

    /// All roles of all accounts as they were written last, without times and unique ids: equal when two ends are.
    #[must_use]
    pub fn state(&self) -> BTreeMap<AccountId, BTreeMap<RoleName, RoleState>> {
        let mut state = self.lock();
        state.tick();
        let roles = |account: &super::account::SimAccount| {
            let all = account.roles.values().filter_map(|record| record.newest());
            all.map(|role| (role.name.clone(), role.state.clone())).collect()
        };
        state.accounts.iter().map(|(id, account)| (id.clone(), roles(account))).collect()
    }

    /// A role as it was written last.
    #[must_use]
    pub fn role_state(&self, account: &AccountId, name: &RoleName) -> Option<RoleState> {
        let mut state = self.lock();
        state.tick();
        state.accounts.get(account)?.role(name).map(|role| role.state.clone())
    }

    /// Whether somebody can assume a role, by its trust policy as it was written last and the control policies.
    #[must_use]
    pub fn can_assume(&self, caller: &Caller, role_arn: &str, external_id: Option<&str>) -> bool {
        let Some(target) = session::target(role_arn) else { return false };
        let mut state = self.lock();
        state.tick();
        let role = state.accounts.get(&target.account).and_then(|there| there.role(&target.role)).cloned();
        state.trusts(caller, &target, role, "session", external_id).is_ok()
    }

    fn begin_call(&self) {
        let mut state = self.lock();
        state.calls_under_way += 1;
        state.activity += 1;
    }

    /// One call: others run first, then it is performed at once and written down.
    pub(super) async fn perform_call<T>(
        &self,
        about: About<'_>,
        call: impl FnOnce(&mut State) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let latency = self.lock().latency;
        if !latency.is_zero() {
            self.sleep(latency).await;
        }
        self.begin_call();
        let under_way = UnderWay(self);
        yield_once().await;
        let result = {
            let mut state = self.lock();
            state.tick();
            state.calls += 1;
            let throttled = state.throttle_every.is_some_and(|every| state.calls.is_multiple_of(every));
            let result = if throttled { Err(Rejection::new("Throttling", "Rate exceeded")) } else { call(&mut state) };
            let About { account, call, role, write } = about;
            let (account, role, ok) = (account.clone(), role.cloned(), result.is_ok());
            state.journal.push(Call { account, call, role, write, ok });
            result
        };
        drop(under_way);
        result.map_err(|failure| failure.into_error(about.call))
    }
}
