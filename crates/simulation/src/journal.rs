//! The call journal: every simulated API call, in order, with its result.
//!
//! All ports of [`FakeOrganization`] go through [`FakeOrganization::perform_call`]. It waits for the configured latency,
//! yields once so that concurrent tasks interleave as they would over a network, injects throttling, performs the call
//! atomically and records it. Tests assert on the journal to show which calls were made and that nothing else was written.

use std::collections::BTreeMap;

use crate::account::SimAccount;
use crate::call::{Call, CallInfo};
use crate::clock::yield_once;
use crate::organization::FakeOrganization;
use crate::rejection::Rejection;
use crate::role_state::RoleState;
use crate::session::Presented;
use crate::state::State;
use crate::target::Target;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_engine::ports::{AssumeRoleRequest, Clock};

/// Guard of a call in flight: virtual time does not advance while one exists.
struct InFlight<'a>(&'a FakeOrganization);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.calls_in_flight = state.calls_in_flight.saturating_sub(1);
        state.activity += 1;
    }
}

impl FakeOrganization {
    /// All calls so far, in the order in which they were performed.
    #[must_use]
    pub fn journal(&self) -> Vec<Call> {
        self.lock().journal.clone()
    }

    /// All write calls so far, including failed ones.
    #[must_use]
    pub fn writes(&self) -> Vec<Call> {
        self.lock().journal.iter().filter(|call| call.write).cloned().collect()
    }

    /// The `AssumeRole` requests that succeeded, in order.
    #[must_use]
    pub fn assume_role_requests(&self) -> Vec<AssumeRoleRequest> {
        self.lock().assume_role_requests.clone()
    }

    /// Clears the recorded calls and `AssumeRole` requests.
    pub fn clear_journal(&self) {
        let mut state = self.lock();
        state.journal.clear();
        state.assume_role_requests.clear();
        state.api_quotas.clear_calls();
    }

    /// Keeps no journal any more, only the numbers of calls ([`FakeOrganization::api_calls`]): the journal of a sweep of thousands of
    /// accounts is larger than everything else.
    pub fn stop_journal(&self) {
        self.clear_journal();
        self.lock().has_journal = false;
    }

    /// The last written state of all roles in all accounts, without timestamps and unique ids, so that the results of two
    /// runs can be compared.
    #[must_use]
    pub fn state(&self) -> BTreeMap<AccountId, BTreeMap<RoleName, RoleState>> {
        let mut state = self.lock();
        state.tick();
        let roles = |account: &SimAccount| {
            let all = account.roles.values().filter_map(|record| record.newest());
            all.map(|role| (role.name.clone(), role.state.clone())).collect()
        };
        state.accounts.iter().map(|(id, account)| (id.clone(), roles(account))).collect()
    }

    /// The last written state of a role.
    #[must_use]
    pub fn role_state(&self, account: &AccountId, name: &RoleName) -> Option<RoleState> {
        let mut state = self.lock();
        state.tick();
        state.accounts.get(account)?.role(name).map(|role| role.state.clone())
    }

    /// The unique ID of a role.
    #[must_use]
    pub fn role_id(&self, account: &AccountId, name: &RoleName) -> Option<RoleId> {
        self.lock().accounts.get(account)?.role(name)?.id.parse().ok()
    }

    /// Whether a caller can assume a role, given its last written trust policy and the control policies.
    #[must_use]
    pub fn can_assume(&self, caller: &Caller, role_arn: &str, external_id: Option<&str>) -> bool {
        let Some(target) = Target::from_arn(role_arn) else { return false };
        let mut state = self.lock();
        state.tick();
        let role = state.accounts.get(&target.account).and_then(|account| account.role(&target.role)).cloned();
        state.check_trust(caller, &target, role, "session", Presented::external_id(external_id)).is_ok()
    }

    fn begin_call(&self) {
        let mut state = self.lock();
        state.calls_in_flight += 1;
        state.activity += 1;
    }

    /// Performs one call: yields to the other tasks first, then runs the call atomically and records it.
    pub(super) async fn perform_call<T>(
        &self,
        info: CallInfo<'_>,
        call: impl FnOnce(&mut State) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let latency = self.lock().latency;
        if !latency.is_zero() {
            self.sleep(latency).await;
        }
        self.begin_call();
        let in_flight = InFlight(self);
        yield_once().await;
        let result = {
            let mut state = self.lock();
            state.tick();
            state.calls += 1;
            let throttled = state.throttle_every.is_some_and(|every| state.calls.is_multiple_of(every));
            let throttled = if throttled { Err(Rejection::new("Throttling", "Rate exceeded")) } else { Ok(()) };
            let now = state.now;
            let throttled = throttled.and(state.api_quotas.take(info.call, now));
            let result = throttled.and_then(|()| call(&mut state));
            if state.has_journal {
                let CallInfo { account, call, role, write } = info;
                let account = account.clone();
                let role = role.cloned();
                let ok = result.is_ok();
                state.journal.push(Call { account, call, role, write, ok });
            }
            result
        };
        drop(in_flight);
        result.map_err(|failure| failure.into_error(info.call))
    }
}
