//! What the configuration holds back from sweeps (`onboarding_core::rollout`), and the check by which a changed configuration is
//! released once the accounts of the canary have converged with it.
//!
//! A sweep with a configuration that is not released queues every account as usual. Those outside the canary are only reported
//! when they are processed. At its end the sweep sends the message of a check, `{"sweep": {"canary": true}}`, which is retried
//! like the message of an account that is waiting:
//!
//! 1. Read the records of the canary's accounts. Those of units are found in the list of accounts.
//! 2. If some have not converged: the message waits. If one is blocked: the check is blocked, and its message a dead letter.
//! 3. Otherwise record that the configuration is released, start a sweep, and record that as well.
//!
//! If the function is stopped between the last two steps, the message starts the sweep again.

use std::collections::BTreeSet;

use super::context::InvocationContext;
use super::{FunctionWorld, Invocation};
use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::eligibility::{Eligibility, eligibility, eligibility_by_id};
use onboarding_core::error::ApiError;
use onboarding_core::exclude::Exclude;
use onboarding_core::lease::Lease;
use onboarding_core::limits::LEASE_AFTER_WORK;
use onboarding_core::mode::Mode;
use onboarding_core::notification::{NotificationRecord, Notified};
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::record::{NotificationChange, Record};
use onboarding_core::report::Report;
use onboarding_core::rollout::{Held, Progress, ROLLOUT, is_released, progress, released, swept};
use onboarding_core::time::after;
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::{OpenRecord, Pages, load_records, timed_out, timeout_at};

/// How many records one call reads.
///
/// See <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>.
const RECORDS: usize = 100;

