//! How accounts are made: not at once, and not ready at once.

use super::account::{ACCESS_ROLE, SimAccount};
use super::organization::{FakeOrganization, State};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::role::RoleName;

/// How the creation of an account goes.
#[derive(Debug, Clone, Default)]
pub struct AccountCreation {
    /// Its id; the next free one of those in AWS's documentation when there is none.
    pub id: Option<AccountId>,
    /// How many seconds its creation is in progress.
    pub in_progress_seconds: f64,
    /// How many times at least its creation is told to be in progress.
    pub in_progress_polls: u32,
    /// How many seconds after its creation the access role appears.
    pub access_role_after: f64,
    /// The access role's name; the one that Organizations gives when there is none.
    pub access_role: Option<RoleName>,
    /// Codes that every call of a session fails with once the access role is there, each for so many seconds.
    pub hiccups: Vec<(String, f64)>,
    /// Why the creation fails, if it does.
    pub fails: Option<String>,
}

/// The creation of an account.
pub(super) struct PendingCreation {
    pub(super) name: String,
    pub(super) newborn: AccountCreation,
    pub(super) id: Option<AccountId>,
    pub(super) started: f64,
    pub(super) polls: u32,
    pub(super) done: bool,
}

impl FakeOrganization {
    /// Asks for a new account, which is made at once and ready at once; gives the id of the request.
    pub fn create_account(&self, name: &str) -> String {
        self.create_account_as(name, AccountCreation::default())
    }

    /// Asks for a new account; gives the id of the request.
    pub fn create_account_as(&self, name: &str, newborn: AccountCreation) -> String {
        let mut state = self.lock();
        let request = format!("car-{:032}", state.serial());
        let id = newborn.id.clone().or_else(|| state.free_id());
        let started = state.now;
        let birth = PendingCreation { name: name.to_owned(), newborn, id, started, polls: 0, done: false };
        state.births.insert(request.clone(), birth);
        state.tick();
        request
    }

    /// Lets time pass until an account is made, as the event says that it is; `None` when it never will be.
    pub fn finish_creation(&self, request: &str) -> Option<AccountId> {
        let mut state = self.lock();
        let birth = state.births.get_mut(request).filter(|birth| birth.newborn.fails.is_none())?;
        birth.polls = birth.polls.max(birth.newborn.in_progress_polls);
        let done = birth.started + birth.newborn.in_progress_seconds;
        let id = birth.id.clone();
        state.now = state.now.max(done);
        state.tick();
        id
    }
}

impl State {
    /// Makes the accounts whose time has come.
    pub(super) fn births_done(&mut self) {
        for birth in self.births.values_mut() {
            if birth.done || !birth.is_over(self.now) {
                continue;
            }
            birth.done = true;
            let Some(id) = birth.id.clone().filter(|_| birth.newborn.fails.is_none()) else { continue };
            let newborn = &birth.newborn;
            // Where polls decided, the account is made now; otherwise when its time was over.
            let made =
                if newborn.in_progress_polls > 0 { self.now } else { birth.started + newborn.in_progress_seconds };
            let mut account = SimAccount::new(&birth.name, AccountState::Active, Some(made as i64), made);
            let appears = made + newborn.access_role_after;
            let name = newborn.access_role.clone().or_else(|| ACCESS_ROLE.parse().ok());
            account.coming = name.map(|name| (name, appears));
            let mut until = appears;
            for (code, seconds) in &newborn.hiccups {
                until += seconds;
                account.hiccups.push((code.clone(), until));
            }
            self.accounts.insert(id, account);
        }
    }

    fn free_id(&self) -> Option<AccountId> {
        const EXAMPLES: [u64; 5] = [444455556666, 555566667777, 666677778888, 777788889999, 123456789012];
        let taken = |id: &AccountId| {
            self.accounts.contains_key(id)
                || self.outside.contains(id)
                || self.births.values().any(|birth| birth.id.as_ref() == Some(id))
        };
        let numbers = EXAMPLES.into_iter().chain(800_000_000_001..900_000_000_000);
        numbers.filter_map(|number| number.to_string().parse().ok()).find(|id| !taken(id))
    }
}

impl PendingCreation {
    fn is_over(&self, now: f64) -> bool {
        now >= self.started + self.newborn.in_progress_seconds && self.polls >= self.newborn.in_progress_polls
    }
}
