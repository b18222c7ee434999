//! Requests for accounts, as `CreateAccount` checks them, and what a test sets up for them and looks at.

use crate::account_creation::AccountCreation;
use crate::account_factory::IN_PROGRESS;
use crate::organization::FakeOrganization;
use crate::rejection::Rejection;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::new_account::NewAccount;

impl State {
    /// Makes the path of an account that of the unit that it is in, if Organizations returns the path at all.
    pub(super) fn update_path(&mut self, id: &AccountId) {
        let Some(account) = self.accounts.get_mut(id).filter(|account| account.ou_path.is_some()) else { return };
        let mut path = format!("{id}/");
        let mut unit = account.unit.as_str();
        while let Some((_, parent)) = self.account_factory.units.get(unit) {
            path = format!("{unit}/{path}");
            unit = parent;
        }
        account.ou_path = Some(format!("o-exampleorg1/{unit}/{path}"));
    }

    /// Checks and begins the creation of an account, as `CreateAccount` does.
    pub(super) fn create_requested(&mut self, account: &NewAccount) -> Result<String, Rejection> {
        let now = self.now;
        if !self.account_factory.tokens.take(now) {
            return Err(Rejection::new("TooManyRequestsException", "Rate exceeded"));
        }
        let in_progress = self.creations.values().filter(|pending| !pending.done).count();
        if in_progress >= IN_PROGRESS {
            let message = "You have exceeded the number of accounts that can be in progress at a time.";
            return Err(Rejection::new("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", message));
        }
        let mut creation = self.account_factory.creation.clone();
        let pending = |has: &dyn Fn(&str) -> bool| {
            let emails = self.creations.values().filter(|pending| pending.settings.failure.is_none());
            emails.filter_map(|pending| pending.email.as_deref()).any(has)
        };
        let is_same = |email: &str| account.email.is_same(email);
        let is_member = self.accounts.values().filter_map(|found| found.email.as_deref()).any(is_same);
        if is_member || pending(&is_same) || self.account_factory.taken.contains(&account.email.lowercase()) {
            creation.failure = Some("EMAIL_ALREADY_EXISTS".to_owned());
        } else if self.accounts.len() + in_progress >= self.account_factory.quota {
            creation.failure = Some("ACCOUNT_LIMIT_EXCEEDED".to_owned());
        }
        creation.access_role.clone_from(&account.role_name);
        self.account_factory.requested.push(account.clone());
        let request = self.begin_creation(account.name.as_str(), Some(account.email.as_str()), creation);
        let in_progress = self.creations.values().filter(|pending| !pending.done).count();
        let most = &mut self.account_factory.most_in_progress;
        *most = (*most).max(in_progress);
        Ok(request)
    }
}

impl FakeOrganization {
    /// Adds an organizational unit below the root (`r-exam`) or another unit.
    #[must_use]
    pub fn with_unit(self, id: &str, name: &str, parent: &str) -> Self {
        self.lock().account_factory.units.insert(id.to_owned(), (name.to_owned(), parent.to_owned()));
        self
    }

    /// Gives an account outside of the organization this email.
    #[must_use]
    pub fn with_taken_email(self, email: &str) -> Self {
        self.lock().account_factory.taken.insert(email.to_ascii_lowercase());
        self
    }

    /// Sets how the creation of requested accounts proceeds. An email that is taken, and the quota, make it fail anyway.
    pub fn set_account_creation(&self, creation: AccountCreation) {
        self.lock().account_factory.creation = creation;
    }

    /// Sets the most accounts of the organization, its management account included.
    pub fn set_account_quota(&self, accounts: usize) {
        self.lock().account_factory.quota = accounts;
    }

    /// Sets the email of an account.
    pub fn set_email(&self, account: &AccountId, email: &str) {
        self.alter(account, |account| account.email = Some(email.to_owned()));
    }

    /// Moves an account to a unit.
    pub fn set_unit(&self, account: &AccountId, unit: &str) {
        self.alter(account, |account| unit.clone_into(&mut account.unit));
        self.lock().update_path(account);
    }

    /// Sets the unit of an account, and the path that Organizations returns for it.
    pub fn place(&self, account: &AccountId, unit: &str) {
        self.set_ou_path(account, "");
        self.set_unit(account, unit);
    }

    /// Sets the tags of an account.
    pub fn set_account_tags(&self, account: &AccountId, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.alter(account, |account| account.tags = tags);
    }

    /// The ID of the unit that an account is in.
    #[must_use]
    pub fn unit_of(&self, account: &AccountId) -> Option<String> {
        self.lock().accounts.get(account).map(|account| account.unit.clone())
    }

    /// The account with an email.
    #[must_use]
    pub fn account_with_email(&self, email: &str) -> Option<AccountId> {
        let mut state = self.lock();
        state.tick();
        let found = state.accounts.iter().find(|(_, account)| account.email.as_deref() == Some(email));
        found.map(|(id, _)| id.clone())
    }

    /// The accounts that `CreateAccount` was accepted for, in order.
    #[must_use]
    pub fn requested_accounts(&self) -> Vec<NewAccount> {
        self.lock().account_factory.requested.clone()
    }

    /// The most account creations that were in progress at the same time.
    #[must_use]
    pub fn most_creations_in_progress(&self) -> usize {
        self.lock().account_factory.most_in_progress
    }
}
