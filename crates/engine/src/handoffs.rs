//! The hand-offs of accounts: what a person still has to do at vendors, and the record of what was done.
//!
//! No account is accessed for this. The values come from Organizations and from the configuration, and what was done comes
//! from the records.

use futures_util::{StreamExt, TryStreamExt, stream};
use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::config::RoleTemplate;
use onboarding_core::eligibility::{Eligibility, eligibility};
use onboarding_core::error::ApiError;
use onboarding_core::handoff::{Handoff, HandoffStatus, handoffs};
use onboarding_core::handoff_list::AccountHandoff;
use onboarding_core::outcome::Stop;
use onboarding_core::record::Record;
use onboarding_core::targets::TargetDecision;

use crate::all_accounts::{AllAccounts, all_accounts};
use crate::job::Engine;
use crate::ports::World;

/// How many records are read at the same time.
const CONCURRENT_READS: usize = 16;

impl<W: World> Engine<W> {
    /// The hand-offs of an account.
    ///
    /// # Errors
    /// When the account is not an active member, or its record cannot be read.
    pub async fn account_handoffs(&self, id: &AccountId) -> Result<Vec<AccountHandoff>, Stop> {
        let account = self.member(id).await?;
        self.handoffs_of(&account).await
    }

    /// The hand-offs of all active member accounts, ordered by the ID of the account, and the number of accounts whose description
    /// cannot be read.
    ///
    /// # Errors
    /// When the accounts cannot be listed, or a record cannot be read: the open hand-offs would not be known.
    pub async fn all_handoffs(&self) -> Result<(Vec<AccountHandoff>, usize), Stop> {
        let AllAccounts { mut accounts, unreadable } = all_accounts(&self.world).await.map_err(from_error)?;
        accounts.retain(|account| eligibility(account, &self.config.excluded) == Eligibility::Eligible);
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        let found = stream::iter(&accounts).map(|account| self.handoffs_of(account)).buffered(CONCURRENT_READS);
        let found: Vec<_> = found.try_collect().await?;
        Ok((found.into_iter().flatten().collect(), unreadable.len()))
    }

    /// Records that the hand-off of a vendor was done, or that it was not. Returns the hand-off as it was recorded before; `None` if
    /// the vendor has no hand-off in this configuration.
    ///
    /// # Errors
    /// When the account is not an active member, or its record cannot be read or written.
    pub async fn mark_handoff(
        &self,
        id: &AccountId,
        vendor: &str,
        status: HandoffStatus,
    ) -> Result<Option<AccountHandoff>, Stop> {
        let account = self.member(id).await?;
        let record = self.record_of(&account).await.map_err(from_error)?;
        let all = of_account(self.selected(&account, &record).await?, &account, &record);
        let Some(found) = all.into_iter().find(|one| one.handoff.vendor == vendor) else { return Ok(None) };
        let done = (status == HandoffStatus::Done).then(|| found.handoff.fingerprint());
        if done.as_ref() != record.handoffs.get(vendor) {
            self.world.save_handoff(id.as_str(), vendor, done.as_deref()).await.map_err(from_error)?;
        }
        Ok(Some(found))
    }

    async fn handoffs_of(&self, account: &Account) -> Result<Vec<AccountHandoff>, Stop> {
        if self.config.roles.iter().all(|role| role.handoff.is_none()) {
            return Ok(Vec::new());
        }
        let record = self.record_of(account).await.map_err(from_error)?;
        Ok(of_account(self.selected(account, &record).await?, account, &record))
    }

    /// The hand-offs of the vendors whose targets select an account, or may select it.
    async fn selected(&self, account: &Account, record: &Record) -> Result<Vec<Handoff>, Stop> {
        let known = self.known_facts(account).await?;
        let facts = known.about(account);
        let not_selected = |role: &&RoleTemplate| role.targets.decide(&facts) == TargetDecision::NotSelected;
        let left_out: Vec<_> =
            self.config.roles.iter().filter(not_selected).map(|role| &role.definition.name).collect();
        let mut found = handoffs(&self.config, account, &record.handoffs);
        found.retain(|handoff| !left_out.contains(&&handoff.role));
        Ok(found)
    }

    async fn record_of(&self, account: &Account) -> Result<Record, ApiError> {
        match self.world.records_enabled() {
            true => self.world.load_record(account.id.as_str()).await,
            false => Ok(Record::default()),
        }
    }
}

fn from_error(error: ApiError) -> Stop {
    Stop::from_error(&error, AccountAge::Established)
}

fn of_account(handoffs: Vec<Handoff>, account: &Account, record: &Record) -> Vec<AccountHandoff> {
    let with_account = |handoff: Handoff| AccountHandoff {
        account_id: account.id.clone(),
        account_name: account.name.clone(),
        role_status: record.result.as_ref().and_then(|result| result.requirements.get(handoff.role.as_str()).copied()),
        handoff,
    };
    handoffs.into_iter().map(with_account).collect()
}
