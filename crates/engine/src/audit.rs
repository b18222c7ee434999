//! The audit of the selected accounts, from the records or live. Nothing is written, in an account or elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::SystemTime;

use futures_util::{FutureExt, TryStreamExt};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::audit::{
    Audit, AuditSource, AuditedAccount, DepartedAccount, LiveAccount, audit_requirements, live_account,
    recorded_account,
};
use onboarding_core::error::ApiError;
use onboarding_core::limits::AUDIT_WAIT;
use onboarding_core::mode::Mode;
use onboarding_core::record::Record;
use onboarding_core::selection::{Selected, Selection, SkippedAccount};

use crate::first_look::FirstLook;
use crate::interrupt::Interrupt;
use crate::job::Engine;
use crate::pages::Pages;
use crate::panicked::panicked;
use crate::ports::{ManageAccounts, Records, World};
use crate::select_accounts::{SelectError, SelectedPages};
use crate::verify::Verified;
use crate::while_listing::{WhileListing, while_listing};

/// The records of all accounts.
///
/// # Errors
/// When a page cannot be read, or leads back to one that was read.
pub async fn all_records(world: &impl Records) -> Result<BTreeMap<AccountId, Record>, ApiError> {
    let mut all = BTreeMap::new();
    let mut pages = Pages::new("dynamodb:Scan");
    let mut from = None;
    loop {
        let page = world.scan_records(from).await?;
        // The others are about account creations and sweeps.
        all.extend(page.records.into_iter().filter_map(|(subject, record)| Some((subject.parse().ok()?, record))));
        from = pages.next(page.next)?;
        if from.is_none() {
            return Ok(all);
        }
    }
}

impl<W: World> Engine<W> {
    /// The audit from the records. No account is accessed. `selected` are the accounts of `selection`, and `units` has the path of the
    /// unit of each. If the whole organization is selected, accounts that the records know and that it no longer has are reported.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn audit_records(
        &self,
        selection: &Selection,
        selected: Selected,
        units: &BTreeMap<AccountId, String>,
    ) -> Result<Audit, ApiError> {
        let records = all_records(&self.world).await?;
        let requirements = audit_requirements(&self.config);
        let none = Record::default();
        let audited = |account: &Account| {
            let record = records.get(&account.id).unwrap_or(&none);
            recorded_account(&self.config, &requirements, account, unit(units, account), record)
        };
        let accounts = selected.accounts.iter().map(audited).collect();
        let departed = match selection.is_whole_organization() {
            true => departed(&selected, &records, self.world.now()),
            false => Vec::new(),
        };
        Ok(Audit { departed, ..self.audit_of(AuditSource::Records, accounts, selected.skipped) })
    }

    /// The audit from a plan for each account, of which up to `concurrency` are made at the same time, while the accounts are
    /// listed. `run` is the name of this run, and `observe` gets each page of the list, and each account that was read. The units
    /// of the accounts are not known yet ([`Audit::set_units`]). A panic is the result of its account and does not affect the others.
    ///
    /// # Errors
    /// When the list cannot be read to its end.
    pub async fn audit_live(
        &self,
        pages: SelectedPages<'_, W>,
        run: &str,
        concurrency: usize,
        mut observe: impl FnMut(WhileListing<AccountId>),
    ) -> Result<Audit, SelectError>
    where
        W: ManageAccounts,
    {
        let interrupt = Interrupt::default();
        let audit = async |account: Account| {
            let audited = AssertUnwindSafe(self.audit_account(&account, run)).catch_unwind().await;
            audited.unwrap_or_else(|_| self.not_audited(&account))
        };
        let mut steps = pin!(while_listing(pages, &interrupt, concurrency, audit));
        let mut accounts = Vec::new();
        let mut skipped = Vec::new();
        while let Some(step) = steps.try_next().await? {
            match step {
                WhileListing::Listed(page) => {
                    skipped.extend(page.selected.skipped.iter().cloned());
                    observe(WhileListing::Listed(page));
                }
                WhileListing::Ended(account) => {
                    observe(WhileListing::Ended(account.id.clone()));
                    accounts.push(account);
                }
            }
        }
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        skipped.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(self.audit_of(AuditSource::Live, accounts, skipped))
    }

    async fn audit_account(&self, account: &Account, run: &str) -> AuditedAccount {
        // The time of an account starts when its turn comes.
        let job = self.command_line_job(account.id.clone(), run, AUDIT_WAIT);
        let look = FirstLook { account: Some(Ok(Some(account.clone()))), record: None };
        let Verified { report, state, requirements, record } = self.verify_after(&job, look).await;
        let live = LiveAccount {
            report: &report,
            requirements: &requirements,
            state: state.as_ref().map(|(blueprint, observed)| (blueprint, observed)),
            record: &record,
            made_at: self.world.now(),
        };
        live_account(&self.config, &audit_requirements(&self.config), account, "", &live)
    }

    /// An account for which this program failed: nothing is known about it.
    fn not_audited(&self, account: &Account) -> AuditedAccount {
        let live = LiveAccount {
            report: &panicked(&account.id, Mode::Plan),
            requirements: &BTreeMap::new(),
            state: None,
            record: &Record::default(),
            made_at: self.world.now(),
        };
        live_account(&self.config, &audit_requirements(&self.config), account, "", &live)
    }

    fn audit_of(&self, source: AuditSource, accounts: Vec<AuditedAccount>, skipped: Vec<SkippedAccount>) -> Audit {
        let made_at: SystemTime = self.world.now();
        Audit {
            source,
            made_at,
            configuration: self.config.hash.clone(),
            requirements: audit_requirements(&self.config),
            accounts,
            skipped,
            departed: Vec::new(),
        }
    }
}

/// The accounts of the records that are not among those that Organizations listed.
fn departed(
    Selected { accounts, skipped }: &Selected,
    records: &BTreeMap<AccountId, Record>,
    now: SystemTime,
) -> Vec<DepartedAccount> {
    let skipped = skipped.iter().filter_map(|account| account.id.as_ref());
    let listed: BTreeSet<_> = accounts.iter().map(|account| &account.id).chain(skipped).collect();
    let others = records.iter().filter(|(id, _)| !listed.contains(id));
    others.filter_map(|(id, record)| DepartedAccount::from_record(id, record, now)).collect()
}

fn unit<'a>(units: &'a BTreeMap<AccountId, String>, account: &Account) -> &'a str {
    units.get(&account.id).map_or("", String::as_str)
}