impl<W: FunctionWorld> Invocation<'_, W> {
    /// The record that says which configuration is released; `None` if no records are stored.
    pub(super) async fn rollout(&self) -> Result<Option<Record>, ApiError> {
        let world = &self.engine.world;
        if !world.records_enabled() || self.engine.config.sweep.canary.is_empty() {
            return Ok(world.records_enabled().then(Record::default));
        }
        let load = timeout_at(world, self.deadlines.work, world.load_record(ROLLOUT)).await;
        let timed_out = || Err(ApiError::new("dynamodb:GetItem", "Timeout", "no response before the timeout"));
        load.unwrap_or_else(timed_out).map(Some)
    }

    /// Whether the accounts outside the canary are held back now, so that a check has to follow a sweep.
    pub(super) async fn needs_canary_check(&self) -> Result<bool, ApiError> {
        if self.engine.config.sweep.canary.is_empty() {
            return Ok(false);
        }
        let rollout = self.rollout().await?;
        Ok(rollout.is_some_and(|rollout| !is_released(&rollout, &self.engine.config.hash)))
    }

    /// Why a sweep only reports an account.
    pub(super) fn held(
        &self,
        id: &AccountId,
        ou_path: Option<&str>,
        record: Option<&Record>,
        rollout: Option<&Record>,
    ) -> Option<Held> {
        self.engine.config.sweep.held(id, ou_path, record, rollout, &self.engine.config.hash)
    }

    /// Checks the accounts of the canary, and starts a sweep if all have converged.
    pub(super) async fn check_canary(&self, context: &InvocationContext<'_>) -> Report {
        let report = |outcome| Report::new(None, TriggerKind::Sweep, Mode::Apply, outcome);
        let world = &self.engine.world;
        let hash = &self.engine.config.hash;
        if !world.records_enabled() || self.engine.config.sweep.canary.is_empty() {
            let reason = "no canary is configured, or no records are stored";
            return report(Outcome::ignored(Code::NotApplicable, reason));
        }
        let checked = timeout_at(world, self.deadlines.work, self.canary_progress()).await;
        let progress = match checked.unwrap_or_else(|| Err(timed_out())) {
            Ok(progress) => progress,
            Err(stop) => return report(stop.into()),
        };
        let lease = Lease { owner: context.run(), expires_at: after(self.deadlines.work, LEASE_AFTER_WORK) };
        let mut record = OpenRecord::new(world, ROLLOUT.to_owned(), lease.clone());
        let remedy = "fix the account, or take it out of `canary`, then redrive the dead-letter queue or start a sweep";
        match &progress {
            Progress::Pending { .. } => {
                return report(Outcome::waiting(Code::CanaryPending, progress.to_string()));
            }
            Progress::Blocked { .. } | Progress::Empty => {
                return report(Outcome::blocked(Code::CanaryBlocked, progress.to_string(), remedy));
            }
            Progress::Done => {}
        }
        if let Err(stop) = record.acquire_until(self.deadlines.waiting).await {
            return report(stop.into());
        }
        if record.record().notification.is_some_and(|last| last.notified == swept(hash)) {
            let ended = report(Outcome::Converged);
            return self.save_rollout(record, ended, None).await;
        }
        let ended = self.save_rollout(record, report(Outcome::Converged), Some(released(hash))).await;
        if ended.outcome != Outcome::Converged {
            return ended;
        }
        let ended = self.sweep(TriggerKind::Sweep, None).await;
        let mut record = OpenRecord::new(world, ROLLOUT.to_owned(), lease);
        if ended.outcome != Outcome::Converged || record.acquire_until(self.deadlines.work).await.is_err() {
            return ended;
        }
        self.save_rollout(record, ended, Some(swept(hash))).await
    }

    /// Saves the record of the rollout. The report is waiting if that fails.
    async fn save_rollout(&self, record: OpenRecord<'_, W>, report: Report, notified: Option<Notified>) -> Report {
        let now = self.engine.world.now();
        let change = notified.map(|notified| NotificationChange::Set(NotificationRecord { notified, at: now }));
        match record.save(&report, change, self.deadlines.work).await {
            Ok(()) => report,
            Err(error) => {
                let outcome = Stop::from_error(&error, AccountAge::Established).into();
                Report::new(None, report.trigger, report.mode, outcome)
            }
        }
    }

    async fn canary_progress(&self) -> Result<Progress, Stop> {
        let failed = |error: ApiError| Stop::from_error(&error, AccountAge::Established);
        let members: Vec<_> = self.canary_accounts().await.map_err(failed)?.into_iter().collect();
        let mut records = Vec::new();
        for ids in members.chunks(RECORDS) {
            let ids: Vec<_> = ids.iter().collect();
            let loaded = load_records(&self.engine.world, &ids, self.deadlines.work).await.map_err(failed)?;
            let mut loaded = loaded.unwrap_or_default();
            records.extend(ids.into_iter().map(|id| (id.clone(), loaded.remove(id.as_str()).unwrap_or_default())));
        }
        Ok(progress(&records, &self.engine.config.hash))
    }

    /// The accounts of the canary. Only if it contains units, the accounts are listed.
    async fn canary_accounts(&self) -> Result<BTreeSet<AccountId>, ApiError> {
        let settings = &self.engine.config.sweep;
        let excluded = &self.engine.config.excluded;
        let mut members = BTreeSet::new();
        let mut has_units = false;
        for member in &settings.canary {
            match member {
                Exclude::Account(id) if eligibility_by_id(id, excluded) == Eligibility::Eligible => {
                    members.insert(id.clone());
                }
                Exclude::Account(_) => {}
                Exclude::Unit(_) => has_units = true,
            }
        }
        let mut pages = Pages::new("organizations:ListAccounts");
        let mut from = None;
        while has_units {
            let page = self.engine.world.accounts(pages.next(from)?).await?;
            let eligible = page.accounts.iter().filter(|one| eligibility(one, excluded) == Eligibility::Eligible);
            let found = eligible.filter(|account| settings.is_canary(&account.id, account.ou_path.as_deref()));
            members.extend(found.map(|account| account.id.clone()));
            has_units = page.next.is_some();
            from = page.next;
        }
        Ok(members)
    }
}
