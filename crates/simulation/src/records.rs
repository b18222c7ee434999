//! Records, stored as the table stores them: one item of attributes for each subject, and conditional writes. A read sees
//! every write that was made before it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::SystemTime;

use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::attributes::{Attribute, Attributes};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::record::{LeaseUse, Record, RecordUpdate, attribute, lease_attributes};
use onboarding_engine::ports::{LeaseAttempt, RecordPage, Records, Saved, SavedTogether};

/// The records on one page of a scan: few, so that every test reads several pages.
const PAGE: usize = 3;

impl FakeOrganization {
    /// The record of a subject; an empty one if there is none.
    #[must_use]
    pub fn record(&self, subject: &str) -> Record {
        read(&self.lock(), subject)
    }

    /// Every record, by its subject.
    #[must_use]
    pub fn records(&self) -> BTreeMap<String, Record> {
        let state = self.lock();
        state.records.iter().map(|(subject, item)| (subject.clone(), Record::from_attributes(item))).collect()
    }

    /// Replaces the record of a subject, as another run would.
    pub fn put_record(&self, subject: &str, record: &Record) {
        self.lock().records.insert(subject.to_owned(), record.to_attributes());
    }

    /// Sets one attribute of a record, to any value.
    pub fn put_attribute(&self, subject: &str, name: &str, value: Attribute) {
        self.lock().records.entry(subject.to_owned()).or_default().insert(name.to_owned(), value);
    }

    /// The leases that are held now.
    #[must_use]
    pub fn leases(&self) -> Vec<(AccountId, Lease)> {
        let now = self.lock().now;
        let records = self.records().into_iter();
        let leases = records.filter_map(|(subject, record)| Some((subject.parse().ok()?, record.lease?)));
        leases.filter(|(_, lease)| lease.is_active(now)).collect()
    }

    /// Writes the lease of an account, as another run would.
    pub fn put_lease(&self, account: &AccountId, lease: &Lease) {
        self.lock().records.entry(account.to_string()).or_default().extend(lease_attributes(lease));
    }

    /// Calls DynamoDB. The table belongs to the function, so this does not count as a write in an account.
    async fn call_table<T>(&self, call: &'static str, act: impl FnOnce(&mut State) -> T) -> Result<T, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call, role: None, write: false };
        self.perform_call(info, |state| Ok(act(state))).await
    }
}

/// Both calls accept 1 to 100 items.
fn check_count(call: &'static str, items: usize) -> Result<(), ApiError> {
    let is_accepted = (1..=100).contains(&items);
    is_accepted.then_some(()).ok_or_else(|| ApiError::new(call, "ValidationException", "1 to 100 items"))
}

fn read(state: &State, subject: &str) -> Record {
    state.records.get(subject).map(Record::from_attributes).unwrap_or_default()
}

impl Records for FakeOrganization {
    fn records_enabled(&self) -> bool {
        self.lock().has_records
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        self.call_table("dynamodb:GetItem", |state| read(state, subject)).await
    }

    async fn load_records(&self, subjects: &[&str]) -> Result<BTreeMap<String, Record>, ApiError> {
        check_count("dynamodb:BatchGetItem", subjects.len())?;
        let read_all = |state: &mut State| subjects.iter().map(|one| ((*one).to_owned(), read(state, one))).collect();
        self.call_table("dynamodb:BatchGetItem", read_all).await
    }

    async fn scan_records(&self, from: Option<String>) -> Result<RecordPage, ApiError> {
        self.call_table("dynamodb:Scan", |state| {
            let after = from.map_or(Bound::Unbounded, Bound::Excluded);
            let mut left = state.records.range((after, Bound::Unbounded));
            let page = left.by_ref().take(PAGE);
            let records: Vec<_> =
                page.map(|(subject, item)| (subject.clone(), Record::from_attributes(item))).collect();
            let next = left.next().and(records.last()).map(|(subject, _)| subject.clone());
            RecordPage { records, next }
        })
        .await
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        self.call_table("dynamodb:UpdateItem", |state| {
            let stored = read(state, subject).lease;
            if stored.is_some_and(|stored| !lease.may_replace(&stored, now)) {
                return LeaseAttempt::HeldByAnother;
            }
            state.records.entry(subject.to_owned()).or_default().extend(lease_attributes(lease));
            LeaseAttempt::Acquired(Box::new(read(state, subject)))
        })
        .await
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        self.call_table("dynamodb:UpdateItem", |state| {
            let item = state.records.entry(subject.to_owned()).or_default();
            if update.lease != LeaseUse::NotHeld && !is_released_by(item, &update.run) {
                return Saved::LeaseLost;
            }
            item.extend(update.set());
            update.remove().into_iter().for_each(|name| _ = item.remove(name));
            Saved::Yes
        })
        .await
    }

    async fn save_records(&self, updates: &[(String, RecordUpdate)]) -> Result<SavedTogether, ApiError> {
        check_count("dynamodb:TransactWriteItems", updates.len())?;
        self.call_table("dynamodb:TransactWriteItems", |state| {
            let is_held = |(subject, _): &(String, RecordUpdate)| read(state, subject).lease.is_some();
            if updates.iter().any(is_held) {
                return SavedTogether::None;
            }
            for (subject, update) in updates {
                let item = state.records.entry(subject.clone()).or_default();
                item.extend(update.set());
                update.remove().into_iter().for_each(|name| _ = item.remove(name));
            }
            SavedTogether::All
        })
        .await
    }

    async fn save_handoff(&self, subject: &str, vendor: &str, done: Option<&str>) -> Result<(), ApiError> {
        self.call_table("dynamodb:UpdateItem", |state| {
            let item = state.records.entry(subject.to_owned()).or_default();
            let stored = item.entry(attribute::HANDOFFS.to_owned()).or_insert_with(|| Attribute::Map(BTreeMap::new()));
            if let Attribute::Map(handoffs) = stored {
                match done {
                    Some(fingerprint) => handoffs.insert(vendor.to_owned(), fingerprint.to_owned()),
                    None => handoffs.remove(vendor),
                };
            }
        })
        .await
    }
}

/// Whether a run may write under its lease: it holds the lease, or it has released it with a write whose response was lost.
fn is_released_by(item: &Attributes, run: &str) -> bool {
    let run = Some(Attribute::Text(run.to_owned()));
    let owner = item.get(attribute::LEASE_OWNER);
    owner == run.as_ref() || (owner.is_none() && item.get(attribute::SAVED_BY) == run.as_ref())
}
