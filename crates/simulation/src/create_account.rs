//! Requests accounts and completes their creation, see [`AccountCreation`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::account::{ACCESS_ROLE, SimAccount};
use crate::account_creation::{AccountCreation, PendingCreation};
use crate::organization::FakeOrganization;
use crate::state::State;
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::time::{after, since};

impl FakeOrganization {
    /// Requests an account that is created and ready immediately, and returns the request id.
    pub fn create_account(&self, name: &str) -> String {
        self.create_account_with(name, AccountCreation::default())
    }

    /// Requests an account and returns the request id.
    pub fn create_account_with(&self, name: &str, settings: AccountCreation) -> String {
        self.lock().begin_creation(name, None, settings)
    }

    /// Advances time until the account has been created, as the event reports it. Returns `None` if the creation fails.
    pub fn finish_creation(&self, request: &str) -> Option<AccountId> {
        let mut state = self.lock();
        let pending = state.creations.get_mut(request).filter(|pending| pending.settings.failure.is_none())?;
        pending.polls = pending.polls.max(pending.settings.in_progress_polls);
        let done = after(pending.started, pending.settings.in_progress);
        let id = pending.id.clone();
        state.now = state.now.max(done);
        state.tick();
        id
    }
}

impl State {
    /// Begins the creation of an account, and returns the request id.
    pub(super) fn begin_creation(&mut self, name: &str, email: Option<&str>, settings: AccountCreation) -> String {
        let request = format!("car-{:032}", self.serial());
        let id = settings.id.clone().or_else(|| self.free_id());
        let pending = PendingCreation {
            name: name.to_owned(),
            email: email.map(str::to_owned),
            settings,
            id,
            started: self.now,
            polls: 0,
            done: false,
        };
        self.creations.insert(request.clone(), pending);
        self.tick();
        request
    }

    /// Adds the accounts whose creation has completed by now.
    pub(super) fn complete_creations(&mut self) {
        for pending in self.creations.values_mut() {
            if pending.done || !pending.is_over(self.now) {
                continue;
            }
            pending.done = true;
            let Some(id) = pending.id.clone().filter(|_| pending.settings.failure.is_none()) else { continue };
            let settings = &pending.settings;
            // If the polls completed the creation, the account is created now; otherwise at the end of its duration.
            let made =
                if settings.in_progress_polls > 0 { self.now } else { after(pending.started, settings.in_progress) };
            let mut account = SimAccount::new(&pending.name, AccountState::Active, whole_seconds(made), made);
            account.email.clone_from(&pending.email);
            let appears = after(made, settings.access_role_delay);
            let name = settings.access_role.clone().or_else(|| ACCESS_ROLE.parse().ok());
            account.pending_access_role = name.map(|name| (name, appears));
            let mut until = appears;
            for (code, duration) in &settings.transient_errors {
                until = after(until, *duration);
                account.transient_errors.push((code.clone(), until));
            }
            self.without_access_role.insert(id.clone());
            self.accounts.insert(id, account);
        }
    }

    fn free_id(&self) -> Option<AccountId> {
        const EXAMPLES: [u64; 5] = [444455556666, 555566667777, 666677778888, 777788889999, 123456789012];
        let taken = |id: &AccountId| {
            self.accounts.contains_key(id)
                || self.outside.contains(id)
                || self.creations.values().any(|pending| pending.id.as_ref() == Some(id))
        };
        let numbers = EXAMPLES.into_iter().chain(800_000_000_001..900_000_000_000);
        numbers.filter_map(|number| number.to_string().parse().ok()).find(|id| !taken(id))
    }
}

/// Organizations reports when an account joined, in whole seconds.
fn whole_seconds(time: SystemTime) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(since(UNIX_EPOCH, time).as_secs()))
}
